"""Worker processes: what is computed there, and that whatever goes wrong there is an answer."""

import asyncio
import importlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import work

from sniper.errors import CodecError, ComputeError, PluginError
from sniper.runtime.answered import ENTRY, Answers
from sniper.runtime.workers import Workers


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(1, within_s=20.0)
    yield made
    await made.close()


@pytest.fixture
async def hasty() -> AsyncIterator[Workers]:
    made = Workers(1, within_s=0.5)
    await made.warm()
    yield made
    await made.close()


async def test_messages_travel_both_ways(workers: Workers) -> None:
    pair = work.Pair(left=-(2**200), right=("a", "b"))
    assert await workers.compute(work.swapped, (pair,), {"times": 2}) == work.Pair(left=-(2**201), right=("b", "a"))


async def test_it_runs_in_another_process_and_the_same_one_again(workers: Workers) -> None:
    first, second = [await workers.compute(work.whoami, (salt,), {}) for salt in (1, 2)]
    assert first == second != os.getpid()


async def test_the_same_arguments_are_computed_once(workers: Workers) -> None:
    several = [workers.compute(work.sleeps, (0.2,), {}) for _ in range(3)]
    first, *others = await asyncio.gather(*several)
    assert others == [first, first]
    os.kill(first, 9)
    assert await workers.compute(work.sleeps, (0.2,), {}) == first


async def test_no_bytecode_is_written_beside_a_plugin(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that appear in the environment of a trusted plugin would have it refused at the next start."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "trusted_plugin.py").write_text("def twice(number: int) -> int:\n    return 2 * number\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert await workers.compute(importlib.import_module("trusted_plugin").twice, (4,), {}) == 8
    assert os.listdir(tmp_path) == ["trusted_plugin.py"]


async def test_no_secret_of_the_environment_is_told(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNIPER_KEYSTORE_PASSWORD", "hunter2")
    told = await workers.compute(work.environment, (), {})
    assert "SNIPER_KEYSTORE_PASSWORD" not in told
    assert "PATH" in told


@pytest.mark.parametrize(
    ("function", "args", "says"),
    [
        (work.fails, ("no luck",), "ValueError: no luck"),
        (work.leaves, (), "SystemExit"),
        (work.recurses, (0,), "RecursionError"),
        (work.hoards, (), "more memory"),
        (work.crashes, (), "ended in the middle"),
        (work.lies, (), "expected int"),
    ],
)
async def test_what_goes_wrong_is_an_answer_and_the_next_work_is_done(
    workers: Workers, function: Callable[..., Any], args: tuple[Any, ...], says: str
) -> None:
    with pytest.raises(ComputeError, match=says):
        await workers.compute(function, args, {})
    assert await workers.compute(work.whoami, (1,), {}) != os.getpid()


async def test_work_that_does_not_end_is_ended(hasty: Workers) -> None:
    with pytest.raises(ComputeError, match=r"work:loops took more than 0\.5 s"):
        await hasty.compute(work.loops, (), {})


async def test_work_that_nobody_waits_for_any_more_gives_its_place_to_the_next(workers: Workers) -> None:
    await workers.warm()
    waiting = asyncio.create_task(workers.compute(work.loops, (), {}))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await workers.compute(work.whoami, (1,), {}) != os.getpid()


async def test_a_process_that_was_killed_is_replaced(workers: Workers) -> None:
    first = await workers.compute(work.whoami, (1,), {})
    os.kill(first, 9)
    found = await asyncio.gather(workers.compute(work.whoami, (2,), {}), return_exceptions=True)
    assert isinstance(found[0], ComputeError) or found[0] != first
    assert await workers.compute(work.whoami, (3,), {}) != first


async def test_arguments_of_other_types_and_functions_that_do_not_say_theirs_are_refused(workers: Workers) -> None:
    with pytest.raises(CodecError, match="expected int"):
        await workers.compute(work.whoami, ("1",), {})
    with pytest.raises(PluginError, match="annotate it"):
        await workers.compute(work.untyped, (1,), {})
    with pytest.raises(PluginError, match="top level of a module"):
        await workers.compute(lambda: 1, (), {})


def test_answers_are_forgotten_oldest_first_above_their_bound() -> None:
    answers = Answers(3 * (30 + ENTRY))
    for n in range(4):
        answers.put(n, bytes(30))
    assert answers.get(0) is None
    assert answers.get(1) is not None
    answers.put(4, bytes(30))
    assert [answers.get(n) is None for n in range(5)] == [True, False, True, False, False]
    assert answers.size == 3 * (30 + ENTRY)


def test_what_an_answer_takes_besides_its_bytes_counts() -> None:
    """Else a table of short ones would take many times its bound."""
    answers = Answers(10 * ENTRY)
    for n in range(100):
        answers.put(n, b"")
    assert sum(answers.get(n) is not None for n in range(100)) == 10
