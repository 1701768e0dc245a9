"""The packages that `sniper plugins new` writes, in what they are for: a run that they make up between them."""

import asyncio
import json
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from generated_packages import NAME, Packages, name_of

from sniper.evm.transaction import SigningKey
from sniper_sdk import zoo
from sniper_sdk.conformance.index import stock
from sniper_sdk.devchain import DevChain
from sniper_sdk.exchange import ExchangeServer, Symbol
from sniper_sdk.exchange.order import Side
from sniper_sdk.zoo import ZooToken

SNIPER = "import sys; from sniper.cli import main; sys.exit(main())"
KEY = b"\x46" * 32
OWNER = SigningKey(KEY).address
PATIENCE_S = 90.0
TIP = 2 * 10**9
AROUND = """
data_dir = "data"
[chain.dev]
id = {chain_id}
endpoints = ["{endpoint}"]
wrapped_native = "{weth}"
local = true
rate = 100000
[account.main]
address = "{owner}"
[account.main.execution]
slippage_bps = 1500
exit_slippage_bps = 1500
deadline_s = 100000
[feed.evm-logs]
poll_s = 0.05
"""
LIVE = """
mode = "live"
[runtime]
bus = "moon-shot"
fee = "moon-shot"
lease = "moon-shot"
signer = "moon-shot"
store = "moon-shot"
metrics_port = 0
[strategy.moon-shot]
sizer = "moon-shot"
exits = ["moon-shot"]
venue = "moon-shot"
min_liquidity = "1 ether"
[sizer.moon-shot]
share_bps = 500
[exit.moon-shot]
fall_bps = 2000
[risk.moon-shot]
max_positions = 5
[amm.moon-shot]
factories = ["{factory}"]
[venue.moon-shot]
chain_id = {chain_id}
router = "{router}"
wrapped = "{weth}"
amms = ["moon-shot"]
[router.moon-shot]
least_gain = 100
[fee.moon-shot]
tip = "2 gwei"
[feed.moon-shot]
every_s = 0.5
[signer.moon-shot]
key_file = "{key_file}"
"""
PAPER = """
mode = "paper"
[runtime]
executor = "moon-shot"
metrics_port = 0
[executor.moon-shot]
gas_used = 200000
[strategy.moon-shot]
exits = []
min_liquidity = "1 ether"
[sizer.fixed]
amount = "0.05 ether"
[amm.constant-product]
factories = ["{factory}"]
[venue.uniswap]
chain_id = {chain_id}
wrapped = "{weth}"
v2_router = "{router}"
"""

EXCHANGE = """
mode = "live"
data_dir = "data"
[runtime]
metrics_port = 0
[venue.{name}]
url = "{url}"
symbols = ["BTC/USDT"]
poll_ms = 50
[account.main.desk.{name}]
quote = "USDT"
keys = "keys.toml"
allow_live = true
[strategy.simple-spread]
instrument = "{name}:BTC/USDT"
size = "0.001"
max_inventory = "0.01"
post_only = false
exits = []
[sizer.fixed]
amount = "100 coins"
[risk.moon-shot]
max_amount = "1000 coins"
"""


def written(directory: Path, chain: DevChain, text: str) -> Path:
    """The config of a run on this chain, and the key that it signs with; the account has 10 ETH."""
    directory.mkdir(exist_ok=True)
    key_file, config = directory / "key.hex", directory / "sniper.toml"
    key_file.write_text(KEY.hex())
    key_file.chmod(0o600)
    chain.fund(OWNER, 10 * 10**18)
    at = chain.addresses
    config.write_text(
        # the mode comes before all tables
        text.partition("\n[")[0]
        + (AROUND + "\n[" + text.partition("\n[")[2]).format(
            chain_id=chain.chain_id,
            endpoint=chain.rpc_url,
            weth=at.weth.lower(),
            factory=at.v2_factory.lower(),
            router=at.v2_router.lower(),
            owner=OWNER,
            key_file=key_file,
        )
    )
    return config


class Running:
    """``sniper run`` as a process of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self._log = log

    def until(self, what: Callable[[], bool], words: str) -> None:
        """Wait until it is so; the run must not end meanwhile."""
        deadline = time.monotonic() + PATIENCE_S
        while not what():
            assert self._process.poll() is None, f"it ended:\n{self._log.read_text()[-3000:]}"
            assert time.monotonic() < deadline, f"not so: {words}\n{self._log.read_text()[-3000:]}"
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end; it must do so in order."""
        self._process.terminate()
        assert self._process.wait(PATIENCE_S) == 0, self._log.read_text()[-3000:]


@contextmanager
def running(packages: Packages, config: Path) -> Iterator[Running]:
    log = config.with_name("log")
    with log.open("wb") as output:
        process = packages.start("-c", SNIPER, "--config", str(config), "run", cwd=config.parent, output=output)
        try:
            yield Running(process, log)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def told(packages: Packages, config: Path, *words: str) -> str:
    done = packages.run("-c", SNIPER, "--config", str(config), *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with DevChain() as running:
        yield running


def launched_until(chain: DevChain, run: Running, seen: Callable[[ZooToken], bool]) -> ZooToken:
    """Launch a token when nothing came of the last one: what was launched before the run listened, it does not see."""
    launches: list[ZooToken] = []

    def bought() -> bool:
        if not launches or time.monotonic() > due[0]:
            launches.append(zoo.deploy(chain, zoo.honest("plain")))
            due[0] = time.monotonic() + 5
        chain.mine()
        return any(seen(launch) for launch in launches)

    due = [0.0]
    run.until(bought, "some launch was bought")
    return next(launch for launch in launches if seen(launch))


def test_they_trade_with_each_other_alone(packages: Packages, chain: DevChain, tmp_path: Path) -> None:
    """Strategy, sizer, exit, risk, AMM, venue, router, fee, feed, signer, bus, lease and store of a live run."""
    config = written(tmp_path / "live", chain, LIVE)
    with running(packages, config) as run:
        launch = launched_until(chain, run, lambda launch: launch.holding(OWNER) > 0)
        whale = chain.accounts[1]
        launch.buy(whale, 8 * 10**18)
        launch.sell(whale, launch.holding(whale.address))

        def sold() -> bool:
            chain.mine()
            return launch.holding(OWNER) == 0

        run.until(sold, "the exit sold after the fall")
        run.stop()
    blocks = (chain.rpc.call("eth_getBlockByNumber", hex(n), True) for n in range(chain.block_number() + 1))
    sent = [each for block in blocks for each in block["transactions"] if each["from"] == OWNER]
    assert int(sent[0]["maxPriorityFeePerGas"], 16) == TIP
    assert {each["to"] for each in sent} == {chain.addresses.v2_router.lower(), launch.address.lower()}
    (database,) = (config.parent / "data").rglob(f"{NAME}.sqlite")
    with sqlite3.connect(database) as store:
        assert store.execute("SELECT count(*) FROM verdicts WHERE allowed").fetchone()[0] >= 1
    assert list((config.parent / "data").rglob(f"{NAME}.json"))


@pytest.mark.long
def test_an_executor_plays_a_run_in_paper_mode(packages: Packages, chain: DevChain, tmp_path: Path) -> None:
    config = written(tmp_path / "paper", chain, PAPER)
    with running(packages, config) as run:

        def held(_: ZooToken) -> bool:
            found = packages.run("-c", SNIPER, "--config", str(config), "positions", "--json")
            return found.returncode == 0 and bool(json.loads(found.stdout))

        launched_until(chain, run, held)
        run.stop()
    assert chain.nonce(OWNER) == 0  # nothing was sent


@pytest.mark.long
async def test_an_exchange_is_traded_on(packages: Packages, tmp_path: Path) -> None:
    """A maker's quotes are at the exchange of the sdk."""
    async with ExchangeServer([Symbol.of("BTC", "USDT")]) as server:
        account = server.account("me", USDT="100000", BTC="1")
        keys = tmp_path / "keys.toml"
        keys.write_text(f'apiKey = "{account.key}"\nsecret = "{account.secret}"\n')
        keys.chmod(0o600)
        config = tmp_path / "sniper.toml"
        config.write_text(EXCHANGE.format(name=name_of("exchange"), url=server.url))
        server.quote("BTCUSDT", bid="41999.99", ask="42000.01")

        def quoted() -> bool:
            return {order.asked.side for order in server.engine.open_orders(account, "BTCUSDT")} == {
                Side.BUY,
                Side.SELL,
            }

        with running(packages, config) as run:
            await asyncio.to_thread(run.until, quoted, "both sides are quoted")
            await asyncio.to_thread(run.stop)


def test_a_command_joins_the_others(packages: Packages) -> None:
    done = packages.run("-c", SNIPER, NAME, "--times", "2")
    assert done.stdout == f"hello from {NAME}\n" * 2, done.stderr


def test_an_index_is_searched_by_the_command(packages: Packages, tmp_path: Path) -> None:
    for release, wheel in stock().wheels:
        (tmp_path / release.filename).write_bytes(wheel)
        (tmp_path / f"{release.filename}.json").write_bytes(msgspec.json.encode(release))
    done = packages.run("-c", SNIPER, "plugins", "search", "dusk", environment={"SNIPER_FOLDER": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sniper-exit-dusk" in done.stdout
    assert "1.11.0" in done.stdout
