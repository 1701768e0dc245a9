"""What can be said of a pool from what happened to it so far: the inputs of the model.

A `History` is fed action by action and never sees a later one, so what it says at a moment cannot depend on anything
after it. Everything is a ratio, a count or a time: the model should know a launch by what is done in it, not by its
chain or its coin. Times count from the first action, which is when there is something to lose.

The list is short because what is left out did no good: chosen by folds inside the earlier part of real pools
(docs/risk.md says which).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log2, log10, sqrt
from typing import Final

from sniper_risk_rug_forecast.actions import Action
from sniper_risk_rug_forecast.drains import is_drained

VERSION: Final = 2
"""Of the list and the meaning of the features: a model of another version is refused."""

HOUR: Final = 3600

DRAIN: Final = 0.9
"""Share of the reserves that one burn takes when it ends a pool rather than a provider's stay."""

NEVER: Final = -1.0
"""Of what did not happen."""

GONE: Final = 1e-20
"""Least share of a reserve that is told apart: a pair keeps a little for ever (UniswapV2Pair.MINIMUM_LIQUIDITY)."""

MOST: Final = 1e12
"""Liquidity, in units of the first: no more is told apart."""


@dataclass
class History:
    """Everything that is kept of a pool. Times are Unix seconds.

    start, now     When its first and its newest action happened.
    minted, burnt  Amounts in base units of the coin that is paid with; ``bought`` by buyer.
    liquidity      Tokens of liquidity that are out, in units of those of the first mint.
    newest_burn    Share of the reserves that the newest action took as a burn.
    sizes          Of each trade, as a share of the reserve before it.
    """

    start: int = 0
    now: int = 0
    actions: int = 0
    first_digits: tuple[int, int] = (0, 0)
    minted: int = 0
    burnt: int = 0
    liquidity: float = 0.0
    newest_burn: float = 0.0
    largest_burn: float = 0.0
    last_burn: int | None = None
    burners: set[str] = field(default_factory=set)
    drains: int = 0
    swaps_since_drain: int = 0
    quote: int = 0
    token: int = 0
    highest_quote: int = 0
    highest_price: float = 0.0
    deepest_fall: float = 0.0
    hours: set[int] = field(default_factory=set)
    waits: int = 0
    sizes: list[float] = field(default_factory=list)
    traders: Counter[str] = field(default_factory=Counter)
    callers: set[str] = field(default_factory=set)
    to_caller: int = 0
    bought: Counter[str] = field(default_factory=Counter)

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
        quote = self.quote
        self.now = action.time
        if not self.actions:
            self.start = action.time
            self.first_digits = _digits(action.quote_in), _digits(action.token_in)
        self.actions += 1
        self.newest_burn = 0.0
        if action.kind == "mint":
            self._mint(action, quote)
        elif action.kind == "burn":
            self._burn(action, quote)
        elif action.kind == "swap":
            self._swap(action, quote)
        self.quote, self.token = action.quote_reserve, action.token_reserve
        self.highest_quote = max(self.highest_quote, self.quote)
        self._priced()

    def _mint(self, action: Action, before: int) -> None:
        self.minted += action.quote_in
        # UniswapV2Pair.mint: in the ratio of what comes to what is there.
        grown = self.liquidity * (1 + action.quote_in / before) if before > 0 else 1.0
        self.liquidity = min(grown, MOST)

    def _burn(self, action: Action, before: int) -> None:
        self.burnt += action.quote_out
        self.burners.add(action.to)
        self.newest_burn = _ratio(action.quote_out, before)
        # By whole numbers: what a pair keeps for ever is too small a share to be left over from 1.0.
        self.liquidity *= _ratio(max(before - action.quote_out, 0), before)
        self.largest_burn = max(self.largest_burn, self.newest_burn)
        self.last_burn = action.time
        if self.newest_burn >= DRAIN:
            self.drains += 1
            self.swaps_since_drain = 0

    def _swap(self, action: Action, before: int) -> None:
        self.swaps_since_drain += self.drains > 0
        self.hours.add((action.time - self.start) // HOUR)
        self.waits += action.time - self.start
        self.traders[action.to] += 1
        self.callers.add(action.sender)
        self.to_caller += action.to == action.sender
        if action.token_out > action.token_in:
            self.bought[action.to] += action.quote_in
            self.sizes.append(_ratio(action.quote_in, before))
        else:
            self.sizes.append(_ratio(action.quote_out, before))

    def _priced(self) -> None:
        if self.quote <= 0 or self.token <= 0:
            return
        price = self.quote / self.token
        self.highest_price = max(self.highest_price, price)
        self.deepest_fall = min(self.deepest_fall, log2(price / self.highest_price))

    @property
    def is_drained(self) -> bool:
        """See `sniper_risk_rug_forecast.drains`."""
        return is_drained(self.quote, self.highest_quote)

    def features(self, now: int) -> dict[str, float]:
        """By name, as of ``now`` (Unix seconds). Raises ValueError where something was fed that happened after it.

        first_quote_digits, first_token_digits  Significant digits of the first liquidity: round amounts have few.
        newest_burn           Whether the pool was left at that: the share taken, 0 where something came after it.
        liquidity_of_first    Tokens of liquidity that are out, of those of the first mint.
        quote_fall_log10      From the highest reserve: 0 there, 1 at a tenth, 20 where nothing is left.
        to_caller_share       Of the trades, those paid out to who called the pair: routers do so to unwrap.
        """
        if now < self.now:
            raise ValueError(f"features as of {now} were asked for, but what happened at {self.now} is known already")
        swaps, left = len(self.sizes), _ratio(self.quote, self.highest_quote)
        return {
            "age_hours": (now - self.start) / HOUR if self.actions else NEVER,
            "active_hours": len(self.hours),
            "mean_trade_hours": self.waits / swaps / HOUR if swaps else NEVER,
            "first_quote_digits": self.first_digits[0] if self.actions else NEVER,
            "first_token_digits": self.first_digits[1] if self.actions else NEVER,
            "burners": len(self.burners),
            "hours_since_burn": NEVER if self.last_burn is None else (now - self.last_burn) / HOUR,
            "burnt_of_minted": _ratio(self.burnt, self.minted),
            "largest_burn": self.largest_burn,
            "newest_burn": self.newest_burn,
            "swaps_since_drain": self.swaps_since_drain,
            "liquidity_of_first": self.liquidity if self.actions else NEVER,
            "quote_of_highest": left,
            "quote_fall_log10": -log10(max(left, GONE)) if self.actions else NEVER,
            "deepest_fall_log2": self.deepest_fall,
            "trade_size_spread": _spread(self.sizes) if swaps else NEVER,
            "traders": len(self.traders),
            "trader_entropy": _entropy(self.traders),
            "callers": len(self.callers),
            "to_caller_share": self.to_caller / swaps if swaps else NEVER,
            "top_buyer_share": _ratio(max(self.bought.values()), sum(self.bought.values())) if self.bought else NEVER,
        }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _digits(amount: int) -> int:
    return len(str(amount).rstrip("0"))


def _spread(sizes: list[float]) -> float:
    """Standard deviation."""
    mean = sum(sizes) / len(sizes)
    return sqrt(sum((size - mean) ** 2 for size in sizes) / len(sizes))


def _entropy(counts: Counter[str]) -> float:
    """Shannon, in bits."""
    whole = sum(counts.values())
    return -sum(count / whole * log2(count / whole) for count in counts.values()) if whole > 0 else 0.0


NAMES: Final = tuple(History().features(0))
"""In the order in which models take them."""


def vector(history: History, now: int) -> list[float]:
    """The features as of ``now`` (Unix seconds), in the order of `NAMES`."""
    return [float(value) for value in history.features(now).values()]
