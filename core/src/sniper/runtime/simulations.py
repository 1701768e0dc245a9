"""Scenarios, played: each once for the same arguments and the same block, whoever asks."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Generator
from typing import Any, Final, TypeVar

from sniper.errors import ComputeError, RpcError
from sniper.evm.rpc import Endpoints
from sniper.kernel.account import Account
from sniper.runtime.answered import Answers, Shared
from sniper.runtime.carried import Carrier, carrier
from sniper.runtime.desk import Desk
from sniper.runtime.node_stage import NodeStage, read_head
from sniper.runtime.purse import Purse, Source
from sniper.runtime.stage import Head, staged

T = TypeVar("T")

WITHIN_S: Final = 10.0
"""Seconds that one scenario may take on a node."""
KEPT: Final = 16 << 20
"""Bytes of results that are remembered. A block's hash is part of the question, so no reorg makes one wrong."""
HEADS: Final = 64
"""Blocks that are remembered."""


class Simulations:
    """Plays the scenarios of all accounts of a run."""

    def __init__(self, endpoints: Callable[[int], Endpoints]) -> None:
        self._endpoints = endpoints
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
        head = await self._head(chain_id, block)
        desk = Desk(account)

        async def source(token: str, amount: int) -> Source:
            return await self._purse.source(self._endpoints(chain_id), token, block, _holders(account, token), amount)

        stage = NodeStage(self._endpoints(chain_id), head, desk.plan, source)
        try:
            async with asyncio.timeout(WITHIN_S):
                value = await stage.play(staged(scenario(**carries.read(arguments)), apart=True), carries.name)
        except TimeoutError:
            raise ComputeError(f"{carries.name} took more than {WITHIN_S:g} s") from None
        return carries.write_result(value)

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


def _holders(account: Account, token: str) -> list[str]:
    """Pools that may have a lot of a token, where its storage gives nothing away."""
    pools = sorted(account.chain.trading(token), key=lambda pool: pool.address)
    return [pool.address for pool in pools if len(pool.address) == 42][:50]
