"""One sub-account at an exchange, seen through a client of ccxt that has its keys."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any, Final

from sniper.exchange_orders import AccountState, ContractState, Fill, Funding, NewOrder, OrderState
from sniper.instrument import Instrument
from sniper_venue_ccxt.capabilities import CLIENT_ID, Capabilities, features_of
from sniper_venue_ccxt.client import forget_listen_keys
from sniper_venue_ccxt.client_ids import ClientIds
from sniper_venue_ccxt.conditional import APART, apart_told, became, kept_apart
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.contracts import Contracts, forced
from sniper_venue_ccxt.errors import GapFound, NotOffered, Unanswered
from sniper_venue_ccxt.joined import joined
from sniper_venue_ccxt.listing import Listing
from sniper_venue_ccxt.market import KEPT, Connections
from sniper_venue_ccxt.outcomes import not_there
from sniper_venue_ccxt.told import balances_told, fill_id, fill_told, order_told

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
TRIGGER: Final = "trigger"
"""Tells ccxt that orders are meant that are kept apart until their price is there."""
FEW: Final = 10
BEFORE_MS: Final = 60_000
"""How far back the first reading looks, for the clock of the exchange may be behind."""

Told = Sequence[OrderState | Fill | Funding]


class Desk:
    """Any: ccxt is untyped."""

    def __init__(self, client: Any, place: str, config: CcxtConfig, listed: Listing, can: Capabilities) -> None:
        self.client = client
        self.place = place
        self.config = config
        self.can = can
        self.ids = ClientIds(config)
        self._contracts = None if can.kind == "spot" else Contracts(client, place, config, can, listed.instruments)
        self._instruments = listed.instruments
        self._clients: dict[str, str] = {}
        """Client ids by the exchange's own: trades have only that one."""

    async def prepare(self, *, change: bool) -> None:
        """Once, before it is used. ``change``: whether settings of the account may be changed. Raises `NotOffered`."""
        if self._contracts is not None:
            await self._contracts.prepare(change=change)

    def instrument(self, identifier: str) -> Instrument | None:
        """None where it is not traded here."""
        return self._instruments.get(identifier)

    def known(self, identifier: str) -> Instrument:
        """Raises `NotOffered`."""
        found = self._instruments.get(identifier)
        if found is None:
            raise NotOffered(f"{self.place} has no {self.can.kind} market {identifier} that can be traded exactly")
        return found

    def learn(self, client_id: str, venue_id: str) -> None:
        """Remember whose an order is."""
        self._clients[venue_id] = client_id

    # ---- one order ----

    async def look(self, order: NewOrder, instrument: Instrument) -> dict[str, Any] | None:
        """The order with this client id, as ccxt has it; None where the exchange knows none now."""
        symbol = instrument.symbol
        if order.trigger is not None and self.can.apart:
            waiting = await self._waiting(order, symbol)
            if waiting is not None:
                return waiting
        if self.can.found_by_client_id:
            try:
                found = await self.client.fetch_order("", symbol, {CLIENT_ID: self.ids.sent(order.client_id)})
            except Exception as error:
                if not_there(error):
                    return None
                raise
            return self._ours(found, order.client_id)
        asked = False
        for method, ask in (
            ("fetchOpenOrders", self.client.fetch_open_orders),
            ("fetchClosedOrders", self.client.fetch_closed_orders),
            ("fetchCanceledOrders", self.client.fetch_canceled_orders),
            ("fetchOrders", self.client.fetch_orders),
        ):
            if method not in self.can.methods:
                continue
            asked = asked or method in ("fetchClosedOrders", "fetchOrders")
            for each in await ask(symbol):
                if self.ids.told(each.get(CLIENT_ID) or "") == self._told(order.client_id):
                    return dict(each)
        if not asked:
            raise Unanswered(f"{self.place}: {order.client_id} is not open, and orders that are over are not told")
        return None

    async def _waiting(self, order: NewOrder, symbol: str) -> dict[str, Any] | None:
        """A conditional order that is kept apart; the order that it became, where it is one by now."""
        try:
            asked = {CLIENT_ID: self.ids.sent(order.client_id), TRIGGER: True}
            found = self._ours(await self.client.fetch_order("", symbol, asked), order.client_id)
        except Exception as error:
            if not_there(error):
                return None
            raise
        return dict(await self.client.fetch_order(became(found), symbol)) if became(found) else found

    def placed(self, client_id: str, found: Mapping[str, Any]) -> str:
        """Remember whose an order is that is there. Its id."""
        if kept_apart(found):
            return f"{APART}{found['id']}"
        self.learn(client_id, str(found["id"]))
        return str(found["id"])

    async def cancel(self, order: NewOrder, venue_id: str, instrument: Instrument) -> None:
        """Cancel what waits, or what it became; what is gone is no error."""
        symbol, apart = instrument.symbol, order.trigger is not None and self.can.apart
        try:
            if apart:
                asked = {CLIENT_ID: self.ids.sent(order.client_id), TRIGGER: True}
                await self.client.cancel_order("", symbol, asked)
                return
        except Exception as error:
            if not not_there(error):
                raise
        if apart or not venue_id:
            found = await self.look(order, instrument)
            if found is None or kept_apart(found):
                return
            venue_id = str(found["id"])
        try:
            await self.client.cancel_order(venue_id, symbol)
        except Exception as error:
            if not not_there(error):
                raise

    def _ours(self, found: dict[str, Any], client_id: str) -> dict[str, Any]:
        if found.get(CLIENT_ID) is not None and self.ids.told(found[CLIENT_ID]) != self._told(client_id):
            raise Unanswered(f"{self.place}: asked for the order {client_id}, it told of {found.get(CLIENT_ID)}")
        return found

    def _told(self, client_id: str) -> str:
        """An id as it comes back from the exchange."""
        return self.ids.told(self.ids.sent(client_id))

    async def outcome(
        self, found: dict[str, Any], client_id: str, instrument: Instrument
    ) -> tuple[OrderState, Sequence[Fill]]:
        """An order with all its fills. Raises `Unanswered` while the exchange has not told all of them."""
        if kept_apart(found):
            return apart_told(found, instrument, client_id), ()
        self.learn(client_id, str(found["id"]))
        state = order_told({**found, CLIENT_ID: client_id}, instrument)
        if not state.filled:
            return state, ()
        since = found.get("timestamp")
        trades = await self._trades(instrument.symbol, None if since is None else int(since) - BEFORE_MS)
        fills = [
            fill_told(trade, instrument, client_id, time.time_ns())
            for trade in trades
            if str(trade.get("order")) == state.venue_id
        ]
        told = sum(fill.size for fill in fills)
        if told < state.filled:
            raise Unanswered(
                f"{self.place}: of order {client_id}, {state.filled} lots are filled, of which {told} are told so far"
            )
        return state, fills

    # ---- the whole account ----

    async def read(self, cursor: str) -> AccountState:
        """The sub-account now. What was before the first reading is not ours: that one tells no fills, and none tells
        funding of then."""
        now = await self._now()
        # What fills while this is read is told as a fill after its balance, or with it: never only in the balance.
        orders = await self._open_orders()
        balances, contracts = await self._owned()
        since, seen, asked, before = _parsed(cursor) if cursor else (now - BEFORE_MS, frozenset[str](), 0, None)
        fills, times = [], {}
        for symbol in self._symbols(alone=self.can.trades_need_symbol, what="own trades"):
            for trade in await self._trades(symbol, since):
                times[fill_id(trade)] = int(trade.get("timestamp") or now)
                fill = await self._fill(trade) if cursor and fill_id(trade) not in seen else None
                if fill is not None:
                    fills.append(fill)
        # An exchange may tell a trade after one that came later, so the next reading begins before the newest. After an
        # idle time it does not begin there again: some exchanges tell one day at a time.
        begin = max([since, now - HOUR_MS, *(time_ms - BEFORE_MS for time_ms in times.values())])
        known = sorted(each for each, time_ms in times.items() if time_ms >= begin)
        funding: tuple[Funding, ...] = ()
        if self._contracts is not None:
            funding, asked = await self._contracts.funding_again(since, asked)
        if before is None:
            before = tuple(each.id for each in funding)
        return AccountState(
            balances=balances,
            orders=tuple(orders),
            fills=tuple(sorted(fills, key=lambda fill: (fill.time, fill.id))),
            cursor=json.dumps([begin, known, asked, before], separators=(",", ":")),
            contracts=contracts,
            funding=tuple(each for each in funding if each.id not in before),
        )

    async def _owned(self) -> tuple[tuple[tuple[str, int, int], ...], tuple[ContractState, ...]]:
        """Balances and positions."""
        balance = await self.client.fetch_balance()
        if self._contracts is None:
            return balances_told(balance, self.place), ()
        positions = await self._contracts.positions()
        return self._contracts.balances(balance, positions), await self._contracts.states(positions)

    async def _open_orders(self) -> list[OrderState]:
        if "fetchOpenOrders" not in self.can.methods:
            raise NotOffered(f"{self.can.exchange} does not tell which orders are open")
        found = []
        # of one symbol it costs much less of the rate limit than of all (Binance: 1, not 40)
        alone = self.can.orders_need_symbol or 0 < len(self.config.symbols) <= FEW
        for symbol in self._symbols(alone=alone, what="open orders"):
            orders = await self.client.fetch_open_orders(symbol)
            if self.can.apart:
                orders = [*orders, *await self.client.fetch_open_orders(symbol, None, None, {TRIGGER: True})]
            for order in orders:
                told = self._order(order)
                if told is not None:
                    found.append(told)
        return found

    async def _now(self) -> int:
        """Milliseconds, the exchange's where it tells."""
        if "fetchTime" in self.can.methods:
            return int(await self.client.fetch_time())
        return time.time_ns() // 10**6

    async def _trades(self, symbol: str | None, since: int | None) -> list[dict[str, Any]]:
        """Own trades from ``since`` (ms) on, whatever an exchange tells at once."""
        if "fetchMyTrades" not in self.can.methods:
            raise NotOffered(f"{self.can.exchange} does not tell own trades")
        if since is None:
            return list(await self.client.fetch_my_trades(symbol))
        features = features_of(self.client, self.can.kind).get("fetchMyTrades") or {}
        stride, limit = int(features.get("untilDays") or 0) * DAY_MS, features.get("limit")
        now, found = await self._now(), {}
        while True:
            page = await self.client.fetch_my_trades(symbol, since, limit)
            fresh = [trade for trade in page if fill_id(trade) not in found]
            found.update({fill_id(trade): trade for trade in fresh})
            if fresh:
                since = max(int(trade["timestamp"]) for trade in fresh)
            elif stride and since + stride < now:
                since += stride
            elif limit and len(page) >= int(limit):
                raise Unanswered(f"{self.place}: {len(page)} own trades of {symbol} in one millisecond cannot be told")
            else:
                return list(found.values())

    # ---- what happens ----

    def updates(self) -> AsyncGenerator[Told, None]:
        """Raises what ccxt raises where a connection is lost, and `GapFound`."""
        if {"watchOrders", "watchMyTrades"} <= self.can.methods:
            connections = Connections(self.client)
            forget_listen_keys(self.client)
            sources = [each for symbol in self.config.symbols or (None,) for each in self._watched(symbol, connections)]
            if self._contracts is not None:
                sources.append(self._contracts.funded(time.time_ns() // 10**6))
            return joined(sources)
        return self._polled()

    def _watched(self, symbol: str | None, connections: Connections) -> Sequence[AsyncIterator[Told]]:
        return self._watched_orders(symbol, connections), self._watched_trades(symbol, connections)

    async def _watched_orders(self, symbol: str | None, connections: Connections) -> AsyncIterator[Told]:
        while True:
            orders = await self.client.watch_orders(symbol)
            self._demand_whole(orders, connections)
            told = [state for state in map(self._order, orders) if state is not None]
            if told:
                yield told

    async def _watched_trades(self, symbol: str | None, connections: Connections) -> AsyncIterator[Told]:
        while True:
            trades = await self.client.watch_my_trades(symbol)
            self._demand_whole(trades, connections)
            for trade in trades:
                fill = await self._fill(trade)
                if fill is not None:
                    yield [fill]

    def _demand_whole(self, told: Sequence[Any], connections: Connections) -> None:
        connections.demand_same()
        if len(told) >= KEPT:
            raise GapFound(f"{self.place}: {len(told)} messages at once; earlier ones may have been dropped")

    async def _polled(self) -> AsyncGenerator[Told, None]:
        """For an exchange without a stream of its users: what is open, what is no longer, and what was traded."""
        state = await self.read("")
        open_orders = {order.venue_id: order for order in state.orders}
        while True:
            await asyncio.sleep(self.config.poll_s)
            state = await self.read(state.cursor)
            now_open = {order.venue_id: order for order in state.orders}
            told: list[OrderState | Fill | Funding] = [*state.fills, *state.funding]
            told += [order for key, order in now_open.items() if open_orders.get(key) != order]
            for key, order in open_orders.items():
                if key not in now_open:
                    apart = {TRIGGER: True} if key.startswith(APART) else {}
                    symbol = self.known(order.instrument).symbol
                    found = self._order(await self.client.fetch_order(key.removeprefix(APART), symbol, apart))
                    told += [found] if found is not None else []
            open_orders = now_open
            if told:
                yield told

    # ---- structures of ccxt ----

    def _order(self, order: dict[str, Any]) -> OrderState | None:
        """None for an order in what is not traded here."""
        instrument = self.instrument(f"{self.place}:{order.get('symbol')}")
        if instrument is None:
            return None
        client_id = self.ids.told(order.get(CLIENT_ID) or "")
        if kept_apart(order):
            if became(order):
                self.learn(client_id, became(order))
            return apart_told(order, instrument, client_id)
        told = order_told({**order, CLIENT_ID: client_id}, instrument)
        if told.client_id:
            self.learn(told.client_id, told.venue_id)
        return told

    async def _fill(self, trade: dict[str, Any]) -> Fill | None:
        """None for a trade in what is not traded here."""
        instrument = self.instrument(f"{self.place}:{trade.get('symbol')}")
        if instrument is None:
            return None
        venue_id = str(trade.get("order") or "")
        if venue_id and venue_id not in self._clients:
            order = await self.client.fetch_order(venue_id, instrument.symbol)
            self.learn(self.ids.told(order.get(CLIENT_ID) or ""), venue_id)
        client_id = self._clients.get(venue_id, "")
        return fill_told(trade, instrument, client_id, time.time_ns(), forced(trade, client_id))

    def _symbols(self, *, alone: bool, what: str) -> Sequence[str | None]:
        if not alone:
            return (None,)
        if not self.config.symbols:
            raise NotOffered(f"{self.can.exchange} tells {what} of one symbol at a time; set symbols under its section")
        return self.config.symbols


def _parsed(cursor: str) -> tuple[int, frozenset[str], int, tuple[str, ...] | None]:
    """From when on trades are asked for, those that are known of then, when funding was asked for (ms), and which was
    paid before the first reading. Cursors were once without the last two."""
    since, seen, asked, before = [*json.loads(cursor), 0, ()][:4]
    return since, frozenset(seen), asked, tuple(before)
