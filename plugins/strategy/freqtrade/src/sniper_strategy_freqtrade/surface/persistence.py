"""What ``from freqtrade.persistence import …`` gives: trades, their orders, and locks of pairs."""

from sniper_strategy_freqtrade.locks import PairLocks
from sniper_strategy_freqtrade.trade import Order, Trade

__all__ = ["LocalTrade", "Order", "PairLocks", "Trade"]

LocalTrade = Trade
