// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: the sell tax grows by one percent a block until it is 99%.
contract TaxAfterBlocks is PoolToken {
    uint256 private immutable launchedAt = block.number;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        uint256 percent = _isSell(from, to) ? block.number - launchedAt : 0;
        uint256 tax = (value * (percent > 99 ? 99 : percent)) / 100;
        if (tax > 0) _write(from, launcher, tax);
        _write(from, to, value - tax);
    }
}
