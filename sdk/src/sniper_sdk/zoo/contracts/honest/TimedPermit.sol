// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: an allowance may be given until a time.
contract TimedPermit is StandardToken {
    mapping(address holder => mapping(address spender => uint256)) private endsAt;

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function approveUntil(address spender, uint256 value, uint256 end) external {
        endsAt[msg.sender][spender] = end;
        _approve(msg.sender, spender, value);
    }

    function _useAllowance(address holder, address spender, uint256 value) internal override {
        uint256 end = endsAt[holder][spender];
        require(end == 0 || block.timestamp < end, "the allowance has ended");
        super._useAllowance(holder, spender, value);
    }
}
