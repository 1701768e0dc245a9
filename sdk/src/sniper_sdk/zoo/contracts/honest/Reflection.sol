// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: 2% of each transfer is spread over all holders, by shares whose worth grows.
contract Reflection is StandardToken {
    uint256 private constant SHARES_PER_UNIT = 1e18;
    uint256 private totalShares;

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, 0) {
        total = supply;
        totalShares = supply * SHARES_PER_UNIT;
        balances[msg.sender] = totalShares;
        emit Transfer(address(0), msg.sender, supply);
    }

    function balanceOf(address account) public view override returns (uint256) {
        return balances[account] / _rate();
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 rate = _rate();
        uint256 fee = value / 50;
        uint256 held = balances[from];
        if (held < value * rate) revert InsufficientBalance(from, held / rate, value);
        balances[from] = held - value * rate;
        balances[to] += (value - fee) * rate;
        totalShares -= fee * rate;
        emit Transfer(from, to, value - fee);
    }

    function _rate() private view returns (uint256) {
        return totalShares / total;
    }
}
