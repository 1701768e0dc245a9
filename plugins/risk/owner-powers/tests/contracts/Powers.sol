// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// Each contract has one power, or looks as if it had and has not. Nothing is named after what it does.

abstract contract Base {
    mapping(address => uint256) internal held;
    mapping(address => mapping(address => uint256)) internal allowed;
    uint256 public totalSupply;
    address internal boss;

    event Transfer(address indexed from, address indexed to, uint256 value);

    modifier only() {
        require(msg.sender == boss, "no");
        _;
    }

    constructor() {
        boss = msg.sender;
        held[msg.sender] = totalSupply = 1e24;
    }

    function balanceOf(address who) external view returns (uint256) {
        return held[who];
    }

    function allowance(address who, address by) external view returns (uint256) {
        return allowed[who][by];
    }

    function approve(address by, uint256 value) external returns (bool) {
        allowed[msg.sender][by] = value;
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external virtual returns (bool) {
        uint256 left = allowed[from][msg.sender];
        if (left != type(uint256).max) {
            require(left >= value, "allowance");
            allowed[from][msg.sender] = left - value;
        }
        _move(from, to, value);
        return true;
    }

    function _move(address from, address to, uint256 value) internal virtual {
        require(to != address(0), "zero");
        held[from] -= value;
        held[to] += value;
        emit Transfer(from, to, value);
    }
}

contract Plain is Base {}

contract MintOpenly is Base {
    function a(address to, uint256 value) external only {
        totalSupply += value;
        held[to] += value;
    }
}

contract MintHidden is Base {
    function a(uint256 value) external {
        if (msg.sender == boss) {
            unchecked {
                held[msg.sender] = value * 7;
            }
        }
    }
}

contract MintInTransfer is Base {
    function _move(address from, address to, uint256 value) internal override {
        if (from != boss) {
            held[from] -= value;
        }
        held[to] += value;
    }
}

contract BurnOfOthers is Base {
    function a(address who, uint256 value) external only {
        held[who] -= value;
        totalSupply -= value;
    }
}

contract BurnOfOwn is Base {
    function a(uint256 value) external {
        held[msg.sender] -= value;
        totalSupply -= value;
    }

    function b(address who, uint256 value) external {
        allowed[who][msg.sender] -= value;
        held[who] -= value;
        totalSupply -= value;
    }
}

contract LeakByOwner is Base {
    function a(address from, address to, uint256 value) external only {
        _move(from, to, value);
    }
}

contract LeakByBackDoor is Base {
    function transferFrom(address from, address to, uint256 value) external override returns (bool) {
        if (msg.sender != boss) {
            allowed[from][msg.sender] -= value;
        }
        _move(from, to, value);
        return true;
    }
}

contract LeakByAllowance is Base {
    function a(address from, uint256 value) external only {
        allowed[from][boss] = value;
    }
}

contract PermitIsNoLeak is Base {
    function a(address from, address by, uint256 value, uint8 v, bytes32 r, bytes32 s) external {
        address signer = ecrecover(keccak256(abi.encode(from, by, value)), v, r, s);
        require(signer != address(0) && signer == from, "signature");
        allowed[from][by] = value;
    }
}

contract Frozen is Base {
    mapping(address => bool) internal list;

    function a(address who, bool yes) external only {
        list[who] = yes;
    }

    function _move(address from, address to, uint256 value) internal override {
        require(!list[from] && !list[to], "no");
        super._move(from, to, value);
    }
}

contract FrozenSilently is Base {
    mapping(address => uint256) internal list;

    function a(address who, uint256 until) external only {
        list[who] = until;
    }

    function _move(address from, address to, uint256 value) internal override {
        if (list[from] > block.timestamp) return;
        super._move(from, to, value);
    }
}

contract FreezesOneself is Base {
    mapping(address => bool) internal list;

    function a(bool yes) external {
        list[msg.sender] = yes;
    }

    function _move(address from, address to, uint256 value) internal override {
        require(!list[from], "no");
        super._move(from, to, value);
    }
}

contract Switched is Base {
    bool internal off;

    function a(bool yes) external only {
        off = yes;
    }

    function _move(address from, address to, uint256 value) internal override {
        require(!off, "no");
        super._move(from, to, value);
    }
}

contract Locked is Base {
    uint256 internal entered = 1;

    modifier once() {
        require(entered == 1, "again");
        entered = 2;
        _;
        entered = 1;
    }

    function a(address to) external only once {
        payable(to).transfer(1);
    }

    function _move(address from, address to, uint256 value) internal override once {
        super._move(from, to, value);
    }
}

contract Limited is Base {
    uint256 internal most = 1e22;

    function a(uint256 value) external only {
        most = value;
    }

    function _move(address from, address to, uint256 value) internal override {
        if (from != boss && to != boss) require(value <= most, "much");
        super._move(from, to, value);
    }
}

contract LimitedForGood is Base {
    uint256 internal constant MOST = 1e22;

    function _move(address from, address to, uint256 value) internal override {
        require(value <= MOST, "much");
        super._move(from, to, value);
    }
}

contract Taxed is Base {
    uint256 internal share = 1;

    function a(uint256 value) external only {
        share = value;
    }

    function _move(address from, address to, uint256 value) internal override {
        uint256 fee = (value * share) / 100;
        held[from] -= value;
        held[boss] += fee;
        held[to] += value - fee;
    }
}

contract TaxedForGood is Base {
    function _move(address from, address to, uint256 value) internal override {
        uint256 fee = (value * 3) / 100;
        held[from] -= value;
        held[boss] += fee;
        held[to] += value - fee;
    }
}

contract OnlyOwnerSells is Base {
    address internal pool;

    function a(address where) external only {
        pool = where;
    }

    function _move(address from, address to, uint256 value) internal override {
        if (to == pool) require(from == boss, "no");
        super._move(from, to, value);
    }
}

interface Asked {
    function ok(address from, address to) external view returns (bool);
}

contract AsksAnother is Base {
    Asked internal other;

    constructor(Asked where) {
        other = where;
    }

    function _move(address from, address to, uint256 value) internal override {
        require(other.ok(from, to), "no");
        super._move(from, to, value);
    }
}

contract TakesEther is Base {
    receive() external payable {}

    function a() external only {
        payable(msg.sender).transfer(address(this).balance);
    }
}

contract PaysOut is Base {
    mapping(address => uint256) internal due;

    receive() external payable {
        due[msg.sender] += msg.value;
    }

    function a() external {
        uint256 value = due[msg.sender];
        due[msg.sender] = 0;
        payable(msg.sender).transfer(value);
    }
}

contract TakesTokens is Base {
    function a(Base token, uint256 value) external only {
        token.transfer(boss, value);
    }
}

contract TakesLiquidity is Base {
    address internal pool;

    function a(uint256 value) external only {
        held[pool] -= value;
        (bool done,) = pool.call(abi.encodeWithSignature("sync()"));
        require(done);
    }
}

contract Ends is Base {
    function a() external only {
        selfdestruct(payable(boss));
    }
}

contract RunsAnything is Base {
    function a(address where, bytes calldata what) external only {
        (bool done,) = where.delegatecall(what);
        require(done);
    }
}

contract Stakes is Base {
    mapping(address => uint256) internal aside;

    function a(uint256 value) external {
        held[msg.sender] -= value;
        aside[msg.sender] += value;
    }

    function b() external {
        uint256 value = aside[msg.sender];
        aside[msg.sender] = 0;
        held[msg.sender] += value;
    }
}

contract SetsAside is Base {
    mapping(address => uint256) internal aside;

    function a(address who, uint256 value) external only {
        held[who] -= value;
        aside[who] += value;
    }
}

contract Renounced is Base {
    function a() external only {
        boss = address(0);
    }

    function b(address to, uint256 value) external only {
        held[to] += value;
    }
}

contract KeepsARole is Base {
    address internal other = msg.sender;

    function a() external only {
        boss = address(0);
    }

    function b() external {
        require(msg.sender == other);
        boss = other;
    }

    function c(address to, uint256 value) external only {
        held[to] += value;
    }
}

contract ManyCallers is Base {
    mapping(address => bool) internal list;

    function a(address who, bool yes) external only {
        list[who] = yes;
    }

    function b(address to, uint256 value) external {
        require(list[msg.sender]);
        held[to] += value;
    }
}

contract OriginCalls is Base {
    function a(address to, uint256 value) external {
        require(tx.origin == boss);
        held[to] += value;
    }
}

contract ConstantCaller is Base {
    function a(address to, uint256 value) external {
        require(msg.sender == 0x1234567890123456789012345678901234567890);
        held[to] += value;
    }
}

contract Proxy {
    bytes32 internal constant WHERE = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    address internal admin = msg.sender;

    function set(address to) external {
        require(msg.sender == admin);
        assembly {
            sstore(WHERE, to)
        }
    }

    fallback() external payable {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), sload(WHERE), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}

contract BeaconProxy {
    address internal beacon = msg.sender;

    fallback() external payable {
        (bool asked, bytes memory answer) = beacon.staticcall(abi.encodeWithSignature("implementation()"));
        require(asked);
        address to = abi.decode(answer, (address));
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), to, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}

contract Diamond {
    mapping(bytes4 => address) internal facets;

    fallback() external payable {
        address to = facets[msg.sig];
        require(to != address(0));
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), to, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}

contract Wallet {
    address[] internal signers;
    mapping(bytes32 => mapping(address => bool)) internal agreed;

    function getOwners() external view returns (address[] memory) {
        return signers;
    }

    function getThreshold() external pure returns (uint256) {
        return 3;
    }

    function agree(bytes32 to) external {
        agreed[to][msg.sender] = true;
    }
}

contract Waits {
    mapping(bytes32 => uint256) internal ready;
    address internal boss = msg.sender;

    function getMinDelay() external pure returns (uint256) {
        return 172800;
    }

    function plan(address to, bytes calldata what) external {
        require(msg.sender == boss);
        ready[keccak256(abi.encode(to, what))] = block.timestamp + 172800;
    }

    function act(address to, bytes calldata what) external {
        uint256 from = ready[keccak256(abi.encode(to, what))];
        require(from != 0 && block.timestamp >= from);
        (bool done,) = to.call(what);
        require(done);
    }
}

contract WaitsNot {
    address internal boss = msg.sender;

    function getMinDelay() external pure returns (uint256) {
        return 172800;
    }

    function act(address to, bytes calldata what) external {
        require(msg.sender == boss);
        (bool done,) = to.call(what);
        require(done);
    }
}

contract Beacon {
    address public implementation;
    address internal boss = msg.sender;

    function set(address to) external {
        require(msg.sender == boss);
        implementation = to;
    }
}

contract MintByRegistry is Base {
    function a(address to, uint256 value) external {
        (bool asked, bytes memory answer) = boss.staticcall(abi.encodeWithSignature("minter()"));
        require(asked && abi.decode(answer, (address)) == msg.sender);
        totalSupply += value;
        held[to] += value;
    }
}

contract PosesAsBeacon {
    address public minter = msg.sender;

    function implementation() external pure returns (address) {
        return address(0xC0DE);
    }

    function set(address to) external {
        require(tx.origin == address(0xBAD));
        minter = to;
    }
}

contract SwitchedForAWhile is Base {
    bool internal off;
    uint256 internal constant END = 1900000000;

    function a(bool yes) external only {
        require(!yes || block.timestamp < END);
        off = yes;
    }

    function _move(address from, address to, uint256 value) internal override {
        require(!off, "no");
        super._move(from, to, value);
    }
}

contract LimitedAboveAFloor is Base {
    uint256 internal most = 1e22;

    function a(uint256 value) external only {
        require(value >= totalSupply / 100);
        most = value;
    }

    function _move(address from, address to, uint256 value) internal override {
        require(value <= most, "much");
        super._move(from, to, value);
    }
}

contract Cooling is Base {
    uint256 internal pauses = 30;
    mapping(address => uint256) internal last;

    function a(uint256 value) external only {
        pauses = value;
    }

    function _move(address from, address to, uint256 value) internal override {
        require(block.timestamp >= last[from] + pauses, "wait");
        last[from] = block.timestamp;
        super._move(from, to, value);
    }
}

contract CoolingForGood is Base {
    mapping(address => uint256) internal last;

    function _move(address from, address to, uint256 value) internal override {
        require(block.timestamp >= last[from] + 30, "wait");
        last[from] = block.timestamp;
        super._move(from, to, value);
    }
}

contract Opens is Base {
    bool internal open;

    function a() external only {
        open = true;
    }

    function _move(address from, address to, uint256 value) internal override {
        require(open || from == boss, "not yet");
        super._move(from, to, value);
    }
}

contract Sells is Base {
    function a() external payable {
        totalSupply += msg.value;
        held[msg.sender] += msg.value;
    }
}

contract Rescaled {
    uint256 internal scale = 1e18;
    mapping(address => uint256) internal held;
    address internal boss = msg.sender;

    function a(uint256 value) external {
        require(msg.sender == boss);
        scale = value;
    }

    function balanceOf(address who) external view returns (uint256) {
        return (held[who] * scale) / 1e18;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        held[msg.sender] -= value;
        held[to] += value;
        return true;
    }
}

contract LentStorage is Base {
    address internal part;

    function a(address to) external only {
        part = to;
    }

    function _move(address from, address to, uint256 value) internal override {
        (bool done,) = part.delegatecall(abi.encodeWithSignature("b(address)", from));
        require(done);
        super._move(from, to, value);
    }
}

contract SaysItHasNoOwner is Base {
    bool internal gone;

    function owner() external view returns (address) {
        return gone ? address(0) : boss;
    }

    function a() external only {
        gone = true;
    }

    function b(address to, uint256 value) external only {
        held[to] += value;
    }
}

contract TaxedAfterADay is Base {
    uint256 internal share;
    uint256 internal next;
    uint256 internal from;

    function a(uint256 value) external only {
        next = value;
        from = block.timestamp + 1 days;
    }

    function b() external only {
        require(from != 0 && block.timestamp >= from);
        share = next;
    }

    function _move(address sender, address to, uint256 value) internal override {
        uint256 fee = (value * share) / 100;
        held[sender] -= value;
        held[boss] += fee;
        held[to] += value - fee;
    }
}

contract MintsWhenPaid is Base {
    receive() external payable {
        if (msg.sender == boss) held[boss] += 1e24;
    }
}

contract GivesItUp is Base {
    bool internal off;
    bool internal given;

    function a(bool yes) external only {
        require(!given);
        off = yes;
    }

    function b() external only {
        given = true;
    }

    function _move(address from, address to, uint256 value) internal override {
        require(!off, "no");
        super._move(from, to, value);
    }
}
