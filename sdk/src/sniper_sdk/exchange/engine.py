"""The exchange without its doors: orders in, events out. It reads no clock but the one that it is given."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

from sniper_sdk.exchange import filters
from sniper_sdk.exchange.accounts import Account, Ledger
from sniper_sdk.exchange.amounts import cost
from sniper_sdk.exchange.events import Balances, Execution, ListReport, OrderList, Quote, Report, Trade
from sniper_sdk.exchange.market import Market
from sniper_sdk.exchange.matching import Prevented, matches, preview, wants
from sniper_sdk.exchange.order import (
    AT_MARKET,
    STOPS,
    Fill,
    Hold,
    NewOrder,
    Order,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)
from sniper_sdk.exchange.refusal import bad_symbol, insufficient, no_such_order, rejected, unknown_cancel
from sniper_sdk.exchange.settlement import settle
from sniper_sdk.exchange.stops import crossed, reached
from sniper_sdk.exchange.symbol import Symbol

CROSSING: Final = "Order would immediately match and take."
TRIGGERING: Final = "Stop price would trigger immediately."


class Engine:
    """``listeners`` hear every `Event`, in order. ``orders``: all that ever were, by id; ``now``: nanoseconds."""

    def __init__(self, symbols: Iterable[Symbol], now: Callable[[], int]) -> None:
        self.now = now
        self.markets = {symbol.name: Market(symbol) for symbol in symbols}
        self.ledger = Ledger()
        self.listeners: list[Callable[[Any], None]] = []  # Any: an `Event`, or another one of a derived exchange
        self.orders: dict[int, Order] = {}
        self.lists: dict[int, OrderList] = {}
        self._open: dict[str, dict[int, Order]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._named: dict[tuple[str, str, str], Order] = {}
        self._ids = 0
        self._due: list[list[Order]] = []
        self._touched: dict[str, dict[str, None]] = {}
        self._tops: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {}

    # what there is

    def market(self, symbol: str) -> Market:
        """Raises `Refused`."""
        found = self.markets.get(symbol)
        if found is None:
            raise bad_symbol()
        return found

    def open_orders(self, account: Account, symbol: str = "") -> list[Order]:
        """In the order in which they came. ``symbol`` empty: of all."""
        return [
            order
            for order in self._open.get(account.name, {}).values()
            if order.status is not OrderStatus.PENDING_NEW and symbol in ("", order.asked.symbol)
        ]

    def find(self, account: Account, symbol: str, order_id: int = 0, client_id: str = "") -> Order:
        """The newest of that client id where several had it. Raises `Refused`."""
        order = self.orders.get(order_id) if order_id else self._named.get((account.name, symbol, client_id))
        if order is None or order.account != account.name or order.asked.symbol != symbol:
            raise no_such_order()
        return order

    def own_orders(self, account: Account, symbol: str) -> list[Order]:
        """All that ever were, oldest first."""
        return [each for each in self.orders.values() if each.account == account.name and each.asked.symbol == symbol]

    # what an account does

    def deposit(self, account: Account, asset: str, amount: int) -> None:
        """A withdrawal where it is negative. Raises ValueError where less than that is free."""
        self.ledger.deposit(account, asset, amount)
        self._touch(account.name, asset)
        self.finish(None)

    def test(self, account: Account, asked: NewOrder) -> None:
        """What `place` would say before anything is traded. Raises `Refused`."""
        self.check(account, asked)
        if self._need(self._order(account, asked, 0))[1] > account.balance(self._pays(asked)).free:
            raise insufficient()

    def place(self, account: Account, asked: NewOrder) -> Order:
        """A new order, with what it met at once. Raises `Refused`, and then nothing happened."""
        self.check(account, asked)
        order = self._order(account, asked, self._ids + 1)
        if not self.lock(order):
            raise insufficient()
        self.enter(order)
        self.work(order)
        self.finish(self.markets[asked.symbol])
        return order

    def cancel(self, account: Account, order: Order, canceled_by: str = "") -> Order:
        """With all that are in a list with it. Raises `Refused` where it is not open any more."""
        if not order.open or order.account != account.name:
            raise unknown_cancel()
        for each in self.lists[order.list_id].orders if order.list_id >= 0 else [order]:
            if each.open:
                each.canceled_by = canceled_by
                self._end(each, OrderStatus.CANCELED, Execution.CANCELED)
        self.finish(self.markets[order.asked.symbol])
        return order

    # what the market does

    def traded(self, symbol: str, price: int, quantity: int, *, buyer_is_maker: bool) -> None:
        """Somebody of the market's own came and traded so much at that price: with whom stands first there.

        Orders of accounts at better prices are met before; the market's own at better prices must have been gone.
        """
        market = self.market(symbol)
        side = Side.SELL if buyer_is_maker else Side.BUY
        asked = NewOrder(symbol, side, OrderType.LIMIT, quantity, price=price, time_in_force=TimeInForce.IOC)
        half = market.book.half(side.other)
        for better in half.reached(price):
            if better != price:
                self._drop(market, side.other, better)
        taker = self._order(None, asked, self._next())
        self._match(market, taker)
        if taker.remaining:
            self._print(market, taker, price, taker.remaining)
        self.finish(market)

    def meet(self, order: Order, quantity: int) -> None:
        """Somebody of the market's own trades so much with this order, past all who stand before it."""
        market, price = self.markets[order.asked.symbol], order.asked.price
        asked = NewOrder(order.asked.symbol, order.asked.side.other, OrderType.LIMIT, quantity, price=price)
        self._alone(order)
        taker = self._order(None, asked, self._next())
        trade = self._print(market, taker, price, quantity)
        market.book.take(order, quantity)
        taker.remaining -= quantity
        self._fill(market, order, trade, maker=True)
        self._fill(market, taker, trade, maker=False)
        self.finish(market)

    def set_level(self, symbol: str, side: Side, price: int, quantity: int) -> None:
        """So much of the market's own is at that price from now on.

        What is less leaves from the end of the queue, so an account's place becomes no better by it; what is more comes
        behind all others. Where it meets an account's order on the other side they trade.
        """
        market = self.market(symbol)
        own = [each for each in market.book.half(side).levels.get(price, {}).values() if not each.account]
        surplus = sum(each.remaining for each in own) - quantity
        for each in reversed(own):
            if surplus <= 0:
                break
            gone = min(surplus, each.remaining)
            market.book.take(each, gone)
            surplus -= gone
        if surplus < 0:
            for stale in market.book.half(side.other).reached(price):
                self._drop(market, side.other, stale)
            order = self._order(None, NewOrder(symbol, side, OrderType.LIMIT, -surplus, price=price), self._next())
            self._match(market, order)
            if order.remaining:
                market.book.rest(order)
        self.finish(market)

    def clear(self, symbol: str) -> None:
        """Nothing of the market's own is left in the book."""
        market = self.market(symbol)
        for side in Side:
            for price in list(market.book.half(side).prices()):
                self._drop(market, side, price)
        self.finish(market)

    # steps that order lists are made of

    def prepare(self, account: Account, asked: NewOrder, list_id: int) -> Order:
        """An order that waits for others of its list."""
        order = self._order(account, asked, self._ids + 1)
        order.list_id, order.status = list_id, OrderStatus.PENDING_NEW
        self.enter(order, silent=True)
        return order

    def begin(self, orders: list[Order]) -> bool:
        """They wait no longer: what the dearest may cost is locked for all, and they work. Else False, and nothing."""
        for each in orders:
            each.status = OrderStatus.NEW
        if not self._lock_together(orders):
            for each in orders:
                each.status = OrderStatus.PENDING_NEW
            return False
        for each in orders:
            each.working = 0 if each.asked.type in STOPS else self.now()
            self._report(each, Execution.NEW)
        for each in orders:
            if each.open:
                self.work(each)
        return True

    def forget(self, order: Order) -> None:
        """One that waited and was never told of."""
        del self.orders[order.id], self._open[order.account][order.id]
        self._counts[order.account, order.asked.symbol] -= 1
        self._named.pop((order.account, order.asked.symbol, order.client_id), None)

    def enter(self, order: Order, *, silent: bool = False) -> None:
        """Know an order from now on."""
        self._ids = max(self._ids, order.id)
        self.orders[order.id] = order
        self._open.setdefault(order.account, {})[order.id] = order
        self._counts[order.account, order.asked.symbol] += 1
        self._named[order.account, order.asked.symbol, order.client_id] = order
        if not silent:
            self._report(order, Execution.NEW)

    def lock(self, order: Order) -> bool:
        """Lock what an order may cost. False where less is free."""
        asset, amount = self._need(order)
        order.hold = self.ledger.lock(self.ledger.accounts[order.account], asset, amount)
        self._touch(order.account, asset)
        return order.hold is not None

    def work(self, order: Order) -> None:
        """Match it, and let it rest or end, as it says; a stop waits."""
        market = self.markets[order.asked.symbol]
        if order.waits_for_stop:
            market.stops[order.id] = order
            if order.asked.trailing and market.last and not order.asked.stop_price:
                order.extreme = market.last
        else:
            self._execute(market, order)

    def tell(self, event: Any) -> None:
        """All listeners. Any: as they."""
        for each in self.listeners:
            each(event)

    def settle(self, market: Market, order: Order, trade: Trade, *, maker: bool) -> tuple[int, str, int]:
        """Book one side of a trade: fee, its asset, and what it realised."""
        return *settle(self.ledger, self.markets, market, order, trade.price, trade.quantity, maker), 0

    # inside

    def check(self, account: Account, asked: NewOrder) -> None:
        """Raises `Refused` where a filter or a rule forbids the order."""
        market = self.market(asked.symbol)
        if market.halted:
            raise rejected("Market is closed.")
        named = self._named.get((account.name, asked.symbol, asked.client_id))
        if asked.client_id and named is not None and named.open:
            raise rejected("Duplicate order sent.")
        base = account.balance(market.symbol.base)
        position = base.free + base.locked + (asked.quantity if asked.side is Side.BUY else 0)
        stops = sum(each.account == account.name for each in market.stops.values()) if asked.type in STOPS else 0
        mine = self._counts[account.name, asked.symbol]
        filters.check(market.symbol, asked, market.reference, position, mine, stops)
        half = market.book.half(asked.side.other)
        if asked.type is OrderType.LIMIT_MAKER and half.best is not None and half.reaches(half.best, asked.price):
            raise rejected(CROSSING)
        if asked.stop_price and not asked.trailing and market.last and crossed(asked, market.last):
            raise rejected(TRIGGERING)

    def _next(self) -> int:
        self._ids += 1
        return self._ids

    def _order(self, account: Account | None, asked: NewOrder, order_id: int) -> Order:
        now = self.now()
        working = 0 if asked.type in STOPS else now
        return Order(
            id=order_id,
            account=account.name if account else "",
            asked=asked,
            client_id=asked.client_id or f"auto{order_id:018d}",
            created=now,
            updated=now,
            remaining=asked.quantity,
            working=working,
        )

    def _pays(self, asked: NewOrder) -> str:
        symbol = self.markets[asked.symbol].symbol
        return symbol.quote if asked.side is Side.BUY else symbol.base

    def _need(self, order: Order) -> tuple[str, int]:
        asked, market = order.asked, self.markets[order.asked.symbol]
        if order.waits_for_stop and asked.type in AT_MARKET:
            price = asked.stop_price or market.reference
        else:
            price = asked.price
        if asked.side is Side.BUY:
            amount = cost(price, order.remaining) if price else preview(market.book, order, market.symbol.step).quote
        else:
            amount = order.remaining or preview(market.book, order, market.symbol.step).quantity
        return self._pays(asked), amount

    def _execute(self, market: Market, order: Order) -> None:
        asked = order.asked
        at_once = preview(market.book, order, market.symbol.step) if asked.time_in_force is TimeInForce.FOK else None
        if at_once is not None and at_once.quantity < order.remaining:
            self._end(order, OrderStatus.EXPIRED, Execution.EXPIRED)
            return
        self._match(market, order)
        if not order.open:
            return
        done = order.executed if asked.quote_quantity else not order.remaining
        if order.market or asked.time_in_force is not TimeInForce.GTC:
            if done:
                self._end(order, OrderStatus.FILLED, None)
            else:
                self._end(order, OrderStatus.EXPIRED, Execution.EXPIRED)
        elif order.remaining:
            market.book.rest(order)

    def _match(self, market: Market, taker: Order) -> None:
        step, first, at = market.symbol.step, 0, 0
        for each in matches(market.book, taker, step):
            if isinstance(each, Prevented):
                self._prevent(market, taker, each)
                continue
            maker, price, quantity = each.maker, each.price, each.quantity
            self._alone(maker)
            self._alone(taker)
            if price != at:
                first, at = market.trade_id + 1, price
            trade = self._print(market, taker, price, quantity, first)
            market.book.take(maker, quantity)
            taker.remaining -= quantity if not taker.asked.quote_quantity else 0
            self._fill(market, maker, trade, maker=True)
            self._fill(market, taker, trade, maker=False)

    def _print(self, market: Market, taker: Order, price: int, quantity: int, first: int = 0) -> Trade:
        market.trade_id += 1
        trade = Trade(
            market.trade_id,
            market.symbol.name,
            price,
            quantity,
            cost(price, quantity),
            self.now(),
            taker.asked.side is Side.SELL,
            first or market.trade_id,
        )
        market.record(trade)
        self.tell(trade)
        return trade

    def _fill(self, market: Market, order: Order, trade: Trade, *, maker: bool) -> None:
        order.executed += trade.quantity
        order.quote_executed += trade.quote
        fee, fee_asset, profit = self.settle(market, order, trade, maker=maker)
        order.updated = trade.time
        whole = not (wants(order, trade.price, market.symbol.step) if order.asked.quote_quantity else order.remaining)
        order.status = OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        if not order.account:
            return
        fill = Fill(
            trade.id, order.id, trade.symbol, order.asked.side, trade.price, trade.quantity, trade.quote,
            fee, fee_asset, maker, trade.time, order.client_id, profit,
        )  # fmt: skip
        order.fills.append(fill)
        self._touch(order.account, market.symbol.base, market.symbol.quote, fee_asset)
        self._report(order, Execution.TRADE, fill)
        if whole:
            self._close(order)

    def _prevent(self, market: Market, taker: Order, met: Prevented) -> None:
        maker = met.maker
        if met.quantity:
            market.book.take(maker, met.quantity)
            taker.remaining -= 0 if taker.asked.quote_quantity else met.quantity
            for each in (maker, taker):
                each.prevented += met.quantity
                self._shrink(each)
                if each.remaining:
                    self._report(each, Execution.TRADE_PREVENTION)
                elif not each.asked.quote_quantity:
                    self._end(each, OrderStatus.EXPIRED_IN_MATCH, Execution.TRADE_PREVENTION)
            if taker.asked.quote_quantity:
                self._end(taker, OrderStatus.EXPIRED_IN_MATCH, Execution.TRADE_PREVENTION)
            return
        if met.expire_maker:
            self._end(maker, OrderStatus.EXPIRED_IN_MATCH, Execution.TRADE_PREVENTION)
        if met.expire_taker:
            self._end(taker, OrderStatus.EXPIRED_IN_MATCH, Execution.TRADE_PREVENTION)

    def _alone(self, order: Order) -> None:
        """Of several, of which one may work, this is the one."""
        if order.list_id < 0:
            return
        group = self.lists[order.list_id].one_of
        if order in group:
            for each in group:
                if each is not order and each.open:
                    self._end(each, OrderStatus.EXPIRED, Execution.EXPIRED)

    def _end(self, order: Order, status: OrderStatus, execution: Execution | None) -> None:
        market = self.markets[order.asked.symbol]
        if order.visible:
            market.book.remove(order)
        market.stops.pop(order.id, None)
        order.status, order.updated = status, self.now()
        if not order.account:
            return
        if execution is not None:
            self._report(order, execution)
        self._close(order)

    def _close(self, order: Order) -> None:
        """It is over: nothing more is locked for it, and its list goes on."""
        if self._open[order.account].pop(order.id, None) is not None:
            self._counts[order.account, order.asked.symbol] -= 1
        self._shrink(order)
        if order.list_id >= 0:
            self._follow(self.lists[order.list_id], order)

    def _follow(self, found: OrderList, ended: Order) -> None:
        waiting = [each for each in found.orders if each.status is OrderStatus.PENDING_NEW]
        if ended is found.after and waiting:
            if ended.status is OrderStatus.FILLED:
                self._due.append(waiting)  # not now: somebody is being matched
            else:
                for each in waiting:
                    self._end(each, OrderStatus.EXPIRED, Execution.EXPIRED)
        if not found.done and not any(each.open for each in found.orders):
            found.done = True
            self.tell(ListReport(self.ledger.accounts[found.account], found, True, self.now()))

    def _bring(self, waiting: list[Order]) -> None:
        if not self.begin(waiting):
            for each in waiting:
                self._end(each, OrderStatus.EXPIRED, Execution.EXPIRED)

    def _lock_together(self, orders: list[Order]) -> bool:
        """Lock what the dearest of them may cost, for all: only one of them will work. False where less is free."""
        needs = [self._need(each) for each in orders]
        asset = needs[0][0]
        account = self.ledger.accounts[orders[0].account]
        hold = self.ledger.lock(account, asset, max(amount for _, amount in needs))
        for each in orders:
            each.hold = hold
        self._touch(account.name, asset)
        return hold is not None

    def _shrink(self, order: Order) -> None:
        """Free what is locked for it and those with it beyond what they may still cost."""
        hold = order.hold
        if hold is None:
            return
        sharing = self.lists[order.list_id].orders if order.list_id >= 0 else [order]
        keep = max((self._need(each)[1] for each in sharing if each.open and each.hold is hold), default=0)
        if hold.amount > keep and not self._priceless(sharing, hold):
            self.ledger.unlock(self.ledger.accounts[order.account], hold, hold.amount - keep)
        self._touch(order.account, hold.asset)
        if not order.open:
            order.hold = None

    def _priceless(self, sharing: Iterable[Order], hold: Hold) -> bool:
        """Whether a market order among them is being matched: what that still needs is known when it is through."""
        return any(each.open and each.hold is hold and each.market and not each.waits_for_stop for each in sharing)

    def _drop(self, market: Market, side: Side, price: int) -> None:
        for each in list(market.book.half(side).levels.get(price, {}).values()):
            if not each.account:
                market.book.remove(each)

    def finish(self, market: Market | None) -> None:
        """What follows from what was done: stops, orders that waited for a fill, balances, best prices."""
        while market is not None and (market.prints or self._due):
            if self._due:
                self._bring(self._due.pop(0))
                continue
            price = market.prints.popleft()
            for order in [each for each in market.stops.values() if reached(each, price)]:
                if order.open:
                    self._trigger(market, order)
        self._tell_balances()
        if market is not None:
            self._tell_top(market)

    def _trigger(self, market: Market, order: Order) -> None:
        del market.stops[order.id]
        self._alone(order)
        order.working = order.updated = self.now()
        if order.asked.type in AT_MARKET:
            account = self.ledger.accounts[order.account]
            if order.hold is not None:
                self.ledger.unlock(account, order.hold, order.hold.amount)
            if not self.lock(order):
                self._end(order, OrderStatus.EXPIRED, Execution.EXPIRED)
                return
        self._report(order, Execution.NEW)
        self._execute(market, order)

    def _touch(self, account: str, *assets: str) -> None:
        if account:
            self._touched.setdefault(account, {}).update(dict.fromkeys(assets))

    def _tell_balances(self) -> None:
        touched, self._touched = self._touched, {}
        now = self.now()
        for name, assets in touched.items():
            account = self.ledger.accounts[name]
            account.updated = now
            found = tuple((each, account.balance(each).free, account.balance(each).locked) for each in sorted(assets))
            self.tell(Balances(account, found, now))

    def _tell_top(self, market: Market) -> None:
        top = market.book.top(Side.BUY), market.book.top(Side.SELL)
        if self._tops.get(market.symbol.name) != top:
            self._tops[market.symbol.name] = top
            self.tell(Quote(market.symbol.name, market.book.update_id, *top, self.now()))

    def _report(self, order: Order, execution: Execution, fill: Fill | None = None) -> None:
        account = self.ledger.accounts[order.account]
        now = self.now()
        order.updated = now
        self.tell(Report(account, order, execution, order.status, order.executed, order.quote_executed, now, fill))
