// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: who bought may sell after ninety days, and each further purchase begins them again.
contract CooldownOfMonths is PoolToken {
    mapping(address holder => uint256) public boughtAt;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isBuy(from, to)) boughtAt[to] = block.timestamp;
        if (_isSell(from, to)) require(block.timestamp >= boughtAt[from] + 90 days, "cooling down");
        _write(from, to, value);
    }
}
