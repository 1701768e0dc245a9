"""Between the kernel and the journal: one frame holds a batch of events and the facts that each led to."""

from collections.abc import Iterator, Sequence
from functools import cache

from sniper import events
from sniper.codec import decode, encode, encode_trusted, register
from sniper.errors import CodecError
from sniper.events import Answer, Command, Event, fields_of, tag_of
from sniper.journal.segments import Kind, Record
from sniper.kernel import facts
from sniper.kernel.facts import Fact
from sniper.plugin import Frozen

for _module in (events, facts):
    for _struct in vars(_module).values():
        if isinstance(_struct, type) and issubclass(_struct, Frozen) and _struct.__module__ == _module.__name__:
            register(_struct)

MARKET = ""
"""The stream of what all accounts share."""

_OF_PLUGINS = frozenset({facts.EntrySized, facts.OrderPlaced, facts.StepsAdded, facts.Asked})
"""Facts that hold much of what plugins gave. Each value was checked where it was taken; one that was forgotten there
must end the run, not the journal."""

_INPUT, _FACT = Kind.INPUT.value, Kind.FACT.value


class Mark(Frozen, tag="mark/1"):
    """A note of the journal about itself, such as an epoch's manifest, for those who read structs only."""

    data: bytes


def register_events() -> None:
    """Make every event type that was imported readable, those of plugins too. Call it once the plugins are loaded.

    Where several classes share a tag, the one with all the fields is the producer's. Raises `CodecError` where none has
    them all.
    """
    by_tag: dict[str, list[type[Event]]] = {}
    for kind in _descendants(Event):
        by_tag.setdefault(tag_of(kind), []).append(kind)
    for tag, kinds in by_tag.items():
        widest = max(kinds, key=lambda kind: len(fields_of(kind)))
        for kind in kinds:
            strange = set(fields_of(kind)) - set(fields_of(widest))
            if strange:
                raise CodecError(
                    f"{kind.__module__}.{kind.__name__} declares {', '.join(sorted(strange))} for the tag {tag!r}, "
                    f"which {widest.__module__}.{widest.__name__} does not have; correct the fields, or use a new tag"
                )
        register(widest)


def _descendants(kind: type[Event]) -> Iterator[type[Event]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


def stream_of(event: Event) -> str:
    """Whose event it is: an account's own, or the market's."""
    if _has_account(type(event)):
        account: str = event.account  # type: ignore[attr-defined]  # answers and commands have one
        return MARKET if account == "*" else account
    return MARKET


@cache
def _has_account(kind: type[Event]) -> bool:
    return issubclass(kind, Answer | Command)


def input_record(event: Event) -> Record:
    """An event as it is journaled. What came from outside was checked where it came in."""
    return Record(stream_of(event), _INPUT, encode_trusted(event))


def fact_record(account: str, fact: Fact) -> Record:
    """A fact as it is journaled."""
    written = encode(fact) if type(fact) in _OF_PLUGINS else encode_trusted(fact)
    return Record(account, _FACT, written)


def read_record(record: Record) -> Frozen:
    """The event or fact in a record. Raises `CodecError`."""
    return decode(record.data)


def read_records(first: int, records: Sequence[Record]) -> list[Frozen]:
    """The events and facts of a frame whose first record is number ``first``; marks as `Mark`.

    Raises `CodecError`, which names the record.
    """
    try:
        return [Mark(data=record.data) if record.kind == Kind.MARK else decode(record.data) for record in records]
    except CodecError:
        for position, record in enumerate(records, first):
            try:
                if record.kind != Kind.MARK:
                    decode(record.data)
            except CodecError as error:
                raise CodecError(f"record {position} cannot be read: {error}") from error
        raise
