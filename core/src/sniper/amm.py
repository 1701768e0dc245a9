"""Write an AMM: one instance is one pool; its fields are the pool's state."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, ClassVar, Final, Generic, NamedTuple, Self, TypeVar

from sniper.config import Config
from sniper.io import Chain
from sniper.plugin import Frozen, State

__all__ = [
    "Amm",
    "Chain",
    "Change",
    "Config",
    "Found",
    "Fraction",
    "NoLiquidity",
    "NoRanges",
    "Segment",
    "Self",
    "Unpriced",
    "on_creation",
    "on_log",
]

Change = tuple[int, ...] | None
"""What liquidity providers put in (positive) or took out (negative) of each coin, base units; None: nothing."""

F = TypeVar("F", bound=Callable[..., Any])


class NoLiquidity(ArithmeticError):
    """The contract would revert: the pool cannot give or take this amount."""


class Segment(NamedTuple):
    """A piece of a price curve, of constant product: ``d`` more of the coin that is sold, at most ``most``, buy
    ``y·kept·d / (x + kept·d)``. Floating point, base units: it helps to find a route and never decides.

    x, y  Virtual reserves of the coins that are sold and bought. ``kept``: the part of ``d`` that is left by the fee.
    """

    x: float
    y: float
    kept: float
    most: float


class Unpriced(NoLiquidity):
    """The pool may well trade, but this AMM cannot say at which price: its state may be old, or something that it does
    not know may change it. Nothing is bought; what is held is not worth nothing for that, and is sold by simulation."""


class NoRanges(NoLiquidity):
    """This AMM knows nothing of liquidity between two ticks."""


_NO_RANGES: Final = "{amm} knows no liquidity in ranges: provide it in another pool, as of uniswap-v3"


def on_log(signature: str, /, *, of: str = "") -> Callable[[F], F]:
    """Call the decorated method for each log of the pool with this event signature.

    Parameters arrive by position, in the order of the signature (indexed ones included). The method changes the
    fields and returns a `Change`. ``of``: a key of `Amm.follows`, for logs of that contract instead of the pool's own.
    """

    def mark(handler: F) -> F:
        setattr(handler, "__sniper_log__", signature)  # noqa: B010
        setattr(handler, "__sniper_of__", of)  # noqa: B010
        return handler

    return mark


def on_creation(signature: str, /) -> Callable[[F], F]:
    """Call the decorated classmethod for each log of a configured factory with this event signature.

    It is called as ``method(config, *parameters)`` and returns a `Found`, or None where the pool is not for this AMM.
    """

    def mark(handler: F) -> F:
        setattr(handler, "__sniper_creation__", signature)  # noqa: B010
        return handler

    return mark


A = TypeVar("A", bound="Amm")


class Found(Frozen, Generic[A]):
    """A pool that a factory made or that was read from the chain.

    pool   Its address; in a singleton its id there, see `Amm.pool_of`.
    coins  Addresses, numbered as in the contract.
    amm    Its state. None, for a factory's log that does not tell enough: it is read with `Amm.load`.
    """

    pool: str
    coins: tuple[str, ...] = ()
    amm: A | None = None


class Amm(State):
    """The state of one pool and its exact prices. Coins are numbered as in the contract.

    All amounts are base units; rounding, limits and reverts are the contract's own. On a reorg the kernel restores the
    fields: methods need not undo anything, but a field that holds a container must be replaced, not changed in place,
    or `checkpoint` must copy it. Fields: ``config`` (the class's `Config`, with at least ``factories``) and the state.

    singleton  Whether the pools live in one contract, one of ``config.factories``, which logs for all of them.
    ranges     Whether liquidity can be put between two ticks, and its fees followed: `place` and the methods of ranges.
    swap_gas   Gas that one swap uses, about: what the router counts when it compares routes.
    alone      Whether a trade in such a pool goes through it alone: routers do not see it, no cycle leads through it.
    """

    deadline_s: ClassVar[int] = 10
    singleton: ClassVar[bool] = False
    ranges: ClassVar[bool] = False
    swap_gas: ClassVar[int] = 120_000
    alone: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    async def load(cls, address: str, chain: Chain, config: Any) -> Found[Self]:
        """Read a pool at ``chain.block``. ``address``: `Found.pool`. Any: the ``Config`` that the class declares.

        Raises `NoLiquidity` where the pool is one that this class must not price, with the reason.
        """

    @classmethod
    def pool_of(cls, topic: str) -> str:
        """In a singleton: `Found.pool` of the pool that a log is about, from the log's first indexed parameter."""
        return topic

    def follows(self) -> dict[str, str]:
        """Further contracts on whose logs the price depends: a name for `on_log`'s ``of``, and the address. They are
        the same in each state of a pool."""
        return {}

    def on_block(self, timestamp: int) -> None:
        """A block with this time (seconds) is the newest: for prices that change with time. It may come again, or go
        back after a reorg. Override it only where it is needed: it costs every pool of this class a call per block."""

    def outdated(self) -> bool:
        """Whether the state should be read anew, for what changes without a log. Asked in each block, after `on_block`.

        The pool goes on with the state that it has until `load` has given another one, of the same coins and
        `follows`. So say it early, and raise `Unpriced` only where what is known is too old. Override it only where it
        is needed: it costs every pool of this class a call per block, and each reading puts a whole state on record.
        """
        return False

    @abstractmethod
    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        """Coin j received for exactly ``amount_in`` of coin i. Raises `NoLiquidity`."""

    @abstractmethod
    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        """Least amount of coin i for exactly ``amount_out`` of coin j. Raises `NoLiquidity`."""

    def most_in(self, i: int, j: int) -> int:
        """The most of coin i that the pool takes for coin j, base units; `amount_out` of more raises `NoLiquidity`.
        0 where it takes nothing. The default: whatever there is."""
        return 2**256 - 1

    @abstractmethod
    def price(self, i: int, j: int) -> Fraction:
        """Marginal price: coin j per coin i, after the fee, in base units. Raises `NoLiquidity`."""

    @abstractmethod
    def reserve(self, i: int) -> int:
        """The most that the pool could pay out of coin i, base units; 0 when empty."""

    def segments(self, i: int, j: int) -> Sequence[Segment] | None:
        """The whole curve by which coin i buys coin j, best price first: what `amount_out` rounds down, so a bound on
        it but for the errors of floating point. Empty: nothing can be bought. None, the default: the curve is not made
        of such pieces, and routers sample `amount_out`."""
        return None

    def rate(self, i: int, j: int) -> float:
        """The price of the best piece of the curve, as `price` counts it, in floating point; 0 where nothing can be
        bought. It helps to find a cycle and never decides. The default asks `segments`, and `price` where there are
        none; override it where there is a faster way."""
        pieces = self.segments(i, j)
        if pieces is None:
            try:
                return float(self.price(i, j))
            except NoLiquidity:
                return 0.0
        if not pieces:
            return 0.0
        x, y, kept, _ = pieces[0]
        return y * kept / x

    def place(self) -> tuple[int, int]:
        """Where the price is: its tick, and the spacing of the ticks at which ranges end. Raises `NoLiquidity`."""
        raise NoRanges(_NO_RANGES.format(amm=type(self).__name__))

    def range_liquidity(self, lower: int, upper: int, most0: int, most1: int) -> int:
        """The most liquidity between two ticks that no more than these amounts make now. Raises `NoLiquidity`."""
        raise NoRanges(_NO_RANGES.format(amm=type(self).__name__))

    def range_amounts(self, lower: int, upper: int, liquidity: int, *, up: bool) -> tuple[int, int]:
        """What so much liquidity between two ticks takes (``up``) or gives of both coins now. Raises `NoLiquidity`."""
        raise NoRanges(_NO_RANGES.format(amm=type(self).__name__))

    def range_taken(self, lower: int, upper: int, most0: int, most1: int, slippage_bps: int) -> tuple[int, int]:
        """The least of each coin that liquidity made of these amounts takes while the price stays within so much of
        what it is. Raises `NoLiquidity`."""
        raise NoRanges(_NO_RANGES.format(amm=type(self).__name__))

    def range_given(self, lower: int, upper: int, liquidity: int, slippage_bps: int) -> tuple[int, int]:
        """The least of each coin that so much liquidity gives, likewise. Raises `NoLiquidity`."""
        raise NoRanges(_NO_RANGES.format(amm=type(self).__name__))

    def follow_range(self, name: str, lower: int, upper: int, own: int) -> None:
        """Count the fees of this range from now on, or from the beginning again. ``own``: liquidity that is not really
        in the pool; it takes its share of fees and moves no price."""
        raise NoRanges(_NO_RANGES.format(amm=type(self).__name__))

    def forget_range(self, name: str) -> None:
        """Nobody wants to know its fees any more."""

    def range_fees(self, name: str, liquidity: int) -> tuple[int, int] | None:
        """What so much of its liquidity earned of both coins since it is followed; None where it is not."""
        return None

    def venue_data(self, i: int, j: int) -> int:
        """What a venue must know to sell coin i for coin j here beyond the pool and the coins' addresses, such as the
        fee tier of Uniswap V3. At most 255 bits."""
        return 0

    def checkpoint(self) -> Self:
        """A copy that later logs do not change, without derived fields. The default is shallow."""
        copy: Self = self.__copy__()  # type: ignore[attr-defined]
        for name in self.derived:
            setattr(copy, name, None)
        return copy
