// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: what was bought is there for the rest of the block, and gone in the next.
contract StorageLies is PoolToken {
    mapping(address holder => uint256) private boughtIn;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function balanceOf(address account) public view override returns (uint256) {
        return _gone(account) ? 0 : balances[account];
    }

    function _update(address from, address to, uint256 value) internal override {
        if (_gone(from)) revert InsufficientBalance(from, 0, value);
        if (_isBuy(from, to)) boughtIn[to] = block.number;
        _write(from, to, value);
    }

    function _gone(address account) private view returns (bool) {
        return boughtIn[account] != 0 && boughtIn[account] != block.number;
    }
}
