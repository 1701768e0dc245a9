// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin} from "sniper_sdk/Coin.sol";

interface IRate {
    function get_virtual_price() external view returns (uint256);
}

/// What Curve's stable pools of all generations have in common, for 2 to 8 coins, written anew in Solidity after the published Vyper
/// sources: arithmetic, order of fees, checks and logs. Left out: price oracles, permits, `exchange_received`, claims of
/// the administration, who may change parameters (here: anyone).
abstract contract Stable {
    address[] public coins;
    uint256[] internal held;
    uint256[] internal multipliers;
    address[] internal oracles;
    uint256 public fee;
    uint256 public admin_fee;
    uint256 internal offpeg;
    uint256 public totalSupply;
    mapping(address holder => uint256) public balanceOf;
    uint8 public constant decimals = 18;

    uint256 public initial_A;
    uint256 public future_A;
    uint256 public initial_A_time;
    uint256 public future_A_time;

    event TokenExchange(
        address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, uint256 tokens_bought
    );
    event RampA(uint256 old_A, uint256 new_A, uint256 initial_time, uint256 future_time);
    event StopRampA(uint256 A, uint256 t);

    uint256 private constant FEE_ONE = 1e10;
    uint256 internal constant NOBODY = type(uint256).max;

    constructor(address[] memory coins_, address[] memory oracles_, uint256 a, uint256 fee_, uint256 adminFee) {
        (coins, oracles, fee, admin_fee) = (coins_, oracles_, fee_, adminFee);
        (initial_A, future_A) = (a * _precision(), a * _precision());
        held = new uint256[](coins_.length);
        for (uint256 k = 0; k < coins_.length; k++) multipliers.push(10 ** (36 - Coin(coins_[k]).decimals()));
    }

    function _precision() internal pure virtual returns (uint256);
    function _dividesLast() internal pure virtual returns (bool);
    function _logLiquidity(string memory name, uint256[] memory amounts, uint256[] memory fees, uint256[] memory rest)
        internal
        virtual;
    function _logOne(uint256 coin, uint256 burned, uint256 received) internal virtual;

    function balances(uint256 k) external view returns (uint256) {
        return held[k];
    }

    function A() external view returns (uint256) {
        return _amp() / _precision();
    }

    function get_virtual_price() external view returns (uint256) {
        return _invariant(_scaled(held)) * 1e18 / totalSupply;
    }

    function get_dy(int128 i, int128 j, uint256 dx) external view returns (uint256) {
        (uint256 dy,,) = _quote(uint128(i), uint128(j), dx, _rates());
        return dy;
    }

    function approve(address, uint256) external pure returns (bool) {
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function exchange(int128 i, int128 j, uint256 dx, uint256) external returns (uint256) {
        require(i != j && dx > 0, "nothing to exchange");
        uint256 dy = _move(uint128(i), uint128(j), dx, _rates());
        Coin(coins[uint128(i)]).transferFrom(msg.sender, address(this), dx);
        Coin(coins[uint128(j)]).transfer(msg.sender, dy);
        emit TokenExchange(msg.sender, i, dx, j, dy);
        return dy;
    }

    function _add(uint256[] memory amounts) internal returns (uint256 minted) {
        uint256[] memory old = held;
        uint256[] memory now_ = held;
        uint256[] memory fees = new uint256[](amounts.length);
        uint256 d0 = _invariant(_scaled(old));
        for (uint256 k = 0; k < amounts.length; k++) {
            require(amounts[k] > 0 || totalSupply > 0, "first deposit in all coins");
            if (amounts[k] > 0) Coin(coins[k]).transferFrom(msg.sender, address(this), amounts[k]);
            now_[k] += amounts[k];
        }
        uint256 d1 = _invariant(_scaled(now_));
        require(d1 > d0, "nothing added");
        if (totalSupply > 0) {
            uint256 d2;
            (fees, d2) = _chargeImbalance(old, now_, d0, d1);
            minted = totalSupply * (d2 - d0) / d0;
        } else {
            held = now_;
            minted = d1;
        }
        totalSupply += minted;
        balanceOf[msg.sender] += minted;
        _logLiquidity("AddLiquidity", amounts, fees, _pair(d1, totalSupply));
    }

    function _remove(uint256 burned) internal {
        uint256[] memory amounts = new uint256[](held.length);
        for (uint256 k = 0; k < held.length; k++) {
            amounts[k] = held[k] * burned / totalSupply;
            held[k] -= amounts[k];
            Coin(coins[k]).transfer(msg.sender, amounts[k]);
        }
        _burn(burned);
        uint256[] memory rest = new uint256[](1);
        rest[0] = totalSupply;
        _logLiquidity("RemoveLiquidity", amounts, new uint256[](amounts.length), rest);
    }

    function _removeUnevenly(uint256[] memory amounts) internal {
        uint256[] memory old = held;
        uint256[] memory now_ = held;
        uint256 d0 = _invariant(_scaled(old));
        for (uint256 k = 0; k < amounts.length; k++) {
            now_[k] -= amounts[k];
            Coin(coins[k]).transfer(msg.sender, amounts[k]);
        }
        uint256 d1 = _invariant(_scaled(now_));
        (uint256[] memory fees, uint256 d2) = _chargeImbalance(old, now_, d0, d1);
        uint256 burned = (d0 - d2) * totalSupply / d0 + 1;
        require(burned > 1, "nothing burned");
        _burn(burned);
        _logLiquidity("RemoveLiquidityImbalance", amounts, fees, _pair(d1, totalSupply));
    }

    function remove_liquidity_one_coin(uint256 burned, int128 coin, uint256) external returns (uint256 received) {
        uint256 charged;
        uint256 i = uint128(coin);
        (received, charged) = _withdrawal(burned, i);
        held[i] -= received + charged * admin_fee / FEE_ONE;
        _burn(burned);
        Coin(coins[i]).transfer(msg.sender, received);
        _logOne(i, burned, received);
    }

    function ramp(uint256 a, uint256 until) external {
        (initial_A, future_A) = (_amp(), a * _precision());
        (initial_A_time, future_A_time) = (block.timestamp, until);
        emit RampA(initial_A, future_A, block.timestamp, until);
    }

    function stop_ramp() external {
        uint256 a = _amp();
        (initial_A, future_A, initial_A_time, future_A_time) = (a, a, block.timestamp, block.timestamp);
        emit StopRampA(a, block.timestamp);
    }

    function _amp() internal view returns (uint256) {
        if (block.timestamp >= future_A_time) return future_A;
        uint256 passed = block.timestamp - initial_A_time;
        uint256 span = future_A_time - initial_A_time;
        if (future_A > initial_A) return initial_A + (future_A - initial_A) * passed / span;
        return initial_A - (initial_A - future_A) * passed / span;
    }

    function _rates() internal view returns (uint256[] memory rates) {
        rates = multipliers;
        for (uint256 k = 0; k < rates.length; k++) {
            if (oracles[k] != address(0)) rates[k] = rates[k] * IRate(oracles[k]).get_virtual_price() / 1e18;
        }
    }

    function _scaled(uint256[] memory amounts) internal view returns (uint256[] memory) {
        return _scaledBy(_rates(), amounts);
    }

    function _scaledBy(uint256[] memory rates, uint256[] memory amounts) internal pure returns (uint256[] memory xp) {
        xp = new uint256[](amounts.length);
        for (uint256 k = 0; k < xp.length; k++) xp[k] = rates[k] * amounts[k] / 1e18;
    }

    function _invariant(uint256[] memory xp) internal view returns (uint256 d) {
        uint256 n = xp.length;
        uint256 sum = 0;
        for (uint256 k = 0; k < n; k++) sum += xp[k];
        if (sum == 0) return 0;
        d = sum;
        uint256 ann = _amp() * n;
        for (uint256 round = 0; round < 255; round++) {
            uint256 p = d;
            for (uint256 k = 0; k < n; k++) p = p * d / (_dividesLast() ? xp[k] : xp[k] * n);
            if (_dividesLast()) p /= n ** n;
            uint256 before = d;
            d = (ann * sum / _precision() + p * n) * d / ((ann - _precision()) * d / _precision() + (n + 1) * p);
            if (d > before ? d - before <= 1 : before - d <= 1) return d;
        }
        revert("no invariant");
    }

    /// get_y, and without i get_y_D.
    function _solve(uint256 i, uint256 j, uint256 x, uint256[] memory xp, uint256 d) internal view returns (uint256 y) {
        uint256 n = xp.length;
        uint256 ann = _amp() * n;
        uint256 c = d;
        uint256 b = 0;
        for (uint256 k = 0; k < n; k++) {
            if (k == j) continue;
            uint256 other = k == i ? x : xp[k];
            b += other;
            c = c * d / (other * n);
        }
        c = c * d * _precision() / (ann * n);
        b = b + d * _precision() / ann;
        y = d;
        for (uint256 round = 0; round < 255; round++) {
            uint256 before = y;
            y = (y * y + c) / (2 * y + b - d);
            if (y > before ? y - before <= 1 : before - y <= 1) return y;
        }
        revert("no balance");
    }

    function _dynamicFee(uint256 x, uint256 y, uint256 fee_) internal view returns (uint256) {
        if (offpeg <= FEE_ONE) return fee_;
        return offpeg * fee_ / ((offpeg - FEE_ONE) * 4 * x * y / (x + y) ** 2 + FEE_ONE);
    }

    /// What dx buys, what of it the administration gets, both in units of coin j.
    function _quote(uint256 i, uint256 j, uint256 dx, uint256[] memory rates)
        internal
        view
        returns (uint256 dy, uint256 kept, uint256 y)
    {
        uint256[] memory xp = _scaledBy(rates, held);
        uint256 x = xp[i] + dx * rates[i] / 1e18;
        y = _solve(i, j, x, xp, _invariant(xp));
        dy = xp[j] - y - 1;
        uint256 charged = dy * _dynamicFee((xp[i] + x) / 2, (xp[j] + y) / 2, fee) / FEE_ONE;
        dy = (dy - charged) * 1e18 / rates[j];
        kept = charged * admin_fee / FEE_ONE * 1e18 / rates[j];
    }

    function _move(uint256 i, uint256 j, uint256 dx, uint256[] memory rates) internal returns (uint256) {
        (uint256 dy, uint256 kept,) = _quote(i, j, dx, rates);
        held[i] += dx;
        held[j] = held[j] - dy - kept;
        return dy;
    }

    function _baseFee() private view returns (uint256) {
        return fee * held.length / (4 * (held.length - 1));
    }

    function _chargeImbalance(uint256[] memory old, uint256[] memory now_, uint256 d0, uint256 d1)
        private
        returns (uint256[] memory fees, uint256 d2)
    {
        uint256[] memory rates = _rates();
        fees = new uint256[](old.length);
        for (uint256 k = 0; k < old.length; k++) {
            uint256 ideal = d1 * old[k] / d0;
            uint256 difference = ideal > now_[k] ? ideal - now_[k] : now_[k] - ideal;
            uint256 x = rates[k] * (old[k] + now_[k]) / 1e18;
            fees[k] = _dynamicFee(x, (d0 + d1) / old.length, _baseFee()) * difference / FEE_ONE;
            held[k] = now_[k] - fees[k] * admin_fee / FEE_ONE;
            now_[k] -= fees[k];
        }
        d2 = _invariant(_scaledBy(rates, now_));
    }

    function _withdrawal(uint256 burned, uint256 i) private view returns (uint256 received, uint256 charged) {
        uint256[] memory xp = _scaled(held);
        uint256 d0 = _invariant(xp);
        uint256 d1 = d0 - burned * d0 / totalSupply;
        uint256 y = _solve(NOBODY, i, 0, xp, d1);
        uint256[] memory reduced = new uint256[](xp.length);
        for (uint256 k = 0; k < xp.length; k++) {
            uint256 expected = k == i ? xp[k] * d1 / d0 - y : xp[k] - xp[k] * d1 / d0;
            uint256 average = k == i ? (xp[k] + y) / 2 : xp[k];
            reduced[k] = xp[k] - _dynamicFee(average, (d0 + d1) / (2 * xp.length), _baseFee()) * expected / FEE_ONE;
        }
        received = (reduced[i] - _solve(NOBODY, i, 0, reduced, d1) - 1) * 1e18 / _rates()[i];
        charged = (xp[i] - y) * 1e18 / _rates()[i] - received;
    }

    function _burn(uint256 amount) private {
        balanceOf[msg.sender] -= amount;
        totalSupply -= amount;
    }

    function _pair(uint256 one, uint256 two) private pure returns (uint256[] memory both) {
        both = new uint256[](2);
        (both[0], both[1]) = (one, two);
    }
}
