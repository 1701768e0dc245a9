"""Plans of which only a share is traded."""

from typing import Any

from msgspec.structs import replace

from sniper.order_types import Leg, Plan
from sniper.types import BPS


def scaled(plan: Plan, share_bps: int, least: int = 0) -> Plan | None:
    """A plan for a share of its lots, each part rounded down; None where that leaves nothing of one.

    least  Lots that only reduce a position, of a plan for one side: it is made no smaller than that.
    """
    changes: dict[str, Any] = {}  # Any: fields of a plan
    for name in ("size", "value", "show"):
        wanted = getattr(plan, name, None)
        if wanted is not None:
            changes[name] = wanted * share_bps // BPS
    if hasattr(plan, "side") and "size" in changes:
        changes["size"] = max(changes["size"], min(least, plan.size))  # type: ignore[union-attr]  # it has one
    if "show" in changes:
        changes["show"] = max(1, changes["show"])
    for name in ("legs", "then"):
        legs: tuple[Leg, ...] = getattr(plan, name, ())
        if legs:
            changes[name] = tuple((leg, leg.size * share_bps // BPS) for leg in legs)
    if hasattr(plan, "first") and isinstance(plan.first, Leg):
        changes["first"] = (plan.first, plan.first.size * share_bps // BPS)
    slices = getattr(plan, "slices", None)
    if isinstance(slices, tuple):
        changes["slices"] = tuple((at, lots * share_bps // BPS) for at, lots in slices)
    parts = [lots for each in changes.values() if isinstance(each, tuple) for lots in _lots(each)]
    if not all(parts) or not all(each for each in changes.values() if isinstance(each, int)):
        return None
    made = {name: _made(each) for name, each in changes.items()}
    return replace(plan, **made)  # type: ignore[type-var]  # every plan is a struct


def _lots(part: tuple[Any, ...]) -> list[int]:
    """Any: (leg, lots), pairs of those, or (ns, lots)."""
    return [part[1]] if isinstance(part[0], Leg) else [each[1] for each in part]


def _made(part: Any) -> Any:
    """Any: as above, or a number."""
    if not isinstance(part, tuple):
        return part
    if isinstance(part[0], Leg):
        return replace(part[0], size=part[1])  # type: ignore[type-var]
    return tuple(_made(each) if isinstance(each[0], Leg) else each for each in part)
