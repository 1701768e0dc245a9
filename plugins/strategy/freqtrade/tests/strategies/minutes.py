from base import Crossing


class Minutes(Crossing):
    timeframe = "1m"
    startup_candle_count = 15
    minimal_roi = {"0": 0.01, "30": 0}
    stoploss = -0.01
    order_types = {"entry": "market", "exit": "limit", "stoploss": "market", "stoploss_on_exchange": False}
