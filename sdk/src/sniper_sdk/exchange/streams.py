"""What the exchange tells by itself: market streams and user streams, to each connection that asked for them."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from sniper_sdk.exchange import wire
from sniper_sdk.exchange.candles import INTERVALS
from sniper_sdk.exchange.engine import Engine
from sniper_sdk.exchange.events import Balances, Event, ListReport, Quote, Report, Trade
from sniper_sdk.exchange.faults import DEPTH, EVENTS, MARKET, USER, ExchangeFault, Faults
from sniper_sdk.exchange.order import Side
from sniper_sdk.exchange.spot import day

TICK_NS: Final = 100_000_000
"""How often book changes are sent."""
SLOW: Final = 10
"""Of so many ticks one sends what comes once a second."""


class Connection:
    """``streams``: what it asked for; ``users``: whose events it gets, by subscription; -1: by a listen key."""

    def __init__(self, *, combined: bool = False, streams: Iterable[str] = ()) -> None:
        self.combined = combined
        self.streams: dict[str, None] = dict.fromkeys(streams)
        self.users: dict[int, str] = {}
        self.outbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._subscriptions = -1

    def subscribe_user(self, account: str) -> int:
        """The number of the subscription."""
        self._subscriptions += 1
        self.users[self._subscriptions] = account
        return self._subscriptions

    def push(self, text: str) -> None:
        """Send it after all that was pushed before."""
        self.outbox.put_nowait(text)

    def cut(self) -> None:
        """Break the connection after that."""
        self.outbox.put_nowait(None)


def encode(told: Any) -> str:
    """Any: JSON."""
    return msgspec.json.encode(told).decode()


class Streams:
    """Listens to an engine, and is ticked every 100 ms of the exchange's time."""

    def __init__(self, engine: Engine, faults: Faults) -> None:
        self.connections: list[Connection] = []
        self._engine = engine
        self._faults = faults
        self._ticks = 0
        self._traded: dict[str, None] = {}
        self._changed: dict[tuple[str, str], dict[tuple[Side, int], None]] = {}
        self._sent: dict[tuple[str, str], int] = {}
        engine.listeners.append(self._hear)

    def tick(self) -> None:
        """Send what books and bars became."""
        self._ticks += 1
        slow = self._ticks % SLOW == 0
        for name, market in self._engine.markets.items():
            changed = list(market.book.changed)
            market.book.changed.clear()
            for speed in ("@100ms", ""):
                self._changed.setdefault((name, speed), {}).update(dict.fromkeys(changed))
            self._depth(name, "@100ms")
            if slow:
                self._depth(name, "")
                self._bars(name)
        if slow:
            self._traded.clear()

    # market streams

    def _depth(self, name: str, speed: str) -> None:
        changed = self._changed[name, speed]
        if not changed:
            return
        self._changed[name, speed] = {}
        book = self._engine.markets[name].book
        previous, self._sent[name, speed] = self._sent.get((name, speed), 1), book.update_id
        base = name.lower()
        told: dict[str, Any] = {  # Any: JSON
            "e": "depthUpdate",
            "E": wire.ms(self._engine.now()),
            "s": name,
            "U": previous + 1,
            "u": book.update_id,
        } | self._joining(previous)
        for key, side in (("b", Side.BUY), ("a", Side.SELL)):
            half = book.half(side)
            told[key] = wire.levels([(price, half.visible(price)) for which, price in changed if which is side])
        self._publish(f"{base}@depth{speed}", told, DEPTH)
        for limit in (5, 10, 20):
            stream = f"{base}@depth{limit}{speed}"
            if any(stream in each.streams for each in self.connections):
                bids, asks = (wire.levels(book.depth(side, limit)) for side in (Side.BUY, Side.SELL))
                self._publish(stream, {"lastUpdateId": book.update_id, "bids": bids, "asks": asks}, DEPTH)

    def _joining(self, previous: int) -> dict[str, Any]:
        """What else says where changes of a book join on to those ``previous``. Any: JSON."""
        return {}

    def _bars(self, name: str) -> None:
        if name not in self._traded:
            return
        market, base, now = self._engine.markets[name], name.lower(), wire.ms(self._engine.now())
        asked = {stream for each in self.connections for stream in each.streams}
        for interval, seconds in INTERVALS.items():
            stream = f"{base}@kline_{interval}"
            bar = market.candles.current(seconds) if stream in asked else None
            if bar is not None:
                self._publish(stream, wire.kline_event(name, interval, seconds, bar, now), MARKET)
        if asked & {f"{base}@ticker", f"{base}@miniTicker"}:
            told = day(market, self._engine.now())
            names = {
                "p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice", "x": "prevClosePrice",
                "c": "lastPrice", "Q": "lastQty", "b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty",
                "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume",
                "O": "openTime", "C": "closeTime", "F": "firstId", "L": "lastId", "n": "count",
            }  # fmt: skip
            full = {"e": "24hrTicker", "E": now, "s": name} | {key: told[field] for key, field in names.items()}
            self._publish(f"{base}@ticker", full, MARKET)
            mini = {"e": "24hrMiniTicker", "E": now, "s": name} | {key: full[key] for key in "cohlvq"}
            self._publish(f"{base}@miniTicker", mini, MARKET)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Trade):
            self._traded[event.symbol] = None
            base = event.symbol.lower()
            self._publish(f"{base}@trade", wire.trade_event(event), MARKET)
            (joined,) = wire.aggregated([event])
            told = {"e": "aggTrade", "E": wire.ms(event.time), "s": event.symbol} | joined
            self._publish(f"{base}@aggTrade", told, MARKET)
        elif isinstance(event, Quote):
            self._publish(f"{event.symbol.lower()}@bookTicker", wire.quote_event(event), MARKET)
        elif isinstance(event, Report):
            self._tell(event.account.name, wire.report_event(event))
        elif isinstance(event, Balances):
            self._tell(event.account.name, wire.balances_event(event))
        elif isinstance(event, ListReport):
            self._tell(event.account.name, wire.list_event(event))

    def _publish(self, stream: str, told: Any, method: str) -> None:
        """Any: JSON."""
        for connection in self.connections:
            if stream in connection.streams:
                self._send(connection, method, {"stream": stream, "data": told} if connection.combined else told)

    # user streams

    def _tell(self, account: str, told: dict[str, Any]) -> None:
        for connection in self.connections:
            for number, name in connection.users.items():
                if name == account:
                    self._send(connection, USER, {"subscriptionId": number, "event": told} if number >= 0 else told)

    def _send(self, connection: Connection, method: str, told: Any) -> None:
        text = encode(told)
        fired = self._faults.draw(method)
        if fired is None or fired.kind not in EVENTS:
            connection.push(text)
        elif fired.kind is ExchangeFault.LATE:
            asyncio.get_running_loop().call_later(fired.seconds, connection.push, text)
        elif fired.kind is ExchangeFault.TWICE:
            connection.push(text)
            connection.push(text)
        elif fired.kind is ExchangeFault.CUT:
            connection.cut()
