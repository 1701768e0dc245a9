"""Write an AMM: one instance is one pool; its fields are the pool's state."""

from abc import abstractmethod
from collections.abc import Callable
from fractions import Fraction
from typing import Any, ClassVar, Generic, Self, TypeVar

from sniper.config import Config
from sniper.io import Chain
from sniper.plugin import Frozen, State

__all__ = ["Amm", "Chain", "Change", "Config", "Created", "Fraction", "NoLiquidity", "Self", "on_creation", "on_log"]

Change = tuple[int, ...] | None
"""What liquidity providers put in (positive) or took out (negative) of each coin, base units; None: nothing."""

F = TypeVar("F", bound=Callable[..., Any])


class NoLiquidity(ArithmeticError):
    """The contract would revert: the pool cannot give or take this amount."""


def on_log(signature: str, /) -> Callable[[F], F]:
    """Call the decorated method for each log of the pool with this event signature.

    Parameters arrive by position, in the order of the signature (indexed ones included). The method changes the
    fields and returns a `Change`.
    """

    def mark(handler: F) -> F:
        setattr(handler, "__sniper_log__", signature)  # noqa: B010
        return handler

    return mark


def on_creation(signature: str, /) -> Callable[[F], F]:
    """Call the decorated classmethod for each log of a configured factory with this event signature.

    It is called as ``method(config, *parameters)`` and returns a `Created`, or None where the pool is not for this AMM.
    """

    def mark(handler: F) -> F:
        setattr(handler, "__sniper_creation__", signature)  # noqa: B010
        return handler

    return mark


A = TypeVar("A", bound="Amm")


class Created(Frozen, Generic[A]):
    """A pool that a factory made: its address, its coins' addresses and its first state."""

    pool: str
    coins: tuple[str, ...]
    amm: A


class Amm(State):
    """The state of one pool and its exact prices. Coins are numbered as in the contract.

    All amounts are base units; rounding, limits and reverts are the contract's own. On a reorg the kernel restores the
    fields: methods need not undo anything, but a field that holds a container must be replaced, not changed in place,
    or `checkpoint` must copy it. Fields: ``config`` (the class's `Config`, with at least ``factories``) and the state.
    """

    deadline_s: ClassVar[int] = 10

    @classmethod
    @abstractmethod
    async def load(cls, address: str, chain: Chain, config: Any) -> Self:
        """Read a pool at ``chain.block``. Any: the ``Config`` that the class declares."""

    @abstractmethod
    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        """Coin j received for exactly ``amount_in`` of coin i. Raises `NoLiquidity`."""

    @abstractmethod
    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        """Least amount of coin i for exactly ``amount_out`` of coin j. Raises `NoLiquidity`."""

    @abstractmethod
    def price(self, i: int, j: int) -> Fraction:
        """Marginal price: coin j per coin i, after the fee, in base units. Raises `NoLiquidity`."""

    @abstractmethod
    def reserve(self, i: int) -> int:
        """The most that the pool could pay out of coin i, base units; 0 when empty."""

    def venue_data(self) -> int:
        """What a venue must know to address this pool beyond its coins, such as the fee tier of Uniswap V3."""
        return 0

    def checkpoint(self) -> Self:
        """A copy that later logs do not change. The default is shallow."""
        return self.__copy__()  # type: ignore[attr-defined, no-any-return]
