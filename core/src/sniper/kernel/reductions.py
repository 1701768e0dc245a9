"""An intent to reduce: judged, and placed as an order.

No check is asked but the operator's policies, and nothing waits for a probe. What else may refuse a sale: the loss
floor that the trader set, the kill switch at ``freeze``, a halted account, the signer's rules, and a plugin that cannot
quote or plan it. The position then keeps asking.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sniper.errors import told
from sniper.exit import Sell
from sniper.kernel import facts as f
from sniper.kernel.entries import KERNEL, Denials, describe
from sniper.kernel.given import given
from sniper.kernel.guards import Guard
from sniper.kernel.planning import DATA_FEE
from sniper.kernel.plans.part import Part
from sniper.kernel.routes import Alone, Chosen, Offer, not_routed
from sniper.risk import Finding, at_least, must
from sniper.types import BPS, NATIVE, Entry, asset_id

if TYPE_CHECKING:
    from sniper.kernel.account import Account


class Reductions:
    """The way of a `Sell` of one account, from the wish to the order."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self._policies = tuple(check.name for check in account.entries.checks if check.policy)

    def place(
        self,
        guard: Guard,
        sell: Sell,
        brings: int | None,
        offer: Offer | None = None,
        *,
        unsigned: bool = False,
        bound: int | None = None,
        part: Part | None = None,
    ) -> str:
        """Try once: the rule that refused it, empty where none did.

        brings  Of a simulated sale of the same amount, quote base units; None: the pool's quote tells.
        offer   What routers said; None: they were not asked.
        unsigned  The signer does not sign: only a sale that was signed beforehand can go.
        bound   Least that a trade of a strategy must bring, which is not tried again; None: it is none.
        part    Of a plan: how much of the position it is, and at which price.
        """
        account, now = self.account, self.account.kernel.now
        intent = self._formed(guard, sell)
        amount = guard.share(sell) if part is None else part.size
        denials = Denials()
        findings, order = self._order(guard, intent, amount, sell, brings, offer, part, unsigned=unsigned, bound=bound)
        account.emit(f.Judged(time=now, intent=intent, check=KERNEL, findings=findings))
        denials.add(KERNEL, findings)
        if order is not None and not denials.rule:
            self.policies(order, denials)
        if order is None or denials.rule:
            account.emit(f.Verdict(time=now, intent=intent, allowed=False, rule=denials.rule))
            return denials.rule
        account.emit(f.Verdict(time=now, intent=intent, allowed=True))
        account.emit(order)
        account.execution.advance(account.book.orders[order.order])
        return ""

    def refuse(self, guard: Guard, sell: Sell, rule: str, note: str) -> None:
        """Put a wish on record that leads to no order. ``rule``: of the kernel; ``note``: what was found."""
        account, now = self.account, self.account.kernel.now
        intent = self._formed(guard, sell)
        account.emit(f.Judged(time=now, intent=intent, check=KERNEL, findings=(must(rule, False, note=note),)))
        account.emit(f.Verdict(time=now, intent=intent, allowed=False, rule=f"{KERNEL}.{rule}"))

    def _formed(self, guard: Guard, sell: Sell) -> str:
        """Put the wish to sell on record: the intent's id."""
        account, position = self.account, guard.position
        intent = f"{account.name}/{position.instance}/{account.book.intents + 1}"
        account.emit(
            f.IntentFormed(
                time=account.kernel.now,
                intent=intent,
                instance=position.instance,
                side="reduce",
                token=position.token,
                reason=sell.reason,
                cause=describe(account.kernel.cause),
                share_bps=sell.share_bps,
                urgent=sell.urgent,
            )
        )
        return intent

    def _order(
        self,
        guard: Guard,
        intent: str,
        amount: int,
        sell: Sell,
        brings: int | None,
        offer: Offer | None,
        part: Part | None,
        *,
        unsigned: bool,
        bound: int | None,
    ) -> tuple[tuple[Finding, ...], f.OrderPlaced | None]:
        """What the kernel finds about the sale, and the order where it finds nothing against it."""
        account = self.account
        rules = account.wiring.execution
        position = guard.position
        gates = (
            must("not-frozen", account.book.kill != "freeze", note=account.book.kill),
            must("not-halted", not account.book.halted, note=account.book.halted),
            at_least("amount", amount, 1, unit="base units"),
            must("quoted", guard.pool is not None or brings is not None, note=position.unguarded),
        )
        if not all(gate.ok for gate in gates):
            return gates, None
        try:
            out = guard.quote(amount) if brings is None else brings
        except Exception as error:  # NoLiquidity, or a fault of the plugin: tried again
            return (*gates, must("liquid", False, note=told(error))), None
        floor = position.cost * amount // position.amount * rules.loss_floor_bps // BPS
        above = at_least("loss-floor", out, floor, unit="base units")
        if above.ok and bound is not None:
            above = at_least("brings", out, bound, unit="base units")
        if not above.ok:
            return (*gates, above), None
        failures = position.failures if part is None else part.tries
        base = rules.max_exit_slippage_bps if sell.urgent else rules.exit_slippage_bps
        slippage = min(rules.max_exit_slippage_bps, base << min(failures, 16))
        min_out = max(floor, bound or 0, out * (BPS - slippage) // BPS)
        try:
            swap = account.planning.sale(position, guard.pool, amount, min_out)
            steps = account.planning.plan(position.venue, swap)
        except Exception as error:  # a plugin's code: tried again
            account.kernel.report(f"venue {position.venue} has no plan for the sale {intent}", error)
            return (*gates, above, must("planned", False, note=told(error))), None
        kept = None
        if len(steps) == 1 and part is None:  # else what it was approved with is gone
            kept = account.presigning.good(position, amount, floor if unsigned else min_out, out, unsigned=unsigned)
        if unsigned and kept is None:
            note = "no sale that was signed beforehand is good now"
            return (*gates, above, must("presigned", False, note=note)), None
        findings: tuple[Finding, ...] = (*gates, above)
        route = None
        if kept is not None:
            min_out, steps = kept.sale.min_out, (kept.sale.step,)
            early = kept.sale
            swap = replace(swap, pool_data=early.pool_data, deadline=early.deadline)  # type: ignore[type-var]  # a struct
        elif offer is not None and guard.pool is not None:
            chosen, remark = self._routed(guard, amount, out, Alone(guard.pool, steps, slippage, floor), offer)
            findings += (remark,)
            if chosen is not None:
                route, out, min_out, steps = chosen.route, chosen.out, chosen.min_out, chosen.steps
        return findings, f.OrderPlaced(
            time=account.kernel.now,
            order=f"{intent}.0",
            intent=intent,
            instance=position.instance,
            side="reduce",
            chain_id=position.chain_id,
            owner=account.wallets.holding(position),
            token=position.token,
            quote=position.quote,
            pool=position.pool,
            venue=position.venue,
            amount_in=amount,
            expected_out=out,
            min_out=min_out,
            cash=0,
            gas=0,
            exit_gas=0,
            steps=steps,
            urgent=sell.urgent or failures > 0,
            amm=swap.amm,
            pool_data=swap.pool_data,
            deadline=swap.deadline,
            route=route,
            once=bound is not None,
            part=part,
        )

    def _routed(self, guard: Guard, amount: int, out: int, alone: Alone, offer: Offer) -> tuple[Chosen | None, Finding]:
        """The route that nets more than the pool alone, if there is one. What is kept for the gas of the way out may be
        less than it takes; and where the route fails, its gas is spent, and that of the pool alone is still needed."""
        account, position = self.account, guard.position
        if not offer.proposals:
            return None, not_routed(offer.why)
        bid = account.execution.attempts.bid(urgent=False, blocks_waited=0)
        trade = account.planning.reduction(position, amount, out)
        chosen, remark = account.routes.chosen(trade, alone, bid, offer.proposals)
        if chosen is None:
            return None, remark
        native = asset_id(position.chain_id, NATIVE)
        free = account.book.free(native, account.wallets.holding(position)) + position.exit_gas
        cost = account.planning.cost((*chosen.steps, *alone.steps), bid)
        if cost is None:
            return None, not_routed(DATA_FEE)
        if cost > free:
            return None, not_routed("too little cash for the gas of the route")
        return chosen, remark

    def policies(self, order: f.OrderPlaced, denials: Denials) -> None:
        """The operator's law judges reductions too. One that fails only warns: nobody is trapped by a defect."""
        account = self.account
        entry = Entry(
            intent=order.intent,
            account=account.name,
            instance=order.instance,
            chain_id=order.chain_id,
            token=order.token,
            quote=order.quote,
            pool=order.pool,
            venue=order.venue,
            amount=order.amount_in,
            expected_out=order.expected_out,
            reason="",
            side="reduce",
        )
        pure = dict(account.entries.pure)
        for name in self._policies:
            check = pure.get(name)
            try:
                if check is None:
                    note = "it looks first, and no sale waits for that"
                    findings: tuple[Finding, ...] = (must("reduces", True, note=note),)
                else:
                    findings = tuple(given(finding, Finding) for finding in check.judge(entry, account.view))
                findings = findings or (must("reduces", True, note="the policy found nothing to say of this sale"),)
            except Exception as error:  # a plugin's code
                account.kernel.report(f"policy {name} failed on the sale {order.intent}", error)
                note = told(error)
                findings = (Finding(rule="works", ok=False, found=False, note=note, severity="warn"),)
            account.emit(f.Judged(time=account.kernel.now, intent=order.intent, check=name, findings=findings))
            denials.add(name, findings)
