"""Orders a second that the exchange of the sdk matches: its engine alone, without its doors.

Limit orders of many accounts around one price, most of which trade at once; every report, trade and balance is told, as
it is behind the doors.
"""

import random
from statistics import median
from time import process_time

from figures import Figure, collected

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.amounts import UNIT, parse
from sniper_sdk.exchange.engine import Engine
from sniper_sdk.exchange.events import Event, Trade
from sniper_sdk.exchange.order import NewOrder, OrderType, Side
from sniper_sdk.exchange.refusal import Refused
from sniper_sdk.exchange.symbol import Symbol

ORDERS, QUICK = 20_000, 500
ACCOUNTS = 200
RUNS = 5
TARGET = 20_000


def figures(*, quick: bool = False) -> list[Figure]:
    asked = orders(QUICK if quick else ORDERS)
    speeds, trades = [], 0
    for _ in range(1 if quick else RUNS):
        speed, trades = matched(asked)
        speeds.append(speed)
    return [
        Figure(
            "orders matched",
            median(speeds),
            "orders/CPU s",
            TARGET,
            more=True,
            beside={"best": max(speeds), "orders": len(asked), "trades": trades},
        )
    ]


def orders(count: int) -> list[tuple[int, NewOrder]]:
    """Which account asks for what."""
    draw = random.Random(1)
    return [
        (
            draw.randrange(ACCOUNTS),
            NewOrder(
                "BTCUSDT",
                draw.choice((Side.BUY, Side.SELL)),
                OrderType.LIMIT,
                draw.randrange(1, 200) * parse("0.001"),
                price=parse("50000") + draw.randrange(-50, 51) * parse("0.01"),
            ),
        )
        for _ in range(count)
    ]


def matched(asked: list[tuple[int, NewOrder]]) -> tuple[float, int]:
    """Orders per CPU second, and how many trades they led to. An order over an account's limit of open ones counts."""
    engine = Engine([Symbol.of("BTC", "USDT")], now=lambda: 10**18)
    told: list[Event] = []
    engine.listeners.append(told.append)
    accounts = [Account(f"account {number}", f"key {number}", "secret") for number in range(ACCOUNTS)]
    for account in accounts:
        engine.ledger.add(account)
        for asset in ("BTC", "USDT"):
            engine.deposit(account, asset, 10**9 * UNIT)
    with collected():
        began = process_time()
        for number, order in asked:
            try:
                engine.place(accounts[number], order)
            except Refused:
                continue
        took = process_time() - began
    return len(asked) / took, sum(isinstance(each, Trade) for each in told)
