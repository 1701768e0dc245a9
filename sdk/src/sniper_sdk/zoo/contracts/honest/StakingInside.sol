// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: holders stake in the token itself and take back what they staked, at any time.
contract StakingInside is StandardToken {
    mapping(address holder => uint256) public staked;

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function stake(uint256 value) external {
        _write(msg.sender, address(this), value);
        staked[msg.sender] += value;
    }

    function unstake(uint256 value) external {
        staked[msg.sender] -= value;
        _write(address(this), msg.sender, value);
    }
}
