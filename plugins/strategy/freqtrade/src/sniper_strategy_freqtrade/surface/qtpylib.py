"""Indicators that strategies import as qtpylib: from their formulas, on pandas series and frames.

``bars`` and ``df`` have the columns open, high, low, close, volume. Windows are in rows.
"""

from typing import Any  # pandas brings no types

import numpy as np
import pandas as pd  # type: ignore[import-untyped]


def crossed(series1: Any, series2: Any, direction: str | None = None) -> Any:
    """Where ``series1`` crosses ``series2`` from below (``above``), from above (``below``), or either way."""
    first = pd.Series(series1) if isinstance(series1, np.ndarray) else series1
    if isinstance(series2, float | int | np.integer | np.floating):
        second = pd.Series(series2, index=first.index)
    else:
        second = pd.Series(series2) if isinstance(series2, np.ndarray) else series2
    above = (first > second) & (first.shift(1) <= second.shift(1))
    below = (first < second) & (first.shift(1) >= second.shift(1))
    return above if direction == "above" else below if direction == "below" else above | below


def crossed_above(series1: Any, series2: Any) -> Any:
    return crossed(series1, series2, "above")


def crossed_below(series1: Any, series2: Any) -> Any:
    return crossed(series1, series2, "below")


def typical_price(bars: Any) -> Any:
    return (bars["high"] + bars["low"] + bars["close"]) / 3.0


def mid_price(bars: Any) -> Any:
    return (bars["high"] + bars["low"]) / 2.0


def ibs(bars: Any) -> Any:
    """Where between low and high it closed."""
    return np.round((bars["close"] - bars["low"]) / (bars["high"] - bars["low"]), 2)


def true_range(bars: Any) -> Any:
    before = bars["close"].shift(1)
    ranges = (bars["high"] - bars["low"], (bars["high"] - before).abs(), (bars["low"] - before).abs())
    return pd.DataFrame(dict(enumerate(ranges)), index=bars.index).max(axis=1)


def atr(bars: Any, window: int = 14, exp: bool = False) -> Any:
    moved = true_range(bars)
    return rolling_weighted_mean(moved, window) if exp else rolling_mean(moved, window)


def rolling_mean(series: Any, window: int = 200, min_periods: int | None = None) -> Any:
    return series.rolling(window=window, min_periods=window if min_periods is None else min_periods).mean()


def rolling_std(series: Any, window: int = 200, min_periods: int | None = None) -> Any:
    return series.rolling(window=window, min_periods=window if min_periods is None else min_periods).std()


def rolling_min(series: Any, window: int = 14, min_periods: int | None = None) -> Any:
    return series.rolling(window=window, min_periods=window if min_periods is None else min_periods).min()


def rolling_max(series: Any, window: int = 14, min_periods: int | None = None) -> Any:
    return series.rolling(window=window, min_periods=window if min_periods is None else min_periods).max()


def rolling_weighted_mean(series: Any, window: int = 200, min_periods: int | None = None) -> Any:
    return series.ewm(span=window, min_periods=window if min_periods is None else min_periods).mean()


def hull_moving_average(series: Any, window: int = 200, min_periods: int | None = None) -> Any:
    least = window if min_periods is None else min_periods
    raw = 2 * rolling_weighted_mean(series, window // 2, least) - rolling_weighted_mean(series, window, least)
    return rolling_weighted_mean(raw, int(np.sqrt(window)), least)


sma = rolling_mean
wma = rolling_weighted_mean
hma = hull_moving_average


def vwap(bars: Any) -> Any:
    """Of all rows so far."""
    traded = typical_price(bars) * bars["volume"]
    return traded.cumsum() / bars["volume"].cumsum()


def rolling_vwap(bars: Any, window: int = 200, min_periods: int | None = None) -> Any:
    least = window if min_periods is None else min_periods
    volume = bars["volume"].rolling(window=window, min_periods=least).sum()
    traded = (typical_price(bars) * bars["volume"]).rolling(window=window, min_periods=least).sum()
    return (traded / volume).replace([np.inf, -np.inf], np.nan).ffill()


def rsi(series: Any, window: int = 14) -> Any:
    """By Wilder: the first average is a plain one."""
    moved = series.diff()
    gained, lost = moved.clip(lower=0), -moved.clip(upper=0)
    return 100 - 100 / (1 + _wilder(gained, window) / _wilder(lost, window))


def _wilder(series: Any, window: int) -> Any:
    values = series.to_numpy(dtype=float)
    found = np.full(len(values), np.nan)
    if len(values) > window:
        found[window] = values[1 : window + 1].mean()
        for n in range(window + 1, len(values)):
            found[n] = (found[n - 1] * (window - 1) + values[n]) / window
    return pd.Series(found, index=series.index)


def macd(series: Any, fast: int = 3, slow: int = 10, smooth: int = 16) -> Any:
    line = rolling_weighted_mean(series, fast) - rolling_weighted_mean(series, slow)
    signal = rolling_weighted_mean(line, smooth)
    return pd.DataFrame({"macd": line, "signal": signal, "histogram": line - signal}, index=series.index)


def bollinger_bands(series: Any, window: int = 20, stds: float = 2) -> Any:
    middle, width = rolling_mean(series, window, 1), rolling_std(series, window, 1)
    bands = {"upper": middle + width * stds, "mid": middle, "lower": middle - width * stds}
    return pd.DataFrame(bands, index=series.index)


def weighted_bollinger_bands(series: Any, window: int = 20, stds: float = 2) -> Any:
    middle, width = rolling_weighted_mean(series, window), rolling_std(series, window)
    bands = {"upper": middle + width * stds, "mid": middle, "lower": middle - width * stds}
    return pd.DataFrame(bands, index=series.index)


def returns(series: Any) -> Any:
    return (series / series.shift(1) - 1).replace([np.inf, -np.inf], np.nan)


def log_returns(series: Any) -> Any:
    return np.log(series / series.shift(1)).replace([np.inf, -np.inf], np.nan)


def keltner_channel(bars: Any, window: int = 14, atrs: float = 2) -> Any:
    middle, width = rolling_mean(typical_price(bars), window), atr(bars, window)
    bands = {"upper": middle + width * atrs, "mid": middle, "lower": middle - width * atrs}
    return pd.DataFrame(bands, index=bars.index)


def roc(series: Any, window: int = 14) -> Any:
    return (series - series.shift(window)) / series.shift(window)


def cci(series: Any, window: int = 14) -> Any:
    """Of a frame of bars."""
    price = typical_price(series)
    rolled = price.rolling(window=window)
    return (price - rolled.mean()) / (0.015 * rolled.std())


def stoch(df: Any, window: int = 14, d: int = 3, k: int = 3, fast: bool = False) -> Any:
    highest, lowest = rolling_max(df["high"], window), rolling_min(df["low"], window)
    fast_k = 100 * (df["close"] - lowest) / (highest - lowest)
    fast_d = rolling_mean(fast_k, d)
    if fast:
        return pd.DataFrame({"fast_k": fast_k, "fast_d": fast_d}, index=df.index)
    slow_k = rolling_mean(fast_k, k)
    return pd.DataFrame({"slow_k": slow_k, "slow_d": rolling_mean(slow_k, d)}, index=df.index)


def zscore(bars: Any, window: int = 20, stds: float = 1, col: str = "close") -> Any:
    return (bars[col] - rolling_mean(bars[col], window)) / (rolling_std(bars[col], window) * stds)


def pvt(bars: Any) -> Any:
    """Price volume trend."""
    return (bars["close"].pct_change() * bars["volume"]).cumsum()


def heikinashi(bars: Any) -> Any:
    """Candles of averages: open, high, low, close."""
    close = (bars["open"] + bars["high"] + bars["low"] + bars["close"]) / 4
    opened = np.empty(len(bars))
    averages = close.to_numpy()
    if len(bars):
        opened[0] = (bars["open"].iloc[0] + bars["close"].iloc[0]) / 2
        for n in range(1, len(bars)):
            opened[n] = (opened[n - 1] + averages[n - 1]) / 2
    started = pd.Series(opened, index=bars.index)
    high = np.maximum(np.maximum(started, close), bars["high"])
    low = np.minimum(np.minimum(started, close), bars["low"])
    return pd.DataFrame({"open": started, "high": high, "low": low, "close": close}, index=bars.index)


def awesome_oscillator(df: Any, weighted: bool = False, fast: int = 5, slow: int = 34) -> Any:
    middle = mid_price(df)
    if weighted:
        found = middle.ewm(fast).mean() - middle.ewm(slow).mean()
    else:
        found = rolling_mean(middle, fast) - rolling_mean(middle, slow)
    return found.to_numpy()


def chopiness(bars: Any, window: int = 14) -> Any:
    """How much of the way went sideways, 0 to 100."""
    way = true_range(bars).rolling(window).sum()
    span = bars["high"].rolling(window).max() - bars["low"].rolling(window).min()
    return 100 * np.log10(way / span) / np.log10(window)
