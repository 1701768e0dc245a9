"""Scenarios, played: each once for the same arguments and the same block, whoever asks."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping
from importlib.util import find_spec
from typing import Any, Final, TypeVar

from msgspec import structs

from sniper.errors import ComputeError, RpcError, SniperError
from sniper.evm.rpc import Endpoints
from sniper.kernel.account import Account
from sniper.plugin import Frozen
from sniper.runtime.answered import Answers, Shared
from sniper.runtime.carried import Carrier, carrier
from sniper.runtime.desk import Desk
from sniper.runtime.errand import (
    Computed,
    Failed,
    Given,
    Lacks,
    Missed,
    Play,
    Refused,
    SourceAsked,
    SourceGiven,
    WayAsked,
)
from sniper.runtime.habits import Habits
from sniper.runtime.hardfork import LOCAL, read_hardfork
from sniper.runtime.node_stage import NodeStage, Sources, read_head
from sniper.runtime.purse import Purse
from sniper.runtime.stage import Head, Source, staged
from sniper.runtime.state_server import Questions, StateServer
from sniper.runtime.states import States
from sniper.runtime.way import StaysHere
from sniper.runtime.workers import Worker, Workers

T = TypeVar("T")

WITHIN_S: Final = 10.0
"""Seconds that one scenario may take on a node."""
KEPT: Final = 16 << 20
"""Bytes of results that are remembered. A block's hash is part of the question, so no reorg makes one wrong."""
REREAD: Final = 1_000
"""Blocks after which a node is asked again by whose rules its chain plays."""
HEADS: Final = 64
"""Blocks that are remembered."""


class Simulations:
    """Plays the scenarios of all accounts of a run."""

    def __init__(
        self, endpoints: Callable[[int], Endpoints], workers: Workers, hardforks: Mapping[int, str] | None = None
    ) -> None:
        """``hardforks``: by whose rules chains play, lower case; of the others their nodes are asked."""
        self._endpoints = endpoints
        self._workers = workers
        self._hardforks = hardforks or {}
        self._read_hardforks: dict[int, tuple[int, str]] = {}
        self._states = States()
        self._server = StateServer(self._states)
        self._habits = Habits()
        self._purse = Purse()
        self._heads: OrderedDict[tuple[int, str], Head] = OrderedDict()
        self._results = Answers(KEPT)
        self._running = Shared[bytes]()

    async def play(
        self,
        account: Account,
        chain_id: int,
        scenario: Callable[..., Generator[Any, Any, T]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> T:
        """See `sniper.io.Io.simulate`: on the newest block that the account's kernel knows."""
        carries = carrier(scenario)
        arguments = carries.write(args, kwargs)
        head = account.kernel.market.chains[chain_id].head
        if head is None:
            raise RpcError(f"chain {chain_id} has shown no block yet, so nothing can be simulated on one")
        key = (account.name, chain_id, head.hash, carries.name, hashlib.sha256(arguments).digest())
        result = self._results.get(key)
        if result is None:
            result = await self._running.run(
                key, lambda: self._played(account, chain_id, head.hash, scenario, carries, arguments)
            )
            self._results.put(key, result)
        value: T = carries.read_result(result)
        return value

    async def _played(
        self,
        account: Account,
        chain_id: int,
        block: str,
        scenario: Callable[..., Generator[Any, Any, Any]],
        carries: Carrier,
        arguments: bytes,
    ) -> bytes:
        endpoints = self._endpoints(chain_id)
        head = await self._head(chain_id, block)
        desk = Desk(account)

        async def source(token: str, amount: int) -> Source:
            return await self._purse.source(endpoints, token, block, _holders(account, token), amount)

        hardfork = await self._hardfork(head)
        if hardfork in LOCAL and find_spec("pyrevm") is not None:
            await self._server.start()
            name, questions = self._server.open(endpoints, head)
            work = Play(
                function=carries.name,
                arguments=arguments,
                head=head,
                hardfork=hardfork,
                url=self._server.url(name),
            )
            try:
                return await self._locally(work, questions, desk, source)
            except StaysHere:
                pass  # the node plays it, and this process asks for prices
            finally:
                self._server.close(name)
        stage = NodeStage(endpoints, head, desk.plan, source)
        try:
            async with asyncio.timeout(WITHIN_S):
                value = await stage.play(staged(scenario(**carries.read(arguments)), apart=True), carries.name)
        except TimeoutError:
            raise ComputeError(f"{carries.name} took more than {WITHIN_S:g} s") from None
        return carries.write_result(value)

    async def _locally(self, work: Play, questions: Questions, desk: Desk, source: Sources) -> bytes:
        """In a worker process, which is told what it asks for; and of the pool that it trades first, what scenarios of
        the same function have looked at there on other blocks."""
        pools: list[str] = []
        looked: list[Given] = []

        async def told(question: Frozen) -> Frozen:
            match question:
                case Lacks():
                    looked.append(await self._states.given(questions.endpoints, work.head, question))
                    return looked[-1]
                case Missed():
                    looked.append(await self._server.missed(questions))
                    return looked[-1]
                case WayAsked():
                    way = desk.way(question.pool).given()
                    pools.append(question.pool)
                    if len(pools) > 1:
                        return way
                    habit = work.head.chain_id, work.function, question.pool
                    try:
                        known = await self._states.given(questions.endpoints, work.head, self._habits.of(habit))
                    except RpcError:  # a node may refuse so much at once; each word is asked for when it is wanted
                        self._habits.forget(habit)
                        return way
                    return structs.replace(way, known=known)  # type: ignore[type-var]  # a msgspec struct
                case SourceAsked():
                    return SourceGiven(source=await source(question.token, question.amount))
            raise ComputeError(f"{work.function}: the worker said {type(question).__name__}")

        refused: SniperError | None = None
        async with self._workers.worker(work.function, WITHIN_S) as worker:
            await worker.send(work)
            while not isinstance(answer := await self._heard(worker, work.function), Computed | Failed):
                try:
                    given = await told(answer)
                except SniperError as error:
                    refused, given = refused or error, Refused()
                await worker.send(given)
            if isinstance(answer, Failed) and answer.ends:
                raise ComputeError(f"{work.function}: {answer.reason}")
        if pools and refused is None:
            accounts = {each.address for given in looked for each in given.accounts} | questions.accounts
            slots = {(each.address, each.slot) for given in looked for each in given.slots} | questions.slots
            self._habits.add((work.head.chain_id, work.function, pools[0]), accounts, slots)
        refused = refused or questions.error
        if refused is not None:
            raise refused
        if isinstance(answer, Failed):
            raise ComputeError(f"{work.function}: {answer.reason}")
        return answer.result

    async def _heard(self, worker: Worker, name: str) -> Frozen:
        try:
            async with asyncio.timeout(self._workers.within_s):
                return await worker.receive()
        except TimeoutError:
            raise ComputeError(f"{name} computed for more than {self._workers.within_s:g} s") from None

    async def _hardfork(self, head: Head) -> str:
        """As the config says, else as the node says; asked again now and then, for chains go on to the next one."""
        known = self._hardforks.get(head.chain_id)
        if known is not None:
            return known
        read_at, found = self._read_hardforks.get(head.chain_id, (-REREAD, ""))
        if abs(head.number - read_at) >= REREAD:
            found = await read_hardfork(self._endpoints(head.chain_id))
            self._read_hardforks[head.chain_id] = head.number, found
        return found

    async def _head(self, chain_id: int, block: str) -> Head:
        found = self._heads.get((chain_id, block))
        if found is None:
            found = self._heads[chain_id, block] = await read_head(self._endpoints(chain_id), block)
            while len(self._heads) > HEADS:
                self._heads.popitem(last=False)
        return found

    async def close(self) -> None:
        """Give up what is being played."""
        await self._running.close()
        await self._server.stop()


def _holders(account: Account, token: str) -> list[str]:
    """Pools that may have a lot of a token, where its storage gives nothing away."""
    pools = sorted(account.chain.trading(token), key=lambda pool: pool.address)
    return [pool.address for pool in pools if len(pool.address) == 42][:50]
