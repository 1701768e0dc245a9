"""What a plan remembers of the market and of the time, besides what was filled."""

from typing import Any

from msgspec.structs import replace

from sniper.plugin import Frozen


class Memory(Frozen):
    """Each type of plan uses what it needs of this.

    touched  Names of the legs whose trigger was reached, the first one first.
    best     The best price since a trailing stop follows, ticks; 0: it does not follow yet.
    price    A price that was fixed, ticks: see the types that do it.
    due      Lots that should have been placed by now. ``count``: how many slices have begun.
    seen     Lots that others have traded since it began.
    at_exchange  Whether the exchange is to hold it until its trigger is reached.
    """

    touched: tuple[str, ...] = ()
    best: int = 0
    price: int = 0
    due: int = 0
    count: int = 0
    seen: int = 0
    at_exchange: bool = False

    def but(self, **changes: Any) -> "Memory":  # Any: values of its fields
        """The same with other values."""
        return replace(self, **changes)  # type: ignore[type-var]  # a msgspec struct, which its stub does not see
