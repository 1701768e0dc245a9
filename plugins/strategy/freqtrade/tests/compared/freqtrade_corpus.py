"""The strategies that are compared with freqtrade, each with the run in which it is."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from freqtrade_market import Walk, longer, recorded, walk

from sniper_strategy_freqtrade.candles import backtest
from sniper_strategy_freqtrade.importing import load, made
from sniper_strategy_freqtrade.manager import Manager
from sniper_strategy_freqtrade.precision import Steps
from sniper_strategy_freqtrade.rules import Terms

STRATEGIES: Final = Path(__file__).parents[1] / "strategies"
BTC, ETH, LTC = "BTC/USDT", "ETH/USDT", "LTC/USDT"
RECORDED: Final = {BTC: "ETH/BTC", ETH: "LTC/BTC"}
"""Which recorded pair stands for which of the generated ones."""
FEE: Final = 0.001


class Case(NamedTuple):
    """``stake``: of a trade. ``timeouts``: minutes for entries and exits."""

    file: str
    strategy: str
    pairs: tuple[str, ...] = (BTC,)
    stake: float | str = "unlimited"
    slots: int = 1
    stacking: bool = False
    timeouts: tuple[int, int] = (15, 10)

    def terms(self, cash: float) -> Terms:
        entry, exit_ = self.timeouts
        return Terms(
            cash=cash,
            stake=self.stake,
            slots=self.slots,
            fee=FEE,
            timeouts={"entry": entry, "exit": exit_},
            stacking=self.stacking,
        )


ALL: Final = (BTC, ETH, LTC)
CASES: Final = {
    case.strategy + case.file.partition(".")[2]: case._replace(file=case.file.partition(".")[0])
    for case in (
        Case("averages", "Averages"),
        Case("base", "Crossing"),
        Case("base.Many", "Crossing", ALL, slots=2),
        Case("base.Fixed", "Crossing", ALL, stake=150.0, slots=5),
        Case("base.Stacked", "Staying", ALL, stake=90.0, slots=9, stacking=True),
        Case("stops", "Trailing"),
        Case("stops", "TrailingPositive"),
        Case("stops", "TrailingOffset"),
        Case("stops", "CustomStop"),
        Case("stops", "CustomStopOfCandles"),
        Case("stops", "TightStop"),
        Case("returns", "Table"),
        Case("returns", "IgnoreRoi"),
        Case("returns", "CustomRoi"),
        Case("returns", "ProfitOnly"),
        Case("returns", "NoSignals"),
        Case("returns", "Market"),
        Case("hooks", "CustomExit"),
        Case("hooks", "Confirm"),
        Case("hooks", "CustomStake", ALL, slots=3),
        Case("hooks", "CustomPrices"),
        Case("hooks", "Timeouts", timeouts=(600, 600)),
        Case("hooks", "MovingEntry", timeouts=(600, 600)),
        Case("hooks", "Remembering", ALL, slots=2),
        Case("hooks", "EachCandle"),
        Case("adjusting", "Dca"),
        Case("adjusting", "Partial", ALL, slots=2),
        Case("adjusting", "DcaTrailing"),
        Case("adjusting", "Whole"),
        Case("informatives", "Hourly"),
        Case("informatives", "Merged"),
        Case("parameters", "Parameters", ALL, slots=2),
        Case("searched", "Searched", ALL, slots=2),
        Case("protected", "Cooldown", ALL, slots=3),
        Case("protected", "Guarded", ALL, slots=3),
        Case("protected", "LowProfit", ALL, slots=3),
        Case("protected", "Drawdown", ALL, slots=3),
    )
}

MARKETS: Final = {
    BTC: Steps(Decimal("0.01"), Decimal("0.00001"), 0.00001, 5.0),
    ETH: Steps(Decimal("0.01"), Decimal("0.0001"), 0.0001, 5.0),
    LTC: Steps(Decimal("0.001"), Decimal("0.01"), 0.01, 5.0),
}


class Market(NamedTuple):
    """``walks``: by pair and timeframe. ``fee``: part of the value. ``cash``: at the beginning."""

    stake: str
    cash: float
    walks: dict[tuple[str, str], Walk]
    steps: dict[str, Steps]
    cases: dict[str, Case]


@cache
def generated() -> Market:
    """Walks in whole ticks, and all strategies."""
    found = {
        (BTC, "5m"): walk(1, 2_400),
        (ETH, "5m"): walk(2, 2_400, price=150_000, swing=80),
        (LTC, "5m"): walk(3, 2_400, price=80_000, per=1_000, swing=70),
    }
    return Market("USDT", 1000.0, _with_longer(found, BTC, ETH), MARKETS, CASES)


@cache
def recorded_market(data: Path) -> Market:
    """What was traded at an exchange, and the strategies that name no pair themselves."""
    walks = {(pair, "5m"): recorded(data / f"{pair.replace('/', '_')}-5m.feather", 10**6) for pair in RECORDED.values()}
    steps = {pair: Steps(Decimal("0.000001"), Decimal("0.001"), 0.001, 0.0001) for pair in RECORDED.values()}
    cases = {
        name: case._replace(
            pairs=tuple(RECORDED[pair] for pair in case.pairs if pair in RECORDED),
            stake=case.stake / 1e4 if isinstance(case.stake, float) else case.stake,
        )
        for name, case in CASES.items()
        if case.file != "informatives"
    }
    return Market("BTC", 0.1, walks, steps, cases)


def _with_longer(walks: dict[tuple[str, str], Walk], hourly: str, half: str) -> dict[tuple[str, str], Walk]:
    return {**walks, (hourly, "1h"): longer(walks[hourly, "5m"], 12), (half, "30m"): longer(walks[half, "5m"], 6)}


def jobs(market: Market) -> dict[str, Any]:
    """All cases, as the program beside this file reads them."""
    found = {}
    for name, case in market.cases.items():
        entry, exit_ = case.timeouts
        found[name] = {
            "strategy": case.strategy,
            "path": str(STRATEGIES),
            "pairs": list(case.pairs),
            "currency": market.stake,
            "cash": market.cash,
            "stake": case.stake,
            "slots": case.slots,
            "fee": FEE,
            "stacking": case.stacking,
            "timeouts": {"entry": entry, "exit": exit_, "unit": "minutes"},
            "candles": [[pair, timeframe, f"{pair} {timeframe}"] for pair, timeframe in market.walks],
        }
    return {
        "jobs": found,
        "candles": {f"{pair} {timeframe}": [each.rows, each.per] for (pair, timeframe), each in market.walks.items()},
        "markets": {
            pair: [float(steps.tick), float(steps.lot), steps.least_amount, steps.least_value]
            for pair, steps in market.steps.items()
        },
    }


def ours(market: Market, case: Case) -> Manager:
    frames = {key: each.frame() for key, each in market.walks.items()}
    strategy = made(load(STRATEGIES / f"{case.file}.py", case.strategy), {"stake_currency": market.stake})
    return backtest(
        strategy,
        {pair: frames[pair, strategy.timeframe] for pair in case.pairs},
        market.steps,
        case.terms(market.cash),
        stake_currency=market.stake,
        others={key: frame for key, frame in frames.items() if key not in {(pair, "5m") for pair in case.pairs}},
    )


def trades_of(manager: Manager) -> list[dict[str, Any]]:
    """As the program in `peer` writes them."""
    return [
        {
            "pair": trade.pair,
            "open_date": int(trade.open_date.timestamp() * 1000),
            "close_date": int(trade.close_date.timestamp() * 1000) if trade.close_date else 0,
            "open_rate": trade.open_rate,
            "close_rate": trade.close_rate,
            "amount": trade.amount,
            "stake_amount": trade.stake_amount,
            "profit_abs": trade.close_profit_abs,
            "profit_ratio": trade.close_profit,
            "exit_reason": trade.exit_reason,
            "enter_tag": trade.enter_tag or "",
            "is_short": trade.is_short,
            "leverage": trade.leverage,
            "stop_loss_abs": trade.stop_loss,
            "initial_stop_loss_abs": trade.initial_stop_loss,
            "orders": [
                [
                    order.ft_order_side == trade.entry_side,
                    order.amount,
                    order.safe_price,
                    int(order.order_filled_date.timestamp() * 1000) if order.order_filled_date else None,
                ]
                for order in trade.orders
                if order.filled
            ],
        }
        for trade in manager.ledger.closed
    ]


def differences(own: list[dict[str, Any]], other: list[dict[str, Any]], within: float = 1e-8) -> list[str]:
    """What is not the same, in words; prices, amounts and profits by more than ``within``."""

    def order(trade: dict[str, Any]) -> tuple[Any, ...]:
        return trade["open_date"], trade["pair"], trade["close_date"]

    found = [] if len(own) == len(other) else [f"{len(own)} trades here, {len(other)} there"]
    for number, (ours_, theirs) in enumerate(zip(sorted(own, key=order), sorted(other, key=order), strict=False)):
        for name, value in theirs.items():
            if not _same(ours_[name], value, within):
                found.append(f"trade {number} of {theirs['pair']}: {name} is {ours_[name]!r} here, {value!r} there")
    return found


def _same(own: Any, other: Any, within: float) -> bool:  # Any: JSON
    if isinstance(other, list):
        return len(own) == len(other) and all(_same(*each, within) for each in zip(own, other, strict=True))
    if isinstance(other, float) and not isinstance(own, bool) and own is not None:
        return bool(abs(own - other) <= within * max(1.0, abs(other)))
    return bool(own == other)
