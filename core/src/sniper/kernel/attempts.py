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
from sniper.venue import Provision, Removal, Swap

if TYPE_CHECKING:
    from sniper.kernel.account import Account

BUMP_NUMERATOR, BUMP_DENOMINATOR = 1125, 1000
"""A replacement outbids by 12.5%: nodes want at least 10% (geth, ``txpool.pricebump``)."""
DEFAULT_TIP = 10**9
"""Wei per gas."""
RESEND_BLOCKS = 10
"""A last bid goes out again so often: pools drop what waits for long, and all later nonces would wait with it."""


class Attempts:
    """Of one account, which is the only user of its wallets."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    # ---- one by one ----

    def signing(self, wallet: str) -> bool:
        """Whether one of a wallet is being signed: one at a time, so that a refused one always gives its nonce back."""
        book = self.account.book
        return any(book.orders[order].placed.owner == wallet for order in book.indexed.signing)

    def make(
        self,
        order: Order,
        step: int,
        nonce: int,
        bid: FeeBid,
        *,
        replaces: str = "",
        cancel: bool = False,
        signed: f.Presigned | None = None,
    ) -> None:
        """Take a nonce for a step, or bid again for one that is taken, and have it signed, or send ``signed``."""
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
        if signed is not None:
            self.ready(order, attempt, signed.raw, signed.tx_hash)
        elif account.kernel.wiring.signs:
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

    def fill(self, wallet: str, nonces: list[int], bid: FeeBid) -> None:
        """Take nonces that a reorg gave back with transactions that do nothing, for what waits above them."""
        live = self.account.book.in_flight_of(self.account.wiring.chain_id, wallet)
        order = next(order for order, attempt in live if attempt.nonce > nonces[-1])
        for nonce in nonces:
            self.make(order, NO_STEP, nonce, bid, cancel=True)

    def ready(self, order: Order, attempt: Attempt, raw: bytes, tx_hash: str) -> None:
        """It is signed: the bytes are on record from here on, and leave once they are durable; a first bid not before
        all steps that may leave with it are signed, too."""
        self.move(order, attempt, "signed", raw=raw, tx_hash=tx_hash)
        if attempt.replaces or attempt.cancel:
            self.send(order, attempt)
        elif self.follows(order) is None:
            self.leave(order)

    def follows(self, order: Order) -> int | None:
        """The step that may be signed while all before it are on their way; None where there is none."""
        if not self.account.wiring.execution.together:
            return None
        for step in range(order.step, len(order.steps)):
            bids = [a for a in order.attempts if a.step == step]
            if not bids:
                return step if step > order.step else None
            if bids[-1].state not in IN_FLIGHT or bids[-1].cancel:
                return None
        return None

    def held(self, order: Order) -> list[Attempt]:
        """What is signed and has certainly never left, in the order in which it was signed."""
        asked = self.asked(order, Send)
        return [a for a in order.attempts if a.state == "signed" and a.id not in asked]

    def asked(self, order: Order, *kinds: type) -> set[str]:
        """Ids of its attempts about which asks of these kinds are open."""
        indexed = self.account.book.indexed
        bodies = (ask.body for a in order.attempts for ask in indexed.asks(a.id) if isinstance(ask.body, kinds))
        found = (body.submission for body in bodies if isinstance(body, Send | Settle))
        return {each.attempt for submission in found for each in (*submission.before, submission)}

    def leave(self, order: Order) -> None:
        """Send what is held: all of it as one where the executor can do that; else the first, and each next one once
        a node has the one before it, for there are nodes that refuse a nonce before its turn."""
        held = self.held(order)
        if held:
            self.send(order, held[-1] if self.account.chain.wiring.atomic else held[0])

    def give_up(self, order: Order, note: str) -> bool:
        """Drop what is held, the highest nonce first, so that each is free again; False where something of the order
        stays on its way."""
        account = self.account
        for attempt in reversed(self.held(order)):
            sender = account.book.sender(order.placed.chain_id, order.placed.owner)
            rivals = any(other.nonce == attempt.nonce and other is not attempt for other in order.attempts)
            if attempt.replaces or rivals or sender.next_nonce != attempt.nonce + 1:
                break  # another bid has its nonce, or something waits above it
            self.move(order, attempt, "dropped", note=note)
        return not any(a.state in IN_FLIGHT for a in order.attempts)

    def send(self, order: Order, attempt: Attempt) -> None:
        """Hand it to the executor, with all of its plan where that goes into a block together or not at all."""
        account = self.account
        if account.book.kill == KillLevel.FREEZE and not attempt.cancel:
            return  # it leaves with the first block after
        before: tuple[Submission, ...] = ()
        if account.chain.wiring.atomic:
            bids = {a.nonce: a for a in order.attempts if a.state in IN_FLIGHT}
            plan = [a for _, a in sorted(bids.items()) if not a.cancel]
            if attempt in plan:
                attempt = plan.pop()
                before = tuple(self.submission(order, each) for each in plan)
            if attempt.id in self.asked(order, Send):
                return  # it went with another one of its plan
        account.ask(
            f"{attempt.id}?send-{account.book.asks_made}",
            Send(submission=self.submission(order, attempt, before)),
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

    def submission(self, order: Order, attempt: Attempt, before: tuple[Submission, ...] = ()) -> Submission:
        """What an executor is told of an attempt. ``before``: see `Submission`."""
        book, placed = self.account.book, order.placed
        step = order.transaction(attempt)
        position = book.positions.get(placed.token) or book.closed.get(placed.token)
        token, quote = split_asset(placed.token)[1], split_asset(placed.quote)[1]
        held = [(token, position.amount if position else 0)] if token != quote else []
        if quote != NATIVE:
            held.append((quote, book.cash_of(placed.quote, placed.owner)))
        swap: Swap | None = None
        liquidity = _liquidity(order) if step.purpose in ("entry", "exit") else None
        if step.purpose in ("entry", "exit") and liquidity is None:
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
            before=before,
            liquidity=liquidity,
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
            return
        if event.outcome == "not-sent":
            note = event.message or "not sent"
            self.give_up(order, note)
            if attempt.state in IN_FLIGHT and not self.account.kernel.wiring.signs:
                self.move(order, attempt, "dropped", note=note)  # nothing is ever signed, so nothing can be on its way
        if attempt.state in IN_FLIGHT:  # of what is not sent now, an earlier broadcast may have left
            self.move(order, attempt, "unknown", note="no answer" if event.outcome == "not-sent" else event.outcome)

    def included(self, order: Order, attempt: Attempt, event: Settled) -> None:
        """A block has it: no other attempt with its nonce can be in one."""
        state = "included" if event.ok else "reverted"
        self.move(order, attempt, state, note=event.revert_reason, block=event.block)
        for other in order.attempts:
            if other.nonce == attempt.nonce and other is not attempt and other.state in IN_FLIGHT:
                self.move(order, other, "replaced")

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
        """Replace what waits too long or was refused; cancel where more tries make no sense. An arbitrage that waits
        is cancelled at once: its gap was of an earlier block, and a higher bid would eat the profit for which it was
        allowed. The steps of a plan are outbid one after another, the lowest nonce first; where one is to be cancelled,
        the swap behind it is cancelled before it: without its approval it could only revert."""
        account = self.account
        newest = {a.nonce: a for a in order.attempts if a.state in IN_FLIGHT}
        if not newest or self.signing(order.placed.owner):
            return
        if account.book.kill == KillLevel.FREEZE and order.placed.side in ("reduce", "withdraw"):
            return
        for nonce in sorted(newest):
            attempt = newest[nonce]
            orphaned = _swaps(order, attempt) and _orphaned(order, attempt)
            if not orphaned and not self._due(attempt):
                continue
            plan = sum(a.nonce < attempt.nonce and a.step != NO_STEP for a in order.attempts if a.state in IN_FLIGHT)
            if account.book.indexed.below((order.placed.chain_id, order.placed.owner), attempt.nonce) > plan:
                return  # no bid helps before the nonces below its plan are used
            cancel = orphaned or attempt.cancel or self._hopeless(order, attempt)
            if cancel and not attempt.cancel:
                swaps = [n for n in newest if n > nonce and _swaps(order, newest[n])]
                attempt = newest[max(swaps, default=nonce)]
            if self._replace(order, attempt, cancel=cancel):
                return

    def _due(self, attempt: Attempt) -> bool:
        """Whether it waits for too long, or was refused."""
        if attempt.state == "unknown" and attempt.note in ("underpriced", "insufficient-funds", "rejected"):
            return True
        return self.account.chain.number - attempt.made_block >= self.account.wiring.execution.replace_after_blocks

    def _hopeless(self, order: Order, attempt: Attempt) -> bool:
        """Whether a higher bid makes no sense, so that its nonce is taken by a transaction that does nothing. A sale is
        never given up for that, but one that is late could only revert."""
        side, rules = order.placed.side, self.account.wiring.execution
        if side == "arbitrage" or self.late(order) or self.account.plans.unwanted(order):
            return True
        frozen = self.account.book.kill == KillLevel.FREEZE
        senseless = attempt.note in ("insufficient-funds", "rejected") or _tries(order, attempt) >= rules.max_attempts
        return side in ("increase", "provide", "transfer") and (frozen or senseless)

    def _replace(self, order: Order, attempt: Attempt, *, cancel: bool) -> bool:
        """Bid again with its nonce; False where enough was tried: the last bid stays in the pool, and is watched until
        its nonce is used."""
        rules = self.account.wiring.execution
        tries = _tries(order, attempt)
        last = cancel or attempt.note in ("insufficient-funds", "rejected") or tries >= rules.max_attempts
        if last and tries >= 2 * rules.max_attempts:
            return False
        bid = self.bid(urgent=True, blocks_waited=self.account.chain.number - attempt.made_block)
        self.make(
            order,
            attempt.step,
            attempt.nonce,
            self.account.chain.offered(
                FeeBid(
                    max_priority_fee=max(bid.max_priority_fee, _bumped(attempt.bid.max_priority_fee)),
                    max_fee=max(bid.max_fee, _bumped(attempt.bid.max_fee)),
                )
            ),
            replaces=attempt.id,
            cancel=cancel,
        )
        return True

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


def _liquidity(order: Order) -> Provision | Removal | None:
    """What an order puts into a range or takes out of it, for executors that play it; None for any other order."""
    placed, asked = order.placed, order.placed.range
    if asked is None:
        return None
    quote = split_asset(placed.quote)[1]
    if placed.side == "provide":
        return Provision(
            range=asked.range,
            chain_id=placed.chain_id,
            owner=placed.owner,
            pool=split_asset(placed.pool)[1],
            amm=placed.amm,
            pool_data=placed.pool_data,
            quote=quote,
            coins=asked.coins,
            amounts=asked.amounts,
            least=asked.least,
            lower=asked.lower,
            upper=asked.upper,
            native=quote == NATIVE,
            allowances=(0, 0),
            deadline=placed.deadline,
        )
    return Removal(
        range=asked.range,
        chain_id=placed.chain_id,
        owner=placed.owner,
        pool=split_asset(placed.pool)[1],
        amm=placed.amm,
        quote=quote,
        coins=asked.coins,
        position=asked.position,
        liquidity=asked.liquidity,
        lower=asked.lower,
        upper=asked.upper,
        least=asked.least,
        native=quote == NATIVE,
        ends=asked.ends,
        deadline=placed.deadline,
    )


def _swaps(order: Order, attempt: Attempt) -> bool:
    return order.transaction(attempt).purpose in ("entry", "exit")


def _orphaned(order: Order, attempt: Attempt) -> bool:
    """Whether a step before its own will not happen: reverted, cancelled, or its nonce used by something else."""
    for step in range(attempt.step):
        bids = [a for a in order.attempts if a.step == step]
        alive = any(a.state == "included" or a.state in IN_FLIGHT for a in bids if not a.cancel)
        ends = any(a.state == "included" or a.state in IN_FLIGHT for a in bids if a.cancel)
        if bids and (ends or not alive):
            return True
    return False


def _tries(order: Order, attempt: Attempt) -> int:
    return sum(1 for a in order.attempts if a.step == attempt.step)


def _bumped(fee: int) -> int:
    return fee * BUMP_NUMERATOR // BUMP_DENOMINATOR + 1
