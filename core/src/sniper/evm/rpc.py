"""RPC access to one chain through several endpoints: health, failover, rate budgets, block-pinned batched reads, sends.

Reads go to the fastest healthy endpoint and on to the next when one is dead, garbles its answer, leaves out part of a
batch or serves another chain. Sends do not: after a failed send nobody knows whether the transaction is on its way, so
the caller decides. No error ever holds a URL.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from enum import StrEnum
from importlib import import_module
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeAlias

from msgspec import Struct

from sniper.errors import ConfigError, RpcError, WrongChain
from sniper.evm.endpoint import Endpoint, NodeError, Request
from sniper.evm.gathering import Gathering
from sniper.evm.revert import Reverted, revert_reason
from sniper.evm.transaction import transaction_hash

__all__ = [
    "Block",
    "Endpoints",
    "NodeError",
    "Provider",
    "Request",
    "SendKind",
    "SendOutcome",
    "block_parameter",
    "returned",
    "send_kind",
]

Block: TypeAlias = int | str
"""A block's number or its hash. A hash pins the fork as well; a number may mean another block after a reorg."""


class Provider(Struct, frozen=True, kw_only=True):
    """One endpoint and its rate budget: ``rate`` requests a second, ``burst`` at once; a batch counts each request."""

    url: str
    rate: float = 1000.0
    burst: int = 1000

    def __repr__(self) -> str:
        return f"Provider(rate={self.rate}, burst={self.burst})"


class SendKind(StrEnum):
    ACCEPTED = "accepted"
    KNOWN = "known"
    NONCE_TOO_LOW = "nonce_too_low"
    UNDERPRICED = "underpriced"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    REJECTED = "rejected"


class SendOutcome(Struct, frozen=True, kw_only=True):
    """What a node said to a transaction. ``message`` holds its words unless it accepted."""

    kind: SendKind
    hash: str
    endpoint: str
    message: str = ""


# The words of geth, reth, erigon, nethermind, besu and anvil; the first match counts.
_SEND_ANSWERS: Final = (
    (SendKind.KNOWN, ("already known", "alreadyknown", "already_exists", "already imported", "known transaction")),
    (SendKind.NONCE_TOO_LOW, ("nonce too low", "nonce_too_low", "oldnonce", "nonce is too low")),
    (
        SendKind.UNDERPRICED,
        (
            "underpriced",
            "feetoolow",
            "fee too low",
            "less than block base fee",
            "below current base fee",
            "price too low",
        ),
    ),
    (
        SendKind.INSUFFICIENT_FUNDS,
        ("insufficient funds", "insufficientfunds", "insufficient balance", "exceeds account"),
    ),
)
_PREFERENCE: Final = tuple(SendKind)


def send_kind(words: str) -> SendKind:
    """What a node's or a relay's refusal of a transaction means; `SendKind.REJECTED` where its words are not known."""
    lower = words.lower()
    return next((kind for kind, parts in _SEND_ANSWERS if any(part in lower for part in parts)), SendKind.REJECTED)


def block_parameter(block: Block) -> str | dict[str, str]:
    """A number or a hash as a block parameter (EIP-1898)."""
    return hex(block) if isinstance(block, int) else {"blockHash": block}


class Endpoints:
    """One chain.

    ``timeout``: seconds for one call with all its failovers and pauses; ``attempt_timeout``: for one endpoint's answer.
    ``rng`` jitters the pauses after failures. Use it as an async context manager, or call `close`.
    """

    def __init__(
        self,
        chain_id: int,
        providers: Sequence[str | Provider],
        *,
        timeout: float = 10.0,
        attempt_timeout: float = 3.0,
        rng: random.Random | None = None,
    ) -> None:
        if not providers:
            raise ConfigError(f"chain {chain_id} has no endpoint: give at least one URL")
        self.chain_id = chain_id
        self.timeout = timeout
        self.attempt_timeout = attempt_timeout
        rng = rng or random.Random()
        self.endpoints = [
            Endpoint(chain_id, provider.url, rate=provider.rate, burst=provider.burst, rng=rng)
            for provider in (Provider(url=each) if isinstance(each, str) else each for each in providers)
        ]
        self._gathering = Gathering(self.call, self.batch)
        self._sending: set[asyncio.Task[SendOutcome]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Verify the chain of every endpoint and leave the connections warm.

        Raises `WrongChain` when any endpoint serves another chain, which is a mistake in the config and never an
        outage; `RpcError` when none answers.
        """
        results = await asyncio.gather(
            *(endpoint.ask([("eth_chainId", ())], self.attempt_timeout) for endpoint in self.endpoints),
            return_exceptions=True,
        )
        errors = [result for result in results if isinstance(result, BaseException)]
        for error in errors:
            if not isinstance(error, RpcError) or isinstance(error, WrongChain):
                raise error
        if len(errors) == len(self.endpoints):
            raise self._exhausted([("eth_chainId", ())], self.attempt_timeout)

    async def close(self) -> None:
        for task in self._sending:
            task.cancel()
        if self._sending:
            await asyncio.wait(self._sending)
        for endpoint in self.endpoints:
            await endpoint.close()

    async def call(self, method: str, params: Sequence[Any] = (), *, within: float | None = None) -> Any:
        """One request; the result as JSON. Raises `NodeError` when the node refused it, else `RpcError`."""

        (result,) = await self._ask([(method, params)], within, _refusal)
        if isinstance(result, NodeError):
            raise result
        return result

    async def ask(self, method: str, params: Sequence[Any]) -> Any:
        """As `call`; shares an exchange with whatever is asked so in the same moment."""
        return await self._gathering.ask(method, params)

    async def batch(self, requests: Sequence[Request], *, within: float | None = None) -> list[Any | NodeError]:
        """One JSON-RPC batch to one endpoint; results in order, with a `NodeError` where the node refused."""
        return await self._ask(requests, within, lambda _: None)

    async def read(
        self, calls: Sequence[tuple[str, bytes]], block: Block, *, within: float | None = None
    ) -> list[bytes | Reverted]:
        """``eth_call`` each (address, calldata) at ``block``, in one batch to one endpoint: one consistent state.

        A call that reverted, ran out of gas or hit an invalid instruction has a `Reverted` in its place.
        """
        at = block_parameter(block)
        requests = [("eth_call", ({"to": to, "data": "0x" + data.hex()}, at)) for to, data in calls]

        results = await self._ask(requests, within, lambda found: _refusal(found) or _garbled(found))
        return [returned(to, result) for (to, _), result in zip(calls, results, strict=True)]

    async def send_raw(
        self, raw: bytes, *, to: Literal["first", "all"] = "first", within: float | None = None
    ) -> SendOutcome:
        """Send signed bytes to the best endpoint, or the same bytes to all that are healthy.

        With ``"all"`` the first acceptance is returned while the other sends go on. `RpcError` means that the outcome
        is unknown: send the same bytes again or look for the receipt, and sign nothing new with this nonce before.
        """
        within = within or self.attempt_timeout
        now = asyncio.get_running_loop().time()
        ranked = sorted(self.endpoints, key=lambda each: (not each.healthy, max(each.due(1, now), now), each.latency))
        if to == "first" or len(ranked) == 1:
            return await self._send(ranked[0], raw, within)
        chosen = [endpoint for endpoint in ranked if endpoint.healthy] or ranked[:1]
        tasks = {asyncio.create_task(self._send(endpoint, raw, within)) for endpoint in chosen}
        for task in tasks:
            self._sending.add(task)
            task.add_done_callback(self._sent)
        waiting, done = tasks, set[asyncio.Task[SendOutcome]]()
        while waiting:
            finished, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            done |= finished
            for task in finished:
                if task.exception() is None and task.result().kind is SendKind.ACCEPTED:
                    return task.result()
        outcomes = [task.result() for task in done if task.exception() is None]
        best = min(outcomes, key=lambda outcome: _PREFERENCE.index(outcome.kind), default=None)
        errors = [error for task in done if (error := task.exception()) is not None]
        # A refusal by one says nothing of an endpoint that may have taken the bytes and then fell silent.
        if best is None or (errors and best.kind is not SendKind.KNOWN):
            raise errors[0]
        return best

    async def subscriptions(self, *subscriptions: Sequence[Any]) -> AsyncGenerator[tuple[int, Any], None]:
        """Yield (which of ``subscriptions``, result as JSON); each is the parameters of ``eth_subscribe``.

        Carried by web3.py, imported here. Uses the best ws or ipc endpoint and raises `RpcError` when its connection
        ends: subscribe again and fill the gap.
        """
        now = asyncio.get_running_loop().time()
        able = [endpoint for endpoint in self.endpoints if not endpoint.url.startswith("http")]
        if not able:
            raise RpcError(f"chain {self.chain_id} has no endpoint that can subscribe: add a ws:// URL or an ipc path")
        best = min(able, key=lambda endpoint: (max(endpoint.due(1, now), now), endpoint.latency))
        # It imports web3, for seconds: beside the event loop, lest what was asked meanwhile misses its deadline.
        await asyncio.to_thread(import_module, "sniper.evm.subscriptions")
        from sniper.evm.subscriptions import subscribe

        async with aclosing(
            subscribe(best.url, self.chain_id, subscriptions, within=self.attempt_timeout)
        ) as notifications:
            async for notification in notifications:
                yield notification

    async def _ask(
        self,
        requests: Sequence[Request],
        within: float | None,
        judge: Callable[[list[Any | NodeError]], RpcError | None],
    ) -> list[Any | NodeError]:
        """The first results that ``judge`` has nothing against. An endpoint refuses once, but may fail repeatedly."""
        if not requests:
            return []
        loop = asyncio.get_running_loop()
        within = within or self.timeout
        deadline = loop.time() + within
        refusal: NodeError | None = None
        open_: list[Endpoint] = list(self.endpoints)
        while open_:
            now = loop.time()
            endpoint = min(open_, key=lambda each: (max(each.due(len(requests), now), now), each.latency))
            due = endpoint.due(len(requests), now)
            if max(due, now) >= deadline:
                raise refusal or self._exhausted(requests, within)
            if due > now:
                await asyncio.sleep(due - now)
                continue
            try:
                results = await endpoint.ask(requests, min(self.attempt_timeout, deadline - now))
            except NodeError as error:
                refusal = error
                if not error.throttled:
                    open_.remove(endpoint)
                continue
            except RpcError:
                continue
            found = judge(results)
            if found is None:
                return results
            if isinstance(found, NodeError):
                refusal = found
                open_.remove(endpoint)
            else:
                endpoint.distrust(found)
        raise refusal or self._exhausted(requests, within)

    def _exhausted(self, requests: Sequence[Request], within: float) -> RpcError:
        failures = [endpoint.failure for endpoint in self.endpoints if endpoint.failure is not None]
        for failure in failures:
            if isinstance(failure, WrongChain) and len(failures) == len(self.endpoints):
                return failure
        what = requests[0][0] if len(requests) == 1 else f"a batch of {len(requests)}"
        why = "; ".join(str(failure) for failure in failures) or "its rate budget is spent"
        return RpcError(f"chain {self.chain_id}: no endpoint answered {what} within {within:g} s: {why}")

    async def _send(self, endpoint: Endpoint, raw: bytes, within: float) -> SendOutcome:
        (answer,) = await endpoint.ask([("eth_sendRawTransaction", ("0x" + raw.hex(),))], within)
        hash_ = transaction_hash(raw)
        if isinstance(answer, NodeError):
            kind = send_kind(answer.text)
            return SendOutcome(kind=kind, hash=hash_, endpoint=endpoint.name, message=answer.text[:300])
        if answer != hash_:
            raise RpcError(
                f"{endpoint.name} confirmed {answer!r:.80} for the transaction {hash_}: its outcome is unknown"
            )
        return SendOutcome(kind=SendKind.ACCEPTED, hash=hash_, endpoint=endpoint.name)

    def _sent(self, task: asyncio.Task[SendOutcome]) -> None:
        self._sending.discard(task)
        if not task.cancelled():
            # Read, so that asyncio does not report it a second time: the endpoint keeps its own failure.
            task.exception()


def _refusal(results: list[Any | NodeError]) -> NodeError | None:
    """An error of the node; one of the contract would be the same elsewhere."""
    return next((each for each in results if isinstance(each, NodeError) and not each.execution_failed), None)


def _garbled(results: list[Any | NodeError]) -> RpcError | None:
    wrong = (each for each in results if not isinstance(each, NodeError) and _data(each) is None)
    return next((RpcError(f"eth_call gave {each!r:.60}, which is no data") for each in wrong), None)


def returned(to: str, result: Any | NodeError) -> bytes | Reverted:
    """What a call of ``to`` gave. Any: JSON."""
    if isinstance(result, NodeError):
        data = _revert_data(result.data)
        return Reverted(to, revert_reason(data) if data else result.text[:300] or "no reason given", data)
    return bytes.fromhex(result[2:])


def _data(result: Any) -> bytes | None:
    if not isinstance(result, str) or result[:2] != "0x":
        return None
    try:
        return bytes.fromhex(result[2:])
    except ValueError:
        return None


def _revert_data(data: Any) -> bytes:
    """Return data as nodes give it: hex, or "Reverted 0x…", or in an object; empty when there is none."""
    if isinstance(data, dict):
        data = data.get("data")
    if not isinstance(data, str):
        return b""
    try:
        return bytes.fromhex(data.removeprefix("Reverted ").removeprefix("0x"))
    except ValueError:
        return b""
