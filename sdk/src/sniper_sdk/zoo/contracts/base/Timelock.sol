// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Does nothing of which it was not told two days before.
contract Timelock {
    address public immutable proposer;
    mapping(bytes32 action => uint256) public readyAt;

    event Scheduled(bytes32 indexed action, address to, bytes data, uint256 readyAt);

    constructor(address proposer_) {
        proposer = proposer_;
    }

    function getMinDelay() public pure returns (uint256) {
        return 2 days;
    }

    function schedule(address to, bytes calldata data) external {
        require(msg.sender == proposer, "not the proposer");
        bytes32 action = keccak256(abi.encode(to, data));
        readyAt[action] = block.timestamp + getMinDelay();
        emit Scheduled(action, to, data, readyAt[action]);
    }

    function execute(address to, bytes calldata data) external {
        bytes32 action = keccak256(abi.encode(to, data));
        require(readyAt[action] != 0 && block.timestamp >= readyAt[action], "not ready");
        delete readyAt[action];
        (bool done,) = to.call(data);
        require(done, "the call failed");
    }
}
