"""Write a sizer: how much an intent may spend."""

from abc import abstractmethod

from sniper.config import Config
from sniper.plugin import Stateless
from sniper.types import Open
from sniper.view import View

__all__ = ["Config", "Open", "Sizer", "View"]


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
