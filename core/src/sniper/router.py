"""Write a router: proposes how one trade is split over pools, and how good any such split could be."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from sniper.amm import Amm, NoLiquidity, Segment
from sniper.config import Config
from sniper.errors import SniperError
from sniper.proposal import WHOLE, Leg, Proposal, RouteAsk

__all__ = [
    "WHOLE",
    "Amm",
    "Config",
    "Graph",
    "Leg",
    "Listed",
    "NoLiquidity",
    "NoRoute",
    "Proposal",
    "RouteAsk",
    "Router",
    "Segment",
]


class NoRoute(SniperError, LookupError):
    """Nothing leads from one coin to the other under the constraints, or the question makes no sense."""

    code = "no-route"


class Listed(Protocol):
    """A pool of the graph. The chain's own coin and its wrapped token are one coin here, written as the wrapped token:
    the venue wraps and unwraps.

    address  `sniper.amm.Found.pool`.
    coins    Addresses, numbered as in the contract.
    impl     Its exact prices, now.
    """

    @property
    def address(self) -> str: ...
    @property
    def coins(self) -> tuple[str, ...]: ...
    @property
    def impl(self) -> Amm: ...


class Graph(Protocol):
    """All pools of one chain, as the kernel knows them now."""

    def find(self, address: str, /) -> Listed | None:
        """A pool by its address."""
        ...

    def trading(self, coin: str, /) -> Sequence[Listed]:
        """The pools that trade a coin, in an order that follows from the chain's events alone."""
        ...


class Router(ABC):
    """Lives in the shell, in the thread of the kernel: `changed`, `removed` and the synchronous parts of `propose` see
    pools in one state. It keeps a mirror of the graph and proposes; it decides nothing. Each chain has two instances:
    one for trading, one for what people ask.

    While it computes in the kernel's thread nothing is traded. What takes `propose` longer than about a millisecond
    belongs in a thread of its own, on data that `changed` and `removed` leave alone: both may be called meanwhile.

    deadline_s  Seconds after which `propose` is given up, and the kernel's own direct routes are used.
    """

    deadline_s: ClassVar[int] = 1

    def __init__(self, config: Any) -> None:
        self.config = config

    def warm(self) -> None:  # noqa: B027  most routers need none
        """Do before the first event what would make the first proposals late, such as compiling."""

    @abstractmethod
    def changed(self, pool: Listed) -> None:
        """A pool is new, or its prices are not what they were. A pool that raises must not keep others from routing."""

    def cycle(self, pool: Listed, max_hops: int = 3, through: str | None = None) -> tuple[Leg, ...]:
        """Like `changed`, for those who look for cycles: the legs of the best way round that begins with this pool,
        where one gains at the margin, before gas. `sniper.routing.confirmed` says with what amount and how much.

        max_hops  Most pools on the way, at least 2. More than 3 may have to be searched for: slower, and what is found
                  need not be the best there is.
        through   Address of a coin that it must pass; None: it may pass any.

        Raises what the pool's AMM raises, and `NoRoute` for fewer hops than 2. The default knows of no cycle."""
        self.changed(pool)
        return ()

    @abstractmethod
    def removed(self, address: str) -> None:
        """A pool is not in the graph any more. One that never was is ignored."""

    @abstractmethod
    async def propose(self, ask: RouteAsk) -> Proposal:
        """The best legs that it finds. Raises `NoRoute`, with the reason."""
