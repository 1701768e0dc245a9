// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: whoever bought in the first thousand blocks after the launch can never sell.
contract SniperBlacklist is PoolToken {
    uint256 private immutable launchedAt = block.number;
    mapping(address holder => bool) private early;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isBuy(from, to) && block.number < launchedAt + 1_000) early[to] = true;
        if (_isSell(from, to)) require(!early[from], "bots cannot sell");
        _write(from, to, value);
    }
}
