"""Indicators of bars, by TA-Lib.

Floats: they say whether something is traded, never how much or at which price. The same bars give the same values with
the same build of TA-Lib, which the manifest of an epoch names.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import talib
from numpy.typing import NDArray

from sniper.events import Bar
from sniper.instrument import COIN, Instrument

Values = NDArray[np.float64]

__all__ = ["INDICATORS", "Chart", "Indicator"]


class Indicator(NamedTuple):
    """One function of TA-Lib.

    inputs      Of a bar: what it is computed of. ``parameters``: its arguments, in their order.
    output      Which of its results.
    """

    function: str
    inputs: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    output: int = 0


_PERIOD: Final = ("timeperiod",)
_BANDS: Final = ("timeperiod", "nbdevup", "nbdevdn")
_MACD: Final = ("fastperiod", "slowperiod", "signalperiod")
_RANGE: Final = ("high", "low", "close")

INDICATORS: Final[dict[str, Indicator]] = {
    "open": Indicator("", ("open",)),
    "high": Indicator("", ("high",)),
    "low": Indicator("", ("low",)),
    "close": Indicator("", ("close",)),
    "volume": Indicator("", ("volume",)),
    "adx": Indicator("ADX", _RANGE, _PERIOD),
    "atr": Indicator("ATR", _RANGE, _PERIOD),
    "bollinger_lower": Indicator("BBANDS", ("close",), _BANDS, 2),
    "bollinger_middle": Indicator("BBANDS", ("close",), _BANDS, 1),
    "bollinger_upper": Indicator("BBANDS", ("close",), _BANDS, 0),
    "cci": Indicator("CCI", _RANGE, _PERIOD),
    "ema": Indicator("EMA", ("close",), _PERIOD),
    "highest": Indicator("MAX", ("high",), _PERIOD),
    "kama": Indicator("KAMA", ("close",), _PERIOD),
    "lowest": Indicator("MIN", ("low",), _PERIOD),
    "macd": Indicator("MACD", ("close",), _MACD, 0),
    "macd_signal": Indicator("MACD", ("close",), _MACD, 1),
    "mfi": Indicator("MFI", (*_RANGE, "volume"), _PERIOD),
    "natr": Indicator("NATR", _RANGE, _PERIOD),
    "roc": Indicator("ROC", ("close",), _PERIOD),
    "rsi": Indicator("RSI", ("close",), _PERIOD),
    "sma": Indicator("SMA", ("close",), _PERIOD),
    "stddev": Indicator("STDDEV", ("close",), _PERIOD),
    "volume_sma": Indicator("SMA", ("volume",), _PERIOD),
}
"""What rules may name. Periods are bars; deviations of bands are factors."""

FACTORS: Final = frozenset({"nbdevup", "nbdevdn"})
"""Parameters that need not be whole."""


class Chart:
    """Bars of an instrument, oldest first: prices in coins of the quote asset, volumes in coins of the base asset."""

    def __init__(self, bars: Sequence[Bar], instrument: Instrument) -> None:
        self._bars = bars
        self._tick = instrument.tick / COIN
        self._lot = instrument.lot / COIN
        self._found: dict[tuple[str, tuple[float, ...]], Values] = {}

    def values(self, name: str, arguments: tuple[float, ...]) -> Values:
        """One value for each bar; NaN where there were too few before it."""
        key = name, arguments
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._computed(INDICATORS[name], arguments)
        return found

    def _computed(self, indicator: Indicator, arguments: tuple[float, ...]) -> Values:
        inputs = []
        for field in indicator.inputs:
            unit = self._lot if field == "volume" else self._tick
            inputs.append(np.array([getattr(bar, field) for bar in self._bars], dtype=np.float64) * unit)
        if not indicator.function:
            return inputs[0]
        named = {
            parameter: value if parameter in FACTORS else int(value)
            for parameter, value in zip(indicator.parameters, arguments, strict=True)
        }
        results = getattr(talib, indicator.function)(*inputs, **named)
        found: Values = results[indicator.output] if isinstance(results, tuple | list) else results
        return found
