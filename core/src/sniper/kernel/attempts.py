"""Attempts: the sender state machine. One nonce for one step, signed, sent, outbid, and sent again if in doubt.

All of it is decided here and only carried out outside: executors transmit, the signer signs.
"""

from typing import TYPE_CHECKING

from sniper.events import Sent, Settled
from sniper.executor import Submission
from sniper.kernel import facts as f
from sniper.kernel.asks import Send, Settle, Sign
from sniper.kernel.book import NO_STEP, Attempt, Order
from sniper.kernel.orders import IN_FLIGHT
from sniper.types import NATIVE, FeeBid, KillLevel, Stake, split_asset
from sniper.venue import Swap

if TYPE_CHECKING:
    from sniper.kernel.account import Account

BUMP_NUMERATOR, BUMP_DENOMINATOR = 1125, 1000
"""A replacement outbids by 12.5%: nodes want at least 10% (geth, ``txpool.pricebump``)."""
DEFAULT_TIP = 10**9
"""Wei per gas."""
RESEND_BLOCKS = 10
"""A last bid goes out again so often: pools drop what waits for long, and all later nonces would wait with it."""


class Attempts:
    """Of one account, which is the only user of its address."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    # ---- one by one ----

    def signing(self) -> bool:
        """Whether one is being signed: one at a time, so that a refused one always gives its nonce back."""
        return bool(self.account.book.indexed.signing)

    def make(
        self, order: Order, step: int, nonce: int, bid: FeeBid, *, replaces: str = "", cancel: bool = False
    ) -> None:
        """Take a nonce for a step, or bid again for one that is taken, and have it signed."""
        account = self.account
        attempt_id = f"{order.id}#{len(order.attempts)}"
        account.emit(
            f.AttemptMade(
                time=account.kernel.now,
                attempt=attempt_id,
                order=order.id,
                step=step,
                nonce=nonce,
                bid=bid,
                block=account.chain.number,
                replaces=replaces,
                cancel=cancel,
                data_gas=account.planning.data_gas(order.carried(step, cancel=cancel)),
            )
        )
        attempt = order.attempts[-1]
        transaction = order.transaction(attempt)
        if account.kernel.wiring.signs:
            body = Sign(
                attempt=attempt_id,
                purpose=transaction.purpose,
                chain_id=order.placed.chain_id,
                sender=order.placed.owner,
                nonce=nonce,
                bid=bid,
                gas=transaction.gas,
                to=transaction.to,
                value=transaction.value,
                data=transaction.data,
                legacy=account.chain.wiring.legacy,
            )
            account.ask(f"{attempt_id}?sign", body, account.wiring.execution.sign_deadline)
        else:
            self.ready(order, attempt, b"", f"unsigned:{attempt_id}")

    def bid(self, *, urgent: bool, blocks_waited: int, stake: Stake | None = None) -> FeeBid:
        """What to offer now. Where the estimator fails, twice the base fee and a tip, as go-ethereum's
        ``accounts/abi/bind`` does: a sale must not wait for a plugin."""
        account, chain = self.account, self.account.chain
        try:
            return chain.bid(urgent=urgent, blocks_waited=blocks_waited, stake=stake)
        except Exception as error:  # a plugin's code
            account.kernel.report(f"the fee estimator of chain {chain.id} makes no bid", error)
            return chain.offered(FeeBid(max_priority_fee=DEFAULT_TIP, max_fee=2 * chain.base_fee + DEFAULT_TIP))

    def fill(self, nonces: list[int], bid: FeeBid) -> None:
        """Take nonces that a reorg gave back with transactions that do nothing, for what waits above them."""
        order = next(o for o, a in self.account.book.in_flight() if a.nonce > nonces[-1])
        for nonce in nonces:
            self.make(order, NO_STEP, nonce, bid, cancel=True)

    def ready(self, order: Order, attempt: Attempt, raw: bytes, tx_hash: str) -> None:
        """It is signed: the bytes are on record from here on, and leave once they are durable."""
        self.move(order, attempt, "signed", raw=raw, tx_hash=tx_hash)
        self.send(order, attempt)

    def send(self, order: Order, attempt: Attempt) -> None:
        """Hand it to the executor."""
        account = self.account
        if account.book.kill == KillLevel.FREEZE and not attempt.cancel:
            return  # it leaves with the first block after
        account.ask(
            f"{attempt.id}?send-{account.book.asks_made}",
            Send(submission=self.submission(order, attempt)),
            account.wiring.execution.send_deadline,
        )

    def settle(self, order: Order, attempt: Attempt) -> None:
        """Ask what the chain did with it."""
        account = self.account
        account.ask(
            f"{attempt.id}?settle-{account.book.asks_made}",
            Settle(submission=self.submission(order, attempt)),
            account.wiring.execution.settle_deadline,
        )

    def submission(self, order: Order, attempt: Attempt) -> Submission:
        """What an executor is told of an attempt."""
        book, placed = self.account.book, order.placed
        step = order.transaction(attempt)
        position = book.positions.get(placed.token) or book.closed.get(placed.token)
        token, quote = split_asset(placed.token)[1], split_asset(placed.quote)[1]
        held = [(token, position.amount if position else 0)] if token != quote else []
        if quote != NATIVE:
            held.append((quote, book.cash.get(placed.quote, 0)))
        swap: Swap | None = None
        if step.purpose in ("entry", "exit"):
            opens = step.purpose == "entry"
            swap = Swap(
                chain_id=placed.chain_id,
                owner=placed.owner,
                token_in=quote if opens else token,
                token_out=token if opens else quote,
                pool=split_asset(placed.pool)[1],
                amm=placed.amm,
                pool_data=placed.pool_data,
                amount_in=placed.amount_in,
                min_out=placed.min_out,
                deadline=placed.deadline,
                allowance=0,
                opens=opens,
                legs=placed.route.legs if placed.route else (),
            )
        return Submission(
            account=self.account.name,
            attempt=attempt.id,
            chain_id=placed.chain_id,
            owner=placed.owner,
            purpose=step.purpose,
            nonce=attempt.nonce,
            gas=step.gas,
            max_fee=attempt.bid.max_fee,
            max_priority_fee=attempt.bid.max_priority_fee,
            tx_hash=attempt.tx_hash,
            raw=attempt.raw,
            swap=swap,
            held=tuple(held),
            urgent=placed.urgent,
            data_fee=self.account.planning.data_fee(step),
        )

    def move(
        self,
        order: Order,
        attempt: Attempt,
        state: str,
        *,
        note: str = "",
        raw: bytes = b"",
        tx_hash: str = "",
        block: int = 0,
    ) -> None:
        """Its next state: see `sniper.kernel.orders.ATTEMPT`."""
        self.account.emit(
            f.AttemptMoved(
                time=self.account.kernel.now,
                attempt=attempt.id,
                order=order.id,
                state=state,
                note=note,
                tx_hash=tx_hash,
                raw=raw,
                block=block,
            )
        )

    # ---- answers ----

    def sent(self, order: Order, attempt: Attempt, event: Sent) -> None:
        """A node's word on a broadcast. Only ``not-sent`` is certain; any refusal may still have been gossiped."""
        if event.outcome in ("accepted", "known"):
            self.move(order, attempt, "sent")
        elif event.outcome == "not-sent" and self._gives_back(order, attempt):
            self.move(order, attempt, "dropped", note=event.message or "not sent")
        elif event.outcome == "not-sent":
            self.move(order, attempt, "unknown", note="no answer")  # an earlier broadcast of it may have left
        else:
            self.move(order, attempt, "unknown", note=event.outcome)

    def included(self, order: Order, attempt: Attempt, event: Settled) -> None:
        """A block has it: no other attempt with its nonce can be in one."""
        state = "included" if event.ok else "reverted"
        self.move(order, attempt, state, note=event.revert_reason, block=event.block)
        for other in order.attempts:
            if other.nonce == attempt.nonce and other is not attempt and other.state in IN_FLIGHT:
                self.move(order, other, "replaced")

    def _gives_back(self, order: Order, attempt: Attempt) -> bool:
        """Whether an attempt that was not sent can be given up: nothing is ever signed, or it was never sent before and
        its nonce is the last one, so that the next transaction takes it. Not where another bid has that nonce."""
        account = self.account
        if not account.kernel.wiring.signs:
            return True
        sender = account.book.sender(account.wiring.chain_id, account.wiring.address)
        rivals = any(other.nonce == attempt.nonce and other is not attempt for other in order.attempts)
        last = sender.next_nonce == attempt.nonce + 1
        return attempt.state == "signed" and not attempt.replaces and last and not rivals

    # ---- blocks ----

    def leaves_again(self, order: Order, attempt: Attempt) -> bool:
        """Whether the same bytes should go out once more: they may never have left, or no better bid will follow."""
        if attempt.state == "sent" or (attempt.state == "unknown" and attempt.note not in ("", "no answer")):
            newest = [a for a in order.attempts if a.state in IN_FLIGHT and a.nonce == attempt.nonce][-1]
            waited = self.account.chain.number - attempt.made_block
            last = attempt is newest and _tries(order, attempt) >= 2 * self.account.wiring.execution.max_attempts
            return last and (attempt.state == "unknown" or waited % RESEND_BLOCKS == 0)
        return attempt.state in ("signed", "unknown")

    def outbid(self, order: Order) -> None:
        """Replace the newest attempt at the sender's lowest open nonce where it waits too long or was refused; cancel
        where more tries make no sense. An arbitrage that waits is cancelled at once: its gap was of an earlier block,
        and a higher bid would eat the profit for which it was allowed."""
        account, side = self.account, order.placed.side
        rules = account.wiring.execution
        live = [a for a in order.attempts if a.state in IN_FLIGHT]
        if not live:
            return
        lowest = min(attempt.nonce for attempt in live)
        newest = [attempt for attempt in live if attempt.nonce == lowest][-1]
        waited = account.chain.number - newest.made_block
        refused = newest.state == "unknown" and newest.note in ("underpriced", "insufficient-funds", "rejected")
        if not refused and waited < rules.replace_after_blocks:
            return
        if self.signing() or self.waits(order, newest):
            return  # no bid helps before the nonces below it are used
        frozen = account.book.kill == KillLevel.FREEZE
        if frozen and side == "reduce":
            return
        tries = _tries(order, newest)
        late = self.late(order)
        hopeless = frozen or late or newest.note in ("insufficient-funds", "rejected") or tries >= rules.max_attempts
        if hopeless and tries >= 2 * rules.max_attempts:
            return  # the last bid stays in the pool; it is watched until its nonce is used
        bid = self.bid(urgent=True, blocks_waited=waited)
        self.make(
            order,
            newest.step,
            newest.nonce,
            account.chain.offered(
                FeeBid(
                    max_priority_fee=max(bid.max_priority_fee, _bumped(newest.bid.max_priority_fee)),
                    max_fee=max(bid.max_fee, _bumped(newest.bid.max_fee)),
                )
            ),
            replaces=newest.id,
            cancel=newest.cancel or late or side == "arbitrage" or (hopeless and side in ("increase", "transfer")),
        )

    def late(self, order: Order) -> bool:
        """Whether the order's swap is still to come, and could only revert in the next block."""
        ahead = any(step.purpose in ("entry", "exit") for step in order.steps[order.step :])
        return ahead and 0 < order.placed.deadline <= self.account.chain.timestamp

    def waits(self, order: Order, attempt: Attempt) -> bool:
        """Whether one with a lower nonce is in flight."""
        lowest = self.account.book.indexed.lowest((order.placed.chain_id, order.placed.owner))
        return lowest is not None and lowest < attempt.nonce

    def doubts(self, order: Order, attempt: Attempt) -> bool:
        """Whether one is of which nobody knows that its nonce has passed."""
        lowest = self.account.book.indexed.lowest_open((order.placed.chain_id, order.placed.owner))
        return lowest is not None and lowest < attempt.nonce


def _tries(order: Order, attempt: Attempt) -> int:
    return sum(1 for a in order.attempts if a.step == attempt.step)


def _bumped(fee: int) -> int:
    return fee * BUMP_NUMERATOR // BUMP_DENOMINATOR + 1
