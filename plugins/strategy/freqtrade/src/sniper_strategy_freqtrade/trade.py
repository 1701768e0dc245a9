"""A trade and its orders: what strategies see of a position, and the arithmetic of its profit.

Numbers are floats, as strategies expect them; ratios and profits are rounded to eight places, which hides how they were
computed. What leaves for an exchange is converted exactly: see `sniper_strategy_freqtrade.precision`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any  # Any: what a strategy keeps with its trades

from sniper_strategy_freqtrade import current
from sniper_strategy_freqtrade.precision import Steps, exact


class Order:
    """One order of a trade.

    ft_order_side  ``buy`` or ``sell``. ``ft_price``: at which it was placed; ``average``: at which it was filled.
    status         ``open``, ``closed`` or ``canceled``.
    """

    __slots__ = (
        "amount",
        "average",
        "filled",
        "ft_order_side",
        "ft_order_tag",
        "ft_pair",
        "ft_price",
        "order_date",
        "order_filled_date",
        "order_id",
        "order_type",
        "price",
        "status",
        "trade",
    )

    def __init__(
        self,
        trade: "Trade",
        order_id: str,
        side: str,
        order_type: str,
        amount: float,
        price: float,
        at: datetime,
        tag: str | None,
    ) -> None:
        self.trade = trade
        self.order_id = order_id
        self.ft_pair = trade.pair
        self.ft_order_side = side
        self.order_type = order_type
        self.amount = amount
        self.price = self.ft_price = price
        self.average: float | None = None
        self.filled = 0.0
        self.status = "open"
        self.order_date = at
        self.order_filled_date: datetime | None = None
        self.ft_order_tag = tag

    def fill(self, at: datetime, price: float | None = None, amount: float | None = None) -> None:
        """All of it was filled, or ``amount``, at ``price`` or at its own."""
        self.filled = self.amount if amount is None else amount
        self.average = self.price if price is None else price
        self.status = "closed"
        self.order_filled_date = at

    def cancel(self) -> None:
        self.status = "canceled"

    @property
    def side(self) -> str:
        return self.ft_order_side

    @property
    def symbol(self) -> str:
        return self.ft_pair

    @property
    def ft_is_open(self) -> bool:
        return self.status == "open"

    @property
    def ft_amount(self) -> float:
        return self.amount

    @property
    def remaining(self) -> float:
        return self.amount - self.filled

    @property
    def cost(self) -> float:
        return self.safe_price * self.filled

    @property
    def order_date_utc(self) -> datetime:
        return self.order_date

    @property
    def order_filled_utc(self) -> datetime | None:
        return self.order_filled_date

    @property
    def safe_price(self) -> float:
        return self.price if self.average is None else self.average

    @property
    def safe_amount(self) -> float:
        return self.amount

    @property
    def safe_filled(self) -> float:
        return self.filled

    @property
    def safe_remaining(self) -> float:
        return self.remaining

    @property
    def safe_cost(self) -> float:
        return self.cost

    @property
    def safe_amount_after_fee(self) -> float:
        return self.filled

    @property
    def stake_amount(self) -> float:
        return self.safe_amount * self.safe_price / self.trade.leverage

    @property
    def stake_amount_filled(self) -> float:
        return self.filled * self.safe_price / self.trade.leverage


class Trade:
    """One position of a strategy, from its first order to its last.

    stop_loss      Present price of the stop. ``stop_loss_pct``: the distance by which it was set, below zero.
    open_rate      Average price of what is held. ``stake_amount``: what that cost, fees apart.
    fee_open, fee_close  Parts of the value.
    """

    def __init__(
        self,
        number: int,
        pair: str,
        steps: Steps,
        *,
        at: datetime,
        rate: float,
        amount: float,
        stake: float,
        fee: float,
        is_short: bool,
        leverage: float,
        tag: str | None,
        timeframe: int,
        strategy: str = "",
        exchange: str = "",
    ) -> None:
        self.id = number
        self.pair = pair
        self.steps = steps
        self.strategy = strategy
        self.exchange = exchange
        self.is_short = is_short
        self.leverage = leverage
        self.timeframe = timeframe
        self.enter_tag = tag
        self.is_open = True
        self.open_date = at
        self.close_date: datetime | None = None
        self.open_rate = self.open_rate_requested = rate
        self.close_rate: float | None = None
        self.close_rate_requested: float | None = None
        self.amount = self.amount_requested = amount
        self.stake_amount = self.max_stake_amount = stake
        self.fee_open = self.fee_close = fee
        self.stop_loss: float = 0.0
        self.stop_loss_pct: float | None = None
        self.initial_stop_loss: float = 0.0
        self.initial_stop_loss_pct: float | None = None
        self.max_rate = self.min_rate = rate
        self.realized_profit = 0.0
        self.close_profit: float | None = None
        self.close_profit_abs: float | None = None
        self.exit_reason: str | None = None
        self.liquidation_price: float | None = None
        self.funding_fees = 0.0
        self.orders: list[Order] = []
        self._data: dict[str, Any] = {}
        self._value_at_open()

    # ---- profit ----

    def _worth(self, amount: float, rate: float, *, opening: bool) -> float:
        fee = self.fee_open if opening else self.fee_close
        return amount * rate * (1 + fee if opening is not self.is_short else 1 - fee)

    def _value_at_open(self) -> None:
        self.open_trade_value = self._worth(self.amount, self.open_rate, opening=True)

    def calc_profit_ratio(self, rate: float, amount: float | None = None, open_rate: float | None = None) -> float:
        """Of what would be closed at ``rate``, fees of both sides included; 0.01 is one percent of the stake."""
        held = self.amount if amount is None else amount
        close = self._worth(held, rate, opening=False)
        if amount is None or open_rate is None:
            begun = self.open_trade_value if amount is None else self._worth(held, self.open_rate, opening=True)
        else:
            begun = self._worth(held, open_rate, opening=True)
        if not begun:
            return 0.0
        ratio = 1 - close / begun if self.is_short else close / begun - 1
        return round(ratio * self.leverage, 8)

    def calc_profit(self, rate: float, amount: float | None = None, open_rate: float | None = None) -> float:
        """The same in the stake currency."""
        held = exact(self.amount if amount is None else amount)
        begun = held * exact(self.open_rate if open_rate is None else open_rate)
        close = held * exact(rate)
        paid, got = exact(self.fee_open), exact(self.fee_close)
        if self.is_short:
            return round(float(begun * (1 - paid)) - float(close * (1 + got)), 8)
        return round(float(close * (1 - got)) - float(begun * (1 + paid)), 8)

    def rate_of(self, ratio: float) -> float:
        """The price at which closing gains this ratio."""
        part = ratio / self.leverage
        if self.is_short:
            return self.open_rate * (1 - self.fee_open) * (1 - part) / (1 + self.fee_close)
        return self.open_rate * (1 + self.fee_open) * (1 + part) / (1 - self.fee_close)

    # ---- stops ----

    def adjust_stop_loss(
        self, rate: float, distance: float | None, initial: bool = False, allow_refresh: bool = False
    ) -> None:
        """Bring the stop to ``distance`` from ``rate``; back only where ``allow_refresh``."""
        if distance is None or (initial and self.stop_loss):
            return
        part = abs(distance / self.leverage)
        wanted = rate * (1 + part if self.is_short else 1 - part)
        first = self.initial_stop_loss_pct is None
        if not first and not allow_refresh and not (wanted < self.stop_loss if self.is_short else self._above(wanted)):
            return
        stop = self.steps.price(wanted, "down" if self.is_short else "up")
        if first:
            self.initial_stop_loss = stop
            self.initial_stop_loss_pct = -abs(distance)
        elif not allow_refresh and not (stop < self.stop_loss if self.is_short else stop > self.stop_loss):
            return
        self.stop_loss = stop
        self.stop_loss_pct = -abs(distance)

    def _above(self, wanted: float) -> bool:
        """Whether it may be above the present stop once it is rounded up."""
        return wanted > self.stop_loss - 2 * float(self.steps.tick)

    @property
    def is_stop_loss_trailing(self) -> bool:
        return self.stop_loss != self.initial_stop_loss

    def watch(self, high: float, low: float) -> None:
        """Remember the extremes since it was opened."""
        self.max_rate = max(high, self.max_rate)
        self.min_rate = min(low, self.min_rate)

    # ---- orders ----

    @property
    def entry_side(self) -> str:
        return "sell" if self.is_short else "buy"

    @property
    def exit_side(self) -> str:
        return "buy" if self.is_short else "sell"

    @property
    def trade_direction(self) -> str:
        return "short" if self.is_short else "long"

    @property
    def open_orders(self) -> list[Order]:
        return [order for order in self.orders if order.status == "open"]

    @property
    def has_open_orders(self) -> bool:
        return any(order.status == "open" for order in self.orders)

    @property
    def has_open_position(self) -> bool:
        return any(order.filled and order.ft_order_side == self.entry_side for order in self.orders)

    def select_order(
        self, order_side: str | None = None, is_open: bool | None = None, only_filled: bool = False
    ) -> Order | None:
        """The newest of a side that is open, or is not, or was filled."""
        for order in reversed(self.orders):
            if (
                order_side in (None, order.ft_order_side)
                and is_open in (None, order.ft_is_open)
                and (not only_filled or (order.filled and not order.ft_is_open))
            ):
                return order
        return None

    def select_filled_orders(self, order_side: str | None = None) -> list[Order]:
        return [
            order
            for order in self.orders
            if order_side in (None, order.ft_order_side) and order.filled and not order.ft_is_open
        ]

    def select_filled_or_open_orders(self) -> list[Order]:
        return [order for order in self.orders if order.filled or order.ft_is_open]

    @property
    def nr_of_successful_entries(self) -> int:
        return len(self.select_filled_orders(self.entry_side))

    @property
    def nr_of_successful_exits(self) -> int:
        return len(self.select_filled_orders(self.exit_side))

    nr_of_successful_buys = nr_of_successful_entries
    nr_of_successful_sells = nr_of_successful_exits

    def booked(self, *, closing: bool = False) -> None:
        """An order was filled: what is held now, what it cost on average, and what was gained by now."""
        if len(self.orders) == 1 and not closing:
            self._booked_once(self.orders[0])
            return
        amount = stake = average = Decimal()
        most = entered = realised = 0.0
        closed = False
        for order in self.orders:
            if order.ft_is_open or not order.filled:
                continue
            price, filled = order.safe_price, exact(order.filled)
            if order.ft_order_side == self.entry_side:
                amount += filled
                stake += exact(price) * filled
                most += price * order.filled
                entered += self._worth(order.filled, price, opening=True)
            else:
                amount -= filled
                stake -= average * filled
                realised += self.calc_profit(price, order.filled, float(average))
                closed = True
            if amount > 0:
                average = stake / amount
        self.max_stake_amount = most / self.leverage
        if closed and entered:
            self.close_profit = realised / entered * self.leverage
            self.realized_profit = realised
            self.close_profit_abs = realised
        if amount > 0 and not closing:
            self.open_rate = self.steps.price(float(average))
            self.amount = float(amount)
            self.stake_amount = float(stake) / self.leverage
            self._value_at_open()
            if self.stop_loss_pct is not None:
                self.adjust_stop_loss(self.open_rate, self.stop_loss_pct)

    def _booked_once(self, order: Order) -> None:
        """The same where there is the first entry alone, as of nearly all trades."""
        price, amount = order.safe_price, order.filled
        self.max_stake_amount = price * amount / self.leverage
        self.open_rate = self.steps.price(price)
        self.amount = amount
        self.stake_amount = float(exact(price) * exact(amount)) / self.leverage
        self._value_at_open()
        if self.stop_loss_pct is not None:
            self.adjust_stop_loss(self.open_rate, self.stop_loss_pct)

    def close(self, rate: float, at: datetime) -> None:
        """All of it is sold."""
        self.close_rate = rate
        self.close_date = at
        self.is_open = False
        self.booked(closing=True)

    # ---- what strategies ask ----

    @property
    def open_date_utc(self) -> datetime:
        return self.open_date

    @property
    def close_date_utc(self) -> datetime | None:
        return self.close_date

    @property
    def date_entry_fill_utc(self) -> datetime | None:
        filled = [order.order_filled_date for order in self.select_filled_orders(self.entry_side)]
        return min((at for at in filled if at), default=None)

    @property
    def date_last_filled_utc(self) -> datetime:
        filled = [order.order_filled_date for order in self.select_filled_orders()]
        return max((at for at in filled if at), default=self.open_date)

    @property
    def safe_base_currency(self) -> str:
        return self.pair.partition("/")[0]

    @property
    def base_currency(self) -> str:
        return self.safe_base_currency

    @property
    def safe_quote_currency(self) -> str:
        return self.pair.partition("/")[2].partition(":")[0]

    @property
    def stake_currency(self) -> str:
        return self.safe_quote_currency

    @property
    def buy_tag(self) -> str | None:
        return self.enter_tag

    def set_custom_data(self, key: str, value: Any) -> None:
        self._data[key] = value

    def get_custom_data(self, key: str, default: Any = None) -> Any:
        return self._data.get(key, default)

    def delete_custom_data(self, key: str) -> None:
        self._data.pop(key, None)

    @staticmethod
    def get_trades_proxy(
        *,
        pair: str | None = None,
        is_open: bool | None = None,
        open_date: datetime | None = None,
        close_date: datetime | None = None,
    ) -> list["Trade"]:
        book = current.ledger()
        found = [] if is_open is False else book.trades_open()
        if is_open is not True:
            found = found + book.closed
        return [
            trade
            for trade in found
            if pair in (None, trade.pair)
            and (open_date is None or trade.open_date > open_date)
            and (close_date is None or (trade.close_date is not None and trade.close_date > close_date))
        ]

    @staticmethod
    def get_open_trades() -> list["Trade"]:
        return current.ledger().trades_open()

    @staticmethod
    def get_open_trade_count() -> int:
        return current.ledger().count()

    @staticmethod
    def total_open_trades_stakes() -> float:
        return sum(trade.stake_amount for trade in current.ledger().trades_open())

    @staticmethod
    def get_total_closed_profit() -> float:
        return current.ledger().closed_profit
