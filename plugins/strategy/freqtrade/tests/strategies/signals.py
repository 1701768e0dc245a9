from base import Crossing

MARKET = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}


class Signals(Crossing):
    minimal_roi = {}
    stoploss = -0.99
    order_types = MARKET


class Stopped(Signals):
    stoploss = -0.035
