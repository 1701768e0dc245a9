"""Which rule carries out which type of plan."""

from typing import Any, Final

from sniper.kernel.plans.book import PlanState
from sniper.kernel.plans.rule import Rule
from sniper.kernel.plans.stop import StopRule
from sniper.kernel.plans.unwind import UnwindRule
from sniper.order_types import Stop, Unwind

_RULES: Final[dict[type, type[Rule[Any]]]] = {
    Stop: StopRule,
    Unwind: UnwindRule,
}  # Any: each takes the type that it is listed under


def rule_of(plan: PlanState) -> Rule[Any]:
    """The rule of a plan. Any: as above."""
    spec = plan.started.spec
    return _RULES[type(spec)](plan, spec)
