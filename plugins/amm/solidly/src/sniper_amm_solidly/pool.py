"""One pair of Velodrome V2's ``Pool`` or of Solidly's ``BaseV1Pair``: its state by its logs, and its exact quotes."""

import asyncio
from typing import ClassVar, Final

from sniper.amm import Amm, Chain, Change, Found, Fraction, NoLiquidity, Self, Unpriced, on_creation, on_log
from sniper_amm_solidly.checked import MOST, fits
from sniper_amm_solidly.config import SolidlyConfig
from sniper_amm_solidly.stable import E18, invariant, solve, solve_roughly

ONE: Final = 10_000
ZERO_FEE: Final = 420
"""``ZERO_FEE_INDICATOR``: a custom fee of 0, which is how the factory says that there is none."""
_NOBODY: Final = "0x" + "00" * 20


class Solidly(Amm):
    """One pair. Fees are taken from the amount in and leave the pair at once, so they are in no reserve.

    address      The pair's own, by which the factory's logs name it.
    factory      Where fee and pause are set; the zero address where the config says the fee.
    stable       Which curve: x³y + y³x, else x·y.
    units        Base units of one whole of each coin; what the stable curve scales by.
    reserves     Those of the last Sync, base units.
    fee_bps      Basis points of the amount in.
    default_bps  What the fee is where the factory keeps no custom fee for this pair, at the time of `load`.
    paused       No swap is possible; liquidity can leave.
    """

    swap_gas: ClassVar[int] = 220_000

    config: SolidlyConfig
    address: str
    factory: str
    stable: bool
    units: tuple[int, int]
    reserves: tuple[int, int]
    fee_bps: int
    default_bps: int
    paused: bool = False

    @classmethod
    async def load(cls, address: str, chain: Chain, config: SolidlyConfig) -> Found[Self]:
        unit0, unit1, reserve0, reserve1, stable, coin0, coin1 = await chain.read(
            address, "metadata()(uint256,uint256,uint256,uint256,bool,address,address)"
        )
        factory, fee, default, paused = await _terms(address, stable, chain, config)
        amm = cls(
            config=config,
            address=address.lower(),
            factory=factory,
            stable=stable,
            units=(unit0, unit1),
            reserves=(reserve0, reserve1),
            fee_bps=fee,
            default_bps=default,
            paused=paused,
        )
        return Found(pool=address, coins=(coin0, coin1), amm=amm)

    # Neither log says the fee or the coins' decimals: a new pair is read before it is priced.

    @classmethod
    @on_creation(
        "PoolCreated(address indexed token0, address indexed token1, bool indexed stable, address pool, uint256 count)"
    )
    def pool_created(
        cls, config: SolidlyConfig, token0: str, token1: str, stable: bool, pool: str, count: int
    ) -> Found[Self] | None:
        return Found(pool=pool, coins=(token0, token1))

    @classmethod
    @on_creation(
        "PairCreated(address indexed token0, address indexed token1, bool stable, address pair, uint256 count)"
    )
    def pair_created(
        cls, config: SolidlyConfig, token0: str, token1: str, stable: bool, pair: str, count: int
    ) -> Found[Self] | None:
        return Found(pool=pair, coins=(token0, token1))

    def follows(self) -> dict[str, str]:
        return {} if self.factory == _NOBODY else {"factory": self.factory}

    @on_log("SetCustomFee(address indexed pool, uint256 fee)", of="factory")
    def set_custom_fee(self, pool: str, fee: int) -> Change:
        if pool == self.address:
            self.fee_bps = {0: self.default_bps, ZERO_FEE: 0}.get(fee, fee)
        return None

    @on_log("SetPauseState(bool state)", of="factory")
    def set_pause_state(self, state: bool) -> Change:
        self.paused = state
        return None

    @on_log("Sync(uint256 reserve0, uint256 reserve1)")
    def sync(self, reserve0: int, reserve1: int) -> Change:
        self.reserves = reserve0, reserve1
        return None

    @on_log("Sync(uint112 reserve0, uint112 reserve1)")
    def sync_narrow(self, reserve0: int, reserve1: int) -> Change:
        self.reserves = reserve0, reserve1
        return None

    # The Sync of the same call comes before these, so the reserves are right when they arrive.

    @on_log("Mint(address indexed sender, uint256 amount0, uint256 amount1)")
    def mint(self, sender: str, amount0: int, amount1: int) -> Change:
        return amount0, amount1

    @on_log("Burn(address indexed sender, address indexed to, uint256 amount0, uint256 amount1)")
    def burn(self, sender: str, to: str, amount0: int, amount1: int) -> Change:
        return -amount0, -amount1

    @on_log("Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)")
    def burn_of_solidly(self, sender: str, amount0: int, amount1: int, to: str) -> Change:
        return -amount0, -amount1

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        """``getAmountOut``, then the requires of ``swap``."""
        if amount_in <= 0:
            raise NoLiquidity(f"no output for {amount_in}")
        if self.paused:
            raise Unpriced("the factory has paused all swaps")
        out, left = self._swap(i, j, amount_in)
        if not out:
            raise NoLiquidity(f"{amount_in} buys less than one unit, which the pair refuses")
        if self._k(i, *left) < self._k(i, self.reserves[i], self.reserves[j]):
            raise NoLiquidity(f"{amount_in} for {out} would shrink the invariant: the pair reverts with K")
        return out

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        x, y = self.reserves[i], self.reserves[j]
        if not 0 < amount_out < y or not x:
            raise NoLiquidity(f"{amount_out} wanted from reserves {x}, {y}")
        if not self.stable:
            least = self._before_fee(-(-x * amount_out // (y - amount_out)))
            if not self._buys(i, j, least, amount_out):
                raise NoLiquidity(f"{amount_out} cannot be had for {least}")
            return least
        # The curve is symmetric: the same solution with the coins' roles exchanged, then the rounding of both scalings.
        wanted_left = y * E18 // self.units[j] + -amount_out * E18 // self.units[j]
        if wanted_left <= 0:
            raise NoLiquidity(f"{amount_out} is all that the stable curve has")
        scaled = x * E18 // self.units[i]
        needed = solve_roughly(wanted_left, self._k(i, x, y), scaled) - scaled
        return self._least(i, j, self._before_fee(max(1, -(-needed * self.units[i] // E18))), amount_out)

    def most_in(self, i: int, j: int) -> int:
        """Where the contract's products overflow. For the stable curve by bisection: some hundred quotes."""
        x, y = self.reserves[i], self.reserves[j]
        if not x or not y or self.paused:
            return 0
        most = MOST - x
        if self.fee_bps:
            most = min(most, MOST // self.fee_bps, ((MOST // E18 + 1) * ONE - 1) // self.fee_bps)
        if self.stable:
            most = self._last_taken(i, j, min(most, 2**128 * self.units[i] // E18))
        else:
            most = min(most, min(MOST // y, MOST - x) * ONE // (ONE - self.fee_bps))
        return most if most and self._buys(i, j, most, 1) else 0

    def price(self, i: int, j: int) -> Fraction:
        """Volatile: y/x. Stable: (3x²y + y³)/(x³ + 3xy²), the slope of x³y + y³x = k. Both after the fee."""
        x, y = self.reserves[i], self.reserves[j]
        if not x or not y or self.paused:
            raise NoLiquidity("the factory has paused all swaps" if self.paused else f"no price from reserves {x}, {y}")
        kept = Fraction(ONE - self.fee_bps, ONE)
        if not self.stable:
            return Fraction(y, x) * kept
        # over the product of both units, so that the scaled reserves are whole
        scaled_x, scaled_y = x * self.units[j], y * self.units[i]
        rising = scaled_y * (3 * scaled_x**2 + scaled_y**2) * self.units[j]
        return Fraction(rising, scaled_x * (scaled_x**2 + 3 * scaled_y**2) * self.units[i]) * kept

    def reserve(self, i: int) -> int:
        return self.reserves[i]

    def venue_data(self, i: int, j: int) -> int:
        """What a route of Velodrome's router names: the factory, and in the lowest bit whether the pair is stable."""
        return int(self.factory, 16) << 1 | self.stable

    def _swap(self, i: int, j: int, amount_in: int) -> tuple[int, tuple[int, int]]:
        """What a swap pays, maybe 0, and the reserves that it leaves, of the coin in and of the coin out."""
        x, y = self.reserves[i], self.reserves[j]
        if not x or not y:
            raise NoLiquidity(f"no output from reserves {x}, {y}")
        fits(x + amount_in)
        fee = fits(amount_in * self.fee_bps) // ONE
        fits(fee * E18)
        paid = amount_in - fee
        if self.stable:
            k = self._k(i, x, y)
            unit_i, unit_j = self.units[i], self.units[j]
            before, start = fits(x * E18) // unit_i, fits(y * E18) // unit_j
            scaled = fits(before + fits(paid * E18) // unit_i)
            solved = solve if self.config.generation == "velodrome-v2" else solve_roughly
            out = fits(fits(start - solved(scaled, k, start)) * unit_j) // E18
        else:
            out = fits(paid * y) // fits(x + paid)
        if out >= y:
            raise NoLiquidity(f"{amount_in} would buy all of {y}, which the pair refuses")
        return out, (x + paid, y - out)

    def _k(self, i: int, x: int, y: int) -> int:
        """``_k`` of ``x`` of coin i and ``y`` of the other."""
        if not self.stable:
            return fits(x * y)
        return invariant(fits(x * E18) // self.units[i], fits(y * E18) // self.units[1 - i])

    def _before_fee(self, paid: int) -> int:
        """The least amount of which ``paid`` is left after the fee."""
        return (paid - 1) * ONE // (ONE - self.fee_bps) + 1

    def _buys(self, i: int, j: int, amount: int, wanted: int) -> bool:
        try:
            return self.amount_out(i, j, amount) >= wanted
        except NoLiquidity:
            return False

    def _last_taken(self, i: int, j: int, most: int) -> int:
        low, high = 0, most
        while low < high:
            middle = (low + high + 1) // 2
            try:
                self._swap(i, j, middle)
            except NoLiquidity:
                high = middle - 1
            else:
                low = middle
        return low

    def _least(self, i: int, j: int, guess: int, wanted: int) -> int:
        """The least amount that buys ``wanted``, not far from ``guess``: the contract rounds beside the curve. Where a
        unit of the one coin moves the curve by less than one, its iteration swings about some amounts and reverts."""
        step, high = 1, guess
        while not self._buys(i, j, high, wanted):
            if high > MOST:
                raise NoLiquidity(f"no amount buys {wanted}")
            high, step = high + step, step * 2
        step, low = 1, high - 1
        while low and self._buys(i, j, low, wanted):
            high, low, step = low, max(low - step, 0), step * 2
        while high - low > 1:
            middle = (low + high) // 2
            if self._buys(i, j, middle, wanted):
                high = middle
            else:
                low = middle
        return high


async def _terms(address: str, stable: bool, chain: Chain, config: SolidlyConfig) -> tuple[str, int, int, bool]:
    """Factory, fee, the curve's default fee, and whether swaps are paused."""
    if config.fee_from == "config":
        return _NOBODY, config.fee_bps, config.fee_bps, False
    (factory,) = await chain.read(address, "factory()(address)")
    if config.fee_from == "curve":
        (fee,), (paused,) = await asyncio.gather(
            chain.read(factory, "getFee(bool)(uint256)", stable), chain.read(factory, "isPaused()(bool)")
        )
        return factory, fee, fee, paused
    of_the_curve = "stableFee()(uint256)" if stable else "volatileFee()(uint256)"
    answers = await asyncio.gather(
        chain.read(factory, "getFee(address,bool)(uint256)", address, stable),
        chain.read(factory, of_the_curve),
        chain.read(factory, "isPaused()(bool)"),
    )
    fee, default, paused = (answer[0] for answer in answers)
    return factory, fee, default, paused
