"""What an order's end, or its being taken back, means for its position, for the guard of that and for its strategy."""

from typing import TYPE_CHECKING

from sniper.events import ArbitrageEnded, ChainOrderEnded, EntryDenied, PositionClosed
from sniper.exit import Sell
from sniper.kernel.book import Order, Position
from sniper.kernel.guards import Guard
from sniper.kernel.orders import NOT_SIGNED
from sniper.kernel.positions import move, restate
from sniper.proposal import Leg
from sniper.types import BPS

if TYPE_CHECKING:
    from sniper.kernel.account import Account


class Outcomes:
    """Of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    def ended(self, order: Order) -> None:
        """An order of this account has ended: what becomes of its position."""
        account = self.account
        position = account.book.positions.get(order.placed.token)
        if order.placed.side in ("increase", "reduce"):
            self._told(order)
        if order.placed.side == "arbitrage":
            self._went_round(order)
            return
        if order.placed.range is not None:
            account.ranges.ended(order)
            return
        if order.placed.side == "transfer" or position is None:
            return
        if not position.amount:
            if account.book.of_token(order.placed.token):
                return  # an order that is on its way again after a reorg
            if order.placed.side == "increase" and not order.filled and order.placed.part is None:
                rule = f"execution.{order.reason or order.state}"
                denied = EntryDenied(
                    time=account.kernel.now,
                    token=order.placed.token,
                    intent=order.placed.intent,
                    rule=rule,
                    retry_at=None,
                )
                account.tell(order.placed.instance, denied)
            self._flat(position)
            return
        guard = account.exits.guards.get(order.placed.token)
        if order.placed.side != "reduce":
            restate(account, position, position.failures)
            return
        done = order.state == "done"
        if order.placed.part is not None or (order.placed.once and not done):
            self._sold_by_itself(position, guard, done=done)
            return
        if order.state != "done":
            if guard is not None:
                account.sales.failed(guard)
                if order.reason.startswith(NOT_SIGNED):
                    account.sales.unsigned(guard)
                if order.placed.route is not None and guard.pending is not None:
                    account.sales.sell(guard, guard.pending)  # through its pool alone, and not a block later for that
            return
        restate(account, position, 0)
        if guard is None:
            return
        if guard.pending is not None and _wants_more(guard.pending, order, position):
            account.sales.sell(guard, guard.pending)
            return
        guard.pending = None
        account.exits.valued(guard)

    def _sold_by_itself(self, position: Position, guard: Guard | None, *, done: bool) -> None:
        """A sale that says nothing of one that has to be: its plan tries again, or its strategy. What an exit wanted
        meanwhile is another wish."""
        restate(self.account, position, 0 if done else position.failures)
        if guard is not None and guard.pending is not None:
            self.account.sales.sell(guard, guard.pending)
        elif guard is not None:
            self.account.exits.valued(guard)  # they were not asked while it was on its way

    def _told(self, order: Order) -> None:
        account, placed = self.account, order.placed
        if not account.heard(placed.instance, ChainOrderEnded):
            return
        account.tell(
            placed.instance,
            ChainOrderEnded(
                time=account.kernel.now,
                intent=placed.intent,
                token=placed.token,
                side=placed.side,
                state=order.state,
                amount=sum(booked.amount for booked in order.booked),
                cash=sum(booked.cash for booked in order.booked),
            ),
        )

    def _went_round(self, order: Order) -> None:
        account, placed = self.account, order.placed
        legs = placed.route.legs if placed.route else ()
        ended = ArbitrageEnded(
            time=account.kernel.now,
            intent=placed.intent,
            legs=tuple(Leg(pool=leg.pool, token_in=leg.coin_in, token_out=leg.coin_out) for leg in legs),
            state=order.state,
            gained=sum(booked.realised for booked in order.booked),
        )
        account.tell(placed.instance, ended)
        self.drained(placed.instance)
        self._taught(order)

    def _taught(self, order: Order) -> None:
        """Let the fee estimator know whether what was bid for an arbitrage was enough, where a bid has left: once, as
        it ended first. A reorg says more of the chain than of the bid."""
        account, last = self.account, len(order.placed.steps) - 1
        bids = [a.bid for a in order.attempts if a.step == last and not a.cancel and a.state != "dropped"]
        stake = account.planning.stake_of(order)
        if not bids or stake is None or order.ended_before:
            return
        try:
            account.chain.fee.outcome(stake, bids[-1], won=order.state == "done")
        except Exception as error:  # a plugin's code
            account.kernel.report(f"the fee estimator of chain {account.chain.id} failed on {order.id}", error)

    def _flat(self, position: Position) -> None:
        account = self.account
        move(account, position, "closed", 0)
        account.exits.retire(position.token)
        account.tell(
            position.instance,
            PositionClosed(time=account.kernel.now, token=position.token, pnl=position.realised),
        )
        self.drained(position.instance)

    def drained(self, name: str) -> None:
        """Remove a strategy that was to go once it holds nothing."""
        instance = self.account.instances.get(name)
        if instance is not None and instance.state == "draining" and not instance.holds():
            instance.command("remove", "")

    def lost(self, position: Position) -> None:
        """The chain shows none of it any more, and no sale of ours took it: there is nothing left to sell."""
        guard = self.account.exits.guards.get(position.token)
        if guard is not None:
            guard.pending = None
        if position.state in ("open", "stuck"):
            move(self.account, position, "written-off", position.failures)
            self.account.worth_changed(position)

    def retracted(self, order: Order) -> None:
        """A reorg took back a transaction of this order: its position is what it was before."""
        if order.placed.range is not None:
            self.account.ranges.retracted(order)
            return
        if order.placed.side in ("arbitrage", "transfer"):
            return  # there is none
        account = self.account
        position = account.book.positions[order.placed.token]
        restate(account, position, position.failures)
        if not position.amount:
            account.exits.retire(position.token)
        else:
            account.exits.revive(position)
            guard = account.exits.guards.get(position.token)
            tried_again = order.placed.side == "reduce" and not order.placed.once
            if guard is not None and guard.pending is None and tried_again:
                # should the sale fail in its new block, it is tried again
                share = min(BPS, -(-order.placed.amount_in * BPS // position.amount))
                guard.pending = Sell(reason="a reorg took the sale back", share_bps=share, urgent=order.placed.urgent)


def _wants_more(pending: Sell, order: Order, position: Position) -> bool:
    """Whether the pending sale was decided while ``order`` was on its way: it wants all where the order sold a part, or
    is an emergency where the order was none. What is left after a sale of everything is dust, and is not sold again."""
    everything = pending.share_bps >= BPS and order.placed.amount_in < order.filled + position.amount
    return everything or (pending.urgent and not order.placed.urgent)
