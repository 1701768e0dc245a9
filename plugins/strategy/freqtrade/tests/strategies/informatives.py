import talib.abstract as ta
from base import Crossing
from freqtrade.strategy import informative, merge_informative_pair


class Hourly(Crossing):
    @informative("1h")
    def populate_indicators_1h(self, dataframe, metadata):
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=7)
        return dataframe

    @informative("30m", "ETH/{stake}")
    def populate_other(self, dataframe, metadata):
        dataframe["ema"] = ta.EMA(dataframe, timeperiod=5)
        return dataframe

    @informative("30m", "ETH/USDT", "{column}_of_{base}")
    def populate_named(self, dataframe, metadata):
        dataframe["mom"] = ta.MOM(dataframe, timeperiod=3)
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        good = (
            (dataframe["rsi_1h"] > 45)
            & (dataframe["eth_usdt_close_30m"] > dataframe["eth_usdt_ema_30m"])
            & (dataframe["mom_of_eth"] > 0)
            & (dataframe["fast"] > dataframe["slow"])
        )
        dataframe.loc[good, "enter_long"] = 1
        return dataframe


class Merged(Crossing):
    def informative_pairs(self):
        return [("ETH/USDT", "30m"), ("ETH/USDT", "5m")]

    def populate_indicators(self, dataframe, metadata):
        dataframe = super().populate_indicators(dataframe, metadata)
        other = self.dp.get_pair_dataframe("ETH/USDT", "30m")
        other["sma"] = ta.SMA(other, timeperiod=4)
        dataframe = merge_informative_pair(dataframe, other, self.timeframe, "30m", ffill=True)
        same = self.dp.get_pair_dataframe("ETH/USDT", "5m")
        return merge_informative_pair(dataframe, same, self.timeframe, "5m", append_timeframe=False, suffix="eth")

    def populate_entry_trend(self, dataframe, metadata):
        good = (dataframe["close_30m"] > dataframe["sma_30m"]) & (dataframe["close_eth"] > dataframe["open_eth"])
        dataframe.loc[good & (dataframe["fast"] > dataframe["slow"]), "enter_long"] = 1
        return dataframe
