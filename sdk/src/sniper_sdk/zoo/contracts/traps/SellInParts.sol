// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: at most a tenth of what one holds can be sold, and once in a week.
contract SellInParts is PoolToken {
    mapping(address holder => uint256) private nextSale;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) {
            require(value <= balances[from] / 10, "a tenth at a time");
            require(block.timestamp >= nextSale[from], "once a week");
            nextSale[from] = block.timestamp + 7 days;
        }
        _write(from, to, value);
    }
}
