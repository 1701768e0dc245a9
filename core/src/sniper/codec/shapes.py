"""One function per kind of declared type: how its values are written and read. The table is in `sniper.codec`."""

import enum
import math
import re
import reprlib
import types
import typing
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple, NewType, Union, get_args, get_origin

import msgspec

from sniper.codec.generated import each
from sniper.codec.wire import Wire, dump, written, wrong
from sniper.errors import CodecError

Value = Any
"""A value of a declared type. Any: only the class at hand knows which."""

TAG: Final = "tag "
_LOW, _HIGH = -(2**63), 2**64 - 1
_WIDE: Final = 33
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?")
_DECIMAL_TEXT: Final = 1000


class Shape(NamedTuple):
    """How one declared type is written and read.

    python, wire   What tells it from the other members of a union: classes of the value; kinds on the wire.
    as_is          Python expressions over ``{v}``: true where the value (the wire form) needs no conversion, so that
                   the generated code calls nothing for it. None: always convert.
    native         Whether msgspec by itself writes what is of this type in the same bytes, and writes nothing else that
                   it reads as this type again as it was.
    """

    schema: Callable[[tuple[type, ...]], Wire]
    python: tuple[type, ...]
    wire: tuple[str, ...]
    pack: Callable[[Value], Wire]
    unpack: Callable[[Wire], Value]
    pack_as_is: str | None = None
    unpack_as_is: str | None = None
    native: bool = False


Nested = Callable[[type, str], Shape]
"""The shape of a struct class."""


def shape_of(declared: Any, where: str, nested: Nested) -> Shape:
    """How a declared type is written and read. Raises `CodecError` for one that has no encoding."""
    if isinstance(declared, NewType):
        return shape_of(declared.__supertype__, where, nested)
    origin, args = get_origin(declared), get_args(declared)
    if origin is typing.Annotated:
        return shape_of(args[0], where, nested)
    if declared in _SCALARS:
        return _SCALARS[declared](where)
    if origin in (Union, types.UnionType):
        return _union(args, where, nested)
    if origin is Literal:
        return _constants("literal", {value: value for value in args}, where)
    if origin is list and args:
        return _sequence(list, args[0], where, nested)
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        return _sequence(tuple, args[0], where, nested)
    if origin is tuple:
        return _fixed(args, where, nested)
    if origin is dict:
        return _mapping(args[0], args[1], where, nested)
    if isinstance(declared, type) and issubclass(declared, enum.StrEnum):
        return _constants("enum", {member: member.value for member in declared}, where)
    if isinstance(declared, type) and issubclass(declared, msgspec.Struct):
        return nested(declared, where)
    advice = {
        set: "a set has no order of its own: use a dict or a sorted tuple",
        frozenset: "a set has no order of its own: use a dict or a sorted tuple",
        Any: "Any cannot be read back: declare the types",
    }.get(
        origin or declared,
        "use int, str, bool, bytes, float, Decimal, Fraction, StrEnum, list, tuple, dict, Frozen or State",
    )
    raise CodecError(f"{where}: {declared} has no encoding; {advice}")


def _plain(name: str, kind: type) -> Callable[[str], Shape]:
    """Kinds that are the same on both sides."""
    as_is = "{v} is None" if kind is types.NoneType else f"{{v}}.__class__ is {name}"

    def shape(where: str) -> Shape:
        def check(found: Value) -> Wire:
            if found.__class__ is not kind:
                raise wrong(where, name, found)
            return found

        return Shape(lambda _: name, (kind,), (kind.__name__,), check, check, as_is, as_is, native=True)

    return shape


def _integer(where: str) -> Shape:
    def pack(value: Value) -> Wire:
        if value.__class__ is not int:
            raise wrong(where, "int", value)
        if _LOW <= value <= _HIGH:
            return value
        try:
            return value.to_bytes(_WIDE, "big", signed=True)
        except OverflowError as error:
            raise CodecError(f"{where}: an integer of {value.bit_length()} bits does not fit {_WIDE} bytes") from error

    def unpack(wire: Wire) -> Value:
        if wire.__class__ is int:
            return wire
        if wire.__class__ is not bytes or len(wire) != _WIDE:
            raise wrong(where, f"an integer or {_WIDE} bytes", wire)
        value = int.from_bytes(wire, "big", signed=True)
        if _LOW <= value <= _HIGH:
            raise CodecError(
                f"{where}: {value} stands in {_WIDE} bytes, but fits a msgpack integer: not the canonical spelling"
            )
        return value

    fits = f"{{v}}.__class__ is int and {_LOW} <= {{v}} <= {_HIGH}"
    return Shape(lambda _: "int", (int,), ("int", "bytes"), pack, unpack, fits, "{v}.__class__ is int", native=True)


def _float(where: str) -> Shape:
    def check(found: Value) -> Wire:
        if found.__class__ is not float or math.isnan(found):
            raise wrong(where, "a float that is a number (1.0, not 1)", found)
        return found

    as_is = "{v}.__class__ is float and {v} == {v}"
    return Shape(lambda _: "float", (float,), ("float",), check, check, as_is, as_is)


def decimal_text(value: Decimal, where: str) -> str:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) + len(value.as_tuple().digits) > _DECIMAL_TEXT:
        raise CodecError(f"{where}: {reprlib.repr(value)} is not finite or longer than {_DECIMAL_TEXT} digits")
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _decimal(where: str) -> Shape:
    def pack(value: Value) -> Wire:
        if value.__class__ is not Decimal:
            raise wrong(where, "Decimal", value)
        return decimal_text(value, where)

    def unpack(wire: Wire) -> Value:
        canonical = (
            wire.__class__ is str and len(wire) <= 2 * _DECIMAL_TEXT and _DECIMAL.fullmatch(wire) and wire != "-0"
        )
        if not canonical:
            raise wrong(where, "a decimal number in its shortest plain form", wire)
        return Decimal(wire)

    return Shape(lambda _: "decimal", (Decimal,), ("str",), pack, unpack)


def _fraction(where: str) -> Shape:
    part = _integer(where)

    def pack(value: Value) -> Wire:
        if value.__class__ is not Fraction:
            raise wrong(where, "Fraction", value)
        return [part.pack(value.numerator), part.pack(value.denominator)]

    def unpack(wire: Wire) -> Value:
        if wire.__class__ is not list or len(wire) != 2:
            raise wrong(where, "[numerator, denominator]", wire)
        numerator, denominator = part.unpack(wire[0]), part.unpack(wire[1])
        if denominator <= 0 or math.gcd(numerator, denominator) != 1:
            raise CodecError(f"{where}: {numerator}/{denominator} is not in lowest terms over a positive denominator")
        return Fraction(numerator, denominator)

    return Shape(lambda _: "fraction", (Fraction,), ("list",), pack, unpack)


def _constants(name: str, members: dict[Any, Wire], where: str) -> Shape:
    """An enum (member: value) or a Literal (value: itself)."""
    if not all(wire.__class__ in (str, int, bool) for wire in members.values()):
        raise CodecError(
            f"{where}: a {name} of {list(members.values())} has no encoding; use strings, integers or booleans"
        )
    # By class too: True is not 1, and a member of another enum is not this one's.
    written = {(value.__class__, value): wire for value, wire in members.items()}
    read = {(wire.__class__, wire): value for value, wire in members.items()}
    choices = " or ".join(repr(wire) for wire in members.values())

    def pack(value: Value) -> Wire:
        try:
            return written[value.__class__, value]
        except (KeyError, TypeError):
            raise wrong(where, f"{name} of {choices}", value) from None

    def unpack(wire: Wire) -> Value:
        try:
            return read[wire.__class__, wire]
        except (KeyError, TypeError):
            raise wrong(where, f"{name} of {choices}", wire) from None

    kinds = {wire.__class__ for wire in members.values()}
    on_wire = {kind.__name__ for kind in kinds} | ({"bytes"} if int in kinds else set())
    python = {value.__class__ for value in members}
    native = kinds == {str}
    text = native and python == {str}  # a Literal, the same on both sides
    listed = repr(tuple(members)).replace("{", "{{").replace("}", "}}")
    same = f"{{v}}.__class__ is str and {{v}} in {listed}" if text else None
    schema = [name, *members.values()]
    return Shape(lambda _: schema, tuple(python), tuple(sorted(on_wire)), pack, unpack, same, same, native=native)


def _sequence(kind: type[list[Any]] | type[tuple[Any, ...]], declared: Any, where: str, nested: Nested) -> Shape:
    item = shape_of(declared, f"{where}[]", nested)
    pack_each, unpack_each = each(item.pack, item.pack_as_is), each(item.unpack, item.unpack_as_is)

    def pack(value: Value) -> Wire:
        if value.__class__ is not kind:
            raise wrong(where, kind.__name__, value)
        return pack_each(value)

    def unpack(wire: Wire) -> Value:
        if wire.__class__ is not list:
            raise wrong(where, "an array", wire)
        return kind(unpack_each(wire))

    empty = f"{{v}}.__class__ is {kind.__name__} and not {{v}}"  # msgpack tells no tuple from a list
    return Shape(
        lambda outer: [kind.__name__, item.schema(outer)],
        (kind,),
        ("list",),
        pack,
        unpack,
        pack_as_is=empty,
        native=item.native,
    )


def _fixed(declared: tuple[Any, ...], where: str, nested: Nested) -> Shape:
    items = [shape_of(one, f"{where}[{i}]", nested) for i, one in enumerate(declared)]

    def pack(value: Value) -> Wire:
        if value.__class__ is not tuple or len(value) != len(items):
            raise wrong(where, f"a tuple of {len(items)}", value)
        return [item.pack(one) for item, one in zip(items, value, strict=True)]

    def unpack(wire: Wire) -> Value:
        if wire.__class__ is not list or len(wire) != len(items):
            raise wrong(where, f"an array of {len(items)}", wire)
        return tuple([item.unpack(one) for item, one in zip(items, wire, strict=True)])

    return Shape(
        lambda outer: ["fixed", *[item.schema(outer) for item in items]],
        (tuple,),
        ("list",),
        pack,
        unpack,
        native=all(item.native for item in items),
    )


def _mapping(declared_key: Any, declared_value: Any, where: str, nested: Nested) -> Shape:
    key = shape_of(declared_key, f"{where} key", nested)
    item = shape_of(declared_value, f"{where}[]", nested)
    if {list, dict} & set(key.python):
        raise CodecError(f"{where}: a key must be hashable: use a tuple")

    def pack(value: Value) -> Wire:
        if value.__class__ is not dict:
            raise wrong(where, "dict", value)
        pairs = [[key.pack(k), item.pack(v)] for k, v in value.items()]
        pairs.sort(key=_key)
        return pairs

    def unpack(wire: Wire) -> Value:
        if wire.__class__ is not list or not all(pair.__class__ is list and len(pair) == 2 for pair in wire):
            raise wrong(where, "an array of [key, value] arrays", wire)
        if any(a >= b for a, b in pairwise(map(_key, wire))):
            raise CodecError(f"{where}: keys are not in ascending order of their bytes, or one stands twice")
        try:
            value = {key.unpack(k): item.unpack(v) for k, v in wire}
        except TypeError as error:
            raise CodecError(f"{where}: {error}") from error
        if len(value) != len(wire):
            raise CodecError(f"{where}: two keys are equal")
        return value

    return Shape(lambda outer: ["dict", key.schema(outer), item.schema(outer)], (dict,), ("list",), pack, unpack)


def _key(pair: list[Wire]) -> bytes:
    return written(pair[0])


def _union(declared: tuple[Any, ...], where: str, nested: Nested) -> Shape:
    members = [shape_of(one, where, nested) for one in declared]
    by_class = {python: member for member in members for python in member.python}
    by_wire = {kind: member for member in members for kind in member.wire}
    tagged = {kind.removeprefix(TAG): member for kind, member in by_wire.items() if kind.startswith(TAG)}
    if len(by_wire) < sum(len(member.wire) for member in members) or (tagged and "list" in by_wire):
        raise CodecError(f"{where}: members of {declared} look alike on the wire; use structs with a tag")

    def pack(value: Value) -> Wire:
        member = by_class.get(value.__class__)
        if member is None:
            raise wrong(where, " or ".join(sorted(python.__name__ for python in by_class)), value)
        return member.pack(value)

    def unpack(wire: Wire) -> Value:
        member = by_wire.get(wire.__class__.__name__)
        if member is None and wire.__class__ is list and wire and wire[0].__class__ is str:
            member = tagged.get(wire[0])
        if member is None:
            raise wrong(where, " or ".join(sorted(by_wire)), wire)
        return member.unpack(wire)

    def as_is(expressions: list[str | None]) -> str | None:
        return " or ".join(f"({one})" for one in expressions if one is not None) or None

    return Shape(
        lambda outer: ["union", *sorted((member.schema(outer) for member in members), key=dump)],
        tuple(by_class),
        tuple(by_wire),
        pack,
        unpack,
        as_is([member.pack_as_is for member in members]),
        as_is([member.unpack_as_is for member in members]),
        native=all(member.native for member in members),
    )


_SCALARS: dict[Any, Callable[[str], Shape]] = {
    int: _integer,
    float: _float,
    Decimal: _decimal,
    Fraction: _fraction,
    bool: _plain("bool", bool),
    str: _plain("str", str),
    bytes: _plain("bytes", bytes),
    types.NoneType: _plain("None", types.NoneType),
}
