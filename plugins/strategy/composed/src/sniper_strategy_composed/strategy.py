"""Trades by rules of indicators that its config composes, with a space for each parameter."""

from typing import Self

from pydantic import Field, FiniteFloat, model_validator

from sniper.config import Config
from sniper_strategy_composed.directional import Directional, DirectionalConfig, Rules
from sniper_strategy_composed.indicators import INDICATORS
from sniper_strategy_composed.rules import check, parse


class Space(Config):
    """Where an optimiser may look for a parameter."""

    low: FiniteFloat = Field(description="the smallest value")
    high: FiniteFloat = Field(description="the largest")
    step: FiniteFloat | None = Field(None, gt=0, description="the distance of values from low on; any, where left out")
    log: bool = Field(False, description="whether small and large values are tried in equal numbers per ratio")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low {self.low} must be below high {self.high}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("a space by ratios begins above 0 and has no step")
        return self

    def samples(self) -> tuple[float, ...]:
        """Values of every sort that there are in it: what holds of them holds of all."""
        within = (
            self.low + (self.high - self.low) * 0.618 if self.step is None else min(self.low + self.step, self.high)
        )
        return (self.low, self.high, within)


class ComposedConfig(DirectionalConfig):
    """Rules are two operands with >, <, ``crosses above`` or ``crosses below`` between them. An operand is a number, a
    parameter, or an indicator with numbers or parameters as arguments; a number and * may stand before it."""

    entry: tuple[str, ...] = Field(
        min_length=1,
        max_length=20,
        description="rules that open a position, all of which must hold",
        examples=[["ema(fast) crosses above ema(slow)"]],
    )
    filters: tuple[str, ...] = Field((), max_length=20, description="rules that must hold besides")
    leave: tuple[str, ...] = Field((), max_length=20, description="rules that close it, each alone; exits do so, too")
    parameters: dict[str, FiniteFloat] = Field(
        {}, description="numbers that rules name", examples=[{"fast": 10, "slow": 30}]
    )
    space: dict[str, Space] = Field({}, description="by parameter: where an optimiser may look for it")

    @model_validator(mode="after")
    def _computable(self) -> Self:
        rules = [parse(text) for text in (*self.entry, *self.filters, *self.leave)]
        for rule in rules:
            check(rule, self.parameters)
        for name in self.parameters:
            if name in INDICATORS:
                raise ValueError(f"parameter {name!r} has the name of an indicator")
        for name, space in self.space.items():
            if name not in self.parameters:
                raise ValueError(f"space names {name!r}, which is no parameter")
            if not space.low <= self.parameters[name] <= space.high:
                raise ValueError(f"parameter {name} is {self.parameters[name]:g}, outside of its own space")
            for rule in rules:
                for value in space.samples():
                    check(rule, {**self.parameters, name: value})
        return self


class Composed(Directional):
    """See `Directional`."""

    config: ComposedConfig

    def rules(self) -> Rules:
        config = self.config
        return Rules((*config.entry, *config.filters), config.leave, config.parameters)
