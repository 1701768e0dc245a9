"""The file that freqtrade's search writes beside a strategy, ``my_strategy.json``, and the strategy's own tables."""

import json
from pathlib import Path
from typing import Any, Final  # Any: JSON, and a strategy's own values

from sniper_strategy_freqtrade.errors import BadStrategy
from sniper_strategy_freqtrade.surface.interface import IStrategy

_SPACES: Final = ("buy", "sell", "enter", "exit", "protection")
"""What a parameter's name may begin with, where its space is not given."""
_ATTRIBUTES: Final = {
    "stoploss": ("stoploss",),
    "max_open_trades": ("max_open_trades",),
    "trailing": (
        *("trailing_stop", "trailing_stop_positive", "trailing_stop_positive_offset"),
        "trailing_only_offset_is_reached",
    ),
}
"""Of the strategy itself, by the space under which they are written."""


def found_beside(strategy_file: Path) -> Path:
    """Where the search writes what it found."""
    return strategy_file.with_suffix(".json")


def read(strategy_file: Path, strategy: str) -> dict[str, dict[str, Any]]:
    """Values by space; none where there is no such file. Raises `BadStrategy` for one that is not of this strategy."""
    path = found_beside(strategy_file)
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text())
        name, params = found["strategy_name"], found["params"]
        tables = all(isinstance(table, dict) for table in params.values())
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise BadStrategy(f"{path} is not a file of parameters ({error!r}): mend it, or take it away") from error
    if name != strategy:
        raise BadStrategy(f"{path} is of {name!r}, not of {strategy}: take it away, or name that strategy")
    if not tables:
        raise BadStrategy(f"{path}: each space under params is a table of names and values: mend it, or take it away")
    return dict(params)


def apply(strategy: IStrategy, params: dict[str, dict[str, Any]]) -> None:
    """First what the file says, then the strategy's own tables such as ``buy_params``, then defaults.

    Raises `BadStrategy` for a parameter of which nothing tells the space.
    """
    if "roi" in params:
        strategy.minimal_roi = params["roi"]
    for table, names in _ATTRIBUTES.items():
        for name in names:
            if name in params.get(table, {}):
                setattr(strategy, name, params[table][name])
    for name, parameter in strategy.enumerate_parameters():
        space: str | None = parameter.space or next((each for each in _SPACES if name.startswith(f"{each}_")), None)
        if space is None:
            raise BadStrategy(f"parameter {name} has no space: give it one, or begin its name with buy_ or sell_")
        parameter.name, parameter.space = name, space
        values = {**getattr(strategy, f"{space}_params", {}), **params.get(space, {})}
        if parameter.load and name in values:
            parameter.value = values[name]
