"""A backtest on candles with freqtrade's own assumptions about fills: what it would have told, for comparing with it.

sniper's own backtests (`sniper backtest`) fill orders after they were decided. freqtrade lets a candle's stop or target
be reached at its price within the candle in which it was decided; where its figures are to be met, that is done here.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any  # pandas brings no types

from sniper_strategy_freqtrade import current
from sniper_strategy_freqtrade.analysis import Columns, analysed, columns_of
from sniper_strategy_freqtrade.candle import Candle
from sniper_strategy_freqtrade.manager import Manager
from sniper_strategy_freqtrade.precision import Steps
from sniper_strategy_freqtrade.rules import Terms
from sniper_strategy_freqtrade.surface.dataprovider import DataProvider
from sniper_strategy_freqtrade.surface.enums import RunMode
from sniper_strategy_freqtrade.surface.interface import IStrategy
from sniper_strategy_freqtrade.surface.timeframes import timeframe_to_msecs


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
        provider.analysed[pair] = made, made["date"].iloc[-1].to_pydatetime()
        columns[pair] = columns_of(made, manager.rules.startup, can_short=manager.rules.can_short)
    _Run(manager, provider, columns, timeframe_to_msecs(strategy.timeframe)).play(pairs)
    return manager


class _Run:
    """Candle by candle, over all pairs at once; where nothing is held and nothing is entered, to the next signal."""

    def __init__(self, manager: Manager, provider: DataProvider, columns: dict[str, Columns], interval: int) -> None:
        self._manager = manager
        self._provider = provider
        self._columns = columns
        self._interval = interval

    def play(self, pairs: Sequence[str]) -> None:
        manager, columns, open_ = self._manager, self._columns, self._manager.ledger.open
        rows = {pair: {time: n for n, time in enumerate(columns[pair].times)} for pair in pairs}
        every = sorted(set().union(*rows.values()))
        if not every:
            return
        signals = sorted({time for pair in pairs for time, row in rows[pair].items() if columns[pair].signal[row]})
        last, number, following = every[-1], 0, 0
        while number < len(every):
            time = every[number]
            if not manager.rules.loops and not any(open_.values()):
                while following < len(signals) and signals[following] < time:
                    following += 1
                if following == len(signals):
                    break
                while every[number] < signals[following]:
                    number += 1
                time = every[number]
            if manager.rules.loops:
                manager.strategy.bot_loop_start(current_time=_date(time))
            held = [trade.pair for trade in manager.ledger.trades_open()]
            for pair in dict.fromkeys([*held, *pairs]):
                row = rows[pair].get(time)
                if row is not None and (open_.get(pair) or columns[pair].signal[row]):
                    self._provider.seen[pair] = columns[pair].first + row
                    manager.step(pair, candle_of(columns[pair], row), columns[pair].signal[row], last=time == last)
            number += 1
        for pair in pairs:
            if open_.get(pair):
                manager.end(pair, candle_of(columns[pair], len(columns[pair].times) - 1))


def candle_of(columns: Columns, row: int) -> Candle:
    return Candle(
        _date(columns.times[row]),
        columns.open[row],
        columns.high[row],
        columns.low[row],
        columns.close[row],
        columns.entered[row],
        columns.leaves[row],
        None if columns.enter_tag is None else columns.enter_tag[row],
        None if columns.exit_tag is None else columns.exit_tag[row],
    )


def _date(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1000, UTC)
