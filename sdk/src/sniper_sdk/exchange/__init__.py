"""An exchange on this machine: a price-time matching engine that keeps every unit, with markets recorded or generated.

    engine = Engine([Symbol.of("BTC", "USDT")], now=clock)
    engine.ledger.add(Account("me", "key", "secret"))

Nothing of it knows a network: `sniper_sdk.exchange.engine` has no clock but the one that it is given.
"""

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.engine import Engine
from sniper_sdk.exchange.refusal import Refused
from sniper_sdk.exchange.symbol import Symbol

__all__ = ["Account", "Engine", "Refused", "Symbol"]
