"""Write a venue: an `OnChainVenue` turns an order into the transactions that carry it out.

Venues that take orders themselves (exchanges) have a contract of their own; it comes with the first of them.
"""

from abc import abstractmethod
from typing import ClassVar, Final

from sniper.config import Config
from sniper.errors import SniperError
from sniper.evm.abi import function
from sniper.evm.log import Log
from sniper.plugin import Frozen, Stateless
from sniper.proposal import WHOLE
from sniper.types import NATIVE, LiquidityMoved, Step

__all__ = [
    "NATIVE",
    "WHOLE",
    "Config",
    "LiquidityMoved",
    "OnChainVenue",
    "Provision",
    "Removal",
    "RouteLeg",
    "RouteSwap",
    "Step",
    "Swap",
    "UnsupportedLiquidity",
    "UnsupportedRoute",
    "approval",
]

_APPROVE: Final = function("approve(address spender, uint256 amount)")


class UnsupportedRoute(SniperError, ValueError):
    """This venue cannot carry out the route that it was asked for."""

    code = "unsupported-route"


class UnsupportedLiquidity(SniperError, ValueError):
    """This venue cannot put liquidity where it was asked to, or take it from there."""

    code = "unsupported-liquidity"


class RouteLeg(Frozen):
    """One exchange in a route: a `sniper.router.Leg`, with what a venue must know of its pool.

    pool, amm       `Found.pool` and its AMM's name; ``pool_data`` is the AMM's ``venue_data`` for these two coins.
    coin_in/out     Addresses. The chain's own coin and its wrapped token are one coin, written as the wrapped token:
                    for a pool that holds the former the venue unwraps and wraps.
    share           How much it sells of what there is of its coin at that point, in parts of `WHOLE`, rounded down.
    """

    pool: str
    amm: str
    pool_data: int
    coin_in: str
    coin_out: str
    share: int


class Swap(Frozen):
    """One exchange of a token against another through one pool.

    owner           Who pays and who receives: venues never send the proceeds to anybody else.
    token_in/out    Addresses; `NATIVE` for the chain's coin, which the venue wraps and unwraps.
    pool, amm       The pool's address and its AMM's name; ``pool_data`` is the AMM's ``venue_data``.
    min_out         Least acceptable, base units: the transaction reverts below it.
    deadline        Seconds, chain time: the transaction reverts after it.
    allowance       What the owner already allows the venue's `spender` of ``token_in``, base units.
    opens           Whether this increases exposure (purpose ``entry``) or reduces it (``exit``).
    legs            Told to executors alone: how it crosses several pools, where ``pool`` does not carry all of it. A
                    venue is given a `RouteSwap` for that.
    """

    chain_id: int
    owner: str
    token_in: str
    token_out: str
    pool: str
    amm: str
    pool_data: int
    amount_in: int
    min_out: int
    deadline: int
    allowance: int
    opens: bool
    legs: tuple[RouteLeg, ...] = ()

    @property
    def quote(self) -> str:
        """Address of the asset that the account pays with and is paid in."""
        return self.token_in if self.opens else self.token_out


def approval(token: str, spender: str, amount: int, allowance: int, gas: int) -> tuple[Step, ...]:
    """The steps after which ``spender`` may take exactly ``amount`` of ``token``, where it may take ``allowance`` now.

    An allowance that is too small is set to zero first, for every token: those that want it (USDT) do not say so. None
    for `NATIVE`, which is sent along.
    """
    if token == NATIVE or allowance >= amount:
        return ()
    return tuple(
        Step(purpose="approve", to=token, data=_APPROVE.encode(spender, to), value=0, gas=gas)
        for to in ((0, amount) if allowance else (amount,))
    )


class RouteSwap(Frozen):
    """One exchange of a token against another through several pools, in one transaction.

    The legs are carried out in their order. ``token_in`` and ``token_out`` may be the same: a cycle, whose ``min_out``
    is what must be there after it. What the pools leave of any coin goes back to the owner. The other fields are those
    of `Swap`; ``allowance`` is of `OnChainVenue.route_spender`.
    """

    chain_id: int
    owner: str
    token_in: str
    token_out: str
    amount_in: int
    min_out: int
    deadline: int
    allowance: int
    opens: bool
    legs: tuple[RouteLeg, ...]


class Provision(Frozen, tag="provision"):
    """Liquidity that is put between two ticks of a pool, as a position of its own.

    range       The kernel's name for it. ``quote``: address of the asset that the account pays with.
    coins       The pool's, numbered as in the contract, and ``amounts`` of them at most; the transaction reverts where
                less than ``least`` of either is taken. Base units.
    native      Whether the wrapped coin among them is paid as native coin; what is left of it comes back.
    allowances  What the owner already allows `OnChainVenue.liquidity_spender` of each, base units.
    """

    range: str
    chain_id: int
    owner: str
    pool: str
    amm: str
    pool_data: int
    quote: str
    coins: tuple[str, str]
    amounts: tuple[int, int]
    least: tuple[int, int]
    lower: int
    upper: int
    native: bool
    allowances: tuple[int, int]
    deadline: int


class Removal(Frozen, tag="removal"):
    """Liquidity that is taken out of a position again, with all fees that it has earned; 0: the fees alone.

    position  Its number at the venue. ``ends``: whether nothing is left of it.
    least     Of each coin, fees apart: the transaction reverts below it.
    native    Whether the wrapped coin among them is received as native coin.
    """

    range: str
    chain_id: int
    owner: str
    pool: str
    amm: str
    quote: str
    coins: tuple[str, str]
    position: int
    liquidity: int
    lower: int
    upper: int
    least: tuple[int, int]
    native: bool
    ends: bool
    deadline: int


class OnChainVenue(Stateless):
    """Pure and stateless. Declare ``config`` (a `Config`) as a field.

    A venue that carries out routes overrides `serves_route`, `route_spender`, `plan_route` and `approve_route`; one
    that puts liquidity into ranges, `serves_liquidity`, `liquidity_spender`, `provide`, `remove` and `liquidity_moved`.

    splits_between  Whether a route may sell in several legs what an earlier leg brings. Where only the coin that is
                    paid can be split, say so: routers are then asked for what can be carried out. The last word on a
                    route has `serves_route`.
    """

    splits_between: ClassVar[bool] = True

    @abstractmethod
    def serves(self, chain_id: int, amm: str) -> bool:
        """Whether pools of this AMM on this chain can be traded here."""

    @abstractmethod
    def spender(self, chain_id: int, amm: str) -> str:
        """The contract that must be allowed to take ``token_in``."""

    @abstractmethod
    def plan(self, swap: Swap) -> tuple[Step, ...]:
        """The steps in the order in which they must be included: approvals as needed, then the swap."""

    @abstractmethod
    def approve(self, chain_id: int, amm: str, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        """Steps after which `spender` may take exactly ``amount`` of ``token``; none where it already may.

        A token that wants its allowance reset first (USDT) gets two.
        """

    def serves_route(self, chain_id: int, legs: tuple[RouteLeg, ...]) -> bool:
        """Whether a route of these legs can be carried out here in one transaction. Also asked of one leg alone: which
        pools it could go through."""
        return False

    def route_spender(self, chain_id: int) -> str:
        """The contract that must be allowed to take a route's ``token_in``. Raises `UnsupportedRoute`."""
        raise UnsupportedRoute(_NO_ROUTES.format(venue=type(self).__name__))

    def plan_route(self, route: RouteSwap) -> tuple[Step, ...]:
        """Like `plan`: approvals as needed, then one transaction that carries out all legs, or reverts where less than
        ``min_out`` arrives. Raises `UnsupportedRoute`."""
        raise UnsupportedRoute(_NO_ROUTES.format(venue=type(self).__name__))

    def approve_route(self, chain_id: int, token: str, amount: int, allowance: int) -> tuple[Step, ...]:
        """Like `approve`, for `route_spender`. Raises `UnsupportedRoute`."""
        raise UnsupportedRoute(_NO_ROUTES.format(venue=type(self).__name__))

    def serves_liquidity(self, chain_id: int, amm: str) -> bool:
        """Whether liquidity can be put into pools of this AMM on this chain here."""
        return False

    def liquidity_spender(self, chain_id: int) -> str:
        """The contract that must be allowed to take both coins. Raises `UnsupportedLiquidity`."""
        raise UnsupportedLiquidity(_NO_LIQUIDITY.format(venue=type(self).__name__))

    def provide(self, provision: Provision) -> tuple[Step, ...]:
        """Approvals as needed, then one ``entry``. Raises `UnsupportedLiquidity`."""
        raise UnsupportedLiquidity(_NO_LIQUIDITY.format(venue=type(self).__name__))

    def remove(self, removal: Removal) -> tuple[Step, ...]:
        """One ``exit``. Raises `UnsupportedLiquidity`."""
        raise UnsupportedLiquidity(_NO_LIQUIDITY.format(venue=type(self).__name__))

    def liquidity_moved(self, logs: tuple[Log, ...]) -> LiquidityMoved | None:
        """What a transaction with these logs, all of them, did to one position; None: nothing."""
        return None


_NO_LIQUIDITY: Final = (
    "{venue} puts no liquidity into ranges: configure a venue that does, as uniswap with a position_manager"
)
_NO_ROUTES: Final = "{venue} carries out no routes, only single swaps: configure a venue that serves them, too"
