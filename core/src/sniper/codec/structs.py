"""Struct classes, compiled: what is registered, by class and by tag."""

import reprlib
from collections.abc import Callable
from typing import Any, Union

import msgspec

from sniper.codec.generated import convert, make
from sniper.codec.plain import to_json
from sniper.codec.shapes import TAG, Shape, Value, shape_of
from sniper.codec.wire import Wire, wrong
from sniper.errors import CodecError


class Compiled:
    """One struct class, without the fields in ``skip`` and without the derived ones, which take their defaults.

    native  See `Shape`. A class that refers to itself is not.
    """

    native = False

    def __init__(self, cls: Any, skip: frozenset[str]) -> None:
        config = cls.__struct_config__  # Any: Frozen and State are structs at run time only
        self.cls: type = cls
        self.tag: str | None = config.tag
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
        self.shapes = [shape_of(field.type, f"{self.name}.{field.name}", _nested) for field in self.fields]
        whole = config.array_like and config.tag_field in (None, "type") and len(self.fields) == len(fields)
        self.native = whole and all(shape.native for shape in self.shapes) and _readable(cls)
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
            lines.append(convert(f"v{i}", f"p{i}", shape.pack_as_is))
            items.append(f"v{i}")
        return make([*lines, f" return [{', '.join(items)}]"], names)

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
            lines.append(convert(f"v{i}", f"u{i}", shape.unpack_as_is))
        arguments = [f"{field.name}={v}" for field, v in zip(self.fields, variables, strict=True)]
        if self.skip:
            arguments.append("**skipped")
        return make([*lines, f" return cls({', '.join(arguments)})"], names)

    def _complete(self, wire: Wire) -> list[Wire]:
        if not isinstance(wire, list):
            raise wrong(self.name, f"an array of {len(self.fields)} fields", wire)
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


_compiled: dict[tuple[type, frozenset[str]], Compiled] = {}
_packers: dict[type, Callable[[Value], list[Wire]]] = {}
_tagged: dict[str, Compiled] = {}
_natives: set[type] = set()
_readers: dict[type | None, Callable[[bytes], Value] | None] = {}
_NOTHING: frozenset[str] = frozenset()


def get(cls: type, skip: frozenset[str] = _NOTHING) -> Compiled:
    """The class, compiled; known from then on. Raises `CodecError`."""
    found = _compiled.get((cls, skip))
    if found is not None:
        return found
    if not (isinstance(cls, type) and issubclass(cls, msgspec.Struct)):
        raise CodecError(f"{cls!r} is not a struct: subclass Frozen or State")
    before = (dict(_compiled), dict(_packers), dict(_tagged))
    _readers.clear()
    try:
        return _compile(cls, skip)
    except BaseException:
        for kept, registry in zip(before, (_compiled, _packers, _tagged), strict=True):
            registry.clear()  # type: ignore[attr-defined]
            registry.update(kept)  # type: ignore[attr-defined]
        raise


def packer(cls: type) -> Callable[[Value], list[Wire]]:
    """What packs a whole struct of this class."""
    return _packers.get(cls) or get(cls).pack


def is_native(cls: type) -> bool:
    """Whether msgspec writes it itself; False where it is not registered."""
    return cls in _natives


def native_reader(cls: type | None) -> Callable[[bytes], Value] | None:
    """What reads a struct of this class without us; None where that is not possible. Of no class: of any tag."""
    try:
        return _readers[cls]
    except KeyError:
        if cls is None:
            classes = tuple(compiled.cls for compiled in _tagged.values() if compiled.native)
        else:
            classes = (cls,) if get(cls).native else ()
        # Of classes that are only known now.
        _readers[cls] = found = msgspec.msgpack.Decoder(Union[classes]).decode if classes else None  # noqa: UP007
        return found


def class_of(tag: str) -> type | None:
    """The class that structs with this tag are read as; None where none is registered."""
    compiled = _tagged.get(tag)
    return compiled.cls if compiled else None


def by_tag(wire: Wire) -> Value:
    """The struct that something read says it is. Raises `CodecError`."""
    if not isinstance(wire, list) or not wire or not isinstance(wire[0], str):
        raise wrong("struct", "an array that starts with a tag", wire)
    compiled = _tagged.get(wire[0])
    if compiled is None:
        raise CodecError(f"unknown tag {wire[0]!r}: install the plugin that declares it, or register its class")
    return compiled.unpack(wire)


def _compile(cls: type, skip: frozenset[str]) -> Compiled:
    compiled = Compiled.__new__(Compiled)
    _compiled[cls, skip] = compiled  # known before its fields, which may refer to it
    compiled.__init__(cls, skip)  # type: ignore[misc]
    compiled.compute_defaults()
    if not skip:
        _packers[cls] = compiled.pack
        if compiled.tag is not None:
            other = _tagged.setdefault(compiled.tag, compiled)
            if other is not compiled and other.schema() != compiled.schema():
                raise CodecError(
                    f"the tag {compiled.tag!r} of {cls.__module__}.{cls.__qualname__} has another schema already, in "
                    f"{other.cls.__module__}.{other.cls.__qualname__}: give it a tag of its own, or the next number"
                )
        if compiled.native:
            _natives.add(cls)
    return compiled


def _readable(cls: type) -> bool:
    """Whether msgspec takes all the unions in a class: it wants one member of a kind, and text and bytes are one."""
    try:
        msgspec.msgpack.Decoder(cls)
    except TypeError:
        return False
    return True


def _nested(cls: type, where: str) -> Shape:
    compiled = get(cls)

    def pack(value: Value) -> Wire:
        if value.__class__ is not cls:
            raise wrong(where, cls.__qualname__, value)
        return compiled.pack(value)

    def unpack(wire: Wire) -> Value:
        return compiled.unpack(wire)

    wire = ("list",) if compiled.tag is None else (TAG + compiled.tag,)
    return Shape(compiled.schema, (cls,), wire, pack, unpack, native=compiled.native)
