// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface IERC20 {
    function balanceOf(address holder) external view returns (uint256);

    function allowance(address holder, address spender) external view returns (uint256);
}

interface IWrapped {
    function deposit() external payable;

    function withdraw(uint256 amount) external;
}

/// Uniswap V2.
interface IPair {
    function getReserves() external view returns (uint256 reserve0, uint256 reserve1, uint256 timestamp);

    function swap(uint256 out0, uint256 out1, address to, bytes calldata data) external;
}

/// Solidly, Velodrome, Aerodrome.
interface ISolidlyPair {
    function reserve0() external view returns (uint256);

    function reserve1() external view returns (uint256);

    function getAmountOut(uint256 amountIn, address coinIn) external view returns (uint256);

    function swap(uint256 out0, uint256 out1, address to, bytes calldata data) external;
}

interface IV3Pool {
    function swap(address to, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external
        returns (int256, int256);
}

interface IPoolManager {
    struct Key {
        address currency0;
        address currency1;
        uint24 fee;
        int24 tickSpacing;
        address hooks;
    }

    struct Swap {
        bool zeroForOne;
        int256 amount;
        uint160 limit;
    }

    function unlock(bytes calldata data) external returns (bytes memory);

    function swap(Key calldata key, Swap calldata parameters, bytes calldata hookData) external returns (int256 delta);

    function sync(address currency) external;

    function settle() external payable returns (uint256);

    function take(address currency, address to, uint256 amount) external;
}

/// Curve. Old pools return nothing, so nothing is declared: what arrived is measured.
interface ICurve {
    function exchange(int128 i, int128 j, uint256 amount, uint256 least) external;
}

interface ICurveCrypto {
    function exchange(uint256 i, uint256 j, uint256 amount, uint256 least) external;
}

interface IVault {
    struct Single {
        bytes32 poolId;
        uint8 kind;
        address assetIn;
        address assetOut;
        uint256 amount;
        bytes userData;
    }

    struct Funds {
        address sender;
        bool fromInternalBalance;
        address recipient;
        bool toInternalBalance;
    }

    function swap(Single calldata single, Funds calldata funds, uint256 limit, uint256 deadline)
        external
        payable
        returns (uint256);
}

/// Carries out the legs of one route, for whoever calls, in one transaction.
///
/// - Whoever calls pays, and the same address receives: there is no other recipient, no owner, no fee, no upgrade.
/// - Only what arrived in this call is spent or sent. What stood here before it, of any coin, is counted apart and stays:
///   no leg, refund or payout can reach it. The native coin moves only by amounts that were wrapped or unwrapped here.
/// - Pools are named by the caller and may be hostile, like the coins. A leg can give away no more than the amount that
///   it sells: a transfer, an allowance that is taken back, or one payment on request of the pool that is being called.
/// - Nothing can call in again while a route is carried out, but that pool, once, for that payment.
contract Aggregator {
    error Expired(uint256 deadline, uint256 time);
    error TooLittle(uint256 received, uint256 least);
    error WrongValue(uint256 sent, uint256 expected);
    error Busy();
    error NotExpected(address caller);
    error AskedForTooMuch(uint256 asked, uint256 most);
    error CoinFailed(address coin);
    error NoSuchKind(uint256 kind);
    error ShareAboveAll(uint256 share);

    uint256 private constant V2 = 0;
    uint256 private constant V3 = 1;
    uint256 private constant V4 = 2;
    uint256 private constant SOLIDLY = 3;
    uint256 private constant CURVE = 4;
    uint256 private constant CURVE_CRYPTO = 5;
    uint256 private constant BALANCER = 6;

    uint256 private constant ALL = 1 << 32;

    uint160 private constant LOWEST = 4295128740; // TickMath.MIN_SQRT_RATIO + 1
    uint160 private constant HIGHEST = 1461446703485210103287273052203988822378723970341; // TickMath.MAX_SQRT_RATIO - 1

    /// kind     One of the constants above.
    /// coinIn   Number of the coin that it sells in the list of the route; coinOut likewise.
    /// share    Of what there is of coinIn at that point, in parts of 2**32.
    /// pool     Its address, as a number; Balancer: the pool's id in the vault; V4: not read.
    /// data     V2: the fee in parts of 10,000. V4, from the lowest bit: hooks (160 bits), tick spacing (24), fee (24), and
    ///          one bit that is set where the pool holds the native coin, while the list says its wrapped form. Curve, from
    ///          the lowest bit: i (8 bits), j (8).
    struct Leg {
        uint8 kind;
        uint8 coinIn;
        uint8 coinOut;
        uint64 share;
        uint256 pool;
        uint256 data;
    }

    /// coins     All of the route. The first is paid; the native coin is named by its wrapped form.
    /// coinOut   Number of the coin that is received.
    /// amountIn  Taken from the caller, by allowance; or sent along, where the first is the wrapped coin.
    /// minOut    Least that must arrive at the caller, after any tax of the coin.
    /// unwrap    Whether the wrapped coin is paid out in its native form.
    /// deadline  Seconds, chain time.
    struct Route {
        address[] coins;
        uint8 coinOut;
        uint256 amountIn;
        uint256 minOut;
        bool unwrap;
        uint256 deadline;
        Leg[] legs;
    }

    address public immutable wrapped;
    IPoolManager public immutable manager;
    address public immutable vault;

    bool private transient busy;
    /// The pool that is being called and may ask for payment, of which coin, and of how much at most.
    address private transient payee;
    address private transient owedCoin;
    uint256 private transient owedMost;

    /// Zero for manager or vault on a chain that has none.
    constructor(address wrapped_, address manager_, address vault_) {
        wrapped = wrapped_;
        manager = IPoolManager(manager_);
        vault = vault_;
    }

    /// The native coin comes from where it is unwrapped or taken, and from nobody else, so none is ever stranded here.
    receive() external payable {
        if (msg.sender != wrapped && (msg.sender != address(manager) || !busy)) revert NotExpected(msg.sender);
    }

    /// Returns what arrived at the caller.
    function execute(Route calldata route) external payable returns (uint256 received) {
        if (block.timestamp > route.deadline) revert Expired(route.deadline, block.timestamp);
        if (busy) revert Busy();
        busy = true;

        uint256[] memory stood = new uint256[](route.coins.length);
        for (uint256 n = 0; n < stood.length; n++) stood[n] = _held(route.coins[n]);
        _collect(route.coins[0], route.amountIn);
        for (uint256 n = 0; n < route.legs.length; n++) {
            Leg calldata leg = route.legs[n];
            if (leg.share > ALL) revert ShareAboveAll(leg.share);
            address coinIn = route.coins[leg.coinIn];
            uint256 amount = ((_held(coinIn) - stood[leg.coinIn]) * leg.share) >> 32;
            if (amount > 0) _trade(leg, coinIn, route.coins[leg.coinOut], amount);
        }
        received = _pay(route.coins[route.coinOut], stood[route.coinOut], route.unwrap);
        if (received < route.minOut) revert TooLittle(received, route.minOut);
        for (uint256 n = 0; n < stood.length; n++) {
            if (n != route.coinOut) _pay(route.coins[n], stood[n], n == 0 && msg.value > 0);
        }

        busy = false;
    }

    function _collect(address coin, uint256 amount) private {
        if (msg.value == 0) {
            // transferFrom(address,address,uint256), and from nobody but the caller
            _call(coin, abi.encodeWithSelector(0x23b872dd, msg.sender, address(this), amount));
            return;
        }
        if (coin != wrapped || msg.value != amount) revert WrongValue(msg.value, amount);
        IWrapped(wrapped).deposit{value: msg.value}();
    }

    /// Everything of a coin beyond what stood here before, to the caller; returns what arrived there.
    function _pay(address coin, uint256 stood, bool unwrap) private returns (uint256 arrived) {
        uint256 amount = _held(coin) - stood;
        if (amount == 0) return 0;
        if (unwrap && coin == wrapped) {
            IWrapped(wrapped).withdraw(amount);
            (bool paid,) = msg.sender.call{value: amount}("");
            if (!paid) revert CoinFailed(address(0));
            return amount;
        }
        uint256 before = IERC20(coin).balanceOf(msg.sender);
        _transfer(coin, msg.sender, amount);
        return IERC20(coin).balanceOf(msg.sender) - before;
    }

    function _trade(Leg calldata leg, address coinIn, address coinOut, uint256 amount) private {
        address pool = address(uint160(leg.pool));
        uint256 kind = leg.kind;
        if (kind == V2) {
            _tradePair(pool, coinIn, coinOut, amount, leg.data);
        } else if (kind == V3) {
            _tradeV3(pool, coinIn, coinOut, amount);
        } else if (kind == V4) {
            manager.unlock(abi.encode(coinIn, coinOut, amount, leg.data));
        } else if (kind == SOLIDLY) {
            _tradeSolidly(pool, coinIn, coinOut, amount);
        } else if (kind == CURVE || kind == CURVE_CRYPTO) {
            _tradeCurve(pool, coinIn, amount, leg.data, kind == CURVE_CRYPTO);
        } else if (kind == BALANCER) {
            _tradeBalancer(bytes32(leg.pool), coinIn, coinOut, amount);
        } else {
            revert NoSuchKind(kind);
        }
    }

    /// UniswapV2Library.getAmountOut, for any fee; what the pair received is measured, for coins that take a tax.
    function _tradePair(address pool, address coinIn, address coinOut, uint256 amount, uint256 fee) private {
        _transfer(coinIn, pool, amount);
        (uint256 reserveIn, uint256 reserveOut,) = IPair(pool).getReserves();
        bool zeroForOne = coinIn < coinOut;
        if (!zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        uint256 paid = (IERC20(coinIn).balanceOf(pool) - reserveIn) * (10_000 - fee);
        uint256 out = paid * reserveOut / (reserveIn * 10_000 + paid);
        IPair(pool).swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, address(this), "");
    }

    /// The pair itself knows its fee and its curve.
    function _tradeSolidly(address pool, address coinIn, address coinOut, uint256 amount) private {
        _transfer(coinIn, pool, amount);
        bool zeroForOne = coinIn < coinOut;
        uint256 reserve = zeroForOne ? ISolidlyPair(pool).reserve0() : ISolidlyPair(pool).reserve1();
        uint256 out = ISolidlyPair(pool).getAmountOut(IERC20(coinIn).balanceOf(pool) - reserve, coinIn);
        ISolidlyPair(pool).swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, address(this), "");
    }

    function _tradeV3(address pool, address coinIn, address coinOut, uint256 amount) private {
        (payee, owedCoin, owedMost) = (pool, coinIn, amount);
        bool zeroForOne = coinIn < coinOut;
        IV3Pool(pool).swap(address(this), zeroForOne, _signed(amount), zeroForOne ? LOWEST : HIGHEST, "");
        payee = address(0);
    }

    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        _settleV3(delta0, delta1);
    }

    function pancakeV3SwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        _settleV3(delta0, delta1);
    }

    function algebraSwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        _settleV3(delta0, delta1);
    }

    function _settleV3(int256 delta0, int256 delta1) private {
        if (msg.sender != payee) revert NotExpected(msg.sender);
        payee = address(0);
        uint256 asked = uint256(delta0 > 0 ? delta0 : delta1);
        if (asked > owedMost) revert AskedForTooMuch(asked, owedMost);
        _transfer(owedCoin, msg.sender, asked);
    }

    /// Only this contract's own `unlock` leads here: the manager calls back whoever unlocks it.
    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        if (msg.sender != address(manager) || !busy) revert NotExpected(msg.sender);
        (address coinIn, address coinOut, uint256 amount, uint256 poolData) =
            abi.decode(data, (address, address, uint256, uint256));
        if (poolData >> 208 & 1 == 1) {
            if (coinIn == wrapped) coinIn = address(0);
            else coinOut = address(0);
        }
        bool zeroForOne = coinIn < coinOut;
        int256 delta = manager.swap(
            IPoolManager.Key({
                currency0: zeroForOne ? coinIn : coinOut,
                currency1: zeroForOne ? coinOut : coinIn,
                fee: uint24(poolData >> 184),
                tickSpacing: int24(uint24(poolData >> 160)),
                hooks: address(uint160(poolData))
            }),
            IPoolManager.Swap({zeroForOne: zeroForOne, amount: -_signed(amount), limit: zeroForOne ? LOWEST : HIGHEST}),
            ""
        );
        // BalanceDelta: currency 0 in the upper half, currency 1 in the lower one, each signed
        (int256 deltaIn, int256 deltaOut) = (delta >> 128, int256(int128(delta)));
        if (!zeroForOne) (deltaIn, deltaOut) = (deltaOut, deltaIn);
        if (deltaIn < 0) _settleV4(coinIn, uint256(-deltaIn), amount);
        if (deltaOut > 0) _takeV4(coinOut, uint256(deltaOut));
        // hooks may turn the signs round: what is then owed or left is not settled, and the manager reverts
        return "";
    }

    function _settleV4(address coin, uint256 asked, uint256 most) private {
        if (asked > most) revert AskedForTooMuch(asked, most);
        if (coin == address(0)) {
            IWrapped(wrapped).withdraw(asked);
            manager.settle{value: asked}();
            return;
        }
        manager.sync(coin);
        _transfer(coin, address(manager), asked);
        manager.settle();
    }

    function _takeV4(address coin, uint256 amount) private {
        manager.take(coin, address(this), amount);
        if (coin == address(0)) IWrapped(wrapped).deposit{value: amount}();
    }

    function _tradeCurve(address pool, address coinIn, uint256 amount, uint256 data, bool crypto) private {
        _approve(coinIn, pool, amount);
        uint256 i = data & 0xff;
        uint256 j = data >> 8 & 0xff;
        if (crypto) ICurveCrypto(pool).exchange(i, j, amount, 0);
        else ICurve(pool).exchange(int128(int256(i)), int128(int256(j)), amount, 0);
        _disapprove(coinIn, pool);
    }

    function _tradeBalancer(bytes32 poolId, address coinIn, address coinOut, uint256 amount) private {
        _approve(coinIn, vault, amount);
        IVault.Single memory single = IVault.Single(poolId, 0, coinIn, coinOut, amount, "");
        IVault.Funds memory funds = IVault.Funds(address(this), false, address(this), false);
        IVault(vault).swap(single, funds, 0, block.timestamp);
        _disapprove(coinIn, vault);
    }

    function _held(address coin) private view returns (uint256) {
        return IERC20(coin).balanceOf(address(this));
    }

    function _transfer(address coin, address to, uint256 amount) private {
        _call(coin, abi.encodeWithSelector(0xa9059cbb, to, amount)); // transfer(address,uint256)
    }

    function _approve(address coin, address spender, uint256 amount) private {
        _call(coin, abi.encodeWithSelector(0x095ea7b3, spender, amount)); // approve(address,uint256)
    }

    /// What a pool did not take it may not keep the right to: later routes of others pass through here.
    function _disapprove(address coin, address spender) private {
        if (IERC20(coin).allowance(address(this), spender) > 0) _approve(coin, spender, 0);
    }

    /// ERC-20 as it is found: no answer is as good as true. A coin has code: its balance was asked before.
    function _call(address coin, bytes memory data) private {
        (bool done, bytes memory answer) = coin.call(data);
        if (!done || (answer.length > 0 && !abi.decode(answer, (bool)))) revert CoinFailed(coin);
    }

    function _signed(uint256 amount) private pure returns (int256) {
        if (amount > uint256(type(int256).max)) revert AskedForTooMuch(amount, uint256(type(int256).max));
        return int256(amount);
    }
}
