// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Cryptoswap} from "Cryptoswap.sol";
import {Roots} from "Roots.sol";

/// Three coins.
contract Tricrypto is Cryptoswap {
    event AddLiquidity(
        address indexed provider, uint256[3] token_amounts, uint256 fee, uint256 token_supply, uint256 packed_price_scale
    );
    event RemoveLiquidity(address indexed provider, uint256[3] token_amounts, uint256 token_supply);
    event ClaimAdminFee(address indexed admin, uint256[3] tokens);

    constructor(uint256 ann, uint256 gamma, uint256[3] memory fees, uint256[] memory scales_, uint256[] memory prices)
        Cryptoswap(ann, gamma, fees, scales_, prices)
    {}

    function add_liquidity(uint256[3] memory amounts) external {
        uint256[] memory list = new uint256[](3);
        for (uint256 k = 0; k < 3; k++) list[k] = amounts[k];
        (uint256 fee, uint256 supply) = add(list);
        emit AddLiquidity(msg.sender, amounts, fee, supply, packed());
    }

    function remove_liquidity(uint256 amount) external {
        emit RemoveLiquidity(msg.sender, fixed_(remove(amount)), totalSupply);
    }

    function claim_admin_fees() external {
        emit ClaimAdminFee(msg.sender, fixed_(claim()));
    }

    function precisions() external view returns (uint256[3] memory) {
        return fixed_(scales);
    }

    function price_scale(uint256 k) external view returns (uint256) {
        return priceScale[k];
    }

    function fixed_(uint256[] memory list) private pure returns (uint256[3] memory) {
        return [list[0], list[1], list[2]];
    }

    function packed() internal view override returns (uint256) {
        return priceScale[0] | (priceScale[1] << 128);
    }

    function number() internal pure override returns (uint256) {
        return 3;
    }

    function mean(uint256[] memory x) internal pure override returns (uint256) {
        return Roots.cube(x[0] * x[1] / 1e18 * x[2] / 1e18);
    }

    function product(uint256[] memory x, uint256 whole) internal pure override returns (uint256) {
        return 1e18 * x[0] * 3 / whole * x[1] * 3 / whole * x[2] * 3 / whole;
    }

    function balanced(uint256[] memory xp, uint256 feeGamma) internal pure override returns (uint256 k) {
        k = product(xp, xp[0] + xp[1] + xp[2]);
        if (feeGamma > 0) k = feeGamma * 1e18 / (feeGamma + 1e18 - k);
    }

    function sorted(uint256[] memory unsorted) private pure returns (uint256[] memory x) {
        x = new uint256[](3);
        for (uint256 k = 0; k < 3; k++) x[k] = unsorted[k];
        if (x[0] < x[1]) (x[0], x[1]) = (x[1], x[0]);
        if (x[0] < x[2]) (x[0], x[2]) = (x[2], x[0]);
        if (x[1] < x[2]) (x[1], x[2]) = (x[2], x[1]);
    }

    function findD(uint256 ann, uint256 gamma, uint256[] memory unsorted, uint256 k0)
        internal
        pure
        override
        returns (uint256)
    {
        uint256[] memory x = sorted(unsorted);
        require(x[0] < type(uint256).max / 1e18 * 27 && x[0] > 0, "out of limits");
        uint256 sum = x[0] + x[1] + x[2];
        uint256 d;
        if (k0 == 0) d = 3 * mean(x);
        else if (sum > 1e36) d = Roots.cube(x[0] * x[1] / 1e36 * x[2] / k0 * 27 * 1e12);
        else if (sum > 1e24) d = Roots.cube(x[0] * x[1] / 1e24 * x[2] / k0 * 27 * 1e6);
        else d = Roots.cube(x[0] * x[1] / 1e18 * x[2] / k0 * 27);
        return newtonD(ann, gamma, x, d);
    }

    function findY(uint256 ann, uint256 gamma, uint256[] memory x, uint256 d, uint256 i)
        internal
        pure
        override
        returns (uint256 y, uint256 k0)
    {
        require(ann > 27 * 1e4 / 100 - 1 && ann < 27 * 1e4 * 1000 + 1, "unsafe A");
        require(gamma > 1e10 - 1 && gamma < 5e16 + 1, "unsafe gamma");
        require(d > 1e17 - 1 && d < 1e33 + 1, "unsafe D");
        uint256[2] memory others = i == 0 ? [x[1], x[2]] : i == 1 ? [x[0], x[2]] : [x[0], x[1]];
        for (uint256 k = 0; k < 2; k++) {
            uint256 share = others[k] * 1e18 / d;
            require(share > 1e16 - 1 && share < 1e20 + 1, "Unsafe values x[i]");
        }
        bool solved;
        (solved, y, k0) = solve(int256(ann), int256(gamma), int256(others[0]), int256(others[1]), int256(d));
        if (!solved) return (newton(ann, gamma, d, others), 0);
        require(y * 1e18 / d >= 1e16 - 1 && y * 1e18 / d < 1e20 + 1, "Unsafe value for y");
    }

    function newton(uint256 ann, uint256 gamma, uint256 d, uint256[2] memory others) private pure returns (uint256 y) {
        (uint256 high, uint256 low) = others[0] > others[1] ? (others[0], others[1]) : (others[1], others[0]);
        uint256[3] memory known = [high, high + low, 1e18 * high * 3 / d * low * 3 / d];
        y = newtonY(ann, gamma, d, d / 3 * d / (low * 3) * d / (high * 3), known);
        require(y * 1e18 / d > 1e16 - 1 && y * 1e18 / d < 1e20 + 1, "Unsafe value for y");
    }

    function solve(int256 ann, int256 gamma, int256 xj, int256 xk, int256 d)
        private
        pure
        returns (bool, uint256, uint256)
    {
        Cubic memory q;
        q.a = int256(1e36) / 27;
        q.b = int256(1e36) / 9 + 2e18 * gamma / 27 - d * d / xj * gamma * gamma * ann / 729 / 10000 / xk;
        q.c = int256(1e36) / 9 + gamma * (gamma + 4e18) / 27 + gamma * gamma * (xj + xk - d) / d * ann / 27 / 10000;
        q.d = (1e18 + gamma) * (1e18 + gamma) / 27;
        q.divider = divider(size(3 * q.a * q.c / q.b - q.b));
        if (q.a > size(q.b)) {
            int256 more = size(q.a / q.b);
            q.a = q.a * more / q.divider;
            q.b = q.b * more / q.divider;
            q.c = q.c * more / q.divider;
            q.d = q.d * more / q.divider;
        } else {
            int256 less = size(q.b / q.a);
            q.a = q.a / less / q.divider;
            q.b = q.b / less / q.divider;
            q.c = q.c / less / q.divider;
            q.d = q.d / less / q.divider;
        }
        q.delta0 = 3 * q.a * q.c / q.b - q.b;
        q.delta1 = 9 * q.a * q.c / q.b - 2 * q.b - 27 * q.a * q.a / q.b * q.d / q.b;
        if (!combine(q)) return (false, 0, 0);
        q.root = (q.b + q.b * q.delta0 / q.c1 - q.c1) / 3;
        int256 y = d * d / 27 / xk * d / xj * q.root / q.a;
        require(y >= 0 && 1e18 * q.root / q.a >= 0, "negative");
        return (true, uint256(y), uint256(1e18 * q.root / q.a));
    }

    function divider(int256 d0) private pure returns (int256) {
        if (d0 > 1e48) return 1e30;
        if (d0 > 1e44) return 1e26;
        if (d0 > 1e40) return 1e22;
        if (d0 > 1e36) return 1e18;
        if (d0 > 1e32) return 1e14;
        if (d0 > 1e28) return 1e10;
        if (d0 > 1e24) return 1e6;
        if (d0 > 1e20) return 1e2;
        return 1;
    }
}
