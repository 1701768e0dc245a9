"""How much may be asked: request weight per minute, orders per 10 seconds and per day; and what comes of more."""

from collections import Counter
from dataclasses import dataclass, field

from sniper_sdk.exchange.refusal import Refused

MINUTE_MS, TEN_SECONDS_MS, DAY_MS = 60_000, 10_000, 86_400_000
BAN_AFTER = 10
"""Refusals in one minute, after which whoever goes on is banned."""


@dataclass
class Limits:
    """``weight`` per minute for all; orders for each account. Windows begin at whole minutes, ten seconds and days."""

    weight: int = 6_000
    orders_10s: int = 100
    orders_day: int = 200_000
    banned_until_ms: int = 0
    _used: Counter[tuple[str, int]] = field(default_factory=Counter)

    def spend(self, now_ms: int, weight: int) -> dict[str, str]:
        """The headers that say what is used. Raises `Refused`: 429, and 418 where somebody goes on after many."""
        if now_ms < self.banned_until_ms:
            raise _ban(self.banned_until_ms, now_ms)
        window = now_ms // MINUTE_MS
        used = self._add("weight", window, weight)
        headers = {"X-MBX-USED-WEIGHT": str(used), "X-MBX-USED-WEIGHT-1M": str(used)}
        if used > self.weight:
            left = MINUTE_MS - now_ms % MINUTE_MS
            if self._add("refused", window, 1) > BAN_AFTER:
                self.banned_until_ms = now_ms + 2 * MINUTE_MS
            raise too_many(left, f"Too much request weight used; current limit is {self.weight} per 1 MINUTE.", headers)
        return headers

    def order(self, now_ms: int, account: str) -> dict[str, str]:
        """Count a new order. Raises `Refused`."""
        ten = self._add(f"10s {account}", now_ms // TEN_SECONDS_MS, 1)
        day = self._add(f"day {account}", now_ms // DAY_MS, 1)
        headers = {"X-MBX-ORDER-COUNT-10S": str(ten), "X-MBX-ORDER-COUNT-1D": str(day)}
        if ten > self.orders_10s or day > self.orders_day:
            said = f"Too many new orders; current limit is {self.orders_10s} orders per 10 SECOND."
            left = TEN_SECONDS_MS - now_ms % TEN_SECONDS_MS
            raise Refused(-1015, said, status=429, headers=headers | {"Retry-After": str(-(-left // 1000))})
        return headers

    def listed(self) -> list[dict[str, object]]:
        """As ``exchangeInfo`` has them."""
        return [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": self.weight},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": self.orders_10s},
            {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": self.orders_day},
        ]

    def _add(self, what: str, window: int, amount: int) -> int:
        for old in [each for each in self._used if each[0] == what and each[1] != window]:
            del self._used[old]
        self._used[what, window] += amount
        return self._used[what, window]


def too_many(left_ms: int, said: str, headers: dict[str, str] | None = None) -> Refused:
    """429."""
    return Refused(-1003, said, status=429, headers={"Retry-After": str(-(-left_ms // 1000)), **(headers or {})})


def _ban(until_ms: int, now_ms: int) -> Refused:
    said = f"Way too much request weight used; IP banned until {until_ms}."
    return Refused(-1003, said, status=418, headers={"Retry-After": str(-(-(until_ms - now_ms) // 1000))})
