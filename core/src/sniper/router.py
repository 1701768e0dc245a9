"""Write a router: proposes how one trade is split over pools, and how good any such split could be."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Final, Protocol

from sniper.amm import Amm, NoLiquidity, Segment
from sniper.config import Config
from sniper.errors import SniperError
from sniper.plugin import Frozen

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

WHOLE: Final = 2**32
"""A share of everything: what `Leg.share` counts in."""


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


class RouteAsk(Frozen, kw_only=True):
    """What is to be routed, on one chain, and under which constraints. Coins and pools are addresses.

    amount         Of ``token_in``; of ``token_out`` where ``exact_out``. Base units.
    max_hops       Most pools on any way from ``token_in`` to ``token_out``; ``max_legs``: most pools altogether.
    only_coins     Coins that may stand in between; None: any. ``without_coins``: coins that may not.
    only_pools     Pools that may be used; None: any. ``without_pools``: pools that may not.
    caps           (pool, coin, most of that coin that may be sold there).
    gas_price      Wei per gas.
    wei_worth      (units, wei): that many base units of ``token_out`` are worth that many wei; of ``token_in`` where
                   ``exact_out``. What gas costs is counted in it.
    """

    chain_id: int
    token_in: str
    token_out: str
    amount: int
    exact_out: bool = False
    max_hops: int = 3
    max_legs: int = 8
    only_coins: tuple[str, ...] | None = None
    without_coins: tuple[str, ...] = ()
    only_pools: tuple[str, ...] | None = None
    without_pools: tuple[str, ...] = ()
    caps: tuple[tuple[str, str, int], ...] = ()
    gas_price: int = 0
    wei_worth: tuple[int, int] = (0, 1)

    def cost(self, gas: int) -> int:
        """What so much gas costs, base units of the coin that ``wei_worth`` is about, rounded up."""
        units, wei = self.wei_worth
        return -(-gas * self.gas_price * units // wei)

    def allows_pool(self, address: str) -> bool:
        """Whether the lists let a pool be used."""
        return address not in self.without_pools and (self.only_pools is None or address in self.only_pools)

    def allows_coin(self, coin: str) -> bool:
        """Whether the lists let a coin be part of the route."""
        if coin in (self.token_in, self.token_out):
            return True
        return coin not in self.without_coins and (self.only_coins is None or coin in self.only_coins)


class Leg(Frozen):
    """One swap of a route. Legs are carried out in their order, and each pool at most once: so every leg is quoted on
    the pool as it is now, and no AMM needs to know what a swap would make of it.

    share  How much of what there is of ``token_in`` at that point is sold, in parts of `WHOLE`, rounded down. The last
           leg that sells a coin sells all of it: `WHOLE`.
    """

    pool: str
    token_in: str
    token_out: str
    share: int = WHOLE


class Proposal(Frozen, kw_only=True):
    """Legs, and what the router knows of them. The kernel believes none of it: it quotes the legs again, exactly.

    expected  What the legs give, base units; what they cost, where the ask is ``exact_out``.
    bound     The most that any route under the same constraints could give; the least that any could cost where the
              ask is ``exact_out``. None: not known.
    method    How they were found, for people.
    refused   (pool, reason) of pools that were left out because they cannot be quoted.
    """

    legs: tuple[Leg, ...]
    expected: int
    method: str
    bound: int | None = None
    refused: tuple[tuple[str, str], ...] = ()


class Router(ABC):
    """Lives in the shell, one instance per chain, in the thread of the kernel: `changed`, `removed` and the synchronous
    parts of `propose` see pools in one state. It keeps a mirror of the graph and proposes; it decides nothing.

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

    def cycle(self, pool: Listed, max_hops: int = 3) -> tuple[Leg, ...]:
        """Like `changed`, for those who look for cycles: the legs of the best way round that begins with this pool,
        where one gains at the margin, before gas. `sniper.routing.confirmed` says with what amount and how much.

        max_hops  Most pools on the way, at least 2. More than 3 may have to be searched for: slower, and what is found
                  need not be the best there is.

        Raises what the pool's AMM raises, and `NoRoute` for fewer hops than 2. The default knows of no cycle."""
        self.changed(pool)
        return ()

    @abstractmethod
    def removed(self, address: str) -> None:
        """A pool is not in the graph any more. One that never was is ignored."""

    @abstractmethod
    async def propose(self, ask: RouteAsk) -> Proposal:
        """The best legs that it finds. Raises `NoRoute`, with the reason."""
