"""Indicators of another timeframe or pair beside those of the traded one."""

from collections.abc import Callable
from typing import Any, NamedTuple  # Any: pandas brings no types, and callbacks are the strategy's

import pandas as pd  # type: ignore[import-untyped]

from sniper_strategy_freqtrade.errors import BadStrategy
from sniper_strategy_freqtrade.surface.timeframes import timeframe_to_seconds

Populate = Callable[[Any, Any, dict[str, Any]], Any]


class Informative(NamedTuple):
    """What a decorated method is called with. ``asset``: a pair, perhaps with ``{stake}`` or ``{base}``; empty: the
    traded one. ``fmt``: of the columns' names."""

    timeframe: str
    asset: str
    fmt: str | Callable[..., str] | None
    ffill: bool


def informative(
    timeframe: str,
    asset: str = "",
    fmt: str | Callable[..., str] | None = None,
    *,
    candle_type: str | None = None,
    ffill: bool = True,
    cache: bool = True,
) -> Callable[[Populate], Populate]:
    """Call the decorated method with the candles of ``timeframe``, and merge its columns into those of the strategy."""
    if candle_type not in (None, "spot", "futures", ""):
        raise BadStrategy(f"@informative with candle_type {candle_type!r}; there are no candles of marks or indices")

    def mark(populate: Populate) -> Populate:
        told: list[Informative] = getattr(populate, "_sniper_informative", [])
        told.append(Informative(timeframe, asset, fmt, ffill))
        setattr(populate, "_sniper_informative", told)  # noqa: B010  (mypy: functions declare no such attribute)
        return populate

    return mark


def merge_informative_pair(
    dataframe: Any,
    informative: Any,
    timeframe: str,
    timeframe_inf: str,
    ffill: bool = True,
    append_timeframe: bool = True,
    date_column: str = "date",
    suffix: str | None = None,
) -> Any:
    """The columns of ``informative`` beside those of ``dataframe``, each at the first candle at whose end it was known.

    A candle of the longer timeframe is known at its end; so it goes to the row whose own end is that. Raises
    `BadStrategy` where the other timeframe is the shorter one: rows of it would be lost.
    """
    own, other = timeframe_to_seconds(timeframe), timeframe_to_seconds(timeframe_inf)
    if own > other:
        raise BadStrategy(f"{timeframe_inf} is shorter than the strategy's {timeframe}: its candles would be lost")
    if append_timeframe and suffix:
        raise BadStrategy(f"suffix {suffix!r} with append_timeframe; take one of the two")
    told = informative.copy()
    told["_known"] = told[date_column] + pd.Timedelta(seconds=other - own)
    end = f"_{timeframe_inf}" if append_timeframe else f"_{suffix}" if suffix else ""
    told.columns = [column if column == "_known" else f"{column}{end}" for column in told.columns]
    frame = pd.merge(dataframe, told, left_on="date", right_on="_known", how="left")
    columns = [column for column in told.columns if column != "_known"]
    if ffill and columns:
        before = told[told["_known"] < dataframe["date"].iloc[0]] if len(dataframe) else told.iloc[:0]
        if len(before) and len(frame) and pd.isna(frame["_known"].iloc[0]):
            frame.loc[frame.index[0], columns] = before[columns].iloc[-1].to_numpy()
        frame[columns] = frame[columns].ffill()
    return frame.drop(columns="_known")
