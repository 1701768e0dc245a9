"""When an exchange says "too many requests", nothing more is sent until the time that it names.

RFC 6585 (429) and RFC 9110 (``Retry-After``); 418 is Binance's word for who went on after that.
"""

import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sniper_venue_ccxt.errors import Paused

TOO_MANY: Final = 429
BANNED: Final = 418
UNSAID_S: Final = 5.0
"""Where the exchange does not say how long."""
_ABOUT_ORDERS: Final = re.compile(r"-1015|too many (new )?orders|orders? (rate|count|limit)", re.IGNORECASE)


class Pauses:
    """Of one set of keys. ``clock``: seconds that never go back; ``day``: seconds since 1970."""

    def __init__(self, clock: Callable[[], float], day: Callable[[], float]) -> None:
        self._clock = clock
        self._day = day
        self._until: dict[str, float] = {}
        """By endpoint; "": of all."""

    def demand_none(self, url: str, method: str) -> None:
        """Raises `Paused` where a request to this endpoint may not be sent now."""
        if self._until:
            until = max(self._until.get("", 0.0), self._until.get(_endpoint(url, method), 0.0))
            left = until - self._clock()
            if left > 0:
                raise Paused(
                    f"the exchange wants no request for {left:.1f} s more, so this one was not sent; it told so by "
                    "429 or 418"
                )

    def heard(self, status: int, url: str, method: str, headers: Mapping[str, Any], body: str) -> None:
        """An answer. A limit on new orders leaves cancels and questions free; every other one holds for all."""
        if status not in (TOO_MANY, BANNED):
            return
        place = _endpoint(url, method) if status == TOO_MANY and _ABOUT_ORDERS.search(body) else ""
        until = self._clock() + self._seconds(headers)
        self._until[place] = max(until, self._until.get(place, 0.0))

    def _seconds(self, headers: Mapping[str, Any]) -> float:
        told = next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
        if told.isdecimal():
            return float(told)
        try:
            return max(0.0, parsedate_to_datetime(told).timestamp() - self._day())
        except ValueError:
            return UNSAID_S


def _endpoint(url: str, method: str) -> str:
    return f"{method} {urlsplit(url).path}"
