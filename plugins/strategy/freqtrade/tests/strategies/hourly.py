from base import Crossing
from freqtrade.strategy import informative


class RisenHour(Crossing):
    """Enters with the first candle after an hour that rose."""

    order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

    @informative("1h")
    def populate_hours(self, dataframe, metadata):
        dataframe["rose"] = dataframe["close"] > dataframe["open"]
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        ended = (dataframe["date"].dt.minute == 55) & (dataframe["rose_1h"].astype(object) == True)  # noqa: E712
        dataframe.loc[ended, "enter_long"] = 1
        return dataframe
