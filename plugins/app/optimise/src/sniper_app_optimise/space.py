"""Where parameters are looked for: keys of the config file, and the values that each may have."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from math import floor
from typing import Any

from sniper.errors import ConfigError

Value = int | float
Values = dict[str, Value]
"""By dotted key, such as ``strategy.ema-cross.fast``."""


@dataclass(frozen=True)
class Range:
    """Values from ``low`` to ``high``; whole numbers where both and ``step`` are.

    step  Distance of values from ``low`` on; None: any. ``log``: as many small as large ones by ratio.
    """

    key: str
    low: Value
    high: Value
    step: Value | None = None
    log: bool = False

    def __post_init__(self) -> None:
        if self.low >= self.high:
            raise ConfigError(f"{self.key}: low {self.low} must be below high {self.high}")
        if self.step is not None and self.step <= 0:
            raise ConfigError(f"{self.key}: the step {self.step} must be above zero")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ConfigError(f"{self.key}: a range by ratios begins above zero and has no step")

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return all(isinstance(each, int) for each in (self.low, self.high)) and not isinstance(self.step, float)

    def all(self) -> list[Value]:
        """Every value. Raises `ConfigError` where there is no end of them."""
        step = self.step if self.step is not None else 1 if self.whole and not self.log else None
        if step is None:
            raise ConfigError(f"{self.key} has no step, so a grid of it has no end; write LOW:HIGH:STEP")
        count = floor((self.high - self.low) / step + 1e-9) + 1
        return [self.low + number * step for number in range(count)]


def parsed(text: str) -> Range:
    """``KEY=LOW:HIGH``, ``KEY=LOW:HIGH:STEP`` or ``KEY=LOW:HIGH:log``. Raises `ConfigError`."""
    key, equals, rest = text.partition("=")
    parts = rest.split(":")
    if not equals or not key or len(parts) not in (2, 3):
        raise ConfigError(f"{text!r} is no range; write KEY=LOW:HIGH, KEY=LOW:HIGH:STEP or KEY=LOW:HIGH:log")
    log = parts[2:] == ["log"]
    low, high, *step = [_number(text, each) for each in parts[: 2 if log else 3]]
    return Range(key, low, high, step[0] if step else None, log)


def _number(text: str, part: str) -> Value:
    try:
        return int(part)
    except ValueError:
        pass
    try:
        return float(part)
    except ValueError as error:
        raise ConfigError(f"{text!r}: {part!r} is no number") from error


def declared(document: Mapping[str, Any]) -> list[Range]:
    """The spaces that strategies declare in the config: ``[strategy.NAME.space.PARAMETER]``."""
    found = []
    for name, table in sorted(document.get("strategy", {}).items()):
        for parameter, space in sorted(table.get("space", {}).items() if isinstance(table, dict) else ()):
            key = f"strategy.{name}.parameters.{parameter}"
            found.append(Range(key, space["low"], space["high"], space.get("step"), bool(space.get("log"))))
    return found


def grid(ranges: Sequence[Range]) -> Iterator[Values]:
    """Every combination."""
    for values in product(*(each.all() for each in ranges)):
        yield {each.key: value for each, value in zip(ranges, values, strict=True)}


def applied(document: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """The config with other values. Raises `ConfigError` for a key whose section is not in the file."""
    changed = deepcopy(dict(document))
    for key, value in values.items():
        *path, last = _path(changed, key)
        table: Any = changed
        for part in path:
            table = table[part]
        # what a file writes as text, such as an amount of coins, stays text
        table[last] = f"{value}" if isinstance(table.get(last), str) else value
    return changed


def _path(document: Mapping[str, Any], key: str) -> list[str]:
    """The parts of a key whose tables are there. A name may have no dot in it."""
    parts, table = key.split("."), document
    for number, part in enumerate(parts[:-1]):
        found = table.get(part)
        if not isinstance(found, dict):
            missing = ".".join(parts[: number + 1])
            raise ConfigError(f"{key}: the config has no [{missing}]; add it, or correct the key")
        table = found
    return parts
