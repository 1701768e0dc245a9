"""An import whose process is killed: at each of its steps on the disk in turn."""

import subprocess
import sys
from pathlib import Path

import pytest
from market import BTC, NOON, Shop

from sniper.events import Trade

KILLED = -9
DYING = """
import os, pathlib, signal, sys
left = int(sys.argv.pop(1))
def dies(step):
    def steps(*arguments, **options):
        global left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*arguments, **options)
    return steps
os.fsync, pathlib.Path.replace, pathlib.Path.unlink = map(dies, (os.fsync, pathlib.Path.replace, pathlib.Path.unlink))
from sniper.cli import main
sys.exit(main(sys.argv[1:]))
"""


def lines(first: int, last: int) -> list[str]:
    return ["id,time,price,size", *(f"{n},{NOON // 10**6 + n},{100 + n}.00,1" for n in range(first, last))]


@pytest.mark.long
def test_an_import_that_is_killed_left_all_or_nothing_and_can_be_said_again(shop: Shop) -> None:
    first, second = shop.file("a.csv", *lines(0, 50)), shop.file("b.csv", *lines(40, 100))
    shop.take(first, "trades")

    def imported(step: int, path: Path) -> int:
        about = ["--as", "trades", "--instrument", BTC.id, "--data", str(shop.catalogue.root)]
        words = [sys.executable, "-c", DYING, str(step), "data", "import", str(path), *about]
        return subprocess.run(words, capture_output=True, check=False).returncode

    def prices() -> list[int]:
        return [event.price for event in shop.events() if isinstance(event, Trade)]

    old, new = [(100 + n) * 100 for n in range(50)], [(100 + n) * 100 for n in range(100)]
    step = 1
    while imported(step, second) == KILLED:
        assert prices() in (old, new), step
        step += 1
    assert step > 3
    assert prices() == new
    (dataset,) = shop.catalogue.datasets()
    dataset.sweep()
    assert [path.name for path in dataset.directory.glob("*.parquet*")] == [part.file for part in dataset.parts()]
