"""How the orders of plans in pools change the books of an account; see `sniper.kernel.fold`.

A swap happens or does not, so an order fills all of its size or nothing. Its receipt may be taken back by a reorg: then
the order is on its way again, and so is a plan that had ended with it.
"""

from sniper.errors import IllegalTransition
from sniper.instrument import pool_price
from sniper.kernel import facts as f
from sniper.kernel.book import Book, Order
from sniper.kernel.plans.book import Leg, PlanState
from sniper.kernel.plans.kinds import rule_of
from sniper.kernel.plans.part import Part


def sized(book: Book, fact: f.EntrySized) -> None:
    """A purchase is judged: what it would fill is on its way already."""
    if fact.part is not None:
        _on_its_way(book, fact.part, order_of(fact.entry.intent))


def judged(book: Book, intent: str, part: Part | None) -> None:
    """It was denied, or its order comes next."""
    plan = book.plans.get(part.plan) if part is not None else None
    if plan is not None and part is not None:
        plan.legs[part.leg].working.remove(order_of(intent))


def placed(book: Book, fact: f.OrderPlaced) -> None:
    if fact.part is not None:
        _on_its_way(book, fact.part, fact.order)


def booked(book: Book, order: Order, fact: f.Booked) -> None:
    """What its swap moved, or (``undo``) did not after all. Gas alone fills nothing."""
    part = order.placed.part
    plan = book.plans.get(part.plan) if part is not None else None
    if part is None or plan is None or not (fact.amount or fact.cash):
        return
    leg = plan.legs[part.leg]
    sold = order.placed.side == "reduce"
    leg.filled += -fact.amount if sold else -part.size if fact.undo else part.size
    leg.amount += fact.amount
    leg.price = pool_price(abs(fact.cash), abs(fact.amount)) if fact.amount and not fact.undo else 0
    leg.tries = leg.retry_at = 0


def ended(book: Book, order: Order) -> None:
    """Nothing more of it happens, by all that is known."""
    part = order.placed.part
    plan = book.plans.get(part.plan) if part is not None else None
    if plan is not None and part is not None and order.id in plan.legs[part.leg].working:
        plan.legs[part.leg].working.remove(order.id)


def reopened(book: Book, order: Order) -> None:
    """A reorg took back the block of one of its transactions."""
    part = order.placed.part
    if part is None:
        return
    if part.plan in book.plans_over:
        book.plans[part.plan] = book.plans_over.pop(part.plan)
    plan = book.plans.get(part.plan)
    if plan is not None and order.id not in plan.legs[part.leg].working:
        plan.legs[part.leg].working.append(order.id)


def over(book: Book, plan: PlanState) -> None:
    """A plan has ended: it is kept as long as a reorg could take back what it did."""
    if any(order.placed.part is not None and order.placed.part.plan == plan.id for order in book.ended.values()):
        book.plans_over[plan.id] = plan


def finalised(book: Book) -> None:
    """Orders are forgotten, and with the last of a plan that has ended, the plan."""
    needed = {order.placed.part.plan for order in book.ended.values() if order.placed.part is not None}
    for plan in [each for each in book.plans_over if each not in needed]:
        del book.plans_over[plan]


def on_way(book: Book, plan: PlanState, leg: str) -> int:
    """Lots of a leg that may still be filled, whatever is known of their orders."""
    return sum(_unfilled(book, order) for order in plan.leg(leg).working)


def order_of(intent: str) -> str:
    """The order that an intent becomes in a pool."""
    return f"{intent}.0"


def _unfilled(book: Book, id_: str) -> int:
    order = book.orders.get(id_)
    if order is None:
        part = book.pending[id_.removesuffix(".0")].part
        return part.size if part is not None else 0
    part = order.placed.part
    swapped = any(each.amount or each.cash for each in order.booked)
    return 0 if part is None or swapped else part.size


def _on_its_way(book: Book, part: Part, order: str) -> None:
    """Never more than what is left, less what is on its way already."""
    plan = book.plans[part.plan]
    rule = rule_of(plan)
    pool = rule.pool(part.leg)
    left = rule.left(pool) - sum(on_way(book, plan, leg) for leg in plan.legs if rule.pool(leg) == pool)
    if part.size > left:
        raise IllegalTransition(f"order {order} is for {part.size} lots, {left} are left of plan {part.plan}")
    plan.legs.setdefault(part.leg, Leg()).working.append(order)
