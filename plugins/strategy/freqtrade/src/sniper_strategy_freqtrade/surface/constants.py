"""What ``from freqtrade.constants import …`` gives: names for annotations."""

from typing import Any, Literal

__all__ = ["Config", "EntryExit", "LongShort", "PairWithTimeframe"]

Config = dict[str, Any]
EntryExit = Literal["entry", "exit"]
LongShort = Literal["long", "short"]
PairWithTimeframe = tuple[str, str, Any]
