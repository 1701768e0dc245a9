"""A real run in paper mode: real plugins on a fake node that only knows a wallet, fed by the test."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web
from recorded_world import CREATED, ETHER, FACTORY, MINT, ROUTER, SYNC, WETH, address, topic, word
from structlog.testing import capture_logs

from sniper.catalogue import Catalogue
from sniper.config import Config
from sniper.events import Block, Event, Log, Reorg
from sniper.executor import Executor
from sniper.feed import Feed
from sniper.router import Router
from sniper.runtime.control import wallet_read
from sniper.runtime.run import Run
from sniper.settings.load import load
from sniper.settings.resolved import Configured, Resolved
from sniper.settings.resolver import resolve
from sniper.signer import Signer
from sniper.specs import RouterSpec
from sniper.strategy import Strategy
from sniper.types import asset_id

CHAIN = 31_337
OWNER = "0x" + "aa" * 20
TOKEN, POOL = address(0x70001), address(0x90001)
ASSET = asset_id(CHAIN, TOKEN)

FILE = f"""
mode = "paper"
data_dir = "data"
[chain.local]
id = {CHAIN}
endpoints = ["NODE"]
wrapped_native = "{WETH}"
local = true
[runtime]
metrics_port = 0
[account.main]
address = "{OWNER}"
[account.other]
address = "{OWNER[:-1]}b"
strategies = []
[strategy.launch-snipe]
exits = []
min_liquidity = "1 ether"
[sizer.fixed]
amount = "0.1 ether"
[risk.limits]
max_spend_per_trade = "1 ether"
max_spend_per_day = "2 ether"
[amm.constant-product]
factories = ["{FACTORY}"]
[venue.uniswap]
chain_id = {CHAIN}
wrapped = "{WETH}"
v2_router = "{ROUTER}"
[feed.evm-logs]
"""


class Script(Feed):
    """Gives what the test puts into ``batches``; an exception in it is raised, as by a feed that lost its source."""

    batches: "asyncio.Queue[Sequence[Event] | Exception]"

    def __init__(self, config: Any, context: Any) -> None:  # Any: what the runtime hands to any feed
        self.context = context

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        while True:
            batch = await self.batches.get()
            if isinstance(batch, Exception):
                raise batch
            yield batch


class Stage:
    """A run and what the test says to it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.number = 0
        self.index = 0

    async def reaches(self, condition: Any) -> None:
        """Wait until something holds. Any: a callable that is asked again after each turn of the loop."""
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110  (what is waited for has no event of its own)
                await asyncio.sleep(0.001)

    def next_block(self) -> Block:
        """The head of the next block, which is handed to nobody yet."""
        self.number += 1
        now = self.run.clock()
        return Block(
            time=now,
            chain_id=CHAIN,
            number=self.number,
            hash=f"0x{self.number:064x}",
            parent=f"0x{self.number - 1:064x}",
            timestamp=now // 10**9,
            base_fee=10**9,
            gas_used=1,
            gas_limit=2,
        )

    async def block(self, *logs: Log) -> None:
        """A block with these logs; returns when it is on record."""
        await Script.batches.put([self.next_block(), *logs])
        await self.reaches(lambda: self.run.kernel.market.chains[CHAIN].number == self.number)

    def log(self, emitter: str, topics: tuple[str, ...], data: bytes) -> Log:
        self.index += 1
        return Log(
            time=self.run.clock(),
            chain_id=CHAIN,
            block=self.number + 1,
            tx_hash=f"0x{self.number:064x}",
            index=self.index,
            address=emitter,
            topics=topics,
            data=data,
        )

    async def halt(self) -> None:
        """A reorg that is deeper than the finality, which must be below 4: both accounts are halted."""
        for _ in range(5):
            await self.block()
        await Script.batches.put([Reorg(time=self.run.clock(), chain_id=CHAIN, ancestor=self.number - 4)])
        await self.reaches(lambda: all(account.book.halted for account in self.run.kernel.accounts.values()))

    async def launch(self) -> None:
        """A token with its pool, which the strategy buys; returns when it is held."""
        await self.block()
        created = bytes(12) + bytes.fromhex(POOL[2:]) + word(1)
        await self.block(
            self.log(FACTORY, (CREATED, topic(TOKEN), topic(WETH)), created),
            self.log(POOL, (SYNC,), word(10**24) + word(10 * ETHER)),
            self.log(POOL, (MINT, topic(ROUTER)), word(1) + word(1)),
        )
        book = self.run.kernel.accounts["main"].book
        for _ in range(8):
            await self.reaches(lambda: not book.asks)
            await self.block()
            if ASSET in book.positions and book.positions[ASSET].state == "open" and not book.orders:
                return
        raise AssertionError(f"nothing was bought: {book}")


async def _answer(request: web.Request) -> web.Response:
    asked = await request.json()
    answers = {
        "eth_chainId": hex(CHAIN),
        "eth_blockNumber": "0x1",
        "eth_getTransactionCount": "0x0",
        "eth_getBalance": hex(10 * ETHER),
    }

    def one(call: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": call["id"], "result": answers.get(call["method"])}

    return web.json_response([one(call) for call in asked] if isinstance(asked, list) else one(asked))


def _with(resolved: Resolved, strategy: type[Strategy]) -> Resolved:
    """The same with another strategy in place of the only one of the first account."""
    main, *others = resolved.accounts
    (own,) = main.strategies
    other = replace(own, plugin=replace(own.plugin, cls=strategy))
    return replace(resolved, accounts=(replace(main, strategies=(other,)), *others))


@asynccontextmanager
async def running(
    directory: Path,
    *,
    signer: Signer | None = None,
    finality: int = 64,
    account: str = "",
    strategy: type[Strategy] | None = None,
    executor: type[Executor] | None = None,
    router: type[Router] | None = None,
) -> AsyncIterator[Stage]:
    """A run in ``directory / "data"`` that has read its wallets. ``account``: more keys of ``[account.main]``;
    ``strategy``: runs in place of launch-snipe, with its config, as does ``executor`` in place of paper;
    ``router``: the only one, without config."""
    app = web.Application()
    app.add_routes([web.post("/", _answer)])
    node = web.AppRunner(app)
    await node.setup()
    await web.TCPSite(node, "127.0.0.1", 0).start()
    file = directory / "sniper.toml"
    content = FILE.replace("NODE", f"http://127.0.0.1:{node.addresses[0][1]}")
    content = content.replace("local = true", f"local = true\nfinality = {finality}")
    file.write_text(content.replace("[account.main]", f"[account.main]\n{account}"))
    catalogue = Catalogue.discover()
    resolved = resolve(load(file), catalogue)
    if strategy is not None:
        resolved = _with(resolved, strategy)
    if executor is not None and resolved.executor is not None:
        resolved = replace(resolved, executor=replace(resolved.executor, cls=executor))
    if router is not None:
        spec = RouterSpec(name="test", summary="The only one", factory="running:Router")
        resolved = replace(resolved, routers=(Configured("router.test", "test", spec, router, Config()),))
    Script.batches = asyncio.Queue()
    script = replace(resolved.feeds[0], cls=Script)
    run = Run(replace(resolved, feeds=(script,)), catalogue, signer=signer)
    try:
        with capture_logs():
            await run.start()
            stage = Stage(run)
            await stage.reaches(lambda: all(map(wallet_read, run.kernel.accounts.values())))
            yield stage
    finally:
        await run.close()
        await node.cleanup()
