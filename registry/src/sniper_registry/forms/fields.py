"""What a form asks for: one field for each key of a config section."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

LONGEST: Final = 500
"""Characters of a label or a help text."""
MOST: Final = 200
"""Fields of a form."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
"""The key of a config: a field of a class."""


class FieldKind(StrEnum):
    """How a field is asked for, and how what was entered is written."""

    INTEGER = "integer"
    NUMBER = "number"
    AMOUNT = "amount"
    """Base units, or a text with a unit such as ``"0.1 ether"``."""
    TEXT = "text"
    CHOICE = "choice"
    SWITCH = "switch"
    LIST = "list"
    """Texts, one a line."""
    OTHER = "other"
    """A value in the notation of TOML."""


class Field(NamedTuple):
    """One key.

    label     What people read in place of ``name``. ``help``: what the value means.
    default   As it would be entered; empty where there is none. ``example``: likewise.
    required  Whether a section without it is refused.
    choices   Of a `FieldKind.CHOICE`. ``least``, ``most``: bounds of a number, as text; empty where there is none.
    above, below  Whether the bound itself is outside.
    """

    name: str
    kind: FieldKind
    label: str
    help: str
    required: bool
    default: str
    example: str
    choices: tuple[str, ...] = ()
    least: str = ""
    most: str = ""
    above: bool = False
    below: bool = False


def fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a schema, in its order, those that are required first. What is no schema of an object has none, and
    what no config could have as a key is none."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return ()
    asked = schema.get("required")
    required = {str(name) for name in asked} if isinstance(asked, list) else set()
    definitions = schema.get("$defs")
    found = [
        _field(name, _followed(each, definitions), name in required)
        for name, each in list(properties.items())[:MOST]
        if isinstance(name, str) and _NAME.fullmatch(name) and isinstance(each, Mapping)
    ]
    return tuple(sorted(found, key=lambda field: not field.required))


def _followed(schema: Mapping[str, Any], definitions: object) -> Mapping[str, Any]:
    """What a reference names, with what stands beside it. One step: config models nest no deeper."""
    target = schema.get("$ref")
    if isinstance(target, str) and isinstance(definitions, Mapping):
        named = definitions.get(target.rpartition("/")[2])
        if isinstance(named, Mapping):
            return {**named, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _field(name: str, schema: Mapping[str, Any], required: bool) -> Field:
    plain = _without_none(schema)
    kind = _kind(plain)
    choices = tuple(_entered(each, kind) for each in plain.get("enum", ())) if kind is FieldKind.CHOICE else ()
    return Field(
        name=name,
        kind=kind,
        label=name.replace("_", " "),
        help=_text(schema.get("description")),
        required=required,
        default=_entered(schema["default"], kind) if schema.get("default") is not None else "",
        example=_example(plain, schema),
        choices=choices,
        least=_bound(plain, "minimum", "exclusiveMinimum"),
        most=_bound(plain, "maximum", "exclusiveMaximum"),
        above="exclusiveMinimum" in plain,
        below="exclusiveMaximum" in plain,
    )


def _without_none(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a value that may be left out, what it is where it is given."""
    options = schema.get("anyOf")
    if isinstance(options, list):
        given = [each for each in options if isinstance(each, Mapping) and each.get("type") != "null"]
        if len(given) == 1:
            return {**schema, **given[0]}
    return schema


def _kind(schema: Mapping[str, Any]) -> FieldKind:
    if isinstance(schema.get("enum"), list):
        return FieldKind.CHOICE
    match schema.get("type"):
        case "boolean":
            return FieldKind.SWITCH
        case "integer":
            # a model that takes texts for a whole number says so by its example
            return FieldKind.AMOUNT if isinstance(_first_example(schema), str) else FieldKind.INTEGER
        case "number":
            return FieldKind.NUMBER
        case "string":
            return FieldKind.TEXT
        case "array" if isinstance(schema.get("items"), Mapping) and schema["items"].get("type") == "string":
            return FieldKind.LIST
    return FieldKind.OTHER


def _first_example(schema: Mapping[str, Any]) -> object:
    examples = schema.get("examples")
    return examples[0] if isinstance(examples, list) and examples else None


def _example(plain: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    found = _first_example(plain) if _first_example(plain) is not None else _first_example(schema)
    return "" if found is None or isinstance(found, list | dict) else _text(str(found))


def _bound(schema: Mapping[str, Any], inclusive: str, exclusive: str) -> str:
    value = schema.get(inclusive, schema.get(exclusive))
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _entered(value: object, kind: FieldKind) -> str:
    """A value as somebody would type it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind is FieldKind.LIST and isinstance(value, list):
        return "\n".join(_text(str(each)) for each in value)
    if kind is FieldKind.OTHER:
        return _toml(value)
    return _text(str(value))


def _toml(value: object) -> str:
    import tomlkit

    try:
        return _text(tomlkit.item(value).as_string())
    except ValueError:  # what TOML has no notation for, such as None in a list, is no default that could be entered
        return ""


def _text(value: object) -> str:
    """A line without control characters, cut."""
    return "".join(each if each.isprintable() else " " for each in str(value or ""))[:LONGEST].strip()
