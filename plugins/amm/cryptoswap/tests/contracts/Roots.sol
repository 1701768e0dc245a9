// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Roots with 18 decimals, as CurveCryptoMathOptimized has them.
library Roots {
    uint256 constant WIDE = 115792089237316195423570985008687907853269;

    function square(uint256 x) internal pure returns (uint256 root) {
        if (x == 0) return 0;
        root = 1 << ((log2(x) >> 1) + 1);
        while (true) {
            uint256 next = (root + x / root) >> 1;
            if (next >= root) return root;
            root = next;
        }
    }

    function cube(uint256 x) internal pure returns (uint256 a) {
        if (x == 0) return 0;
        uint256 xx = x >= WIDE * 1e18 ? x : x >= WIDE ? x * 1e18 : x * 1e36;
        uint256 power = log2(xx);
        a = (2 ** (power / 3)) * (1260 ** (power % 3)) / (1000 ** (power % 3));
        for (uint256 step = 0; step < 7; step++) a = (2 * a + xx / (a * a)) / 3;
        if (x >= WIDE * 1e18) a *= 1e12;
        else if (x >= WIDE) a *= 1e6;
    }

    function signedCube(int256 x) internal pure returns (int256) {
        return x >= 0 ? int256(cube(uint256(x))) : -int256(cube(uint256(-x)));
    }

    function log2(uint256 x) private pure returns (uint256 result) {
        while (x > 1) {
            x >>= 1;
            result++;
        }
    }
}
