"""Where money went and came from: exact, in base units of the quote asset."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sniper_app_report.told import Backtest, Desk, Traded


@dataclass
class Costs:
    """``slippage``: what fills were worse than what the market showed when they were decided; below zero: better.
    ``funding``: received, above zero."""

    volume: int = 0
    fees: int = 0
    slippage: int = 0
    funding: int = 0


@dataclass
class Trips:
    """What reduced a position, each by itself. ``won``, ``lost``: profits and losses after fees, both above zero."""

    wins: int = 0
    losses: int = 0
    won: int = 0
    lost: int = 0

    @property
    def hit_rate(self) -> float | None:
        """The share of those that gained."""
        return self.wins / (self.wins + self.losses) if self.wins + self.losses else None

    @property
    def profit_factor(self) -> float | None:
        """Profits by losses."""
        return self.won / self.lost if self.lost else None


@dataclass
class Share:
    """What one instrument or strategy brought. ``profit``: cash that came in less cash that went out, fees and funding
    in it, and what is held at the end at the last price."""

    fills: int = 0
    fees: int = 0
    funding: int = 0
    profit: int = 0


@dataclass
class Account:
    """All of one desk. ``rest``: what changed beside all fills and funding: the price of what was held before."""

    costs: Costs = field(default_factory=Costs)
    trips: Trips = field(default_factory=Trips)
    by_instrument: dict[str, Share] = field(default_factory=dict)
    by_strategy: dict[str, Share] = field(default_factory=dict)
    rest: int = 0


def accounted(backtest: Backtest, desk: Desk) -> Account:
    """The profits of all instruments, or of all strategies, and the rest are exactly what equity changed by."""
    account = Account()
    last = {name: series[-1][1] for name, series in backtest.prices.items() if series}
    held: dict[tuple[str, str], int] = {}
    cost: dict[str, tuple[int, int]] = {}
    for fill in desk.fills:
        unit = backtest.instruments[fill.instrument].unit
        sign = 1 if fill.side == "buy" else -1
        cash = -sign * fill.value - fill.fee
        worth = sign * fill.size * last.get(fill.instrument, 0) * unit
        for share in _shares(account, fill):
            share.fills += 1
            share.fees += fill.fee
            share.profit += cash + worth
        account.costs.volume += fill.value
        account.costs.fees += fill.fee
        if fill.expected:
            account.costs.slippage += sign * (fill.price - fill.expected) * fill.size * unit
        key = (fill.instrument, fill.instance)
        held[key] = held.get(key, 0) + sign * fill.size
        _trip(account.trips, cost, fill, cash)
    for paid in desk.funding:
        account.costs.funding += paid.amount
        share = account.by_instrument.setdefault(paid.instrument, Share())
        share.funding += paid.amount
        share.profit += paid.amount
        _spread(account.by_strategy, paid.instrument, paid.amount, held)
    change = desk.samples[-1][1] - desk.samples[0][1]
    account.rest = change - sum(share.profit for share in account.by_instrument.values())
    return account


def _shares(account: Account, fill: Traded) -> Iterable[Share]:
    yield account.by_instrument.setdefault(fill.instrument, Share())
    yield account.by_strategy.setdefault(fill.instance, Share())


def _spread(by_strategy: dict[str, Share], instrument: str, amount: int, held: dict[tuple[str, str], int]) -> None:
    """Funding goes to the strategy that trades the instrument, the first by name where several do."""
    names = sorted(instance for name, instance in held if name == instrument)
    share = by_strategy.setdefault(names[0] if names else "?", Share())
    share.funding += amount
    share.profit += amount


def _trip(trips: Trips, cost: dict[str, tuple[int, int]], fill: Traded, cash: int) -> None:
    """Average cost: what reduces a position realises its part of it."""
    sign = 1 if fill.side == "buy" else -1
    size, spent = cost.get(fill.instrument, (0, 0))
    if not size or (size > 0) == (sign > 0):
        cost[fill.instrument] = size + sign * fill.size, spent - cash
        return
    closing = min(fill.size, abs(size))
    got = cash * closing // fill.size
    released = spent * closing // abs(size)
    gained = got - released
    if gained > 0:
        trips.wins += 1
        trips.won += gained
    else:
        trips.losses += 1
        trips.lost -= gained
    turned = fill.size > closing
    cost[fill.instrument] = size + sign * fill.size, got - cash if turned else spent - released
