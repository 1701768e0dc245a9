"""Who has what. Nothing comes from nowhere: the sum of all balances only changes by deposits and withdrawals."""

from collections import Counter
from dataclasses import dataclass, field

from sniper_sdk.exchange.amounts import UNIT
from sniper_sdk.exchange.order import Hold


@dataclass(slots=True)
class Balance:
    """Units of 10^-8. ``locked``: for open orders."""

    free: int = 0
    locked: int = 0


@dataclass
class Account:
    """``maker``, ``taker``: fees as shares in units of 10^-8. ``pays_fees_in``: this asset, with a quarter off, where
    it has some and a price of it is known; empty: what a trade brings. ``withdraws``: whether its key may withdraw.
    """

    name: str
    key: str
    secret: str
    maker: int = UNIT // 1000
    taker: int = UNIT // 1000
    pays_fees_in: str = ""
    withdraws: bool = False
    balances: dict[str, Balance] = field(default_factory=dict)
    updated: int = 0

    def balance(self, asset: str) -> Balance:
        """Of one asset, empty at first."""
        return self.balances.setdefault(asset, Balance())


class Ledger:
    """``fees``: what the exchange earned. ``market``: what all those have whose orders are recorded or generated; they
    owe, where it is negative.
    """

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.by_key: dict[str, Account] = {}
        self.fees: Counter[str] = Counter()
        self.market: Counter[str] = Counter()
        self.deposited: Counter[str] = Counter()

    def add(self, account: Account) -> None:
        """Raises ValueError where its name or key is taken."""
        if not account.name or account.name in self.accounts or account.key in self.by_key:
            raise ValueError(f"the name {account.name!r} or its key is taken or empty")
        self.accounts[account.name] = account
        self.by_key[account.key] = account

    def deposit(self, account: Account, asset: str, amount: int) -> None:
        """A withdrawal where it is negative. Raises ValueError where less than that is free."""
        balance = account.balance(asset)
        if balance.free + amount < 0:
            raise ValueError(f"{account.name} has {balance.free} units of {asset} free, less than {-amount}")
        balance.free += amount
        self.deposited[asset] += amount

    def lock(self, account: Account, asset: str, amount: int) -> Hold | None:
        """None where less is free."""
        balance = account.balance(asset)
        if balance.free < amount:
            return None
        balance.free -= amount
        balance.locked += amount
        return Hold(asset, amount)

    def unlock(self, account: Account, hold: Hold, amount: int) -> None:
        """Free so much of what is held."""
        balance = account.balance(hold.asset)
        balance.locked -= amount
        balance.free += amount
        hold.amount -= amount

    def total(self, asset: str) -> int:
        """All there is of it: what was deposited, at any time."""
        held = sum(account.balance(asset).free + account.balance(asset).locked for account in self.accounts.values())
        return held + self.fees[asset] + self.market[asset]
