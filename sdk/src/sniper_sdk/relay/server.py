"""One relay's door: JSON-RPC over HTTP. What is not a relay's own goes to the node behind it unchanged."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import aiohttp
from aiohttp import web

from sniper.evm.revert import revert_reason
from sniper_sdk.relay.builder import Builder
from sniper_sdk.relay.bundle import Bundle, Transaction, eth_bundle, mev_bundle, private, public, quantity
from sniper_sdk.relay.faults import FaultKind, Faults
from sniper_sdk.relay.refusal import Refused
from sniper_sdk.relay.signature import HEADER, signer_of

Result = Any
"""Any: JSON, whose shape is the method's."""
_LYING = "internal error: try again"
_LARGEST = 2**26


class Relay:
    """``async with Relay(builder) as relay:``; then send to ``relay.url``.

    ``asked``: (method, parameters) of its own requests, in the order of arrival. ``faults``: what it does wrong. Two
    relays before one builder need two names: what one holds the other cannot cancel.

    Public: ``eth_sendRawTransaction``, ``evm_mine`` (has the builder build) and whatever the node behind it knows.
    With ``X-Flashbots-Signature``: ``eth_sendPrivateTransaction``, ``eth_sendPrivateRawTransaction``,
    ``eth_cancelPrivateTransaction``, ``eth_sendBundle``, ``eth_cancelBundle``, ``eth_callBundle``, ``mev_sendBundle``.
    """

    def __init__(self, builder: Builder, *, name: str = "relay", seed: int = 0) -> None:
        self.builder = builder
        self.name = name
        self.faults = Faults(seed)
        self.asked: list[tuple[str, Any]] = []  # Any: JSON
        self.url = ""
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._own: dict[str, Callable[[str, Any], tuple[Result, tuple[Bundle, ...]]]] = {
            "eth_sendRawTransaction": self._public,
            "eth_sendPrivateTransaction": self._private,
            "eth_sendPrivateRawTransaction": self._private_raw,
            "eth_cancelPrivateTransaction": self._cancel_private,
            "eth_sendBundle": self._bundle,
            "eth_cancelBundle": self._cancel_bundle,
            "eth_callBundle": self._call_bundle,
            "mev_sendBundle": self._mev_bundle,
            "evm_mine": self._build,
        }

    async def start(self) -> Self:
        """Listen on a free port of the loopback interface, or on the one that it had."""
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_post("/", self._answer)
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"
        return self

    async def stop(self) -> None:
        """Stop listening. May be called twice; what it took stays with the builder."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # requests

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw)
        signed_by = _Signer(request.headers.get(HEADER), raw)
        if isinstance(body, list) and not any(each.get("method") in self._own for each in body):
            return web.json_response(await self._forward(body))  # whole: what it reads belongs together
        if isinstance(body, list):
            answers = [await self._one(each, signed_by, {}) for each in body]
            return web.json_response([answer for answer, _ in answers])
        fired: dict[FaultKind, object] = {}
        answer, status = await self._one(body, signed_by, fired)
        transport = request.transport
        if FaultKind.LOSE_ANSWER in fired and transport is not None:
            transport.abort()
        response = web.json_response(answer, status=status)
        if FaultKind.ANSWER_TWICE in fired and transport is not None:
            text = json.dumps(answer).encode()
            lines = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
            await response.prepare(request)
            await response.write_eof()
            transport.write(lines.encode() + text)
        return response

    async def _one(
        self, asked: dict[str, Any], signed_by: "_Signer", fired: dict[FaultKind, object]
    ) -> tuple[dict[str, Any], int]:
        """The answer, and HTTP's status. ``fired``: gets the faults of this request."""
        method, params = asked.get("method", ""), asked.get("params") or []
        if method not in self._own:
            return await self._pass_on(asked), 200
        frame = {"jsonrpc": "2.0", "id": asked.get("id")}
        self.asked.append((method, params))
        try:
            open_to_all = method in ("eth_sendRawTransaction", "evm_mine")
            owner = "" if open_to_all else signed_by.address()
            result, bundles = self._own[method](owner, params)
            senders = {sender for bundle in bundles for sender in bundle.senders}
            drawn = {} if method == "evm_mine" else self.faults.draw(method, senders)
            fired.update(drawn)
            late = drawn.get(FaultKind.DELAY)
            for bundle in bundles:
                relay = "" if method == "eth_sendRawTransaction" else self.name
                if FaultKind.DROP not in drawn:
                    self.builder.add(
                        relay, bundle, delay=late.blocks if late else 0, hidden=partial(self.faults.censors, method)
                    )
        except Refused as refused:
            return {**frame, "error": {"code": refused.number, "message": str(refused)}}, refused.status
        if FaultKind.DENY in fired:
            return {**frame, "error": {"code": -32000, "message": _LYING}}, 200
        return {**frame, "result": result}, 200

    async def _pass_on(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The node's answer. Its count of a sender's transactions knows nothing of the public pool, which is here."""
        told: dict[str, Any] = await self._forward(asked)
        params = asked.get("params") or []
        if asked.get("method") == "eth_getTransactionCount" and "result" in told and params[1:] == ["pending"]:
            told["result"] = hex(self.builder.pending_nonce(str(params[0]), int(told["result"], 16)))
        return told

    async def _forward(self, body: Any) -> Any:
        """Any: JSON."""
        assert self._session is not None
        async with self._session.post(self.builder.chain.rpc_url, json=body) as response:
            return json.loads(await response.read())

    # methods: the result, and what the builder gets

    def _public(self, owner: str, params: Any) -> tuple[Result, tuple[Bundle, ...]]:
        transaction = Transaction.parse(params[0])
        return transaction.hash, (public(transaction),)

    def _private(self, owner: str, params: Any) -> tuple[Result, tuple[Bundle, ...]]:
        asked = _object(params)
        transaction = Transaction.parse(asked.get("tx"))
        last = quantity(asked, "maxBlockNumber", 0) or None
        return transaction.hash, (private(owner, transaction, self.builder.head().number, last),)

    def _private_raw(self, owner: str, params: Any) -> tuple[Result, tuple[Bundle, ...]]:
        return self._private(owner, [{"tx": params[0]}])

    def _cancel_private(self, owner: str, params: Any) -> tuple[Result, tuple[Bundle, ...]]:
        hash_ = str(_object(params).get("txHash")).lower()
        held = [each for each in self.builder.bundles(self.name) if each.key[0] == "private" and each.owner == owner]
        found = [each for each in held if each.transactions[0].hash == hash_]
        for each in found:
            self.builder.remove(self.name, each.key)
        return bool(found), ()

    def _bundle(self, owner: str, params: Any) -> tuple[Result, tuple[Bundle, ...]]:
        return self._placed(eth_bundle(owner, _object(params), self.builder.head().number))

    def _mev_bundle(self, owner: str, params: Any) -> tuple[Result, tuple[Bundle, ...]]:
        return self._placed(mev_bundle(owner, _object(params), self.builder.head().number))

    def _placed(self, bundle: Bundle) -> tuple[Result, tuple[Bundle, ...]]:
        if not bundle.transactions:
            self.builder.remove(self.name, bundle.key)
            return {"bundleHash": None}, ()
        if bundle.last <= self.builder.head().number:
            raise Refused(f"block {bundle.last} is there already; the next one is {self.builder.head().number + 1}")
        return {"bundleHash": bundle.hash}, (bundle,)

    def _cancel_bundle(self, owner: str, params: Any) -> tuple[Result, tuple[Bundle, ...]]:
        uuid = _object(params).get("replacementUuid")
        return self.builder.remove(self.name, ("uuid", owner, str(uuid))), ()

    def _call_bundle(self, owner: str, params: Any) -> tuple[Result, tuple[Bundle, ...]]:
        asked, head = _object(params), self.builder.head()
        transactions = eth_bundle(owner, {"txs": asked.get("txs")}, head.number).transactions
        played = self.builder.play(transactions)
        results = []
        for transaction, outcome in zip(transactions, played.outcomes, strict=True):
            result = {
                "txHash": transaction.hash,
                "fromAddress": transaction.sender,
                "toAddress": transaction.call.get("to"),
                "gasUsed": outcome.gas_used,
            }
            if outcome.error:
                data = bytes.fromhex(outcome.returned.removeprefix("0x"))
                result |= {
                    "error": "execution reverted",
                    "revert": revert_reason(data),
                    "revertData": "0x" + data.hex(),
                }
            else:
                result["value"] = outcome.returned
            results.append(result)
        found = {
            "bundleHash": eth_bundle(owner, {"txs": asked.get("txs")}, head.number).hash,
            "bundleGasPrice": str(played.paid // played.gas_used),
            "coinbaseDiff": str(played.paid),
            "results": results,
            "stateBlockNumber": head.number,
            "totalGasUsed": played.gas_used,
        }
        return found, ()

    def _build(self, owner: str, params: Any) -> tuple[Result, tuple[Bundle, ...]]:
        self.builder.build()
        return "0x0", ()


class _Signer:
    """Who signed a request, looked at only where somebody wants to know."""

    def __init__(self, header: str | None, body: bytes) -> None:
        self._header = header
        self._body = body

    def address(self) -> str:
        """Raises `Refused`."""
        return signer_of(self._header, self._body)


def _object(params: Any) -> dict[str, Any]:
    """The one parameter. Any: JSON. Raises `Refused`."""
    if not isinstance(params, Sequence) or len(params) != 1 or not isinstance(params[0], dict):
        raise Refused("params is a list of one object", number=-32602)
    return params[0]
