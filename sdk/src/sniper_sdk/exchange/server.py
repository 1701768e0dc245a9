"""The exchange's doors, as Binance's spot market has them: REST, market streams, WebSocket API with user streams.

async with ExchangeServer([Symbol.of("BTC", "USDT")]) as exchange:
    account = exchange.account("me", BTC="1", USDT="100000")
    client = ccxt.pro.binance(exchange.ccxt_config(account))
"""

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Self

from aiohttp import WSMsgType, web

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.amounts import parse
from sniper_sdk.exchange.clock import Clock, VirtualClock
from sniper_sdk.exchange.engine import Engine
from sniper_sdk.exchange.faults import ExchangeFault, Faults, Fired
from sniper_sdk.exchange.limits import Limits, too_many
from sniper_sdk.exchange.listen_keys import ListenKeys
from sniper_sdk.exchange.order import AT_MARKET, Order, Side
from sniper_sdk.exchange.parameters import Parameters
from sniper_sdk.exchange.playback import Playback
from sniper_sdk.exchange.recording import MarketEvent
from sniper_sdk.exchange.refusal import Refused, unknown_cancel
from sniper_sdk.exchange.security import account_of, check_signed, parameters, without_signature
from sniper_sdk.exchange.spot import NOBODY, Endpoint, Security, SpotApi, restrictions
from sniper_sdk.exchange.streams import TICK_NS, Connection, Streams, encode
from sniper_sdk.exchange.symbol import Symbol

_BACKEND = "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
_BUSY = "Internal error; unable to process your request. Please try again."


class _Broken(Exception):
    """The connection is to break without a word."""


class ExchangeServer:
    """``url``: where REST is; ``ws_url``: where streams are. ``faults``: what goes wrong; ``asked``: (method,
    parameters) of all requests, in the order of arrival. With a `VirtualClock` nothing happens by itself: `advance`.
    """

    root = "/api/v3/"
    """What stands before the path of each endpoint."""
    listen_key_path = "/api/v3/userDataStream"
    streams_at: tuple[str, ...] = ("/ws", "/ws/{tail:.*}", "/stream", "/stream/ws", "/stream/ws/{tail:.*}")

    def __init__(
        self,
        symbols: Iterable[Symbol],
        *,
        clock: Clock | None = None,
        limits: Limits | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.limits = limits or Limits()
        self.faults = faults or Faults()
        self._open(symbols)
        self._by_name = {each.name: each for each in self._api.endpoints}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = self.ws_url = ""
        self.listen_keys = ListenKeys()
        self._playbacks: list[Playback] = []
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def _open(self, symbols: Iterable[Any]) -> None:
        """The market, its API and its streams. Any: what the engine trades."""
        self.engine = Engine(symbols, self.clock.now)
        self._api = SpotApi(self.engine, self.limits)
        self.streams = Streams(self.engine, self.faults)

    # what a test does

    def account(self, name: str, *, fee: str = "0.001", **balances: str) -> Account:
        """A new one, with these balances. ``fee``: of maker and taker, a share."""
        share = parse(fee)
        found = Account(name, f"key-{name}", f"secret-{name}", maker=share, taker=share)
        self.engine.ledger.add(found)
        for asset, amount in balances.items():
            self.engine.deposit(found, asset, parse(amount))
        return found

    def ccxt_config(self, account: Account) -> dict[str, Any]:
        """What the constructor of ccxt's ``binance`` is given to come here. Any: ccxt's config."""
        api, streams = f"{self.url}/api/v3", f"{self.ws_url}/stream/ws"
        ws = {"spot": streams, "margin": streams, "ws-api": {"spot": f"{self.ws_url}/ws-api/v3"}}
        return {
            "apiKey": account.key,
            "secret": account.secret,
            "enableRateLimit": False,
            "options": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "fetchMargins": False},
            "urls": {
                "api": {
                    "public": api,
                    "private": api,
                    "v1": f"{self.url}/api/v1",
                    "sapi": f"{self.url}/sapi/v1",
                    "ws": ws,
                }
            },
        }

    def quote(self, symbol: str, *, bid: str, ask: str, quantity: str = "10") -> None:
        """So much of the market's own is at these prices; what it has elsewhere stays."""
        for side, price in ((Side.BUY, bid), (Side.SELL, ask)):
            self.engine.set_level(symbol, side, parse(price), parse(quantity))

    def trade(self, symbol: str, price: str, quantity: str, *, side: str) -> None:
        """Somebody of the market's own comes and buys or sells: with whom stands first there or better."""
        self.engine.traded(symbol, parse(price), parse(quantity), buyer_is_maker=Side(side) is Side.SELL)

    def play(self, symbol: str, events: Iterable[MarketEvent]) -> Playback:
        """Let a recorded or generated market happen, from now on."""
        playback = Playback(self.engine, symbol, events)
        self._playbacks.append(playback)
        playback.play(self.clock.now())
        return playback

    async def advance(self, seconds: float) -> None:
        """Let time go by, and with it the markets and streams. Raises ValueError where the clock goes by itself."""
        if not isinstance(self.clock, VirtualClock):
            raise ValueError("this exchange has the machine's time: give it a VirtualClock to move it")
        for _ in range(round(seconds * 10**9 / TICK_NS)):
            self.clock.move(TICK_NS)
            self.tick()
            await asyncio.sleep(0)

    def tick(self) -> None:
        """Bring markets and streams to the present."""
        for playback in self._playbacks:
            playback.play(self.clock.now())
        self.streams.tick()
        for key, name in self.listen_keys.expired(self.clock.now()):
            self._expired(key, name)

    def _expired(self, listen_key: str, account: str) -> None:
        """Nobody kept a user stream alive: it is told nothing any more."""
        for connection in self.streams.connections:
            if connection.users.get(-1) == account:
                del connection.users[-1]

    def disconnect(self) -> None:
        """Break all WebSockets."""
        for connection in self.streams.connections:
            connection.cut()

    async def start(self) -> Self:
        """Listen on a free port of the loopback interface, or on the one that it had."""
        application = web.Application()
        application.router.add_get("/ws-api/v3", self._ws_api)
        for path in self.streams_at:
            application.router.add_get(path, self._market_streams)
        for endpoint in self._api.endpoints:
            application.router.add_route(endpoint.method, f"{self.root}{endpoint.path}", self._rest(endpoint))
        of_key = Endpoint("GET", "", "apiRestrictions", restrictions, 1, Security.SIGNED)
        application.router.add_get("/sapi/v1/account/apiRestrictions", self._rest(of_key))
        for method in ("POST", "PUT", "DELETE"):
            application.router.add_route(method, self.listen_key_path, self._listen_key)
        self._closing.clear()
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.url, self.ws_url = f"http://127.0.0.1:{self._port}", f"ws://127.0.0.1:{self._port}"
        if not isinstance(self.clock, VirtualClock):
            self._ticking = asyncio.create_task(self._tick_forever())
        return self

    async def stop(self) -> None:
        """Stop listening. May be called twice; books and balances stay."""
        self._closing.set()
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
            self._ticking = None
        self.disconnect()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_NS / 10**9)
            self.tick()

    # requests

    def _rest(self, endpoint: Endpoint) -> Any:
        """Any: a handler of aiohttp."""

        async def answer(request: web.Request) -> web.StreamResponse:
            query, body = request.rel_url.raw_query_string, (await request.read()).decode()
            given, payload = parameters(query, body), without_signature(query) + without_signature(body)
            try:
                told, headers = await self._ask(endpoint, request.headers.get("X-MBX-APIKEY"), given, payload)
            except Refused as refused:
                return web.json_response(refused.body, status=refused.status, headers=refused.headers)
            except _Broken:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            return web.Response(body=encode(told), content_type="application/json", headers=headers)

        return answer

    async def _ask(
        self, endpoint: Endpoint, key: str | None, raw: dict[str, str], payload: str
    ) -> tuple[Any, dict[str, str]]:
        """The answer and the headers. Any: JSON. Raises `Refused`, and `_Broken`."""
        self.asked.append((endpoint.name, raw))
        fired, now, given = self.faults.draw(endpoint.name), self.clock.milliseconds(), Parameters(raw)
        if fired is not None:
            _before(fired, endpoint)
        headers = self.limits.spend(now, endpoint.weight)
        account = NOBODY if endpoint.security is Security.NONE else account_of(self.engine.ledger, key)
        if endpoint.security is Security.SIGNED:
            check_signed(account, payload, given, now)
        if endpoint.counts_as_order:
            headers |= self.limits.order(now, account.name)
        try:
            told = endpoint.handler(account, given)
        except Refused as refused:
            refused.headers = headers | refused.headers
            raise
        if fired is not None:
            await self._after(fired, endpoint, told)
        return told, headers

    async def _after(self, fired: Fired, endpoint: Endpoint, told: Any) -> None:
        """Any: JSON. Raises `Refused` or `_Broken`."""
        if fired.kind is ExchangeFault.PARTIAL and endpoint.name == "order.place":
            self._partly(self.engine.orders[told["orderId"]])
        elif fired.kind is ExchangeFault.LATE:
            await asyncio.sleep(fired.seconds)
        elif fired.kind is ExchangeFault.NEVER:
            await self._closing.wait()
            raise _Broken
        elif fired.kind is ExchangeFault.CUT:
            raise _Broken
        elif fired.kind is ExchangeFault.UNKNOWN:
            raise Refused(-1007, _BACKEND, status=503)

    def _partly(self, order: Order) -> None:
        step = self.engine.markets[order.asked.symbol].symbol.step
        half = order.visible // 2 // step * step
        if half and order.asked.type not in AT_MARKET:
            self.engine.meet(order, half)

    async def _listen_key(self, request: web.Request) -> web.StreamResponse:
        given = parameters(request.query_string, (await request.read()).decode())
        try:
            account = account_of(self.engine.ledger, request.headers.get("X-MBX-APIKEY"))
            if request.method == "POST":
                return web.json_response({"listenKey": self.listen_keys.open(account.name, self.clock.now())})
            key = self._listen_key_of(given, account)
            if request.method == "DELETE":
                self.listen_keys.close(key, account.name)
            else:
                self.listen_keys.renew(key, account.name, self.clock.now())
            return web.json_response({})
        except Refused as refused:
            return web.json_response(refused.body, status=refused.status)

    def _listen_key_of(self, given: dict[str, str], account: Account) -> str:
        return given.get("listenKey", "")

    # WebSockets

    async def _market_streams(self, request: web.Request) -> web.StreamResponse:
        combined = request.path == "/stream"
        named = request.query.get("streams", "") if combined else request.match_info.get("tail", "")
        connection = Connection(combined=combined, streams=[each for each in named.split("/") if "@" in each])
        listener = self.listen_keys.account(request.query.get("listenKey", named))
        if listener is not None:
            connection.users[-1] = listener
        return await self._serve(request, connection, self._stream_request)

    async def _ws_api(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, Connection(), self._api_request)

    async def _serve(self, request: web.Request, connection: Connection, take: Any) -> web.StreamResponse:
        """Any: what takes a request of it."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.streams.connections.append(connection)
        asking: set[asyncio.Task[None]] = set()

        async def write() -> None:
            while (text := await connection.outbox.get()) is not None:
                await socket.send_str(text)
            if request.transport is not None:
                request.transport.abort()

        writing = asyncio.create_task(write())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    task = asyncio.create_task(take(connection, message.data))
                    asking.add(task)
                    task.add_done_callback(asking.discard)
        finally:
            self.streams.connections.remove(connection)
            for task in (writing, *asking):
                task.cancel()
            await asyncio.gather(writing, *asking, return_exceptions=True)
        return socket

    async def _stream_request(self, connection: Connection, text: str) -> None:
        asked = _read(text)
        names, result = [str(each) for each in asked.get("params") or []], None
        if asked.get("method") == "SUBSCRIBE":
            connection.streams |= dict.fromkeys(names)
        elif asked.get("method") == "UNSUBSCRIBE":
            for name in names:
                connection.streams.pop(name, None)
        elif asked.get("method") == "LIST_SUBSCRIPTIONS":
            result = list(connection.streams)
        else:
            error = {"code": 2, "msg": "Invalid request: unknown method"}
            connection.push(encode({"error": error, "id": asked.get("id")}))
            return
        connection.push(encode({"result": result, "id": asked.get("id")}))

    async def _api_request(self, connection: Connection, text: str) -> None:
        asked = _read(text)
        method, given = str(asked.get("method")), _texts(asked.get("params") or {})
        payload = "&".join(f"{name}={value}" for name, value in sorted(given.items()) if name != "signature")
        endpoint = self._by_name.get(method)
        try:
            if method == "userDataStream.subscribe.signature":
                endpoint = Endpoint("", "", method, lambda who, _: who, 2, Security.SIGNED)
            elif method == "userDataStream.unsubscribe":
                connection.users.pop(int(given.get("subscriptionId", -1)), None)
            if endpoint is None and method != "userDataStream.unsubscribe":
                raise Refused(-1020, f"This operation is not supported: {method[:100]}")
            result: Any = {}  # Any: JSON
            if endpoint is not None:
                result, _ = await self._ask(endpoint, given.get("apiKey"), given, payload)
            if isinstance(result, Account):
                result = {"subscriptionId": connection.subscribe_user(result.name)}
            told = {"id": asked.get("id"), "status": 200, "result": result}
        except Refused as refused:
            told = {"id": asked.get("id"), "status": refused.status, "error": refused.body}
        except _Broken:
            connection.cut()
            return
        connection.push(encode(told))


def _before(fired: Fired, endpoint: Endpoint) -> None:
    """Raises `Refused` or `_Broken` where the fault comes before anything is done."""
    match fired.kind:
        case ExchangeFault.DEAF:
            raise _Broken
        case ExchangeFault.ERROR:
            raise Refused(-1001, _BUSY, status=503)
        case ExchangeFault.TOO_MANY:
            raise too_many(int(fired.seconds * 1000) or 1000, "Too many requests; please use the websocket.")
        case ExchangeFault.BANNED:
            refused = too_many(int(fired.seconds * 1000) or 1000, "Way too many requests; IP banned.")
            refused.status = 418
            raise refused
        case ExchangeFault.MAINTENANCE:
            raise Refused(-1016, "System is under maintenance.", status=503)
        case ExchangeFault.REJECT:
            if endpoint.name.endswith("rder.cancel"):
                raise unknown_cancel()
            raise Refused(-2010, "This action is disabled on this account.")
        case _:
            return


def _read(text: str) -> dict[str, Any]:
    """Any: JSON. What is none is an unknown method."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _texts(given: dict[str, Any]) -> dict[str, str]:
    """Any: JSON, whose values are written as they are signed."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
