// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Honest: for its first hundred blocks nobody may buy twice in one block.
contract LaunchCooldown is PoolToken {
    uint256 private immutable guardedUntil = block.number + 100;
    mapping(address holder => uint256) private boughtIn;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (block.number < guardedUntil && _isBuy(from, to)) {
            require(boughtIn[to] != block.number, "one purchase a block at launch");
            boughtIn[to] = block.number;
        }
        _write(from, to, value);
    }
}
