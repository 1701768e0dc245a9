"""Market data of exchanges, page by page, through ccxt. Numbers are decimals, as the exchange wrote them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from decimal import Decimal
from functools import partial
from importlib import import_module
from typing import Any, Final, NamedTuple

from sniper.errors import ConfigError, SniperError
from sniper.instrument import Instrument
from sniper_app_data.kinds import interval_text
from sniper_venue_ccxt.client import connect
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.errors import Unanswered, without_secrets
from sniper_venue_ccxt.exchange import CcxtExchange

MS: Final = 10**6
PAGE: Final = 1_000
HOUR_MS: Final = 3_600_000
TRIES: Final = 6


class Unreachable(SniperError, ConnectionError):
    """The exchange gave no answer, again and again. What was stored stays, and the same download goes on from there."""

    code = "download-unreachable"


class Page(NamedTuple):
    """``rows``: texts, by column. ``begin``, ``end``: for which time nothing is missing now, ms."""

    rows: list[tuple[str, ...]]
    begin: int
    end: int


class Source:
    """One instrument at one exchange. ``pause``: waits some seconds."""

    def __init__(self, config: CcxtConfig, instrument_id: str, pause: Callable[[float], Awaitable[None]]) -> None:
        self.config = config
        self.id = instrument_id
        self.symbol = instrument_id.partition(":")[2]
        self._place = instrument_id.partition(":")[0]
        self._pause = pause
        self._client: Any = None

    async def open(self) -> Instrument:
        """Raises `ConfigError` for what is not listed there, and `Unreachable`."""
        exchange = CcxtExchange(self._place, self.config, None)
        listed = await self._tried(exchange.instruments)
        found: Instrument | None = next((each for each in listed if each.id == self.id), None)
        if found is None:
            why = exchange.left_out.get(self.symbol, "it lists no such market")
            raise ConfigError(f"{self.config.exchange} has no {self.symbol} to trade exactly: {why}")
        self._client = await connect(self.config, Decimal)
        await self._tried(self._client.load_markets)
        return found

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.close()

    async def bars(self, interval: int, begin: int, end: int) -> AsyncIterator[Page]:
        """Bars that begin in [begin, end), ms, and are over. Raises `ConfigError` and `Unreachable`."""
        client, name, step = self._client, interval_text(interval), interval // MS
        if not client.has.get("fetchOHLCV") or name not in (client.timeframes or {}):
            known = ", ".join(client.timeframes or {}) or "none"
            raise ConfigError(f"{self.config.exchange} offers no bars of {name}; it offers {known}")
        begin -= begin % step
        end = min(end, await self._now() // step * step)
        while begin < end:
            found = await self._tried(partial(client.fetch_ohlcv, self.symbol, name, begin, PAGE))
            rows = [row for row in found if begin <= row[0] < end]
            # An exchange that gives nothing has nothing for all that it was asked for.
            reached = min(rows[-1][0] + step, end) if rows else min(begin + PAGE * step, end)
            yield Page([tuple(str(value) for value in row[:6]) for row in rows], begin, reached)
            begin = reached

    async def trades(self, begin: int, end: int) -> AsyncIterator[Page]:
        """Trades in [begin, end), ms. Raises `ConfigError` and `Unreachable`."""
        client = self._client
        if not client.has.get("fetchTrades"):
            raise ConfigError(f"{self.config.exchange} offers no trades of the past")
        end = min(end, await self._now())
        while begin < end:
            found = await self._tried(partial(client.fetch_trades, self.symbol, begin, PAGE))
            found = [each for each in found if each["timestamp"] >= begin]
            rows = [each for each in found if each["timestamp"] < end]
            reached = self._reached(found, begin, end)
            yield Page(
                [
                    (
                        str(each["timestamp"]),
                        str(each["price"]),
                        str(each["amount"]),
                        str(each["side"] or ""),
                        str(each["id"] or ""),
                    )
                    for each in rows
                ],
                begin,
                reached,
            )
            begin = reached

    async def rates(self, begin: int, end: int) -> AsyncIterator[Page]:
        """Funding in [begin, end), ms. Raises `ConfigError` and `Unreachable`."""
        client = self._client
        if not client.has.get("fetchFundingRateHistory"):
            raise ConfigError(f"{self.config.exchange} offers no funding rates of the past")
        end = min(end, await self._now())
        while begin < end:
            found = await self._tried(partial(client.fetch_funding_rate_history, self.symbol, begin, PAGE))
            rows = [each for each in found if begin <= each["timestamp"] < end]
            reached = rows[-1]["timestamp"] + 1 if len(found) >= PAGE and rows else end
            yield Page([(str(each["timestamp"]), str(each["fundingRate"])) for each in rows], begin, reached)
            begin = reached

    def _reached(self, found: Sequence[Any], begin: int, end: int) -> int:
        """Until when nothing is missing. Any: ccxt's trades. A full page may end in the middle of a millisecond."""
        if not found:
            return min(begin + HOUR_MS, end)
        last = int(found[-1]["timestamp"])
        if len(found) < PAGE:
            # Some exchanges answer for an hour at a time, others until now: what follows is asked for again.
            return min(max(last, begin) + 1, end)
        if last == begin:
            raise ConfigError(
                f"{self.config.exchange} gives {PAGE} trades at a time, and {self.symbol} had more in the millisecond "
                f"{begin}; download from {begin + 1} on, and import that millisecond from a file"
            )
        return min(last, end)

    async def _now(self) -> int:
        """ms, by the exchange's clock where it tells."""
        client = self._client
        return int(await self._tried(client.fetch_time) if client.has.get("fetchTime") else client.milliseconds())

    async def _tried(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Any: what ccxt answers. Waits a little longer after each failure of the network."""
        errors = import_module("ccxt.base.errors")
        for attempt in range(TRIES):
            try:
                return await ask()
            except (errors.NetworkError, Unanswered) as error:
                if attempt == TRIES - 1:
                    raise Unreachable(
                        f"{self.config.exchange} gave no answer in {TRIES} tries: {without_secrets(error, ()):.300}; "
                        "the same command goes on where this one ended"
                    ) from None
            except errors.BaseError as error:
                raise ConfigError(f"{self.config.exchange} refuses: {without_secrets(error, ()):.300}") from None
            await self._pause(2**attempt)
        raise AssertionError("the last try returns or raises")


async def wait(seconds: float) -> None:
    """Really."""
    await asyncio.sleep(seconds)
