"""Orders on their way: which step is next, what an answer leads to, and when an order has ended.

`Attempts` carries a step to the chain, `Settlement` books what came of it, `Wallet` compares the books with the chain;
none of them knows what comes next.
"""

from typing import TYPE_CHECKING

from sniper.events import BalancesRead, Sent, Settled, Signed
from sniper.kernel import facts as f
from sniper.kernel.asks import ReadBalances, Send, Settle, Sign
from sniper.kernel.attempts import Attempts
from sniper.kernel.book import NO_STEP, Order
from sniper.kernel.orders import IN_FLIGHT, NONCE_PASSED, NOT_SIGNED
from sniper.kernel.settlement import Settlement
from sniper.kernel.wallet import Wallet
from sniper.types import KillLevel

if TYPE_CHECKING:
    from sniper.kernel.account import Account

TOO_LATE = "deadline passed"
GONE = "the gap closed before it was sent"
UNWANTED = "its plan does not want it any more"
OVERTAKEN = "its pool alone is the better way by now"


class Execution:
    """The orders of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.attempts = Attempts(account)
        self.settlement = Settlement(account, self.attempts)
        self.wallet = Wallet(account, self.attempts)

    # ---- what is next ----

    def advance(self, order: Order) -> None:
        """Start the order's next step; end it where none is left or one failed. Where an attempt is under way, wait, or
        sign the step behind it, if those of a plan leave together."""
        account = self.account
        if order.state != "working" or any(a.state == "signing" for a in order.attempts):
            return
        step: int | None = order.step
        under_way = any(a.state in IN_FLIGHT for a in order.attempts)
        if under_way:
            step = self.attempts.follows(order)
        elif (outcome := _outcome(order)) is not None:
            self._end(order, *outcome)
            return
        if step is None:
            return
        sender = account.book.sender(order.placed.chain_id, order.placed.owner)
        pointless = self._pointless(order)
        if pointless and under_way:
            if self.attempts.give_up(order, pointless):
                self.advance(order)
        elif pointless:
            self._end(order, "cancelled", pointless)
        elif account.book.kill == KillLevel.FREEZE or account.book.halted or not sender.known:
            return
        elif not self.attempts.signing(order.placed.owner):  # one at a time: a refused one then gives its nonce back
            stake = account.planning.stake_of(order)
            bid = self.attempts.bid(urgent=order.placed.urgent, blocks_waited=0, stake=stake)
            kept = account.presigning.of(order, step, sender.next_nonce)
            bid = kept.sale.sign.bid if kept is not None else bid
            self.attempts.make(order, step, sender.next_nonce, bid, signed=kept)
            if not account.kernel.wiring.signs:
                self.advance(order)

    def _pointless(self, order: Order) -> str:
        """Why the next step should not be taken any more; empty where it should."""
        account, side = self.account, order.placed.side
        if self.attempts.late(order):
            return TOO_LATE
        if side == "arbitrage" and account.arbitrages.gone(order):
            return GONE
        if order.placed.part is not None and account.plans.unwanted(order):
            return UNWANTED
        return OVERTAKEN if side == "reduce" and account.sales.overtaken(order) else ""

    def _after(self, order: Order) -> None:
        """An attempt of this order is over: what follows for it, then for those of its wallet that wait for a
        signature."""
        self.advance(order)
        book, wallet = self.account.book, order.placed.owner
        for key in book.indexed.idle_of((order.placed.chain_id, wallet)):
            if self.attempts.signing(wallet):
                return
            if key in book.orders:
                self.advance(book.orders[key])

    def _next_in_line(self) -> None:
        book = self.account.book
        for key in book.indexed.idle():
            if key in book.orders:
                self.advance(book.orders[key])

    def _end(self, order: Order, state: str, reason: str) -> None:
        account = self.account
        account.emit(f.OrderEnded(time=account.kernel.now, order=order.id, state=state, reason=reason))
        account.outcomes.ended(order)
        account.plans.order_ended(order)

    # ---- answers ----

    def signed(self, event: Signed) -> None:
        """The signer has signed: the bytes are on record from here on, and leave once they are durable."""
        account = self.account
        body = account.close_ask(event.ask)
        if not isinstance(body, Sign):
            return
        order, attempt = account.book.attempt_of(body.attempt)
        if order.took(attempt.nonce):  # what it was to replace got into a block meanwhile
            self.attempts.move(order, attempt, "dropped", note="not needed any more")
        elif not (attempt.replaces or attempt.cancel) and account.plans.unwanted(order):
            self.attempts.move(order, attempt, "dropped", note=UNWANTED, tx_hash=event.tx_hash)
            self.attempts.give_up(order, UNWANTED)
        else:
            self.attempts.ready(order, attempt, event.raw, event.tx_hash)
            if attempt.replaces:
                self.attempts.outbid(order)  # the rest of its plan
        self._after(order)

    def not_signed(self, body: Sign, code: str, message: str) -> None:
        """The signer refused or is gone: nothing has left, neither this one nor what was to leave with it, and the
        nonces are free again."""
        order, attempt = self.account.book.attempt_of(body.attempt)
        note = f"{NOT_SIGNED}: {code}: {message}"
        self.attempts.move(order, attempt, "dropped", note=note)
        if not attempt.replaces:
            self.attempts.give_up(order, note)
        self._after(order)

    def sent(self, event: Sent) -> None:
        """A node's word on a broadcast."""
        account = self.account
        body = account.close_ask(event.ask)
        if not isinstance(body, Send):
            return
        for submission in (body.submission, *reversed(body.submission.before)):
            order, attempt = account.book.attempt_of(submission.attempt)
            if attempt.state in IN_FLIGHT:
                self.attempts.sent(order, attempt, event)
        if event.outcome == "not-sent":
            self._after(order)
        elif event.outcome == "nonce-too-low":
            self.wallet.read(body.submission.owner)
        else:
            self.attempts.leave(order)

    def not_sent(self, body: Send) -> None:
        """No answer to a broadcast: the outcome is unknown, and the same bytes go out again with the next block."""
        for submission in (*body.submission.before, body.submission):
            order, attempt = self.account.book.attempt_of(submission.attempt)
            if attempt.state in IN_FLIGHT:
                self.attempts.move(order, attempt, "unknown", note="no answer")

    def settled(self, event: Settled) -> None:
        """What a transaction did, or that no block has it yet."""
        account = self.account
        body = account.close_ask(event.ask)
        if not isinstance(body, Settle):
            return
        order, attempt = account.book.attempt_of(body.submission.attempt)
        if attempt.state not in IN_FLIGHT:
            return
        if not event.included:
            if attempt.note == NONCE_PASSED and account.chain.number > attempt.block:
                note = "its nonce was used outside sniper"
                self.attempts.move(order, attempt, "replaced", note=note, block=attempt.block)
                self._after(order)
                self.wallet.read(order.placed.owner, anew=True)  # whatever used it has paid for it
            return
        if not self._on_chain(event):
            return  # of a block that is gone, or that the feed has not brought yet: asked again with the next block
        asked = self.attempts.asked(order, Settle)
        if self.attempts.waits(order, attempt):  # nonces are used in order: what came before is booked first
            before = [a.id for a in order.attempts if a.state in IN_FLIGHT and a.nonce < attempt.nonce]
            if self.attempts.doubts(order, attempt) and not (before and asked.issuperset(before)):
                self.wallet.read(order.placed.owner)
            return
        self.attempts.included(order, attempt, event)
        self.settlement.book(order, attempt, event)
        if order.placed.side == "transfer" and event.ok and (to := account.transfers.own(order)):
            self.wallet.read(to, anew=True)
        for other in order.attempts:
            if other.state in IN_FLIGHT and other.nonce == attempt.nonce + 1 and other.id not in asked:
                self.attempts.settle(order, other)  # of the same block, perhaps, and was answered before its turn
        self.advance(order)

    def _on_chain(self, event: Settled) -> bool:
        """Whether the kernel knows the block of a settlement, and under this hash."""
        chain = self.account.chain
        if event.block > chain.number:
            return False
        known = next((header.hash for header in reversed(chain.headers) if header.number == event.block), "")
        return not known or not event.block_hash or known == event.block_hash

    def wallet_read(self, event: BalancesRead) -> None:
        """What the chain says a wallet owns, and its next nonce, for which orders may have waited."""
        body = self.account.close_ask(event.ask)
        if isinstance(body, ReadBalances):
            self.wallet.compare(body.owner, event)
            self._fill(body.owner)
            self._next_in_line()

    def _fill(self, wallet: str) -> None:
        """What waits above a missing nonce would wait for ever. Not at once: what had it may yet come back by itself,
        and the node that was asked may lag."""
        account = self.account
        sender = account.book.sender(account.wiring.chain_id, wallet)
        waited = account.chain.number - sender.gap_block
        if not sender.gap_block or waited < account.wiring.execution.replace_after_blocks:
            return
        if account.book.kill != KillLevel.FREEZE and not self.attempts.signing(wallet):
            missing = account.book.missing(account.wiring.chain_id, wallet)
            self.attempts.fill(wallet, missing, self.attempts.bid(urgent=True, blocks_waited=waited))

    # ---- blocks and restarts ----

    def block(self) -> None:
        """A new head: ask what became of attempts, send unknown ones again, outbid late ones, start what waits."""
        book = self.account.book
        for wallet in self.account.wallets.addresses:
            if self.wallet.due(wallet):
                self.wallet.read(wallet)
        if not book.orders:
            return
        in_flight = book.in_flight()  # in the order of nonces, in which alone they can be booked
        last = {order.id: attempt for order, attempt in in_flight}
        asked = {
            each for order, a in in_flight if a is last[order.id] for each in self.attempts.asked(order, Settle, Send)
        }
        for order, attempt in in_flight:
            signing = order.id in book.indexed.signing and attempt.state == "signed"
            if attempt.id not in asked and not signing:  # else it leaves with what is being signed
                self.attempts.settle(order, attempt)
                if self.attempts.leaves_again(order, attempt):
                    self.attempts.send(order, attempt)
            if attempt is last[order.id]:
                self.attempts.outbid(order)
                self.advance(order)  # what follows in its plan
        self._next_in_line()

    def reorg(self, chain_id: int, ancestor: int) -> None:
        """Blocks above ``ancestor`` are gone: what happened in them is taken back, and its attempts are open again."""
        account = self.account
        for ask in list(account.book.asks.values()):
            # Its answer may be about a block that is gone, and come when nobody remembers that.
            if isinstance(ask.body, Settle):
                account.emit(f.Closed(time=account.kernel.now, ask=ask.id))
        self.settlement.take_back(chain_id, ancestor)
        # transactions that were not sniper's may be gone as well, and their nonces free again
        for wallet in account.wallets.addresses:
            account.emit(f.Unsynced(time=account.kernel.now, chain_id=chain_id, owner=wallet))
            self.wallet.read(wallet, anew=True)

    def began(self) -> None:
        """A process took over: what was being sent may or may not have arrived. The same bytes go out again."""
        account = self.account
        account.emit(f.Began(time=account.kernel.now))
        account.wallets.began()
        for order, attempt in account.book.in_flight():
            self.attempts.move(order, attempt, "unknown")
            self.attempts.settle(order, attempt)
            self.attempts.send(order, attempt)
        for wallet in account.wallets.addresses:
            self.wallet.read(wallet)


def _outcome(order: Order) -> tuple[str, str] | None:
    """State and reason in which an order with nothing under way has ended; None while a step is left to be tried."""
    here = [attempt for attempt in order.attempts if attempt.step >= order.step]
    for attempt in order.attempts:
        if attempt.state == "reverted":
            return "failed", attempt.note or "reverted without a reason"
        if attempt.state == "included" and attempt.cancel and attempt.step != NO_STEP:
            return "cancelled", "cancelled"
    if order.step >= len(order.steps):
        return "done", ""
    if not here:
        return None
    last = here[-1]
    return ("cancelled" if last.state == "dropped" and last.tx_hash else "failed"), last.note
