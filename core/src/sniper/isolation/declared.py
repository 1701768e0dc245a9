"""Event types that only a plugin in a worker declares, made here from their schema: the tag is the contract."""

import types
from typing import Any

from sniper import events
from sniper.errors import PluginError
from sniper.events import Event

_PLAIN: dict[str, Any] = {"int": int, "str": str, "bool": bool, "bytes": bytes, "float": float}


def event_of(name: str, schema: dict[str, Any]) -> type[Event]:
    """The class of this tag: sniper's own where there is one, that of an installed plugin, or one made of the schema.
    Raises `PluginError` for a field of another type than numbers, texts, bytes and sequences of them."""
    tag, fields = schema["tag"], schema["fields"]
    for kind in _known(Event):
        if events.tag_of(kind) == tag and {each["name"] for each in fields} <= set(events.fields_of(kind)):
            return kind
    annotations = {each["name"]: _type(tag, each) for each in fields if each["name"] != "time"}
    defaults = {each["name"]: each["default"] for each in fields if "default" in each}
    body = {"__annotations__": annotations, "__module__": __name__, **defaults}
    made: type[Event] = types.new_class(name, (Event,), {"tag": tag}, lambda namespace: namespace.update(body))
    return made


def _known(kind: type[Event]) -> list[type[Event]]:
    found = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)]
    waiting = list(kind.__subclasses__())
    while waiting:
        each = waiting.pop(0)
        found.append(each)
        waiting += each.__subclasses__()
    return found


def _type(tag: str, field: dict[str, Any]) -> Any:
    found = field["type"]
    if isinstance(found, str) and found in _PLAIN:
        return _PLAIN[found]
    raise PluginError(
        f"the event {tag!r} has a field {field['name']!r} of a type that cannot be told to a worker ({found!r:.80}); "
        "declare fields of int, str, bool, bytes and float"
    )
