"""One cryptoswap pool of Curve's new generation: its state, kept by its logs, and its exact quotes."""

import asyncio
from collections.abc import Sequence
from types import ModuleType
from typing import Annotated, ClassVar, Final, NamedTuple

from pydantic import Field, StringConstraints

from sniper.amm import Amm, Chain, Change, Config, Found, Fraction, NoLiquidity, Self, Unpriced, on_creation, on_log
from sniper.errors import CallReverted, SniperError
from sniper_amm_cryptoswap import three, two
from sniper_amm_cryptoswap.invariant import LEAST_D, MOST_D, ONE, dynamic_fee, marginal

_VERSION: Final = "v2.0.0"
_WHOLE: Final = 10**10
"""Fees have 10 decimals."""
_PRICE_BITS: Final = 128
_FIELD_BITS: Final = 64

_NUMBERS: Final = (
    "D",
    "virtual_price",
    "totalSupply",
    "packed_fee_params",
    "initial_A_gamma",
    "initial_A_gamma_time",
    "future_A_gamma",
    "future_A_gamma_time",
)

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]


class CryptoswapConfig(Config):
    """``[amm.cryptoswap]``"""

    factories: Annotated[
        tuple[Address, ...], Field(description="Factories of tricrypto-ng and twocrypto-ng whose pools are watched.")
    ] = ()


class Unfollowable(SniperError, ValueError):
    """The state that is kept of a pool is not the pool's any more: it has to be read again."""

    code = "cryptoswap-unfollowable"


class TooLittle(NoLiquidity):
    """The contract would revert, and more of the coin might pass."""


class Traded(NamedTuple):
    """What an exchange gives, and the pool after it, its price scale not yet changed."""

    bought: int
    scaled: list[int]
    d: int
    virtual_price: int


class Cryptoswap(Amm):
    """One pool of two or three coins.

    scales         What makes base units of each coin 18 decimals.
    prices         The price scale: coin k + 1 in coin 0, 18 decimals.
    d              Size of the invariant, which the contract keeps.
    virtual_price  Of a share, 18 decimals; it must grow with every exchange unless A or gamma change.
    supply         Shares.
    fees           Of a balanced and of an unbalanced pool with 10 decimals; what counts as balanced with 18.
    ramp           A and gamma before and after, and from when to when (seconds) they change.
    first          Whether it is of the contract of 2023, whose liquidity changes tell too little to be followed.
    time           Of the newest block, seconds; 0 is unknown.

    A log that contradicts the state, or changes it by more than it tells, raises `Unfollowable`: the kernel then
    forgets the pool and reads it again.
    """

    swap_gas: ClassVar[int] = 220_000

    config: CryptoswapConfig
    scales: tuple[int, ...]
    balances: tuple[int, ...]
    prices: tuple[int, ...]
    d: int
    virtual_price: int
    supply: int
    fees: tuple[int, int, int]
    ramp: tuple[tuple[int, int], tuple[int, int], int, int]
    first: bool = False
    time: int = 0

    @classmethod
    async def load(cls, address: str, chain: Chain, config: CryptoswapConfig) -> Found[Self]:
        (version,) = await chain.read(address, "version()(string)")
        if version != _VERSION:
            raise NoLiquidity(f"{address} is of version {version!r}; only {_VERSION} is priced")
        count = 3 if await _answers(chain, address, "coins(uint256)(address)", 2) else 2
        price = "price_scale(uint256)(uint256)" if count == 3 else "price_scale()(uint256)"
        (scales,), second = await asyncio.gather(
            chain.read(address, f"precisions()(uint256[{count}])"),
            _answers(chain, address, "xcp_ma_time()(uint256)"),
        )
        kept = await asyncio.gather(*(chain.read(address, f"{name}()(uint256)") for name in _NUMBERS))
        d, virtual_price, supply, fees, start, begins, end, ends = (number for (number,) in kept)
        coins = await asyncio.gather(*(chain.read(address, "coins(uint256)(address)", k) for k in range(count)))
        balances = await asyncio.gather(*(chain.read(address, "balances(uint256)(uint256)", k) for k in range(count)))
        numbers: list[tuple[int, ...]] = [(k,) for k in range(2)] if count == 3 else [()]
        prices = await asyncio.gather(*(chain.read(address, price, *number) for number in numbers))
        pool = cls(
            config=config,
            scales=tuple(scales),
            balances=tuple(balance for (balance,) in balances),
            prices=tuple(scale for (scale,) in prices),
            d=d,
            virtual_price=virtual_price,
            supply=supply,
            fees=_three_fields(fees),
            ramp=(_halves(start), _halves(end), begins, ends),
            first=not second,
        )
        return Found(pool=address, coins=tuple(coin for (coin,) in coins), amm=pool)

    @classmethod
    @on_creation(
        "TricryptoPoolDeployed(address pool, string name, string symbol, address weth, address[3] coins, address math,"
        " bytes32 salt, uint256 packed_precisions, uint256 packed_A_gamma, uint256 packed_fee_params,"
        " uint256 packed_rebalancing_params, uint256 packed_prices, address deployer)"
    )
    def three_deployed(cls, config: CryptoswapConfig, pool: str, *_: object) -> Found[Self] | None:
        return Found(pool=pool)

    @classmethod
    @on_creation(
        "TwocryptoPoolDeployed(address pool, string name, string symbol, address[2] coins, address math, bytes32 salt,"
        " uint256[2] precisions, uint256 packed_A_gamma, uint256 packed_fee_params, uint256 packed_rebalancing_params,"
        " uint256 packed_prices, address deployer)"
    )
    def two_deployed(cls, config: CryptoswapConfig, pool: str, *_: object) -> Found[Self] | None:
        return Found(pool=pool)

    def on_block(self, timestamp: int) -> None:
        self.time = timestamp

    # ---- what happens to it ----

    @on_log(
        "TokenExchange(address indexed buyer, uint256 sold_id, uint256 tokens_sold, uint256 bought_id,"
        " uint256 tokens_bought, uint256 fee, uint256 packed_price_scale)"
    )
    def exchanged(self, buyer: str, i: int, sold: int, j: int, bought: int, fee: int, packed_prices: int) -> Change:
        moved = [0] * len(self.balances)
        moved[i], moved[j] = sold, -bought
        try:
            traded = self._trade(i, j, sold)
        except (NoLiquidity, ZeroDivisionError) as error:
            raise Unfollowable(f"{sold} of coin {i} bought something that should have failed: {error}") from error
        if traded.bought != bought:
            raise Unfollowable(f"{sold} of coin {i} bought {bought} of coin {j}, not {traded.bought}")
        self._settle(traded.scaled, traded.d, traded.virtual_price, packed_prices)
        self._move(moved)
        return None

    @on_log(
        "AddLiquidity(address indexed provider, uint256[3] token_amounts, uint256 fee, uint256 token_supply,"
        " uint256 packed_price_scale)"
    )
    def added_to_three(
        self, provider: str, amounts: Sequence[int], fee: int, supply: int, packed_prices: int
    ) -> Change:
        return self._added(amounts, supply, packed_prices)

    @on_log(
        "AddLiquidity(address indexed provider, uint256[2] token_amounts, uint256 fee, uint256 token_supply,"
        " uint256 packed_price_scale)"
    )
    def added_to_two(self, provider: str, amounts: Sequence[int], fee: int, supply: int, packed_prices: int) -> Change:
        return self._added(amounts, supply, packed_prices)

    @on_log("RemoveLiquidity(address indexed provider, uint256[3] token_amounts, uint256 token_supply)")
    def removed_from_three(self, provider: str, amounts: Sequence[int], supply: int) -> Change:
        return self._removed(amounts, supply)

    @on_log("RemoveLiquidity(address indexed provider, uint256[2] token_amounts, uint256 token_supply)")
    def removed_from_two(self, provider: str, amounts: Sequence[int], supply: int) -> Change:
        return self._removed(amounts, supply)

    @on_log(
        "RemoveLiquidityOne(address indexed provider, uint256 token_amount, uint256 coin_index, uint256 coin_amount,"
        " uint256 approx_fee, uint256 packed_price_scale)"
    )
    def one_removed(self, provider: str, shares: int, i: int, amount: int, fee: int, packed_prices: int) -> Change:
        if self.first:
            raise Unfollowable("a withdrawal in one coin from a first contract, which also claims fees, unlogged")
        moved = [0] * len(self.balances)
        moved[i] = -amount
        scaled, d, expected = self._withdrawal(shares, i)
        if expected != amount:
            raise Unfollowable(f"{shares} shares gave {amount} of coin {i}, not {expected}")
        self.supply -= shares
        self._settle(scaled, d, self._value(d, self.prices), packed_prices)
        self._move(moved)
        return tuple(moved)

    @on_log("ClaimAdminFee(address indexed admin, uint256[3] tokens)")
    def claimed_from_three(self, admin: str, amounts: Sequence[int]) -> Change:
        raise Unfollowable("the owner claimed fees, and the log does not tell what is left")

    @on_log("ClaimAdminFee(address indexed admin, uint256[2] tokens)")
    def claimed_from_two(self, admin: str, amounts: Sequence[int]) -> Change:
        raise Unfollowable("the owner claimed fees, and the log does not tell what is left")

    @on_log("ClaimAdminFee(address indexed admin, uint256 tokens)")
    def claimed_from_first(self, admin: str, shares: int) -> Change:
        raise Unfollowable("the owner claimed fees, and the log does not tell what is left")

    @on_log(
        "RampAgamma(uint256 initial_A, uint256 future_A, uint256 initial_gamma, uint256 future_gamma,"
        " uint256 initial_time, uint256 future_time)"
    )
    def ramped(self, a: int, future_a: int, gamma: int, future_gamma: int, begins: int, ends: int) -> Change:
        self.ramp = (a, gamma), (future_a, future_gamma), begins, ends
        return None

    @on_log("StopRampA(uint256 current_A, uint256 current_gamma, uint256 time)")
    def ramp_stopped(self, a: int, gamma: int, time: int) -> Change:
        self.ramp = (a, gamma), (a, gamma), time, time
        return None

    @on_log(
        "NewParameters(uint256 mid_fee, uint256 out_fee, uint256 fee_gamma, uint256 allowed_extra_profit,"
        " uint256 adjustment_step, uint256 ma_time, uint256 xcp_ma_time)"
    )
    def parameters_changed(self, mid_fee: int, out_fee: int, fee_gamma: int, *_: int) -> Change:
        self.fees = mid_fee, out_fee, fee_gamma
        return None

    @on_log(
        "NewParameters(uint256 mid_fee, uint256 out_fee, uint256 fee_gamma, uint256 allowed_extra_profit,"
        " uint256 adjustment_step, uint256 ma_time)"
    )
    def first_parameters_changed(self, mid_fee: int, out_fee: int, fee_gamma: int, *_: int) -> Change:
        self.fees = mid_fee, out_fee, fee_gamma
        return None

    # ---- what it says ----

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        """``exchange``, with everything for which it reverts: an amount so small that the pool would not gain by it
        is refused. During a ramp: what it gives in a block with the time of the newest."""
        self._check_time()
        try:
            return self._trade(i, j, amount_in).bought
        except ZeroDivisionError:
            raise NoLiquidity(f"the contract divides by zero for {amount_in} of coin {i}") from None

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        """The least amount whose `amount_out` suffices; where rounding makes that swing by some units, one near it."""
        self._check_time()
        if not 0 < amount_out < self.balances[j]:
            raise NoLiquidity(f"{amount_out} of coin {j} wanted, of which the pool holds {self.balances[j]}")
        guess, step = self._guess(i, j, amount_out), 1
        low, high = guess - 1, guess
        while self._buys_less(i, j, high, amount_out):
            low, high, step = high, high + step, 2 * step
        step = 1
        while low > 0 and not self._buys_less(i, j, low, amount_out):
            low, high, step = max(low - step, 0), low, 2 * step
        while high - low > 1:
            middle = (low + high) // 2
            if self._buys_less(i, j, middle, amount_out):
                low = middle
            else:
                high = middle
        self.amount_out(i, j, high)  # raises where the contract takes no amount that large
        return high

    def price(self, i: int, j: int) -> Fraction:
        """Along the invariant, after the lower of the two fees: the fee falls while a trade balances the pool, so a
        price after the present one could be beaten by a larger amount."""
        self._check_time()
        if not self.d:
            raise NoLiquidity("the pool is empty")
        units = (ONE, *self.prices)
        scale = Fraction(self.scales[i] * units[i], self.scales[j] * units[j])
        kept = Fraction(_WHOLE - min(self.fees[:2]), _WHOLE)
        return marginal(*self._parameters(), self._scaled(self.balances), self.d, i, j) * scale * kept

    def reserve(self, i: int) -> int:
        """The whole balance, of which the curve lets go a part."""
        return self.balances[i] if self.d else 0

    def venue_data(self, i: int, j: int) -> int:
        """The coins' numbers, which ``exchange`` takes: ``i`` in the low byte, ``j`` in the next."""
        return j << 8 | i

    # ---- how ----

    @property
    def _math(self) -> ModuleType:
        return three if len(self.balances) == 3 else two

    def _check_time(self) -> None:
        if self.ramp[3] and not self.time:
            raise Unpriced("A and gamma have changed, or do, and no block has told the time yet")

    def _guess(self, i: int, j: int, wanted: int) -> int:
        """An amount near the one that buys what is wanted, from 1."""
        guess = int(wanted / self.price(i, j)) + 1
        for _ in range(4):
            try:
                bought = self.amount_out(i, j, guess)
            except NoLiquidity:
                break
            guess = guess * wanted // max(bought, 1) + 1
        return guess

    def _buys_less(self, i: int, j: int, amount: int, wanted: int) -> bool:
        try:
            return self.amount_out(i, j, amount) < wanted
        except TooLittle:
            return True
        except NoLiquidity:
            return False

    def _ramping(self) -> bool:
        return self.time < self.ramp[3]

    def _parameters(self) -> tuple[int, int]:
        """``_A_gamma``."""
        (a, gamma), (future_a, future_gamma), begins, ends = self.ramp
        if not self._ramping():
            return future_a, future_gamma
        whole, done = ends - begins, self.time - begins
        left = whole - done
        return (a * left + future_a * done) // whole, (gamma * left + future_gamma * done) // whole

    def _scaled(self, balances: Sequence[int]) -> list[int]:
        scaled = [balances[0] * self.scales[0]]
        for balance, scale, price in zip(balances[1:], self.scales[1:], self.prices, strict=True):
            scaled.append(balance * scale * price // ONE)
        return scaled

    def _trade(self, i: int, j: int, amount: int) -> Traded:
        """``_exchange``, and of ``tweak_price`` what does not depend on the price oracle."""
        if amount <= 0:
            raise TooLittle(f"{amount} of coin {i} is nothing")
        if not self.d:
            raise NoLiquidity("the pool is empty")
        ann, gamma = self._parameters()
        before = self._scaled(self.balances)
        d = self._math.size(ann, gamma, before, 0) if self._ramping() else self.d
        balances = list(self.balances)
        balances[i] += amount
        scaled = self._scaled(balances)
        y, k0 = self._math.other_balance(ann, gamma, scaled, d, j)
        gained = scaled[j] - y - 1
        if gained < 0:
            raise TooLittle(f"{amount} of coin {i} buys nothing")
        scaled[j] = y
        bought: int = (gained * ONE // self.prices[j - 1] if j else gained) // self.scales[j]
        bought -= dynamic_fee(scaled, *self.fees) * bought // _WHOLE
        balances[j] -= bought
        scaled[j] = self._scaled(balances)[j]
        d = self._math.size(ann, gamma, scaled, k0)
        if not LEAST_D <= d <= MOST_D:
            raise NoLiquidity(f"the invariant's size {d} would be out of the contract's bounds")
        virtual_price = self._value(d, self.prices)
        if (self.ramp[3] < self.time or not self.ramp[3]) and virtual_price <= self.virtual_price:
            raise TooLittle(f"the pool would not gain by {amount} of coin {i}, and refuses that")
        return Traded(bought, scaled, d, virtual_price)

    def _value(self, d: int, prices: Sequence[int]) -> int:
        """``virtual_price``: the mean of the balances of a balanced pool of that size, per share."""
        return ONE * self._balanced_mean(d, prices) // self.supply

    def _balanced_mean(self, d: int, prices: Sequence[int]) -> int:
        """``get_xcp``."""
        count = len(self.balances)
        mean: int = self._math.mean([d // count, *(d * ONE // (count * price) for price in prices)])
        return mean

    def _settle(self, scaled: Sequence[int], d: int, virtual_price: int, packed_prices: int) -> None:
        """The end of ``tweak_price``. Whether the pool moved its price scale depends on its price oracle; the log
        tells the outcome."""
        mask = 2**_PRICE_BITS - 1
        prices = (packed_prices & mask, packed_prices >> _PRICE_BITS) if len(scaled) == 3 else (packed_prices,)
        self.d, self.virtual_price = d, virtual_price
        if prices == self.prices:
            return
        moved = [scaled[0]]
        moved += [x * new // old for x, new, old in zip(scaled[1:], prices, self.prices, strict=True)]
        self.d = self._math.size(*self._parameters(), moved, 0)
        self.virtual_price = self._value(self.d, prices)
        self.prices = prices

    def _added(self, amounts: Sequence[int], supply: int, packed_prices: int) -> Change:
        self._move(amounts)
        scaled = self._scaled(self.balances)
        d = self._math.size(*self._parameters(), scaled, 0)
        if self.d:
            if self.first:
                raise Unfollowable("liquidity for a first contract, which also claims fees, unlogged")
            self.supply = supply
            self._settle(scaled, d, self._value(d, self.prices), packed_prices)
        else:
            self.d, self.virtual_price, self.supply = d, ONE, self._balanced_mean(d, self.prices)
        return tuple(amounts)

    def _removed(self, amounts: Sequence[int], supply: int) -> Change:
        """``remove_liquidity``: D shrinks as the shares do, but for one."""
        burnt = self.supply - supply
        self.d -= self.d * (burnt - (burnt != self.supply)) // self.supply
        self.supply = supply
        moved = [-amount for amount in amounts]
        self._move(moved)
        return tuple(moved)

    def _withdrawal(self, shares: int, i: int) -> tuple[list[int], int, int]:
        """``_calc_withdraw_one_coin``: scaled balances and D after it, and what it gives."""
        ann, gamma = self._parameters()
        scaled = self._scaled(self.balances)
        d = self._math.size(ann, gamma, scaled, 0) if self._ramping() else self.d
        imprecise = list(scaled)
        imprecise[i] -= scaled[i] * len(scaled) * shares // self.supply
        fee = dynamic_fee(imprecise, *self.fees) if imprecise[i] > 0 else self.fees[1]
        gone = shares * d // self.supply
        d -= gone - (fee * gone // (2 * _WHOLE) + 1)
        y, _ = self._math.other_balance(ann, gamma, scaled, d, i)
        unit = self.scales[i] * (self.prices[i - 1] if i else ONE)
        amount = (scaled[i] - y) * ONE // unit
        scaled[i] = y
        return scaled, d, amount

    def _move(self, changes: Sequence[int]) -> None:
        self.balances = tuple(balance + change for balance, change in zip(self.balances, changes, strict=True))


async def _answers(chain: Chain, address: str, signature: str, *arguments: object) -> bool:
    try:
        await chain.read(address, signature, *arguments)
    except CallReverted:
        return False
    return True


def _three_fields(packed: int) -> tuple[int, int, int]:
    mask = 2**_FIELD_BITS - 1
    return packed >> 2 * _FIELD_BITS & mask, packed >> _FIELD_BITS & mask, packed & mask


def _halves(packed: int) -> tuple[int, int]:
    return packed >> 128, packed & (2**128 - 1)
