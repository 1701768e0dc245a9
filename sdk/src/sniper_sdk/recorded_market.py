"""A small market, written down as the paper exchange and strategies read it: what the fixture ``recorded_market`` is.

Nobody traded it: it is generated, the same for the same seed.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

from sniper.events import Bar, Trade
from sniper.instrument import Instrument
from sniper.types import SECOND
from sniper_sdk.builders import instrument
from sniper_sdk.exchange.amounts import parse
from sniper_sdk.exchange.generated import generated
from sniper_sdk.exchange.recording import MarketEvent, Print, record, recorded
from sniper_sdk.exchange.symbol import Symbol

START: Final = 1_767_225_600 * SECOND
"""2026-01-01, ns UTC."""
PRICE: Final = parse("60000")
SEED: Final = 1


class RecordedMarket:
    """Two minutes of BTCUSDT, with a book and some fifteen trades a second.

    path        The recording, as `sniper_sdk.exchange.recorded` reads it and `ExchangeServer.play` plays it.
    instrument  What is traded: prices in cents, sizes in 10⁻⁵ coins.
    """

    seconds: Final = 120

    def __init__(self, path: Path) -> None:
        self.path = path
        self.instrument: Instrument = instrument()
        self.symbol = Symbol.of("BTC", "USDT")
        record(
            path,
            self.symbol.name,
            generated(self.symbol, seed=SEED, start_ns=START, seconds=self.seconds, price=PRICE),
        )

    def played(self) -> Iterator[MarketEvent]:
        """Books and trades in their order, anew with each call."""
        return recorded(self.path)

    @cached_property
    def trades(self) -> tuple[Trade, ...]:
        """All trades, as feeds tell them: ticks and lots of `instrument`."""
        venue, _, _ = self.instrument.id.partition(":")
        return tuple(
            Trade(
                time=each.time,
                venue=venue,
                instrument=self.instrument.id,
                price=each.price // self.symbol.tick,
                size=each.quantity // self.symbol.step,
            )
            for each in self.played()
            if isinstance(each, Print)
        )

    def bars(self, seconds: int) -> list[Bar]:
        """Bars of the trades over so many seconds, as the kernel makes them; the last one only where it is over."""
        interval = seconds * SECOND
        slots: dict[int, list[Trade]] = {}
        for trade in self.trades:
            slots.setdefault(trade.time // interval, []).append(trade)
        return [
            Bar(
                time=(slot + 1) * interval,
                instrument=self.instrument.id,
                interval=interval,
                start=slot * interval,
                open=of[0].price,
                high=max(each.price for each in of),
                low=min(each.price for each in of),
                close=of[-1].price,
                volume=sum(each.size for each in of),
            )
            for slot, of in sorted(slots.items())
            if (slot + 1) * interval <= self.trades[-1].time
        ]
