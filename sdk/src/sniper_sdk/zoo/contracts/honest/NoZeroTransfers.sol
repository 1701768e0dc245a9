// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: refuses to move, or to allow, nothing.
contract NoZeroTransfers is StandardToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function _approve(address holder, address spender, uint256 value) internal override {
        require(value > 0, "nothing to allow");
        super._approve(holder, spender, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        require(value > 0, "nothing to move");
        _write(from, to, value);
    }
}
