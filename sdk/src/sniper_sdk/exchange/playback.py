"""A recorded or generated market, played into an engine as time goes by, with accounts' orders among its own."""

from collections.abc import Iterable, Iterator

from sniper_sdk.exchange.engine import Engine
from sniper_sdk.exchange.recording import Levels, MarketEvent, Print


class Playback:
    """Its first event happens when it is first moved, all others as much later as they did."""

    def __init__(self, engine: Engine, symbol: str, events: Iterable[MarketEvent]) -> None:
        self._engine = engine
        self._symbol = symbol
        self._events: Iterator[MarketEvent] = iter(events)
        self._next = next(self._events, None)
        self._shift: int | None = None

    @property
    def over(self) -> bool:
        """Whether all of it was played."""
        return self._next is None

    def play(self, now: int) -> None:
        """All that has happened until then, nanoseconds of the exchange's time."""
        while self._next is not None:
            if self._shift is None:
                self._shift = now - self._next.time
            if self._next.time + self._shift > now:
                return
            self._one(self._next)
            self._next = next(self._events, None)

    def _one(self, event: MarketEvent) -> None:
        engine, symbol = self._engine, self._symbol
        if isinstance(event, Print):
            engine.traded(symbol, event.price, event.quantity, buyer_is_maker=event.buyer_is_maker)
        elif isinstance(event, Levels):
            if event.whole:
                engine.clear(symbol)
            for side, price, quantity in event.changes():
                engine.set_level(symbol, side, price, quantity)
