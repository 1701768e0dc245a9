"""What was entered in a form, as a section of a config."""

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import tomlkit

from sniper_registry.forms.fields import Field, FieldKind


class Written(NamedTuple):
    """``toml``: the section; empty where there are ``problems``: what is wrong, by the name of the field."""

    toml: str
    problems: dict[str, str]


def written(section: str, asked: Sequence[Field], entered: Mapping[str, str]) -> Written:
    """The section ``[section]`` with what was entered. What is empty, or the default, is left out.

    section  Its dotted name, such as ``strategy.ema-cross``.

    Whether the values go together only the plugin's own model knows: ``sniper config check`` asks it.
    """
    table = tomlkit.table()
    problems: dict[str, str] = {}
    for field in asked:
        text = entered.get(field.name, "").strip()
        if field.kind is FieldKind.SWITCH:  # a box without a tick is not sent at all
            text = "true" if text in ("on", "true") else "false"
        if text in ("", field.default):
            if field.required and not text:
                problems[field.name] = "is required" + (f", such as {field.example}" if field.example else "")
            continue
        try:
            table.add(field.name, _value(field, text))
        except ValueError as error:
            problems[field.name] = str(error)
    if problems:
        return Written("", problems)
    document = tomlkit.document()
    kind, _, name = section.partition(".")
    outer = tomlkit.table(is_super_table=True)
    outer.add(name, table)
    document.add(kind, outer)
    return Written(tomlkit.dumps(document), {})


def _value(field: Field, text: str) -> Any:  # Any: what tomlkit writes
    """Raises ValueError, which says what is wrong."""
    match field.kind:
        case FieldKind.INTEGER:
            try:
                whole = int(text.replace("_", ""))
            except ValueError:
                raise ValueError(f"{text!r} is no whole number") from None
            _bounded(field, Decimal(whole), text)
            return whole
        case FieldKind.NUMBER:
            try:
                number = Decimal(text)
            except InvalidOperation:
                raise ValueError(f"{text!r} is no number") from None
            if not number.is_finite():
                raise ValueError(f"{text!r} is no number")
            _bounded(field, number, text)
            return float(number)
        case FieldKind.CHOICE:
            if text not in field.choices:
                raise ValueError(f"{text!r} is none of {', '.join(field.choices)}")
            return text
        case FieldKind.SWITCH:
            return text == "true"
        case FieldKind.LIST:
            return [line.strip() for line in text.splitlines() if line.strip()]
        case FieldKind.OTHER:
            try:
                return tomllib.loads(f"value = {text}")["value"]
            except (tomllib.TOMLDecodeError, KeyError):
                raise ValueError(f'{text!r} is not in the notation of TOML, such as 5, "text" or ["a", "b"]') from None
    return text


def _bounded(field: Field, value: Decimal, text: str) -> None:
    if field.least and (value < Decimal(field.least) or (field.above and value == Decimal(field.least))):
        raise ValueError(f"{text} is below what is allowed: {'more than' if field.above else 'at least'} {field.least}")
    if field.most and (value > Decimal(field.most) or (field.below and value == Decimal(field.most))):
        raise ValueError(f"{text} is above what is allowed: {'less than' if field.below else 'at most'} {field.most}")
