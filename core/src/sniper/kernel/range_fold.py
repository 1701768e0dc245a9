"""How facts change liquidity in ranges: see `sniper.kernel.fold`."""

from sniper.errors import IllegalTransition
from sniper.kernel import facts as f
from sniper.kernel.book import Book, Order, Position, Range
from sniper.kernel.orders import RANGE, move


def _asked(fact: f.OrderPlaced) -> f.PlacedRange:
    if fact.range is None:
        raise IllegalTransition(f"order {fact.order} to {fact.side} names no range")
    return fact.range


def provision(book: Book, fact: f.OrderPlaced, position: Position | None) -> None:
    """Liquidity is to be put into a new range, out of cash and of the position in its token."""
    asked = _asked(fact)
    token = fact.token.partition(":")[2]
    wanted = asked.amounts[asked.coins.index(token)]
    held = position.amount if position is not None else 0
    if asked.range in book.ranges or wanted > held or (position and position.wallet not in ("", fact.owner)):
        raise IllegalTransition(f"order {fact.order} puts {wanted} of {fact.token} into a new range, {held} are held")
    book.ranges[asked.range] = Range(
        id=asked.range,
        pool=fact.pool,
        token=fact.token,
        quote=fact.quote,
        venue=fact.venue,
        instance=fact.instance,
        chain_id=fact.chain_id,
        amm=fact.amm,
        lower=asked.lower,
        upper=asked.upper,
        coins=asked.coins,
        exit_data=fact.exit_data,
        wallet=book.whose(fact.owner),
    )


def withdrawal(book: Book, fact: f.OrderPlaced) -> None:
    """Liquidity is to be taken out."""
    asked = _asked(fact)
    held = book.ranges[asked.range]
    if asked.liquidity > held.liquidity or asked.position != held.position:
        raise IllegalTransition(
            f"order {fact.order} takes {asked.liquidity} out of position {asked.position}; range {held.id} has "
            f"{held.liquidity}, and is position {held.position}"
        )


def booked(book: Book, order: Order, fact: f.Booked) -> None:
    """Money moved in or out of a range."""
    placed, change = order.placed, fact.range
    position = book.positions.get(placed.token) or book.closed.get(placed.token)
    filled = order.filled - (fact.cash if placed.side == "provide" else 0)
    if not 0 <= filled <= placed.amount_in:
        raise IllegalTransition(f"order {order.id} for {placed.amount_in} would have {filled} filled")
    if fact.amount or fact.cost:
        if position is None or position.amount + fact.amount < 0:
            held = position.amount if position else 0
            raise IllegalTransition(f"order {order.id} would leave {held + fact.amount} of {placed.token}")
        position.amount += fact.amount
        position.cost += fact.cost
        position.changed_block = fact.block
        if position.amount and not position.opened_at:
            position.opened_at, position.opened_block = fact.time, fact.block
    order.filled = filled
    held_range = book.ranges[_asked(placed).range]
    held_range.realised += fact.realised
    held_range.changed_block = fact.block
    if change is not None:
        _changed(held_range, fact, change)


def _changed(held: Range, fact: f.Booked, change: f.RangeChange) -> None:
    liquidity = held.liquidity + change.liquidity
    if liquidity < 0:
        raise IllegalTransition(f"range {held.id} would have {liquidity} of liquidity left")
    held.position, held.liquidity = change.position, liquidity
    held.quote_in += change.quote
    held.token_in += change.token
    held.cost += change.cost
    held.fees_quote += change.fees_quote
    held.fees_token += change.fees_token
    if liquidity and not held.opened_at:
        held.opened_at, held.opened_block = fact.time, fact.block


def provided(book: Book, order: Order) -> None:
    """The order has ended: what it kept for the way out stays reserved, where there is one."""
    held = book.ranges[_asked(order.placed).range]
    held.exit_gas = order.exit_gas if held.liquidity else 0


def moved(book: Book, fact: f.RangeMoved) -> None:
    held = book.ranges[fact.range]
    held.state = move(RANGE, f"range {held.id}", held.state, fact.state)
    held.failures, held.retry_block = fact.failures, fact.retry_block
    held.wanted_bps, held.reason, held.urgent = fact.wanted_bps, fact.reason, fact.urgent
