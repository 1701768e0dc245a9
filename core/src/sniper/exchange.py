"""Write an exchange: a venue that takes orders itself."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Collection, Sequence
from pathlib import Path
from typing import Any

from sniper.config import Config
from sniper.events import Event
from sniper.exchange_orders import (
    AccountState,
    ContractState,
    Fill,
    Funding,
    NewOrder,
    OrderState,
    Placed,
    Refused,
    Side,
    Tier,
)
from sniper.instrument import COIN, BadInstrument, BadNumber, Instrument, from_decimal, to_decimal

__all__ = [
    "COIN",
    "AccountState",
    "BadInstrument",
    "BadNumber",
    "Config",
    "ContractState",
    "Event",
    "Exchange",
    "Fill",
    "Funding",
    "Instrument",
    "NewOrder",
    "OrderState",
    "Placed",
    "Refused",
    "Side",
    "Tier",
    "from_decimal",
    "to_decimal",
]


class Exchange(ABC):
    """Lives in the shell, one for the market data of all and one for each desk; what must survive is in the journal.

    To raise is to say "I do not know": an order is then looked for before anything else is sent for it. So an exchange
    never guesses an outcome, and never sends twice by itself.
    """

    def __init__(self, place: str, config: Any, keys: Path | None) -> None:
        self.place = place
        """The name of its section, ``[venue.NAME]``: what stands before each of its symbols and assets."""
        self.config = config
        self.keys = keys
        """The file with the secrets of a desk, to be read by none but this; None for market data alone."""
        self.read_only = False
        """Whether nothing may be changed there, settings of the account included: set by those who only look."""
        self.left_out: dict[str, str] = {}
        """Why markets cannot be traded exactly, by symbol; known once `instruments` was asked."""

    @abstractmethod
    async def instruments(self) -> Sequence[Instrument]:
        """All that is listed and can be traded exactly."""

    @abstractmethod
    def market(
        self, instruments: Collection[Instrument], depth: Collection[str] = ()
    ) -> AsyncGenerator[Sequence[Event], None]:
        """Trades and best prices, in order and without gaps, and `sniper.events.BookChanged` of those whose ids are in
        ``depth``. Ends or raises on a lost connection or a gap, and is called again: it then begins with whole books.
        """

    @abstractmethod
    async def submit(self, order: NewOrder) -> Placed | Refused:
        """Send it once. `Refused` only where it certainly was not taken."""

    @abstractmethod
    async def cancel(self, order: NewOrder, venue_id: str) -> None:
        """Ask for it; what came of it `updates` tells. To cancel what is gone is no error."""

    @abstractmethod
    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        """The order that the exchange knows by this client id; None only where it certainly never arrived and no longer
        can."""

    @abstractmethod
    async def read(self, cursor: str) -> AccountState:
        """The sub-account now. ``cursor``: of the one before, empty for the first."""

    @abstractmethod
    def updates(self) -> AsyncGenerator[Sequence[OrderState | Fill | Funding], None]:
        """What happens to orders and positions from now on. Ends or raises on a lost connection; after that
        `read` comes first."""

    async def time(self) -> int | None:
        """Its clock, ns UTC; None where it does not tell."""
        return None

    async def close(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of connections. Called once, when the run ends."""
