// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: a cooldown of half a minute, which the owner can make one of a century.
contract CooldownRaised is PoolToken {
    uint256 public cooldown = 30;
    mapping(address holder => uint256) private lastMove;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function setCooldown(uint256 seconds_) external onlyOwner {
        cooldown = seconds_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (_isBuy(from, to)) lastMove[to] = block.timestamp;
        if (_isSell(from, to)) require(block.timestamp - lastMove[from] >= cooldown, "cooling down");
        _write(from, to, value);
    }
}
