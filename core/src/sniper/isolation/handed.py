"""What a worker hands over, read and checked: by type, by value, and made fit to be shown.

A strategy's action names no account and no strategy: whoever was asked is who acts. So none can be forged for another.
"""

from typing import Any, Final, TypeVar, cast

from msgspec.structs import replace

from sniper.codec import decode, register
from sniper.errors import PluginFault
from sniper.isolation.messages import LONGEST_TEXT
from sniper.isolation.words import harmless
from sniper.plugin import Frozen
from sniper.risk import Finding, Trip
from sniper.strategy import SetTimer
from sniper.types import (
    BPS,
    Arbitrage,
    CancelOrder,
    Close,
    Intent,
    Open,
    PlaceOrder,
    Provide,
    StartPlan,
    Withdraw,
)

T = TypeVar("T", bound=Frozen)

MOST: Final = 2**256 - 1
MOST_ITEMS: Final = 256
_LATEST: Final = 2**63 - 1
_SIGNED: Final = frozenset({"lower", "upper"})
_ACTIONS: Final[frozenset[type[Frozen]]] = frozenset(
    {Open, Close, Arbitrage, Provide, Withdraw, PlaceOrder, StartPlan, CancelOrder, SetTimer}
)


for _action in sorted(_ACTIONS, key=lambda each: each.__name__):
    register(_action)


def action(data: bytes) -> Intent | SetTimer:
    """What a strategy wants done. Raises `PluginFault`, or `CodecError`."""
    found = decode(data)
    if type(found) not in _ACTIONS:
        raise PluginFault(f"it gave {type(found).__name__}, which no strategy gives")
    share, at = getattr(found, "share_bps", 0), getattr(found, "at", 0)
    if share > BPS:
        raise PluginFault(f"it gave a share of {share} bps; all of it is {BPS}")
    if at > _LATEST:
        raise PluginFault(f"it wants to be called at {at}, which no clock shows")
    return cast("Intent | SetTimer", _sound(found, _SIGNED))


def finding(data: bytes) -> Finding:
    """What a check found. Raises `PluginFault`, or `CodecError`."""
    return _sound(decode(data, Finding), frozenset({"found", "limit"}))


def trip(data: bytes) -> Trip:
    """What a breaker wants. Raises `PluginFault`, or `CodecError`."""
    return _sound(decode(data, Trip), frozenset())


READERS: Final[frozenset[object]] = frozenset({action, finding, trip})


def _sound(found: T, signed: frozenset[str]) -> T:
    """The same, with its texts fit to be shown."""
    changed: dict[str, Any] = {}  # Any: each field has its own type
    for name in found.__struct_fields__:  # type: ignore[attr-defined]  # every message is a msgspec struct
        value = getattr(found, name)
        made = _value(value, f"{type(found).__name__}.{name}", signed, name)
        if made is not value:
            changed[name] = made
    return replace(found, **changed) if changed else found  # type: ignore[type-var]  # as above


def _value(value: Any, where: str, signed: frozenset[str], name: str) -> Any:
    kind = type(value)
    if kind is int:
        if value > MOST or value < (-MOST if name in signed else 0):
            raise PluginFault(f"it gave {where} = {value!r:.80}; an amount is from 0 to 2**256-1")
        return value
    if kind is str:
        made = harmless(value, LONGEST_TEXT)
        return value if made == value else made
    if kind is tuple:
        if len(value) > MOST_ITEMS:
            raise PluginFault(f"it gave {where} with {len(value)} items; at most {MOST_ITEMS} are taken")
        items = tuple(_value(each, where, signed, name) for each in value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if isinstance(value, Frozen):
        return _sound(value, signed)
    if kind is float:
        raise PluginFault(f"it gave {where} = {value!r}; a float is never an order")
    return value
