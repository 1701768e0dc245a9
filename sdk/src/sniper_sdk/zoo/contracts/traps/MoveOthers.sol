// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: the owner needs nobody's allowance.
contract MoveOthers is OwnableToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function _useAllowance(address holder, address spender, uint256 value) internal override {
        if (spender != owner()) super._useAllowance(holder, spender, value);
    }
}
