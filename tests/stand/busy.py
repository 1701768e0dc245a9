"""A chain on which much happens, and a bot and a node on it that are killed at seeded moments and started again."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field

from sniper.kernel import facts as f
from sniper_sdk.faults import FaultProxy
from stand.market import ETHER, Launch
from stand.stand import Stand

MOST_HELD = 4
"""Tokens that the bot holds before nothing more is launched."""
PAUSE_S = 0.15
"""Between two things that people do, at most."""


@dataclass
class Crowd:
    """People who launch tokens, buy them up, and make blocks. What they do follows from ``rng``."""

    stand: Stand[FaultProxy]
    rng: random.Random
    launches: list[Launch] = field(default_factory=list)

    async def act(self) -> None:
        """One thing."""
        stand, chance, held = self.stand, self.rng.random(), self._held()
        if chance < 0.15 and len(held) < MOST_HELD:
            self.launches.append(stand.market.launch())
        elif chance < 0.35 and self.launches:
            stand.market.buy(self.rng.choice(held or self.launches[-MOST_HELD:]), 8 * ETHER)
        else:
            stand.chain.mine()
        await asyncio.sleep(self.rng.random() * PAUSE_S)

    def _held(self) -> list[Launch]:
        """What the bot holds is bought up first: else it would hold that for ever, and nothing would happen."""
        book = self.stand.record.books.get(self.stand.traders[0].name)
        return [each for each in self.launches if book and each.asset(self.stand.chain) in book.positions]

    async def for_seconds(self, seconds: float) -> None:
        """Until so many have passed. Ends on a block, not in the middle of something."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await self.act()


@dataclass
class Killer:
    """``kills``: of the bot; ``node_kills``: of the node, each with the loss of its pool, and of its last blocks."""

    stand: Stand[FaultProxy]
    crowd: Crowd
    rng: random.Random
    kills: int = 0
    node_kills: int = 0
    lost_blocks: int = 0
    states: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=2))

    async def round(self, *, node: bool = True) -> None:
        """Busy for a moment, killed at another one, and perhaps once more while it starts; then it runs again.

        ``node``: it may be killed, too, while the bot runs or is dead.
        """
        stand, rng = self.stand, self.rng
        if not self.kills:
            self.crowd.launches.append(stand.market.launch())  # so that there is something to trade
        self._keep()
        crowd = asyncio.create_task(self.crowd.for_seconds(1.2))
        await asyncio.sleep(rng.random() * 0.6)
        if node and rng.random() < 0.15:
            self._kill_node()
        await asyncio.sleep(rng.random() * 0.6)
        await self._kill()
        await crowd
        if node and self.states and rng.random() < 0.3:
            self._kill_node()
        if rng.random() < 0.4:
            await stand.bot.start(stand.write(), environment=stand.environment)
            await asyncio.sleep(rng.random() * 2.5)
            await self._kill()
        stand.chain.mine(rng.randrange(3))
        await stand.start()

    async def settle(self) -> None:
        """Blocks, until the bot has nothing under way."""
        name = self.stand.traders[0].name
        await self.stand.mine()
        await self.stand.mine_until(lambda record: not record.books[name].orders)

    async def _kill(self) -> None:
        assert self.stand.bot.running, self.stand.bot.words()[-3_000:]
        await self.stand.bot.kill()
        self.kills += 1

    def _keep(self) -> None:
        self.states.append((self.stand.chain.block_number(), self.stand.chain.state()))

    def _kill_node(self) -> None:
        """It comes back as it was when the newest state was kept, or an older one."""
        stand = self.stand
        number, state = self.rng.choice(list(self.states))
        lost = stand.chain.block_number() - number
        self.lost_blocks += lost
        before = stand.chain.rpc_url
        stand.chain.restart(state)
        if stand.node.target == before:
            stand.node.target = stand.chain.rpc_url
        self.node_kills += 1
        self.states.clear()
        # launches that no block has any more are nobody's to trade
        code = stand.chain.rpc.call
        self.crowd.launches = [each for each in self.crowd.launches if code("eth_getCode", each.pool, "latest") != "0x"]
        stand.chain.mine(lost + 1)  # until then it is a node that is behind, and the bot waits for it


def bought(stand: Stand[FaultProxy]) -> int:
    """How many entries were filled."""
    return sum(1 for fact in stand.record.all(f.Booked) if fact.cash < 0 and not fact.undo)
