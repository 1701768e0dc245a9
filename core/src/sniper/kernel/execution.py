"""Orders on their way: steps, attempts, nonces, fees, replacements, and what the chain says came of them.

All of it is decided here and only carried out outside: executors transmit, the signer signs.
"""

from typing import TYPE_CHECKING

from sniper.errors import IllegalTransition
from sniper.events import BalancesRead, Sent, Settled, Signed
from sniper.executor import Submission
from sniper.kernel import facts as f
from sniper.kernel.asks import ReadBalances, Send, Settle, Sign
from sniper.kernel.book import Attempt, Order, allowance_id
from sniper.kernel.market import Pool
from sniper.kernel.orders import IN_FLIGHT
from sniper.risk import Finding, at_least, must
from sniper.types import BPS, NATIVE, Entry, FeeBid, KillLevel, Step, asset_id, split_asset
from sniper.venue import Swap

if TYPE_CHECKING:
    from sniper.kernel.account import Account

BUMP_NUMERATOR, BUMP_DENOMINATOR = 1125, 1000
"""A replacement outbids by 12.5%: nodes want at least 10% (geth, ``txpool.pricebump``)."""
CANCEL_GAS = 21_000
DUST = 100
"""What is left after a sale of everything is dust where it is at most one part in so many, and is not held any more."""
SOME = 1
"""Stands for an allowance that is not known, but may not be nothing: too little, so a venue resets it first."""
RESEND_BLOCKS = 10
"""A last bid goes out again so often: pools drop what waits for long, and all later nonces would wait with it."""
NONCE_PASSED = "nonce passed"
TOO_LATE = "deadline passed"
TAKEN = ("included", "reverted", "replaced")
"""Attempts whose nonce is used; with a block of their own a reorg may give it back."""


class Execution:
    """Order and sender state machines of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.exit_gas: dict[tuple[str, str], int] = {}

    # ---- planning ----

    def pool_coin(self, address: str) -> str:
        """The coin that stands for ``address`` inside pools: the wrapped coin for the native one."""
        return self.account.chain.wiring.wrapped_native if address == NATIVE else address

    def swap(
        self, venue: str, pool: Pool, token_in: str, token_out: str, amount_in: int, min_out: int, *, opens: bool
    ) -> Swap:
        """The trade of this account through ``pool`` at the venue of that name; the tokens are addresses."""
        account = self.account
        spender = self.spender(venue, pool.chain_id, pool.amm)
        return Swap(
            chain_id=pool.chain_id,
            owner=account.wiring.address,
            token_in=token_in,
            token_out=token_out,
            pool=pool.address,
            amm=pool.amm,
            pool_data=pool.impl.venue_data(),
            amount_in=amount_in,
            min_out=min_out,
            deadline=account.chain.timestamp + account.wiring.execution.deadline_s,
            allowance=self.allowance(asset_id(pool.chain_id, token_in), spender),
            opens=opens,
        )

    def spender(self, venue: str, chain_id: int, amm: str) -> str:
        """The contract that takes what this venue is paid with; empty, with an allowance of nothing, where the venue
        does not say."""
        try:
            return self.account.kernel.wiring.venues[venue].spender(chain_id, amm).lower()
        except Exception as error:  # a plugin's code, or a venue that is not in the config any more
            self.account.kernel.report(f"venue {venue} names no spender for {amm} pools", error)
            return ""

    def allowance(self, token: str, spender: str) -> int:
        """What ``spender`` may take: granted, or by the newest approval on its way (with a lower nonce), base units."""
        granted, newest = self._granted(token, spender), -1
        for order in self._working():
            for attempt in order.attempts:
                step = order.steps[attempt.step]
                if step.purpose != "approve" or attempt.state not in IN_FLIGHT or attempt.cancel:
                    continue
                grants = asset_id(order.chain_id, step.to) == token and approved_spender(step) == spender
                if grants and attempt.nonce > newest:
                    granted, newest = approved_amount(step), attempt.nonce
        return granted

    def _granted(self, token: str, spender: str) -> int:
        return self.account.book.allowances.get(allowance_id(token, spender), 0)

    def after_tax(self, token: str, amount: int, *, buying: bool) -> int:
        """``amount`` less the token's measured tax, base units."""
        taxes = self.account.book.taxes.get(token)
        tax = (taxes.buy_bps if buying else taxes.sell_bps) if taxes else None
        return amount * (BPS - min(BPS, max(0, tax or 0))) // BPS

    def entry_order(self, entry: Entry) -> tuple[tuple[Finding, ...], f.OrderPlaced | None]:
        """The order for an entry on the present state, with all that it must reserve; None where a finding denies."""
        account = self.account
        rules = account.wiring.execution
        pool = account.kernel.market.pool(entry.pool)
        if pool is None:
            return (must("pool-known", False, note=entry.pool),), None
        pay = self.pool_coin(account.wiring.quote)
        try:
            out = pool.amount_out(pay, entry.amount)
        except Exception as error:  # NoLiquidity, or a fault of the plugin
            note = f"{type(error).__name__}: {error}"
            return (must("still-liquid", False, note=note, retry_after_s=5),), None
        floor = entry.expected_out * (BPS - rules.slippage_bps) // BPS
        still = at_least("quote-still-holds", out, floor, unit="base units", retry_after_s=2)
        net = self.after_tax(entry.token, out, buying=True)
        min_out = max(1, net * (BPS - rules.slippage_bps) // BPS)
        token = split_asset(entry.token)[1]
        swap = self.swap(entry.venue, pool, account.wiring.quote, token, entry.amount, min_out, opens=True)
        bid = account.chain.fee.bid(urgent=False, blocks_waited=0)
        try:
            venue = account.kernel.wiring.venues[entry.venue]
            steps = venue.plan(swap)
            exit_gas = self._gas_of_exit(entry.venue, pool, token) * bid.max_fee
        except Exception as error:  # a plugin's code: without a plan there is no entry
            account.kernel.report(f"venue {entry.venue} has no plan for {entry.intent}", error)
            return (still, must("planned", False, note=f"{type(error).__name__}: {error}")), None
        gas = sum(step.gas for step in steps) * bid.max_fee
        native = asset_id(pool.chain_id, NATIVE)
        if entry.quote == native:
            enough = at_least("free-cash", account.view.cash(native), entry.amount + gas + exit_gas, unit="wei")
        else:
            enough = at_least("free-cash", account.view.cash(entry.quote), entry.amount, unit="base units")
            if enough.ok:
                enough = at_least("free-gas", account.view.cash(native), gas + exit_gas, unit="wei")
        findings = (still, enough)
        if not (still.ok and enough.ok):
            return findings, None
        return findings, f.OrderPlaced(
            time=account.kernel.now,
            order=f"{entry.intent}.0",
            intent=entry.intent,
            instance=entry.instance,
            side="increase",
            chain_id=entry.chain_id,
            owner=account.wiring.address,
            token=entry.token,
            quote=entry.quote,
            pool=entry.pool,
            venue=entry.venue,
            amount_in=entry.amount,
            expected_out=out,
            min_out=min_out,
            cash=entry.amount,
            gas=gas,
            exit_gas=exit_gas,
            steps=steps,
            amm=pool.amm,
            pool_data=swap.pool_data,
            deadline=swap.deadline,
        )

    def _gas_of_exit(self, name: str, pool: Pool, token: str) -> int:
        """Gas units of the way back: the approval at entry and a sale that approves again."""
        key = (pool.amm, self.account.wiring.quote)
        known = self.exit_gas.get(key)
        if known is None:
            venue = self.account.kernel.wiring.venues[name]
            sale = self.swap(name, pool, token, self.account.wiring.quote, 1, 0, opens=False)
            approval = venue.approve(pool.chain_id, pool.amm, token, 1, 0)
            known = sum(step.gas for step in (*approval, *venue.plan(sale)))
            self.exit_gas[key] = known
        return known

    # ---- steps and attempts ----

    def advance(self, order: Order) -> None:
        """Start the order's next step; end it where none is left or one failed; wait while an attempt is under way."""
        account = self.account
        if order.state != "working" or any(a.state in IN_FLIGHT or a.state == "signing" for a in order.attempts):
            return
        outcome = _outcome(order)
        if outcome is not None:
            self._end(order, *outcome)
            return
        if self._late(order, order.step):
            self._end(order, "cancelled", TOO_LATE)
            return
        sender = account.book.sender(order.chain_id, order.owner)
        if account.book.kill == KillLevel.FREEZE or account.book.halted or not sender.known:
            return
        if self._signing():
            return  # one signature at a time: a refused one then always gives its nonce back
        bid = account.chain.fee.bid(urgent=order.urgent, blocks_waited=0)
        self._attempt(order, order.step, sender.next_nonce, bid)

    def _late(self, order: Order, step: int) -> bool:
        """Whether the order's swap is still to come at ``step``, and could only revert in the next block."""
        ahead = any(s.purpose in ("entry", "exit") for s in order.steps[step:])
        return ahead and 0 < order.deadline <= self.account.chain.timestamp

    def _working(self) -> list[Order]:
        """In the order of their ids: a book that was restored iterates otherwise than one that grew."""
        orders = self.account.book.orders
        return [orders[key] for key in sorted(orders)]

    def _signing(self) -> bool:
        return any(a.state == "signing" for o in self.account.book.orders.values() for a in o.attempts)

    def _attempt(
        self, order: Order, step: int, nonce: int, bid: FeeBid, *, replaces: str = "", cancel: bool = False
    ) -> None:
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
            )
        )
        attempt = order.attempts[-1]
        transaction = self._transaction(order, attempt)
        if account.kernel.wiring.signs:
            body = Sign(
                attempt=attempt_id,
                purpose=transaction.purpose,
                chain_id=order.chain_id,
                sender=order.owner,
                nonce=nonce,
                bid=bid,
                gas=transaction.gas,
                to=transaction.to,
                value=transaction.value,
                data=transaction.data,
            )
            account.ask(f"{attempt_id}?sign", body, account.wiring.execution.sign_deadline)
        else:
            self._ready(order, attempt, b"", f"unsigned:{attempt_id}")

    def _transaction(self, order: Order, attempt: Attempt) -> Step:
        if attempt.cancel:
            return Step(purpose="cancel", to=order.owner, data=b"", value=0, gas=CANCEL_GAS)
        return order.steps[attempt.step]

    def _ready(self, order: Order, attempt: Attempt, raw: bytes, tx_hash: str) -> None:
        self._move(order, attempt, "signed", raw=raw, tx_hash=tx_hash)
        self._send(order, attempt)

    def _send(self, order: Order, attempt: Attempt) -> None:
        account = self.account
        if account.book.kill == KillLevel.FREEZE and not attempt.cancel:
            return  # it leaves with the first block after
        account.ask(
            f"{attempt.id}?send-{account.book.asks_made}",
            Send(submission=self.submission(order, attempt)),
            account.wiring.execution.send_deadline,
        )

    def submission(self, order: Order, attempt: Attempt) -> Submission:
        """What an executor is told of an attempt."""
        account = self.account
        step = self._transaction(order, attempt)
        position = account.book.positions.get(order.token) or account.book.closed.get(order.token)
        token, quote = split_asset(order.token)[1], split_asset(order.quote)[1]
        held = [(token, position.amount if position else 0)]
        if quote != NATIVE:
            held.append((quote, account.book.cash.get(order.quote, 0)))
        swap: Swap | None = None
        if step.purpose in ("entry", "exit"):
            opens = step.purpose == "entry"
            swap = Swap(
                chain_id=order.chain_id,
                owner=order.owner,
                token_in=quote if opens else token,
                token_out=token if opens else quote,
                pool=split_asset(order.pool)[1],
                amm=order.amm,
                pool_data=order.pool_data,
                amount_in=order.amount_in,
                min_out=order.min_out,
                deadline=order.deadline,
                allowance=0,
                opens=opens,
            )
        return Submission(
            account=account.name,
            attempt=attempt.id,
            chain_id=order.chain_id,
            owner=order.owner,
            purpose=step.purpose,
            nonce=attempt.nonce,
            gas=step.gas,
            max_fee=attempt.bid.max_fee,
            max_priority_fee=attempt.bid.max_priority_fee,
            tx_hash=attempt.tx_hash,
            raw=attempt.raw,
            swap=swap,
            held=tuple(held),
        )

    def _move(
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

    def signed(self, event: Signed) -> None:
        """The signer has signed: the bytes are on record from here on, and leave once they are durable."""
        body = self.account.close_ask(event.ask)
        if isinstance(body, Sign):
            order, attempt = self._find(body.attempt)
            if _taken(order, attempt):  # what it was to replace got into a block meanwhile
                self._move(order, attempt, "dropped", note="not needed any more")
            else:
                self._ready(order, attempt, event.raw, event.tx_hash)
            self._next_in_line()

    def not_signed(self, body: Sign, code: str, message: str) -> None:
        """The signer refused or is gone: nothing has left, the nonce is free again."""
        order, attempt = self._find(body.attempt)
        self._move(order, attempt, "dropped", note=f"not signed: {code}: {message}")
        self._next_in_line()

    def _next_in_line(self) -> None:
        for order in self._working():
            self.advance(order)

    def sent(self, event: Sent) -> None:
        """A node's word on a broadcast. Only ``not-sent`` is certain; any refusal may still have been gossiped."""
        body = self.account.close_ask(event.ask)
        if not isinstance(body, Send):
            return
        order, attempt = self._find(body.submission.attempt)
        if attempt.state not in IN_FLIGHT:
            return
        if event.outcome in ("accepted", "known"):
            self._move(order, attempt, "sent")
        elif event.outcome == "not-sent" and self._gives_back(attempt):
            self._move(order, attempt, "dropped", note=event.message or "not sent")
            self._next_in_line()
        elif event.outcome == "not-sent":
            self._move(order, attempt, "unknown", note="no answer")  # an earlier broadcast of it may have left
        else:
            self._move(order, attempt, "unknown", note=event.outcome)
            if event.outcome == "nonce-too-low":
                self.read_wallet()

    def _gives_back(self, attempt: Attempt) -> bool:
        """Whether an attempt that was not sent can be given up: nothing is ever signed, or it was never sent before and
        its nonce is the last one, so that the next transaction takes it."""
        account = self.account
        if not account.kernel.wiring.signs:
            return True
        sender = account.book.sender(account.wiring.chain_id, account.wiring.address)
        return attempt.state == "signed" and not attempt.replaces and sender.next_nonce == attempt.nonce + 1

    def not_sent(self, body: Send) -> None:
        """No answer to a broadcast: the outcome is unknown, and the same bytes go out again with the next block."""
        order, attempt = self._find(body.submission.attempt)
        if attempt.state in IN_FLIGHT:
            self._move(order, attempt, "unknown", note="no answer")

    def settled(self, event: Settled) -> None:
        """What a transaction did, or that no block has it yet."""
        body = self.account.close_ask(event.ask)
        if not isinstance(body, Settle):
            return
        order, attempt = self._find(body.submission.attempt)
        if attempt.state not in IN_FLIGHT:
            return
        if not event.included:
            if attempt.note == NONCE_PASSED and self.account.chain.number > attempt.block:
                self._move(order, attempt, "replaced", note="its nonce was used outside sniper", block=attempt.block)
                self._next_in_line()
                self.read_wallet(anew=True)  # whatever used it has paid for it
            return
        if not self._on_chain(event):
            return  # of a block that is gone, or that the feed has not brought yet: asked again with the next block
        earlier = self._earlier(attempt)
        if earlier:  # nonces are used in order, so what came before has happened too: it is booked first
            if any(a.note != NONCE_PASSED for a in earlier):
                self.read_wallet()
            return
        state = "included" if event.ok else "reverted"
        self._move(order, attempt, state, note=event.revert_reason, block=event.block)
        for other in order.attempts:
            if other.nonce == attempt.nonce and other is not attempt and other.state in IN_FLIGHT:
                self._move(order, other, "replaced")
        self._book(order, attempt, event)

    def _on_chain(self, event: Settled) -> bool:
        """Whether the kernel knows the block of a settlement, and under this hash."""
        chain = self.account.chain
        if event.block > chain.number:
            return False
        known = next((header.hash for header in reversed(chain.headers) if header.number == event.block), "")
        return not known or not event.block_hash or known == event.block_hash

    def _earlier(self, attempt: Attempt) -> list[Attempt]:
        """Attempts with a lower nonce that are still open."""
        return [a for o in self._working() for a in o.attempts if a.nonce < attempt.nonce and a.state in IN_FLIGHT]

    # ---- what came of it ----

    def _book(self, order: Order, attempt: Attempt, event: Settled) -> None:
        step = self._transaction(order, attempt)
        gas = event.gas_used * event.gas_price
        if step.purpose == "entry" and event.ok:
            self._bought(order, attempt, event, gas)
        elif step.purpose == "exit" and event.ok:
            self._sold(order, attempt, event, gas)
        else:
            self._paid_gas(order, attempt, event, gas)
            if step.purpose == "approve":
                self._approved(order, attempt, step, ok=event.ok)
            elif step.purpose == "exit":
                self._shrunk(order, event)
                self._doubt(order, attempt)
        self.advance(order)

    def _approved(self, order: Order, attempt: Attempt, step: Step, *, ok: bool) -> None:
        """A sale's approval that reverted: perhaps the token wants a reset first, so the next sale begins with one."""
        token, spender, amount = asset_id(order.chain_id, step.to), approved_spender(step), approved_amount(step)
        if ok:
            self._allowed(order, attempt, token, spender, amount)
        elif order.side == "reduce" and amount and not self._granted(token, spender):
            self._allowed(order, attempt, token, spender, SOME)

    def _doubt(self, order: Order, attempt: Attempt) -> None:
        """A token may lower what it granted by itself: a sale that reverted on an old approval is followed by one that
        approves anew."""
        own = any(a.state == "included" and order.steps[a.step].purpose == "approve" for a in order.attempts)
        spender = self.spender(order.venue, order.chain_id, order.amm)
        if not own and self._granted(order.token, spender):
            self._allowed(order, attempt, order.token, spender, 0)

    def _shrunk(self, order: Order, event: Settled) -> None:
        """A token that rebased or took a fee of its holders: to sell more than there is would revert for ever."""
        held = self.account.book.positions[order.token].amount
        left = dict(event.balances).get(split_asset(order.token)[1], held)
        if 0 < left < held:
            self._surplus(order.token, held, left, "a sale that reverted showed that less is held")

    def _booked(
        self, order: Order, attempt: Attempt, event: Settled, gas: int, amount: int, cash: int, cost: int, realised: int
    ) -> None:
        native = asset_id(order.chain_id, NATIVE)
        changes = {native: -gas}
        changes[order.quote] = changes.get(order.quote, 0) + cash
        for asset, change in changes.items():
            missing = -change - self.account.book.cash.get(asset, 0)
            if missing > 0:  # it is paid already, so the wallet had more than when it was read
                self._surplus(asset, 0, missing, "a deposit that was not read yet has paid")
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
            )
        )

    def _paid_gas(self, order: Order, attempt: Attempt, event: Settled, gas: int) -> None:
        """Gas alone: on the position's cost where there is one, else a loss. Counted only in its own currency."""
        counted = gas if order.quote.endswith(NATIVE) else 0
        position = self.account.book.positions.get(order.token)
        held = position is not None and position.amount > 0
        self._booked(order, attempt, event, gas, 0, 0, counted if held else 0, 0 if held else -counted)

    def _bought(self, order: Order, attempt: Attempt, event: Settled, gas: int) -> None:
        account = self.account
        now = account.kernel.now
        position = account.book.positions[order.token]
        native = order.quote.endswith(NATIVE)
        moved = -event.native_delta - gas if native else self._cash_change(order, event)
        spent = min(max(moved, 0), order.amount_in)
        received = max(0, dict(event.balances).get(split_asset(order.token)[1], 0) - position.amount)
        counted = gas if native else 0
        if received or position.amount:
            self._booked(order, attempt, event, gas, received, -spent, spent + counted, 0)
            account.exits.placed(position, position.failures)
        else:
            self._booked(order, attempt, event, gas, 0, -spent, 0, -spent - counted)
        self._surplus(order.quote, moved, spent, "the entry cost more or less than it could")
        self._used(order, attempt, order.quote)
        if not received:
            return
        token = split_asset(order.token)[1]
        if len(order.steps) == attempt.step + 1:  # not there from before a reorg
            allowed = self._granted(order.token, self.spender(order.venue, order.chain_id, order.amm))
            try:
                venue = account.kernel.wiring.venues[order.venue]
                approvals = venue.approve(order.chain_id, order.amm, token, position.amount, allowed)
            except Exception as error:  # a plugin's code: the exit approves for itself
                account.kernel.report(f"venue {order.venue} does not approve the exit of {order.id}", error)
                approvals = ()
            if approvals:
                account.emit(f.StepsAdded(time=now, order=order.id, steps=approvals, gas=0))
        account.exits.arm(order.token, order.instance)

    def _sold(self, order: Order, attempt: Attempt, event: Settled, gas: int) -> None:
        position = self.account.book.positions[order.token]
        native = order.quote.endswith(NATIVE)
        left = dict(event.balances).get(split_asset(order.token)[1], 0)
        if order.amount_in >= position.amount and left * DUST <= position.amount:
            left = 0  # sent by somebody, or rounded: it must not keep a position open that was sold
        sold = min(max(position.amount - left, 0), order.amount_in)
        received = max(0, event.native_delta + gas if native else -self._cash_change(order, event))
        released = position.cost if sold == position.amount else position.cost * sold // position.amount
        realised = received - released - (gas if native else 0)
        self._booked(order, attempt, event, gas, -sold, received, -released, realised)
        self._used(order, attempt, order.token)

    def _used(self, order: Order, attempt: Attempt, token: str) -> None:
        """A swap took its amount out of the allowance."""
        spender = self.spender(order.venue, order.chain_id, order.amm)
        allowed = self._granted(token, spender)
        if allowed:
            self._allowed(order, attempt, token, spender, max(0, allowed - order.amount_in))

    def _allowed(
        self, order: Order, attempt: Attempt, token: str, spender: str, amount: int, *, undo: bool = False
    ) -> None:
        self.account.emit(
            f.Allowed(
                time=self.account.kernel.now,
                token=token,
                spender=spender,
                amount=amount,
                order=order.id,
                attempt=attempt.id,
                undo=undo,
            )
        )

    def _cash_change(self, order: Order, event: Settled) -> int:
        """What left of an ERC-20 quote asset, base units."""
        if event.quote_delta is not None:
            return -event.quote_delta
        before = self.account.book.cash.get(order.quote, 0)
        return before - dict(event.balances).get(split_asset(order.quote)[1], before)

    def _surplus(self, asset: str, moved: int, booked: int, reason: str) -> None:
        if moved != booked:
            self.account.emit(
                f.Adjusted(time=self.account.kernel.now, asset=asset, delta=booked - moved, reason=reason)
            )

    def _end(self, order: Order, state: str, reason: str) -> None:
        account = self.account
        account.emit(f.OrderEnded(time=account.kernel.now, order=order.id, state=state, reason=reason))
        account.exits.ended(order)

    # ---- blocks ----

    def block(self) -> None:
        """A new head: ask what became of attempts, send unknown ones again, outbid late ones, start what waits."""
        book = self.account.book
        if not book.sender(self.account.wiring.chain_id, self.account.wiring.address).known:
            self.read_wallet()
        if not book.orders:
            return
        asked = {ask.body.submission.attempt for ask in book.asks.values() if isinstance(ask.body, Settle | Send)}
        for order in self._working():
            for attempt in list(order.attempts):
                if attempt.state in IN_FLIGHT and attempt.id not in asked:
                    self._settle(order, attempt)
                    if self._leaves_again(order, attempt):
                        self._send(order, attempt)
            self._outbid(order)
            self.advance(order)

    def _settle(self, order: Order, attempt: Attempt) -> None:
        account = self.account
        account.ask(
            f"{attempt.id}?settle-{account.book.asks_made}",
            Settle(submission=self.submission(order, attempt)),
            account.wiring.execution.settle_deadline,
        )

    def _leaves_again(self, order: Order, attempt: Attempt) -> bool:
        """Whether the same bytes should go out once more: they may never have left, or no better bid will follow."""
        if attempt.state == "sent" or (attempt.state == "unknown" and attempt.note not in ("", "no answer")):
            newest = [a for a in order.attempts if a.state in IN_FLIGHT and a.nonce == attempt.nonce][-1]
            waited = self.account.chain.number - attempt.made_block
            last = attempt is newest and self._tries(order, attempt) >= 2 * self.account.wiring.execution.max_attempts
            return last and (attempt.state == "unknown" or waited % RESEND_BLOCKS == 0)
        return attempt.state in ("signed", "unknown")

    def _tries(self, order: Order, attempt: Attempt) -> int:
        return sum(1 for a in order.attempts if a.step == attempt.step)

    def _outbid(self, order: Order) -> None:
        """Replace the newest attempt at the sender's lowest open nonce where it waits too long or was refused; cancel
        where more tries make no sense."""
        account = self.account
        rules = account.wiring.execution
        live = [a for a in order.attempts if a.state in IN_FLIGHT]
        if not live or self._signing():
            return
        lowest = min(attempt.nonce for attempt in live)
        newest = [attempt for attempt in live if attempt.nonce == lowest][-1]
        if self._earlier(newest):
            return  # no bid helps before the nonces below it are used
        frozen = account.book.kill == KillLevel.FREEZE
        if frozen and order.side != "increase":
            return
        waited = account.chain.number - newest.made_block
        refused = newest.state == "unknown" and newest.note in ("underpriced", "insufficient-funds", "rejected")
        if not refused and waited < rules.replace_after_blocks:
            return
        tries = self._tries(order, newest)
        late = self._late(order, newest.step)
        hopeless = frozen or late or newest.note in ("insufficient-funds", "rejected") or tries >= rules.max_attempts
        if hopeless and tries >= 2 * rules.max_attempts:
            return  # the last bid stays in the pool; it is watched until its nonce is used
        bid = account.chain.fee.bid(urgent=True, blocks_waited=waited)
        self._attempt(
            order,
            newest.step,
            newest.nonce,
            FeeBid(
                max_priority_fee=max(bid.max_priority_fee, _bumped(newest.bid.max_priority_fee)),
                max_fee=max(bid.max_fee, _bumped(newest.bid.max_fee)),
            ),
            replaces=newest.id,
            cancel=newest.cancel or late or (hopeless and order.side == "increase"),
        )

    # ---- wallet ----

    def read_wallet(self, *, anew: bool = False) -> None:
        """Ask what the chain says this account owns, and its next nonce. ``anew``: an answer that is on its way does
        not count."""
        account = self.account
        tokens = sorted(
            split_asset(token)[1]
            for token, p in account.book.positions.items()
            if p.chain_id == account.wiring.chain_id
        )
        if account.wiring.quote != NATIVE:
            tokens.append(account.wiring.quote)
        open_ = [ask.id for ask in account.book.asks.values() if isinstance(ask.body, ReadBalances)]
        if open_ and not anew:
            return
        for ask_id in open_:
            account.emit(f.Closed(time=account.kernel.now, ask=ask_id))
        account.ask(
            f"{account.name}?wallet-{account.book.asks_made}",
            ReadBalances(chain_id=account.wiring.chain_id, owner=account.wiring.address, tokens=tuple(tokens)),
            account.wiring.execution.read_deadline,
        )

    def wallet(self, event: BalancesRead) -> None:
        """Compare the books with the chain; differences are adjustments, where nothing is on its way."""
        account = self.account
        if not isinstance(account.close_ask(event.ask), ReadBalances):
            return
        now = account.kernel.now
        owner = account.wiring.address
        live = [(o, a) for o in self._working() for a in o.attempts if a.state in IN_FLIGHT]
        for order, attempt in live:
            passed = attempt.nonce < event.nonce and attempt.note != NONCE_PASSED
            if passed and order.chain_id == event.chain_id:
                self._passed(order, attempt, event.block)
        account.emit(f.Synced(time=now, chain_id=event.chain_id, owner=owner, nonce=event.nonce))
        # A lower nonce: the wallet was read before the newest transactions. Without signatures the chain knows nothing
        # of what was played.
        complete = not live and event.nonce == account.book.sender(event.chain_id, owner).next_nonce
        if complete and (account.kernel.wiring.signs or account.book.newest_entry is None):
            found = {NATIVE: event.native, **dict(event.balances)}
            for address, amount in found.items():
                asset = asset_id(event.chain_id, address)
                position = account.book.positions.get(asset)
                known = position.amount if position else account.book.cash.get(asset, 0)
                if known != amount and (address in (NATIVE, account.wiring.quote) or position is not None):
                    account.emit(f.Adjusted(time=now, asset=asset, delta=amount - known, reason="the wallet was read"))
                    if position is not None and not position.amount:
                        account.exits.lost(position)
        self._next_in_line()

    def _passed(self, order: Order, attempt: Attempt, block: int) -> None:
        """By ``block`` its nonce was used. By itself or by another transaction: only an answer that is asked for from
        now on can tell."""
        account = self.account
        self._move(order, attempt, "unknown", note=NONCE_PASSED, block=block)
        for ask in list(account.book.asks.values()):
            if isinstance(ask.body, Settle) and ask.body.submission.attempt == attempt.id:
                account.emit(f.Closed(time=account.kernel.now, ask=ask.id))
        self._settle(order, attempt)

    # ---- reorgs ----

    def reorg(self, chain_id: int, ancestor: int) -> None:
        """Take back what happened in blocks above ``ancestor``, newest first; those attempts are unknown again."""
        account = self.account
        book = account.book
        gone = [
            (attempt.block, attempt.nonce, attempt.id, order, attempt)
            for order in (*book.orders.values(), *book.ended.values())
            if order.chain_id == chain_id
            for attempt in order.attempts
            if attempt.block > ancestor and (attempt.state in TAKEN or attempt.note == NONCE_PASSED)
        ]
        for _, _, _, order, attempt in sorted(gone, key=lambda item: item[:3], reverse=True):
            account.emit(f.OrderReopened(time=account.kernel.now, order=order.id, step=attempt.step))
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
                    )
                )
            for _, token, spender, before in [entry for entry in reversed(order.allowed) if entry[0] == attempt.id]:
                self._allowed(order, attempt, token, spender, before, undo=True)
            self._move(order, attempt, "unknown")
            for other in order.attempts:
                if other.nonce == attempt.nonce and other.state == "replaced":
                    self._move(order, other, "unknown")
            account.exits.retracted(order)
        # transactions that were not sniper's may be gone as well, and their nonces free again
        account.emit(f.Unsynced(time=account.kernel.now, chain_id=chain_id, owner=account.wiring.address))
        self.read_wallet(anew=True)

    # ---- restart ----

    def began(self) -> None:
        """A process took over: what was being sent may or may not have arrived. The same bytes go out again."""
        account = self.account
        account.emit(f.Began(time=account.kernel.now))
        for order in self._working():
            for attempt in order.attempts:
                if attempt.state in IN_FLIGHT:
                    self._move(order, attempt, "unknown")
                    self._settle(order, attempt)
                    self._send(order, attempt)
        self.read_wallet()

    def _find(self, attempt: str) -> tuple[Order, Attempt]:
        order = self.account.book.order_of(attempt.partition("#")[0])
        return order, self.account.book.attempt_of(order, attempt)


def _outcome(order: Order) -> tuple[str, str] | None:
    """State and reason in which an order with nothing under way has ended; None while a step is left to be tried."""
    here = [attempt for attempt in order.attempts if attempt.step == order.step]
    for attempt in order.attempts:
        if attempt.state == "reverted":
            return "failed", attempt.note or "reverted without a reason"
        if attempt.state == "included" and attempt.cancel:
            return "cancelled", "cancelled"
    if order.step >= len(order.steps):
        return "done", ""
    if not here:
        return None
    last = here[-1]
    return ("cancelled" if last.state == "dropped" and last.tx_hash else "failed"), last.note


def _taken(order: Order, attempt: Attempt) -> bool:
    """Whether another attempt with the same nonce is in a block."""
    return any(
        other.nonce == attempt.nonce and other is not attempt and other.state in ("included", "reverted")
        for other in order.attempts
    )


def _bumped(fee: int) -> int:
    return fee * BUMP_NUMERATOR // BUMP_DENOMINATOR + 1


def approved_amount(step: Step) -> int:
    """What an ERC-20 ``approve(address,uint256)`` grants: its second word (EIP-20), base units."""
    return int.from_bytes(_approval(step)[36:68], "big")


def approved_spender(step: Step) -> str:
    """To whom: its first word, an address in lower case."""
    return "0x" + _approval(step)[16:36].hex()


def _approval(step: Step) -> bytes:
    if len(step.data) != 68:
        raise IllegalTransition(f"an approval has 68 bytes of calldata, this one {len(step.data)}")
    return step.data
