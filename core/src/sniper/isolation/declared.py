"""Event types that a plugin in a worker handles: sniper's own, or made here of their schema. The tag is the contract.

An event of sniper's own travels in the canonical codec. One that plugins declare among themselves travels as the plain
values of the fields that the handling plugin declares.
"""

import types
from functools import cache
from typing import Any

from sniper import events
from sniper.codec import decode, encode
from sniper.errors import PluginError
from sniper.events import Event
from sniper.isolation.packing import pack, unpack

_PLAIN: dict[str, Any] = {"int": int, "str": str, "bool": bool, "bytes": bytes, "None": None}


@cache
def own(tag: str) -> type[Event] | None:
    """Sniper's event with this tag."""
    kinds = (each for each in vars(events).values() if isinstance(each, type) and issubclass(each, Event))
    return next((kind for kind in kinds if kind is not Event and events.tag_of(kind) == tag), None)


def event_of(name: str, schema: dict[str, Any]) -> type[Event]:
    """The class of this tag: sniper's own, or one made of the schema. Raises `PluginError` for a field of another type
    than numbers, texts, bytes, and sequences of them. Any: JSON."""
    tag, fields = str(schema["tag"]), schema["fields"]
    found = own(tag)
    if found is not None:
        return found
    declared = [each for each in fields if each["name"] != "time"]
    body = {
        "__annotations__": {str(each["name"]): _type(tag, each["name"], each["type"]) for each in declared},
        "__module__": __name__,
        **{str(each["name"]): _tuples(each["default"]) for each in declared if "default" in each},
    }
    made: type[Event] = types.new_class(name, (Event,), {"tag": tag, "kw_only": True}, lambda space: space.update(body))
    return made


def told_event(event: Event) -> bytes:
    """An event as it travels; of a class that `event_of` gave."""
    kind = type(event)
    if kind.__module__ == events.__name__:
        return encode(event)
    return pack(*(getattr(event, name) for name in events.fields_of(kind)))


def heard_event(data: bytes, kind: type[Event]) -> Event:
    """The reverse, in the worker: ``kind`` is what the handler declares."""
    found = own(events.tag_of(kind))  # its full form
    if found is not None:
        return events.narrowed(decode(data, found), kind)
    values = (_tuples(each) for each in unpack(data))
    return kind(**dict(zip(events.fields_of(kind), values, strict=True)))


def _type(tag: str, name: str, found: Any) -> Any:
    if isinstance(found, str) and found in _PLAIN:
        return _PLAIN[found]
    if isinstance(found, list) and len(found) == 2 and found[0] == "tuple":
        item: Any = _type(tag, name, found[1])
        return tuple.__class_getitem__((item, ...))
    if isinstance(found, list) and found[:1] == ["union"]:
        members = [_type(tag, name, each) for each in found[1:]]
        united = members[0]
        for each in members[1:]:
            united = united | each if united is not None else each | None
        return united
    raise PluginError(
        f"the event {tag!r} has a field {name!r} of a type that cannot be told to a worker ({found!r:.80}); "
        "declare fields of int, str, bool, bytes, and tuples of them"
    )


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
