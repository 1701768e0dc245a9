"""A strategy's columns and signals for the candles of one pair, all at once."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple  # Any: pandas brings no types

import numpy as np

from sniper_strategy_freqtrade.errors import BadStrategy
from sniper_strategy_freqtrade.surface.informative import Informative, merge_informative_pair
from sniper_strategy_freqtrade.surface.interface import IStrategy

SIGNALS: Final = ("enter_long", "exit_long", "enter_short", "exit_short")


def informatives(strategy: IStrategy) -> Iterator[tuple[Informative, Any]]:
    """What its decorated methods want, and the methods, in the order of their names."""
    for name in dir(type(strategy)):
        method = getattr(type(strategy), name, None)
        for wanted in getattr(method, "_sniper_informative", ()):
            yield wanted, method


def asset_of(wanted: Informative, pair: str, stake: str) -> str:
    """The pair that is meant, such as that of ``BTC/{stake}``."""
    if not wanted.asset:
        return pair
    base, _, quote = pair.partition("/")
    return wanted.asset.format(stake=stake, base=base, BASE=base, quote=quote.partition(":")[0])


def wanted_candles(strategy: IStrategy, pairs: list[str], stake: str) -> set[tuple[str, str]]:
    """Pairs and timeframes beside those that it trades."""
    found = {(each[0], each[1]) for each in strategy.informative_pairs()}
    found |= {
        (asset_of(wanted, pair, stake), wanted.timeframe) for wanted, _ in informatives(strategy) for pair in pairs
    }
    return found - {(pair, strategy.timeframe) for pair in pairs}


def analysed(strategy: IStrategy, pair: str, candles: Any) -> Any:
    """The candles with all columns of the strategy. Raises `BadStrategy` where it gives back other rows."""
    frame, metadata = candles.copy(), {"pair": pair}
    for wanted, method in informatives(strategy):
        frame = _merged(strategy, frame, pair, wanted, method)
    frame = strategy.populate_indicators(frame, dict(metadata))
    for name in SIGNALS:
        if name in frame.columns:
            del frame[name]
    frame = strategy.populate_entry_trend(frame, dict(metadata))
    frame = strategy.populate_exit_trend(frame, dict(metadata))
    if len(frame) != len(candles):
        raise BadStrategy(
            f"{strategy.get_strategy_name()} made {len(frame)} rows of {len(candles)} candles of {pair}: keep them all"
        )
    return frame


def _merged(strategy: IStrategy, frame: Any, pair: str, wanted: Informative, method: Any) -> Any:
    asset = asset_of(wanted, pair, strategy.stake_currency)
    candles = strategy.dp.get_pair_dataframe(asset, wanted.timeframe)
    told = method(strategy, candles, {"pair": asset})
    base, _, rest = asset.partition("/")
    quote = rest.partition(":")[0]
    fmt = wanted.fmt or ("{column}_{timeframe}" if not wanted.asset else "{base}_{quote}_{column}_{timeframe}")
    parts = {
        "base": base.lower(),
        "quote": quote.lower(),
        "BASE": base.upper(),
        "QUOTE": quote.upper(),
        "asset": asset,
        "timeframe": wanted.timeframe,
    }
    write = fmt if callable(fmt) else fmt.format
    told = told.rename(columns={column: write(column=column, **parts) for column in told.columns})
    date = write(column="date", **parts)
    return merge_informative_pair(
        frame,
        told,
        strategy.timeframe,
        wanted.timeframe,
        ffill=wanted.ffill,
        append_timeframe=False,
        date_column=date,
    )


class Columns(NamedTuple):
    """One pair's candles as lists, from the second one that counts: signals are those of the candle before.

    first  Which row of what was analysed the first of them is. ``times``: ms UTC of their beginnings.
    signal  1 of each row that may begin a trade: long, -1: short, 0: none; ``entries``: the rows that may.
    leaves  Whether a signal ends a long (1), a short (2), or both (3). Tags are whatever the strategy wrote.
    """

    first: int
    times: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    signal: list[int]
    entries: list[int]
    entered: list[int]
    leaves: list[int]
    enter_tag: Any | None
    exit_tag: Any | None


def columns_of(frame: Any, skipped: int, *, can_short: bool) -> Columns:
    """``skipped``: rows that only warm the indicators up."""
    count = max(len(frame) - skipped - 1, 0)
    there, before = slice(skipped + 1, skipped + 1 + count), slice(skipped, skipped + count)
    nothing = np.zeros(count, dtype=bool)
    enter_long, exit_long, enter_short, exit_short = (
        _raised(frame[name])[before] if name in frame.columns and (can_short or not name.endswith("short")) else nothing
        for name in SIGNALS
    )
    long = enter_long & ~exit_long & ~enter_short
    short = enter_short & ~exit_short & ~enter_long
    signal = long.astype(np.int8) - short.astype(np.int8)
    times = frame["date"].iloc[there].dt.as_unit("ms").astype("int64")
    opened, high, low, close = (
        frame[name].to_numpy(dtype=float)[there].tolist() for name in ("open", "high", "low", "close")
    )
    return Columns(
        skipped + 1,
        times.to_list(),
        opened,
        high,
        low,
        close,
        signal.tolist(),
        np.flatnonzero(signal).tolist(),
        (enter_long.astype(np.int8) + 2 * enter_short.astype(np.int8)).tolist(),
        (exit_long.astype(np.int8) + 2 * exit_short.astype(np.int8)).tolist(),
        *(_tags(frame, name, before) for name in ("enter_tag", "exit_tag")),
    )


def _raised(column: Any) -> Any:
    """Where it is one. A column that pandas made of rows that were none holds neither numbers nor objects."""
    values = column.to_numpy()
    return (values if values.dtype.kind in "biuf" else values.astype(object)) == 1


def _tags(frame: Any, name: str, rows: slice) -> Any | None:
    return frame[name].iloc[rows].astype(object).to_numpy() if name in frame.columns else None


def tag_of(tags: Any | None, row: int) -> str | None:
    """What a signal was called; None: nothing, which a column may say in several ways."""
    tag = None if tags is None else tags[row]
    return tag if isinstance(tag, str) and tag else None
