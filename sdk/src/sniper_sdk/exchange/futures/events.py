"""What the futures engine tells beside the events of the spot one."""

from dataclasses import dataclass

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.futures.algos import Algo
from sniper_sdk.exchange.futures.positions import Position


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Balances or positions changed. ``reason``: as ``ACCOUNT_UPDATE`` names it.

    assets  (asset, wallet balance, of it in no isolated position, what came or went other than by trades).
    positions  As they are now: (position, its unrealised profit).
    """

    account: Account
    reason: str
    assets: tuple[tuple[str, int, int, int], ...]
    positions: tuple[tuple[Position, int], ...]
    time: int


@dataclass(frozen=True, slots=True)
class LeverageChanged:
    """An account set its leverage for a symbol."""

    account: Account
    symbol: str
    leverage: int
    time: int


@dataclass(frozen=True, slots=True)
class Funding:
    """All paid, or were paid, by this rate (billionths) of the mark price."""

    symbol: str
    rate: int
    mark: int
    time: int


@dataclass(frozen=True, slots=True)
class AlgoReport:
    """An algo order has another state."""

    account: Account
    algo: Algo
    time: int


@dataclass(frozen=True, slots=True)
class ListenKeyExpired:
    """Nobody kept the user stream of an account alive."""

    account: Account
    listen_key: str
    time: int
