"""Between the kernel and the journal: one frame holds a batch of events and the facts that each led to."""

from sniper import events
from sniper.codec import decode, encode, register
from sniper.events import Answer, Command, Event
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


def stream_of(event: Event) -> str:
    """Whose event it is: an account's own, or the market's."""
    if isinstance(event, Answer | Command) and event.account != "*":
        return event.account
    return MARKET


def input_record(event: Event) -> Record:
    """An event as it is journaled."""
    return Record(stream_of(event), Kind.INPUT, encode(event))


def fact_record(account: str, fact: Fact) -> Record:
    """A fact as it is journaled."""
    return Record(account, Kind.FACT, encode(fact))


def read_record(record: Record) -> Frozen:
    """The event or fact in a record. Raises `CodecError`."""
    return decode(record.data)
