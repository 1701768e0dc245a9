"""Binance's USD-M futures on this machine: `FuturesServer`, with the books, matching and faults of the spot one.

    async with FuturesServer([Contract.of("BTC")]) as exchange:
        account = exchange.account("me", USDT="10000")
        client = ccxt.pro.binanceusdm(exchange.ccxt_config(account))

Positions are one-way (no hedge mode), collateral is the asset of the contract alone. Orders that wait for a price are
algo orders, as Binance has had them since December 2025.
"""

from sniper_sdk.exchange.futures.contract import Bracket, Contract
from sniper_sdk.exchange.futures.engine import FuturesEngine
from sniper_sdk.exchange.futures.server import FuturesServer

__all__ = ["Bracket", "Contract", "FuturesEngine", "FuturesServer"]
