// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: the limit on what a wallet may hold counts for the pool as well, once the owner has set it.
contract MaxWalletLowered is PoolToken {
    uint256 public maxWallet = type(uint256).max;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function setMaxWallet(uint256 most) external onlyOwner {
        maxWallet = most;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(to == owner() || balances[to] + value <= maxWallet, "more than a wallet may hold");
        _write(from, to, value);
    }
}
