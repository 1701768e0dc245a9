"""The canonical codec: one byte string per value, the same on every machine and under every hash seed.

=================  ==================================================================================================
declared type      wire (msgpack)
=================  ==================================================================================================
tagged struct      array ``[tag, field, …]`` in the order of declaration, fields of the base class first
untagged struct    array ``[field, …]``; the reader must know the class
int                integer where msgpack has one (-2**63 … 2**64-1), else 33 bytes, two's complement, big-endian
float              float64; not NaN. An ``int`` in a float field is refused, and the reverse
bool, str, bytes   the same; ``None`` is nil
Decimal            string without exponent, leading or trailing zeros; no ``-0``; finite
Fraction           array ``[numerator, denominator]`` in lowest terms
StrEnum, Literal   the value
list, tuple        array
dict               array of ``[key, value]`` arrays, ascending by the encoded bytes of the key
``A | B``          the member itself; no two members may look alike on the wire (tagged structs differ by their tag)
=================  ==================================================================================================

A struct counts as tagged when it says ``tag="…"``. Everything else (sets, ``Any``, bare containers, datetimes) is
refused when the class is registered. Bytes that another encoder wrote differently (a longer integer, a float32,
unsorted keys) are refused. Fields missing at the end take their defaults, so a schema grows by fields with defaults at
the end and by nothing else; a base class with fields cannot grow at all. A restored dict iterates in the order of the
wire, whatever the order in which it was filled: code that must decide alike before and after sorts.
"""

import enum
import hashlib
import math
import re
import reprlib
import types
import typing
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple, NewType, TypeVar, Union, get_args, get_origin, overload

import msgspec

from sniper.errors import CodecError
from sniper.plugin import Frozen, State

__all__ = [
    "decode", "decode_many", "encode", "encode_many", "encode_state", "register", "restore_state", "schema",
    "schema_hash", "to_json",
]  # fmt: skip

T = TypeVar("T", bound=Frozen | State)
Wire = Any
"""What msgpack knows: None, bool, int, float, str, bytes, list of the same. Any: it is checked where it is read."""
Value = Any
"""A value of a declared type. Any: only the class at hand knows which."""

_LOW, _HIGH = -(2**63), 2**64 - 1
_WIDE: Final = 33
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?")
_DECIMAL_TEXT: Final = 1000
_TAG: Final = "tag "

_UNWRITABLE: Final = (UnicodeEncodeError, OverflowError, RecursionError)

_dump = msgspec.msgpack.Encoder().encode
_load = msgspec.msgpack.Decoder().decode


class _Shape(NamedTuple):
    """How one declared type is written and read.

    python, wire   What tells it from the other members of a union: classes of the value; kinds on the wire.
    as_is          Python expressions over ``{v}``: true where the value (the wire form) needs no conversion, so that
                   the generated code calls nothing for it. None: always convert.
    """

    schema: Callable[[tuple[type, ...]], Wire]
    python: tuple[type, ...]
    wire: tuple[str, ...]
    pack: Callable[[Value], Wire]
    unpack: Callable[[Wire], Value]
    pack_as_is: str | None = None
    unpack_as_is: str | None = None


class _Compiled:
    """One struct class, without the fields in ``skip`` and without the derived ones, which take their defaults."""

    def __init__(self, cls: Any, skip: frozenset[str]) -> None:
        config = cls.__struct_config__  # Any: Frozen and State are structs at run time only
        self.cls: type = cls
        # A base with a tag_field gives every class its own name as tag; only a tag that says more is a contract.
        self.tag: str | None = config.tag if config.tag != cls.__name__ else None
        self.name = self.tag or cls.__qualname__
        if self.tag is not None and not isinstance(self.tag, str):
            raise CodecError(f"{self.name}: a tag must be a string such as 'acme.listing/1', not {self.tag!r}")
        try:
            fields = msgspec.structs.fields(cls)
        except NameError as error:
            raise CodecError(f"{self.name}: {error}; the codec needs field types that exist at run time") from error
        left_out = skip.union(getattr(cls, "derived", ()))
        self.fields = [field for field in fields if field.name not in left_out]
        self.skip = skip
        self.shapes = [_shape(field.type, f"{self.name}.{field.name}") for field in self.fields]
        self.defaults: list[Wire] = []
        self.pack: Callable[[Value], list[Wire]] = self._packer()
        self.unpack: Callable[..., Value] = self._unpacker()

    def compute_defaults(self) -> None:
        """Packs the defaults, which checks them too. After `__init__`, because a default may be of this very class."""
        for field, shape in zip(self.fields, self.shapes, strict=True):
            if field.default is not msgspec.NODEFAULT:
                self.defaults.append(shape.pack(field.default))
            elif field.default_factory is not msgspec.NODEFAULT:
                self.defaults.append(shape.pack(field.default_factory()))
            else:
                self.defaults.append(msgspec.NODEFAULT)

    def schema(self, outer: tuple[type, ...] = ()) -> Wire:
        if self.cls in outer:
            return ["recursive", outer[::-1].index(self.cls)]
        rows = []
        for field, shape, default in zip(self.fields, self.shapes, self.defaults, strict=True):
            row = {"name": field.name, "type": shape.schema((*outer, self.cls))}
            rows.append(row if default is msgspec.NODEFAULT else {**row, "default": to_json(default)})
        return {"tag": self.tag, "fields": rows}

    def _packer(self) -> Callable[[Value], list[Wire]]:
        names: dict[str, Any] = {}
        lines, items = ["def made(o):"], [repr(self.tag)] if self.tag is not None else []
        for i, (field, shape) in enumerate(zip(self.fields, self.shapes, strict=True)):
            names[f"p{i}"] = shape.pack
            lines.append(f" v{i} = o.{field.name}")
            lines.append(_convert(f"v{i}", f"p{i}", shape.pack_as_is))
            items.append(f"v{i}")
        return _make([*lines, f" return [{', '.join(items)}]"], names)

    def _unpacker(self) -> Callable[..., Value]:
        names: dict[str, Any] = {"complete": self._complete, "cls": self.cls, "foreign": self._foreign_tag}
        variables = [f"v{i}" for i in range(len(self.fields))]
        targets = variables if self.tag is None else ["t", *variables]
        head = "def made(w, **skipped):" if self.skip else "def made(w):"
        lines = [head, f" if w.__class__ is not list or len(w) != {len(targets)}: w = complete(w)"]
        if targets:
            lines.append(f" [{', '.join(targets)}] = w")
        if self.tag is not None:
            lines.append(f" if t != {self.tag!r}: foreign(t)")
        for i, shape in enumerate(self.shapes):
            names[f"u{i}"] = shape.unpack
            lines.append(_convert(f"v{i}", f"u{i}", shape.unpack_as_is))
        arguments = [f"{field.name}={v}" for field, v in zip(self.fields, variables, strict=True)]
        if self.skip:
            arguments.append("**skipped")
        return _make([*lines, f" return cls({', '.join(arguments)})"], names)

    def _complete(self, wire: Wire) -> list[Wire]:
        if not isinstance(wire, list):
            raise _wrong(self.name, f"an array of {len(self.fields)} fields", wire)
        have = len(wire) - (self.tag is not None)
        if have < 0 or (self.tag is not None and wire[0] != self.tag):
            self._foreign_tag(wire[0] if wire else None)
        if have > len(self.fields):
            raise CodecError(
                f"{self.name}: {have} fields, but this version knows {len(self.fields)} (up to "
                f"{self.fields[-1].name if self.fields else 'none'}); a newer version wrote it: upgrade"
            )
        missing = self.defaults[have:]
        if msgspec.NODEFAULT in missing:
            field = self.fields[have + missing.index(msgspec.NODEFAULT)].name
            raise CodecError(
                f"{self.name}.{field}: missing; {have} of {len(self.fields)} fields were written, it has no default"
            )
        return wire + missing

    def _foreign_tag(self, tag: Wire) -> None:
        raise CodecError(f"{self.name}: found the tag {reprlib.repr(tag)} instead")


_compiled: dict[tuple[type, frozenset[str]], _Compiled] = {}
_packers: dict[type, Callable[[Value], list[Wire]]] = {}
_tagged: dict[str, _Compiled] = {}
_unpackers: dict[str, Callable[..., Value]] = {}
"""Of the classes in ``_tagged``."""
_NOTHING: frozenset[str] = frozenset()


def register(cls: type[Frozen] | type[State]) -> None:
    """Compiles a struct class and makes its tag known to `decode`.

    Idempotent. Encoding registers by itself; decoding by tag alone cannot, it needs this call first. Raises
    `CodecError` for a field type without an encoding, and for a tag that another class uses with another schema.
    """
    _get(cls, _NOTHING)


def encode(obj: Frozen | State) -> bytes:
    """The canonical bytes of a struct."""
    packer = _packers.get(obj.__class__) or _get(obj.__class__, _NOTHING).pack
    wire = packer(obj)
    try:
        return _dump(wire)
    except _UNWRITABLE as error:
        raise _unwritable(error) from error


@overload
def decode(data: bytes) -> Frozen: ...
@overload
def decode(data: bytes, cls: type[T]) -> T: ...
def decode(data: bytes, cls: type[Any] | None = None) -> Any:
    """The struct that was encoded: by its tag, or of the class that is given. Raises `CodecError`."""
    wire = _read(data)
    return _by_tag(wire) if cls is None else _get(cls, _NOTHING).unpack(wire)


def encode_many(objs: Iterable[Frozen]) -> bytes:
    """Tagged structs as one msgpack array: several times cheaper to read than one by one."""
    packed = [_pack(obj) for obj in objs]
    for wire in packed:
        if not wire or wire[0] not in _tagged:
            raise CodecError("only structs with a tag can be encoded together: the reader must tell them apart")
    return _written(packed)


def decode_many(data: bytes) -> list[Frozen]:
    """The reverse of `encode_many`. Raises `CodecError`."""
    wire = _read(data)
    if not isinstance(wire, list):
        raise _wrong("batch", "an array of structs", wire)
    try:
        return [_unpackers[item[0]](item) for item in wire]
    except (KeyError, TypeError, IndexError):  # not ours, which takes a longer look to say why
        return [_by_tag(item) for item in wire]


def encode_state(obj: State, skip: tuple[str, ...] = ("config",)) -> bytes:
    """The declared fields of a plugin without those in ``skip``, which do not come from events, and without the derived
    ones. Names that the class lacks are no error."""
    return _written(_get(type(obj), frozenset(skip)).pack(obj))


def restore_state(cls: type[T], data: bytes, **skipped: Any) -> T:
    """The reverse of `encode_state`; ``skipped`` gives the fields that were left out. Any: they have no wire form."""
    restored: T = _get(cls, frozenset(skipped) or frozenset(("config",))).unpack(_read(data), **skipped)
    return restored


def schema(cls: type[Frozen] | type[State], skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """Tag, names, types and defaults as plain data (JSON), nested structs included."""
    described: dict[str, Any] = _get(cls, frozenset(skip)).schema()
    return described


def schema_hash(cls: type[Frozen] | type[State], skip: tuple[str, ...] = ()) -> str:
    """SHA-256 of `schema`, hex: two classes with the same hash read and write the same bytes."""
    return hashlib.sha256(_dump(schema(cls, skip))).hexdigest()


def to_json(value: Value) -> Any:
    """Plain data for ``json.dumps``: integers beyond 2**53 as strings, bytes as 0x-hex, structs as objects."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if isinstance(value, enum.Enum):
        return to_json(value.value)
    if kind is str:
        return value
    if kind is int:
        return value if -(2**53) <= value <= 2**53 else str(value)
    if kind is float:
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return "0x" + value.hex()
    if kind is Decimal:
        return _decimal_text(value, "JSON")
    if kind is Fraction:
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        keys = [to_json(key) for key in value]
        if all(isinstance(key, str | int) and not isinstance(key, bool) for key in keys):
            return {str(key): to_json(item) for key, item in zip(keys, value.values(), strict=True)}
        return [[key, to_json(item)] for key, item in zip(keys, value.values(), strict=True)]
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        fields = {name: to_json(getattr(value, name)) for name in value.__struct_fields__}
        return {"type": tag, **fields} if tag is not None and tag != kind.__name__ else fields
    raise CodecError(f"{kind.__name__} has no JSON form here: {reprlib.repr(value)}; use the types of the codec")


def _pack(obj: Value) -> list[Wire]:
    packer = _packers.get(obj.__class__)
    if packer is None:
        packer = _get(obj.__class__, _NOTHING).pack
    return packer(obj)


def _written(wire: Wire) -> bytes:
    try:
        return _dump(wire)
    except _UNWRITABLE as error:
        raise _unwritable(error) from error


def _unwritable(error: Exception) -> CodecError:
    return CodecError(f"cannot be written: {error}; text must be valid Unicode, data not nested without end")


def _read(data: bytes) -> Wire:
    try:
        wire = _load(data)
        # Writing it again takes 0.1 µs and finds every spelling that is not ours, at any depth.
        same = _dump(wire) == data
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError, OverflowError) as error:
        raise CodecError(f"not msgpack: {error} ({len(data)} bytes, starting {data[:16].hex()})") from error
    if not same:
        raise CodecError(
            f"not the canonical spelling ({len(data)} bytes, starting {data[:16].hex()}): another encoder wrote it"
        )
    return wire


def _by_tag(wire: Wire) -> Value:
    if not isinstance(wire, list) or not wire or not isinstance(wire[0], str):
        raise _wrong("struct", "an array that starts with a tag", wire)
    compiled = _tagged.get(wire[0])
    if compiled is None:
        raise CodecError(f"unknown tag {wire[0]!r}: install the plugin that declares it, or register its class")
    return compiled.unpack(wire)


def _get(cls: type, skip: frozenset[str]) -> _Compiled:
    found = _compiled.get((cls, skip))
    if found is not None:
        return found
    if not (isinstance(cls, type) and issubclass(cls, msgspec.Struct)):
        raise CodecError(f"{cls!r} is not a struct: subclass Frozen or State")
    before = (dict(_compiled), dict(_packers), dict(_tagged), dict(_unpackers))
    try:
        return _compile(cls, skip)
    except BaseException:
        for kept, registry in zip(before, (_compiled, _packers, _tagged, _unpackers), strict=True):
            registry.clear()  # type: ignore[attr-defined]
            registry.update(kept)  # type: ignore[attr-defined]
        raise


def _compile(cls: type, skip: frozenset[str]) -> _Compiled:
    compiled = _Compiled.__new__(_Compiled)
    _compiled[cls, skip] = compiled  # known before its fields, which may refer to it
    compiled.__init__(cls, skip)  # type: ignore[misc]
    compiled.compute_defaults()
    if not skip:
        _packers[cls] = compiled.pack
        if compiled.tag is not None:
            other = _tagged.setdefault(compiled.tag, compiled)
            _unpackers.setdefault(compiled.tag, compiled.unpack)
            if other is not compiled and other.schema() != compiled.schema():
                raise CodecError(
                    f"the tag {compiled.tag!r} of {cls.__module__}.{cls.__qualname__} has another schema already, in "
                    f"{other.cls.__module__}.{other.cls.__qualname__}: give it a tag of its own, or the next number"
                )
    return compiled


# ---- generated code ----


def _convert(variable: str, function: str, as_is: str | None) -> str:
    call = f"{variable} = {function}({variable})"
    return f" {call}" if as_is is None else f" if not ({as_is.format(v=variable)}): {call}"


def _make(lines: list[str], names: dict[str, Any]) -> Callable[..., Any]:
    """Compiles one function ``made``. Its text holds field names, numbers and the repr of tags, nothing else."""
    exec("\n".join(lines), names)  # noqa: S102
    made: Callable[..., Any] = names["made"]
    return made


def _each(function: Callable[[Any], Any], as_is: str | None) -> Callable[[Iterable[Any]], list[Any]]:
    item = "f(v)" if as_is is None else f"v if {as_is.format(v='v')} else f(v)"
    return _make(["def made(values):", f" return [{item} for v in values]"], {"f": function})


# ---- one function per kind of declared type ----


def _wrong(where: str, expected: str, found: object) -> CodecError:
    return CodecError(f"{where}: expected {expected}, found {type(found).__name__} {reprlib.repr(found)}")


def _shape(declared: Any, where: str) -> _Shape:
    if isinstance(declared, NewType):
        return _shape(declared.__supertype__, where)
    origin, args = get_origin(declared), get_args(declared)
    if origin is typing.Annotated:
        return _shape(args[0], where)
    if declared in _SCALARS:
        return _SCALARS[declared](where)
    if origin in (Union, types.UnionType):
        return _union(args, where)
    if origin is Literal:
        return _constants("literal", {value: value for value in args}, where)
    if origin is list and args:
        return _sequence(list, args[0], where)
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        return _sequence(tuple, args[0], where)
    if origin is tuple:
        return _fixed(args, where)
    if origin is dict:
        return _mapping(args[0], args[1], where)
    if isinstance(declared, type) and issubclass(declared, enum.StrEnum):
        return _constants("enum", {member: member.value for member in declared}, where)
    if isinstance(declared, type) and issubclass(declared, msgspec.Struct):
        return _struct(declared, where)
    advice = {
        set: "a set has no order of its own: use a dict or a sorted tuple",
        frozenset: "a set has no order of its own: use a dict or a sorted tuple",
        Any: "Any cannot be read back: declare the types",
    }.get(
        origin or declared,
        "use int, str, bool, bytes, float, Decimal, Fraction, StrEnum, list, tuple, dict, Frozen or State",
    )
    raise CodecError(f"{where}: {declared} has no encoding; {advice}")


def _plain(name: str, kind: type) -> Callable[[str], _Shape]:
    """Kinds that are the same on both sides."""
    as_is = "{v} is None" if kind is types.NoneType else f"{{v}}.__class__ is {name}"

    def shape(where: str) -> _Shape:
        def check(found: Value) -> Wire:
            if found.__class__ is not kind:
                raise _wrong(where, name, found)
            return found

        return _Shape(lambda _: name, (kind,), (kind.__name__,), check, check, as_is, as_is)

    return shape


def _integer(where: str) -> _Shape:
    def pack(value: Value) -> Wire:
        if value.__class__ is not int:
            raise _wrong(where, "int", value)
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
            raise _wrong(where, f"an integer or {_WIDE} bytes", wire)
        value = int.from_bytes(wire, "big", signed=True)
        if _LOW <= value <= _HIGH:
            raise CodecError(
                f"{where}: {value} stands in {_WIDE} bytes, but fits a msgpack integer: not the canonical spelling"
            )
        return value

    fits = f"{{v}}.__class__ is int and {_LOW} <= {{v}} <= {_HIGH}"
    return _Shape(lambda _: "int", (int,), ("int", "bytes"), pack, unpack, fits, "{v}.__class__ is int")


def _float(where: str) -> _Shape:
    def check(found: Value) -> Wire:
        if found.__class__ is not float or math.isnan(found):
            raise _wrong(where, "a float that is a number (1.0, not 1)", found)
        return found

    as_is = "{v}.__class__ is float and {v} == {v}"
    return _Shape(lambda _: "float", (float,), ("float",), check, check, as_is, as_is)


def _decimal_text(value: Decimal, where: str) -> str:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) + len(value.as_tuple().digits) > _DECIMAL_TEXT:
        raise CodecError(f"{where}: {reprlib.repr(value)} is not finite or longer than {_DECIMAL_TEXT} digits")
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _decimal(where: str) -> _Shape:
    def pack(value: Value) -> Wire:
        if value.__class__ is not Decimal:
            raise _wrong(where, "Decimal", value)
        return _decimal_text(value, where)

    def unpack(wire: Wire) -> Value:
        canonical = (
            wire.__class__ is str and len(wire) <= 2 * _DECIMAL_TEXT and _DECIMAL.fullmatch(wire) and wire != "-0"
        )
        if not canonical:
            raise _wrong(where, "a decimal number in its shortest plain form", wire)
        return Decimal(wire)

    return _Shape(lambda _: "decimal", (Decimal,), ("str",), pack, unpack)


def _fraction(where: str) -> _Shape:
    part = _integer(where)

    def pack(value: Value) -> Wire:
        if value.__class__ is not Fraction:
            raise _wrong(where, "Fraction", value)
        return [part.pack(value.numerator), part.pack(value.denominator)]

    def unpack(wire: Wire) -> Value:
        if wire.__class__ is not list or len(wire) != 2:
            raise _wrong(where, "[numerator, denominator]", wire)
        numerator, denominator = part.unpack(wire[0]), part.unpack(wire[1])
        if denominator <= 0 or math.gcd(numerator, denominator) != 1:
            raise CodecError(f"{where}: {numerator}/{denominator} is not in lowest terms over a positive denominator")
        return Fraction(numerator, denominator)

    return _Shape(lambda _: "fraction", (Fraction,), ("list",), pack, unpack)


def _constants(name: str, members: dict[Any, Wire], where: str) -> _Shape:
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
            raise _wrong(where, f"{name} of {choices}", value) from None

    def unpack(wire: Wire) -> Value:
        try:
            return read[wire.__class__, wire]
        except (KeyError, TypeError):
            raise _wrong(where, f"{name} of {choices}", wire) from None

    kinds = {wire.__class__ for wire in members.values()}
    on_wire = {kind.__name__ for kind in kinds} | ({"bytes"} if int in kinds else set())
    python = {value.__class__ for value in members}
    return _Shape(lambda _: [name, *members.values()], tuple(python), tuple(sorted(on_wire)), pack, unpack)


def _sequence(kind: type[list[Any]] | type[tuple[Any, ...]], declared: Any, where: str) -> _Shape:
    item = _shape(declared, f"{where}[]")
    pack_each, unpack_each = _each(item.pack, item.pack_as_is), _each(item.unpack, item.unpack_as_is)

    def pack(value: Value) -> Wire:
        if value.__class__ is not kind:
            raise _wrong(where, kind.__name__, value)
        return pack_each(value)

    def unpack(wire: Wire) -> Value:
        if wire.__class__ is not list:
            raise _wrong(where, "an array", wire)
        return kind(unpack_each(wire))

    return _Shape(lambda outer: [kind.__name__, item.schema(outer)], (kind,), ("list",), pack, unpack)


def _fixed(declared: tuple[Any, ...], where: str) -> _Shape:
    items = [_shape(one, f"{where}[{i}]") for i, one in enumerate(declared)]

    def pack(value: Value) -> Wire:
        if value.__class__ is not tuple or len(value) != len(items):
            raise _wrong(where, f"a tuple of {len(items)}", value)
        return [item.pack(one) for item, one in zip(items, value, strict=True)]

    def unpack(wire: Wire) -> Value:
        if wire.__class__ is not list or len(wire) != len(items):
            raise _wrong(where, f"an array of {len(items)}", wire)
        return tuple([item.unpack(one) for item, one in zip(items, wire, strict=True)])

    return _Shape(lambda outer: ["fixed", *[item.schema(outer) for item in items]], (tuple,), ("list",), pack, unpack)


def _mapping(declared_key: Any, declared_value: Any, where: str) -> _Shape:
    key, item = _shape(declared_key, f"{where} key"), _shape(declared_value, f"{where}[]")
    if {list, dict} & set(key.python):
        raise CodecError(f"{where}: a key must be hashable: use a tuple")

    def pack(value: Value) -> Wire:
        if value.__class__ is not dict:
            raise _wrong(where, "dict", value)
        pairs = [[key.pack(k), item.pack(v)] for k, v in value.items()]
        pairs.sort(key=_key_bytes)
        return pairs

    def unpack(wire: Wire) -> Value:
        if wire.__class__ is not list or not all(pair.__class__ is list and len(pair) == 2 for pair in wire):
            raise _wrong(where, "an array of [key, value] arrays", wire)
        if any(a >= b for a, b in pairwise(map(_key_bytes, wire))):
            raise CodecError(f"{where}: keys are not in ascending order of their bytes, or one stands twice")
        try:
            value = {key.unpack(k): item.unpack(v) for k, v in wire}
        except TypeError as error:
            raise CodecError(f"{where}: {error}") from error
        if len(value) != len(wire):
            raise CodecError(f"{where}: two keys are equal")
        return value

    return _Shape(lambda outer: ["dict", key.schema(outer), item.schema(outer)], (dict,), ("list",), pack, unpack)


def _key_bytes(pair: list[Wire]) -> bytes:
    return _written(pair[0])


def _struct(cls: type, where: str) -> _Shape:
    compiled = _get(cls, _NOTHING)

    def pack(value: Value) -> Wire:
        if value.__class__ is not cls:
            raise _wrong(where, cls.__qualname__, value)
        return compiled.pack(value)

    def unpack(wire: Wire) -> Value:
        return compiled.unpack(wire)

    return _Shape(compiled.schema, (cls,), ("list",) if compiled.tag is None else (_TAG + compiled.tag,), pack, unpack)


def _union(declared: tuple[Any, ...], where: str) -> _Shape:
    members = [_shape(one, where) for one in declared]
    by_class = {python: member for member in members for python in member.python}
    by_wire = {kind: member for member in members for kind in member.wire}
    tagged = {kind.removeprefix(_TAG): member for kind, member in by_wire.items() if kind.startswith(_TAG)}
    if len(by_wire) < sum(len(member.wire) for member in members) or (tagged and "list" in by_wire):
        raise CodecError(f"{where}: members of {declared} look alike on the wire; use structs with a tag")

    def pack(value: Value) -> Wire:
        member = by_class.get(value.__class__)
        if member is None:
            raise _wrong(where, " or ".join(sorted(python.__name__ for python in by_class)), value)
        return member.pack(value)

    def unpack(wire: Wire) -> Value:
        member = by_wire.get(wire.__class__.__name__)
        if member is None and wire.__class__ is list and wire and wire[0].__class__ is str:
            member = tagged.get(wire[0])
        if member is None:
            raise _wrong(where, " or ".join(sorted(by_wire)), wire)
        return member.unpack(wire)

    def as_is(expressions: list[str | None]) -> str | None:
        return " or ".join(f"({one})" for one in expressions if one is not None) or None

    return _Shape(
        lambda outer: ["union", *sorted((member.schema(outer) for member in members), key=_dump)],
        tuple(by_class),
        tuple(by_wire),
        pack,
        unpack,
        as_is([member.pack_as_is for member in members]),
        as_is([member.unpack_as_is for member in members]),
    )


_SCALARS: dict[Any, Callable[[str], _Shape]] = {
    int: _integer,
    float: _float,
    Decimal: _decimal,
    Fraction: _fraction,
    bool: _plain("bool", bool),
    str: _plain("str", str),
    bytes: _plain("bytes", bytes),
    types.NoneType: _plain("None", types.NoneType),
}
