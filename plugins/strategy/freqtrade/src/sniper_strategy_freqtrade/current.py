"""Whose strategy is being asked now: class methods such as ``Trade.get_trades_proxy`` answer for that run."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from sniper_strategy_freqtrade.errors import BadStrategy

if TYPE_CHECKING:
    from sniper_strategy_freqtrade.ledger import Ledger

_LEDGER: ContextVar["Ledger"] = ContextVar("ledger")


def now_of(ledger: "Ledger") -> None:
    """From here on, in this context, this run is asked."""
    _LEDGER.set(ledger)


def ledger() -> "Ledger":
    """Raises `BadStrategy` where no run is on: a strategy asked for trades while it was loaded."""
    try:
        return _LEDGER.get()
    except LookupError as error:
        raise BadStrategy("trades and locks are there while the strategy runs, not while its file is loaded") from error
