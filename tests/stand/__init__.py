"""A stand to put the whole bot on: a real node, real pools, the bot as a process, its journal, and the books' proof."""

from stand.bot import PASSWORD, Bot, Ended
from stand.market import Launch, Market
from stand.node import FakeNode
from stand.record import Record, differences
from stand.stand import FUNDS, Stand
from stand.trader import Trader

__all__ = [
    "FUNDS",
    "PASSWORD",
    "Bot",
    "Ended",
    "FakeNode",
    "Launch",
    "Market",
    "Record",
    "Stand",
    "Trader",
    "differences",
]
