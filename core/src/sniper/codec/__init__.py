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

Most classes have only fields that msgspec writes in these very bytes by itself, seven times as fast. Such a class is
called native here: `decode` lets msgspec read, believes what it would write again as it is, and looks closer at the
rest. `encode` always looks at each field, for Python holds nobody to a type; `encode_trusted` does not.
"""

import hashlib
from typing import Any, TypeVar, overload

from sniper.codec import structs
from sniper.codec.plain import to_json
from sniper.codec.wire import UNREADABLE, UNWRITABLE, dump, read, unwritable, written
from sniper.errors import CodecError
from sniper.plugin import Frozen, State

__all__ = [
    "CodecError", "class_of", "decode", "encode", "encode_state", "encode_trusted", "register", "restore_state",
    "schema", "schema_hash", "to_json",
]  # fmt: skip

T = TypeVar("T", bound=Frozen | State)


def register(cls: type[Frozen] | type[State]) -> None:
    """Compiles a struct class and makes its tag known to `decode`.

    Idempotent. Encoding registers by itself; decoding by tag alone cannot, it needs this call first. Raises
    `CodecError` for a field type without an encoding, and for a tag that another class uses with another schema.
    """
    structs.get(cls)


def encode(obj: Frozen | State) -> bytes:
    """The canonical bytes of a struct. Raises `CodecError` for a value that is not of its declared type."""
    wire = structs.packer(obj.__class__)(obj)
    try:
        return dump(wire)
    except UNWRITABLE as error:
        raise unwritable(error) from error


def encode_trusted(obj: Frozen) -> bytes:
    """The same bytes, for a struct that typed code made of values that were checked: nobody looks at its types again.

    What is of another type all the same gives bytes that `decode` refuses, or takes for what its type should have been.
    """
    if structs.is_native(obj.__class__):
        try:
            return dump(obj)
        except UNWRITABLE:
            pass  # a wide integer, which msgpack does not have; or something wrong, of which `encode` says what
    return encode(obj)


@overload
def decode(data: bytes) -> Frozen: ...
@overload
def decode(data: bytes, cls: type[T]) -> T: ...
def decode(data: bytes, cls: type[Any] | None = None) -> Any:
    """The struct that was encoded: by its tag, or of the class that is given. Raises `CodecError`."""
    native = structs.native_reader(cls)
    if native is not None:
        try:
            found = native(data)
            if dump(found) == data:
                return found
        except UNREADABLE:
            pass  # not native, or wrong, which takes a longer look to say why
    wire = read(data)
    return structs.by_tag(wire) if cls is None else structs.get(cls).unpack(wire)


def class_of(tag: str) -> type | None:
    """The class that structs with this tag are read as; None where none is registered."""
    return structs.class_of(tag)


def encode_state(obj: State, skip: tuple[str, ...] = ("config",)) -> bytes:
    """The declared fields of a plugin without those in ``skip``, which do not come from events, and without the derived
    ones. Names that the class lacks are no error."""
    return written(structs.get(type(obj), frozenset(skip)).pack(obj))


def restore_state(cls: type[T], data: bytes, **skipped: Any) -> T:
    """The reverse of `encode_state`; ``skipped`` gives the fields that were left out. Any: they have no wire form."""
    restored: T = structs.get(cls, frozenset(skipped) or frozenset(("config",))).unpack(read(data), **skipped)
    return restored


def schema(cls: type[Frozen] | type[State], skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """Tag, names, types and defaults as plain data (JSON), nested structs included."""
    described: dict[str, Any] = structs.get(cls, frozenset(skip)).schema()
    return described


def schema_hash(cls: type[Frozen] | type[State], skip: tuple[str, ...] = ()) -> str:
    """SHA-256 of `schema`, hex: two classes with the same hash read and write the same bytes."""
    return hashlib.sha256(dump(schema(cls, skip))).hexdigest()
