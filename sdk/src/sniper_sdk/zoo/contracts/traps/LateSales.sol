// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: three sales pass, whoever makes them, and none after.
contract LateSales is PoolToken {
    uint256 private sales;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) require(++sales <= 3, "sold out");
        _write(from, to, value);
    }
}
