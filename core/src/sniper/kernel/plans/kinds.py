"""Which rule carries out which type of plan."""

from typing import Any, Final

from sniper import order_types as t
from sniper.kernel.plans.book import PlanState
from sniper.kernel.plans.bracket import BracketRule
from sniper.kernel.plans.chase import ChaseRule
from sniper.kernel.plans.dca import DcaRule
from sniper.kernel.plans.good_till import GoodTillRule
from sniper.kernel.plans.grid import GridRule
from sniper.kernel.plans.iceberg import IcebergRule
from sniper.kernel.plans.ladder import LadderRule
from sniper.kernel.plans.market_to_limit import MarketToLimitRule
from sniper.kernel.plans.one_cancels_other import OneCancelsOtherRule
from sniper.kernel.plans.one_triggers_other import OneTriggersOtherRule
from sniper.kernel.plans.one_updates_other import OneUpdatesOtherRule
from sniper.kernel.plans.participate import ParticipateRule
from sniper.kernel.plans.rule import Rule
from sniper.kernel.plans.schedule import ScheduleRule
from sniper.kernel.plans.stop import StopRule, TouchRule
from sniper.kernel.plans.trailing import TrailingRule
from sniper.kernel.plans.unwind import UnwindRule

_RULES: Final[dict[type, type[Rule[Any]]]] = {  # Any: each takes the type that it is listed under
    t.Stop: StopRule,
    t.IfTouched: TouchRule,
    t.TakeProfit: TouchRule,
    t.TrailingStop: TrailingRule,
    t.Unwind: UnwindRule,
    t.MarketToLimit: MarketToLimitRule,
    t.Iceberg: IcebergRule,
    t.GoodTill: GoodTillRule,
    t.Chase: ChaseRule,
    t.OneCancelsOther: OneCancelsOtherRule,
    t.OneUpdatesOther: OneUpdatesOtherRule,
    t.OneTriggersOther: OneTriggersOtherRule,
    t.Bracket: BracketRule,
    t.Grid: GridRule,
    t.Ladder: LadderRule,
    t.Twap: ScheduleRule,
    t.Vwap: ScheduleRule,
    t.Scheduled: ScheduleRule,
    t.Shortfall: ScheduleRule,
    t.Participate: ParticipateRule,
    t.Dca: DcaRule,
}


def rule_of(plan: PlanState) -> Rule[Any]:
    """The rule of a plan. Any: as above."""
    spec = plan.started.spec
    return _RULES[type(spec)](plan, spec)
