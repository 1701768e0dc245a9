"""Amounts, fees, times and names as people read them. What contracts and nodes say is shown, never obeyed."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sniper.amounts import in_coins
from sniper.events import TokenDescribed
from sniper.instrument import POOL_PRICE, Instrument, to_decimal
from sniper.types import NATIVE, SECOND, at_exchange, split_asset

_POOL_PLACES = len(str(POOL_PRICE)) - 1
PLACES = 6
"""Decimal places that people are shown, or as many as the first three digits need; ``--json`` has every unit."""


class Words:
    """Writes amounts with symbol and decimals, as far as the record knows them."""

    def __init__(self, tokens: Mapping[str, TokenDescribed]) -> None:
        self._tokens = tokens

    def name(self, asset: str) -> str:
        """``ether`` for the chain's own coin, a token's symbol, or a short address; an exchange's own name."""
        if at_exchange(asset):
            return printable(asset.partition(":")[2])
        if split_asset(asset)[1] == NATIVE:
            return "ether"
        token = self._tokens.get(asset)
        return printable(token.symbol) if token and token.symbol else short(split_asset(asset)[1])

    def named(self, asset: str) -> str:
        """The same with the asset id, which alone tells two tokens of one symbol apart."""
        if at_exchange(asset):
            return printable(asset)
        if split_asset(asset)[1] == NATIVE:
            return "ether"
        token = self._tokens.get(asset)
        return f"{printable(token.symbol)} ({asset})" if token and token.symbol else asset

    def amount(self, amount: int, asset: str) -> str:
        """An amount of base units, such as ``1,234.5 PEPE``; at exchanges with all of its decimals."""
        if at_exchange(asset):
            return f"{exact(amount)} {self.name(asset)}"
        if split_asset(asset)[1] == NATIVE:
            return f"{coins(amount, 18)} ether"
        token = self._tokens.get(asset)
        if token is None:
            return f"{amount:,} base units of {self.name(asset)}"
        return f"{coins(amount, token.decimals)} {self.name(asset)}"

    def price(self, ticks: int, instrument: Instrument) -> str:
        """A price in a pool: coins of the quote asset for one of the token, as far as their decimals are known."""
        token, quote = self._decimals(instrument.base), self._decimals(instrument.quote)
        if token is None or quote is None:
            return f"{ticks:,} ticks"
        return f"{coins(ticks * 10**token // 10**quote, _POOL_PLACES)} {self.name(instrument.quote)}"

    def _decimals(self, asset: str) -> int | None:
        if split_asset(asset)[1] == NATIVE:
            return 18
        token = self._tokens.get(asset)
        return token.decimals if token is not None else None


def coins(amount: int, decimals: int) -> str:
    """A number of coins, cut (not rounded) to what a person wants to see."""
    whole, _, fraction = in_coins(abs(amount), decimals).partition(".")
    zeros = len(fraction) - len(fraction.lstrip("0"))
    shown = fraction[: max(PLACES, zeros + 3) if whole == "0" else PLACES].rstrip("0")
    sign = "-" if amount < 0 else ""
    return f"{sign}{int(whole):,}.{shown}" if shown else f"{sign}{int(whole):,}"


def exact(amount: int) -> str:
    """A number of coins of an exchange, with all of its decimals."""
    return f"{to_decimal(amount):,f}"


def gwei(wei: int) -> str:
    """A price of gas."""
    return f"{coins(wei, 9)} gwei"


def percent(bps: int) -> str:
    """A share in hundredths of a percent."""
    return f"{in_coins(bps, 2)}%"


def duration(ns: int) -> str:
    """How long something took."""
    if ns < SECOND:
        return f"{ns / 1e6:.1f} ms"
    seconds = ns / SECOND
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def clock(ns: int) -> str:
    """A time of day with its date, UTC."""
    return datetime.fromtimestamp(ns // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S") + f".{ns % SECOND // 10**6:03d} UTC"


def short(address: str) -> str:
    """The ends of an address or a hash."""
    return f"{address[:8]}…{address[-6:]}" if len(address) > 20 else address


def printable(text: str) -> str:
    """Text of strangers without anything that a terminal would obey."""
    return "".join(char if char.isprintable() else "�" for char in text)
