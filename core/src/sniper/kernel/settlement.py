"""Settlement: what a transaction in a block did to money and positions, and how a reorg takes that back.

Fills are measured by the balances that the chain shows, never by what a traded token's logs claim.
"""

from typing import TYPE_CHECKING

from sniper.errors import IllegalTransition
from sniper.events import Settled
from sniper.kernel import facts as f
from sniper.kernel.allowances import grants
from sniper.kernel.attempts import Attempts
from sniper.kernel.book import NO_STEP, Attempt, Order
from sniper.kernel.orders import NONCE_PASSED, TAKEN
from sniper.kernel.planning import checked
from sniper.kernel.positions import restate
from sniper.kernel.range_worth import worth
from sniper.types import NATIVE, LiquidityMoved, asset_id, split_asset

if TYPE_CHECKING:
    from sniper.kernel.account import Account

DUST = 100
"""What is left after a sale of everything is dust where it is at most one part in so many, and is not held any more."""


class Settlement:
    """Of one account."""

    def __init__(self, account: "Account", attempts: Attempts) -> None:
        self.account = account
        self.attempts = attempts

    def book(self, order: Order, attempt: Attempt, event: Settled) -> None:
        """The attempt is in a block: book what it moved."""
        allowances = self.account.allowances
        step = order.transaction(attempt)
        gas = event.gas_used * event.gas_price + event.data_fee
        if step.purpose == "entry" and event.ok and order.placed.side == "arbitrage":
            self._went_round(order, attempt, event, gas)
        elif order.placed.range is not None and step.purpose in ("entry", "exit") and event.ok:
            self._moved_liquidity(order, order.placed.range, attempt, event, gas)
        elif step.purpose == "transfer" and event.ok:
            self._went_out(order, attempt, event, gas)
        elif step.purpose == "entry" and event.ok:
            self._bought(order, attempt, event, gas)
        elif step.purpose == "exit" and event.ok:
            self._sold(order, attempt, event, gas)
        else:
            self._paid_gas(order, attempt, event, gas)
            if grants(step):
                allowances.approved(order, attempt, step, ok=event.ok, gas_used=event.gas_used)
            elif step.purpose == "exit" and order.placed.side == "reduce":
                self._shrunk(order, event)
                allowances.doubted(order, attempt)

    def _shrunk(self, order: Order, event: Settled) -> None:
        """A token that rebased or took a fee of its holders: to sell more than there is would revert for ever."""
        held = self.account.book.positions[order.placed.token].amount
        left = dict(event.balances).get(split_asset(order.placed.token)[1], held)
        if 0 < left < held:
            self._surplus(order, order.placed.token, held, left, "a sale that reverted showed that less is held")

    def _booked(
        self,
        order: Order,
        attempt: Attempt,
        event: Settled,
        gas: int,
        amount: int,
        cash: int,
        cost: int,
        realised: int,
        moved: f.RangeChange | None = None,
    ) -> None:
        native = asset_id(order.placed.chain_id, NATIVE)
        changes = {native: -gas}
        changes[order.placed.quote] = changes.get(order.placed.quote, 0) + cash
        for asset, change in changes.items():
            missing = -change - self.account.book.cash_of(asset, order.placed.owner)
            if missing > 0:  # it is paid already, so the wallet had more than when it was read
                self._surplus(order, asset, 0, missing, "a deposit that was not read yet has paid")
        self.account.emit(
            f.Booked(
                time=self.account.kernel.now,
                order=order.id,
                attempt=attempt.id,
                block=event.block,
                amount=amount,
                cash=cash,
                gas=gas,
                cost=cost,
                realised=realised,
                range=moved,
            )
        )
        self.account.worth_changed(self.account.book.positions.get(order.placed.token) or order.placed)

    def _paid_gas(self, order: Order, attempt: Attempt, event: Settled, gas: int) -> None:
        """Gas alone: on the position's cost where there is one, else a loss. Counted only in its own currency."""
        counted = gas if self.account.quote.endswith(NATIVE) else 0
        position = self.account.book.positions.get(order.placed.token)
        held = position is not None and position.amount > 0 and order.placed.range is None
        self._booked(order, attempt, event, gas, 0, 0, counted if held else 0, 0 if held else -counted)

    def _bought(self, order: Order, attempt: Attempt, event: Settled, gas: int) -> None:
        account, placed = self.account, order.placed
        position = account.book.positions[placed.token]
        native = placed.quote.endswith(NATIVE)
        moved = -event.native_delta - gas if native else self._cash_change(order, event)
        spent = min(max(moved, 0), placed.amount_in)
        received = max(0, dict(event.balances).get(split_asset(placed.token)[1], 0) - position.amount)
        counted = gas if native else 0
        if received or position.amount:
            self._booked(order, attempt, event, gas, received, -spent, spent + counted, 0)
            restate(account, position, position.failures)
        else:
            self._booked(order, attempt, event, gas, 0, -spent, 0, -spent - counted)
        self._surplus(order, placed.quote, moved, spent, "the entry cost more or less than it could")
        account.allowances.used(order, attempt, placed.quote)
        if not received:
            return
        if len(order.steps) == attempt.step + 1:  # not there from before a reorg
            self._approve_exit(order, position.amount)
        account.exits.arm(placed.token, placed.instance)

    def _went_round(self, order: Order, attempt: Attempt, event: Settled, gas: int) -> None:
        """An arbitrage: what came back beyond what was paid is profit, and nothing is held."""
        placed = order.placed
        native = placed.quote.endswith(NATIVE)
        moved = event.native_delta + gas if native else -self._cash_change(order, event)
        booked = max(moved, -placed.amount_in)
        self._booked(order, attempt, event, gas, 0, booked, 0, booked - (gas if native else 0))
        self._surplus(order, placed.quote, -moved, -booked, "the cycle cost more than was paid into it")
        self.account.allowances.used(order, attempt, placed.quote)

    def _went_out(self, order: Order, attempt: Attempt, event: Settled, gas: int) -> None:
        """A transfer: what was sent is neither profit nor loss, only its gas is."""
        placed = order.placed
        native = placed.quote.endswith(NATIVE)
        moved = -event.native_delta - gas if native else self._cash_change(order, event)
        sent = min(max(moved, 0), placed.amount_in)
        self._booked(order, attempt, event, gas, 0, -sent, 0, -gas if self.account.quote.endswith(NATIVE) else 0)
        self._surplus(order, placed.quote, moved, sent, "the transfer took more or less than was sent")

    def _moved_liquidity(self, order: Order, asked: f.PlacedRange, attempt: Attempt, event: Settled, gas: int) -> None:
        """Liquidity was put in or taken out: how much of it the position's own contract says, what the wallet paid and
        received its balances."""
        if event.moved is None:
            raise IllegalTransition(f"venue {order.placed.venue} does not say what {attempt.id} did to {asked.range}")
        held = self.account.book.ranges[asked.range]
        if order.placed.side == "withdraw" and event.moved.position != held.position:
            moved = f"position {event.moved.position}, and {asked.range} is position {held.position} since a reorg"
            raise IllegalTransition(f"attempt {attempt.id} took liquidity out of {moved}")
        if order.placed.side == "provide":
            self._provided(order, asked, attempt, event, event.moved, gas)
        else:
            self._withdrew(order, asked, attempt, event, event.moved, gas)
        self.account.ranges.made(held)

    def _provided(
        self,
        order: Order,
        asked: f.PlacedRange,
        attempt: Attempt,
        event: Settled,
        moved: LiquidityMoved,
        gas: int,
    ) -> None:
        account, placed = self.account, order.placed
        token, native = split_asset(placed.token)[1], placed.quote.endswith(NATIVE)
        i = asked.coins.index(token)
        paid = -event.native_delta - gas if native else self._cash_change(order, event)
        spent = min(max(paid, 0), placed.amount_in)
        position = account.book.positions.get(placed.token)
        held, cost = (position.amount, position.cost) if position is not None else (0, 0)
        gone = min(max(0, held - dict(event.balances).get(token, held)), asked.amounts[i])
        released = cost if gone == held else cost * gone // held
        change = f.RangeChange(
            range=asked.range,
            position=moved.position,
            liquidity=moved.liquidity,
            quote=moved.amounts[1 - i],
            token=moved.amounts[i],
            cost=spent + released + (gas if native else 0),
            fees_quote=0,
            fees_token=0,
        )
        self._booked(order, attempt, event, gas, -gone, -spent, -released, 0, change)
        self._surplus(order, placed.quote, paid, spent, "the range took more or less than it could")
        for coin, taken in ((placed.token, gone), (placed.quote, 0 if native else spent)):
            account.allowances.taken(order, attempt, coin, asked.spender, taken)

    def _withdrew(
        self,
        order: Order,
        asked: f.PlacedRange,
        attempt: Attempt,
        event: Settled,
        moved: LiquidityMoved,
        gas: int,
    ) -> None:
        """What came out beyond the liquidity is fees: of the quote asset, profit at once; of the token, a position that
        cost nothing. The liquidity's cost is shared between both coins by what they are worth; its part of the quote
        asset makes profit or loss."""
        account, placed = self.account, order.placed
        held = account.book.ranges[asked.range]
        token, native = split_asset(placed.token)[1], placed.quote.endswith(NATIVE)
        i = asked.coins.index(token)
        position = account.book.positions[placed.token]
        received = max(0, event.native_delta + gas if native else -self._cash_change(order, event))
        came = max(0, dict(event.balances).get(token, position.amount) - position.amount)
        fees_quote, fees_token = max(0, received - moved.amounts[1 - i]), max(0, came - moved.amounts[i])
        quote, tokens = received - fees_quote, came - fees_token
        taken = min(-moved.liquidity, held.liquidity)
        ends = taken == held.liquidity
        parts = (each if ends else each * taken // held.liquidity for each in (held.cost, held.quote_in, held.token_in))
        released, quote_out, token_out = parts
        pool = account.pool(placed.pool)
        value = worth(pool, token, tokens) if pool is not None else None
        if value is None:
            value = max(0, released - quote) if tokens else 0
        cost = released * value // (quote + value) if quote + value else 0
        change = f.RangeChange(
            range=asked.range,
            position=moved.position,
            liquidity=-taken,
            quote=-quote_out,
            token=-token_out,
            cost=-released,
            fees_quote=fees_quote,
            fees_token=fees_token,
        )
        realised = received - released + cost - (gas if native else 0)
        self._booked(order, attempt, event, gas, came, received, cost, realised, change)
        if came:
            restate(account, position, position.failures)
            account.exits.arm(placed.token, placed.instance)

    def _approve_exit(self, order: Order, amount: int) -> None:
        """Now that the amount is known, so that a sale needs one transaction and not two."""
        account, placed = self.account, order.placed
        spender = account.allowances.spender(placed.venue, placed.chain_id, placed.amm)
        allowed = account.allowances.granted(placed.token, spender, placed.owner)
        try:
            venue = account.kernel.wiring.venues[placed.venue]
            token = split_asset(placed.token)[1]
            approvals = checked(venue.approve(placed.chain_id, placed.amm, token, amount, allowed))
        except Exception as error:  # a plugin's code: the exit approves for itself
            account.kernel.report(f"venue {placed.venue} does not approve the exit of {order.id}", error)
            approvals = ()
        if approvals:
            account.emit(f.StepsAdded(time=account.kernel.now, order=order.id, steps=approvals, gas=0))

    def _sold(self, order: Order, attempt: Attempt, event: Settled, gas: int) -> None:
        placed = order.placed
        position = self.account.book.positions[placed.token]
        native = placed.quote.endswith(NATIVE)
        left = dict(event.balances).get(split_asset(placed.token)[1], 0)
        if placed.amount_in >= position.amount and left * DUST <= position.amount:
            left = 0  # sent by somebody, or rounded: it must not keep a position open that was sold
        sold = min(max(position.amount - left, 0), placed.amount_in)
        received = max(0, event.native_delta + gas if native else -self._cash_change(order, event))
        released = position.cost if sold == position.amount else position.cost * sold // position.amount
        realised = received - released - (gas if native else 0)
        self._booked(order, attempt, event, gas, -sold, received, -released, realised)
        self.account.allowances.used(order, attempt, placed.token)

    def _cash_change(self, order: Order, event: Settled) -> int:
        """What left of an ERC-20 quote asset, base units."""
        if event.quote_delta is not None:
            return -event.quote_delta
        before = self.account.book.cash_of(order.placed.quote, order.placed.owner)
        return before - dict(event.balances).get(split_asset(order.placed.quote)[1], before)

    def _surplus(self, order: Order, asset: str, moved: int, booked: int, reason: str) -> None:
        self.account.wallets.adjust(asset, booked - moved, reason, order.placed.owner)

    # ---- reorgs ----

    def take_back(self, chain_id: int, ancestor: int) -> None:
        """Take back what happened in blocks above ``ancestor``, newest first; those attempts are unknown again."""
        account = self.account
        book = account.book
        gone = [
            (attempt.block, attempt.nonce, attempt.id, order, attempt)
            for order in (*book.orders.values(), *book.ended.values())
            if order.placed.chain_id == chain_id
            for attempt in order.attempts
            if attempt.block > ancestor and (attempt.state in TAKEN or attempt.note == NONCE_PASSED)
        ]
        for _, _, _, order, attempt in sorted(gone, key=lambda item: item[:3], reverse=True):
            step = order.step if attempt.step == NO_STEP else attempt.step
            account.emit(f.OrderReopened(time=account.kernel.now, order=order.id, step=step))
            for booked in [b for b in reversed(order.booked) if b.attempt == attempt.id]:
                account.emit(
                    f.Booked(
                        time=account.kernel.now,
                        order=order.id,
                        attempt=attempt.id,
                        block=ancestor,
                        amount=-booked.amount,
                        cash=-booked.cash,
                        gas=-booked.gas,
                        cost=-booked.cost,
                        realised=-booked.realised,
                        undo=True,
                        range=None if booked.range is None else _undone(booked.range),
                    )
                )
                account.worth_changed(book.positions.get(order.placed.token) or order.placed)
            for _, token, spender, before in [entry for entry in reversed(order.allowed) if entry[0] == attempt.id]:
                account.allowances.changed(order, attempt, token, spender, before, undo=True)
            self.attempts.move(order, attempt, "unknown")
            for other in order.attempts:
                if other.nonce == attempt.nonce and other.state == "replaced":
                    self.attempts.move(order, other, "unknown")
            account.outcomes.retracted(order)


def _undone(change: f.RangeChange) -> f.RangeChange:
    """The contrary. What was made is no position any more; what was taken out is the one that it was."""
    return f.RangeChange(
        range=change.range,
        position=0 if change.liquidity > 0 else change.position,
        liquidity=-change.liquidity,
        quote=-change.quote,
        token=-change.token,
        cost=-change.cost,
        fees_quote=-change.fees_quote,
        fees_token=-change.fees_token,
    )
