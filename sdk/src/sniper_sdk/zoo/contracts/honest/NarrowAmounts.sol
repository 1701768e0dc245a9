// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: keeps amounts in 96 bits and refuses larger ones, except that the largest allowance means any amount.
contract NarrowAmounts is StandardToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function _approve(address holder, address spender, uint256 value) internal override {
        require(value == type(uint256).max || value <= type(uint96).max, "more than 96 bits");
        super._approve(holder, spender, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        require(value <= type(uint96).max, "more than 96 bits");
        _write(from, to, value);
    }
}
