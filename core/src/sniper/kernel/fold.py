"""How each fact changes the books of its account.

``fold(book, fact)`` is the only way in. It never asks anything: a recorded fact can be folded again without deciding it
again. Negative balances and impossible steps raise `IllegalTransition` before anything is changed.
"""

from collections.abc import Callable
from typing import Any

from sniper.errors import IllegalTransition
from sniper.kernel import facts as f
from sniper.kernel import range_fold as ranges
from sniper.kernel.asks import Ask, Probe, ProposeRoute, ReadBalances, Settle, SimulateSell
from sniper.kernel.book import (
    GAS,
    NO_STEP,
    Attempt,
    Book,
    Given,
    Life,
    Order,
    Pending,
    Position,
    Reply,
    Sender,
    Taxes,
    Waiting,
    Wish,
    allowance_id,
    purse_id,
    waiting_id,
)
from sniper.kernel.exchange import contract_fold as contracts
from sniper.kernel.exchange import fold as exchange
from sniper.kernel.flows import bound, flow, realised
from sniper.kernel.orders import ATTEMPT, ORDER, POSITION, TAKEN, move
from sniper.kernel.plans import fold as plans
from sniper.kernel.plans import pool_fold as pools
from sniper.kernel.promotion import fold as promotion
from sniper.types import DAY, NATIVE, asset_id, place_of

KEPT_REPLIES = 1_000


def _intent(book: Book, fact: f.IntentFormed) -> None:
    book.intents += 1
    if book.waiting and fact.side in ("increase", "provide"):
        book.waiting.pop(waiting_id(fact.instance, fact.token), None)


def _waits(book: Book, fact: f.EntryWaits) -> None:
    book.waiting[waiting_id(fact.instance, fact.token)] = Waiting(
        intent=fact.intent, instance=fact.instance, token=fact.token, retry=fact.retry, time=fact.time
    )
    bound(book.waiting, lambda waiting: waiting.time)


def _wait_over(book: Book, fact: f.WaitOver) -> None:
    book.waiting.pop(waiting_id(fact.instance, fact.token), None)


def _sized(book: Book, fact: f.EntrySized) -> None:
    pools.sized(book, fact)
    book.pending[fact.entry.intent] = Pending(entry=fact.entry, time=fact.time, part=fact.part)


def _verdict(book: Book, fact: f.Verdict) -> None:
    pending = book.pending.pop(fact.intent, None)
    if pending is not None:
        pools.judged(book, fact.intent, pending.part)
    for ask in list(book.indexed.asks(fact.intent)):
        _close(book, ask.id)


def _began(book: Book, fact: f.Began) -> None:
    for sender in book.senders.values():
        sender.known = False
    for ask in [
        a.id for a in book.asks.values() if a.is_command or type(a.body) in (Settle, SimulateSell, ReadBalances)
    ]:
        _close(book, ask)


def _close(book: Book, ask_id: str) -> Ask:
    ask = book.asks[ask_id]
    book.indexed.closed(ask)
    return book.asks.pop(ask_id)


def _asked(book: Book, fact: f.Asked) -> None:
    ask = fact.ask
    if ask.id in book.asks:
        raise IllegalTransition(f"ask {ask.id} is open already")
    book.asks_made += 1
    book.indexed.asked(ask)
    book.asks[ask.id] = ask
    if type(ask.body) is Probe:
        book.pending[ask.body.entry.intent].waiting.append(ask.body.check)
    elif type(ask.body) is ProposeRoute and ask.body.intent:
        book.pending[ask.body.intent].routing = True


def _closed(book: Book, fact: f.Closed) -> None:
    ask = _close(book, fact.ask)
    if type(ask.body) is Probe:
        pending = book.pending.get(ask.body.entry.intent)
        if pending is not None:
            pending.waiting.remove(ask.body.check)
    elif type(ask.body) is ProposeRoute and ask.body.intent:
        book.pending[ask.body.intent].routing = False


def _proposed(book: Book, fact: f.Proposed) -> None:
    book.pending[fact.intent].proposals = fact.proposals


def _finalised(book: Book, fact: f.Finalised) -> None:
    orders, positions, closed = book.forgettable(fact.chain_id, fact.block)
    for order in orders:
        del book.ended[order]
    for token in positions:
        del book.closed[token]
    pools.finalised(book)
    for key in closed:
        del book.ranges[key]


def _sender(book: Book, chain_id: int, owner: str) -> Sender:
    return book.senders.setdefault(asset_id(chain_id, owner), Sender())


def _placed(book: Book, fact: f.OrderPlaced) -> None:
    if fact.order in book.orders or fact.order in book.ended:
        raise IllegalTransition(f"order {fact.order} was placed already")
    position = book.positions.get(fact.token)
    if fact.side not in ("reduce", "withdraw"):
        free = book.free(fact.quote, fact.owner)
        needed = fact.cash + (fact.gas + fact.exit_gas if fact.quote.endswith(NATIVE) else 0)
        if needed > free:
            raise IllegalTransition(f"order {fact.order} needs {needed} of {fact.quote}, {free} are free")
    if fact.side == "transfer":
        if fact.token != fact.quote or fact.route is not None:
            raise IllegalTransition(f"order {fact.order} is no transfer of {fact.quote}")
        if fact.instance == GAS:
            _give(book, fact)
    elif fact.side == "arbitrage":
        if fact.token != fact.quote or fact.route is None or fact.min_out <= fact.amount_in:
            raise IllegalTransition(
                f"order {fact.order} is no arbitrage: it pays {fact.amount_in} of {fact.quote} and would take "
                f"{fact.min_out} of {fact.token} for it"
            )
    elif fact.side == "withdraw":
        ranges.withdrawal(book, fact)
        _opening(book, fact, position)
    elif fact.side in ("increase", "provide"):
        if fact.side == "provide":
            ranges.provision(book, fact, position)
        else:
            _opening(book, fact, position)
        book.last_entry[fact.token] = book.newest_entry = fact.time
        bound(book.last_entry, lambda time: time)
    else:
        if position is None or fact.amount_in > position.amount:
            held = position.amount if position else 0
            raise IllegalTransition(f"order {fact.order} sells {fact.amount_in} of {fact.token}, {held} are held")
        _same_wallet(fact, position)
        position.state = move(POSITION, f"position {fact.token}", position.state, "closing")
    pools.placed(book, fact)
    order = book.orders[fact.order] = Order(placed=fact, cash=fact.cash, gas=fact.gas, exit_gas=fact.exit_gas)
    book.indexed.note(order)


def _opening(book: Book, fact: f.OrderPlaced, position: Position | None) -> None:
    """There is a position for what is bought, or comes out of a range."""
    if position is not None:
        _same_wallet(fact, position)
        return
    # A flat one that a reorg could bring back goes on: a token has one position, whatever is taken back.
    before = book.closed.pop(fact.token, None)
    opened = Position(
        token=fact.token,
        pool=fact.pool,
        quote=fact.quote,
        venue=fact.venue,
        instance=fact.instance,
        chain_id=fact.chain_id,
        amm=fact.amm,
        exit_data=fact.exit_data,
        wallet=book.whose(fact.owner),
    )
    if before is not None:
        _same_wallet(fact, before)
        opened.changed_block = before.changed_block
    book.positions[fact.token] = opened


def _same_wallet(fact: f.OrderPlaced, position: Position) -> None:
    """A position is in one wallet, also what a reorg could bring back of it."""
    if position.wallet and position.wallet != fact.owner:
        raise IllegalTransition(f"order {fact.order} is of {fact.owner}, and {fact.token} is held in {position.wallet}")


def _steps(book: Book, fact: f.StepsAdded) -> None:
    order = book.order_of(fact.order)
    order.added += fact.steps
    order.gas += fact.gas


def _attempt(book: Book, fact: f.AttemptMade) -> None:
    order = book.orders[fact.order]
    sender = _sender(book, order.placed.chain_id, order.placed.owner)
    if fact.replaces:
        pass  # it has the nonce of the one that it replaces
    elif fact.step == NO_STEP:
        if not sender.used <= fact.nonce < sender.next_nonce:
            raise IllegalTransition(
                f"attempt {fact.attempt} fills nonce {fact.nonce}, which is not from {sender.used} to "
                f"{sender.next_nonce - 1}"
            )
    else:
        if fact.nonce != sender.next_nonce:
            raise IllegalTransition(f"attempt {fact.attempt} has nonce {fact.nonce}, the next is {sender.next_nonce}")
        sender.next_nonce += 1
    order.attempts.append(
        Attempt(
            id=fact.attempt,
            step=fact.step,
            nonce=fact.nonce,
            bid=fact.bid,
            made_block=fact.block,
            replaces=fact.replaces,
            cancel=fact.cancel,
            data_gas=fact.data_gas,
        )
    )
    book.indexed.note(order)


def _moved(book: Book, fact: f.AttemptMoved) -> None:
    order, attempt = book.attempt_of(fact.attempt)
    attempt.state = move(ATTEMPT, f"attempt {fact.attempt}", attempt.state, fact.state)
    attempt.note = fact.note
    if fact.raw or fact.tx_hash:
        attempt.raw, attempt.tx_hash = fact.raw, fact.tx_hash
    attempt.block = fact.block
    if fact.state in TAKEN:
        sender = _sender(book, order.placed.chain_id, order.placed.owner)
        sender.used = max(sender.used, attempt.nonce + 1)
    if fact.state == "dropped" and not attempt.replaces:
        # it never left, so the nonce is free again where it was the last one taken
        sender = _sender(book, order.placed.chain_id, order.placed.owner)
        if sender.next_nonce == attempt.nonce + 1:
            sender.next_nonce = attempt.nonce
    while any(a.step == order.step and a.state in ("included", "reverted") for a in order.attempts):
        order.step += 1
    book.indexed.note(order)


def _booked(book: Book, fact: f.Booked) -> None:
    order = book.order_of(fact.order)
    native = asset_id(order.placed.chain_id, NATIVE)
    wallet = order.placed.owner
    cash = book.cash_of(order.placed.quote, wallet) + fact.cash
    gas_left = (cash if order.placed.quote == native else book.cash_of(native, wallet)) - fact.gas
    if cash < 0 or gas_left < 0:
        raise IllegalTransition(f"order {order.id} would leave {min(cash, gas_left)} of {order.placed.quote} in cash")
    of: Position | f.OrderPlaced = order.placed
    if order.placed.side in ("arbitrage", "transfer"):
        if fact.amount or fact.cost or (not fact.undo and fact.cash < -order.placed.amount_in):
            raise IllegalTransition(
                f"order {order.id} paid {order.placed.amount_in}, so it cannot have lost {-fact.cash}, nor moved "
                f"{fact.amount} of a position that cost {fact.cost}"
            )
    elif order.placed.range is not None:
        ranges.booked(book, order, fact)
    else:
        of = _moved_position(book, order, fact)
    _paid(book, order.placed.quote, wallet, fact.cash)
    if fact.gas:
        _paid(book, native, wallet, -fact.gas)
    time = fact.time
    if fact.undo:
        time = order.booked.pop().time  # so that it is taken out of each window that it was counted in
    else:
        order.booked.append(fact)
    if order.placed.side in ("increase", "provide", "transfer") and fact.cash:
        order.cash = max(0, order.cash + fact.cash)
    if order.placed.side in ("increase", "provide") and fact.cash:
        flow(book.spends, place_of(order.placed.quote)).add(time, -fact.cash)
    order.gas = max(0, order.gas - fact.gas)
    pools.booked(book, order, fact)
    if fact.realised:
        realised(book, time, of, fact.realised)


def _paid(book: Book, asset: str, wallet: str, amount: int) -> None:
    """Cash of a wallet came (or, negative, went), base units."""
    book.cash[asset] = book.cash.get(asset, 0) + amount
    if book.whose(wallet):
        purse = purse_id(asset, wallet)
        book.purses[purse] = book.purses.get(purse, 0) + amount


def _moved_position(book: Book, order: Order, fact: f.Booked) -> Position:
    """What a purchase or a sale did to its position, which it gives."""
    placed = order.placed
    position = book.positions.get(placed.token) or book.closed.get(placed.token)
    if position is None:
        raise IllegalTransition(f"order {order.id} moved {placed.token}, of which there is no position")
    if position.amount + fact.amount < 0:
        raise IllegalTransition(f"order {order.id} would leave {position.amount + fact.amount} of {placed.token}")
    filled = order.filled + (-fact.amount if placed.side == "reduce" else -fact.cash)
    if not 0 <= filled <= placed.amount_in:
        raise IllegalTransition(f"order {order.id} for {placed.amount_in} would have {filled} filled")
    order.filled = filled
    position.amount += fact.amount
    position.cost += fact.cost
    position.realised += fact.realised
    position.changed_block = fact.block
    if fact.amount > 0 and placed.side == "increase" and not position.opened_at:
        position.opened_at, position.opened_block = fact.time, fact.block
    if fact.undo and not position.amount:
        position.opened_at = position.opened_block = 0
    return position


def _replied(book: Book, fact: f.Replied) -> None:
    book.replies[fact.key] = Reply(asked=fact.asked, answer=fact.answer, time=fact.time)
    bound(book.replies, lambda reply: reply.time, KEPT_REPLIES)


def _allowed(book: Book, fact: f.Allowed) -> None:
    order = book.order_of(fact.order)
    key = allowance_id(fact.token, fact.spender, book.whose(order.placed.owner))
    if fact.undo:
        order.allowed.pop()
    else:
        order.allowed.append((fact.attempt, fact.token, fact.spender, book.allowances.get(key, 0)))
    if fact.amount:
        book.allowances[key] = fact.amount
    else:
        book.allowances.pop(key, None)


def _ended(book: Book, fact: f.OrderEnded) -> None:
    order = book.orders[fact.order]
    order.state = move(ORDER, f"order {order.id}", order.state, fact.state)
    del book.orders[order.id]
    pools.ended(book, order)
    book.indexed.note(order)
    if order.placed.side == "transfer" and fact.state != "done":
        book.unsent = fact.time
    if book.stages:
        promotion.order_over(book, order.placed.instance, error=fact.state == "failed")
    order.reason = fact.reason
    order.ended_block = max((a.block for a in order.attempts), default=0)
    _given_in(book, order.id, order.ended_block)
    position = book.positions.get(order.placed.token)
    if order.placed.side == "increase" and position is not None and position.amount:
        position.exit_gas = max(position.exit_gas, order.exit_gas)
    if order.placed.side == "provide":
        ranges.provided(book, order)
    order.cash = order.gas = order.exit_gas = 0
    if order.attempts:
        book.ended[order.id] = order


def _give(book: Book, fact: f.OrderPlaced) -> None:
    to = fact.steps[0].to
    newest = {each.to: each for each in book.given}
    kept = [each for each in book.given if each.time > fact.time - DAY or (each is newest[each.to] and each.to != to)]
    book.given = [*kept, Given(order=fact.order, to=to, amount=fact.amount_in, time=fact.time)]


def _given_in(book: Book, order: str, block: int) -> None:
    for each in book.given:
        if each.order == order:
            each.block = block


def _reopened(book: Book, fact: f.OrderReopened) -> None:
    order = book.order_of(fact.order)
    order.state = move(ORDER, f"order {order.id}", order.state, "working")
    order.ended_before |= book.ended.pop(order.id, None) is not None
    _given_in(book, order.id, -1)
    order.step = fact.step
    if order.placed.side not in ("reduce", "withdraw"):
        order.cash = max(order.cash, order.placed.amount_in - order.filled)
        order.gas = max(
            order.gas,
            sum(
                order.transaction(a).gas * a.bid.max_fee for a in order.attempts if not a.replaces and a.step != NO_STEP
            ),
        )
    book.orders[order.id] = order
    pools.reopened(book, order)
    book.indexed.note(order)
    if order.placed.token in book.closed:
        book.positions[order.placed.token] = book.closed.pop(order.placed.token)


def _position(book: Book, fact: f.PositionMoved) -> None:
    position = book.positions[fact.token]
    position.state = move(POSITION, f"position {fact.token}", position.state, fact.state)
    position.failures = fact.failures
    if fact.state in ("written-off", "closed"):
        book.presigned.pop(fact.token, None)
    if fact.state == "written-off":
        lost, position.cost, position.exit_gas = position.cost, 0, 0
        position.realised -= lost
        realised(book, fact.time, position, -lost)
    if fact.state == "closed":
        # What it kept for its sale stays noted: should a reorg take the sale back, it is reserved again.
        del book.positions[fact.token]
        book.closed[fact.token] = position


def _presigned(book: Book, fact: f.Presigned) -> None:
    book.presigned[fact.sale.token] = fact


def _unguarded(book: Book, fact: f.Unguarded) -> None:
    book.positions[fact.token].unguarded = fact.reason


def _measured(book: Book, fact: f.Measured) -> None:
    taxes = book.taxes.setdefault(fact.token, Taxes())
    taxes.time = fact.time
    bound(book.taxes, lambda known: known.time)
    if fact.buy_tax_bps is not None:
        taxes.buy_bps = fact.buy_tax_bps
    if fact.sell_tax_bps is not None:
        taxes.sell_bps = fact.sell_tax_bps


def _synced(book: Book, fact: f.Synced) -> None:
    sender = _sender(book, fact.chain_id, fact.owner)
    ours = [
        attempt
        for order in (*book.orders.values(), *book.ended.values())
        if order.placed.chain_id == fact.chain_id and order.placed.owner == fact.owner
        for attempt in order.attempts
        if attempt.state not in ("dropped", "replaced")
    ]
    sender.next_nonce = max(fact.nonce, *(attempt.nonce + 1 for attempt in ours), 0)
    sender.used = max(fact.nonce, *(a.nonce + 1 for a in ours if a.state in TAKEN), 0)
    sender.known = True
    sender.read_block = fact.block
    if not book.missing(fact.chain_id, fact.owner):
        sender.gap_block = 0
    elif not sender.gap_block:
        sender.gap_block = fact.block


def _unsynced(book: Book, fact: f.Unsynced) -> None:
    _sender(book, fact.chain_id, fact.owner).known = False


def _adjusted(book: Book, fact: f.Adjusted) -> None:
    position = book.positions.get(fact.asset)
    left = (position.amount if position is not None else book.cash_of(fact.asset, fact.wallet)) + fact.delta
    if left < 0:
        raise IllegalTransition(f"an adjustment would leave {left} of {fact.asset}")
    if position is not None:
        position.amount = left
        return
    _paid(book, fact.asset, fact.wallet, fact.delta)


def _wallets(book: Book, fact: f.WalletsSet) -> None:
    if fact.first:
        cash = ((asset, amount) for asset, amount in book.cash.items() if place_of(asset) not in book.desks)
        book.purses = {purse_id(asset, fact.first): amount for asset, amount in cash}
        book.allowances = {f"{key}@{fact.first}": amount for key, amount in book.allowances.items()}
        for position in (*book.positions.values(), *book.closed.values()):
            if place_of(position.token) not in book.desks:
                position.wallet = fact.first
    book.wallets = fact.wallets


def _kill(book: Book, fact: f.KillSet) -> None:
    book.kill = fact.level
    if fact.level == "off":
        book.tripped = ""


def _tripped(book: Book, fact: f.Tripped) -> None:
    book.kill = fact.level
    book.tripped = f"{fact.check}: {fact.reason}"


def _instance(book: Book, fact: f.InstanceMoved) -> None:
    life = book.instances.setdefault(fact.instance, Life())
    life.state = fact.state
    if fact.parameters:
        life.parameters = fact.parameters


def _outranked(book: Book, fact: f.Outranked) -> None:
    book.wishes[fact.token] = Wish(instance=fact.instance, until=fact.until)
    bound(book.wishes, lambda wish: wish.until)


def _halted(book: Book, fact: f.Halted) -> None:
    book.halted = fact.reason


def _resumed(book: Book, fact: f.Resumed) -> None:
    book.halted = ""


def _worker_answered(book: Book, fact: f.WorkerAnswered) -> None:
    """What it led to is in the facts around it."""


def _judged(book: Book, fact: f.Judged) -> None:
    """Passing findings are for people alone."""
    pending = book.pending.get(fact.intent)
    if pending is not None and any(not finding.ok and finding.severity == "deny" for finding in fact.findings):
        pending.denials.append(fact)


_FOLDS: dict[type[f.Fact], Callable[[Book, Any], None]] = {  # Any: each takes the fact that it is listed under
    f.IntentFormed: _intent,
    f.EntrySized: _sized,
    f.Proposed: _proposed,
    f.Judged: _judged,
    f.Verdict: _verdict,
    f.EntryWaits: _waits,
    f.WaitOver: _wait_over,
    f.Began: _began,
    f.Replied: _replied,
    f.Asked: _asked,
    f.Closed: _closed,
    f.OrderPlaced: _placed,
    f.StepsAdded: _steps,
    f.AttemptMade: _attempt,
    f.AttemptMoved: _moved,
    f.Booked: _booked,
    f.Allowed: _allowed,
    f.Finalised: _finalised,
    f.OrderEnded: _ended,
    f.OrderReopened: _reopened,
    f.PositionMoved: _position,
    f.RangeMoved: ranges.moved,
    f.Presigned: _presigned,
    f.Unguarded: _unguarded,
    f.Measured: _measured,
    f.Synced: _synced,
    f.Unsynced: _unsynced,
    f.Adjusted: _adjusted,
    f.WalletsSet: _wallets,
    f.KillSet: _kill,
    f.Tripped: _tripped,
    f.InstanceMoved: _instance,
    f.Outranked: _outranked,
    f.StageMoved: promotion.moved,
    f.StageProposed: promotion.proposed,
    f.Halted: _halted,
    f.ExchangeOrderPlaced: exchange.placed,
    f.ExchangeCancelled: exchange.cancelled,
    f.ExchangeOrderMoved: exchange.moved,
    f.ExchangeFilled: exchange.filled,
    f.DustLeft: exchange.dust,
    f.ExchangeForced: exchange.forced,
    f.Funded: contracts.funded,
    f.ContractRead: contracts.contract_read,
    f.ContractAdjusted: contracts.contract_adjusted,
    f.PlanStarted: plans.started,
    f.PlanMoved: plans.moved,
    f.PlanNarrowed: plans.narrowed,
    f.PlanWaits: plans.waits,
    f.PlanEnding: plans.ending,
    f.PlanEnded: plans.ended,
    f.DeskRead: exchange.read,
    f.DeskUnread: exchange.unread,
    f.Resumed: _resumed,
    f.WorkerAnswered: _worker_answered,
}


def fold(book: Book, fact: f.Fact) -> None:
    """Fold one fact. Raises `IllegalTransition` for one that cannot follow what the book holds."""
    try:
        _FOLDS[type(fact)](book, fact)
    except KeyError as error:
        raise IllegalTransition(f"{type(fact).__name__} is about {error}, of which the book knows nothing") from error
