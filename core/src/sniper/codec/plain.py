"""Values as plain data, for people and other programs."""

import enum
import math
import reprlib
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from sniper.codec.shapes import Value, decimal_text
from sniper.errors import CodecError


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
        return decimal_text(value, "JSON")
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
