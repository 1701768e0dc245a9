"""Strategies that tests need, installed as anybody's plugin would be: a distribution on the process's path."""

from pathlib import Path

PACKAGE = '''
"""Strategies for tests."""

from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies() -> list[StrategySpec]:
    return [
        StrategySpec(name="witness", summary="Says what it was told of reorgs", factory="stand_strategies.two:Witness"),
        StrategySpec(name="follower", summary="Buys what signals are about", factory="stand_strategies.two:Follower"),
        StrategySpec(name="planner", summary="Trades new pools by plans", factory="stand_strategies.two:Planner"),
        StrategySpec(name="faulty", summary="Raises at the first launch", factory="stand_strategies.two:Faulty"),
    ]
'''

STRATEGIES = '''
"""What a strategy wants is on record: so a witness that wants the impossible tells the journal what it heard."""

from sniper.config import Config
from sniper.events import LiquidityAdded, PlanChanged, Retracted, Signal
from sniper.instrument import pool_price
from sniper.order_types import Bracket, Leg, OneCancelsOther, Twap
from sniper.strategy import Actions, Open, StartPlan, Strategy, View, on

LOTS = 1_000 * 10**18


class Nothing(Config):
    """Nothing to set."""


class Witness(Strategy):
    config: Nothing

    @on(Retracted)
    def retracted(self, event: Retracted, view: View) -> Actions:
        yield Open(token=f"{event.chain_id}:0x{'0' * 36}dead", reason=f"retracted above {event.ancestor}")


class Follower(Strategy):
    config: Nothing

    @on(Signal)
    def heard(self, event: Signal, view: View) -> Actions:
        for asset in event.assets:
            yield Open(token=asset, reason=f"{event.id}: {event.score} bps by {len(event.sources)}")


class Planner(Strategy):
    """A bracket in the first pool, a TWAP in the second, and for what that bought one-cancels-other."""

    config: Nothing
    pools: list[str] = []

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        pool = view.pool(event.pool)
        if pool is None or event.pool in self.pools or len(self.pools) == 2:
            return
        self.pools.append(event.pool)
        price = pool_price(pool.amount_out(event.token.partition(":")[2], LOTS), LOTS)
        if len(self.pools) == 1:
            plan = Bracket(
                instrument=event.pool, side="buy", size=LOTS, stop=price * 8 // 10, target=price * 13 // 10
            )
            yield StartPlan(key="bracket", plan=plan, reason="a pool")
        else:
            twap = Twap(instrument=event.pool, side="buy", size=LOTS, duration=2 * 10**9, slices=2, limit=price * 2)
            yield StartPlan(key="twap", plan=twap, reason="another pool")

    @on(PlanChanged)
    def changed(self, event: PlanChanged, view: View) -> Actions:
        if event.key != "twap" or event.state != "done":
            return
        pool = view.pool(event.instrument)
        held = next(each for each in view.positions.values() if each.pool == event.instrument)
        price = pool_price(pool.amount_out(held.token.partition(":")[2], held.amount), held.amount)
        legs = (
            Leg(name="stop", side="sell", size=held.amount, stop=price * 8 // 10, reduce_only=True),
            Leg(name="target", side="sell", size=held.amount, price=price * 13 // 10, reduce_only=True),
        )
        plan = OneCancelsOther(instrument=event.instrument, legs=legs)
        yield StartPlan(key="oco", plan=plan, reason="the TWAP is done")


class Faulty(Strategy):
    config: Nothing

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        raise RuntimeError("a defect of this strategy")
        yield
'''


def install(site: Path) -> Path:
    """Make a directory that, on PYTHONPATH, installs them. Returns it."""
    package, info = site / "stand_strategies", site / "stand_strategies-1.0.dist-info"
    for directory in (package, info):
        directory.mkdir(parents=True)
    (package / "__init__.py").write_text(PACKAGE.lstrip())
    (package / "two.py").write_text(STRATEGIES.lstrip())
    (info / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: stand-strategies\nVersion: 1.0\nRequires-Dist: sniper-core>=0.1\n"
    )
    (info / "entry_points.txt").write_text("[sniper.plugins]\nstand = stand_strategies\n")
    return site
