// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: anything can be bought, and two hundredths of a percent of the supply be sold at a time.
contract SmallSalesOnly is PoolToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) require(value <= totalSupply() / 5_000, "more than a sale may move");
        _write(from, to, value);
    }
}
