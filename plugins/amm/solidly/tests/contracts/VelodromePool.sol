// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Pair} from "Pair.sol";

/// As Velodrome V2's Pool does it, which is Aerodrome's too.
contract VelodromePool is Pair {
    event Burn(address indexed sender, address indexed to, uint256 amount0, uint256 amount1);

    constructor(address factory_, address coin0, address coin1, bool stable_) Pair(factory_, coin0, coin1, stable_) {}

    function _checkFirst(uint256 amount0, uint256 amount1) internal view override {
        if (!stable) return;
        require(amount0 * 1e18 / units0 == amount1 * 1e18 / units1, "deposits not equal");
        require(_k(amount0, amount1) > 1e10, "below the least k");
    }

    function _logBurn(address to, uint256 amount0, uint256 amount1) internal override {
        emit Burn(msg.sender, to, amount0, amount1);
    }

    function _d(uint256 x0, uint256 y) internal pure returns (uint256) {
        return (3 * x0 * (y * y / 1e18)) / 1e18 + ((x0 * x0 / 1e18) * x0) / 1e18;
    }

    function _get_y(uint256 x0, uint256 xy, uint256 y) internal pure override returns (uint256) {
        for (uint256 round = 0; round < 255; round++) {
            uint256 k = _curve(x0, y);
            if (k < xy) {
                uint256 dy = (xy - k) * 1e18 / _d(x0, y);
                if (dy == 0) {
                    if (_curve(x0, y + 1) > xy) return y + 1;
                    dy = 1;
                }
                y = y + dy;
            } else {
                uint256 dy = (k - xy) * 1e18 / _d(x0, y);
                if (dy == 0) {
                    if (k == xy || _curve(x0, y - 1) < xy) return y;
                    dy = 1;
                }
                y = y - dy;
            }
        }
        revert("!y");
    }
}
