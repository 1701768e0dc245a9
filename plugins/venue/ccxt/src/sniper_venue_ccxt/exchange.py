"""An exchange of ccxt behind the contract of `sniper.exchange`."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sniper.errors import SniperError
from sniper.events import Event
from sniper.exchange import Exchange
from sniper.exchange_orders import AccountState, Fill, Funding, NewOrder, OrderState, Placed, Refused
from sniper.instrument import Instrument
from sniper_venue_ccxt.capabilities import CLIENT_ID, REDUCE_ONLY, Capabilities, probe
from sniper_venue_ccxt.client import connect, urgent, watched
from sniper_venue_ccxt.conditional import parameters, types
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.desk import Desk
from sniper_venue_ccxt.errors import NotOffered, Paused, Unanswered, without_secrets
from sniper_venue_ccxt.keys import Keys, read_keys
from sniper_venue_ccxt.listing import Counting, Listing, Rules, listing
from sniper_venue_ccxt.market import Market
from sniper_venue_ccxt.outcomes import already_there, refused
from sniper_venue_ccxt.withdrawals import demand_no_withdrawals

SECOND: Final = 10**9
REDUCING: Final = "educe"
"""Part of what exchanges call an order that only reduces: reduceOnly, reduce_only, ReduceOnly."""
LEEWAY: Final = 2 * SECOND
"""A clock may be ahead of the exchange's by one second, and still be believed; once more for the way."""


class CcxtExchange(Exchange):
    """One kind of markets. Market data and orders go by two clients: what they say in numbers is of two types."""

    def __init__(self, place: str, config: CcxtConfig, keys: Path | None) -> None:
        super().__init__(place, config, keys)
        self.config: CcxtConfig = config
        self.clock: Callable[[], int] = time.monotonic_ns
        """Of what is lost; the time of day may jump."""
        self._keys: Keys | None = read_keys(keys) if keys is not None else None
        self._opening: asyncio.Task[Desk] | None = None
        self._born = self.clock()
        self._flying: set[str] = set()
        self._left: dict[str, int] = {}
        """When the request of an order was over, by client id, monotonic ns."""

    async def instruments(self) -> Sequence[Instrument]:
        client = await connect(self.config, Decimal)
        try:
            async with self._scrubbed("markets"):
                found = await self._listed(client)
        finally:
            await client.close()
        self.left_out = found.left_out
        return tuple(found.instruments.values())

    async def market(
        self, instruments: Collection[Instrument], depth: Collection[str] = ()
    ) -> AsyncGenerator[Sequence[Event], None]:
        # A client of its own: what one knew of books and trades, the next must not believe.
        client = await connect(self.config, Decimal)
        try:
            await client.load_markets()
            market = Market(
                client, probe(client, self.config.market), self.config.poll_s, time.time_ns, self.config.levels
            )
            async with aclosing(market.events(instruments, depth)) as told:
                async for events in told:
                    yield events
        except Exception as error:
            raise self._unanswered(error, "market data") from None
        finally:
            await client.close()

    async def submit(self, order: NewOrder) -> Placed | Refused:
        desk = await self._orders()
        instrument = desk.instrument(order.instrument)
        if instrument is None:
            return Refused(
                code="unsupported",
                message=f"{self.config.exchange} has no {self.config.market} market {order.instrument}",
            )
        told = desk.can.lacking(order, instrument.types)
        if told is None:
            told = _inexact(desk.client, order, instrument)
        if told is not None:
            return told
        client_id = desk.ids.sent(order.client_id)
        settings: dict[str, object] = {CLIENT_ID: client_id}
        if order.lives != "gtc":
            settings["timeInForce"] = order.lives.upper()
        if "post-only" in order.flags:
            settings["postOnly"] = True
        holds = [client_id]
        if REDUCE_ONLY in order.flags:
            settings["reduceOnly"] = True
            holds.append(REDUCING)
        trigger = parameters(order, instrument)
        settings |= trigger
        holds += trigger.values()
        kind = "market" if order.price is None else "limit"
        price = None if order.price is None else f"{instrument.price(order.price):f}"
        size = f"{instrument.size(order.size):f}"
        self._flying.add(order.client_id)
        try:
            with watched(*holds, size, *([price] if price else [])) as attempt:
                placed = await desk.client.create_order(instrument.symbol, kind, order.side, size, price, settings)
        except Paused as error:
            return Refused(code=error.code, message=f"{self.place}: {error}")
        except Exception as error:
            code = refused(error, attempt)
            if code is not None:
                return Refused(code=code, message=self._text(error))
            if already_there(error):
                return await self._taken_already(desk, order, instrument)
            raise self._unanswered(error, f"order {order.client_id}") from None
        finally:
            self._flying.discard(order.client_id)
            self._left[order.client_id] = self.clock()
        if not placed.get("id"):
            raise Unanswered(f"{self.place}: order {order.client_id} was answered without an id; it is looked for")
        return Placed(venue_id=desk.placed(order.client_id, placed))

    async def cancel(self, order: NewOrder, venue_id: str) -> None:
        desk = await self._orders()
        instrument = desk.known(order.instrument)
        async with self._scrubbed(f"cancel of {order.client_id}"):
            if not venue_id and await desk.look(order, instrument) is None:
                raise Unanswered(f"{self.place}: order {order.client_id} is not there yet; look for it first")
            with urgent():
                await desk.cancel(order, venue_id, instrument)

    async def find(self, order: NewOrder) -> tuple[OrderState, Sequence[Fill]] | None:
        desk = await self._orders()
        instrument = desk.known(order.instrument)
        # Asked before the exchange is: what arrives in between would be missed.
        lost = self._is_lost(order.client_id, desk.can)
        async with self._scrubbed(f"search for {order.client_id}"):
            found = await desk.look(order, instrument)
            if found is not None:
                return await desk.outcome(found, order.client_id, instrument)
        if not lost:
            raise Unanswered(
                f"{self.place}: order {order.client_id} is not there, but its request may yet arrive; look again later"
            )
        return None

    async def read(self, cursor: str) -> AccountState:
        desk = await self._orders()
        async with self._scrubbed("reading of the account"):
            return await desk.read(cursor)

    async def updates(self) -> AsyncGenerator[Sequence[OrderState | Fill | Funding], None]:
        desk = await self._orders()
        try:
            async with aclosing(desk.updates()) as told:
                async for changes in told:
                    yield changes
        except Exception as error:
            raise self._unanswered(error, "orders and fills") from None

    async def time(self) -> int | None:
        client = await connect(self.config, Decimal)
        try:
            async with self._scrubbed("clock"):
                return int(await client.fetch_time()) * 10**6 if client.has.get("fetchTime") else None
        finally:
            await client.close()

    async def close(self) -> None:
        opening, self._opening = self._opening, None
        if opening is None:
            return
        opening.cancel()
        with suppress(asyncio.CancelledError, Exception):  # why it did not open, whoever asked was told
            await (await opening).client.close()

    async def _orders(self) -> Desk:
        """The client with keys. Raises `BadKeys` where they may withdraw and must not."""
        if self._keys is None:
            raise NotOffered(f"{self.place}: orders need keys; name the file with them for this account")
        if self._opening is None:
            self._opening = asyncio.create_task(self._opened(self._keys))
        opening = self._opening
        try:
            # Whoever asks may lose its patience; what was begun for it goes on for the next.
            return await asyncio.shield(opening)
        except BaseException:
            if opening.done() and self._opening is opening:
                self._opening = None
            raise

    async def _opened(self, keys: Keys) -> Desk:
        client = await connect(self.config, str, keys)
        try:
            async with self._scrubbed("markets"):
                found = await self._listed(client)
                if not self.config.withdrawals:
                    await demand_no_withdrawals(client, self.place)
            desk = Desk(client, self.place, self.config, found, probe(client, self.config.market))
            async with self._scrubbed("settings of the account"):
                await desk.prepare(change=not self.read_only)
        except BaseException:
            await client.close()
            raise
        return desk

    async def _listed(self, client: Any) -> Listing:
        markets = await client.load_markets()
        kind = self.config.market
        others = [each for each in self.config.symbols if each in markets and not markets[each].get(kind)]
        if others:
            raise NotOffered(
                f"{self.place}: {', '.join(others)} are no {kind} markets; set market, or make another section"
            )
        unknown = [each for each in self.config.symbols if each not in markets]
        if unknown:
            raise NotOffered(f"{self.place}: {self.config.exchange} lists no {', '.join(unknown)}")
        chosen = {symbol: markets[symbol] for symbol in self.config.symbols or markets}
        counting = Counting(client.precisionMode)
        prices: dict[str, Decimal] = {}
        if counting is Counting.SIGNIFICANT_DIGITS:
            tickers = await client.fetch_tickers(list(self.config.symbols) or None)
            prices = {symbol: Decimal(str(told["last"])) for symbol, told in tickers.items() if told.get("last")}
        can = probe(client, kind)
        rules = Rules(
            place=self.place,
            kind=kind,
            counting=counting,
            flags=can.flags,
            types=lambda market: types(market, kind) if can.conditional else (),
            prices=prices,
            keeps_size=lambda *what: _keeps_size(client, *what),
        )
        return listing(chosen, rules)

    async def _taken_already(self, desk: Desk, order: NewOrder, instrument: Instrument) -> Placed:
        async with self._scrubbed(f"search for {order.client_id}"):
            found = await desk.look(order, instrument)
        if found is None:
            raise Unanswered(f"{self.place}: order {order.client_id} is said to be there already, and is not found")
        return Placed(venue_id=desk.placed(order.client_id, found))

    def _is_lost(self, client_id: str, can: Capabilities) -> bool:
        """Whether what has not arrived by now never will. Of what a process before this one sent, nothing is known but
        that it was before this one began."""
        window = can.window_ms * SECOND // 1000 or self.config.lost_after_s * SECOND
        left = self._left.get(client_id, self._born)
        return client_id not in self._flying and bool(window) and self.clock() >= left + window + LEEWAY

    @asynccontextmanager
    async def _scrubbed(self, what: str) -> AsyncIterator[None]:
        """Raise what ccxt raises as `Unanswered`, without secrets."""
        try:
            yield
        except Exception as error:
            raise self._unanswered(error, what) from None

    def _unanswered(self, error: Exception, what: str) -> SniperError:
        if isinstance(error, SniperError):
            return error
        return Unanswered(f"{self.place}: {what}: {self._text(error)}")

    def _text(self, error: Exception) -> str:
        return without_secrets(error, self._keys.reveal().values() if self._keys else ())


def _inexact(client: Any, order: NewOrder, instrument: Instrument) -> Refused | None:
    """The refusal of an order that ccxt would send with another price or size than this."""
    size = instrument.size(order.size)
    if order.size <= 0 or not _keeps_size(client, instrument.symbol, f"{size:f}"):
        return Refused(code="bad-number", message=f"{instrument.id}: {size:f} is no size that it takes")
    for ticks in (order.price, order.trigger):
        if ticks is None:
            continue
        price = instrument.price(ticks)
        if ticks <= 0 or not _same(client.price_to_precision, instrument.symbol, f"{price:f}"):
            return Refused(code="bad-number", message=f"{instrument.id}: {price:f} is no price that it takes")
    return None


def _keeps_size(client: Any, symbol: str, size: str) -> bool:
    return _same(client.amount_to_precision, symbol, size)


def _same(rounded: Callable[[str, str], str], symbol: str, number: str) -> bool:
    # ccxt raises for what it would round to nothing.
    try:
        return Decimal(rounded(symbol, number)) == Decimal(number)
    except Exception:
        return False
