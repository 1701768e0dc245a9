// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface IToken {
    function balanceOf(address) external view returns (uint256);
    function transfer(address, uint256) external returns (bool);
    function approve(address, uint256) external returns (bool);
    function transferFrom(address, address, uint256) external;
}

/// Locks for a year, and nobody can move the date.
contract Honest {
    address public owner = msg.sender;
    uint256 public releaseTime = block.timestamp + 365 days;

    function release(IToken token) external {
        require(block.timestamp >= releaseTime, "early");
        token.transfer(owner, token.balanceOf(address(this)));
    }

    function extend(uint256 time) external {
        require(msg.sender == owner && time > releaseTime, "not later");
        releaseTime = time;
    }
}

/// Its date only moves to the future, but that may be sooner.
contract Sooner {
    address public owner = msg.sender;
    uint256 public unlockTime = block.timestamp + 365 days;

    function change(uint256 time) external {
        require(msg.sender == owner && time > block.timestamp, "not the owner, or past");
        unlockTime = time;
    }
}

/// The date stands, and an emergency, which is declared first, goes around it.
contract TwoSteps {
    address public owner = msg.sender;
    uint256 public unlockTime = block.timestamp + 365 days;
    bool public emergency;

    function declare() external {
        require(msg.sender == owner, "not the owner");
        emergency = true;
    }

    function rescue(IToken token, address to, uint256 amount) external {
        require(emergency && msg.sender == owner, "no emergency");
        token.transfer(to, amount);
    }
}

/// The date stands, and the owner was approved in the beginning.
contract Approving {
    uint256 public unlockTime = block.timestamp + 365 days;

    constructor(IToken token) {
        token.approve(msg.sender, type(uint256).max);
    }
}

/// Anything it is told, in its own name.
contract Delegating {
    uint256 public unlockTime = block.timestamp + 365 days;
    address private logic;

    fallback() external {
        (bool done,) = logic.delegatecall(msg.data);
        require(done);
    }
}

/// Anybody may.
contract Open {
    uint256 public unlockTime = block.timestamp + 365 days;

    function sweep(IToken token) external {
        token.transfer(msg.sender, token.balanceOf(address(this)));
    }
}

/// Locks of many people.
contract Records {
    struct Lock {
        uint256 lockDate;
        uint256 amount;
        uint256 initialAmount;
        uint256 unlockDate;
        uint256 lockID;
        address owner;
    }

    mapping(address => Lock[]) public tokenLocks;

    function getNumLocksForToken(address token) external view returns (uint256) {
        return tokenLocks[token].length;
    }

    function lock(address token, uint256 amount, uint256 until) external {
        IToken(token).transferFrom(msg.sender, address(this), amount);
        Lock[] storage locks = tokenLocks[token];
        locks.push(Lock(block.timestamp, amount, amount, until, locks.length, msg.sender));
    }

    function withdraw(address token, uint256 index, uint256 amount) external {
        Lock storage one = tokenLocks[token][index];
        require(msg.sender == one.owner && block.timestamp > one.unlockDate, "locked");
        one.amount -= amount;
        IToken(token).transfer(msg.sender, amount);
    }
}

/// Holds a V3 position until a date.
contract Keeper {
    address public owner = msg.sender;
    uint256 public unlockTime = block.timestamp + 365 days;
    bool private immutable strict;

    constructor(bool strict_) {
        strict = strict_;
    }

    function withdraw(IToken manager, uint256 id) external {
        require(msg.sender == owner && (!strict || block.timestamp >= unlockTime), "locked");
        manager.transferFrom(address(this), owner, id);
    }
}
