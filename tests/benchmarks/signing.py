"""The same path through the signer's process: the run's effects and bus under uvloop, the real keystore signer."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter_ns

import structlog
import uvloop
from figures import Figure, collected, spread
from path import EVENTS, WARM, Rig, Unsynced, fed
from shell import Shell
from world import CHAIN, ETHER, KEY, ROUTER

from sniper.evm.abi import function
from sniper.evm.transaction import SigningKey
from sniper.kernel.asks import Ask, Sign
from sniper.kernel.kernel import Kernel
from sniper.runtime.effects import Effects
from sniper.runtime.switches import Switches
from sniper.signer import SignRequest
from sniper.signing import keyfile
from sniper.signing.password import of_text
from sniper_bus_memory.bus import Memory
from sniper_signer_keystore.client import KeystoreConfig, KeystoreSigner

PASSWORD = "for one benchmark"


class SignsElsewhere:
    """Signatures are asked from the signer's process; everything else is kept, as in `SignsHere`."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self.left: list[Ask] = []

    def start(self, ask: Ask) -> None:
        if isinstance(ask.body, Sign):
            self._effects.start(ask)
        else:
            self.left.append(ask)


def signer(directory: Path, owner: str) -> KeystoreSigner:
    """The signer's process, with rules as a trader would write them."""
    path = directory / "key.json"
    keyfile.create(path, of_text(PASSWORD), KEY, work_factor=2)
    buy = "swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)"
    rules = {
        "accounts": {"main": [owner]},
        "chains": {
            str(CHAIN): {
                "max_fee": ETHER,
                "max_value": ETHER,
                "max_value_per_hour": 10**6 * ETHER,
                "max_value_per_day": 10**6 * ETHER,
                "spenders": [ROUTER],
                "contracts": {ROUTER: {buy: {"recipient": 2}}},
            }
        },
    }
    (directory / "signer").mkdir(mode=0o700)
    config = KeystoreConfig(socket=directory / "signer" / "socket", keystores=(path,), rules=rules)
    return KeystoreSigner(config, lambda: of_text(PASSWORD))


class Timed(Shell):
    """Notes how long the journal's sync before a command took, ns; oldest first."""

    def __init__(self, kernel: Kernel, directory: Path) -> None:
        super().__init__(kernel, directory)
        self.syncs: list[int] = []

    def _command(self, commands: Sequence[Ask]) -> None:
        began = perf_counter_ns()
        self.writer.sync()
        self.syncs.append(perf_counter_ns() - began)
        for command in commands:
            self.effects.start(command)


async def _run(count: int, shell: type[Shell]) -> tuple[list[int], list[int]]:
    """ns of each path; and, where the shell is `Timed`, of the sync in it."""
    taken, synced = [], []
    with tempfile.TemporaryDirectory(prefix="sniper-bench-", dir=Path.cwd()) as name:  # on a disk, not in memory
        directory = Path(name)
        rig = Rig(directory / "journal", shell)
        bus = Memory()

        async def publish(events: object) -> None:
            await bus.publish(events, source="answers")

        keystore = signer(directory, rig.key.address)
        await keystore.open()
        effects = Effects(
            rig.kernel,
            endpoints={},
            executor=None,
            signer=keystore,
            publish=publish,
            clock=lambda: rig.world.time,
            kill=Switches(directory).level,
            log=structlog.get_logger(),
        )
        here = rig.effects
        elsewhere = SignsElsewhere(effects)
        with collected():
            for n in range(count + WARM):
                raw = rig.before()
                rig.shell.effects = elsewhere
                began = perf_counter_ns()
                rig.shell.take(fed(raw, rig.world.time))
                rig.shell.take(await bus.take(256))
                ended = perf_counter_ns()
                if elsewhere.left[0].body.submission.raw[0] != 2:
                    raise AssertionError("no signed transaction came of it")
                if n >= WARM:
                    taken.append(ended - began)
                    if isinstance(rig.shell, Timed):
                        synced.append(rig.shell.syncs[-1])
                rig.shell.effects = here
                here.left, elsewhere.left = elsewhere.left, []
                rig.after()
        await effects.close()
        await keystore.close()
        rig.close()
    return taken, synced


async def _signatures(count: int) -> list[int]:
    """A signature alone, from the request to the signed bytes: an entry, judged, decoded and counted."""
    taken = []
    with tempfile.TemporaryDirectory(prefix="sniper-bench-") as name:
        owner = SigningKey(KEY).address
        keystore = signer(Path(name), owner)
        await keystore.open()
        buy = function("swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)")
        data = buy.encode(1, [ROUTER, owner], owner, 2**40)
        with collected():
            for nonce in range(count + WARM):
                request = SignRequest(
                    account="main", sender=owner, chain_id=CHAIN, nonce=nonce, max_priority_fee=1, max_fee=10**9,
                    gas=500_000, to=ROUTER, value=1, data=data, purpose="entry", fence=1,
                )  # fmt: skip
                began = perf_counter_ns()
                await keystore.sign(request)
                ended = perf_counter_ns()
                if nonce >= WARM:
                    taken.append(ended - began)
        await keystore.close()
    return taken


def figures(quick: bool = False) -> list[Figure]:
    count = EVENTS // 10 if quick else EVENTS
    found = spread("log → signed by the signer's process", uvloop.run(_run(count, Unsynced))[0], 300, 1_000)
    found += spread("signature by the signer's process", uvloop.run(_signatures(count)), 150, 1_000)
    sent, synced = uvloop.run(_run(count // 5, Timed))
    found += spread("log → sent: handed to the executor, signed by the signer's process and durable", sent)
    return found + spread("of that the sync of the journal", synced)
