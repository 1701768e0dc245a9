"""ccxt's own client of an exchange, made so that no number in it is a float and nothing is sent twice.

ccxt takes seconds to import, so that is done where the first client is made.
"""

import asyncio
import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sniper_venue_ccxt.capabilities import features_of
from sniper_venue_ccxt.config import CcxtConfig
from sniper_venue_ccxt.errors import NotOffered
from sniper_venue_ccxt.keys import Keys
from sniper_venue_ccxt.pauses import Pauses

NAMES: Final = {
    "spot": ("spot",),
    "swap": ("swap", "linear", "contract"),
    "future": ("future", "linear", "contract", "delivery"),
}
"""What exchanges call a kind of markets, as ccxt asks for it."""
SERVER_FAILED = 500
"""From this status on an exchange has not said what it did, whatever stands in the body."""


@dataclass
class Attempt:
    """What became of the requests of one order.

    holds     Texts that the request has to hold: nothing but questions leaves without them. ccxt drops what an exchange
              has no place for, and does not say so.
    answered  Whether the request that holds them was answered with success.
    """

    holds: tuple[str, ...]
    answered: bool = False


_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)
_urgent: ContextVar[bool] = ContextVar("urgent", default=False)


@contextmanager
def watched(*holds: str) -> Iterator[Attempt]:
    """Say what became of the requests within."""
    attempt = Attempt(holds)
    token = _attempt.set(attempt)
    try:
        yield attempt
    finally:
        _attempt.reset(token)


@contextmanager
def urgent() -> Iterator[None]:
    """Let the requests within go at once, whatever waits for the rate limit."""
    token = _urgent.set(True)
    try:
        yield
    finally:
        _urgent.reset(token)


async def connect(config: CcxtConfig, number: Callable[[Any], Any], keys: Keys | None = None) -> Any:
    """A client of ccxt; Any: it is untyped.

    number  What its numbers are: ``str`` where it sends orders, because ccxt takes precisions for texts there;
            `Decimal` where it keeps order books, because they are sorted.

    Raises `NotOffered` for an exchange that ccxt does not know.
    """
    return await asyncio.to_thread(made, config, number, keys)


def made(config: CcxtConfig, number: Callable[[Any], Any], keys: Keys | None = None) -> Any:
    """The same, at once."""
    plain, streaming = import_module("ccxt.async_support"), import_module("ccxt.pro")
    name = config.exchange
    if name not in plain.exchanges:
        close = get_close_matches(name, plain.exchanges, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise NotOffered(f"ccxt {plain.__version__} knows no exchange {name!r}{hint}")
    base = getattr(streaming if name in streaming.exchanges else plain, name)
    client = exact_class(base, number)(
        {
            "enableRateLimit": True,
            "timeout": config.timeout_s * 1000,
            "newUpdates": True,
            "options": {"maxRetriesOnFailure": 0, "adjustForTimeDifference": True},
            **(keys.reveal() if keys else {}),
        }
    )
    client.options.setdefault("watchOrderBook", {})["checksum"] = True
    client.options["fetchMargins"] = False
    # It would read positions beside the stream, and compare texts with numbers.
    watching = client.options.get("watchPositions") or {}
    client.options["watchPositions"] = {**watching, "fetchPositionsSnapshot": False, "awaitPositionsSnapshot": False}
    client.options["warnOnFetchOpenOrdersWithoutSymbol"] = False
    client.options["fetchMarkets"] = _alone(client.options.get("fetchMarkets"), config.market)
    if config.market != "spot":
        client.options |= {"defaultType": config.market, "defaultSubType": "linear"}
    # What it says of deposits and withdrawals is not needed, and some tell it only to keys that may do more than trade.
    private = (features_of(client, "spot").get("fetchCurrencies") or {}).get("private")
    client.has["fetchCurrencies"] = bool(client.has["fetchCurrencies"]) and not private
    client.addresses = _moved(client.urls["api"], config.url) if config.url else {}
    client.urls["api"] = _rebased(client.urls["api"], config.url, config.stream_url)
    return client


def exact_class(base: Any, number: Callable[[Any], Any]) -> type:
    """A class of ccxt with exact numbers, cancels first, and calls that can be watched."""
    errors = import_module("ccxt.base.errors")
    throttler: Any = import_module("ccxt.async_support.base.throttler").Throttler

    class CancelsFirst(throttler):  # type: ignore[misc]  # ccxt is untyped
        def __call__(self, cost: Any = None) -> "asyncio.Future[None]":
            if not _urgent.get():
                waiting: asyncio.Future[None] = super().__call__(cost)
                return waiting
            # It waits for nothing; what it costs, all that come after it wait for.
            spent = self.config["cost"] if cost is None else cost
            if self.config["algorithm"] == "leakyBucket":
                self.config["tokens"] -= spent
            else:
                self.timestamps.append({"timestamp": time.time() * 1000, "cost": spent})
            future = asyncio.get_running_loop().create_future()
            future.set_result(None)
            return future

    class Exact(base):  # type: ignore[misc]  # as above
        def __init__(self, config: Any = None) -> None:
            self.addresses: dict[str, str] = {}
            self.pauses = Pauses(time.monotonic, time.time)
            super().__init__(config or {})

        def init_throttler(self, cost: Any = None) -> None:
            self.throttler = CancelsFirst(self.tokenBucket, self.asyncio_loop)

        async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            self.pauses.demand_none(url, method)
            attempt, text = _attempt.get(), unquote(f"{url} {body}")
            lacking = [each for each in attempt.holds if each not in text] if attempt else []
            if lacking and method != "GET":
                raise errors.NotSupported(f"{self.id} would be sent an order without {', '.join(lacking)}")
            try:
                answer = await super().fetch(url, method, headers, body)
            except errors.InvalidNonce:
                # Clocks have drifted apart: the next request is signed by what the exchange says now.
                if self.has.get("fetchTime"):
                    await self.load_time_difference()
                raise
            if attempt is not None and not lacking:
                attempt.answered = True
            return answer

        def handle_errors(self, status: int, reason: str, url: str, method: str, *args: Any) -> Any:
            self.pauses.heard(status, url, method, args[0], args[1])
            try:
                return super().handle_errors(status, reason, url, method, *args)
            except errors.ExchangeError as error:
                if status >= SERVER_FAILED:
                    raise errors.ExchangeNotAvailable(f"{self.id} {status}: {error}") from error
                raise

        def handle_message(self, client: Any, message: Any) -> Any:
            """ccxt lets a user stream whose listen key is over go silent."""
            if isinstance(message, dict) and message.get("e") == "listenKeyExpired":
                client.reject(errors.NetworkError(f"{self.id} has ended the user stream: its listen key is over"))
                return None
            return super().handle_message(client, message)

        def get_exceptions_by_url(self, url: Any, found: str) -> Any:
            """ccxt knows by Binance's own address which codes an answer has; here it may have another one."""
            for ours, theirs in self.addresses.items():
                if isinstance(url, str) and url.startswith(ours):
                    return super().get_exceptions_by_url(theirs + url[len(ours) :], found)
            return super().get_exceptions_by_url(url, found)

        def safe_trade(self, trade: Any, market: Any = None) -> Any:
            found = super().safe_trade(trade, market)
            # ccxt adds up the fees of an order, as floats, in the very mapping that its first trade has.
            found["told"] = copy.deepcopy({"fee": found.get("fee"), "fees": found.get("fees")})
            return found

        @staticmethod
        def safe_float(dictionary: Any, key: Any, default: Any = None) -> Any:
            """ccxt puts these into order books."""
            text = base.safe_string(dictionary, key)
            return default if text is None else Decimal(text)

    Exact.number = staticmethod(number)
    return Exact


def forget_listen_keys(client: Any) -> None:
    """The next user stream asks for a key of its own: one that ccxt remembers may be over."""
    for options in client.options.values():
        if isinstance(options, dict) and "lastAuthenticatedTime" in options:
            options["lastAuthenticatedTime"] = 0


def _alone(options: Any, market: str) -> Any:
    """An exchange that is asked for its markets kind by kind is asked for those of one, where it has a name for it."""
    if isinstance(options, dict) and isinstance(options.get("types"), list):
        return {**options, "types": _alone(options["types"], market)}
    if not isinstance(options, list):
        return options
    return [each for each in options if each in NAMES[market]] or options


def _moved(urls: Any, base: str) -> dict[str, str]:
    """Addresses of requests that begin otherwise, and what they were."""
    if isinstance(urls, dict):
        return {ours: theirs for value in urls.values() for ours, theirs in _moved(value, base).items()}
    return {_rebased(urls, base, ""): urls} if isinstance(urls, str) and urls.startswith("http") else {}


def _rebased(urls: Any, base: str, stream_base: str) -> Any:
    """Addresses with another beginning; ``urls``: a text, or a mapping of such."""
    if isinstance(urls, dict):
        return {key: _rebased(value, base, stream_base) for key, value in urls.items()}
    if not isinstance(urls, str):
        return urls
    parts = urlsplit(urls)
    begin = stream_base if parts.scheme in ("ws", "wss") else base
    return begin.rstrip("/") + urls[len(f"{parts.scheme}://{parts.netloc}") :] if begin else urls
