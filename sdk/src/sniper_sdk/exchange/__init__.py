"""An exchange on this machine, with the API of Binance's spot market: the unmodified ccxt client trades on it.

    async with ExchangeServer([Symbol.of("BTC", "USDT")]) as exchange:
        exchange.play("BTCUSDT", recorded(path))
        account = exchange.account("me", USDT="100000")
        client = ccxt.pro.binance(exchange.ccxt_config(account))

In the middle is `Engine`: price-time matching that keeps every unit, with no clock but the one that it is given, and no
network. Around it: `spot` (what each request does), `streams` (what is told), `server` (the doors), `faults`.
"""

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.clock import Clock, VirtualClock
from sniper_sdk.exchange.engine import Engine
from sniper_sdk.exchange.faults import DEPTH, MARKET, USER, ExchangeFault, Fault, Faults
from sniper_sdk.exchange.generated import generated
from sniper_sdk.exchange.limits import Limits
from sniper_sdk.exchange.recording import record, recorded
from sniper_sdk.exchange.refusal import Refused
from sniper_sdk.exchange.server import ExchangeServer
from sniper_sdk.exchange.symbol import Symbol

__all__ = [
    "DEPTH",
    "MARKET",
    "USER",
    "Account",
    "Clock",
    "Engine",
    "ExchangeFault",
    "ExchangeServer",
    "Fault",
    "Faults",
    "Limits",
    "Refused",
    "Symbol",
    "VirtualClock",
    "generated",
    "record",
    "recorded",
]
