"""Makes importable what these tests share, and those of kernel and runtime, which importlib mode does not."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sniper.isolation.host import close_all

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "kernel"), str(HERE.parent / "runtime")]


@pytest.fixture(autouse=True)
def no_worker_is_left() -> Iterator[None]:
    yield
    close_all()
