from freqtrade.strategy import IStrategy


class Rising(IStrategy):
    """Buys what rose by a twentieth within a second, and sells it a fifth higher or once it falls as fast."""

    INTERFACE_VERSION = 3
    timeframe = "1s"
    minimal_roi = {"0": 0.2}
    stoploss = -0.5

    def populate_indicators(self, dataframe, metadata):
        dataframe["moved"] = dataframe["close"] / dataframe["open"] - 1
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["moved"] > 0.05, ["enter_long", "enter_tag"]] = (1, "rising")
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["moved"] < -0.05, "exit_long"] = 1
        return dataframe


class RisingByHour(Rising):
    timeframe = "1h"
