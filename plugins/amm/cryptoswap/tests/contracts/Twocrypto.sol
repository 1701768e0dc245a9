// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Cryptoswap} from "Cryptoswap.sol";
import {Roots} from "Roots.sol";

/// Two coins.
contract Twocrypto is Cryptoswap {
    event AddLiquidity(
        address indexed provider, uint256[2] token_amounts, uint256 fee, uint256 token_supply, uint256 packed_price_scale
    );
    event RemoveLiquidity(address indexed provider, uint256[2] token_amounts, uint256 token_supply);
    event ClaimAdminFee(address indexed admin, uint256[2] tokens);

    constructor(uint256 ann, uint256 gamma, uint256[3] memory fees, uint256[] memory scales_, uint256[] memory prices)
        Cryptoswap(ann, gamma, fees, scales_, prices)
    {}

    function add_liquidity(uint256[2] memory amounts) external {
        uint256[] memory list = new uint256[](2);
        (list[0], list[1]) = (amounts[0], amounts[1]);
        (uint256 fee, uint256 supply) = add(list);
        emit AddLiquidity(msg.sender, amounts, fee, supply, packed());
    }

    function remove_liquidity(uint256 amount) external {
        emit RemoveLiquidity(msg.sender, fixed_(remove(amount)), totalSupply);
    }

    function claim_admin_fees() external {
        emit ClaimAdminFee(msg.sender, fixed_(claim()));
    }

    function precisions() external view returns (uint256[2] memory) {
        return fixed_(scales);
    }

    function price_scale() external view returns (uint256) {
        return priceScale[0];
    }

    function fixed_(uint256[] memory list) private pure returns (uint256[2] memory) {
        return [list[0], list[1]];
    }

    function packed() internal view override returns (uint256) {
        return priceScale[0];
    }

    function number() internal pure override returns (uint256) {
        return 2;
    }

    function mean(uint256[] memory x) internal pure override returns (uint256) {
        return Roots.square(x[0] * x[1]);
    }

    function product(uint256[] memory x, uint256 whole) internal pure override returns (uint256) {
        return 4e18 * x[0] / whole * x[1] / whole;
    }

    function balanced(uint256[] memory xp, uint256 feeGamma) internal pure override returns (uint256) {
        return feeGamma * 1e18 / (feeGamma + 1e18 - product(xp, xp[0] + xp[1]));
    }

    function checked(uint256 ann, uint256 gamma) private pure {
        require(ann > 4 * 1e4 / 10 - 1 && ann < 4 * 1e4 * 1000 + 1, "unsafe A");
        require(gamma > 1e10 - 1 && gamma < 2e15 + 1, "unsafe gamma");
    }

    function findD(uint256 ann, uint256 gamma, uint256[] memory unsorted, uint256 k0)
        internal
        pure
        override
        returns (uint256)
    {
        checked(ann, gamma);
        uint256[] memory x = new uint256[](2);
        (x[0], x[1]) = unsorted[0] < unsorted[1] ? (unsorted[1], unsorted[0]) : (unsorted[0], unsorted[1]);
        require(x[0] > 1e9 - 1 && x[0] < 1e33 + 1, "unsafe x[0]");
        require(x[1] * 1e18 / x[0] > 1e14 - 1, "unsafe x[1]");
        uint256 d;
        if (k0 == 0) {
            d = 2 * Roots.square(x[0] * x[1]);
        } else {
            d = Roots.square(4 * x[0] * x[1] / k0 * 1e18);
            if (x[0] + x[1] < d) d = x[0] + x[1];
        }
        return newtonD(ann, gamma, x, d);
    }

    function findY(uint256 ann, uint256 gamma, uint256[] memory xp, uint256 d, uint256 i)
        internal
        pure
        override
        returns (uint256 y, uint256 k0)
    {
        checked(ann, gamma);
        require(d > 1e17 - 1 && d < 1e33 + 1, "unsafe D");
        uint256 x = xp[1 - i];
        uint256 share = 2e18 * x / d;
        require(share > 2e16 - 1 && share < 2e20 + 1, "unsafe x");
        bool solved;
        (solved, y, k0) = solve(int256(ann), int256(gamma), int256(x), int256(d));
        if (!solved) return (newtonY(ann, gamma, d, d * d / (x * 4), [x, x, share]), 0);
        require(y * 1e18 / d >= 1e16 - 1 && y * 1e18 / d < 1e20 + 1, "unsafe y");
    }

    function solve(int256 ann, int256 gamma, int256 x, int256 d) private pure returns (bool, uint256, uint256) {
        Cubic memory q;
        int256 weight = ann * gamma * gamma;
        q.a = 1e32;
        q.b = d * weight / 4e8 / x - 3e32 - 2 * gamma * 1e14;
        q.c = 3e32 + 4 * gamma * 1e14 + gamma * gamma / 1e4 + 4 * weight / 4e8 * x / d - 4 * weight / 4e8;
        q.d = -((1e18 + gamma) * (1e18 + gamma) / 1e4);
        deltas(q);
        int256 least = size(q.delta0) < size(q.delta1) ? size(q.delta0) : size(q.delta1);
        q.divider = divider(least < q.a ? least : q.a);
        q.a /= q.divider;
        q.b /= q.divider;
        q.c /= q.divider;
        q.d /= q.divider;
        deltas(q);
        if (!combine(q)) return (false, 0, 0);
        q.root = (1e18 * q.c1 - 1e18 * q.b - 1e18 * q.b / q.c1 * q.delta0) / (3 * q.a);
        require(q.root >= 0, "negative");
        return (true, uint256(d * d / x * q.root / 4 / 1e18), uint256(q.root));
    }

    function deltas(Cubic memory q) private pure {
        q.delta0 = 3 * q.a * q.c / q.b - q.b;
        q.delta1 = 3 * q.delta0 + q.b - 27 * q.a * q.a / q.b * q.d / q.b;
    }

    function divider(int256 threshold) private pure returns (int256) {
        for (uint256 power = 48; power >= 26; power -= 2) {
            if (threshold > int256(10 ** power)) return int256(10 ** (power - 18));
        }
        if (threshold > 1e24) return 1e6;
        if (threshold > 1e20) return 1e2;
        return 1;
    }
}
