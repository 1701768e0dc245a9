// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Roots} from "Roots.sol";

/// Curve's cryptoswap of the new generation, written anew after the whitepaper (Egorov 2021) and the order of operations
/// of tricrypto-ng and twocrypto-ng v2.0.0. What a quote can depend on is all here: invariant, fee, price scale,
/// virtual price, ramps, and every revert. Left out: tokens are counted but not moved, anyone may change parameters,
/// and the price oracle forgets linearly instead of exponentially. The oracle decides only whether and where the price
/// scale moves.
abstract contract Cryptoswap {
    string public constant version = "v2.0.0";
    uint256 public constant xcp_ma_time = 62324;

    address[] public coins;
    uint256[] public balances;
    uint256[] internal scales;
    uint256[] internal priceScale;
    uint256[] internal priceOracle;
    uint256[] internal lastPrices;
    uint256 internal lastTimestamp;
    uint256 public D;
    uint256 public virtual_price;
    uint256 public xcp_profit;
    uint256 public totalSupply;
    uint256 public packed_fee_params;
    uint256 public initial_A_gamma;
    uint256 public initial_A_gamma_time;
    uint256 public future_A_gamma;
    uint256 public future_A_gamma_time;
    uint256 internal allowedExtraProfit = 2e12;
    uint256 internal adjustmentStep = 49e13;
    uint256 internal averagingTime = 600;

    event TokenExchange(
        address indexed buyer,
        uint256 sold_id,
        uint256 tokens_sold,
        uint256 bought_id,
        uint256 tokens_bought,
        uint256 fee,
        uint256 packed_price_scale
    );
    event RemoveLiquidityOne(
        address indexed provider,
        uint256 token_amount,
        uint256 coin_index,
        uint256 coin_amount,
        uint256 approx_fee,
        uint256 packed_price_scale
    );
    event NewParameters(
        uint256 mid_fee,
        uint256 out_fee,
        uint256 fee_gamma,
        uint256 allowed_extra_profit,
        uint256 adjustment_step,
        uint256 ma_time,
        uint256 xcp_ma_time
    );
    event RampAgamma(
        uint256 initial_A,
        uint256 future_A,
        uint256 initial_gamma,
        uint256 future_gamma,
        uint256 initial_time,
        uint256 future_time
    );
    event StopRampA(uint256 current_A, uint256 current_gamma, uint256 time);

    constructor(uint256 ann, uint256 gamma, uint256[3] memory fees, uint256[] memory scales_, uint256[] memory prices) {
        for (uint256 k = 0; k < scales_.length; k++) {
            coins.push(address(uint160(uint256(keccak256(abi.encode(address(this), k))))));
            balances.push(0);
            scales.push(scales_[k]);
        }
        priceScale = prices;
        priceOracle = prices;
        lastPrices = prices;
        lastTimestamp = block.timestamp;
        initial_A_gamma = future_A_gamma = (ann << 128) | gamma;
        packed_fee_params = (fees[0] << 128) | (fees[1] << 64) | fees[2];
    }

    // What differs between two and three coins.

    function findD(uint256 ann, uint256 gamma, uint256[] memory xp, uint256 k0) internal pure virtual returns (uint256);

    function findY(uint256 ann, uint256 gamma, uint256[] memory xp, uint256 d, uint256 i)
        internal
        pure
        virtual
        returns (uint256 y, uint256 k0);

    function mean(uint256[] memory x) internal pure virtual returns (uint256);

    function balanced(uint256[] memory xp, uint256 feeGamma) internal pure virtual returns (uint256);

    function packed() internal view virtual returns (uint256);

    // Trading

    function exchange(uint256 i, uint256 j, uint256 dx, uint256 minDy) external returns (uint256 dy) {
        require(i != j && dx > 0);
        balances[i] += dx;
        (uint256 ann, uint256 gamma) = parameters();
        uint256[] memory xp = scaled();
        if (future_A_gamma_time > block.timestamp) {
            uint256 now_ = xp[i];
            uint256 x0 = (balances[i] - dx) * scales[i];
            xp[i] = i > 0 ? x0 * priceScale[i - 1] / 1e18 : x0;
            D = findD(ann, gamma, xp, 0);
            xp[i] = now_;
        }
        (uint256 y, uint256 k0) = findY(ann, gamma, xp, D, j);
        dy = xp[j] - y;
        xp[j] -= dy;
        dy -= 1;
        if (j > 0) dy = dy * 1e18 / priceScale[j - 1];
        dy /= scales[j];
        uint256 fee = dynamicFee(xp) * dy / 1e10;
        dy -= fee;
        require(dy >= minDy, "Slippage");
        balances[j] -= dy;
        xp[j] = balances[j] * scales[j];
        if (j > 0) xp[j] = xp[j] * priceScale[j - 1] / 1e18;
        tweakPrice(xp, 0, k0);
        emit TokenExchange(msg.sender, i, dx, j, dy, fee, packed());
    }

    // Liquidity

    function add(uint256[] memory amounts) internal returns (uint256 fee, uint256 supply) {
        (uint256 ann, uint256 gamma) = parameters();
        uint256[] memory old = scaled();
        for (uint256 k = 0; k < amounts.length; k++) balances[k] += amounts[k];
        uint256[] memory xp = scaled();
        uint256 oldD = future_A_gamma_time > block.timestamp && D > 0 ? findD(ann, gamma, old, 0) : D;
        uint256 d = findD(ann, gamma, xp, 0);
        supply = totalSupply;
        if (oldD == 0) {
            D = d;
            virtual_price = xcp_profit = 1e18;
            totalSupply = shares(d);
            require(totalSupply > 0);
            return (0, supply);
        }
        uint256 minted = supply * d / oldD - supply;
        require(minted > 0);
        for (uint256 k = 0; k < xp.length; k++) old[k] = xp[k] - old[k];
        fee = depositFee(old, xp) * minted / 1e10 + 1;
        totalSupply = supply = supply + minted - fee;
        tweakPrice(xp, d, 0);
    }

    function remove(uint256 amount) internal returns (uint256[] memory amounts) {
        uint256 supply = totalSupply;
        totalSupply -= amount;
        uint256 counted = amount == supply ? amount : amount - 1;
        amounts = new uint256[](balances.length);
        for (uint256 k = 0; k < amounts.length; k++) {
            amounts[k] = balances[k] * counted / supply;
            balances[k] -= amounts[k];
        }
        D -= D * counted / supply;
    }

    /// A stand-in for the owner's claim: a thousandth of everything, against no shares.
    function claim() internal returns (uint256[] memory amounts) {
        uint256 supply = totalSupply;
        amounts = remove(supply / 1000);
        totalSupply = supply;
        virtual_price = 1e18 * shares(D) / supply;
    }

    function remove_liquidity_one_coin(uint256 amount, uint256 i, uint256 least) external returns (uint256 dy) {
        uint256[] memory xp = scaled();
        (uint256 d, uint256 fee) = withdrawn(xp, amount, i);
        {
            (uint256 ann, uint256 gamma) = parameters();
            (uint256 y,) = findY(ann, gamma, xp, d, i);
            dy = (xp[i] - y) * 1e18 / (scales[i] * (i > 0 ? priceScale[i - 1] : 1e18));
            xp[i] = y;
        }
        require(dy >= least, "Slippage");
        totalSupply -= amount;
        tweakPrice(xp, d, 0);
        balances[i] -= dy;
        emit RemoveLiquidityOne(msg.sender, amount, i, dy, fee, packed());
    }

    /// D after so many shares went for coin i alone, and the fee in that coin, about.
    function withdrawn(uint256[] memory xp, uint256 amount, uint256 i) private view returns (uint256 d, uint256 fee) {
        d = D;
        if (future_A_gamma_time > block.timestamp) {
            (uint256 ann, uint256 gamma) = parameters();
            d = findD(ann, gamma, xp, 0);
        }
        uint256 correction = xp[i] * xp.length * amount / totalSupply;
        fee = (packed_fee_params >> 64) & type(uint64).max;
        if (correction < xp[i]) {
            xp[i] -= correction;
            fee = dynamicFee(xp);
            xp[i] += correction;
        }
        uint256 gone = amount * d / totalSupply;
        uint256 charged = fee * gone / 2e10 + 1;
        fee = xp.length * charged * balances[i] / d;
        d -= gone - charged;
    }

    // The price scale

    function tweakPrice(uint256[] memory xp, uint256 d, uint256 k0) private {
        if (lastTimestamp < block.timestamp) {
            uint256 forgotten = (block.timestamp - lastTimestamp) * 1e18 / averagingTime;
            if (forgotten > 1e18) forgotten = 1e18;
            for (uint256 k = 0; k < priceOracle.length; k++) {
                uint256 capped = lastPrices[k] < 2 * priceScale[k] ? lastPrices[k] : 2 * priceScale[k];
                priceOracle[k] = (capped * forgotten + priceOracle[k] * (1e18 - forgotten)) / 1e18;
            }
            lastTimestamp = block.timestamp;
        }
        (uint256 ann, uint256 gamma) = parameters();
        if (d == 0) d = findD(ann, gamma, xp, k0);
        notePrices(xp, d, ann, gamma);
        uint256 value = 1e18 * shares(d) / totalSupply;
        xcp_profit = xcp_profit * value / virtual_price;
        if (future_A_gamma_time < block.timestamp) require(value > virtual_price, "Loss");
        D = d;
        virtual_price = value;
        if (value * 2 - 1e18 > xcp_profit + 2 * allowedExtraProfit) rebalance(xp, ann, gamma);
    }

    function rebalance(uint256[] memory old, uint256 ann, uint256 gamma) private {
        uint256 norm = 0;
        for (uint256 k = 0; k < priceScale.length; k++) {
            uint256 ratio = priceOracle[k] * 1e18 / priceScale[k];
            ratio = ratio > 1e18 ? ratio - 1e18 : 1e18 - ratio;
            norm += ratio * ratio;
        }
        norm = Roots.square(norm);
        uint256 step = norm / 5 > adjustmentStep ? norm / 5 : adjustmentStep;
        if (norm <= step) return;
        uint256[] memory prices = priceScale;
        uint256[] memory xp = new uint256[](old.length);
        xp[0] = old[0];
        for (uint256 k = 0; k < prices.length; k++) {
            prices[k] = (prices[k] * (norm - step) + step * priceOracle[k]) / norm;
            xp[k + 1] = old[k + 1] * prices[k] / priceScale[k];
        }
        uint256 d = findD(ann, gamma, xp, 0);
        for (uint256 k = 0; k < xp.length; k++) {
            uint256 share = xp[k] * 1e18 / d;
            require(share > 1e16 - 1 && share < 1e20 + 1, "unsafe price");
        }
        uint256[] memory before = priceScale;
        priceScale = prices;
        uint256 value = 1e18 * shares(d) / totalSupply;
        if (value > 1e18 && 2 * value - 1e18 > xcp_profit) (D, virtual_price) = (d, value);
        else priceScale = before;
    }

    function notePrices(uint256[] memory xp, uint256 d, uint256 ann, uint256 gamma) private {
        require(d > 1e17 - 1 && d < 1e33 + 1, "unsafe D");
        uint256 k0 = xp.length * xp.length;
        if (xp.length == 3) k0 = 27 * xp[0] * xp[1] / d * xp[2] / d * 1e36 / d;
        else k0 = 4 * xp[0] * xp[1] / d * 1e36 / d;
        uint256 common = 2 * k0 * k0 / 1e36 * k0 / 1e36 + (gamma + 1e18) ** 2
            - k0 * k0 / 1e36 * (2 * gamma + 3e18) / 1e18;
        uint256 weight = ann * gamma * gamma / 10000;
        uint256 divisor = common + weight * xp[0] / d * k0 / 1e36;
        for (uint256 k = 1; k < xp.length; k++) {
            uint256 price = xp[0] * (common + weight * xp[k] / d * k0 / 1e36) / xp[k] * 1e18 / divisor;
            lastPrices[k - 1] = price * priceScale[k - 1] / 1e18;
        }
    }

    // Parameters

    function ramp_A_gamma(uint256 ann, uint256 gamma, uint256 time) external {
        (uint256 nowAnn, uint256 nowGamma) = parameters();
        initial_A_gamma = (nowAnn << 128) | nowGamma;
        initial_A_gamma_time = block.timestamp;
        future_A_gamma = (ann << 128) | gamma;
        future_A_gamma_time = time;
        emit RampAgamma(nowAnn, ann, nowGamma, gamma, block.timestamp, time);
    }

    function stop_ramp_A_gamma() external {
        (uint256 ann, uint256 gamma) = parameters();
        initial_A_gamma = future_A_gamma = (ann << 128) | gamma;
        initial_A_gamma_time = future_A_gamma_time = block.timestamp;
        emit StopRampA(ann, gamma, block.timestamp);
    }

    function apply_new_parameters(uint256 mid, uint256 out, uint256 feeGamma) external {
        packed_fee_params = (mid << 128) | (out << 64) | feeGamma;
        emit NewParameters(mid, out, feeGamma, allowedExtraProfit, adjustmentStep, averagingTime, xcp_ma_time);
    }

    function parameters() internal view returns (uint256 ann, uint256 gamma) {
        uint256 end = future_A_gamma_time;
        ann = future_A_gamma >> 128;
        gamma = future_A_gamma & type(uint128).max;
        if (block.timestamp < end) {
            uint256 whole = end - initial_A_gamma_time;
            uint256 done = block.timestamp - initial_A_gamma_time;
            uint256 left = whole - done;
            ann = ((initial_A_gamma >> 128) * left + ann * done) / whole;
            gamma = ((initial_A_gamma & type(uint128).max) * left + gamma * done) / whole;
        }
    }

    // Sizes and fees

    function scaled() internal view returns (uint256[] memory xp) {
        xp = balances;
        xp[0] *= scales[0];
        for (uint256 k = 1; k < xp.length; k++) xp[k] = xp[k] * scales[k] * priceScale[k - 1] / 1e18;
    }

    function shares(uint256 d) internal view returns (uint256) {
        uint256[] memory x = new uint256[](balances.length);
        x[0] = d / x.length;
        for (uint256 k = 1; k < x.length; k++) x[k] = d * 1e18 / (x.length * priceScale[k - 1]);
        return mean(x);
    }

    function dynamicFee(uint256[] memory xp) internal view returns (uint256) {
        uint256 packed_ = packed_fee_params;
        uint256 f = balanced(xp, packed_ & type(uint64).max);
        return ((packed_ >> 128) * f + ((packed_ >> 64) & type(uint64).max) * (1e18 - f)) / 1e18;
    }

    function depositFee(uint256[] memory amounts, uint256[] memory xp) internal view returns (uint256) {
        uint256 fee = dynamicFee(xp) * xp.length / (4 * (xp.length - 1));
        uint256 sum = 0;
        for (uint256 k = 0; k < amounts.length; k++) sum += amounts[k];
        uint256 average = sum / amounts.length;
        uint256 apart = 0;
        for (uint256 k = 0; k < amounts.length; k++) {
            apart += amounts[k] > average ? amounts[k] - average : average - amounts[k];
        }
        return fee * apart / sum + 1e5;
    }

    // Newton's method

    struct Step {
        uint256 k0;
        uint256 apart;
        uint256 mul1;
        uint256 mul2;
        uint256 slope;
        uint256 plus;
        uint256 minus;
        uint256 before;
    }

    function product(uint256[] memory x, uint256 whole) internal pure virtual returns (uint256);

    /// `x` from high to low.
    function newtonD(uint256 ann, uint256 gamma, uint256[] memory x, uint256 d) internal pure returns (uint256) {
        Step memory s;
        uint256 sum = 0;
        for (uint256 k = 0; k < x.length; k++) sum += x[k];
        for (uint256 round = 0; round < 255; round++) {
            s.before = d;
            s.k0 = product(x, d);
            s.apart = gamma + 1e18 > s.k0 ? gamma + 1e18 - s.k0 + 1 : s.k0 - gamma - 1e18 + 1;
            s.mul1 = 1e18 * d / gamma * s.apart / gamma * s.apart * 10000 / ann;
            s.mul2 = 2e18 * x.length * s.k0 / s.apart;
            s.slope = sum + sum * s.mul2 / 1e18 + s.mul1 * x.length / s.k0 - s.mul2 * d / 1e18;
            s.plus = d * (s.slope + sum) / s.slope;
            s.minus = d * d / s.slope;
            if (1e18 > s.k0) s.minus += d * (s.mul1 / s.slope) / 1e18 * (1e18 - s.k0) / s.k0;
            else s.minus -= d * (s.mul1 / s.slope) / 1e18 * (s.k0 - 1e18) / s.k0;
            d = s.plus > s.minus ? s.plus - s.minus : (s.minus - s.plus) / 2;
            uint256 diff = d > s.before ? d - s.before : s.before - d;
            if (diff * 1e14 < (d > 1e16 ? d : 1e16)) {
                for (uint256 k = 0; k < x.length; k++) {
                    uint256 share = x[k] * 1e18 / d;
                    require(share >= 1e16 - 1 && share < 1e20 + 1, "Unsafe values x[i]");
                }
                return d;
            }
        }
        revert("Did not converge");
    }

    function newtonY(
        uint256 ann,
        uint256 gamma,
        uint256 d,
        uint256 y,
        uint256[3] memory others // largest, sum, K0
    ) internal pure returns (uint256) {
        Step memory s;
        uint256 limit = others[0] > d ? others[0] / 1e14 : d / 1e14;
        if (limit < 100) limit = 100;
        for (uint256 round = 0; round < 255; round++) {
            s.before = y;
            s.k0 = others[2] * y * number() / d;
            uint256 sum = others[1] + y;
            s.apart = gamma + 1e18 > s.k0 ? gamma + 1e18 - s.k0 + 1 : s.k0 - gamma - 1e18 + 1;
            s.mul1 = 1e18 * d / gamma * s.apart / gamma * s.apart * 10000 / ann;
            s.mul2 = 1e18 + 2e18 * s.k0 / s.apart;
            s.slope = 1e18 * y + sum * s.mul2 + s.mul1;
            if (s.slope < d * s.mul2) {
                y = s.before / 2;
                continue;
            }
            s.slope -= d * s.mul2;
            uint256 slope = s.slope / y;
            s.minus = s.mul1 / slope;
            s.plus = (s.slope + 1e18 * d) / slope + s.minus * 1e18 / s.k0;
            s.minus += 1e18 * sum / slope;
            y = s.plus < s.minus ? s.before / 2 : s.plus - s.minus;
            uint256 diff = y > s.before ? y - s.before : s.before - y;
            if (diff < (limit > y / 1e14 ? limit : y / 1e14)) return y;
        }
        revert("Did not converge");
    }

    function number() internal pure virtual returns (uint256);

    struct Cubic {
        int256 a;
        int256 b;
        int256 c;
        int256 d;
        int256 delta0;
        int256 delta1;
        int256 divider;
        int256 c1;
        int256 root;
    }

    /// The part of the cubic's solution that two and three coins share; false where it has none by roots alone.
    function combine(Cubic memory q) internal pure returns (bool) {
        int256 square = q.delta1 * q.delta1 + 4 * q.delta0 * q.delta0 / q.b * q.delta0;
        if (square <= 0) return false;
        int256 root = int256(Roots.square(uint256(square)));
        int256 second = q.delta1 > 0
            ? int256(Roots.cube(uint256(q.delta1 + root) / 2))
            : -int256(Roots.cube(uint256(root - q.delta1) / 2));
        int256 first = Roots.signedCube(q.b);
        q.c1 = first * first / 1e18 * second / 1e18;
        return true;
    }

    function size(int256 x) internal pure returns (int256) {
        return x < 0 ? -x : x;
    }
}
