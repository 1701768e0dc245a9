"""Write a venue: an `OnChainVenue` turns an order into the transactions that carry it out.

Venues that take orders themselves (exchanges) have a contract of their own; it comes with the first of them.
"""

from abc import abstractmethod

from sniper.config import Config
from sniper.plugin import Frozen, Stateless
from sniper.types import NATIVE, Step

__all__ = ["NATIVE", "Config", "OnChainVenue", "Step", "Swap"]


class Swap(Frozen):
    """One exchange of a token against another through one pool.

    owner           Who pays and who receives: venues never send the proceeds to anybody else.
    token_in/out    Addresses; `NATIVE` for the chain's coin, which the venue wraps and unwraps.
    pool, amm       The pool's address and its AMM's name; ``pool_data`` is the AMM's ``venue_data``.
    min_out         Least acceptable, base units: the transaction reverts below it.
    deadline        Seconds, chain time: the transaction reverts after it.
    allowance       What the owner already allows the venue's `spender` of ``token_in``, base units.
    opens           Whether this increases exposure (purpose ``entry``) or reduces it (``exit``).
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

    @property
    def quote(self) -> str:
        """Address of the asset that the account pays with and is paid in."""
        return self.token_in if self.opens else self.token_out


class OnChainVenue(Stateless):
    """Pure and stateless. Declare ``config`` (a `Config`) as a field."""

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
