from base import Crossing
from freqtrade.strategy import BooleanParameter, DecimalParameter, IntParameter


class Searched(Crossing):
    """What it trades with is in the file beside it, for the most part."""

    buy_params = {"buy_level": 20.0, "slack": 9}
    sell_params = {"high": 61}
    buy_level = DecimalParameter(20.0, 70.0, default=30.0, decimals=1)
    slack = IntParameter(0, 10, default=3, space="buy")
    high = IntParameter(50, 90, default=75, space="sell")
    strict = BooleanParameter(default=False, space="buy", load=False)
    protection_rest = IntParameter(0, 50, default=4)

    @property
    def protections(self):
        return [{"method": "CooldownPeriod", "stop_duration_candles": self.protection_rest.value}]

    def populate_entry_trend(self, dataframe, metadata):
        wanted = (dataframe["rsi"] > self.buy_level.value) & (dataframe["rsi"].shift(1) <= self.buy_level.value)
        if self.strict.value:
            wanted &= dataframe["close"] > dataframe["slow"]
        dataframe.loc[wanted & (dataframe["volume"] > self.slack.value), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["rsi"] > self.high.value, "exit_long"] = 1
        return dataframe
