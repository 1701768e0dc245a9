"""One demo: a node of its own, the scenario's people on it, and the bot in a process of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from sniper.errors import SniperError
from sniper_sdk.demo import config
from sniper_sdk.demo.bot import PASSWORD, Bot
from sniper_sdk.demo.story import Story
from sniper_sdk.demo.summary import Summary, summarise
from sniper_sdk.devchain import DevChain
from sniper_sdk.npm import Progress
from sniper_sdk.protocols import UniswapV4, UniversalRouter
from sniper_sdk.zoo import Director, PlayedBlock, Scenario

BLOCK_S = 0.75
READY_S = 300.0
"""Within which the bot must be ready. Its router is compiled at the first start after an installation: half a minute of
a processor, and several where others want that, too."""
OLD_BLOCKS = 18
"""Age, in blocks, at which a position is sold in any case."""
LAST_BLOCKS = 12
"""Blocks at most after the scenario's end, for what the bot still has on its way."""

Watch = Callable[[Story, PlayedBlock | None], None]
Between = Callable[[], Awaitable[None]]


class BotFailed(SniperError, RuntimeError):
    """The bot ended before the demo did, or never got ready."""

    code = "demo-bot"


class Demo:
    """Everything of one demo.

    directory  Takes config, key, journal and log. ``amm``: what prices the pools of Uniswap V2.
    """

    def __init__(
        self,
        chain: DevChain,
        directory: Path,
        seed: int,
        *,
        block_s: float = BLOCK_S,
        max_age_s: int | None = None,
        amm: str = config.AMM,
    ) -> None:
        self.chain = chain
        self.directory = directory
        self.seed = seed
        self.amm = amm
        self.block_s = block_s
        self.max_age_s = max_age_s or max(1, round(OLD_BLOCKS * block_s))
        self.scenario = Scenario(seed)
        self.director = Director(chain, self.scenario)
        self.bot = Bot(directory / "bot.log")
        self.story = Story(directory / "data" / "journal")
        self.config = directory / "sniper.toml"

    async def prepare(self, progress: Progress | None = None) -> None:
        """Fund everyone, write the config, start the bot and wait until it sees the chain."""
        await self.director.prepare(progress)
        self.chain.fund(config.BOT.address, config.FUNDS)
        router = await asyncio.to_thread(self._universal_router)
        self.config = config.write(self.directory, self.chain, router, PASSWORD, max_age_s=self.max_age_s, amm=self.amm)
        await self.start_bot()

    def _universal_router(self) -> str:
        """Deploy it, and what it stands on; its address."""
        return UniversalRouter.deployed(self.chain, UniswapV4.deployed(self.chain)).router

    async def start_bot(self) -> None:
        """Start it, and wait until it has taken up its journal and read its wallet."""
        starts = self.story.starts
        await self.bot.start(self.config)
        try:
            async with asyncio.timeout(READY_S):
                while True:
                    self.story.read()
                    if self.story.starts > starts and self.story.ready:
                        return
                    self._alive()
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise BotFailed(
                f"the bot was not ready within {READY_S:g} s; is the machine busy? The end of its log says:\n"
                f"{self.bot.words()}"
            ) from None

    async def play(self, watch: Watch | None = None, between: Between | None = None) -> Summary:
        """Every block of the scenario, then some more until the bot has nothing on its way.

        between  Awaited after each block; the next one waits for it. This is where tests do harm.
        """
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self.director.done:
            due = max(due + self.block_s, loop.time())
            self._tell(watch, await self.director.step())
            if between is not None:
                await between()
            while loop.time() < due:
                await asyncio.sleep(min(0.05, max(0.0, due - loop.time())))
                self._tell(watch, None)
            self._alive()
        for _ in range(LAST_BLOCKS):
            if not self.story.book.orders and not self.story.book.pending:
                break
            self.chain.mine()
            await asyncio.sleep(self.block_s)
            self._tell(watch, None)
        return await self.end()

    async def end(self) -> Summary:
        """Stop the bot and judge what it did."""
        await self.bot.stop()
        self.story.read()
        # Routes of several pools are carried out for AMMs that the venue knows by name.
        splits = self.amm == config.AMM
        return summarise(self.scenario, self.chain, self.story, self.seed, splits=splits)

    def _tell(self, watch: Watch | None, played: PlayedBlock | None) -> None:
        self.story.read()
        if watch is not None:
            watch(self.story, played)

    def _alive(self) -> None:
        if not self.bot.running:
            raise BotFailed(f"the bot ended early; the end of its log says:\n{self.bot.words()}")
