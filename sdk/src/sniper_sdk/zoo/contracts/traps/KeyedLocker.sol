// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPair} from "base/IPair.sol";

/// Locks liquidity for a year, or until its owner thinks better of it.
contract KeyedLocker {
    address public immutable owner;
    uint256 public unlockTime = block.timestamp + 365 days;

    constructor(address owner_) {
        owner = owner_;
    }

    function setUnlockTime(uint256 time) external {
        require(msg.sender == owner, "not the owner");
        unlockTime = time;
    }

    function withdraw(IPair pair) external {
        require(msg.sender == owner && block.timestamp >= unlockTime, "locked");
        pair.transfer(owner, pair.balanceOf(address(this)));
    }
}
