"""What a run may stake: its cash, what is tied up in trades, and the bounds of one order."""

import math
from typing import Final

from sniper_strategy_freqtrade.ledger import Ledger
from sniper_strategy_freqtrade.precision import Steps
from sniper_strategy_freqtrade.rules import UNLIMITED, Rules

_RESERVE: Final = 1.05
"""The least stake leaves so much room for fees."""


class Wallet:
    """Counts in the stake currency. Entry fees count when a trade is over, as freqtrade's own simulation has it."""

    def __init__(self, rules: Rules, ledger: Ledger) -> None:
        self._terms = rules.terms
        self._slots = rules.slots
        self._ledger = ledger

    def tied_up(self) -> float:
        return sum(trade.stake_amount for trades in self._ledger.open.values() for trade in trades)

    def free(self) -> float:
        return self._free(self.tied_up())

    def _free(self, tied: float) -> float:
        realised = sum(trade.realized_profit for trades in self._ledger.open.values() for trade in trades)
        return self._terms.cash + self._ledger.closed_profit + realised - tied

    def total(self) -> float:
        """What trades may use in all, and use."""
        tied = self.tied_up()
        return (tied + self._free(tied)) * self._terms.share

    def available(self) -> float:
        tied = self.tied_up()
        free = self._free(tied)
        return min((tied + free) * self._terms.share - tied, free)

    def proposed(self) -> float | None:
        """The stake of a new trade; None: there is not so much."""
        available = self.available()
        if self._terms.stake == UNLIMITED:
            if not self._slots:
                return None
            share = 0.0 if math.isinf(self._slots) else (available + self.tied_up()) / self._slots
            return min(share or available, available)
        stake = float(self._terms.stake)
        return None if available < stake else stake

    def least(self, steps: Steps, price: float, stoploss: float, leverage: float = 1.0) -> float | None:
        """The least stake of an order, such that what is left after the stop can be sold; None: any."""
        loss = abs(stoploss)
        room = max(min(_RESERVE / (1 - loss) if loss != 1 else 1.5, 1.5), 1.0)
        bounds = []
        if steps.least_value:
            bounds.append(steps.least_value * room)
        if steps.least_amount:
            bounds.append(steps.least_amount * price * _RESERVE)
        return max(bounds) / leverage if bounds else None

    def bounded(self, stake: float, least: float | None) -> float:
        """A stake that a strategy named, within what can be ordered; 0: it cannot be."""
        if not stake:
            return 0.0
        most = self.available()
        if least is not None and least > most:
            return 0.0
        if least is not None and stake < least:
            if stake * 1.3 < least:
                return 0.0  # raising it by so much is no longer what was asked for
            stake = least
        return min(stake, most)
