"""One pool-created event to one mined order, live on a real node: what is recorded when, and what leaves when."""

from collections.abc import Awaitable, Callable

import pytest
from stand import Stand
from stand.record import approved

from sniper.events import Block, Log, ProbeAnswered, Sent, Settled, Signed
from sniper.evm.transaction import transaction_hash
from sniper.journal.writer import Writer
from sniper.kernel import facts as f
from sniper.kernel.asks import Probe, Send, Settle, Sign
from sniper.runtime import run as runtime
from sniper.runtime.run import Run


class Spied(Writer):
    """A real writer that remembers up to which record it has synced."""

    durable = 0
    last: "Spied"

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # passed on as they are
        Spied.last = self

    def sync(self) -> None:
        super().sync()
        self.durable = self.position


def position(stand: Stand, kind: type, body: type | None = None) -> int:
    """Number of the first record of a kind; of the ask whose body is a ``body``."""
    stand.record.read()
    if body is None:
        return stand.record.position(kind)
    return stand.record.position(f.Asked, lambda fact: isinstance(fact.ask.body, body))


async def test_the_journal_tells_the_way_from_the_event_to_the_position_in_its_order(stand: Stand) -> None:
    await stand.start()
    launch = stand.market.launch()
    opened = stand.chain.block_number()
    asset = launch.asset(stand.chain)
    await stand.until(lambda record: record.attempts("entry", "sent"))
    await stand.mine_until(lambda record: not record.books["main"].orders)

    created = stand.record.position(Log, lambda log: log.block == opened)
    steps = [
        stand.record.position(Block, lambda block: block.number == opened),
        created,
        position(stand, f.IntentFormed),
        position(stand, f.Judged),  # the kernel's own gates, before anything is sized
        position(stand, f.EntrySized),
        position(stand, f.Asked, Probe),
        position(stand, ProbeAnswered),
        position(stand, f.Verdict),
        position(stand, f.OrderPlaced),
        position(stand, f.AttemptMade),
        position(stand, f.Asked, Sign),
        position(stand, Signed),
        position(stand, f.AttemptMoved),
        position(stand, f.Asked, Send),
        position(stand, Sent),
        position(stand, f.Asked, Settle),
        stand.record.position(Settled, lambda settled: settled.included),
        position(stand, f.Booked),
        stand.record.position(f.PositionMoved, lambda moved: moved.state == "open"),
        stand.record.position(f.Allowed),
    ]
    assert steps == sorted(steps)
    assert len(set(steps)) == len(steps)

    (sent,) = [ask.body.submission for ask in stand.record.asks(Send)][:1]  # type: ignore[union-attr]  # all are Send
    receipt = stand.chain.receipt(sent.tx_hash)
    assert receipt.succeeded
    book = stand.record.books["main"]
    balance = stand.chain.token_balance(launch.token, stand.owner)
    assert book.positions[asset].amount == balance > 0
    assert book.positions[asset].state == "open"
    assert (
        book.allowances[approved(stand.chain, asset)] == balance
    )  # the exit was approved at entry, for exactly what is held
    assert stand.nonce() == 2
    assert stand.differences() == []
    await stand.sell(launch)
    assert stand.chain.token_balance(launch.token, stand.owner) == 0
    assert stand.differences() == []


async def test_nothing_is_sent_before_its_record_is_durable_nor_asked_before_it_is_written(
    stand: Stand, running: Callable[..., Awaitable[Run]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "Writer", Spied)
    seen: list[str] = []

    def heard(method: str, params: list[object]) -> None:
        """Called while the request is at the node's door: what must be true of the journal at this moment?"""
        stand.record.read()
        if method == "eth_sendRawTransaction":
            raw = bytes.fromhex(str(params[0])[2:])
            asked = stand.record.position(
                f.Asked, lambda fact: isinstance(fact.ask.body, Send) and fact.ask.body.submission.raw == raw
            )
            assert asked < Spied.last.durable
            seen.append(transaction_hash(raw))
        elif method == "eth_simulateV1" and not seen:
            assert stand.record.asks(Probe)
            seen.append("simulated")

    await running()
    stand.node.heard = heard
    launch = stand.market.launch()
    await stand.record.until(lambda record: record.attempts("entry", "sent"))
    for _ in range(2):
        stand.chain.mine()
        await stand.record.until(lambda record: record.head == stand.chain.block_number() and record.quiet)
    assert seen[0] == "simulated"
    assert seen[1:] == [moved.tx_hash for moved in stand.record.all(f.AttemptMoved) if moved.state == "signed"]
    assert len(seen) == 3  # the probe, the entry and the approval of its exit
    assert stand.differences() == []
    assert stand.chain.token_balance(launch.token, stand.owner) > 0
