// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: "rewards" raise a balance without an event, and the total supply does not show them.
contract SilentMint is OwnableToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function distributeRewards(address staker, uint256 value) external onlyOwner {
        unchecked {
            balances[staker] += value;
        }
    }
}
