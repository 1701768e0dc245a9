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
        StrategySpec(name="faulty", summary="Raises at the first launch", factory="stand_strategies.two:Faulty"),
    ]
'''

STRATEGIES = '''
"""What a strategy wants is on record: so a witness that wants the impossible tells the journal what it heard."""

from sniper.config import Config
from sniper.events import LiquidityAdded, Retracted, Signal
from sniper.strategy import Actions, Open, Strategy, View, on


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
