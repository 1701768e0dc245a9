"""Contracts in the engine of the spot exchange: the same books and matching, but margin, positions and funding."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.amounts import UNIT, cost
from sniper_sdk.exchange.engine import Engine
from sniper_sdk.exchange.events import Execution, Trade
from sniper_sdk.exchange.futures import filters
from sniper_sdk.exchange.futures.algos import Algo, AlgoStatus, AlgoType
from sniper_sdk.exchange.futures.contract import Contract
from sniper_sdk.exchange.futures.events import AccountChanged, AlgoReport, Funding, LeverageChanged
from sniper_sdk.exchange.futures.positions import Income, Position
from sniper_sdk.exchange.market import Market
from sniper_sdk.exchange.matching import preview
from sniper_sdk.exchange.order import NewOrder, Order, OrderStatus, OrderType, Side
from sniper_sdk.exchange.refusal import Refused

FORCED: Final = {
    "liquidation": "autoclose-",
    "adl": "adl_autoclose",
    "settlement": "settlement_autoclose-",
}
"""How the client id of an order begins that the exchange placed itself (Binance, "Event: Order Update")."""


class FuturesEngine(Engine):
    """``rates``: what is paid at the next funding, billionths, by symbol. ``incomes`` and
    ``fundings``: all payments, and when, in order.

    A wallet balance is the free balance of the ledger. Nothing is locked: positions and orders say what is free.
    """

    def __init__(self, contracts: Iterable[Contract], now: Callable[[], int]) -> None:
        self.contracts = {each.name: each for each in contracts}
        super().__init__(self.contracts.values(), now)
        self.rates: dict[str, int] = {}
        self.incomes: list[Income] = []
        self.fundings: list[Funding] = []
        self.algos: dict[int, Algo] = {}
        self._marks: dict[str, int] = {}
        self._positions: dict[tuple[str, str], Position] = {}
        self._moved: dict[str, dict[str, None]] = {}
        self._reasons: dict[str, str] = {}
        self._paid: dict[tuple[str, str], int] = {}
        self._forcing = False

    # what there is

    def mark(self, symbol: str) -> int:
        """The mark price: what it was set to, else that of the newest trade; 0 before the first."""
        return self._marks.get(symbol) or self.market(symbol).reference

    def position(self, account: Account, symbol: str) -> Position:
        """Of nothing, at first. Raises `Refused`."""
        self.market(symbol)
        return self._positions.setdefault((account.name, symbol), Position(symbol))

    def positions(self, account: Account) -> list[Position]:
        """Those with something in them, in the order of the symbols."""
        return [each for (name, _), each in sorted(self._positions.items()) if name == account.name and each.amount]

    def wallet(self, account: Account, asset: str) -> int:
        """What it has, isolated margin included."""
        return account.balance(asset).free

    def cross_wallet(self, account: Account, asset: str) -> int:
        """What answers for all positions that are not isolated."""
        return self.wallet(account, asset) - sum(
            each.isolated for each in self._of_asset(account, asset) if each.isolated is not None
        )

    def unrealised(self, account: Account, asset: str, *, isolated: bool = True) -> int:
        """Profit so far of all positions."""
        return sum(
            each.unrealised(self.mark(each.symbol))
            for each in self._of_asset(account, asset)
            if isolated or each.isolated is None
        )

    def maintenance(self, position: Position) -> int:
        """What it must be covered by now."""
        return self.contracts[position.symbol].maintenance(position.notional(self.mark(position.symbol)))

    def initial(self, account: Account, symbol: str, more: tuple[int, int] = (0, 0)) -> tuple[int, int]:
        """Initial margin of the position and of all open orders in a symbol: the larger of what both would need if all
        purchases were filled, and all sales. ``more``: notionals of an order to come, bought and sold."""
        position = self.position(account, symbol)
        held = position.notional(self.mark(symbol))
        bought, sold = more
        for order in self.open_orders(account, symbol):
            if not order.asked.reduce_only:
                notional = cost(order.asked.price, order.remaining)
                bought, sold = (bought + notional, sold) if order.asked.side is Side.BUY else (bought, sold + notional)
        alone, worst = abs(held), max(abs(held + bought), abs(held - sold))
        of_position = -(-alone // position.leverage)
        return of_position, max(0, -(-max(worst, alone) // position.leverage) - of_position)

    def available(self, account: Account, asset: str) -> int:
        """What new positions can take as margin."""
        total = self.cross_wallet(account, asset) + self.unrealised(account, asset, isolated=False)
        for name, contract in self.contracts.items():
            if contract.quote == asset:
                of_position, of_orders = self.initial(account, name)
                total -= of_orders + (of_position if self.position(account, name).isolated is None else 0)
        return max(0, total)

    def liquidation_price(self, account: Account, position: Position) -> int:
        """Where it would be liquidated; 0: nowhere. In units of 10^-8 (Binance, "How to Calculate Liquidation Price of
        USDⓈ-M Futures Contracts"), in the bracket that it is in now."""
        contract, mark = self.contracts[position.symbol], self.mark(position.symbol)
        bracket = contract.bracket(position.notional(mark))
        sign = 1 if position.amount > 0 else -1
        covered = self._collateral(account, position) + bracket.deduction - position.opened
        slope = abs(position.amount) * (bracket.rate - sign * UNIT) // UNIT
        return max(0, covered * UNIT // slope) if slope else 0

    # what an account does

    def check(self, account: Account, asked: NewOrder) -> None:
        """Raises `Refused` where a filter or a rule forbids the order."""
        market = self.market(asked.symbol)
        contract = self.contracts[asked.symbol]
        if market.halted:
            raise Refused(-4108, "Symbol is in pre-delivering, delivering or settling: no new order.")
        named = self._named.get((account.name, asked.symbol, asked.client_id))
        if asked.client_id and named is not None and named.open:
            raise Refused(-4116, "ClientOrderId is duplicated.")
        filters.check(contract, asked, self.mark(asked.symbol), self._counts[account.name, asked.symbol])
        position = self.position(account, asked.symbol)
        if asked.reduce_only and not self._reducible(position, asked.side):
            raise Refused(-2022, "ReduceOnly Order is rejected.")
        half = market.book.half(asked.side.other)
        if asked.type is OrderType.LIMIT_MAKER and half.best is not None and half.reaches(half.best, asked.price):
            raise Refused(
                -5022, "Due to the order could not be executed as maker, the Post Only order will be rejected."
            )
        after = position.amount + (asked.quantity if asked.side is Side.BUY else -asked.quantity)
        notional = cost(asked.price or self.mark(asked.symbol), after)
        if abs(after) > abs(position.amount) and position.leverage > contract.most_leverage(notional):
            raise Refused(-2027, "Exceeded the maximum allowable position at current leverage.")

    def place(self, account: Account, asked: NewOrder) -> Order:
        """What only reduces is cut to what it can reduce."""
        if asked.reduce_only:
            most = self._reducible(self.position(account, asked.symbol), asked.side)
            asked = replace(asked, quantity=min(asked.quantity, most) or asked.quantity)
        return super().place(account, asked)

    def test(self, account: Account, asked: NewOrder) -> None:
        """What `place` would say before anything is traded. Raises `Refused`."""
        self.check(account, asked)
        self.lock(self._order(account, asked, 0))

    def lock(self, order: Order) -> bool:
        """Nothing is locked: what it would need more must be there. Raises `Refused`."""
        asked, account = order.asked, self.ledger.accounts[order.account]
        market, contract = self.markets[asked.symbol], self.contracts[asked.symbol]
        if asked.reduce_only:
            return True
        met = preview(market.book, order, contract.step)
        notional = cost(asked.price, order.remaining) if asked.price else met.quote
        buys = asked.side is Side.BUY
        now = sum(self.initial(account, asked.symbol))
        then = sum(self.initial(account, asked.symbol, (notional, 0) if buys else (0, notional)))
        fee = notional * account.taker // UNIT if then > now else 0
        if then - now + fee > self.available(account, contract.quote) and then > now:
            raise Refused(-2019, "Margin is insufficient.")
        return True

    def set_leverage(self, account: Account, symbol: str, leverage: int) -> Position:
        """Raises `Refused`."""
        position = self.position(account, symbol)
        if not 1 <= leverage <= self.contracts[symbol].brackets[0].leverage:
            raise Refused(-4028, f"Leverage {leverage} is not valid.")
        if leverage > self.contracts[symbol].most_leverage(position.notional(self.mark(symbol))):
            raise Refused(-2028, "Leverage is smaller than permitted: insufficient margin balance.")
        if leverage != position.leverage:
            position.leverage = leverage
            self.tell(LeverageChanged(account, symbol, leverage, self.now()))
        return position

    def set_isolated(self, account: Account, symbol: str, *, isolated: bool) -> None:
        """Raises `Refused` where it is so already, or something is held or waits."""
        position = self.position(account, symbol)
        if (position.isolated is not None) == isolated:
            raise Refused(-4046, "No need to change margin type.")
        if self.open_orders(account, symbol):
            raise Refused(-4047, "Margin type cannot be changed if there exists open orders.")
        if position.amount:
            raise Refused(-4048, "Margin type cannot be changed if there exists position.")
        position.isolated = 0 if isolated else None

    def add_margin(self, account: Account, symbol: str, amount: int) -> None:
        """To an isolated position; from it, where it is negative. Raises `Refused`."""
        position, asset = self.position(account, symbol), self.contracts[symbol].quote
        if position.isolated is None or not position.amount:
            raise Refused(-4046, "Margin can be changed of an isolated position alone.")
        if amount > self.available(account, asset) or position.isolated + amount < self.maintenance(position):
            raise Refused(-4051, "Isolated balance insufficient.")
        position.isolated += amount
        self._note(account, position, "MARGIN_TRANSFER")
        self.finish(None)

    def place_algo(self, account: Account, algo: Algo) -> Algo:
        """Raises `Refused`."""
        market, contract = self.market(algo.symbol), self.contracts[algo.symbol]
        if any(each.client_id == algo.client_id and each.status is AlgoStatus.NEW for each in self.open_algos(account)):
            raise Refused(-4116, "ClientOrderId is duplicated.")
        if len(self.open_algos(account, algo.symbol)) >= contract.max_stops:
            raise Refused(-4045, "Reach max stop order limit.")
        if algo.type is not AlgoType.TRAILING_STOP_MARKET or algo.trigger:
            filters.check_price(contract, algo.trigger)
        if not algo.close_position:
            filters.check_quantity(contract, algo.quantity, at_market="MARKET" in algo.type)
        if algo.type in (AlgoType.STOP, AlgoType.TAKE_PROFIT):
            filters.check_price(contract, algo.price)
        price = self.mark(algo.symbol) if algo.by_mark else market.last
        if algo.type is not AlgoType.TRAILING_STOP_MARKET and price and algo.crossed(price):
            raise Refused(-2021, "Order would immediately trigger.")
        self.algos[algo.id] = algo
        self.tell(AlgoReport(account, algo, self.now()))
        return algo

    def open_algos(self, account: Account, symbol: str = "") -> list[Algo]:
        """In the order in which they came."""
        return [
            each
            for each in self.algos.values()
            if each.account == account.name and each.status is AlgoStatus.NEW and symbol in ("", each.symbol)
        ]

    def cancel_algo(self, account: Account, algo: Algo) -> Algo:
        """Raises `Refused` where it waits no more."""
        if algo.status is not AlgoStatus.NEW or algo.account != account.name:
            raise Refused(-2011, "Unknown order sent.")
        self._algo_moved(account, algo, AlgoStatus.CANCELED)
        return algo

    def next_id(self) -> int:
        """A number that nothing else has."""
        return self._next()

    # what the exchange does

    def set_mark(self, symbol: str, price: int) -> None:
        """The mark price, from now on; 0: the last trade's again."""
        self._marks[symbol] = price
        market = self.market(symbol)
        self._trigger_algos(market, self.mark(symbol), by_mark=True)
        self.finish(market)

    def fund(self, symbol: str) -> None:
        """All who hold a contract pay or are paid now, by the rate that stands."""
        rate, mark = self.rates.get(symbol, 0), self.mark(symbol)
        self.fundings.append(Funding(symbol, rate, mark, self.now()))
        for (name, of), position in sorted(self._positions.items()):
            if of == symbol and position.amount:
                amount = -(position.notional(mark) * rate // 10**9)
                self._pay(self.ledger.accounts[name], position, "FUNDING_FEE", amount)
        self.finish(None)

    def deliver(self, symbol: str) -> None:
        """A future ends: all positions are settled at the mark price, and nothing is traded any more."""
        market = self.market(symbol)
        market.halted = True
        for (name, of), position in sorted(self._positions.items()):
            if of == symbol and position.amount:
                account = self.ledger.accounts[name]
                for order in self.open_orders(account, symbol):
                    self._end(order, OrderStatus.EXPIRED, Execution.EXPIRED)
                self.force(account, symbol, "settlement", price=self.mark(symbol))

    def force(self, account: Account, symbol: str, kind: str, quantity: int = 0, price: int = 0) -> None:
        """Close so much of a position (0: all) in the exchange's own name: `FORCED`. ``price``: at which; 0: at what
        the book gives, and the rest at the mark price."""
        position = self.position(account, symbol)
        amount = min(quantity or abs(position.amount), abs(position.amount))
        if not amount:
            return
        market = self.markets[symbol]
        side = Side.SELL if position.amount > 0 else Side.BUY
        client_id = f"{FORCED[kind]}{self.now() // 10**6 if kind != 'adl' else ''}"
        asked = NewOrder(symbol, side, OrderType.MARKET, amount, client_id=client_id, reduce_only=True, origin=kind)
        order = self._order(account, asked, self._next())
        self.enter(order)
        if not price:
            self._match(market, order)
        if order.remaining:
            market.trade_id += 1
            at = price or self.mark(symbol)
            trade = Trade(
                market.trade_id, symbol, at, order.remaining, cost(at, order.remaining), self.now(),
                side is Side.SELL, market.trade_id,
            )  # fmt: skip
            order.remaining = 0
            self._fill(market, order, trade, maker=False)
        self.finish(market)

    def settle(self, market: Market, order: Order, trade: Trade, *, maker: bool) -> tuple[int, str, int]:
        """Book one side of a trade: fee, its asset, and what it realised."""
        asset = market.symbol.quote
        if not order.account:
            return 0, asset, 0
        account, buys = self.ledger.accounts[order.account], order.asked.side is Side.BUY
        position = self.position(account, market.symbol.name)
        sign = 1 if buys else -1
        profit = position.trade(sign * trade.quantity, sign * trade.quote)
        fee = trade.quote * (account.maker if maker else account.taker) // UNIT
        account.balance(asset).free += profit - fee
        self.ledger.market[asset] -= profit
        self.ledger.fees[asset] += fee
        if profit:
            self._income(account, position.symbol, "REALIZED_PNL", asset, profit, trade.id)
        if fee:
            self._income(account, position.symbol, "COMMISSION", asset, -fee, trade.id)
        self._note(account, position, self._reasons.get(account.name, "ORDER"))
        return fee, asset, profit

    def finish(self, market: Market | None) -> None:
        """What follows from what was done: algo orders, liquidations, balances, best prices."""
        while market is not None and market.prints:
            price = market.prints.popleft()
            self._trigger_algos(market, price, by_mark=False)
            if not self._marks.get(market.symbol.name):
                self._trigger_algos(market, price, by_mark=True)
        if not self._forcing:
            self._forcing = True
            try:
                self._liquidate()
            finally:
                self._forcing = False
        self._tell_balances()
        if market is not None:
            self._tell_top(market)

    # inside

    def _of_asset(self, account: Account, asset: str) -> Iterator[Position]:
        return (each for each in self.positions(account) if self.contracts[each.symbol].quote == asset)

    @staticmethod
    def _reducible(position: Position, side: Side) -> int:
        return max(0, -position.amount if side is Side.BUY else position.amount)

    def _collateral(self, account: Account, position: Position) -> int:
        """What answers for it, before its own unrealised profit."""
        if position.isolated is not None:
            return position.isolated
        asset = self.contracts[position.symbol].quote
        others = [each for each in self._of_asset(account, asset) if each is not position and each.isolated is None]
        return self.cross_wallet(account, asset) + sum(
            each.unrealised(self.mark(each.symbol)) - self.maintenance(each) for each in others
        )

    def _note(self, account: Account, position: Position, reason: str) -> None:
        position.updated = self.now()
        self._reasons[account.name] = reason
        self._moved.setdefault(account.name, {})[position.symbol] = None
        self._touch(account.name, self.contracts[position.symbol].quote)

    def _income(self, account: Account, symbol: str, kind: str, asset: str, amount: int, trade_id: int = 0) -> None:
        self.incomes.append(
            Income(len(self.incomes) + 1, account.name, symbol, kind, asset, amount, self.now(), trade_id)
        )

    def _pay(self, account: Account, position: Position, kind: str, amount: int) -> None:
        asset = self.contracts[position.symbol].quote
        account.balance(asset).free += amount
        self.ledger.market[asset] -= amount
        if position.isolated is not None and kind == "FUNDING_FEE":
            position.isolated += amount
        self._income(account, position.symbol, kind, asset, amount)
        self._paid[account.name, asset] = self._paid.get((account.name, asset), 0) + amount
        self._note(account, position, kind)

    def _fill(self, market: Market, order: Order, trade: Trade, *, maker: bool) -> None:
        """Orders that only reduce end where they would do more than that, before they are met (stricter than Binance,
        which lets them rest)."""
        super()._fill(market, order, trade, maker=maker)
        if not order.account:
            return
        account, symbol = self.ledger.accounts[order.account], market.symbol.name
        position = self.position(account, symbol)
        for other in self.open_orders(account, symbol):
            if other.asked.reduce_only and other.remaining > self._reducible(position, other.asked.side):
                self._end(other, OrderStatus.EXPIRED, Execution.EXPIRED)

    def _liquidate(self) -> None:
        """Close what is covered no more: of an isolated position alone, else of all that share the asset."""
        for (name, symbol), position in sorted(self._positions.items()):
            account = self.ledger.accounts[name]
            if not position.amount or not self._uncovered(account, position):
                continue
            for order in self.open_orders(account, symbol if position.isolated is not None else ""):
                self._end(order, OrderStatus.CANCELED, Execution.CANCELED)
            if not self._uncovered(account, position):
                continue
            asset, worth = self.contracts[symbol].quote, abs(position.notional(self.mark(symbol)))
            isolated, realised = position.isolated, position.realised
            self.force(account, symbol, "liquidation")
            left = self.wallet(account, asset) if isolated is None else isolated + position.realised - realised
            fee = min(max(0, left), worth * self.contracts[symbol].liquidation_fee // UNIT)
            if fee or left < 0:  # what it lost beyond what answered for it, the insurance fund pays
                self._pay(account, position, "INSURANCE_CLEAR", -fee if fee else -left)

    def _uncovered(self, account: Account, position: Position) -> bool:
        mark = self.mark(position.symbol)
        return self._collateral(account, position) + position.unrealised(mark) <= self.maintenance(position)

    def _trigger_algos(self, market: Market, price: int, *, by_mark: bool) -> None:
        name = market.symbol.name
        waiting = [each for each in self.algos.values() if each.symbol == name and each.status is AlgoStatus.NEW]
        for algo in waiting:
            if algo.by_mark == by_mark and algo.status is AlgoStatus.NEW and algo.reached(price):
                self._trigger_algo(self.ledger.accounts[algo.account], algo)

    def _trigger_algo(self, account: Account, algo: Algo) -> None:
        self._algo_moved(account, algo, AlgoStatus.TRIGGERED)
        quantity = algo.quantity
        if algo.close_position:
            quantity = self._reducible(self.position(account, algo.symbol), algo.side)
            if not quantity:
                self._algo_moved(account, algo, AlgoStatus.EXPIRED)
                return
        limit = OrderType.LIMIT_MAKER if algo.post_only else OrderType.LIMIT
        asked = NewOrder(
            algo.symbol,
            algo.side,
            OrderType.MARKET if "MARKET" in algo.type else limit,
            quantity,
            price=algo.price,
            time_in_force=algo.time_in_force,
            client_id=algo.client_id,
            reduce_only=algo.reduce_only or algo.close_position,
            close_position=algo.close_position,
            origin=algo.type.value,
        )
        try:
            order = self.place(account, asked)
        except Refused as refused:
            algo.failed = refused.message
            self._algo_moved(account, algo, AlgoStatus.REJECTED)
            return
        algo.order_id = order.id
        self._algo_moved(account, algo, AlgoStatus.FINISHED)

    def _algo_moved(self, account: Account, algo: Algo, status: AlgoStatus) -> None:
        algo.status, algo.updated = status, self.now()
        self.tell(AlgoReport(account, algo, self.now()))

    def _tell_balances(self) -> None:
        touched, self._touched = self._touched, {}
        moved, self._moved = self._moved, {}
        paid, self._paid = self._paid, {}
        reasons, self._reasons = self._reasons, {}
        now = self.now()
        for name, assets in touched.items():
            account = self.ledger.accounts[name]
            account.updated = now
            found = [
                (each, self.wallet(account, each), self.cross_wallet(account, each), paid.get((name, each), 0))
                for each in sorted(assets)
                if any(contract.quote == each for contract in self.contracts.values())
            ]
            positions = [self.position(account, symbol) for symbol in moved.get(name, {})]
            held = tuple((replace(each), each.unrealised(self.mark(each.symbol))) for each in positions)
            self.tell(AccountChanged(account, reasons.get(name, "DEPOSIT"), tuple(found), held, now))
