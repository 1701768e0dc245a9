"""Rules that stop entries after what went wrong: freqtrade's four, on trades that are over."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple  # Any: a strategy's own tables

from sniper_strategy_freqtrade.errors import BadStrategy
from sniper_strategy_freqtrade.exits import LIQUIDATION, STOP, TRAILED
from sniper_strategy_freqtrade.ledger import Ledger, Lock
from sniper_strategy_freqtrade.trade import Trade

_STOPS: Final = (STOP, TRAILED, LIQUIDATION, "stoploss_on_exchange")


class Protection(NamedTuple):
    """``locks``: those that follow from the trades that were closed since ``lookback``, now that one of ``pair`` was.

    lookback, stop  For how long trades are looked at and entries stopped.
    """

    lookback: timedelta
    stop: timedelta
    locks: Callable[["Protection", Ledger, Trade, datetime], Iterator[Lock]]
    table: Mapping[str, Any]

    def closed(self, ledger: Ledger, now: datetime, pair: str = "") -> list[Trade]:
        since = now - self.lookback
        return [
            trade
            for trade in ledger.closed
            if pair in ("", trade.pair) and trade.close_date is not None and trade.close_date > since
        ]

    def until(self, trades: list[Trade]) -> datetime:
        return max(trade.close_date for trade in trades if trade.close_date is not None) + self.stop


def _cooldown(rule: Protection, ledger: Ledger, last: Trade, now: datetime) -> Iterator[Lock]:
    trades = rule.closed(ledger, now, last.pair)
    if trades:
        yield Lock(last.pair, rule.until(trades[-1:]), "Cooldown period", "*")


def _stoploss_guard(rule: Protection, ledger: Ledger, last: Trade, now: datetime) -> Iterator[Lock]:
    of_pair, of_side = bool(rule.table.get("only_per_pair", False)), bool(rule.table.get("only_per_side", False))
    trades = [
        trade
        for trade in rule.closed(ledger, now, last.pair if of_pair else "")
        if trade.exit_reason in _STOPS
        and trade.close_profit
        and trade.close_profit < float(rule.table.get("required_profit", 0.0))
        and (not of_side or trade.is_short is last.is_short)
    ]
    if trades and len(trades) >= int(rule.table.get("trade_limit", 10)):
        side = last.trade_direction if of_side else "*"
        yield Lock(last.pair if of_pair else "*", rule.until(trades), "StoplossGuard", side)


def _low_profit(rule: Protection, ledger: Ledger, last: Trade, now: datetime) -> Iterator[Lock]:
    of_side = bool(rule.table.get("only_per_side", False))
    trades = rule.closed(ledger, now, last.pair)
    if len(trades) < int(rule.table.get("trade_limit", 1)):
        return
    gained = sum(
        trade.close_profit
        for trade in trades
        if trade.close_profit and (not of_side or trade.is_short is last.is_short)
    )
    if gained < float(rule.table.get("required_profit", 0.0)):
        yield Lock(last.pair, rule.until(trades), "LowProfitPairs", last.trade_direction if of_side else "*")


def _drawdown(rule: Protection, ledger: Ledger, last: Trade, now: datetime) -> Iterator[Lock]:
    trades = rule.closed(ledger, now)
    if len(trades) < int(rule.table.get("trade_limit", 1)):
        return
    total = highest = worst = 0.0
    for trade in sorted(trades, key=lambda each: each.close_date or now):
        total += trade.close_profit or 0.0
        highest = max(highest, total)
        worst = max(worst, highest - total)
    if worst > float(rule.table.get("max_allowed_drawdown", 0.0)):
        yield Lock("*", rule.until(trades), "MaxDrawdown", "*")


_METHODS: Final = {
    "CooldownPeriod": _cooldown,
    "StoplossGuard": _stoploss_guard,
    "LowProfitPairs": _low_profit,
    "MaxDrawdown": _drawdown,
}


def protections_of(tables: list[dict[str, Any]], minutes: int) -> list[Protection]:
    """``minutes``: of a candle. Raises `BadStrategy` for a method that there is not, and for ``unlock_at``."""
    found = []
    for table in tables:
        method = table.get("method")
        if method not in _METHODS:
            raise BadStrategy(f"protection {method!r} is not there; there are {', '.join(sorted(_METHODS))}")
        if "unlock_at" in table:
            raise BadStrategy(f"protection {method} with unlock_at, which is not there; give stop_duration")
        if table.get("calculation_mode", "ratios") != "ratios":
            raise BadStrategy(f"protection {method} with calculation_mode {table['calculation_mode']!r}: give ratios")
        spans = {}
        for name in ("stop_duration", "lookback_period"):
            candles = table.get(f"{name}_candles")
            spans[name] = timedelta(minutes=int(table.get(name, 60)) if candles is None else int(candles) * minutes)
        look = spans["stop_duration"] if method == "CooldownPeriod" else spans["lookback_period"]
        found.append(Protection(look, spans["stop_duration"], _METHODS[method], table))
    return found


def protect(rules: list[Protection], ledger: Ledger, last: Trade, now: datetime) -> None:
    """A trade was closed: lock what the rules say, until the end of a candle."""
    for rule in rules:
        for lock in rule.locks(rule, ledger, last, now):
            if not ledger.locked(lock.pair, lock.side, lock.until):
                ledger.locks.append(lock._replace(until=ledger.candle_end(lock.until)))
