"""Orders that the kernel carries out with several of the exchange, or with swaps in a pool: give one of these to
`sniper.types.StartPlan`.

Prices are ticks (in a pool: `sniper.instrument.pool_price`), sizes lots, times ns UTC. What contradicts itself raises
`BadPlan` where it is made; what an instrument does not allow is denied when it starts. The exact rule of each stands in
docs/orders.md.
"""

from fractions import Fraction
from typing import Final, Literal

from sniper.errors import SniperError
from sniper.exchange_orders import Side
from sniper.plugin import Frozen

By = Literal["trades", "prices"]
"""Which prices reach a trigger: those of trades, or the best price of the side that would be taken."""
MILLION: Final = 10**6
_MOST_SLICES: Final = 10_000


class BadPlan(SniperError, ValueError):
    """A plan that contradicts itself."""

    code = "bad-plan"


def _demand(ok: bool, what: str) -> None:
    if not ok:
        raise BadPlan(what)


def _positive(what: str, **numbers: int | None) -> None:
    for name, number in numbers.items():
        _demand(number is None or number > 0, f"{what} with {name} = {number}; it must be above zero")


def _limited(what: str, **shares: int) -> None:
    for name, bps in shares.items():
        _demand(0 <= bps < 10_000, f"{what} with {name} = {bps}; it must be from 0 to 9999")


def _held_there(what: str, native: bool, reduces: bool, by: By) -> None:
    _demand(
        not native or (reduces and by == "trades"),
        f"{what} that is native and has reduce_only = {reduces}, by = {by!r}: an exchange holds what only reduces, and "
        "watches trades. Let it be reduce_only and by trades, or not native",
    )


# ---- one order, once the price is there ----


class Stop(Frozen, tag="stop", kw_only=True):
    """Sell once the price is at ``trigger`` or below it; buy once it is there or above. At the market, or with a
    ``limit``.

    native  Whether the exchange is to hold it, where it can (`sniper.instrument.Instrument.types`), so that it acts
            while sniper does not. Of what only reduces alone: nothing is opened while nobody watches.
    """

    instrument: str
    side: Side
    size: int
    trigger: int
    limit: int | None = None
    by: By = "trades"
    reduce_only: bool = False
    native: bool = False

    def __post_init__(self) -> None:
        _positive("a stop", size=self.size, trigger=self.trigger, limit=self.limit)
        _held_there("a stop", self.native, self.reduce_only, self.by)


class IfTouched(Frozen, tag="if-touched", kw_only=True):
    """The other way round: sell once the price is at ``trigger`` or above it, buy once it is there or below.
    ``native``: as of `Stop`."""

    instrument: str
    side: Side
    size: int
    trigger: int
    limit: int | None = None
    by: By = "trades"
    reduce_only: bool = False
    native: bool = False

    def __post_init__(self) -> None:
        _positive("an order if touched", size=self.size, trigger=self.trigger, limit=self.limit)
        _held_there("an order if touched", self.native, self.reduce_only, self.by)


class TakeProfit(Frozen, tag="take-profit", kw_only=True):
    """`IfTouched` that only reduces a position."""

    instrument: str
    side: Side
    size: int
    trigger: int
    limit: int | None = None
    by: By = "trades"
    native: bool = False

    def __post_init__(self) -> None:
        _positive("a take-profit", size=self.size, trigger=self.trigger, limit=self.limit)
        _held_there("a take-profit", self.native, True, self.by)


class TrailingStop(Frozen, tag="trailing-stop", kw_only=True):
    """A stop whose trigger follows the best price at a distance, and never goes back.

    amount, bps  The distance: ticks, or parts of ten thousand of the best price. One of the two.
    activation   It follows from the first price on that is there or better, ticks; None: from its beginning.
    step         By how many ticks the best price must improve to count.
    limit_gap    How far beyond the trigger the order's limit is, ticks; None: at the market.
    """

    instrument: str
    side: Side
    size: int
    amount: int = 0
    bps: int = 0
    activation: int | None = None
    step: int = 1
    limit_gap: int | None = None
    by: By = "trades"
    reduce_only: bool = False

    def __post_init__(self) -> None:
        _positive("a trailing stop", size=self.size, activation=self.activation, step=self.step)
        _limited("a trailing stop", bps=self.bps)
        _demand(
            (self.amount > 0) != (self.bps > 0),
            f"a trailing stop with amount = {self.amount} and bps = {self.bps}; exactly one of them must be above zero",
        )
        _demand(
            self.limit_gap is None or self.limit_gap >= 0,
            f"a trailing stop with limit_gap = {self.limit_gap}; it must not be negative",
        )


class Unwind(Frozen, tag="unwind", kw_only=True):
    """Out of a position at the market, at once, and again until it is done: it only ever reduces."""

    instrument: str
    side: Side
    size: int

    def __post_init__(self) -> None:
        _positive("what unwinds a position", size=self.size)


# ---- one order, as exchanges that lack it would carry it out ----


class MarketToLimit(Frozen, tag="market-to-limit", kw_only=True):
    """Take what the best price of the other side offers at once; what is left rests where the last of it was traded."""

    instrument: str
    side: Side
    size: int

    def __post_init__(self) -> None:
        _positive("a market-to-limit order", size=self.size)


class Iceberg(Frozen, tag="iceberg", kw_only=True):
    """A limit order of which only ``show`` lots are at the exchange at a time."""

    instrument: str
    side: Side
    size: int
    price: int
    show: int
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _positive("an iceberg", size=self.size, price=self.price, show=self.show)
        _demand(self.show <= self.size, f"an iceberg that shows {self.show} of {self.size} lots; it cannot show more")


class GoodTill(Frozen, tag="good-till", kw_only=True):
    """A limit order that is withdrawn at ``until``; None: at the end of the day, UTC."""

    instrument: str
    side: Side
    size: int
    price: int
    until: int | None = None
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _positive("an order until a time", size=self.size, price=self.price, until=self.until)


class Chase(Frozen, tag="chase", kw_only=True):
    """A limit order that stays at the best price of its own side, and is never beyond ``limit``.

    step  By how many ticks the best price must differ before it follows.
    """

    instrument: str
    side: Side
    size: int
    limit: int
    step: int = 1
    flags: tuple[str, ...] = ()
    reduce_only: bool = False

    def __post_init__(self) -> None:
        _positive("a chasing order", size=self.size, limit=self.limit, step=self.step)


# ---- several orders that know of each other ----


class Leg(Frozen, kw_only=True):
    """One of several. With ``stop`` or ``touch``, ticks, it waits for that price as `Stop` and `IfTouched` do.

    name   Its own among the legs. ``price``: limit, ticks; None: at the market.
    """

    name: str
    side: Side
    size: int
    price: int | None = None
    stop: int | None = None
    touch: int | None = None
    reduce_only: bool = False

    def __post_init__(self) -> None:
        _positive(f"leg {self.name!r}", size=self.size, price=self.price, stop=self.stop, touch=self.touch)
        _demand(self.stop is None or self.touch is None, f"leg {self.name!r} waits for a stop and a touch; take one")
        _demand(self.name.isidentifier(), f"leg {self.name!r}: a name has letters, digits and _ alone")

    @property
    def rests(self) -> bool:
        """Whether it waits for no price."""
        return self.stop is None and self.touch is None


def _named(what: str, legs: tuple[Leg, ...]) -> None:
    _demand(len({leg.name for leg in legs}) == len(legs), f"{what} with two legs of one name")


class OneCancelsOther(Frozen, tag="one-cancels-other", kw_only=True):
    """The first leg that is filled, if only a part of it, cancels the others for good. One leg is at the exchange at a
    time: the one without a trigger, until the price reaches that of another."""

    instrument: str
    legs: tuple[Leg, ...]
    by: By = "trades"

    def __post_init__(self) -> None:
        _named("one-cancels-other", self.legs)
        _demand(len(self.legs) > 1, f"one-cancels-other of {len(self.legs)} legs; it takes two at least")
        resting = [leg.name for leg in self.legs if leg.rests]
        _demand(
            len(resting) <= 1,
            f"one-cancels-other whose legs {', '.join(resting)} wait for no price: both could be filled at once. Give "
            "all but one a stop or a touch",
        )


class OneUpdatesOther(Frozen, tag="one-updates-other", kw_only=True):
    """Legs that share ``size`` lots: what one of them fills, the others lose."""

    instrument: str
    size: int
    legs: tuple[Leg, ...]
    by: By = "trades"

    def __post_init__(self) -> None:
        _named("one-updates-other", self.legs)
        _positive("one-updates-other", size=self.size)
        _demand(len(self.legs) > 1, f"one-updates-other of {len(self.legs)} legs; it takes two at least")
        _demand(len({leg.side for leg in self.legs}) == 1, "one-updates-other with legs of two sides; it takes one")
        resting = sum(leg.size for leg in self.legs if leg.rests)
        _demand(
            resting <= self.size,
            f"one-updates-other whose legs without a trigger are for {resting} lots, of {self.size} in all: give all "
            "but one a stop or a touch, or make them smaller",
        )


class OneTriggersOther(Frozen, tag="one-triggers-other", kw_only=True):
    """As much as ``first`` is filled, so much of each leg of ``then`` begins."""

    instrument: str
    first: Leg
    then: tuple[Leg, ...]
    by: By = "trades"

    def __post_init__(self) -> None:
        _named("one-triggers-other", (self.first, *self.then))
        _demand(len(self.then) > 0, "one-triggers-other that triggers nothing")


class Bracket(Frozen, tag="bracket", kw_only=True):
    """An entry, and for what it fills, a stop and a target of which together no more is filled than that.

    price       Of the entry, ticks; None: at the market. ``entry_stop``: the entry waits for this price as a `Stop`.
    stop        Its trigger; ``stop_limit``: its limit, None: at the market. ``target``: a limit; None: there is none.
    trail, trail_bps  The stop follows the best price since the first fill at this distance, as a `TrailingStop`.
    """

    instrument: str
    side: Side
    size: int
    stop: int
    price: int | None = None
    entry_stop: int | None = None
    target: int | None = None
    stop_limit: int | None = None
    trail: int = 0
    trail_bps: int = 0
    by: By = "trades"

    def __post_init__(self) -> None:
        numbers = {name: getattr(self, name) for name in ("price", "entry_stop", "target", "stop_limit")}
        _positive("a bracket", size=self.size, stop=self.stop, **numbers)
        _limited("a bracket", trail_bps=self.trail_bps)
        _demand(self.trail >= 0, f"a bracket with trail = {self.trail}; it must not be negative")
        _demand(not (self.trail and self.trail_bps), "a bracket that trails by an amount and by a share; take one")
        up = 1 if self.side == "buy" else -1
        if self.target is not None:
            _demand(
                up * (self.target - self.stop) > 0,
                f"a bracket that {self.side}s, with its stop at {self.stop} and its target at {self.target}: they are "
                "the wrong way round",
            )


class Grid(Frozen, tag="grid", kw_only=True):
    """Buy ``size`` lots at each of some prices, and sell them again at the next one above, over and over.

    lower, upper  The lowest and the highest price, ticks; ``lines``: how many prices, these two included.
    stocked       What would be bought at prices above that of its beginning is there already, to be sold.
    """

    instrument: str
    lower: int
    upper: int
    lines: int
    size: int
    stocked: bool = False
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _positive("a grid", lower=self.lower, size=self.size)
        _demand(2 <= self.lines <= 1_000, f"a grid of {self.lines} lines; it takes 2 to 1000")
        _demand(
            self.upper - self.lower >= self.lines - 1,
            f"a grid of {self.lines} lines from {self.lower} to {self.upper}: two of them are at the same price",
        )


class Ladder(Frozen, tag="ladder", kw_only=True):
    """Limit orders from the price ``first`` to ``last``, in equal steps. ``weights``: their shares of ``size``, and so
    how many there are."""

    instrument: str
    side: Side
    size: int
    first: int
    last: int
    weights: tuple[int, ...]
    flags: tuple[str, ...] = ()
    reduce_only: bool = False

    def __post_init__(self) -> None:
        _positive("a ladder", size=self.size, first=self.first, last=self.last)
        _weighted("a ladder", self.weights)
        _demand(
            abs(self.last - self.first) >= len(self.weights) - 1,
            f"a ladder of {len(self.weights)} orders from {self.first} to {self.last}: two are at the same price",
        )


# ---- much, in many small orders ----


def _weighted(what: str, weights: tuple[int, ...]) -> None:
    _demand(0 < len(weights) <= _MOST_SLICES, f"{what} in {len(weights)} parts; it takes 1 to {_MOST_SLICES}")
    _demand(min(weights) >= 0 and sum(weights) > 0, f"{what} with weights {weights!r:.60}: none negative, not all zero")


class Twap(Frozen, tag="twap", kw_only=True):
    """The same size in each of ``slices`` equal parts of ``duration``, ns, each at its beginning.

    limit  No slice pays more or gets less, ticks: what is not filled rests there; None: at the market.
    """

    instrument: str
    side: Side
    size: int
    duration: int
    slices: int
    limit: int | None = None
    reduce_only: bool = False

    def __post_init__(self) -> None:
        _positive("a TWAP", size=self.size, duration=self.duration, limit=self.limit)
        _demand(0 < self.slices <= _MOST_SLICES, f"a TWAP in {self.slices} slices; it takes 1 to {_MOST_SLICES}")


class Vwap(Frozen, tag="vwap", kw_only=True):
    """As `Twap`, but each part of ``duration`` gets its share of ``profile``: what is usually traded in it."""

    instrument: str
    side: Side
    size: int
    duration: int
    profile: tuple[int, ...]
    limit: int | None = None
    reduce_only: bool = False

    def __post_init__(self) -> None:
        _positive("a VWAP", size=self.size, duration=self.duration, limit=self.limit)
        _weighted("a VWAP", self.profile)


class Scheduled(Frozen, tag="scheduled", kw_only=True):
    """So many lots at each of these times: (ns UTC, lots), in order."""

    instrument: str
    side: Side
    slices: tuple[tuple[int, int], ...]
    limit: int | None = None
    reduce_only: bool = False

    def __post_init__(self) -> None:
        _positive("a schedule", limit=self.limit)
        _demand(0 < len(self.slices) <= _MOST_SLICES, f"a schedule of {len(self.slices)} slices")
        _demand(all(lots > 0 for _, lots in self.slices), "a schedule with a slice of no lots")
        times = [at for at, _ in self.slices]
        _demand(times == sorted(times), "a schedule whose times are not in order")


class Shortfall(Frozen, tag="shortfall", kw_only=True):
    """The optimal execution of Almgren and Chriss: see `curvature` and docs/orders.md. 0 is a TWAP; the larger it is,
    the more is traded at the beginning.

    curvature  Millionths.
    """

    instrument: str
    side: Side
    size: int
    duration: int
    slices: int
    curvature: int
    limit: int | None = None
    reduce_only: bool = False

    def __post_init__(self) -> None:
        _positive("a shortfall order", size=self.size, duration=self.duration, limit=self.limit)
        _demand(0 < self.slices <= 1_000, f"a shortfall order in {self.slices} slices; it takes 1 to 1000")
        _demand(
            0 <= self.curvature <= 100 * MILLION,
            f"a shortfall order with a curvature of {self.curvature}; it must be from 0 to {100 * MILLION}",
        )


def curvature(
    *, aversion: Fraction, volatility: Fraction, temporary: Fraction, permanent: Fraction, interval: Fraction
) -> int:
    """κ̃²τ² in millionths, for `Shortfall`: λσ²τ² / (η − γτ/2).

    aversion    λ, per unit of money. ``interval``: τ, the time between two slices.
    volatility  σ: of the price, money per unit of size and square root of time.
    temporary   η: by how much the price is worse per rate of trading; ``permanent``: γ, by how much it stays so.

    Almgren, Chriss, "Optimal Execution of Portfolio Transactions", Journal of Risk 3 (2000), section 2.2. Raises
    `BadPlan` where η ≤ γτ/2, for which the paper has no solution.
    """
    adjusted = temporary - permanent * interval / 2
    _demand(adjusted > 0, f"a temporary impact of {temporary}, which is not above γτ/2 = {permanent * interval / 2}")
    return round(MILLION * aversion * volatility**2 * interval**2 / adjusted)


class Participate(Frozen, tag="participate", kw_only=True):
    """``share_bps`` of ten thousand of all that is traded since its beginning (POV), in orders of ``least`` lots at
    least."""

    instrument: str
    side: Side
    size: int
    share_bps: int
    least: int = 1
    limit: int | None = None
    reduce_only: bool = False

    def __post_init__(self) -> None:
        _positive("a participation", size=self.size, least=self.least, limit=self.limit, share_bps=self.share_bps)
        _limited("a participation", share_bps=self.share_bps)


class Dca(Frozen, tag="dca", kw_only=True):
    """Buy (or sell) for ``value`` base units of the quote asset, ``times`` times, every so many ns, first at once."""

    instrument: str
    side: Side
    value: int
    every: int
    times: int
    limit: int | None = None
    reduce_only: bool = False

    def __post_init__(self) -> None:
        _positive("a DCA", value=self.value, every=self.every, times=self.times, limit=self.limit)


Plan = (
    Stop
    | IfTouched
    | TakeProfit
    | TrailingStop
    | Unwind
    | MarketToLimit
    | Iceberg
    | GoodTill
    | Chase
    | OneCancelsOther
    | OneUpdatesOther
    | OneTriggersOther
    | Bracket
    | Grid
    | Ladder
    | Twap
    | Vwap
    | Scheduled
    | Shortfall
    | Participate
    | Dca
)
