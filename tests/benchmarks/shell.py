"""The run's own loop around a kernel, without the parts that need a node: what is measured is `sniper.runtime.run`."""

from pathlib import Path

import structlog
from world import World

from sniper.events import Event, Signed
from sniper.evm.transaction import SigningKey, Transaction, signed, transaction_hash
from sniper.journal import Writer
from sniper.kernel.asks import Ask, Send, Sign
from sniper.kernel.kernel import Kernel
from sniper.runtime.clock import Clock
from sniper.runtime.commands import Commands
from sniper.runtime.leases import Leases, Terms
from sniper.runtime.run import Run
from sniper_lease_sqlite.keeper import Sqlite

A_DAY = 86_400.0


class Shell(Run):
    """Takes batches as `Run` does: kernel, records, one frame, asks."""

    def __init__(self, kernel: Kernel, directory: Path) -> None:
        self.kernel = kernel
        self.writer = Writer(directory)
        self.writer.begin_epoch(b"{}")
        self.observers = []
        self.played = None
        self.health = None
        self.commands = Commands(lambda: kernel.accounts)
        keeper = Sqlite()
        keeper.open(directory)
        self.leases = Leases(keeper, list(kernel.accounts), Terms(A_DAY, 0.0), structlog.get_logger())
        self.leases.acquire("bench")
        self.clock = Clock()
        self._taken_at = 0

    def take(self, events: list[Event]) -> None:
        self._take(events)


class SignsHere:
    """In the place of `sniper.runtime.effects.Effects`: signs at once, in this process, and keeps the rest.

    answers  Of signatures, not handled yet. ``left``: commands that may leave: signed transactions.
    """

    def __init__(self, key: SigningKey, world: World) -> None:
        self._key = key
        self._world = world
        self.answers: list[Event] = []
        self.left: list[Ask] = []
        self.others: list[Ask] = []

    def start(self, ask: Ask) -> None:
        body = ask.body
        if isinstance(body, Sign):
            payload = Transaction(
                chain_id=body.chain_id,
                nonce=body.nonce,
                max_priority_fee=body.bid.max_priority_fee,
                max_fee=body.bid.max_fee,
                gas=body.gas,
                to=body.to,
                value=body.value,
                data=body.data,
            ).payload()
            raw = signed(payload, self._key.sign(payload))
            self.answers.append(
                Signed(time=self._world.time, account=ask.account, ask=ask.id, raw=raw, tx_hash=transaction_hash(raw))
            )
        elif isinstance(body, Send):
            self.left.append(ask)
        else:
            self.others.append(ask)


def json_of(log: object) -> bytes:
    """A `sniper.events.Log` as a node would send it."""
    import json

    found = {
        "address": log.address,
        "topics": list(log.topics),
        "data": "0x" + log.data.hex(),
        "blockNumber": hex(log.block),
        "blockHash": f"0x{log.block:064x}",
        "transactionHash": log.tx_hash,
        "transactionIndex": "0x1",
        "logIndex": hex(log.index),
        "removed": False,
    }
    return json.dumps(found, separators=(",", ":")).encode()
