"""What happened on a market: read from, and written as, the raw feed of Binance with local time stamps.

Each line is ``<nanoseconds> <message>``: messages of the combined streams ``depth`` and ``trade``, and answers to
``/depth``, which have no stream. What else there is (best prices, which the depth tells too) is left out.
"""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sniper.errors import SniperError
from sniper_sdk.exchange.amounts import parse, show
from sniper_sdk.exchange.order import Side


class RecordingError(SniperError, ValueError):
    """A line that is none of a recording."""

    code = "exchange-recording"


@dataclass(frozen=True, slots=True)
class Levels:
    """What is at some prices from now on; ``whole``: and nothing anywhere else. (price, quantity), 10^-8."""

    time: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]
    whole: bool = False

    def changes(self) -> Iterator[tuple[Side, int, int]]:
        """First what leaves, so that nothing that is gone stands in the way of what came."""
        both = [(Side.BUY, *level) for level in self.bids] + [(Side.SELL, *level) for level in self.asks]
        yield from sorted(both, key=lambda change: change[2] > 0)


@dataclass(frozen=True, slots=True)
class Print:
    """A trade."""

    time: int
    price: int
    quantity: int
    buyer_is_maker: bool


MarketEvent = Levels | Print


def recorded(path: Path) -> Iterator[MarketEvent]:
    """From the first snapshot of the book on. Raises `RecordingError`."""
    open_ = gzip.open if path.suffix == ".gz" else open
    until, waiting = -1, list[tuple[int, Levels]]()
    with open_(path, "rt") as file:
        for number, line in enumerate(file, 1):
            try:
                stamp, _, text = line.partition(" ")
                time, told = int(stamp), json.loads(text)
                if "lastUpdateId" in told:
                    until = told["lastUpdateId"]
                    yield Levels(time, _levels(told["bids"]), _levels(told["asks"]), whole=True)
                    yield from (each for last, each in waiting if last > until)
                    waiting = []
                elif "data" in told and told["data"].get("e") == "depthUpdate":
                    data = told["data"]
                    changed = Levels(time, _levels(data["b"]), _levels(data["a"]))
                    if until < 0:
                        waiting.append((data["u"], changed))
                    elif data["u"] > until:
                        yield changed
                elif (
                    until >= 0
                    and told.get("data", {}).get("e") == "trade"
                    and told["data"].get("X") in (None, "MARKET")
                ):
                    data = told["data"]
                    yield Print(time, parse(data["p"]), parse(data["q"]), data["m"])
            except (ValueError, KeyError, TypeError, AttributeError) as cause:
                raise RecordingError(f"{path}:{number} is no line of a recording: {line[:200]!r}") from cause


def record(path: Path, symbol: str, events: Iterable[MarketEvent]) -> None:
    """Write them as they are read."""
    update = trade = 0
    with gzip.open(path, "wt") as file:
        for event in events:
            told: dict[str, Any]  # Any: JSON
            if isinstance(event, Print):
                trade += 1
                data = {"e": "trade", "s": symbol, "t": trade, "p": show(event.price), "q": show(event.quantity)}
                told = {"stream": f"{symbol.lower()}@trade", "data": data | {"m": event.buyer_is_maker}}
            else:
                first, update = update + 1, update + max(1, len(event.bids) + len(event.asks))
                bids, asks = _texts(event.bids), _texts(event.asks)
                if event.whole:
                    told = {"lastUpdateId": update, "bids": bids, "asks": asks}
                else:
                    data = {"e": "depthUpdate", "s": symbol, "U": first, "u": update, "b": bids, "a": asks}
                    told = {"stream": f"{symbol.lower()}@depth@100ms", "data": data}
            file.write(f"{event.time} {json.dumps(told)}\n")


def _levels(told: list[list[str]]) -> tuple[tuple[int, int], ...]:
    return tuple((parse(price), parse(quantity)) for price, quantity in told)


def _texts(levels: Iterable[tuple[int, int]]) -> list[list[str]]:
    return [[show(price), show(quantity)] for price, quantity in levels]
