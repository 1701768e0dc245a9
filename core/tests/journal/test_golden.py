"""Journals that earlier versions wrote are kept here and must stay readable.

``python test_golden.py DIRECTORY`` writes the journal of the present format; a new format gets a new directory.
"""

import shutil
import sys
from pathlib import Path

import msgspec
import pytest

from sniper import codec
from sniper.journal import Kind, Reader, Record, Writer, manifest, snapshots, verify
from sniper.plugin import Frozen

GOLDEN = Path(__file__).parent / "golden"


class Filled(Frozen, tag="golden-filled/1"):
    """As it is today: ``note`` came after the golden journal of v1 was written."""

    time: int
    amount: int
    legs: dict[str, int]
    note: str = "none"


def as_v1_wrote_it(fill: Filled) -> bytes:
    return msgspec.msgpack.encode(msgspec.msgpack.decode(codec.encode(fill))[:-1])


def write(directory: Path) -> None:
    with Writer(directory, segment_size=400) as writer:
        writer.begin_epoch(b"golden manifest 1")
        for n in range(4):
            fill = Filled(time=n, amount=2 ** (40 * n), legs={"b": n, "a": -n})
            writer.append([Record("", Kind.INPUT, b""), Record("main", Kind.FACT, as_v1_wrote_it(fill))])
        writer.begin_epoch(b"golden manifest 2")
        snapshots.write(directory, writer.position, b"golden state")
        writer.append([Record("", Kind.MARK, b"end")])
    (directory / "lock").unlink()


@pytest.mark.parametrize("version", ["v1"])
def test_a_journal_of_an_earlier_version_still_reads_and_verifies(version: str, tmp_path: Path) -> None:
    directory = tmp_path / version
    shutil.copytree(GOLDEN / version, directory)
    report = verify(directory)
    assert report.ok, report.problems
    assert (report.position, report.epochs) == (11, 2)
    assert report.chain.hex() == (GOLDEN / f"{version}.chain").read_text().strip()
    with Reader(directory) as reader:
        read = [record for _, record in reader.records()]
    facts = [codec.decode(record.data, Filled) for record in read if record.kind == Kind.FACT]
    assert facts == [Filled(time=n, amount=2 ** (40 * n), legs={"a": -n, "b": n}) for n in range(4)]
    assert manifest(directory, 2) == b"golden manifest 2"
    newest, skipped = snapshots.newest(directory)
    assert newest is not None
    assert (newest.position, newest.state, skipped) == (10, b"golden state", [])
    with Writer(directory) as writer:
        writer.append([Record("", Kind.INPUT, b"more")])
    assert verify(directory).position == 12


def test_the_present_format_is_the_newest_golden_one(tmp_path: Path) -> None:
    write(tmp_path)
    for path in (GOLDEN / "v1").iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


if __name__ == "__main__":
    write(Path(sys.argv[1]))
    Path(sys.argv[1] + ".chain").write_text(verify(Path(sys.argv[1])).chain.hex() + "\n")
