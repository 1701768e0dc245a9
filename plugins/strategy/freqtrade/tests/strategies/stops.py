from datetime import timedelta

from base import Crossing, Staying
from freqtrade.strategy import stoploss_from_absolute, stoploss_from_open


class Trailing(Staying):
    stoploss = -0.02
    trailing_stop = True


class TrailingPositive(Staying):
    stoploss = -0.03
    trailing_stop = True
    trailing_stop_positive = 0.01
    trailing_stop_positive_offset = 0.015


class TrailingOffset(Staying):
    minimal_roi = {"0": 0.1}
    stoploss = -0.03
    trailing_stop = True
    trailing_stop_positive = 0.005
    trailing_stop_positive_offset = 0.012
    trailing_only_offset_is_reached = True


class CustomStop(Staying):
    use_custom_stoploss = True

    def custom_stoploss(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        if current_time - timedelta(minutes=60) > trade.open_date_utc:
            return -0.01
        if current_profit > 0.02:
            return stoploss_from_open(0.01, current_profit, is_short=trade.is_short, leverage=trade.leverage)
        return None


class CustomStopOfCandles(Crossing):
    use_custom_stoploss = True

    def custom_stoploss(self, pair, trade, current_time, current_rate, current_profit, after_fill, **kwargs):
        dataframe, _ = self.dp.get_analyzed_dataframe(pair, self.timeframe)
        candle = dataframe.iloc[-1].squeeze()
        if after_fill:
            return stoploss_from_absolute(trade.open_rate - 3 * candle["atr"], current_rate)
        return stoploss_from_absolute(current_rate - 2 * candle["atr"], current_rate, is_short=trade.is_short)


class TightStop(Staying):
    """The stop lies within the candle of the entry."""

    stoploss = -0.004
    minimal_roi = {"0": 0.006}
