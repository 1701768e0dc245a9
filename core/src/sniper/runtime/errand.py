"""What the shell and a worker process say to each other: messages over a socket, each with its length before it."""

import struct
from typing import Final

from sniper.codec import register
from sniper.plugin import Frozen
from sniper.runtime.stage import Head, Source

LENGTH: Final = struct.Struct(">I")
LONGEST: Final = 128 * 1024 * 1024
"""Bytes of one message."""


class Begin(Frozen, tag="worker.begin/1"):
    """The first message. ``path``: where to import from."""

    path: tuple[str, ...]


class Compute(Frozen, tag="worker.compute/1"):
    """Call a function. ``arguments``: as `sniper.runtime.carried` writes them."""

    function: str
    arguments: bytes


class Computed(Frozen, tag="worker.computed/1"):
    """What it returned."""

    result: bytes


class Failed(Frozen, tag="worker.failed/1"):
    """Why there is no result. ``ends``: the worker does not go on after this."""

    reason: str
    ends: bool = False


class Play(Frozen, tag="worker.play/1"):
    """Play a scenario on the state after ``head``, by the rules of a hard fork. Until it is `Computed`, the worker asks
    `Lacks`, `Missed`, `WayAsked` and `SourceAsked`, and its EVM asks for state at ``url``."""

    function: str
    arguments: bytes
    head: Head
    hardfork: str
    url: str


class AccountAt(Frozen):
    """An account after a block."""

    address: str
    balance: int
    nonce: int
    code: bytes


class SlotAt(Frozen):
    """A word of storage after a block."""

    address: str
    slot: int
    value: int


class Traced(Frozen):
    """A call that wants state which is not there, and what was changed before it."""

    sender: str
    to: str
    data: bytes
    value: int
    gas: int
    accounts: tuple[AccountAt, ...]
    slots: tuple[SlotAt, ...]


class Lacks(Frozen, tag="worker.lacks/1"):
    """State that is wanted; ``calls``: what will want more of it. Answered by `Given`."""

    accounts: tuple[str, ...]
    slots: tuple[tuple[str, int], ...]
    calls: tuple[Traced, ...] = ()


class Missed(Frozen, tag="worker.missed/1"):
    """What the EVM asked for by itself since this was asked last is wanted. Answered by `Given`."""


class Given(Frozen, tag="worker.given/1"):
    """At least what was asked for."""

    accounts: tuple[AccountAt, ...]
    slots: tuple[SlotAt, ...]


class WayAsked(Frozen, tag="worker.way-asked/1"):
    """How a pool is traded. Answered by `WayGiven`."""

    pool: str


class Plugged(Frozen):
    """A plugin: its class and that of its ``config``, as ``module:name``, its config as JSON (empty: it has none), and
    its ``state`` as the canonical codec writes it."""

    kind: str
    config_kind: str
    config: str
    state: bytes


class WayGiven(Frozen, tag="worker.way/1"):
    """See `sniper.runtime.way.Way`. ``known``: what scenarios of the same function looked at when they traded
    there before."""

    amm: str
    token: str
    quote: str
    wrapped: str
    venue: Plugged
    coins: tuple[str, ...]
    impl: Plugged | None
    exit_data: int
    known: Given = Given(accounts=(), slots=())


class SourceAsked(Frozen, tag="worker.source/1"):
    """See `sniper.runtime.purse.Purse`. Answered by `SourceGiven`."""

    token: str
    amount: int


class SourceGiven(Frozen, tag="worker.sourced/1"):
    source: Source


class Refused(Frozen, tag="worker.refused/1"):
    """There is no answer: the scenario ends."""


MESSAGES: Final = (
    Begin, Compute, Play, Computed, Failed, Lacks, Missed, Given, WayAsked, WayGiven, SourceAsked, SourceGiven,
    Refused,
)  # fmt: skip
for _message in MESSAGES:
    register(_message)
