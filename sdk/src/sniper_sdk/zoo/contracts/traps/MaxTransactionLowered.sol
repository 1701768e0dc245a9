// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: the owner can lower the largest transfer to nothing.
contract MaxTransactionLowered is PoolToken {
    uint256 public maxTransaction = type(uint256).max;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function setMaxTransaction(uint256 most) external onlyOwner {
        maxTransaction = most;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(value <= maxTransaction || from == owner() || to == owner(), "more than a transaction may move");
        _write(from, to, value);
    }
}
