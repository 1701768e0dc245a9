"""A start that asks what was revoked goes on, whatever cannot be read, written or asked."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sniper.environments import news, revocations
from sniper.environments.shelf import Shelf
from sniper.index import Index, Revocation

BAD = Revocation(name="sniper-risk-odd", version="1.0", sha256="0" * 64, reason="steals keys", at=1)
LEARNER = """
import sys
from pathlib import Path
from sniper.environments.revocations import learn
from sniper.index import Revocation

print("ready", flush=True)
sys.stdin.readline()
for turn in range(40):
    name = f"sniper-risk-{sys.argv[2]}-{turn}"
    learn(Path(sys.argv[1]), [Revocation(name=name, version="1.0", sha256="0" * 64, reason="bad", at=1)], None)
"""


class Tells(Index):
    """Any: the rest is not asked."""

    search = releases = find = fetch = None  # type: ignore[assignment]

    def revoked(self) -> tuple[Revocation, ...]:
        return (BAD,)


class Breaks(Tells):
    def revoked(self) -> tuple[Revocation, ...]:
        raise ZeroDivisionError("division by zero")


class Offers:
    """A catalogue of indexes."""

    def __init__(self, **indexes: type[Index]) -> None:
        self._indexes = indexes

    def specs(self, kind: str) -> list[Any]:
        return [type("Spec", (), {"name": name}) for name in self._indexes]

    def load(self, spec: Any) -> type[Index]:
        return self._indexes[spec.name]


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may get a byte, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def ask(shelf: Shelf, **indexes: type[Index]) -> tuple[str, ...]:
    catalogue: Any = Offers(**indexes)
    return news.ask(catalogue, shelf)


def test_what_could_not_be_written_counts_for_this_start_and_is_said(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with full_disk():
        (trouble,) = ask(shelf, good=Tells)
    assert "cannot be kept" in trouble
    assert revocations.known(tmp_path).revoked == (BAD,)
    assert list(tmp_path.iterdir()) == []
    assert ask(shelf) == ()  # and is written as soon as that is possible
    assert BAD.name in (tmp_path / revocations.FILE).read_text()


def test_a_damaged_list_is_said_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / revocations.FILE).write_text("{")
    (trouble,) = ask(Shelf(tmp_path), good=Tells)
    assert "so it is not known what was revoked" in trouble
    assert (tmp_path / revocations.FILE).read_text() == "{"


def test_an_index_that_breaks_does_not_silence_another_one(tmp_path: Path) -> None:
    (trouble,) = ask(Shelf(tmp_path), bad=Breaks, good=Tells)
    assert "bad does not tell what was revoked (ZeroDivisionError: division by zero)" in trouble
    assert "what is known is as of: never" in trouble
    assert revocations.known(tmp_path).revoked == (BAD,)


def test_what_two_processes_learn_at_once_is_all_kept(tmp_path: Path) -> None:
    learners = [
        subprocess.Popen(
            [sys.executable, "-c", LEARNER, str(tmp_path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for each in learners:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in learners:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    assert [each.communicate()[1] for each in learners] == ["", ""]
    assert len(revocations.known(tmp_path).revoked) == 80
