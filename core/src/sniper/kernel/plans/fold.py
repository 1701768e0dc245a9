"""How facts about plans change the books of an account; see `sniper.kernel.fold`."""

from sniper.errors import IllegalTransition
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.kernel.plans import pool_fold as pools
from sniper.kernel.plans.book import Leg, PlanState
from sniper.kernel.plans.kinds import rule_of


def started(book: Book, fact: f.PlanStarted) -> None:
    if fact.plan in book.plans:
        raise IllegalTransition(f"plan {fact.plan} was started already")
    book.plans[fact.plan] = PlanState(started=fact, memory=fact.memory)


def moved(book: Book, fact: f.PlanMoved) -> None:
    book.plans[fact.plan].memory = fact.memory


def narrowed(book: Book, fact: f.PlanNarrowed) -> None:
    book.plans[fact.plan].narrowed = fact.reason


def ending(book: Book, fact: f.PlanEnding) -> None:
    plan = book.plans[fact.plan]
    plan.ending, plan.note = fact.state, fact.note


def waits(book: Book, fact: f.PlanWaits) -> None:
    leg = book.plans[fact.plan].legs.setdefault(fact.leg, Leg())
    leg.tries, leg.retry_at = fact.tries, fact.until


def ended(book: Book, fact: f.PlanEnded) -> None:
    plan = book.plans[fact.plan]
    working = [order for leg in plan.legs.values() for order in leg.working]
    if working:
        raise IllegalTransition(f"plan {fact.plan} cannot end while {', '.join(working)} may still be filled")
    del book.plans[fact.plan]
    pools.over(book, plan)


def placed(book: Book, fact: f.ExchangeOrderPlaced) -> None:
    """One of its orders: never more than what is left, less what is on its way already."""
    plan = book.plans[fact.plan]
    rule = rule_of(plan)
    pool = rule.pool(fact.leg)
    left = rule.left(pool) - sum(on_way(book, plan, leg) for leg in plan.legs if rule.pool(leg) == pool)
    if fact.new.size > left:
        raise IllegalTransition(f"order {fact.order} is for {fact.new.size} lots, {left} are left of plan {fact.plan}")
    plan.legs.setdefault(fact.leg, Leg()).working.append(fact.order)


def filled(book: Book, order: ExchangeOrder, fact: f.ExchangeFilled) -> None:
    """A fill of one of its orders. One of a plan that has ended changes nothing."""
    plan = book.plans.get(order.placed.plan)
    if plan is not None:
        leg = plan.legs[order.placed.leg]
        leg.filled += fact.fill.size
        leg.amount += fact.amount
        leg.price = fact.fill.price
        leg.tries = leg.retry_at = 0


def order_ended(book: Book, order: ExchangeOrder) -> None:
    """Nothing more of it will be filled, by all that is known."""
    plan = book.plans.get(order.placed.plan)
    if plan is not None:
        leg = plan.legs[order.placed.leg]
        leg.working.remove(order.id)
        if order.cancelling and order.venue_id:
            leg.tries = 0  # the exchange had taken it


def on_way(book: Book, plan: PlanState, leg: str) -> int:
    """Lots of a leg that may still be filled, whatever is known of their orders."""
    if plan.started.instrument.in_pool:
        return pools.on_way(book, plan, leg)
    orders = book.desks[plan.started.instrument.venue].orders
    found = (orders[order] for order in plan.leg(leg).working)
    return sum(order.placed.new.size - order.filled for order in found)
