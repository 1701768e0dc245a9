"""One endpoint of a chain: what it answers, how fast, and whether it can be trusted to be the right chain."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import UNSET

from sniper.errors import RpcError, WrongChain
from sniper.evm.pacing import Backoff, TokenBucket
from sniper.evm.wire import Answer, Answers, ErrorObject, transport_for

__all__ = ["Endpoint", "NodeError", "Request"]

Request: TypeAlias = tuple[str, Sequence[Any]]
"""Method and its JSON parameters. Any: JSON."""

_WEIGHT: Final = 0.2
_THROTTLED: Final = ("rate limit", "too many requests", "request limit", "compute units", "throttl")
_EXECUTION: Final = ("revert", "out of gas", "outofgas", "invalid opcode", "invalidfe", "stack under", "stack over")
_ids: Final = itertools.count(1)


class NodeError(RpcError):
    """A node understood the request and answered with a JSON-RPC error.

    ``number`` is JSON-RPC's error code (`code` is sniper's), ``text`` the node's words, ``data`` what it added.
    """

    def __init__(self, endpoint: str, method: str, error: ErrorObject) -> None:
        super().__init__(f"{endpoint} refused {method}: {error.message[:300]} (code {error.code})")
        self.endpoint = endpoint
        self.method = method
        self.number = error.code
        self.text = error.message
        # Any: JSON of the node's choice.
        self.data: Any = error.data

    @property
    def execution_failed(self) -> bool:
        """The contract failed, which every node would say, and not the node."""
        words = self.text.lower()
        return self.number == 3 or any(word in words for word in _EXECUTION)

    @property
    def throttled(self) -> bool:
        """A contract that reverts with "rate limit" does not turn its readers away from the node."""
        words = self.text.lower()
        said = any(word in words for word in _THROTTLED) and not self.execution_failed
        return said or self.number in (-32005, 429)


class Endpoint:
    """``latency``: exponentially weighted mean of answered exchanges, in seconds, 0 before the first."""

    def __init__(self, chain_id: int, url: str, *, rate: float, burst: int, rng: random.Random) -> None:
        self.url = url
        self.chain_id = chain_id
        self.latency = 0.0
        self.failure: RpcError | None = None
        self._transport = transport_for(url)
        self.name = self._transport.name
        self._budget = TokenBucket(rate, burst)
        self._backoff = Backoff(rng)
        self._verified = False
        self._verifying = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Endpoint({self.name})"

    @property
    def healthy(self) -> bool:
        return self._backoff.failures == 0

    def due(self, cost: int, now: float) -> float:
        """The time at which ``cost`` requests may leave."""
        return max(self._backoff.until, now + self._budget.wait(cost, now))

    async def ask(self, requests: Sequence[Request], within: float) -> list[Any | NodeError]:
        """Results in order; a request that the node refused has a `NodeError` in its place.

        Raises `RpcError` when it does not answer properly, a `NodeError` when it refuses the batch as such, and
        `WrongChain`. The chain is verified before the first use and after every failure.
        """
        loop = asyncio.get_running_loop()
        start = loop.time()
        if not self._verified:
            await self._verify(within)
        return await self._exchange(requests, max(within - (loop.time() - start), within / 10))

    def distrust(self, error: RpcError) -> None:
        """Its answer was well-formed and senseless: treat it as a failure."""
        self._failed(RpcError(f"{self.name}: {error}"), asyncio.get_running_loop().time())

    async def close(self) -> None:
        await self._transport.close()

    async def _verify(self, within: float) -> None:
        loop = asyncio.get_running_loop()
        asked = loop.time()
        async with self._verifying:
            if self._verified:
                return
            if self._backoff.failed_at > asked and self.failure is not None:
                raise self.failure  # while this one waited; the pause that follows is for all
            asked = loop.time()
            (answer,) = await self._exchange([("eth_chainId", ())], within)
            if isinstance(answer, NodeError):
                raise self._failed(answer, asked)
            try:
                found = int(answer, 16)
            except (TypeError, ValueError):
                raise self._failed(RpcError(f"{self.name} answered eth_chainId with {answer!r:.60}"), asked) from None
            if found != self.chain_id:
                message = f"{self.name} serves chain {found}, but the config says chain {self.chain_id}"
                raise self._failed(WrongChain(f"{message}: correct the URL or the chain id"), asked, lasting=True)
            self._verified = True

    async def _exchange(self, requests: Sequence[Request], within: float) -> list[Any | NodeError]:
        if not requests:
            return []
        loop = asyncio.get_running_loop()
        ids = [next(_ids) for _ in requests]
        bodies = [
            {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}
            for id_, (method, params) in zip(ids, requests, strict=True)
        ]
        payload = msgspec.json.encode(bodies if len(bodies) > 1 else bodies[0])
        start = loop.time()
        self._budget.take(len(ids), start)
        try:
            results = self._match(ids, requests, await self._transport.exchange(ids, payload, within))
        except RpcError as error:
            raise self._failed(error, start) from None
        for result in results:
            if isinstance(result, NodeError) and result.throttled:
                raise self._failed(result, start)
        took = loop.time() - start
        self.latency = took if self.latency == 0.0 else self.latency + _WEIGHT * (took - self.latency)
        self._backoff.succeeded()
        self.failure = None
        return results

    def _match(self, ids: Sequence[int], requests: Sequence[Request], answers: Answers) -> list[Any | NodeError]:
        method = requests[0][0] if len(requests) == 1 else f"a batch of {len(requests)}"
        several = answers if isinstance(answers, list) else [answers]
        if len(ids) > 1 and not isinstance(answers, list):
            if answers.error is not None:
                raise NodeError(self.name, method, answers.error)
            raise RpcError(f"{self.name} answered {method} with a single answer")
        by_id: dict[int | str | None, Answer] = {answer.id: answer for answer in several}
        if len(several) == len(ids) == 1 and several[0].id is None and several[0].error is not None:
            by_id = {ids[0]: several[0]}
        if len(several) != len(ids) or by_id.keys() != set(ids):
            fitting = len(by_id.keys() & set(ids))
            raise RpcError(
                f"{self.name} answered {fitting} of {len(ids)} requests of {method} in {len(several)} answers"
            )
        return [self._result(request[0], by_id[id_]) for id_, request in zip(ids, requests, strict=True)]

    def _result(self, method: str, answer: Answer) -> Any | NodeError:
        if answer.error is not None:
            return NodeError(self.name, method, answer.error)
        if answer.result is UNSET:
            raise RpcError(f"{self.name} answered {method} with neither result nor error")
        return answer.result

    def _failed(self, error: RpcError, asked: float, *, lasting: bool = False) -> RpcError:
        self._backoff.failed(asked, asyncio.get_running_loop().time(), lasting=lasting)
        self._verified = False
        self.failure = error
        return error
