"""One bot on one chain: its config, its process, and what a test does around it."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, Generic, Protocol

from typing_extensions import TypeVar

from sniper.kernel import facts as f
from sniper.settings.toml import inline
from sniper_sdk.devchain import DevChain
from stand.bot import PASSWORD, Bot
from stand.market import Launch, Market
from stand.node import FakeNode
from stand.plugins import install
from stand.record import Record, approved, differences
from stand.trader import Trader

FUNDS = 10 * 10**18
MOST_BLOCKS = 40
STARTED_S = 300.0
"""Within which a bot must take up its journal. A router that is not compiled yet is compiled before, which may take
minutes on a busy machine."""

BUY = "swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)"
SELL = "swapExactTokensForETHSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)"
CHANGE = "swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)"

Document = dict[str, Any]
"""A config file as plain data. Any: TOML."""


class Door(Protocol):
    """What stands before the chain."""

    @property
    def url(self) -> str: ...


Node = TypeVar("Node", bound=Door, default=FakeNode)


class Stand(Generic[Node]):
    """``node``: the only endpoint of the config, a proxy before the chain. ``document`` is written at each start."""

    def __init__(self, chain: DevChain, node: Node, directory: Path, traders: tuple[Trader, ...]) -> None:
        self.chain = chain
        self.node = node
        self.directory = directory
        self.traders = traders
        self.market = Market(chain)
        self.config = directory / "sniper.toml"
        self.data = directory / "data"
        self.journal = self.data / "journal"
        self.record = Record(self.journal)
        self.bot = Bot(directory / "bot.log")
        self.environment: dict[str, str] = {}
        for trader in traders:
            chain.fund(trader.address, FUNDS)
        self.document = self._document()

    @property
    def owner(self) -> str:
        """Address of the first account."""
        return self.traders[0].address

    def add_strategy(self, name: str, account: str) -> None:
        """Let an account run one of the strategies of `stand.plugins`, beside those that it runs."""
        if not self.environment:
            paths = [str(install(self.directory / "site")), os.environ.get("PYTHONPATH", "")]
            self.environment = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
        self.document["strategy"][name] = {"sizer": "fixed", "exits": []}
        for known in self.document["account"].values():
            known.setdefault("strategies", ["launch-snipe"])
        self.document["account"][account]["strategies"].append(name)

    def add_wallets(self, count: int) -> list[str]:
        """Give the first account so many wallets more, with the same funds, and the signer their keys: their
        addresses."""
        name = self.traders[0].name
        more = [Trader.named(f"{name}-{n}") for n in range(2, count + 2)]
        for each in more:
            self.chain.fund(each.address, FUNDS)
        account, keystore = self.document["account"][name], self.document["signer"]["keystore"]
        account["wallets"] = [each.address for each in more]
        keystore["keystores"] += [str(each.key_file(self.directory, PASSWORD)) for each in more]
        keystore["rules"]["accounts"][name] += account["wallets"]
        return [self.owner, *account["wallets"]]

    # ---- the process ----

    def write(self) -> Path:
        """Write the config file as the document says now."""
        self.config.write_text(toml(self.document))
        return self.config

    async def start(self, *words: str) -> None:
        """Start the bot, and wait until each account has read its wallet and the chain's head is on record.

        A wallet that could not be read is read again with the next block, so one is mined then.
        """
        self.record.read()
        began = len(self.record.all(f.Began))
        await self.bot.start(self.write(), *words, environment=self.environment)
        await self.record.until(
            lambda record: len(record.all(f.Began)) >= began + len(self.traders), self.bot, within_s=STARTED_S
        )
        await self.until(lambda record: self._all_synced() or record.quiet)
        await self.mine_until(lambda record: self._all_synced())
        await self.until(lambda record: record.head == self.chain.block_number())

    def _all_synced(self) -> bool:
        return all(self._synced(trader.name) for trader in self.traders)

    async def restart(self) -> None:
        """As after a crash: kill it and start it again."""
        await self.bot.kill()
        await self.start()

    async def until(self, what: Any) -> None:
        """Wait until the journal shows it; the bot must not end meanwhile. Any: see `Record.until`."""
        await self.record.until(what, self.bot)

    async def replayed(self, *words: str) -> int:
        """Stop the bot and run its journal again under another hash seed: exit code of ``sniper replay --verify``."""
        if self.bot.running:
            await self.bot.stop()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "sniper", "--config", str(self.config), "replay", str(self.data), "--verify", *words),
            env={**os.environ, **self.environment, "PYTHONHASHSEED": "7"},
            stdout=asyncio.subprocess.DEVNULL,
        )
        return await process.wait()

    def forget(self) -> None:
        """Read the journal anew, from its beginning: for after something was cut from its end."""
        self.record.close()
        self.record = Record(self.journal)
        self.record.read()

    @property
    def segment(self) -> Path:
        """The newest file of the journal."""
        return max(self.journal.glob("*.seg"))

    @property
    def written(self) -> int:
        """Bytes of it that are in use; behind them it is preallocated. A frame never ends in a zero."""
        return len(self.segment.read_bytes().rstrip(b"\0"))

    # ---- the chain ----

    async def mine(self, blocks: int = 1) -> None:
        """Mine, and wait until the bot has seen it and nothing that it asked is open."""
        for _ in range(blocks):
            self.chain.mine()
            head = self.chain.block_number()
            await self.until(lambda record, head=head: record.head >= head and record.quiet)

    async def mine_until(self, what: Any) -> None:
        """Mine block after block until the journal shows it. Any: see `Record.until`."""
        for _ in range(MOST_BLOCKS):
            self.record.read()
            if what(self.record):
                return
            await self.mine()
        raise AssertionError(
            f"{MOST_BLOCKS} blocks later it is still not so; the journal ends with\n{self.record.end()}"
        )

    async def hold_a_launch(self, kind: str = "PlainToken", *values: int) -> Launch:
        """Launch a token and wait until the bot has bought it and approved its exit."""
        launch = self.market.launch(kind, *values)
        asset = launch.asset(self.chain)
        await self.until(lambda record: record.entries_of(self.traders[0].name).get(asset))
        await self.mine_until(lambda record: self._approved(asset))
        return launch

    async def sell(self, launch: Launch) -> None:
        """Let the price rise until the bot has sold and nothing of it is under way."""
        self.market.buy(launch, 8 * 10**18)
        asset, account = launch.asset(self.chain), self.traders[0].name
        await self.mine_until(
            lambda record: asset not in record.books[account].positions and not record.books[account].orders
        )

    def _approved(self, asset: str) -> bool:
        book = self.record.books[self.traders[0].name]
        return bool(book.allowances.get(approved(self.chain, asset))) and not book.orders

    def differences(self, **options: Any) -> list[str]:
        """Of the first account; see `stand.record.differences`."""
        return differences(self.record, self.chain, self.owner, self.traders[0].name, **options)

    def nonce(self, trader: int = 0) -> int:
        """How many transactions of the account were sent to the node, those without a block included."""
        return self.chain.nonce(self.traders[trader].address)

    def kill_switch(self, level: str) -> None:
        """Set it through its file, as an operator without the bot's help would."""
        draft = self.data / "kill-switch.new"
        draft.write_text(level + "\n")
        draft.replace(self.data / "kill-switch")  # half a word means freeze

    def _synced(self, account: str) -> bool:
        """Whether each wallet was read since the bot began."""
        senders = self.record.books[account].senders.values()
        return len(senders) > len(self.document["account"][account].get("wallets", ())) and all(
            s.known for s in senders
        )

    def _document(self) -> Document:
        chain, addresses = self.chain, self.chain.addresses
        keys = [str(trader.key_file(self.directory, PASSWORD)) for trader in self.traders]
        v2_router, v3_router = addresses.v2_router.lower(), addresses.v3_router.lower()
        execution = {
            "slippage_bps": 1500,
            "exit_slippage_bps": 1000,
            "max_exit_slippage_bps": 5000,
            "deadline_s": 100_000,
            "replace_after_blocks": 30,
        }
        return {
            "mode": "live",
            "data_dir": "data",
            "chain": {
                "dev": {
                    "id": chain.chain_id,
                    "endpoints": [self.node.url],
                    "wrapped_native": addresses.weth.lower(),
                    "local": True,
                    "rate": 100_000,
                }
            },
            "account": {
                trader.name: {"address": trader.address, "chain": "dev", "execution": dict(execution)}
                for trader in self.traders
            },
            "strategy": {
                "launch-snipe": {
                    "sizer": "fixed",
                    "exits": ["take-profit"],
                    "venue": "uniswap",
                    "min_liquidity": 10**18,
                    "max_per_block": 5,
                }
            },
            "sizer": {"fixed": {"amount": 5 * 10**16}},
            "exit": {"take-profit": {"rungs": [{"gain_bps": 5000, "share_bps": 10_000}]}},
            "risk": {
                "limits": {"max_spend_per_trade": 10**17, "max_spend_per_day": 5 * 10**18, "max_positions": 20},
                "liquidity": {"min_quote_reserve": 10**18, "max_impact_bps": 300},
                "honeypot": {"retry_after_s": 1},
            },
            "amm": {"constant-product": {"factories": [addresses.v2_factory.lower()]}},
            "venue": {
                "uniswap": {
                    "chain_id": chain.chain_id,
                    "wrapped": addresses.weth.lower(),
                    "v2_router": v2_router,
                    "v3_router": v3_router,
                }
            },
            "feed": {"evm-logs": {"poll_s": 0.02}},
            "fee": {"percentile": {}},
            "signer": {
                "keystore": {
                    "socket": str(self.directory / "signer" / "socket"),
                    "keystores": keys,
                    "password_fd": 0,
                    "kill_switch": str(self.data / "kill-switch"),
                    "rules": {
                        "accounts": {trader.name: [trader.address] for trader in self.traders},
                        "chains": {
                            str(chain.chain_id): {
                                "max_fee": 10**17,
                                "max_value": 10**17,
                                "max_value_per_hour": 5 * 10**18,
                                "max_value_per_day": 5 * 10**18,
                                "spenders": [v2_router, v3_router],
                                "contracts": {
                                    v2_router: {
                                        BUY: {"recipient": 2},
                                        SELL: {"recipient": 3},
                                        CHANGE: {"recipient": 3},
                                    }
                                },
                            }
                        },
                    },
                }
            },
        }


def toml(document: Document) -> str:
    """Plain data as a TOML file, one inline value for each key."""
    tables: list[str] = []
    values: list[str] = []
    for key, value in document.items():
        if isinstance(value, dict):
            tables += [f"[{key}.{name}]\n{_keys(table)}" for name, table in value.items() if isinstance(table, dict)]
            plain = {name: each for name, each in value.items() if not isinstance(each, dict)}
            tables += [f"[{key}]\n{_keys(plain)}"] if plain else []
        else:
            values.append(f"{key} = {inline(value)}")
    return "\n".join([*values, *tables]) + "\n"


def _keys(table: Document) -> str:
    return "".join(f"{key} = {_quoted(value)}\n" for key, value in table.items())


def _quoted(value: Any) -> str:
    """As `inline`, but with every key in quotes: signatures and addresses are keys here. Any: plain data."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{inline(key)} = {_quoted(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_quoted(each) for each in value) + "]"
    return inline(value)
