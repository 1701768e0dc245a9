"""Which of ccxt's errors say that an order was certainly not taken ("Exception hierarchy")."""

import re
from importlib import import_module
from typing import Final

from sniper_venue_ccxt.client import Attempt

REFUSING: Final = (
    "InvalidOrder",
    "InsufficientFunds",
    "BadRequest",
    "AuthenticationError",
    "ArgumentsRequired",
    "NotSupported",
)
DOUBTFUL: Final = ("OrderNotFound", "OrderNotCached")
"""Those of them that say nothing about a new order."""
_TAKEN: Final = re.compile(r"duplicat|already (exist|used|been used)|repeated", re.IGNORECASE)


def refused(error: BaseException, attempt: Attempt) -> str | None:
    """The code of a refusal; None where the order may have been taken.

    An error that ccxt raises after an answer with success is its own trouble with that answer, whatever its class.
    """
    if attempt.answered or already_there(error) or not _one_of(error, REFUSING) or _one_of(error, DOUBTFUL):
        return None
    return "unsupported" if _one_of(error, ("NotSupported",)) else type(error).__name__


def already_there(error: BaseException) -> bool:
    """Whether it says, or may say, that there is an order with this client id. ccxt has a class for that, but not for
    all exchanges: Binance's "Duplicate order sent." is an `InvalidOrder`."""
    return _one_of(error, ("DuplicateOrderId",)) or (_one_of(error, REFUSING) and bool(_TAKEN.search(str(error))))


def not_there(error: BaseException) -> bool:
    """Whether it says that there is no such order."""
    return _one_of(error, ("OrderNotFound",))


def _one_of(error: BaseException, names: tuple[str, ...]) -> bool:
    errors = import_module("ccxt.base.errors")
    return isinstance(error, tuple(getattr(errors, name) for name in names))
