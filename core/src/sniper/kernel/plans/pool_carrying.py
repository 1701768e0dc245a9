"""From what a plan wants to swaps in a pool.

A swap is all or nothing and lives for a few blocks, so one is on its way at a time, for each token, and none is moved
to another price: what is wanted at a limit waits in the kernel until the pool gives that for the very amount.
"""

from typing import Any

from msgspec.structs import replace

from sniper.amm import NoLiquidity
from sniper.errors import told
from sniper.exit import Sell
from sniper.kernel.guards import Guard
from sniper.kernel.plans.book import PlanState
from sniper.kernel.plans.carrying import LONGEST_WAIT, Carrying
from sniper.kernel.plans.part import Part
from sniper.kernel.plans.rule import Rule, Want
from sniper.kernel.pool import Pool
from sniper.retry import Retry
from sniper.types import BPS, SECOND, Entry, KillLevel


class PoolCarrying(Carrying):
    """See `Carrying`."""

    def unwanted(self, plan: PlanState, rule: Rule[Any], leg: str) -> bool:
        """Whether nothing of a leg should be on its way any more."""
        return leg not in self._wanted(plan, rule)

    def denied(self, plan: PlanState, rule: Rule[Any], leg: str, why: str, retry: Retry | None) -> None:
        """A purchase was denied: it is tried again where that may help, else what the plan opens is given up."""
        if retry is None:
            self.give_up(plan, rule, "denied", why)
            return
        now, tries = self.account.kernel.now, plan.leg(leg).tries
        soon = now if retry.when == "time" else now + (SECOND << min(tries, LONGEST_WAIT))
        self._wait(plan, leg, max(retry.not_before, soon), why, tries if retry.when == "time" else tries + 1)

    def _withdraw(self, plan: PlanState, wants: dict[str, Want]) -> None:
        """What is being judged is dropped, what has not left is not sent, and the rest is waited for."""
        account = self.account
        for name in sorted(plan.legs):
            for id_ in list(plan.legs[name].working) if name not in wants else ():
                order = account.book.orders.get(id_)
                if order is not None:
                    account.execution.advance(order)
                else:
                    account.entries.withdraw(id_.removesuffix(".0"))

    def _place(self, plan: PlanState, rule: Rule[Any], want: Want) -> None:
        """Swap what is missing of a leg: never more than what is left, less all that is on its way."""
        account, instrument = self.account, plan.started.instrument
        book, leg = account.book, plan.leg(want.leg)
        if leg.retry_at > account.kernel.now or (rule.exclusive and any(self._others(plan, want.leg))):
            return
        if book.kill == KillLevel.FREEZE or book.halted or self._busy(instrument.base):
            return
        pool = rule.pool(want.leg)
        left = rule.left(pool) - sum(self._on_way(plan, name) for name in plan.legs if rule.pool(name) == pool)
        size = min(want.size - self._on_way(plan, want.leg), left)
        part = Part(plan=plan.id, leg=want.leg, size=size, limit=want.price, tries=leg.tries)
        if size <= rule.remnant(account.wiring.execution.slippage_bps):
            return
        if want.side == "sell":
            self._sell(plan, rule, part)
        else:
            self._buy(plan, rule, part)

    def _busy(self, token: str) -> bool:
        """Whether something else is done with the token: one thing at a time, and an exit comes first."""
        account = self.account
        guard = account.exits.guards.get(token)
        judged = any(pending.entry.token == token for pending in account.book.pending.values())
        return judged or bool(account.book.of_token(token)) or (guard is not None and guard.pending is not None)

    def _sell(self, plan: PlanState, rule: Rule[Any], part: Part) -> None:
        account, token = self.account, plan.started.instrument.base
        guard = account.exits.guards.get(token)
        if guard is None or not guard.position.amount:
            self._nothing_held(plan, rule)
            return
        if guard.position.state not in ("open", "stuck"):
            return
        part = replace(part, size=min(part.size, guard.position.amount))  # type: ignore[type-var]  # a struct
        if part.limit is not None and not self._brings(guard, part):
            return
        share = max(1, part.size * BPS // guard.position.amount)
        sell = Sell(reason=self._reason(part), share_bps=share)
        refused = account.sales.reductions.place(guard, sell, None, bound=part.least_for(part.size), part=part)
        if refused:
            self.refused(plan, rule, part.leg, refused, reduces=True)

    def _brings(self, guard: Guard, part: Part) -> bool:
        """Whether the pool gives the limit for it now."""
        try:
            return guard.quote(part.size) >= part.least_for(part.size)
        except Exception as error:  # a dry pool, or a plugin's code: what nobody prices waits
            self._unpriced(guard.pool, error)
            return False

    def _buy(self, plan: PlanState, rule: Rule[Any], part: Part) -> None:
        account, started = self.account, plan.started
        pool, instance = account.kernel.market.pool(started.instrument.id), account.instances.get(started.instance)
        if not all(gate.ok for gate in account.wallets.gates(started.instrument.base)):
            return  # it is read, or has something on its way that must come first
        venue = "" if pool is None else account.entries.serving(pool, instance.wiring.venue if instance else "")
        if pool is None or not venue:
            note = "its pool is not known" if pool is None else "no venue serves its pool"
            self.refused(plan, rule, part.leg, note, reduces=False)
            return
        try:
            cost = account.plans.prices.cost(pool, started.instrument, part.size)
            out = pool.amount_out(account.planning.pool_coin(account.wiring.quote), cost)
        except Exception as error:  # as above
            self._unpriced(pool, error)
            if part.limit is None:
                self.refused(plan, rule, part.leg, told(error), reduces=False)
            return
        least = part.least_of(cost)
        if part.size < least:
            return
        entry = Entry(
            intent=f"{account.name}/{started.instance}/{account.book.intents + 1}",
            account=account.name,
            instance=started.instance,
            chain_id=pool.chain_id,
            token=started.instrument.base,
            quote=account.quote,
            pool=pool.id,
            venue=venue,
            amount=cost,
            expected_out=out,
            reason=self._reason(part),
            min_out=least,
        )
        account.entries.buy(entry, part)

    def _dust(self, plan: PlanState, rule: Rule[Any]) -> tuple[str, str]:
        """A pool takes any amount, so nothing is ever too little to be traded."""
        return "", ""

    def _reason(self, part: Part) -> str:
        return f"{part.leg} of plan {part.plan}"

    def _unpriced(self, pool: Pool | None, error: Exception) -> None:
        if pool is not None and not isinstance(error, NoLiquidity):
            self.account.kernel.report(f"amm {pool.amm} cannot price pool {pool.id}", error)
