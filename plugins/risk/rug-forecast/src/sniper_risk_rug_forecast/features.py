"""What can be said of a pool from what happened to it so far: the inputs of the model.

A `History` is fed action by action and never sees a later one, so what it says at a moment cannot depend on anything
after it. Everything is a ratio, a count or a time: the model should know a launch by what is done in it, not by its
chain or its coin. Times count from the first action, which is when there is something to lose.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log, log2, sqrt
from typing import Final

from sniper_risk_rug_forecast.actions import Action
from sniper_risk_rug_forecast.drains import is_drained

VERSION: Final = 1
"""Of the list and the meaning of the features: a model of another version is refused."""

HOUR: Final = 3600
FEE: Final = 997
"""Per mille of a payment that counts: UniswapV2Library.getAmountOut. Pairs with a lower fee look untaxed to it."""

DRAIN: Final = 0.9
"""Share of the reserves that one burn takes when it ends a pool rather than a provider's stay."""

NEVER: Final = -1.0
"""Age of what did not happen."""


@dataclass
class History:
    """Everything that is kept of a pool. Times are Unix seconds.

    start, now     When its first and its newest action happened.
    minted … sold  Amounts in base units of the coin that is paid with.
    sizes          Of each trade, as a share of the reserve before it.
    """

    start: int = 0
    now: int = 0
    actions: int = 0
    first_trade: int | None = None
    first_trade_block: int = 0
    last_trade: int | None = None
    longest_pause: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)
    minted: int = 0
    burnt: int = 0
    first_mint: int = 0
    largest_burn: float = 0.0
    last_burn: int | None = None
    drains: int = 0
    first_drain: int | None = None
    since_drain: Counter[str] = field(default_factory=Counter)
    minters: Counter[str] = field(default_factory=Counter)
    burners: Counter[str] = field(default_factory=Counter)
    quote: int = 0
    token: int = 0
    highest_quote: int = 0
    first_price: float = 0.0
    price: float = 0.0
    highest_price: float = 0.0
    lowest_price: float = 0.0
    squares: float = 0.0
    deepest_fall: float = 0.0
    bought: int = 0
    sold: int = 0
    largest_buy: float = 0.0
    largest_sell: float = 0.0
    sizes: list[float] = field(default_factory=list)
    traders: Counter[str] = field(default_factory=Counter)
    buyers: set[str] = field(default_factory=set)
    sellers: set[str] = field(default_factory=set)
    callers: Counter[str] = field(default_factory=Counter)
    short: int = 0
    shortfall: float = 0.0
    early_buys: int = 0
    first_block_buys: int = 0
    last_block: dict[str, tuple[int, bool]] = field(default_factory=dict)
    sandwiches: int = 0

    @classmethod
    def until(cls, actions: Iterable[Action], now: int) -> "History":
        """Of the actions, in the chain's order, that had happened by ``now`` (Unix seconds)."""
        history = cls()
        for action in actions:
            if action.time > now:
                break
            history.feed(action)
        return history

    def feed(self, action: Action) -> None:
        """The next action. Raises ValueError where it is older than one that was fed before."""
        if action.time < self.now:
            raise ValueError(f"an action of {action.time} came after one of {self.now}; feed them in the chain's order")
        quote, token = self.quote, self.token
        self.now = action.time
        if not self.actions:
            self.start = action.time
        self.actions += 1
        self.counts[action.kind] += 1
        self.since_drain[action.kind] += self.drains > 0
        if action.kind == "mint":
            self._mint(action)
        elif action.kind == "burn":
            self._burn(action, quote)
        elif action.kind == "swap":
            self._swap(action, quote, token)
        self.quote, self.token = action.quote_reserve, action.token_reserve
        self.highest_quote = max(self.highest_quote, self.quote)
        self._priced()

    def _mint(self, action: Action) -> None:
        self.minted += action.quote_in
        self.minters[action.sender] += action.quote_in
        if self.counts["mint"] == 1:
            self.first_mint = action.quote_in

    def _burn(self, action: Action, before: int) -> None:
        self.burnt += action.quote_out
        self.burners[action.to] += action.quote_out
        share = _ratio(action.quote_out, before)
        self.largest_burn = max(self.largest_burn, share)
        self.last_burn = action.time
        if share >= DRAIN:
            self.drains += 1
            self.first_drain = action.time if self.first_drain is None else self.first_drain
            self.since_drain.clear()

    def _swap(self, action: Action, quote: int, token: int) -> None:
        buys = action.token_out > action.token_in
        if self.first_trade is None or self.last_trade is None:
            self.first_trade, self.first_trade_block, self.last_trade = action.time, action.block, action.time
        self.longest_pause = max(self.longest_pause, action.time - self.last_trade)
        self.last_trade = action.time
        self.hours[(action.time - self.start) // HOUR] += 1
        self.traders[action.to] += 1
        self.callers[action.sender] += 1
        if buys:
            size = _ratio(action.quote_in, quote)
            self.counts["buy"] += 1
            self.buyers.add(action.to)
            self.bought += action.quote_in
            self.largest_buy = max(self.largest_buy, size)
            self.first_block_buys += action.block == self.first_trade_block
            self.early_buys += action.time - self.first_trade <= 60
            paid, given, reserve_in, reserve_out = action.quote_in, action.token_out, quote, token
        else:
            size = _ratio(action.quote_out, quote)
            self.counts["sell"] += 1
            self.sellers.add(action.to)
            self.sold += action.quote_out
            self.largest_sell = max(self.largest_sell, size)
            paid, given, reserve_in, reserve_out = action.token_in, action.quote_out, token, quote
        self.sizes.append(size)
        promised = paid * FEE * reserve_out // (reserve_in * 1000 + paid * FEE) if paid > 0 and reserve_in > 0 else 0
        missing = _ratio(promised - given, promised)
        # Half a per cent: routers round, pairs charge other fees than Uniswap's.
        if missing > 0.005:
            self.short += 1
            self.shortfall += missing
        was = self.last_block.get(action.to)
        self.sandwiches += was == (action.block, not buys)
        self.last_block[action.to] = action.block, buys

    def _priced(self) -> None:
        if self.quote <= 0 or self.token <= 0:
            return
        before, self.price = self.price, self.quote / self.token
        if before == 0.0:
            self.first_price = self.highest_price = self.lowest_price = self.price
            return
        self.squares += log(self.price / before) ** 2
        self.highest_price = max(self.highest_price, self.price)
        self.lowest_price = min(self.lowest_price, self.price)
        self.deepest_fall = min(self.deepest_fall, log2(self.price / self.highest_price))

    @property
    def is_drained(self) -> bool:
        """See `sniper_risk_rug_forecast.drains`."""
        return is_drained(self.quote, self.highest_quote)

    def features(self, now: int) -> dict[str, float]:
        """By name, as of ``now`` (Unix seconds). Raises ValueError where something was fed that happened after it."""
        if now < self.now:
            raise ValueError(f"features as of {now} were asked for, but what happened at {self.now} is known already")
        swaps, buys, sells = self.counts["swap"], self.counts["buy"], self.counts["sell"]
        sizes = sorted(self.sizes)
        hour = (now - self.start) // HOUR
        return {
            "age_hours": (now - self.start) / HOUR if self.actions else NEVER,
            "hours_since_trade": NEVER if self.last_trade is None else (now - self.last_trade) / HOUR,
            "hours_to_first_trade": NEVER if self.first_trade is None else (self.first_trade - self.start) / HOUR,
            "longest_pause_hours": self.longest_pause / HOUR,
            "mints": self.counts["mint"],
            "burns": self.counts["burn"],
            "bare_syncs": self.counts["sync"],
            "buys": buys,
            "sells": sells,
            "sell_share": _ratio(sells, swaps),
            "hours_since_burn": NEVER if self.last_burn is None else (now - self.last_burn) / HOUR,
            "burnt_of_minted": _ratio(self.burnt, self.minted),
            "largest_burn": self.largest_burn,
            "drains": self.drains,
            "hours_to_drain": NEVER if self.first_drain is None else (self.first_drain - self.start) / HOUR,
            "swaps_since_drain": self.since_drain["swap"],
            "mints_since_drain": self.since_drain["mint"],
            "burners": len(self.burners),
            "first_mint_share": _ratio(self.first_mint, self.minted),
            "minters": len(self.minters),
            "minter_concentration": _concentration(self.minters),
            "quote_of_highest": _ratio(self.quote, self.highest_quote),
            "quote_of_first_mint": _ratio(self.quote, self.first_mint),
            "price_change_log2": log2(self.price / self.first_price) if self.first_price else 0.0,
            "run_up_log2": log2(self.highest_price / self.first_price) if self.first_price else 0.0,
            "fall_from_high_log2": log2(self.price / self.highest_price) if self.first_price else 0.0,
            "deepest_fall_log2": self.deepest_fall,
            "volatility": sqrt(self.squares / self.actions) if self.actions else 0.0,
            "bought_of_minted": _ratio(self.bought, self.minted),
            "sold_of_bought": _ratio(self.sold, self.bought),
            "net_flow_of_minted": _ratio(self.bought - self.sold, self.minted),
            "largest_buy": self.largest_buy,
            "largest_sell": self.largest_sell,
            "median_trade": sizes[len(sizes) // 2] if sizes else 0.0,
            "traders": len(self.traders),
            "trader_entropy": _entropy(self.traders),
            "top_trader_share": _ratio(max(self.traders.values(), default=0), swaps),
            "sellers_of_buyers": _ratio(len(self.sellers), len(self.buyers)),
            "round_trippers": _ratio(len(self.buyers & self.sellers), len(self.buyers)),
            "callers": len(self.callers),
            "top_caller_share": _ratio(max(self.callers.values(), default=0), swaps),
            "short_share": _ratio(self.short, swaps),
            "mean_shortfall": _ratio(self.shortfall, self.short),
            "first_block_buys": self.first_block_buys,
            "first_minute_buys": self.early_buys,
            "same_block_reversals": self.sandwiches,
            "trades_last_hour": self.hours[hour] + self.hours[hour - 1],
            "trades_last_6_hours": sum(self.hours[hour - back] for back in range(6)),
            "active_hours": len(self.hours),
        }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _concentration(shares: Counter[str]) -> float:
    """Herfindahl index, 0 where nothing was shared out."""
    whole = sum(shares.values())
    return sum((share / whole) ** 2 for share in shares.values()) if whole > 0 else 0.0


def _entropy(counts: Counter[str]) -> float:
    """Shannon, in bits."""
    whole = sum(counts.values())
    return -sum(count / whole * log2(count / whole) for count in counts.values()) if whole > 0 else 0.0


NAMES: Final = tuple(History().features(0))
"""In the order in which models take them."""


def vector(history: History, now: int) -> list[float]:
    """The features as of ``now`` (Unix seconds), in the order of `NAMES`."""
    return [float(value) for value in history.features(now).values()]
