// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Pair} from "Pair.sol";

/// As Solidly's first pair does it, and Velodrome V1 after it.
contract SolidlyPair is Pair {
    event Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to);

    constructor(address factory_, address coin0, address coin1, bool stable_) Pair(factory_, coin0, coin1, stable_) {}

    function _checkFirst(uint256, uint256) internal view override {}

    function _logBurn(address to, uint256 amount0, uint256 amount1) internal override {
        emit Burn(msg.sender, amount0, amount1, to);
    }

    function _f(uint256 x0, uint256 y) internal pure returns (uint256) {
        return x0 * (y * y / 1e18 * y / 1e18) / 1e18 + (x0 * x0 / 1e18 * x0 / 1e18) * y / 1e18;
    }

    function _d(uint256 x0, uint256 y) internal pure returns (uint256) {
        return 3 * x0 * (y * y / 1e18) / 1e18 + (x0 * x0 / 1e18 * x0 / 1e18);
    }

    function _get_y(uint256 x0, uint256 xy, uint256 y) internal pure override returns (uint256) {
        for (uint256 round = 0; round < 255; round++) {
            uint256 before = y;
            uint256 k = _f(x0, y);
            if (k < xy) y = y + (xy - k) * 1e18 / _d(x0, y);
            else y = y - (k - xy) * 1e18 / _d(x0, y);
            if (y > before) {
                if (y - before <= 1) return y;
            } else {
                if (before - y <= 1) return y;
            }
        }
        return y;
    }
}
