"""Write a sizer: how much an intent may spend."""

from abc import abstractmethod

from sniper.config import Config
from sniper.plugin import Stateless
from sniper.types import Open
from sniper.view import View

__all__ = ["Config", "Open", "Sizer", "View", "bounded", "instrument_of"]


class Sizer(Stateless):
    """Pure and stateless. Declare ``config`` (a `Config`) as a field."""

    def bars(self, instruments: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        """Bars that it reads through `View.bars`: instrument id, interval in ns. ``instruments``: ids of those that its
        strategy names. Asked when a run starts, as ``tuple((each, self.config.interval_ns) for each in instruments)``.
        """
        return ()

    @abstractmethod
    def size(self, intent: Open, quote: str, view: View) -> int:
        """What to pay for the intent: ``quote`` asset, base units. 0 or less: do not trade."""


def bounded(amount: int, intent: Open, quote: str, view: View) -> int:
    """No more than the intent allows and than there is to spend, and never below 0."""
    most = view.cash(quote) if intent.max_spend is None else min(intent.max_spend, view.cash(quote))
    return max(0, min(amount, most))


def instrument_of(intent: Open, quote: str) -> str:
    """Id of the instrument of an exchange in which the intent would be traded: the one that it insists on; a contract,
    which is its own asset; else that of its asset against the quote asset."""
    if intent.pool is not None or "/" in intent.token:
        return intent.pool or intent.token
    return f"{intent.token}/{quote.partition(':')[2]}"
