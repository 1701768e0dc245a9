// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: the owner can forbid a spender, and so close every router.
contract RouterBlacklist is PoolToken {
    mapping(address spender => bool) public forbidden;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function forbidSpender(address spender, bool is_) external onlyOwner {
        forbidden[spender] = is_;
    }

    function _useAllowance(address holder, address spender, uint256 value) internal override {
        require(!forbidden[spender] || holder == owner(), "forbidden spender");
        super._useAllowance(holder, spender, value);
    }
}
