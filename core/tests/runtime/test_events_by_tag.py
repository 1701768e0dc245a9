"""A plugin reads another plugin's events without importing it: what they share is the tag, not the class."""

import subprocess
import sys
from pathlib import Path

import listing_feed
import listing_reader
from running import ASSET, Script, Stage, running

from sniper.codec import decode, encode
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind
from sniper.kernel.facts import Fact
from sniper.runtime.records import read_record, register_events


async def listed(stage: Stage, token: str = ASSET, where: str = "somewhere") -> listing_feed.Listed:
    """What a feed says; returns when it and a block after it are on record."""
    event = listing_feed.Listed(time=stage.run.clock(), token=token, where=where, pairs=("a", "b"))
    await Script.batches.put([event])
    await stage.block()
    return event


def listens(stage: Stage) -> listing_reader.Listens:
    strategy = stage.run.kernel.accounts["main"].instances["launch-snipe"].strategy
    assert isinstance(strategy, listing_reader.Listens)
    return strategy


def journal(stage: Stage) -> list[object]:
    with Reader(stage.run.writer.directory) as reader:
        return [read_record(record) for _, record in reader.records() if record.kind in (Kind.INPUT, Kind.FACT)]


async def test_a_strategy_hears_the_event_with_the_fields_that_it_declares(tmp_path: Path) -> None:
    async with running(tmp_path, strategy=listing_reader.Listens) as stage:
        event = await listed(stage)
        assert listens(stage).heard == [f"{ASSET} at somewhere, {event.time}"]
        assert listens(stage).strange == 0


async def test_the_journal_keeps_all_fields_of_the_producer(tmp_path: Path) -> None:
    async with running(tmp_path, strategy=listing_reader.Listens) as stage:
        event = await listed(stage)
        assert event in journal(stage)
    register_events()
    assert decode(encode(event)) == event
    assert type(decode(encode(event))) is listing_feed.Listed


async def test_what_was_heard_is_heard_again_from_the_journal(tmp_path: Path) -> None:
    async with running(tmp_path, strategy=listing_reader.Listens) as stage:
        await listed(stage)
        await listed(stage, where="elsewhere")
        heard = listens(stage).heard
        assert len(heard) == 2
    for snapshot in (stage.run.directory / "journal").glob("*.snap"):
        snapshot.unlink()
    async with running(tmp_path, strategy=listing_reader.Listens) as again:
        assert again.run.recovered.inputs > 2
        assert listens(again).heard == heard


async def test_an_event_about_another_chain_is_not_heard(tmp_path: Path) -> None:
    async with running(tmp_path, strategy=listing_reader.Listens) as stage:
        await listed(stage, token=f"1:{ASSET.partition(':')[2]}")
        assert listens(stage).heard == []


async def test_where_nobody_declares_the_tag_the_event_is_recorded_and_nothing_follows(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        event = await listed(stage)
        found = journal(stage)
        after = found[found.index(event) + 1 :]
        assert not [each for each in after if isinstance(each, Fact)]
        assert stage.run.failure is None


def complaint(*classes: str) -> str:
    """What `register_events` says of classes that share a tag, in a process of its own; empty where it is content."""
    program = "\n".join(
        [
            "from sniper.errors import CodecError",
            "from sniper.events import Event",
            "from sniper.runtime.records import register_events",
            *(f"class {name}(Event, tag='test.offer/1'):\n    {fields}" for name, _, fields in map(_cut, classes)),
            "try: register_events()",
            "except CodecError as error: print(error)",
        ]
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _cut(line: str) -> tuple[str, str, str]:
    return line.partition(": ")


PRODUCER = "Produced: token: str; price: int; where: str = ''"


def test_a_field_that_the_producer_lacks_is_refused_with_both_classes_and_a_remedy() -> None:
    said = "declares size for the tag 'test.offer/1', which __main__.Produced does not have; correct the fields, or use"
    for classes in (PRODUCER, "Read: token: str; size: int"), ("Read: token: str; size: int", PRODUCER):
        assert complaint(*classes).startswith(f"__main__.Read {said}")


def test_fewer_fields_are_no_mistake_whichever_was_imported_first() -> None:
    assert complaint(PRODUCER, "Read: where: str", "ReadToo: token: str") == ""
    assert complaint("Read: where: str", "ReadToo: token: str", PRODUCER) == ""
