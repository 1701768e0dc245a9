"""What a plan cannot be in a pool, by its name and with the reason."""

from collections.abc import Iterator
from typing import Any, Final

from sniper.order_types import Bracket, Chase, Iceberg, Leg, OneTriggersOther, Participate, Plan, TakeProfit, Unwind
from sniper.risk import Finding, must

_SENSELESS: Final[dict[type, tuple[str, str]]] = {
    Iceberg: ("iceberg", "in a pool nothing rests, so nothing is there to be hidden; Ladder and Twap cut a size"),
    Chase: ("chase", "a pool has no best price of one's own side to stay at; Ladder has a limit, IfTouched a trigger"),
    Participate: ("participate", "a pool says what it holds and not what was traded in it; Vwap has a profile of that"),
}
_FLAGS: Final = {
    "post-only": "every trade in a pool takes what is there",
    "hidden": "in a pool nothing rests, so nothing is there to be hidden",
}


def senseless(spec: Plan) -> Iterator[Finding]:
    """A finding for each thing that it cannot be."""
    what: Any = spec  # Any: not each type has each field
    if type(spec) in _SENSELESS:
        rule, note = _SENSELESS[type(spec)]
        yield must(rule, False, note=note)
    for flag in getattr(what, "flags", ()):
        if flag in _FLAGS:
            yield must(flag, False, note=_FLAGS[flag])
    if getattr(what, "native", False):
        yield must("native", False, note="a pool holds no order: nobody watches its price but the process itself")
    if _shorts(spec):
        yield must("short", False, note="in a pool nothing can be sold that is not held, so nothing is bought back")


def _shorts(spec: Any) -> bool:  # Any: as above
    if isinstance(spec, Bracket):
        return spec.side == "sell"
    legs: tuple[Leg, ...] = (spec.first, *spec.then) if isinstance(spec, OneTriggersOther) else ()
    legs = legs or getattr(spec, "legs", ())
    if legs:
        return any(leg.side == "buy" and leg.reduce_only for leg in legs)
    reduces = isinstance(spec, (TakeProfit, Unwind)) or getattr(spec, "reduce_only", False)
    return reduces and getattr(spec, "side", "sell") == "buy"
