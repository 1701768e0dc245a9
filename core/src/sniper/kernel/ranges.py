"""Liquidity in ranges: what is wanted out of them until it is out, and what becomes of them.

Taking out is a reduction: it passes no check but the operator's policies, and is tried again until it is done. See
docs/liquidity.md.
"""

from typing import TYPE_CHECKING

from sniper.amm import NoLiquidity
from sniper.errors import told
from sniper.events import RangeChanged
from sniper.kernel import facts as f
from sniper.kernel.book import Order, Position, Range
from sniper.kernel.entries import KERNEL, Denials, describe
from sniper.kernel.given import given_amount, given_spender
from sniper.kernel.planning import checked
from sniper.kernel.positions import move, restate
from sniper.kernel.sales import MOST_PATIENCE
from sniper.risk import Finding, must
from sniper.types import (
    BPS,
    NATIVE,
    KillLevel,
    Withdraw,
    split_asset,
)
from sniper.venue import Removal

if TYPE_CHECKING:
    from sniper.kernel.account import Account

NOTHING = -1
"""Of what is wanted out of a range, where 0 is its fees alone."""


class Ranges:
    """Of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    # ---- taking out ----

    def withdraw(self, intent: Withdraw, instance: str) -> None:
        """A strategy wants some out of a range of its own."""
        held = self.account.book.ranges.get(intent.range)
        if held is not None and held.instance == instance:
            self.want(held, f"{instance}: {intent.reason}", intent.share_bps)

    def want(self, held: Range, reason: str, share_bps: int = BPS, *, urgent: bool = False) -> None:
        """As soon as possible. Of what is wanted already the larger share stays, and the urgency."""
        wanted = min(max(share_bps, 0), BPS)
        if held.state == "closed" or (held.wanted_bps >= wanted and (held.urgent or not urgent)):
            return
        share, urgent = max(wanted, held.wanted_bps), urgent or held.urgent
        self._move(held, "closing", held.failures, wanted_bps=share, reason=reason, urgent=urgent)
        self._try(held)

    def flatten(self, reason: str) -> None:
        """Everything out, urgently."""
        for _, held in sorted(self.account.book.ranges.items()):
            self.want(held, f"kill switch: {reason}", urgent=True)

    def block(self) -> None:
        """A new head: follow what is earned, take out what nobody watches any more, try again what failed."""
        account = self.account
        for _, held in sorted(account.book.ranges.items()):
            if held.state == "closed":
                continue
            self._follow(held)
            life = account.life(held.instance)
            if account.book.kill == KillLevel.FLATTEN:
                self.want(held, "kill switch: flatten", urgent=True)
            elif life in ("stopped", "removed", "draining") and held.wanted_bps < BPS:
                self.want(held, f"strategy {held.instance} is {life}")
            if held.wanted_bps > NOTHING and account.chain.number >= held.retry_block:
                self._try(held)

    def _try(self, held: Range) -> None:
        """Place what is wanted, unless something of the range is on its way already, or nothing may leave now."""
        account, book = self.account, self.account.book
        if not held.liquidity or book.kill == KillLevel.FREEZE or book.halted or book.moving(held.id):
            return
        now, intent = account.kernel.now, f"{account.name}/{held.instance}/{book.intents + 1}"
        account.emit(
            f.IntentFormed(
                time=now,
                intent=intent,
                instance=held.instance,
                side="withdraw",
                token=held.token,
                reason=held.reason,
                cause=describe(account.kernel.cause),
                share_bps=held.wanted_bps,
                urgent=held.urgent,
            )
        )
        denials = Denials()
        findings, order = self._removal_order(held, intent)
        account.emit(f.Judged(time=now, intent=intent, check=KERNEL, findings=findings))
        denials.add(KERNEL, findings)
        if order is not None and not denials.rule:
            account.sales.reductions.policies(order, denials)
        placed = order is not None and not denials.rule
        account.emit(f.Verdict(time=now, intent=intent, allowed=placed, rule=denials.rule))
        if order is not None and placed:
            account.emit(order)
            account.execution.advance(book.orders[order.order])
        else:
            self._failed(held, denials.rule)

    def _removal_order(self, held: Range, intent: str) -> tuple[tuple[Finding, ...], f.OrderPlaced | None]:
        """Where the pool is not known, nothing tells what it should bring: it is taken out at whatever price there is,
        for that is no trade."""
        account, rules = self.account, self.account.wiring.execution
        removed = held.liquidity if held.wanted_bps >= BPS else held.liquidity * held.wanted_bps // BPS
        base = rules.max_exit_slippage_bps if held.urgent else rules.exit_slippage_bps
        slippage = min(rules.max_exit_slippage_bps, base << min(held.failures, 16))
        pool, bounds = account.pool(held.pool), (held.lower, held.upper)
        expected = least = (0, 0)
        findings: tuple[Finding, ...] = ()
        try:
            if pool is None:
                raise NoLiquidity("its pool is not known")
            first, second = pool.impl.range_amounts(*bounds, removed, up=False)
            expected = given_amount(first), given_amount(second)
            first, second = pool.impl.range_given(*bounds, removed, slippage)
            least = given_amount(first), given_amount(second)
        except Exception as error:  # NoLiquidity, or a fault of the plugin
            findings = (Finding(rule="priced", ok=False, found=False, note=told(error), severity="warn"),)
        wallet = held.wallet or account.wiring.address
        removal = Removal(
            range=held.id,
            chain_id=held.chain_id,
            owner=wallet,
            pool=split_asset(held.pool)[1],
            amm=held.amm,
            quote=split_asset(held.quote)[1],
            coins=held.coins,
            position=held.position,
            liquidity=removed,
            lower=held.lower,
            upper=held.upper,
            least=least,
            native=held.quote.endswith(NATIVE),
            ends=removed == held.liquidity,
            deadline=account.chain.timestamp + rules.deadline_s,
        )
        try:
            venue = account.kernel.wiring.venues[held.venue]
            steps = checked(venue.remove(removal))
            spender = given_spender(venue.liquidity_spender(held.chain_id))
        except Exception as error:  # a plugin's code, or a venue that is not in the config any more: tried again
            account.kernel.report(f"venue {held.venue} has no plan for taking out {held.id}", error)
            return (*findings, must("planned", False, note=told(error))), None
        token = split_asset(held.token)[1]
        return (*findings, must("planned", True)), f.OrderPlaced(
            time=account.kernel.now,
            order=f"{intent}.0",
            intent=intent,
            instance=held.instance,
            side="withdraw",
            chain_id=held.chain_id,
            owner=wallet,
            token=held.token,
            quote=held.quote,
            pool=held.pool,
            venue=held.venue,
            amount_in=0,
            expected_out=expected[1 - held.coins.index(token)],
            min_out=0,
            cash=0,
            gas=0,
            exit_gas=0,
            steps=steps,
            urgent=held.urgent or held.failures > 0,
            amm=held.amm,
            deadline=removal.deadline,
            exit_data=held.exit_data,
            range=f.PlacedRange(
                range=held.id,
                lower=held.lower,
                upper=held.upper,
                spender=spender,
                coins=held.coins,
                amounts=expected,
                least=least,
                liquidity=removed,
                position=held.position,
                ends=removal.ends,
            ),
        )

    # ---- what came of it ----

    def ended(self, order: Order) -> None:
        """An order of a range has ended: what becomes of the range, and of the position in its token."""
        account, placed = self.account, order.placed
        assert placed.range is not None  # of these sides alone
        held = account.book.ranges[placed.range.range]
        position = account.book.positions.get(placed.token)
        if position is not None:
            self._restated(position)
        if placed.side == "provide":
            state = "open" if held.liquidity else "closed"
            wanted = held.wanted_bps if held.liquidity else NOTHING
            self._move(held, state, 0, wanted_bps=wanted, reason=held.reason, urgent=held.urgent)
            self._tell(held, state if held.liquidity else "failed", order.reason)
        elif order.state != "done" and held.liquidity:
            self._failed(held, order.reason)
        elif not held.liquidity:  # also where a reorg has taken back that it was put in
            self._move(held, "closed", 0)
            self._forget(held)
            self._tell(held, "closed")
        else:
            before = held.liquidity + placed.range.liquidity
            if placed.range.liquidity >= before * held.wanted_bps // BPS:  # else more is wanted since it was placed
                self._move(held, "open", 0)
            self._tell(held, "changed")
        account.outcomes.drained(held.instance)

    def retracted(self, order: Order) -> None:
        """A reorg took back a transaction of it."""
        account, placed = self.account, order.placed
        assert placed.range is not None  # of these sides alone
        held = account.book.ranges[placed.range.range]
        back = "closing" if placed.side == "withdraw" else "open"
        state = back if held.liquidity else "opening"
        share = BPS if placed.range.ends else 0
        wanted = max(share, held.wanted_bps) if state == "closing" else held.wanted_bps
        self._move(held, state, held.failures, wanted_bps=wanted, reason=held.reason, urgent=held.urgent)
        position = account.book.positions.get(placed.token)
        if position is None:
            return
        restate(account, position, position.failures)
        if position.amount:
            account.exits.revive(position)
        else:
            account.exits.retire(position.token)

    def made(self, held: Range) -> None:
        """Liquidity was put in or taken out: what it earns is counted from here on."""
        self._forget(held)
        if held.liquidity:
            self._follow(held)

    def _restated(self, position: Position) -> None:
        account = self.account
        if position.amount or account.book.of_token(position.token):
            restate(account, position, position.failures)
        else:  # all of it is in a range, or nothing came out: no gain and no loss
            move(account, position, "closed", 0)
            account.exits.retire(position.token)

    def _failed(self, held: Range, note: str) -> None:
        """Wait a little longer each time."""
        failures, number = held.failures + 1, self.account.chain.number
        wait = min(MOST_PATIENCE, 1 << min(failures - 1, 16))
        self._move(
            held,
            "closing",
            failures,
            retry_block=number + wait,
            wanted_bps=held.wanted_bps,
            reason=held.reason,
            urgent=held.urgent,
        )
        self._tell(held, "failed", note)

    def _move(
        self,
        held: Range,
        state: str,
        failures: int,
        *,
        retry_block: int = 0,
        wanted_bps: int = NOTHING,
        reason: str = "",
        urgent: bool = False,
    ) -> None:
        fact = f.RangeMoved(
            time=self.account.kernel.now,
            range=held.id,
            state=state,
            failures=failures,
            retry_block=retry_block,
            wanted_bps=wanted_bps,
            reason=reason if wanted_bps > NOTHING else "",
            urgent=urgent and wanted_bps > NOTHING,
        )
        self.account.emit(fact)

    def _tell(self, held: Range, state: str, note: str = "") -> None:
        told_ = RangeChanged(time=self.account.kernel.now, range=held.id, pool=held.pool, state=state, note=note)
        self.account.tell(held.instance, told_)

    # ---- what it earns ----

    def _follow(self, held: Range) -> None:
        """Let the pool count its fees, where it does not: from when it is made, or from when the pool was read anew."""
        account, pool = self.account, self.account.pool(held.pool)
        if pool is None or not held.liquidity or pool.impl.range_fees(held.id, 0) is not None:
            return
        own = 0 if account.kernel.wiring.signs else held.liquidity
        try:
            pool.impl.follow_range(held.id, held.lower, held.upper, own)
        except Exception as error:  # a plugin's code: its fees are known when they are collected
            account.kernel.report(f"amm {pool.amm} does not count the fees of {held.id}", error)

    def _forget(self, held: Range) -> None:
        pool = self.account.pool(held.pool)
        if pool is not None:
            pool.impl.forget_range(held.id)
