// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: only the last buyer can sell, so each purchase traps all who bought before.
contract BuyersTurn is PoolToken {
    address private lastBuyer;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isBuy(from, to)) lastBuyer = to;
        if (_isSell(from, to)) require(from == lastBuyer, "not your turn");
        _write(from, to, value);
    }
}
