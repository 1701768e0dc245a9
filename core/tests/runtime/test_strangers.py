"""Transactions of own addresses that nothing here sent."""

from pathlib import Path

from recorded_world import ROUTER
from running import CHAIN, OWNER, Script, Stage, running
from test_control import asked
from test_metrics import scraped

from sniper.events import OwnTransaction
from sniper.runtime.strangers import MOST


def seen(stage: Stage, tx_hash: str, *, nonce: int = 7, sender: str = OWNER) -> OwnTransaction:
    return OwnTransaction(
        time=stage.run.clock(),
        chain_id=CHAIN,
        tx_hash=tx_hash,
        sender=sender,
        nonce=nonce,
        to=ROUTER,
        selector="0x12345678",
        value=1,
    )


async def test_a_transaction_that_nothing_here_sent_is_counted_and_shown_until_its_nonce_is_used(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as stage:
        stranger = "0x" + "ab" * 32
        await Script.batches.put([seen(stage, stranger), seen(stage, stranger)])
        await stage.reaches(lambda: stage.run.strangers.count["main"] > 0)
        await stage.block()
        (shown,) = (await asked(stage, "status"))["strangers"]
        assert (shown["account"], shown["tx_hash"], shown["nonce"]) == ("main", stranger, 7)
        found = await scraped(stage)
        assert found["sniper_strangers_total", ("main",)] == 1
        assert found["sniper_strangers_total", ("other",)] == 0
        book = stage.run.kernel.accounts["main"].book
        (sender,) = [each for key, each in book.senders.items() if key.endswith(OWNER)]
        sender.used = 8
        assert (await asked(stage, "status"))["strangers"] == []


async def test_a_transaction_of_an_attempt_is_none(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()
        book = stage.run.kernel.accounts["main"].book
        (attempt, *_) = [a for order in (*book.orders.values(), *book.ended.values()) for a in order.attempts]
        attempt.tx_hash = "0x" + "cd" * 32  # paper signs nothing
        await Script.batches.put([seen(stage, attempt.tx_hash), seen(stage, "0x" + "ee" * 32, sender=ROUTER)])
        await stage.block()
        assert stage.run.strangers.waiting() == []
        assert not stage.run.strangers.count


async def test_a_flood_of_them_is_bounded(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await Script.batches.put([seen(stage, f"0x{number:064x}", nonce=number) for number in range(MOST + 50)])
        await stage.reaches(lambda: stage.run.strangers.count["main"] == MOST + 50)
        assert len(stage.run.strangers.waiting()) == MOST
