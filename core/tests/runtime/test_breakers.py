"""A breaker of a running bot: what it stops, how soon, with full queues, and for how long."""

import asyncio
from pathlib import Path

import pytest
from running import CHAIN, OWNER, Script, Stage, running
from test_kill_switch import leaves

from sniper.errors import ConfigError
from sniper.events import Block, Resume
from sniper.kernel.asks import Ask, Sign
from sniper.runtime import control
from sniper.runtime.commands import Asked, new_key, note_of
from sniper.runtime.switches import Switches
from sniper.signer import SignerRefused
from sniper.types import SECOND, FeeBid, KillLevel
from sniper_bus_memory.bus import FACTS

STRESS = """risk.market-stress.trip_fee_bps = 100000
"""
GWEI = 10**9


def spiked(stage: Stage) -> Block:
    """A head whose base fee trips, after enough calm ones."""
    import msgspec

    return msgspec.structs.replace(stage.next_block(), base_fee=1_000 * GWEI)  # type: ignore[type-var]


async def calm(stage: Stage) -> None:
    for _ in range(12):
        await stage.block()


async def trip(stage: Stage) -> None:
    await calm(stage)
    await Script.batches.put([spiked(stage)])
    await stage.reaches(lambda: stage.run.kernel.accounts["main"].book.tripped)


async def test_a_trip_is_written_before_anything_that_its_batch_asked_for_leaves(tmp_path: Path) -> None:
    """And before it is on record: what reads the record finds the switch pulled."""
    async with running(tmp_path, account=STRESS) as stage:
        run = stage.run
        await calm(stage)
        seen: list[tuple[str, KillLevel]] = []
        asked, append = run._asked, run.writer.append

        def asks() -> list[Ask]:
            seen.append(("asked", Switches(run.directory).level("main")))
            return asked()

        def record(records: object) -> object:
            seen.append(("recorded", Switches(run.directory).level("main")))
            return append(records)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run, "_asked", asks)
            patch.setattr(run.writer, "append", record)
            run._take([spiked(stage)])
        assert seen == [("asked", KillLevel.NO_ENTRIES), ("recorded", KillLevel.NO_ENTRIES)]
        assert await leaves(stage, "main", "entry") == "rejected: the kill switch is at no-entries"
        assert await leaves(stage, "main", "exit") == "accepted: "
        assert await leaves(stage, "other", "entry") == "accepted: "


async def test_with_full_queues_executor_and_signer_refuse_while_the_queues_are_still_full(tmp_path: Path) -> None:
    """What waits in the bus is handled later: the refusals do not wait for it."""
    async with running(tmp_path, account=STRESS) as stage:
        run = stage.run
        await calm(stage)
        handled: list[bool] = []
        last = Resume(time=run.clock(), account="nobody", reason="the last one")
        run.observers.append(lambda event, facts: handled.append(True) if event is last else None)
        for _ in range(FACTS // 128):
            await run.bus.publish([Resume(time=run.clock(), account="nobody")] * 128, source="flood")
        assert run.bus._facts.size >= FACTS, "the lane is not full"  # type: ignore[attr-defined]  # the memory bus
        waiting = asyncio.create_task(run.bus.publish([last], source="flood"))
        run._take([spiked(stage)])  # what the kernel is at while the queues are full
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run.effects, "_signer", Asleep())
            with pytest.raises(SignerRefused, match="the kill switch is at no-entries"):
                await run.effects._request(signing())
        assert await leaves(stage, "main", "entry") == "rejected: the kill switch is at no-entries"
        assert not handled
        await stage.reaches(lambda: handled)
        await waiting


def signing() -> Ask:
    body = Sign(
        attempt="main/x/1.0#1",
        sender=OWNER,
        chain_id=CHAIN,
        nonce=0,
        bid=FeeBid(max_priority_fee=1, max_fee=1),
        gas=21_000,
        to=OWNER,
        value=0,
        data=b"",
        purpose="entry",
    )
    return Ask(id="s", account="main", deadline=SECOND, body=body)


class Asleep:
    """A signer that must not be asked."""

    def sign(self, request: object) -> object:
        raise AssertionError("it was asked")


async def test_it_stays_pulled_over_a_restart_until_a_person_lowers_it(tmp_path: Path) -> None:
    async with running(tmp_path, account=STRESS) as stage:
        await trip(stage)
        shown = control.status(stage.run)["accounts"]["main"]
        assert (shown["kill"], shown["tripped"]) == (
            "no-entries",
            "market-stress: base fee: 10000000 bps of its median, 100000 trips",
        )
    async with running(tmp_path, account=STRESS) as stage:
        book = stage.run.kernel.accounts["main"].book
        assert (book.kill, book.tripped[:13]) == ("no-entries", "market-stress")
        assert await leaves(stage, "main", "entry") == "rejected: the kill switch is at no-entries"
        await stage.run.control._kill({"level": "off", "account": "main"}, note_of({"key": new_key()}))
        assert (book.kill, book.tripped) == ("off", "")
        assert await leaves(stage, "main", "entry") == "accepted: "
    async with running(tmp_path, account=STRESS) as stage:
        assert stage.run.kernel.accounts["main"].book.kill == "off"


async def test_a_switch_that_cannot_be_written_holds_all_the_same_and_is_written_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    async with running(tmp_path, account=STRESS) as stage:
        with monkeypatch.context() as patch:
            patch.setattr("sniper.runtime.kill.os.replace", full)
            await trip(stage)
        assert not Switches(tmp_path / "data").path("main").exists()
        assert await leaves(stage, "main", "entry") == "rejected: the kill switch is at no-entries"
    async with running(tmp_path, account=STRESS) as stage:
        assert Switches(tmp_path / "data").own("main") is KillLevel.NO_ENTRIES
        assert stage.run.kernel.accounts["main"].book.kill == "no-entries"


async def test_a_trip_outlasts_the_switch_of_everyone_that_stood_as_severe(tmp_path: Path) -> None:
    async with running(tmp_path, account=STRESS) as stage:

        async def kill(asked: Asked) -> None:
            await stage.run.control._kill(asked, note_of({"key": new_key()}))

        await kill({"level": "no-entries"})
        await calm(stage)
        await Script.batches.put([spiked(stage)])
        await stage.reaches(lambda: stage.run.switches.own("main") is KillLevel.NO_ENTRIES)
        await kill({"level": "off"})
        assert await leaves(stage, "main", "entry") == "rejected: the kill switch is at no-entries"
        assert await leaves(stage, "other", "entry") == "accepted: "
        await kill({"level": "off", "account": "main"})
        assert await leaves(stage, "main", "entry") == "accepted: "


def test_a_trip_that_cannot_be_written_leaves_no_file_that_says_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start takes such a file for a person's word, and would not pull the switch again."""

    def full(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    switches = Switches(tmp_path)
    switches.set("main", KillLevel.OFF)
    monkeypatch.setattr("sniper.runtime.kill.os.replace", full)
    with pytest.raises(ConfigError):
        switches.trip("main", KillLevel.NO_ENTRIES)
    assert switches.own("main") is KillLevel.NO_ENTRIES
    assert not switches.path("main").exists()


async def test_running_the_journal_again_writes_no_file(tmp_path: Path) -> None:
    from sniper.runtime.replay import replay

    async with running(tmp_path, account=STRESS) as stage:
        await trip(stage)
        await stage.run.control._kill({"level": "off", "account": "main"}, note_of({"key": new_key()}))
    path = Switches(tmp_path / "data").path("main")
    path.unlink()
    result, kernel = replay(tmp_path / "data", allow_different=True)
    assert not path.exists()
    assert result.mismatches == []
    assert kernel.accounts["main"].book.kill == "off"


@pytest.mark.parametrize("stands", list(KillLevel))
@pytest.mark.parametrize("to", [KillLevel.NO_ENTRIES, KillLevel.FLATTEN, KillLevel.FREEZE])
def test_a_trip_never_lowers_what_stands_beside_the_queues(tmp_path: Path, stands: KillLevel, to: KillLevel) -> None:
    switches = Switches(tmp_path)
    switches.set("main", stands)
    switches.trip("main", to)
    levels = list(KillLevel)
    assert switches.own("main") is Switches(tmp_path).own("main") is max(stands, to, key=levels.index)
