import contextlib
import datetime
import gc
import os
import random
import socket
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from sniper_sdk.conformance.budget import step_budget
from sniper_sdk.conformance.purity import pure


def swallowed() -> None:
    with contextlib.suppress(PermissionError):
        Path(__file__).read_text()


IMPURE: list[Callable[[], object]] = [
    lambda: Path(__file__).read_text(),
    lambda: socket.socket(),
    lambda: subprocess.run(["true"], check=False),
    lambda: os.listdir("."),
    lambda: os.environ.get("HOME"),
    lambda: time.time(),
    lambda: time.monotonic_ns(),
    lambda: datetime.datetime.now(),
    lambda: random.random(),
    lambda: random.choice([1, 2]),
    lambda: random.Random(7).getrandbits(8),
    lambda: uuid.uuid4(),
    swallowed,
]


@pytest.mark.parametrize("impure", IMPURE, ids=range(len(IMPURE)))
def test_what_is_not_pure_is_found(impure: Callable[[], object]) -> None:
    with pytest.raises(AssertionError, match="pure code"), pure():
        impure()


def test_what_would_leave_is_stopped_before_it_does(tmp_path: Path) -> None:
    file = tmp_path / "written"
    with pytest.raises(AssertionError, match="pure code"), pure():
        file.write_text("x")
    assert not file.exists()


def test_arithmetic_imports_and_collections_are_pure() -> None:
    class Finalized:
        def __del__(self) -> None:
            time.time()

    waste = Finalized()
    waste.itself = waste  # type: ignore[attr-defined]
    del waste
    with pure():
        assert sorted({3: 1, 2: 1}) == [2, 3]
        import wave  # noqa: F401  one that nothing here has imported

        _ = [object() for _ in range(10_000)]
    gc.collect()


def test_errors_of_pure_code_are_let_out() -> None:
    with pytest.raises(ZeroDivisionError), pure():
        _ = 1 // 0


def test_afterwards_everything_is_allowed_again() -> None:
    with pure():
        pass
    assert time.time() > 0
    assert Path(__file__).read_text()


def endless() -> None:
    while True:
        try:
            _ = list(range(10))
        except Exception:
            raise AssertionError("a plugin caught the end of its budget") from None


def test_an_endless_loop_ends_at_its_budget_whatever_it_catches() -> None:
    with pytest.raises(AssertionError, match="more than 500 lines"), step_budget(500):
        endless()


def count() -> None:
    for n in range(100):
        str(n)


def test_the_same_work_takes_the_same_steps() -> None:
    taken = []
    for _ in range(3):
        with step_budget(10_000) as steps:
            count()
        taken.append(steps.taken)
    assert taken[0] == taken[1] == taken[2] > 100
