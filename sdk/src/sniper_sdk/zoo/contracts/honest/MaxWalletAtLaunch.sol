// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Honest: for its first hundred blocks nobody may hold more than 2% of the supply; the pool may, and sales are free.
contract MaxWalletAtLaunch is PoolToken {
    uint256 private immutable limitedUntil = block.number + 100;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        _write(from, to, value);
        if (block.number < limitedUntil && _isBuy(from, to)) {
            require(balances[to] <= totalSupply() / 50, "more than 2% at launch");
        }
    }
}
