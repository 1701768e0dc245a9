"""How facts about an exchange change the books of an account; see `sniper.kernel.fold`."""

from sniper.errors import IllegalTransition
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.kernel.asks import Ask, Submit
from sniper.kernel.book import Book, Position
from sniper.kernel.exchange.book import DeskBook, ExchangeOrder
from sniper.kernel.exchange.contract_fold import contract_of, once, opened, remargin
from sniper.kernel.exchange.states import EXCHANGE_ORDER, WORKING
from sniper.kernel.flows import bound, flow, realised
from sniper.kernel.orders import move
from sniper.kernel.plans import fold as plans
from sniper.kernel.promotion import fold as promotion
from sniper.types import place_of

KEPT_ORDERS = 1_000
"""Orders that have ended and are remembered; the newest half of them in any case."""


def placed(book: Book, fact: f.ExchangeOrderPlaced) -> None:
    instrument, key = fact.instrument, fact.order
    desk = book.desks[instrument.venue]
    if key in desk.orders or key in desk.ended:
        raise IllegalTransition(f"order {key} was placed already")
    order = ExchangeOrder(placed=fact)
    asset, reserved = order.asset, fact.reserved
    before = desk.reserved.get(asset, 0)
    free = book.owned(asset) - before
    if reserved > max(free, 0):  # a loss may have taken what the position reserves: it can still be closed
        raise IllegalTransition(f"order {key} needs {reserved} of {asset}, {free} are free")
    if instrument.linear:
        contract_of(desk, instrument)
    if fact.plan:
        plans.placed(book, fact)
    desk.orders[key] = order
    desk.clients[fact.new.client_id] = key
    if fact.opens:
        book.last_entry[instrument.held] = book.newest_entry = fact.time
        bound(book.last_entry, _itself)
    if reserved:
        order.reserved = reserved
        desk.reserved[asset] = before + reserved
    if fact.deadline:
        ask = f.submission(key)
        book.asks[ask] = Ask(
            id=ask,
            account=book.account,
            deadline=fact.deadline,
            body=Submit(order=key, instrument=instrument, new=fact.new),
        )


def _itself(time: int) -> int:
    return time


def cancelled(book: Book, fact: f.ExchangeCancelled) -> None:
    book.desks[fact.venue].order_of(fact.order).cancelling = True


def moved(book: Book, fact: f.ExchangeOrderMoved) -> None:
    desk, key, state = book.desks[fact.venue], fact.order, fact.state
    order = desk.order_of(key)
    if state == "filled":
        order.state = _filled(order, order.filled)
    else:
        order.state = move(EXCHANGE_ORDER, f"order {key}", order.state, state)
    order.venue_id = fact.venue_id or order.venue_id
    order.note = fact.note
    if fact.answered:
        book.asks.pop(f.submission(key), None)
    if state not in WORKING:
        _ended(book, desk, order, fact.time)


def _ended(book: Book, desk: DeskBook, order: ExchangeOrder, time: int) -> None:
    """Nothing more of it will be filled, by all that is known; it may have ended before."""
    key = order.placed.order
    if key not in desk.orders:
        return
    _reserve(desk, order, 0)
    order.ended_at = time
    if book.stages:
        promotion.order_over(book, order.instance, error=order.state == "rejected")
    desk.ended[key] = desk.orders.pop(key)
    if order.placed.plan:
        plans.order_ended(book, order)
    if len(desk.ended) > KEPT_ORDERS:
        for gone in bound(desk.ended, _ended_at, KEPT_ORDERS, part=2):
            del desk.clients[gone.placed.new.client_id]


def _ended_at(order: ExchangeOrder) -> int:
    return order.ended_at


def filled(book: Book, fact: f.ExchangeFilled) -> None:
    fill = fact.fill
    desk = book.desks[place_of(fill.instrument)]
    order = desk.order_of(fact.order)
    placed = order.placed
    new = placed.new
    if fill.id in order.fills:
        raise IllegalTransition(f"fill {fill.id} of order {order.id} is booked already")
    if fill.side != new.side or not 0 < fill.size <= new.size - order.filled:
        raise IllegalTransition(
            f"order {order.id} to {new.side} {new.size} lots, {order.filled} of them filled, cannot have {fill.size} "
            f"more of a {fill.side} filled"
        )
    size = order.filled + fill.size
    state = _filled(order, size) if fact.ends else order.state
    if fact.cross is not None:
        _swap(book, order, fact, fact.cross)
    else:
        _hold(book, placed.instrument, placed.instance, fact)
    order.filled = size
    order.value += fill.value
    order.fills.append(fill.id)
    if placed.plan:
        plans.filled(book, order, fact)
    if fact.ends:
        order.state = state
        order.venue_id = fill.venue_id or order.venue_id
        order.note = ""
        _ended(book, desk, order, fact.time)
    elif fact.order in desk.orders:
        # rounded up: what is left of an order must never need more than is reserved for it
        _reserve(desk, order, -(-placed.reserved * (new.size - size) // new.size))


def _filled(order: ExchangeOrder, filled: int) -> str:
    """Its state once it is filled, of which so many lots are."""
    key, size = order.placed.order, order.placed.new.size
    if filled != size:
        raise IllegalTransition(f"order {key} has {filled} of {size} lots filled")
    return move(EXCHANGE_ORDER, f"order {key}", order.state, "filled")


def dust(book: Book, fact: f.DustLeft) -> None:
    position = book.positions.pop(fact.token, None)
    if position is None:
        raise IllegalTransition(f"nothing of {fact.token} is held, so nothing can be left of it")
    book.cash[fact.token] = book.cash.get(fact.token, 0) + position.amount
    position.realised -= position.cost
    if position.cost:
        realised(book, fact.time, position, -position.cost)


def forced(book: Book, fact: f.ExchangeForced) -> None:
    instrument, fill = fact.instrument, fact.fill
    desk, position = book.desks[instrument.venue], book.positions[instrument.id]
    if fact.amount * position.amount >= 0 or abs(fact.amount) > abs(position.amount):
        raise IllegalTransition(
            f"fill {fill.id} closes {fact.amount} of {instrument.id}, but {position.amount} of it are held"
        )
    once(desk, "fill", fill.id, fact.time)
    _hold(book, instrument, position.instance, fact)


def _hold(book: Book, instrument: Instrument, instance: str, fact: f.ExchangeFilled | f.ExchangeForced) -> None:
    """The position and the balances after a fill."""
    fill, token, quote = fact.fill, instrument.held, instrument.quote
    linear = instrument.linear
    moved = fact.realised if linear else fact.realised - fact.cost
    if fact.cash != moved:
        raise IllegalTransition(
            f"fill {fill.id} moves {fact.cash} of cash, but {fact.realised} of profit and {fact.cost} of cost"
        )
    position = book.positions.get(token)
    left, apart = book.cash.get(quote, 0) + fact.cash, fill.fee_asset not in (token, quote)
    if (
        left < 0
        or (not linear and book.owned(token) + fact.amount < 0)
        or (apart and book.owned(fill.fee_asset) < fill.fee)
    ):
        moves = f"{fact.cash} of {quote}, {fact.amount} of {token}, a fee of {fill.fee} of {fill.fee_asset}"
        raise IllegalTransition(
            f"fill {fill.id} of {instrument.id} would leave less than nothing of what it moves: {moves}"
        )
    if position is None:
        position = book.positions[token] = opened(token, quote, instrument.venue, instance, fact.time)
        position.pool = instrument.id
    cost_before = position.cost
    _change(book, position, instance, fact.time, fact.amount, fact.cost, fact.realised)
    book.cash[quote] = left
    if apart:
        book.cash[fill.fee_asset] = book.cash.get(fill.fee_asset, 0) - fill.fee
    if linear:
        contract = contract_of(book.desks[instrument.venue], instrument)
        contract.instance = position.instance
        remargin(book, contract)
    spent = _opened_worth(cost_before, position.cost) if linear else fact.cost
    if spent > 0:
        flow(book.spends, instrument.venue).add(fact.time, spent)
    if fact.realised:
        realised(book, fact.time, position, fact.realised)


def _swap(book: Book, order: ExchangeOrder, fact: f.ExchangeFilled, cross: f.Crossed) -> None:
    """Both positions after a fill in a cross, and what pays a fee that is taken in neither."""
    fill, placed, base, quote = fact.fill, order.placed, order.placed.instrument.base, order.placed.instrument.quote
    if fact.cash != fact.realised - fact.cost or fact.cash != cross.cost - cross.realised:
        raise IllegalTransition(
            f"fill {fill.id} moves {fact.cash} of {placed.counted}, but {fact.realised} of profit and {fact.cost} of "
            f"cost, and {cross.realised} and {cross.cost} of {quote}"
        )
    left = {base: book.owned(base) + fact.amount, quote: book.owned(quote) + cross.amount}
    if fill.fee_asset not in left:
        left[fill.fee_asset] = book.owned(fill.fee_asset) - fill.fee
    if min(left.values()) < 0:
        short = {asset: amount for asset, amount in left.items() if amount < 0}
        raise IllegalTransition(f"fill {fill.id} of {fill.instrument} would leave {short}")
    _shift(book, order, base, cross.pool, fact.amount, fact.cost, fact.realised, fact.time)
    _shift(book, order, quote, cross.other_pool, cross.amount, cross.cost, cross.realised, fact.time)
    if fill.fee_asset not in (base, quote):
        book.cash[fill.fee_asset] = book.cash.get(fill.fee_asset, 0) - fill.fee


def _shift(
    book: Book, order: ExchangeOrder, token: str, pool: str, amount: int, cost: int, gained: int, time: int
) -> None:
    """One of the two positions after a fill in a cross."""
    placed = order.placed
    position = book.positions.get(token)
    if position is None:
        venue = placed.instrument.venue
        position = book.positions[token] = opened(token, placed.counted, venue, placed.instance, time)
        position.pool = pool
    _change(book, position, placed.instance, time, amount, cost, gained)
    if cost > 0:
        flow(book.spends, placed.instrument.venue).add(time, cost)
    if gained:
        realised(book, time, position, gained)


def _change(book: Book, position: Position, instance: str, time: int, amount: int, cost: int, gained: int) -> None:
    before, position.amount = position.amount, position.amount + amount
    if before * position.amount < 0:
        position.instance, position.opened_at = instance, time  # it went through zero: another one
    position.cost += cost
    position.realised += gained
    if not position.amount:
        del book.positions[position.token]


def _opened_worth(before: int, after: int) -> int:
    """What a fill opened of a contract: notionals, signed, before and after it."""
    return abs(after) if before * after < 0 else abs(after) - abs(before)


def read(book: Book, fact: f.DeskRead) -> None:
    desk = book.desks.setdefault(fact.venue, DeskBook())
    desk.cursor, desk.known = fact.cursor, True


def unread(book: Book, fact: f.DeskUnread) -> None:
    desk = book.desks.setdefault(fact.venue, DeskBook())
    desk.known, desk.lost = False, fact.lost


def _reserve(desk: DeskBook, order: ExchangeOrder, amount: int) -> None:
    if amount == order.reserved:
        return
    asset = order.asset
    left = desk.reserved.get(asset, 0) + amount - order.reserved
    order.reserved = amount
    if left:
        desk.reserved[asset] = left
    else:
        desk.reserved.pop(asset, None)
