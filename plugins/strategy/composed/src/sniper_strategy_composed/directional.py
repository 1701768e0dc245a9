"""Opens a position when rules hold at the close of a bar, and closes it when others do."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import Field, PositiveInt

from sniper.events import Bar
from sniper.strategy import Actions, Close, Config, Open, Strategy, View, on
from sniper.types import SECOND
from sniper_strategy_composed.indicators import Chart
from sniper_strategy_composed.rules import holds, parse

__all__ = ["Directional", "DirectionalConfig", "Rules"]


class DirectionalConfig(Config):
    """What is looked at."""

    instrument: str = Field(description="id of what is traded", examples=["binance:BTC/USDT"])
    interval_s: PositiveInt = Field(300, description="seconds of a bar")


class Rules(NamedTuple):
    """``entry``: all of them must hold to open; ``leave``: any of them closes; ``parameters``: what they name."""

    entry: tuple[str, ...]
    leave: tuple[str, ...]
    parameters: Mapping[str, float]


class Directional(Strategy):
    """Long or flat. Decides at the close of each bar, and remembers nothing itself: bars, positions and orders are the
    view's. How much is bought the sizer says; exits guard the position besides."""

    config: DirectionalConfig

    @abstractmethod
    def rules(self) -> Rules:
        """By which it trades."""

    def instruments(self) -> tuple[str, ...]:
        return (self.config.instrument,)

    def bars(self) -> tuple[tuple[str, int], ...]:
        return ((self.config.instrument, self.config.interval_s * SECOND),)

    @on(Bar)
    def closed(self, event: Bar, view: View) -> Actions:
        config, ticker = self.config, view.ticker(self.config.instrument)
        if ticker is None or event.instrument != config.instrument or event.interval != config.interval_s * SECOND:
            return
        rules, token = self.rules(), ticker.instrument.held
        chart = Chart(view.bars(event.instrument, event.interval), ticker.instrument)
        position = view.positions.get(token)
        if position is not None and position.amount > 0:
            for text in rules.leave:
                if holds(parse(text), chart, rules.parameters):
                    yield Close(token=token, reason=text)
                    return
            return
        if ticker.stale or view.working(config.instrument):
            return
        if all(holds(parse(text), chart, rules.parameters) for text in rules.entry):
            yield Open(token=token, reason=" and ".join(rules.entry), pool=config.instrument)
