"""Commands under a key: once, with one answer, whatever dies and however often it is asked."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from running import ASSET, Stage, running

from sniper.codec import encode
from sniper.events import Commanded, StrategyLife
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.kernel.fold import KEPT_REPLIES, fold
from sniper.runtime.commands import CommandRefused, KeyReused
from sniper.runtime.control import ask
from sniper.runtime.records import read_record
from sniper.runtime.switches import Switches
from sniper.types import KillLevel

PAUSE = {"command": "strategy", "instance": "launch-snipe", "action": "pause", "key": "one"}
START = {**PAUSE, "action": "start", "key": "two"}


async def asked(stage: Stage, command: dict[str, Any]) -> dict[str, Any]:
    return await asyncio.to_thread(ask, stage.run.directory, command)


def inputs(directory: Path, kind: type) -> list[Any]:
    with Reader(directory / "data" / "journal") as reader:
        found = [read_record(record) for _, record in reader.records() if record.kind == Kind.INPUT]
    return [event for event in found if isinstance(event, kind)]


def state(stage: Stage) -> str:
    return stage.run.kernel.accounts["main"].instances["launch-snipe"].state


async def test_the_same_key_twice_is_one_effect_and_the_same_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        first = await asked(stage, PAUSE)
        await asked(stage, START)
        assert await asked(stage, PAUSE) == first == {"instances": {"main/launch-snipe": "paused"}}
        assert state(stage) == "active"
    assert [event.action for event in inputs(tmp_path, StrategyLife)] == ["pause", "start"]


async def test_a_key_is_remembered_across_restarts(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        first = await asked(stage, PAUSE)
        await asked(stage, START)
    for _ in range(2):
        async with running(tmp_path) as stage:
            assert await asked(stage, PAUSE) == first
            assert state(stage) == "active"
            with pytest.raises(KeyReused):
                await asked(stage, {**PAUSE, "action": "drain"})
    assert len(inputs(tmp_path, Commanded)) == 2


async def test_asked_many_times_at_once_it_is_carried_out_once(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        answers = await asyncio.gather(*(asked(stage, PAUSE) for _ in range(8)))
        assert all(answer == answers[0] for answer in answers)
    assert len(inputs(tmp_path, StrategyLife)) == 1


@pytest.mark.parametrize("other", [{"action": "drain"}, {"account": "main"}, {"reason": "another"}])
async def test_another_command_under_the_same_key_is_refused_and_named(tmp_path: Path, other: dict[str, str]) -> None:
    async with running(tmp_path) as stage:
        await asked(stage, PAUSE)
        with pytest.raises(KeyReused, match=r"under the key 'one'; use a new key"):
            await asked(stage, {**PAUSE, **other})
        assert state(stage) == "paused"


async def test_what_is_refused_before_it_is_carried_out_may_be_asked_again(tmp_path: Path) -> None:
    close = {"command": "close", "token": ASSET, "key": "sell"}
    async with running(tmp_path) as stage:
        with pytest.raises(CommandRefused, match="no position"):
            await asked(stage, close)
        await stage.launch()
        answer = await asked(stage, close)
        assert len(answer["intents"]) == 1
        assert await asked(stage, close) == answer


async def test_a_refusal_that_is_on_record_stays_the_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()
        await asked(stage, {"command": "close", "token": ASSET, "share_bps": 2_500, "key": "a-quarter"})
        refused = []
        for _ in range(2):
            with pytest.raises(CommandRefused, match="wait for that sale") as raised:
                await asked(stage, {"command": "close", "token": ASSET, "share_bps": 1_000, "key": "more"})
            refused.append(str(raised.value))
        assert refused[0] == refused[1]


async def test_a_kill_switch_that_was_set_under_a_key_is_not_set_again(tmp_path: Path) -> None:
    freeze = {"command": "kill-switch", "level": "freeze", "key": "stop"}
    async with running(tmp_path) as stage:
        first = await asked(stage, freeze)
        await asked(stage, {"command": "kill-switch", "level": "off", "key": "go"})
        assert await asked(stage, freeze) == first
        assert Switches(stage.run.directory).everyone.level() is KillLevel.OFF


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, "é", 7, None])
async def test_a_command_needs_a_key_that_can_be_put_on_record(tmp_path: Path, key: object) -> None:
    async with running(tmp_path) as stage:
        with pytest.raises(CommandRefused, match="key is"):
            await asked(stage, {**PAUSE, "key": key})


async def test_the_answer_stands_in_the_frame_of_the_command(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await asked(stage, PAUSE)
    with Reader(tmp_path / "data" / "journal") as reader:
        frames = [[read_record(record) for record in frame.records if record.kind != Kind.MARK] for frame in reader]
    (frame,) = [each for each in frames if any(isinstance(struct, Commanded) for struct in each)]
    assert [type(struct) for struct in frame] == [StrategyLife, f.InstanceMoved, Commanded, f.Replied]
    assert json.loads(frame[-1].answer) == {"result": {"instances": {"main/launch-snipe": "paused"}}}


def test_a_book_forgets_the_oldest_replies_and_stays_small() -> None:
    book = Book(account="main")
    for n in range(3 * KEPT_REPLIES):
        fold(book, f.Replied(time=n, key=f"k{n}", asked="", answer="{}"))
    assert len(book.replies) <= KEPT_REPLIES
    assert f"k{3 * KEPT_REPLIES - 1}" in book.replies
    assert encode(book)
