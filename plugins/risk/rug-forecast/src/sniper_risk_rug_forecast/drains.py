"""When a pool was drained: what the model is to foresee."""

from collections.abc import Iterable
from typing import Final

from sniper_risk_rug_forecast.actions import Action

LEFT_BPS: Final = 1_000
"""A pool is drained when no more than this share of the most that it held is left, of the coin that is paid with."""

WITHIN_S: Final = 24 * 3600
"""How far the model looks ahead."""


def is_drained(quote: int, highest: int) -> bool:
    """Whether a reserve counts as gone, where ``highest`` was the most that it ever was; base units."""
    return highest > 0 and quote * 10_000 <= highest * LEFT_BPS


def drained_at(actions: Iterable[Action]) -> int | None:
    """Unix seconds of the first action that left a pool drained, whether by a burn or by sales; None where none did."""
    highest = 0
    for action in actions:
        highest = max(highest, action.quote_reserve)
        if is_drained(action.quote_reserve, highest):
            return action.time
    return None
