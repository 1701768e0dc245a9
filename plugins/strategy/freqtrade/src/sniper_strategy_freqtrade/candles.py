"""A backtest on candles with freqtrade's own assumptions about fills: what it would have told, for comparing with it.

sniper's own backtests (`sniper backtest`) fill orders after they were decided. freqtrade lets a candle's stop or target
be reached at its price within the candle in which it was decided; where its figures are to be met, that is done here.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any  # pandas brings no types

import numpy as np

from sniper_strategy_freqtrade import current
from sniper_strategy_freqtrade.analysis import Columns, analysed, columns_of, tag_of
from sniper_strategy_freqtrade.candle import Candle
from sniper_strategy_freqtrade.manager import Manager
from sniper_strategy_freqtrade.precision import Steps
from sniper_strategy_freqtrade.quiet import Quiet
from sniper_strategy_freqtrade.rules import Terms
from sniper_strategy_freqtrade.surface.dataprovider import DataProvider
from sniper_strategy_freqtrade.surface.enums import RunMode
from sniper_strategy_freqtrade.surface.interface import IStrategy


def backtest(
    strategy: IStrategy,
    candles: Mapping[str, Any],
    steps: dict[str, Steps],
    terms: Terms,
    *,
    stake_currency: str,
    others: Mapping[tuple[str, str], Any] | None = None,
) -> Manager:
    """Trade ``candles`` (by pair: date, open, high, low, close, volume) from the first that is not needed to warm up.

    ``others``: candles of other pairs and timeframes. What came of it is in the ledger of what is returned.
    """
    pairs = list(candles)
    strategy.stake_currency = stake_currency
    strategy.dp = provider = DataProvider(pairs, strategy.timeframe, RunMode.BACKTEST)
    provider.candles = {(pair, strategy.timeframe): frame for pair, frame in candles.items()} | dict(others or {})
    manager = Manager(strategy, terms, steps)
    strategy.wallets = manager.wallet
    current.now_of(manager.ledger)
    strategy.bot_start()
    columns: dict[str, Columns] = {}
    for pair, frame in candles.items():
        made = analysed(strategy, pair, frame)
        provider.analysed(pair, made)
        columns[pair] = columns_of(made, manager.rules.startup, can_short=manager.rules.can_short)
    run = _Run(manager, columns)
    provider.seen = run.seen
    run.play(pairs)
    return manager


class _Run:
    """Candle by candle, over all pairs at once; a pair of which nothing can come is left out until something can."""

    def __init__(self, manager: Manager, columns: dict[str, Columns]) -> None:
        self._manager = manager
        self._columns = columns
        self._quiet = Quiet(manager.rules, stacking=manager.terms.stacking, alone=len(columns) == 1)
        self._times = _united([each.times for each in columns.values()])
        self._numbers: dict[str, Sequence[int]] = {}
        for pair, each in columns.items():
            whole = len(each.times) == len(self._times)
            self._numbers[pair] = (
                range(len(self._times)) if whole else np.searchsorted(self._times, each.times).tolist()
            )
        self._rows = dict.fromkeys(columns, -1)
        self._number = -1
        self._turns: list[str] = []
        self._turn = 0

    def play(self, pairs: Sequence[str]) -> None:
        manager, ledger = self._manager, self._manager.ledger
        columns, numbers, rows = self._columns, self._numbers, self._rows
        due = {pair: self._next(pair) for pair in pairs}
        over = len(self._times)
        while self._times:
            before, number = self._number, min(due.values())
            if manager.rules.loops:
                self._loop(before + 1, min(number + 1, over))
            if number >= over:
                break
            self._number, self._turns = number, list(pairs)
            if len(pairs) > 1:
                self._turns = list(dict.fromkeys([*(trade.pair for trade in ledger.trades_open()), *pairs]))
            for self._turn, pair in enumerate(self._turns):  # noqa: B020  (callbacks ask whose turn it is)
                if due[pair] == number:
                    each = columns[pair]
                    row = rows[pair] = bisect_left(numbers[pair], number)
                    manager.step(pair, candle_of(each, row), each.signal[row], last=number == over - 1)
                    due[pair] = self._next(pair)
        for pair in pairs:
            if ledger.open.get(pair):
                manager.end(pair, candle_of(columns[pair], len(columns[pair].times) - 1))

    def seen(self, pair: str) -> int | None:
        """How many rows of what was analysed are over: of pairs whose turn is still to come one less."""
        each, turns = self._columns[pair], self._turns
        if self._turn < len(turns) and turns[self._turn] == pair:
            return each.first + self._rows[pair]
        been = pair in turns[: self._turn]
        count = bisect_left(self._numbers[pair], self._number + been)
        return each.first + count - 1 if count else None

    def _next(self, pair: str) -> int:
        """The number of the next candle in which something may happen to a pair."""
        each, row = self._columns[pair], self._rows[pair] + 1
        trades = self._manager.ledger.open.get(pair)
        if trades:
            row = self._quiet.skip(trades, each, row)
        else:
            following = bisect_left(each.entries, row)
            row = each.entries[following] if following < len(each.entries) else len(each.times)
        return self._numbers[pair][row] if row < len(each.times) else len(self._times)

    def _loop(self, begin: int, end: int) -> None:
        """A new candle begins: of none of the pairs it was the turn yet."""
        self._turns = []
        for self._number in range(begin, end):
            self._manager.strategy.bot_loop_start(current_time=_date(self._times[self._number]))


def _united(times: list[list[int]]) -> list[int]:
    if all(each == times[0] for each in times):
        return times[0]
    return sorted(set().union(*times))


def candle_of(columns: Columns, row: int) -> Candle:
    return Candle(
        _date(columns.times[row]),
        columns.open[row],
        columns.high[row],
        columns.low[row],
        columns.close[row],
        columns.entered[row],
        columns.leaves[row],
        tag_of(columns.enter_tag, row),
        tag_of(columns.exit_tag, row),
    )


def _date(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1000, UTC)
