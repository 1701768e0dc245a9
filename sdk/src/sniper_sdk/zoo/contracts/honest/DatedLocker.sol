// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPair} from "base/IPair.sol";

/// Locks liquidity for a year.
contract DatedLocker {
    address public immutable owner;
    uint256 public immutable unlockTime = block.timestamp + 365 days;

    constructor(address owner_) {
        owner = owner_;
    }

    function withdraw(IPair pair) external {
        require(msg.sender == owner && block.timestamp >= unlockTime, "locked");
        pair.transfer(owner, pair.balanceOf(address(this)));
    }
}
