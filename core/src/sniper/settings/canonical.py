"""One text for equal configs: what the journal keeps of one."""

import json
import math
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from sniper.errors import PluginError
from sniper.settings.secrets import EndpointUrl

LARGEST_JSON_INTEGER = 2**53
"""Readers that keep numbers as doubles are exact up to here."""


def canonical(data: Any) -> str:
    """JSON with sorted keys and no spaces. Any: plain data."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def plain(value: Any) -> Any:
    """JSON's own types, the same in every process; integers beyond 2**53 become text, secrets are left out.

    Any: a value of any config model. Raises `PluginError` for a type without such a form.
    """
    match value:
        case None | bool():
            return value
        case EndpointUrl():
            return value.shown
        case SecretStr() | SecretBytes():
            return "(hidden)"
        case BaseModel():
            return {name: plain(getattr(value, name)) for name in type(value).model_fields}
        case Enum():
            return plain(value.value)
        case int():
            return value if abs(value) <= LARGEST_JSON_INTEGER else str(value)
        case float() if math.isfinite(value):
            return value
        case str():
            return str(value)
        case bytes():
            return "0x" + value.hex()
        case PurePath() | Decimal() | Fraction():
            return str(value)
        case date():
            return value.isoformat()
        case dict():
            return {str(plain(key)): plain(inner) for key, inner in value.items()}
        case set() | frozenset():
            return sorted((plain(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
        case list() | tuple():
            return [plain(each) for each in value]
    raise PluginError(
        f"a config holds {value!r} of type {type(value).__name__}, which has no canonical form; use numbers, text, "
        "lists, tables, dates, Decimal, Fraction, Path or an Enum of these"
    )
