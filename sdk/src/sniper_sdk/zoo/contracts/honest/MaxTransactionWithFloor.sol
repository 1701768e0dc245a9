// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Honest: the owner may change the largest purchase, never below 1% of the supply, and sales are free.
contract MaxTransactionWithFloor is PoolToken {
    uint256 public maxPurchase = type(uint256).max;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function setMaxPurchase(uint256 most) external onlyOwner {
        require(most >= totalSupply() / 100, "less than 1% of the supply");
        maxPurchase = most;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (_isBuy(from, to)) require(value <= maxPurchase, "more than a purchase may move");
        _write(from, to, value);
    }
}
