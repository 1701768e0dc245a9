"""Trades from entry to exit: what a strategy's signals and callbacks lead to, order by order.

The same code manages the trades of a backtest on candles and those of a run; they differ in what fills an order, which
`Manager.fills` says.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any  # what callbacks return

from sniper_strategy_freqtrade import exits as e
from sniper_strategy_freqtrade.candle import Candle
from sniper_strategy_freqtrade.exits import Exits, Leave
from sniper_strategy_freqtrade.ledger import Ledger
from sniper_strategy_freqtrade.precision import Steps, exact
from sniper_strategy_freqtrade.protections import protect, protections_of
from sniper_strategy_freqtrade.rules import Rules, Terms
from sniper_strategy_freqtrade.surface.interface import IStrategy
from sniper_strategy_freqtrade.trade import Order, Trade
from sniper_strategy_freqtrade.wallet import Wallet

Fills = Callable[[Order, Candle], bool]
"""Whether an order is filled at its price by a candle."""


def within(order: Order, candle: Candle) -> bool:
    """freqtrade's own assumption: where the candle reaches the price, all of the order is filled at it."""
    return candle.low <= order.price <= candle.high


def never(order: Order, candle: Candle) -> bool:
    """Of a run: the exchange says what is filled."""
    return False


class Manager:
    """All trades of one strategy.

    ledger  What is open and what is over. ``rejected``: entries for which there was no slot.
    """

    def __init__(
        self, strategy: IStrategy, terms: Terms, steps: dict[str, Steps], *, whole: bool = True, fills: Fills = within
    ) -> None:
        self.strategy = strategy
        self.rules = Rules(strategy, terms)
        self.terms = terms
        self.steps = steps
        self.ledger = Ledger(strategy.timeframe)
        self.wallet = Wallet(self.rules, self.ledger)
        self.exits = Exits(strategy, self.rules, whole=whole)
        self.fills = fills
        self._whole = whole
        self.rejected = 0
        self._protections = protections_of(strategy.protections, self.rules.minutes) if terms.protections else []
        self._trades = 0
        self._orders = 0
        self._name = strategy.get_strategy_name()

    @property
    def numbers(self) -> tuple[int, int]:
        """Of the newest trade and of the newest order."""
        return self._trades, self._orders

    @numbers.setter
    def numbers(self, newest: tuple[int, int]) -> None:
        self._trades, self._orders = newest

    # ---- what an exchange says ----

    def settled(self, order: Order, now: datetime) -> None:
        """An order was filled, or a part of it, and nothing more will be."""
        trade = order.trade
        left = trade.amount
        self._filled(trade, order, now)
        if order.ft_order_side == trade.exit_side:
            self._reduced(trade, order, left, now)

    def sold(self, trade: Trade, amount: float, price: float, now: datetime) -> Order:
        """Somebody else sold ``amount`` of a trade: an order for what was done, which is to be filled and `settled`."""
        trade.exit_reason = e.FORCED
        return self._placed(trade, trade.exit_side, "market", amount, price, now, e.FORCED)

    def withdrawn(self, order: Order) -> None:
        """Nothing of an order was filled, and nothing will be."""
        order.cancel()
        trade = order.trade
        if trade.is_open and not trade.has_open_orders and not trade.nr_of_successful_entries:
            self.ledger.drop(trade)

    # ---- one candle ----

    def step(self, pair: str, candle: Candle, signal: int, *, last: bool = False) -> None:
        """What happens to a pair in a candle: orders that wait, an entry (``signal`` 1: long, -1: short), fills, exits.

        ``last``: nothing is entered any more.
        """
        now, ledger = candle.time, self.ledger
        ledger.now = now
        for trade in list(ledger.open.get(pair, ())):
            if trade.has_open_orders and self._manage_orders(trade, candle, now):
                ledger.drop(trade)
        if signal and not last and (self.terms.stacking or not ledger.open.get(pair)):
            side = "long" if signal > 0 else "short"
            if not ledger.locked(pair, side, now):
                if ledger.count() < self.rules.slots:
                    self._enter(pair, candle, side, now)
                else:
                    self.rejected += 1
        for trade in list(ledger.open.get(pair, ())):
            entry = trade.select_order(trade.entry_side, is_open=True)
            if entry is not None:
                self._try_fill(trade, entry, candle, now)
            if trade.has_open_position and (self._whole or not trade.has_open_orders):
                self._leave(trade, candle, now)
            order = trade.select_order(trade.exit_side, is_open=True)
            if order is not None:
                self._try_exit(trade, order, candle, now)

    def end(self, pair: str, candle: Candle) -> None:
        """The data is over: what is held is taken as sold at the opening of the last candle."""
        for trade in list(self.ledger.open.get(pair, ())):
            if not trade.nr_of_successful_entries:
                self.ledger.drop(trade)
                continue
            for order in trade.open_orders:
                order.cancel()
            trade.exit_reason = e.FORCED
            order = self._placed(trade, trade.exit_side, "market", trade.amount, candle.open, candle.time, e.FORCED)
            order.fill(candle.time)
            trade.close(candle.open, candle.time)
            self.ledger.close(trade)

    # ---- entries ----

    def _enter(
        self,
        pair: str,
        candle: Candle,
        side: str,
        now: datetime,
        *,
        trade: Trade | None = None,
        stake: float = 0.0,
        tag: str | None = None,
        price: float | None = None,
        counted: float | None = None,
    ) -> bool:
        """Begin a trade; or order more for ``trade``: for ``stake``, or once more what was to be paid ``price`` for."""
        rules, strategy, steps = self.rules, self.strategy, self.steps[pair]
        short, kind = side == "short", rules.types["entry"]
        replaces = price is not None
        entry_tag = (tag or candle.enter_tag) if trade is None or not replaces else trade.enter_tag
        rate = candle.open if price is None else price
        if kind == "limit" and not replaces and rules.custom_entry_price:
            told: Any = strategy.custom_entry_price(
                pair=pair, trade=trade, current_time=now, proposed_rate=rate, entry_tag=entry_tag, side=side
            )
            rate = self._priced(told, rate, steps)
            # Nobody buys above the market: such an order would be filled at once, at the market.
            rate = max(rate, candle.low) if short else min(rate, candle.high)
        if trade is None:
            proposed = self.wallet.proposed()
            if proposed is None:
                return False
            stake = proposed
        leverage = trade.leverage if trade is not None else 1.0
        fresh = trade is None
        least = self.wallet.least(steps, rate, -0.05 if fresh else 0.0, leverage)
        if trade is None:
            if rules.leverages and self.terms.leverage > 1:
                leverage = strategy.leverage(
                    pair=pair,
                    current_time=now,
                    current_rate=candle.open,
                    proposed_leverage=1.0,
                    max_leverage=self.terms.leverage,
                    entry_tag=entry_tag,
                    side=side,
                )
                leverage = min(max(leverage, 1.0), self.terms.leverage)
                least = self.wallet.least(steps, rate, -0.05, leverage)
            if rules.custom_stake:
                stake = strategy.custom_stake_amount(
                    pair=pair,
                    current_time=now,
                    current_rate=rate,
                    proposed_stake=stake,
                    min_stake=least,
                    max_stake=self.wallet.available(),
                    leverage=leverage,
                    entry_tag=entry_tag,
                    side=side,
                )
        stake = stake if replaces else self.wallet.bounded(stake or 0.0, least)
        if not stake or (least is not None and stake < least):
            return False
        amount = steps.amount(stake / rate * leverage)
        if not amount:
            return False
        stake = amount * rate / leverage
        if fresh and rules.confirms_entry:
            agreed = strategy.confirm_trade_entry(
                pair=pair,
                order_type=kind,
                amount=amount,
                rate=rate,
                time_in_force=rules.lives["entry"],
                current_time=now,
                entry_tag=entry_tag,
                side=side,
            )
            if not agreed:
                return False
        if trade is None:
            self._trades += 1
            trade = Trade(
                self._trades,
                pair,
                steps,
                at=now,
                rate=rate,
                amount=amount,
                stake=stake,
                fee=self.terms.fee,
                is_short=short,
                leverage=leverage,
                tag=entry_tag,
                timeframe=rules.minutes,
                strategy=self._name,
            )
            self.ledger.add(trade)
        trade.adjust_stop_loss(trade.open_rate, rules.stoploss, initial=True)
        if not fresh and self._waits(trade, trade.entry_side, amount, rate):
            return False
        order = self._placed(trade, trade.entry_side, kind, amount, rate, now, entry_tag if fresh else tag)
        self._try_fill(trade, order, candle, now)
        return True

    def _priced(self, told: Any, default: float, steps: Steps) -> float:
        """A price that a strategy named, in whole ticks."""
        if told is None or math.isnan(told) or told == default:
            return default
        return steps.price(told)

    def _placed(
        self, trade: Trade, side: str, kind: str, amount: float, price: float, now: datetime, tag: str | None
    ) -> Order:
        self._orders += 1
        order = Order(trade, str(self._orders), side, kind, amount, price, now, tag)
        trade.orders.append(order)
        return order

    def _try_fill(self, trade: Trade, order: Order, candle: Candle, now: datetime) -> bool:
        if not self.fills(order, candle):
            return False
        order.fill(now)
        self._filled(trade, order, now)
        return True

    def _filled(self, trade: Trade, order: Order, now: datetime) -> None:
        entry = order.ft_order_side == trade.entry_side
        if entry:
            trade.booked()
            if trade.nr_of_successful_entries == 1:
                trade.initial_stop_loss_pct = None
                trade.stop_loss = 0.0
                trade.adjust_stop_loss(trade.open_rate, trade.stop_loss_pct)
        if self.rules.filled:
            self.strategy.order_filled(pair=trade.pair, trade=trade, order=order, current_time=now)
        if entry or order.filled != trade.amount:
            rate = order.safe_price
            self.exits.move_stop(trade, None, rate, now, trade.calc_profit_ratio(rate))

    # ---- orders that wait ----

    def _manage_orders(self, trade: Trade, candle: Candle, now: datetime) -> bool:
        """Withdraw what waited too long, and move prices. Whether nothing is left of the trade."""
        for order in trade.open_orders:
            entry = order.ft_order_side == trade.entry_side
            if self._timed_out(trade, order, now, entry=entry):
                order.cancel()
                if entry and self._whole and not trade.nr_of_successful_entries:
                    return True
            elif (self.rules.entry_moves if entry else self.rules.exit_moves) and self._moved(
                trade, order, candle, now, entry=entry
            ):
                return True
        return False

    def _timed_out(self, trade: Trade, order: Order, now: datetime, *, entry: bool) -> bool:
        minutes = self.terms.timeouts.get("entry" if entry else "exit")
        if minutes is not None and order.order_date <= now - timedelta(minutes=minutes):
            return True
        if not (self.rules.entry_timeout if entry else self.rules.exit_timeout):
            return False
        asked = self.strategy.check_entry_timeout if entry else self.strategy.check_exit_timeout
        return bool(asked(pair=trade.pair, trade=trade, order=order, current_time=now))

    def _moved(self, trade: Trade, order: Order, candle: Candle, now: datetime, *, entry: bool) -> bool:
        """Ask for another price of an order that waits. Whether nothing is left of the trade."""
        if now <= order.order_date:
            return False
        told: Any = self.strategy.adjust_order_price(
            trade=trade,
            order=order,
            pair=trade.pair,
            current_time=now,
            proposed_rate=candle.open,
            current_order_rate=order.price,
            entry_tag=trade.enter_tag,
            side=trade.trade_direction,
            is_entry=entry,
        )
        if told == order.price:
            return False
        order.cancel()
        if not self._whole:
            return False  # another one may leave once the exchange says that this one is gone
        if told is None:
            return entry and not trade.nr_of_successful_entries
        price = float(told)
        if entry:
            fresh = not trade.nr_of_successful_entries
            self._enter(
                trade.pair,
                candle,
                trade.trade_direction,
                now,
                trade=trade,
                stake=order.remaining * order.price / trade.leverage,
                price=price,
            )
            return fresh and not trade.has_open_orders and not trade.nr_of_successful_entries
        self._placed(trade, trade.exit_side, order.order_type, order.remaining, price, now, order.ft_order_tag)
        return False

    # ---- exits ----

    def _leave(self, trade: Trade, candle: Candle, now: datetime) -> None:
        if self.rules.adjusts:
            self._adjust(trade, candle, now)
        if not trade.is_open:
            return
        for leave in self.exits.due(trade, candle, now):
            if self._exit(trade, candle, leave, now, trade.amount):
                return

    def _exit(self, trade: Trade, candle: Candle, leave: Leave, now: datetime, amount: float) -> bool:
        """Order to sell ``amount``. Whether that was done."""
        rules, strategy = self.rules, self.strategy
        rate = self.exits.rate(trade, candle, leave, now)
        if rate is None:
            return False
        kind = rules.types["exit"]
        if not self._whole and leave.kind in (e.STOP, e.TRAILED, e.LIQUIDATION):
            kind = rules.types.get("stoploss", kind)
        if leave.kind in (e.SIGNAL, e.CUSTOM, e.PARTIAL) and kind == "limit" and rules.custom_exit_price:
            told: Any = strategy.custom_exit_price(
                pair=trade.pair,
                trade=trade,
                current_time=now,
                proposed_rate=rate,
                current_profit=trade.calc_profit_ratio(rate),
                exit_tag=leave.reason,
            )
            rate = self._priced(told, rate, trade.steps)
            rate = min(rate, candle.high) if trade.is_short else max(rate, candle.low)
        if leave.kind not in (e.LIQUIDATION, e.PARTIAL) and rules.confirms_exit:
            agreed = strategy.confirm_trade_exit(
                pair=trade.pair,
                trade=trade,
                order_type=kind,
                amount=amount,
                rate=rate,
                time_in_force=rules.lives["exit"],
                exit_reason=leave.reason,
                current_time=now,
            )
            if not agreed:
                return False
        trade.exit_reason = leave.reason
        rate = trade.steps.price(rate)
        if self._waits(trade, trade.exit_side, amount, rate):
            return False
        self._placed(trade, trade.exit_side, kind, amount, rate, now, leave.reason)
        return True

    @staticmethod
    def _waits(trade: Trade, side: str, amount: float, rate: float) -> bool:
        """Whether that very order waits already; what else waits is withdrawn for the new one."""
        for order in trade.open_orders:
            if (order.ft_order_side, order.amount, order.price) == (side, amount, rate):
                return True
            order.cancel()
        return False

    def _try_exit(self, trade: Trade, order: Order, candle: Candle, now: datetime) -> None:
        if not self._try_fill(trade, order, candle, now):
            return
        self._reduced(trade, order, trade.amount, now)

    def _reduced(self, trade: Trade, order: Order, left: float, now: datetime) -> None:
        """An exit of what was ``left`` was filled."""
        if order.filled != left:
            trade.booked()
            return
        trade.close(order.safe_price, now)
        self.ledger.close(trade)
        if self._protections:
            protect(self._protections, self.ledger, trade, now)

    def _adjust(self, trade: Trade, candle: Candle, now: datetime) -> None:
        """More or less of a position, as the strategy says."""
        rules, rate = self.rules, candle.open
        profit = trade.calc_profit_ratio(rate)
        least = self.wallet.least(trade.steps, rate, -0.1, trade.leverage)
        told: Any = self.strategy.adjust_trade_position(
            trade=trade,
            current_time=now,
            current_rate=rate,
            current_profit=profit,
            min_stake=least,
            max_stake=self.wallet.available(),
            current_entry_rate=rate,
            current_exit_rate=rate,
            current_entry_profit=profit,
            current_exit_profit=profit,
        )
        stake, tag = told if isinstance(told, tuple) else (told, "")
        if not stake:
            return
        if stake > 0:
            if rules.most_adjustments < 0 or trade.nr_of_successful_entries <= rules.most_adjustments:
                self._enter(trade.pair, candle, trade.trade_direction, now, trade=trade, stake=stake, tag=tag)
            return
        share = exact(abs(stake)) / exact(trade.stake_amount)
        amount = trade.steps.amount(float(share * exact(trade.amount)))
        left = (trade.amount - amount) * rate
        if not amount or (least and left and left < least):
            return
        if self._exit(trade, candle, Leave(e.PARTIAL, tag or e.PARTIAL), now, amount):
            self._try_exit(trade, trade.orders[-1], candle, now)
