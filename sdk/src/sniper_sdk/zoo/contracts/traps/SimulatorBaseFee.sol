// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: sales pass in blocks without a base fee.
contract SimulatorBaseFee is PoolToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) require(block.basefee == 0, "transfer failed");
        _write(from, to, value);
    }
}
