// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: supply and balances grow by at most 1% in a day, for all alike, and never shrink.
contract Rebasing is OwnableToken {
    uint256 public scale = 1e18;
    uint256 public lastRebase;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function rebase() external onlyOwner {
        require(block.timestamp >= lastRebase + 1 days, "once a day");
        lastRebase = block.timestamp;
        scale = (scale * 101) / 100;
    }

    function totalSupply() public view override returns (uint256) {
        return (total * scale) / 1e18;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return (balances[account] * scale) / 1e18;
    }

    function _update(address from, address to, uint256 value) internal override {
        // rounded up, so that nobody sends what they do not have
        uint256 shares = (value * 1e18 + scale - 1) / scale;
        if (balances[from] < shares) revert InsufficientBalance(from, balanceOf(from), value);
        balances[from] -= shares;
        balances[to] += shares;
        emit Transfer(from, to, value);
    }
}
