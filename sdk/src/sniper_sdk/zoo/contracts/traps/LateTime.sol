// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: sales end six hours after the launch.
contract LateTime is PoolToken {
    uint256 private immutable until = block.timestamp + 6 hours;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) require(block.timestamp < until, "too late");
        _write(from, to, value);
    }
}
