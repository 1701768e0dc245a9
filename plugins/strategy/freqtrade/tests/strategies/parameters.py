import talib.abstract as ta
from base import Crossing
from freqtrade.strategy import BooleanParameter, CategoricalParameter, DecimalParameter, IntParameter, RealParameter
from technical import qtpylib


class Parameters(Crossing):
    length = IntParameter(3, 20, default=6, space="buy")
    level = DecimalParameter(20.0, 60.0, default=48.12345, decimals=2, space="buy")
    factor = RealParameter([0.5, 1.5], default=0.97, space="sell")
    kind = CategoricalParameter(["EMA", "SMA"], default="SMA", space="buy")
    strict = BooleanParameter(default=True, space="sell")

    def populate_indicators(self, dataframe, metadata):
        dataframe = super().populate_indicators(dataframe, metadata)
        for length in self.length.range:
            dataframe[f"line_{length}"] = getattr(ta, self.kind.value)(dataframe, timeperiod=length)
        bands = qtpylib.bollinger_bands(qtpylib.typical_price(dataframe), window=20, stds=2)
        dataframe["upper"], dataframe["lower"] = bands["upper"], bands["lower"]
        averaged = qtpylib.heikinashi(dataframe)
        dataframe["rising"] = averaged["close"] > averaged["open"]
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        line = dataframe[f"line_{self.length.value}"]
        good = (dataframe["rsi"] > self.level.value) & qtpylib.crossed_above(dataframe["close"], line)
        if self.strict.value:
            good &= dataframe["rising"]
        dataframe.loc[good, "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] > dataframe["upper"] * self.factor.value, "exit_long"] = 1
        return dataframe
