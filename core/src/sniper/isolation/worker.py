"""The worker's side: one process, one plugin, and nothing but a socket to the host.

It runs in the sandbox that `sniper.isolation.launch` made. All that it says is of the plugin's making, for the plugin
can do in this process whatever it likes: no check here protects anybody but the plugin's author from a mistake.
"""

import json
import socket
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib import import_module
from typing import Any, NoReturn, get_type_hints

from sniper.codec import decode, encode, encode_state, restore_state
from sniper.errors import SniperError, told
from sniper.isolation.channel import Channel
from sniper.isolation.declared import heard_event
from sniper.isolation.far_view import FarView
from sniper.isolation.messages import (
    LONGEST_TEXT,
    MOST_ANSWERS,
    MOST_OBJECTS,
    Asked,
    Call,
    Check,
    Describe,
    Done,
    Made,
    Make,
    Raised,
    Ready,
    Refused,
    Told,
    read_from_host,
    written,
)
from sniper.isolation.packing import pack, unpack
from sniper.isolation.told import ERRORS, kind_of
from sniper.plugin import Frozen, State

Answers = list[bytes]


class Side:
    """What the plugin's code talks to: it asks the host, within a call."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.serial = 0
        self.answers: Answers = []

    def ask(self, what: str, *arguments: Any) -> Any:  # Any: what can be packed
        """Ask, and tell what the plugin gave until now, which the host does first. Raises what the answer is."""
        given, self.answers = tuple(self.answers), []
        self.channel.send(written(Asked(serial=self.serial, what=what, arguments=pack(*arguments), answers=given)))
        answer = read_from_host(self.channel.receive())
        if isinstance(answer, Refused):
            raise ERRORS.get(answer.kind, RuntimeError)(answer.text)
        if not isinstance(answer, Told):
            raise SystemExit(f"the host answered with {type(answer).__name__}")
        (value,) = unpack(answer.answer)
        return value


class Plugin:
    """The class that was made ready, and its objects."""

    def __init__(self, side: Side, make: Make) -> None:
        from sniper.config import model_of

        module, _, name = make.factory.partition(":")
        self.cls: Any = getattr(import_module(module), name)  # Any: a class of any kind
        self.config = model_of(self.cls).model_validate(json.loads(make.config))
        self.side = side
        self.view = FarView(side.ask, make.account)
        self._objects: OrderedDict[int, tuple[Any, bytes]] = OrderedDict()
        """What was called longest ago first, with its state as the host knows it."""
        self._changes = _CHANGING if issubclass(self.cls, State) else frozenset()
        """Forms of calls after which its state may be another one."""
        self._forms: dict[str, Callable[[Call, Any], None]] = {
            "event": self._event,
            "judge": self._judge,
            "asks": self._values,
            "changes": self._values,
            "probed": self._probed,
            "judged": self._judged,
            "made": self._made,
            "loaded": self._loaded,
        }

    def call(self, call: Call) -> Done | Raised:
        """One call, whatever it raises."""
        side = self.side
        side.serial, side.answers = call.serial, []
        self.view.at(call.now)
        held: Any = None
        try:
            held = self._held(call)
            self._forms[call.form](call, held)
        except (Exception, SystemExit) as error:  # a plugin's code raises whatever it likes
            kind = kind_of(error) if isinstance(error, Exception) else ""
            text = str(error) if kind else told(error)
            return Raised(
                serial=call.serial,
                text=text[:LONGEST_TEXT],
                kind=kind,
                answers=tuple(side.answers),
                kept=None if held is None else self._now_kept(call, held),
            )
        return Done(serial=call.serial, answers=tuple(side.answers), kept=self._now_kept(call, held))

    def _held(self, call: Call) -> Any:
        """The object that is called: with the state that the host says, or as the last call left it."""
        if call.form in _OF_CLASSES:
            return None
        known = self._objects.pop(call.which, None)
        if call.kept is None:
            assert known is not None  # the host knows what is kept here
            self._objects[call.which] = known
            return known[0]
        made = restore_state(self.cls, call.kept, config=self.config) if call.kept else self.cls(config=self.config)
        self._objects[call.which] = made, call.kept
        while len(self._objects) > MOST_OBJECTS + 1:
            self._objects.popitem(last=False)
        return made

    def _now_kept(self, call: Call, held: Any) -> bytes | None:
        if call.form not in self._changes:
            return None
        kept = encode_state(held)
        if kept == self._objects[call.which][1]:
            return None
        self._objects[call.which] = held, kept
        return kept

    # ---- forms of calls ----

    def _event(self, call: Call, held: Any) -> None:
        handler = getattr(held, call.method)
        self._gather(handler(heard_event(call.given, handler.__sniper_on__), self.view))

    def _judge(self, call: Call, held: Any) -> None:
        from sniper.types import Entry, Roundtrip

        if call.method == "judge_roundtrip":
            self._gather(held.judge_roundtrip(decode(call.given, Roundtrip), self.view))
        else:
            self._gather(held.judge(decode(call.given, Entry), self.view))

    def _probed(self, call: Call, held: Any) -> None:
        """What a probe brings back."""
        from sniper.isolation.far_io import FarIo, driven
        from sniper.types import Entry

        found = driven(held.probe(decode(call.given, Entry), FarIo(self.side.ask)))
        self.side.answers.append(encode(found))

    def _judged(self, call: Call, held: Any) -> None:
        """What a probe finds in what it brought back."""
        from sniper.types import Entry

        entry, found = unpack(call.given)
        kind = get_type_hints(type(held).judge)["found"]
        self._gather(held.judge(decode(entry, Entry), self.view, decode(found, kind)))

    def _values(self, call: Call, held: Any) -> None:
        found = getattr(held, call.method)(*map(_tuples, unpack(call.given)))
        if isinstance(found, Fraction):
            found = [found.numerator, found.denominator]
        elif isinstance(found, dict):
            found = sorted(found.items())
        self.side.answers.append(pack(found))

    def _made(self, call: Call, held: None) -> None:
        """A pool that a factory's log tells of."""
        self._found(getattr(self.cls, call.method)(self.config, *map(_tuples, unpack(call.given))))

    def _loaded(self, call: Call, held: None) -> None:
        """A pool that is read from a chain."""
        from sniper.isolation.far_io import FarChain, driven

        address, block = unpack(call.given)
        self._found(driven(self.cls.load(address, FarChain(self.side.ask, block), self.config)))

    def _found(self, found: Any) -> None:
        if found is None:
            self.side.answers.append(pack(None))
        else:
            state = None if found.amm is None else encode_state(found.amm)
            self.side.answers.append(pack([found.pool, list(found.coins), state]))

    def _gather(self, given: Iterator[Frozen]) -> None:
        for count, each in enumerate(given, 1):
            if count > MOST_ANSWERS:
                raise RuntimeError(f"it gave more than {MOST_ANSWERS} things in one call")
            self.side.answers.append(encode(each))
            self.view.forget()


_OF_CLASSES = frozenset({"made", "loaded"})
_CHANGING = frozenset({"event", "changes"})


def _tuples(value: Any) -> Any:
    """What a log's parameters and a method's arguments are: sequences in them are tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


class Loop:
    """Takes one request after the other, as long as the host is there."""

    def __init__(self, channel: Channel) -> None:
        self.side = Side(channel)
        self.plugin: Plugin | None = None

    def run(self) -> NoReturn:
        channel = self.side.channel
        channel.send(written(Ready(serial=0)))
        while True:
            request = read_from_host(channel.receive())
            plugin = self.plugin
            answer = plugin.call(request) if plugin is not None and type(request) is Call else self._prepared(request)
            channel.send(written(answer))

    def _prepared(self, request: Frozen) -> Frozen:
        serial: int = request.serial  # type: ignore[attr-defined]  # every message has one
        try:
            if isinstance(request, Make):
                self.plugin = Plugin(self.side, request)
                return Made(serial=serial)
            from sniper.isolation.introspection import checked, described

            if isinstance(request, Describe):
                return described(request)
            if isinstance(request, Check):
                return checked(request)
        except (Exception, SystemExit) as error:  # as in `Plugin.call`
            text = str(error) if isinstance(error, SniperError) else told(error)
            return Raised(serial=serial, text=text[:LONGEST_TEXT])
        return Raised(serial=serial, text=f"{type(request).__name__} was not expected")


def main(descriptor: int) -> NoReturn:
    """The process, once it is in the sandbox."""
    with socket.socket(fileno=descriptor) as connection:
        try:
            Loop(Channel(connection, asks=False)).run()
        except ConnectionError:
            sys.exit(0)  # the host is gone, or wants no more of this
