from base import Crossing, Staying


class Table(Staying):
    minimal_roi = {"120": -1, "60": 0.0, "30": 0.005, "10": 0.01, "0": 0.03}


class IgnoreRoi(Staying):
    minimal_roi = {"0": 0.004}
    ignore_roi_if_entry_signal = True

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[(dataframe["fast"] > dataframe["slow"]) & (dataframe["rsi"] > 50), "enter_long"] = 1
        return dataframe


class CustomRoi(Staying):
    minimal_roi = {"0": 0.05}
    use_custom_roi = True

    def custom_roi(self, pair, trade, current_time, trade_duration, entry_tag, side, **kwargs):
        return 0.02 if trade_duration < 60 else 0.002


class ProfitOnly(Crossing):
    exit_profit_only = True
    exit_profit_offset = 0.004
    minimal_roi = {"0": 1}


class NoSignals(Crossing):
    use_exit_signal = False
    minimal_roi = {"0": 0.01}


class Market(Crossing):
    order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}
