"""What the host and a worker say to each other. Both sides read the same classes, and nothing else.

Every message carries the serial number of the request that it belongs to. A worker that answers under another one, or
without being asked, is at fault. What is of the plugin's making (actions, findings, state) travels as bytes and is
looked at on its own, so that reading a message never trusts what is in it.
"""

from typing import Any, Final

import msgspec

from sniper.plugin import Frozen

LONGEST: Final = 1 << 20
"""Bytes of one message."""
MOST_ANSWERS: Final = 256
"""Actions or findings of one call."""
MOST_ASKED: Final = 10_000
"""Questions to the view in one call."""
MOST_TOLD: Final = 16 << 20
"""Bytes of answers to them in one call."""
MOST_KEPT: Final = 512 << 10
"""Bytes of a plugin's state."""
MOST_OBJECTS: Final = 1_000
"""Objects of one class, such as pools of an AMM, that a worker keeps at least; it may forget others."""
LONGEST_TEXT: Final = 500
"""Characters of a text that a plugin gives."""


# ---- from the host ----


class Make(Frozen, tag="make"):
    """Import this factory and check its config, JSON. ``account``: for whom it works. The answer is `Made`, or
    `Raised`."""

    serial: int
    factory: str
    config: str
    account: str


class Call(Frozen, tag="call"):
    """Call a method of a plugin. The answers are any number of `Asked`, and `Done` or `Raised`.

    form    How the method is called, see `sniper.isolation.worker`.
    which   Which of the objects of its class: of an AMM, there is one for each pool.
    given   What it is given: packed values, or a struct by its tag.
    now     Of the view. ``kept``: the state that it has before the call; None: that after the last call.
    """

    serial: int
    form: str
    method: str
    which: int
    given: bytes
    now: int
    kept: bytes | None = None


class Told(Frozen, tag="told"):
    """The answer to `Asked`, packed."""

    serial: int
    answer: bytes


class Refused(Frozen, tag="refused"):
    """What was asked raises this kind of error, see `sniper.isolation.told`."""

    serial: int
    kind: str
    text: str


class Describe(Frozen, tag="describe"):
    """Import the modules of entry points, and say what they offer. The answer is `Described`, or `Raised`."""

    serial: int
    modules: tuple[str, ...]


class Check(Frozen, tag="check"):
    """Validate a config section, JSON. The answer is `Checked`, or `Raised`."""

    serial: int
    factory: str
    values: str


# ---- from the worker ----


class Ready(Frozen, tag="ready"):
    """The first message: the process listens."""

    serial: int


class Made(Frozen, tag="made"):
    """It can be called."""

    serial: int


class Asked(Frozen, tag="asked"):
    """A question: to the view, or to the broker. ``answers``: what the plugin gave before it asked."""

    serial: int
    what: str
    arguments: bytes
    answers: tuple[bytes, ...] = ()


class Done(Frozen, tag="done"):
    """The call is over. ``answers``: what the plugin gave since it asked last. ``kept``: its state; None: as it was."""

    serial: int
    answers: tuple[bytes, ...] = ()
    kept: bytes | None = None


class Raised(Frozen, tag="raised"):
    """The plugin's code raised ``kind`` (see `sniper.isolation.told`; empty: an error of its own)."""

    serial: int
    text: str
    kind: str = ""
    answers: tuple[bytes, ...] = ()
    kept: bytes | None = None


class Described(Frozen, tag="described"):
    """JSON of what the modules offer, see `sniper.isolation.describing`."""

    serial: int
    offered: str


class Checked(Frozen, tag="checked"):
    """``values``: JSON of the section with all defaults. ``mistakes``: JSON of what pydantic found wrong; empty:
    nothing. ``wants``: JSON of what a strategy wants to hear of; empty of other plugins."""

    serial: int
    values: str
    mistakes: str = ""
    wants: str = ""


FromHost = Make | Call | Told | Refused | Describe | Check
FromWorker = Ready | Made | Asked | Done | Raised | Described | Checked

written = msgspec.msgpack.Encoder().encode
read_from_host: Any = msgspec.msgpack.Decoder(FromHost).decode  # Any: a union of structs that mypy does not see
_from_worker: Any = msgspec.msgpack.Decoder(FromWorker).decode


def read_from_worker(message: bytes | memoryview) -> Any:  # Any: as above
    """Raises `msgspec.DecodeError` for whatever is no message."""
    try:
        return _from_worker(message)
    except (UnicodeError, RecursionError) as error:
        raise msgspec.DecodeError(f"a message holds no text, or too many levels ({type(error).__name__})") from error


def read_json(text: str, kind: Any) -> Any:  # Any: a type, and an object of it
    """JSON of a plugin's making. Raises `msgspec.DecodeError` for whatever is none."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (UnicodeError, RecursionError) as error:
        raise msgspec.DecodeError(f"it holds no text, or too many levels ({type(error).__name__})") from error
