"""What there is of market data: the columns of each kind, all whole numbers, and what a file may call them."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

TIMES: Final = ("time", "timestamp", "ts", "date", "datetime", "open_time", "opentime", "funding_time", "calc_time")

Number = Literal["time", "price", "size", "rate", "side", "id", "list"]


class Column(NamedTuple):
    """``number``: what it counts; ``called``: by which names, in small letters, a file may have it."""

    number: Number
    called: tuple[str, ...]
    needed: bool = True


class Kind(NamedTuple):
    """One kind of market data.

    columns   As a file has them, in the order in which they are stored behind ``time``.
    key       What no two rows may share; empty: rows may be alike.
    rank      What comes first among events of the same time: a bar before the trades that are no longer in it.
    """

    name: str
    columns: Mapping[str, Column]
    key: str
    rank: int


RATE: Final = 10**9
"""Base units (10⁻¹⁸) in one step of a funding rate, which is a billionth."""

NO_ID: Final = -1
"""Of a trade that has none."""

_TIME: Final = Column("time", TIMES)

KINDS: Final[Mapping[str, Kind]] = {
    "funding": Kind(
        "funding",
        # Files of freqtrade have the rate as the opening price of a bar.
        {"time": _TIME, "rate": Column("rate", ("rate", "funding_rate", "fundingrate", "last_funding_rate", "open"))},
        key="time",
        rank=1,
    ),
    "trades": Kind(
        "trades",
        {
            "time": _TIME,
            "price": Column("price", ("price", "px", "p")),
            "size": Column("size", ("size", "qty", "quantity", "amount", "q", "volume")),
            "side": Column("side", ("side", "is_buyer_maker", "isbuyermaker", "m", "direction"), needed=False),
            "id": Column("id", ("id", "trade_id", "tradeid", "agg_trade_id"), needed=False),
        },
        key="id",
        rank=3,
    ),
    "books": Kind(
        "books",
        {"time": _TIME, **{name: Column("list", ()) for name in ("first", "last", "whole", "bids", "asks")}},
        key="",
        rank=2,
    ),
    "bars": Kind(
        "bars",
        {
            "time": _TIME,
            "open": Column("price", ("open", "o")),
            "high": Column("price", ("high", "h")),
            "low": Column("price", ("low", "l")),
            "close": Column("price", ("close", "c")),
            "volume": Column("size", ("volume", "v", "vol")),
        },
        key="time",
        rank=0,
    ),
}

INTERVALS: Final = {"s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9, "d": 86_400 * 10**9, "w": 604_800 * 10**9}


def interval_of(text: str) -> int | None:
    """Nanoseconds of ``"5m"``; None where it is no interval."""
    number, unit = text[:-1], text[-1:]
    return int(number) * INTERVALS[unit] if unit in INTERVALS and number.isdecimal() and int(number) else None


def interval_text(interval: int) -> str:
    """``"5m"``, of nanoseconds."""
    unit = max((unit for unit, by in INTERVALS.items() if interval % by == 0), key=lambda unit: INTERVALS[unit])
    return f"{interval // INTERVALS[unit]}{unit}"
