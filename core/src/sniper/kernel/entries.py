"""From an intent to a reserved order: gates, size, route, checks, probes, and all of it again at the end."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import filterfalse
from operator import attrgetter
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from msgspec.structs import replace

from sniper.amm import NoLiquidity
from sniper.codec import decode
from sniper.errors import told
from sniper.events import EntryDenied, Event, ProbeAnswered, tag_of
from sniper.kernel import facts as f
from sniper.kernel.asks import Probe, ProposeRoute
from sniper.kernel.given import given, given_amount
from sniper.kernel.plans.part import Part
from sniper.kernel.pool import Pool
from sniper.kernel.routes import NOBODY, Offer, not_routed
from sniper.kernel.watches import Watch
from sniper.retry import Retry
from sniper.risk import Evidence, Finding, RiskCheck, RiskProbe, at_least, must
from sniper.types import SECOND, Entry, Open, place_of, split_asset
from sniper.venue import OnChainVenue
from sniper.view import View

if TYPE_CHECKING:
    from sniper.kernel.account import Account
    from sniper.kernel.instances import Instance

T = TypeVar("T")

KERNEL = "kernel"
"""The check under whose name the kernel's own gates are journaled."""
_OK: Final = attrgetter("ok")
ROUTE = "?route"
"""Ends the id of an ask of the routers; no check can have this name."""


class Check(NamedTuple):
    """A check as it judges. Any: the evidence type of a probe is its own affair."""

    name: str
    check: RiskCheck | RiskProbe[Any] | Watch
    policy: bool


class Denials:
    """The first rule that denied, and when it may be worth trying again: only where every denial says so."""

    __slots__ = ("_hopeless", "_waits", "rule")

    def __init__(self) -> None:
        self.rule = ""
        self._waits: list[tuple[int, Retry | None]] = []
        self._hopeless = False

    def add(self, check: str, findings: Iterable[Finding]) -> None:
        for finding in filterfalse(_OK, findings):
            if finding.severity == "warn":
                continue
            if not self.rule:
                self.rule = f"{check}.{finding.rule}"
            if finding.retry is None and finding.retry_after_s is None:
                self._hopeless = True
            self._waits.append((finding.retry_after_s or 0, finding.retry))

    def retry(self, now: int) -> Retry | None:
        """What to wait for, of what was denied at ``now`` (ns UTC); None where that would be in vain."""
        if self._hopeless:
            return None
        times = [Retry.at(now + seconds * SECOND) for seconds, retry in self._waits if seconds or retry is None]
        return Retry.latest([*(retry for _, retry in self._waits if retry is not None), *times])


class Entries:
    """The way of an `Open` of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        wired = [Check(each.name, each.check, each.policy) for each in account.wiring.checks]
        watching = [Check(each.name, each, each.wiring.policy) for each in account.watches]
        checks = sorted([*wired, *watching], key=lambda check: (not check.policy, check.name))
        self.checks = tuple(checks)
        """Policies first, then by name."""
        self.pure = tuple((c.name, c.check) for c in checks if not isinstance(c.check, RiskProbe))
        self.probes: tuple[tuple[str, RiskProbe[Evidence], type[Evidence]], ...] = tuple(
            (c.name, c.check, _evidence_type(c)) for c in checks if isinstance(c.check, RiskProbe)
        )
        self.evidence = {name: evidence for name, _, evidence in self.probes}
        self.judges = {name: probe for name, probe, _ in self.probes}

    def form(self, instance: "Instance", intent: Open) -> None:
        """A strategy wants to open. Ends in a Deny, in probes that are out, or in an order."""
        account = self.account
        if place_of(intent.token) in account.trading.desks:
            account.trading.open(instance, intent)
            return
        now = account.kernel.now
        intent_id = f"{account.name}/{instance.name}/{account.book.intents + 1}"
        account.emit(
            f.IntentFormed(
                time=now,
                intent=intent_id,
                instance=instance.name,
                side="increase",
                token=intent.token,
                reason=intent.reason,
                cause=describe(account.kernel.cause),
            )
        )
        denials = Denials()
        chain_id = account.wiring.chain_id
        here = intent.token.partition(":")[0] == str(chain_id)
        gates = self.gates(instance.name, intent.token) if here else (must("of-this-chain", False, note=str(chain_id)),)
        self.judged(intent_id, KERNEL, gates, denials)
        if denials.rule:
            self.deny(intent_id, instance.name, intent.token, denials)
            return
        entry, finding = self._sized(instance, intent_id, intent)
        if entry is None:
            self.judged(intent_id, KERNEL, (finding,), denials)
            self.deny(intent_id, instance.name, intent.token, denials)
            return
        account.emit(f.EntrySized(time=now, entry=entry))
        self.judge(entry, denials, routed=account.routes.wanted(intent))

    def buy(self, entry: Entry, part: Part) -> None:
        """A plan wants to buy in its pool, as sized. As `form`, without routers."""
        account, now = self.account, self.account.kernel.now
        account.emit(
            f.IntentFormed(
                time=now,
                intent=entry.intent,
                instance=entry.instance,
                side="increase",
                token=entry.token,
                reason=entry.reason,
                cause=describe(account.kernel.cause),
            )
        )
        account.emit(f.EntrySized(time=now, entry=entry, part=part))
        denials = Denials()
        self.judged(entry.intent, KERNEL, self.gates(entry.instance, entry.token, ignoring=entry.intent), denials)
        if denials.rule:
            self.deny(entry.intent, entry.instance, entry.token, denials)
        else:
            self.judge(entry, denials, routed=False)

    def withdraw(self, intent: str) -> None:
        """A plan does not want any more what is being judged."""
        rule = f"{KERNEL}.wanted"
        self.account.emit(f.Verdict(time=self.account.kernel.now, intent=intent, allowed=False, rule=rule))

    def judge(self, entry: Entry, denials: Denials, *, routed: bool) -> None:
        """The checks, and where those ask nothing of anybody, the order. ``routed``: routers are to be asked."""
        account = self.account
        self._judge_pure(entry, denials)
        if denials.rule:
            self.deny(entry.intent, entry.instance, entry.token, denials)
            return
        for name, _, _ in self.probes:
            body = Probe(check=name, entry=entry)
            account.ask(f"{entry.intent}?{name}", body, account.wiring.execution.probe_deadline)
        routed = routed and self._ask_routers(entry)
        if not self.probes and not routed:
            self._decide(entry, waited=False)

    def _ask_routers(self, entry: Entry) -> bool:
        """Whether there is anything to ask them about."""
        account = self.account
        asks = account.routes.questions(account.planning.entry(entry, entry.expected_out, account.wiring.address))
        if not asks:
            self.judged(entry.intent, KERNEL, (not_routed(NOBODY),), Denials())
            return False
        body = ProposeRoute(intent=entry.intent, route=asks[0], others=asks[1:])
        account.ask(f"{entry.intent}?{ROUTE}", body, account.wiring.execution.route_deadline)
        return True

    def answered(self, event: ProbeAnswered) -> None:
        """The evidence of one probe is in."""
        account = self.account
        body = account.close_ask(event.ask)
        if not isinstance(body, Probe):
            return
        entry = body.entry
        found: Evidence | None = None
        try:
            found = decode(event.evidence, self.evidence[body.check])
            judged = self.judges[body.check].judge(entry, account.view, found)
            findings = tuple(given(finding, Finding) for finding in judged)
        except Exception as error:  # a plugin's code: a check that fails denies
            account.kernel.report(f"risk {body.check} failed on {entry.intent}", error)
            findings = (_failed(error),)
        self.judged(entry.intent, body.check, findings or (_silent(),), Denials())
        self._measure(entry.token, found)
        self._probed(entry)

    def failed(self, body: Probe, code: str, message: str) -> None:
        """A probe is late or raised: that denies."""
        finding = must("answered", False, note=f"{code}: {message}", retry_after_s=5)
        self.judged(body.entry.intent, body.check, (finding,), Denials())
        self._probed(body.entry)

    def proposed(self, body: ProposeRoute, offer: Offer) -> None:
        """Routers have answered, are late or failed."""
        account = self.account
        if offer.proposals:
            account.emit(f.Proposed(time=account.kernel.now, intent=body.intent, proposals=offer.proposals))
        else:
            self.judged(body.intent, KERNEL, (not_routed(offer.why),), Denials())
        self._probed(account.book.pending[body.intent].entry)

    def _probed(self, entry: Entry) -> None:
        """Once all have answered: which of them is told as the first denial, and whether trying again makes sense, must
        not depend on which was the fastest. A denial does not wait for routers."""
        pending = self.account.book.pending.get(entry.intent)
        if pending is None or pending.waiting:
            return
        denials = Denials()
        order = {name: place for place, (name, _, _) in enumerate(self.probes)}
        # A check may be gone from the config since it was asked.
        for judged in sorted(pending.denials, key=lambda fact: (order.get(fact.check, len(order)), fact.check)):
            denials.add(judged.check, judged.findings)
        if denials.rule:
            self.deny(entry.intent, entry.instance, entry.token, denials)
        elif not pending.routing:
            self._decide(entry, waited=True)

    def gates(self, owner: str, token: str, *, ignoring: str = "") -> tuple[Finding, ...]:
        """The kernel's own rules for what increases a position, and for an arbitrage, whose ``token`` is the quote
        asset. ``ignoring``: an intent that is being judged."""
        account = self.account
        book = account.book
        held = book.positions.get(token)
        busy = any(p.entry.token == token and key != ignoring for key, p in book.pending.items()) or bool(
            book.of_token(token)
        )
        wallet_read, *wallet_free = account.wallets.gates(token)
        instance = account.instances.get(owner)
        state = instance.state if instance else "not in the config any more"
        return (
            must("strategy-active", state == "active", note=state),
            *account.stages.gates(owner),
            must(
                "kill-switch-off",
                book.kill == "off",
                note=f"{book.kill}: {book.tripped}" if book.tripped else book.kill,
            ),
            must("not-halted", not book.halted, note=book.halted),
            wallet_read,
            must("feeds-fresh", not account.chain.stale, note=", ".join(sorted(account.chain.stale)), retry_after_s=5),
            must("one-owner", held is None or held.instance == owner, note=held.instance if held else ""),
            must("one-at-a-time", not busy, retry_after_s=1),
            *wallet_free,
            *claimed(account, owner, token),
        )

    def _sized(self, instance: "Instance", intent_id: str, intent: Open) -> tuple[Entry | None, Finding]:
        account = self.account
        fine = must("sized", True)
        amount, failed = self.amount(instance, intent_id, intent, account.quote)
        if failed is not None:
            return None, failed
        best, venue, out = self.best(intent.token, amount, venue=instance.wiring.venue, only=intent.pool)
        if best is None:
            return None, must(
                "route", False, note="no known pool sells this token for the quote asset", retry_after_s=2
            )
        entry = Entry(
            intent=intent_id,
            account=account.name,
            instance=instance.name,
            chain_id=account.wiring.chain_id,
            token=intent.token,
            quote=account.quote,
            pool=best.id,
            venue=venue,
            amount=amount,
            expected_out=out,
            reason=intent.reason,
            min_out=intent.least(amount),
        )
        return entry, fine

    def amount(self, instance: "Instance", intent_id: str, intent: Open, quote: str) -> tuple[int, Finding | None]:
        """What the sizer wants to pay, ``quote`` base units; a finding, where that is nothing."""
        account, sizer = self.account, instance.wiring.sizer
        assert sizer is not None  # only a strategy that opens nothing has none, and its `Open` stops it
        try:
            amount = given_amount(sizer.size(intent, quote, account.view))
        except Exception as error:  # a plugin's code: without a size there is no entry
            account.kernel.report(f"sizer of {instance.name} failed on {intent_id}", error)
            return 0, must("sized", False, note=told(error))
        if intent.max_spend is not None:
            amount = min(amount, intent.max_spend)
        amount = account.stages.scaled(instance.name, amount)
        if amount <= 0:
            return 0, at_least("amount", amount, 1, unit="base units", note="the sizer gave nothing to spend")
        return amount, None

    def best(
        self, token: str, amount: int, *, venue: str = "", only: str | None = None
    ) -> tuple[Pool | None, str, int]:
        """The pool that gives most of a token for ``amount`` of the quote asset, the venue that serves it, and how much
        that is. ``venue``: the one to use, empty for any; ``only``: the one pool that may be it."""
        account = self.account
        pay = account.planning.pool_coin(account.wiring.quote)
        best: Pool | None = None
        best_venue, best_out = "", 0
        for pool in account.view.pools_of(token):
            if pay not in pool.coins or len(pool.coins) != 2 or split_asset(token)[1] == pay:
                continue
            if only is not None and pool.id != only:
                continue
            serving = self.serving(pool, venue)
            if not serving:
                continue
            try:
                out = pool.amount_out(pay, amount)
            except NoLiquidity:
                continue
            except Exception as error:  # a plugin's code: what it cannot price is not traded
                account.kernel.report(f"amm {pool.amm} cannot price pool {pool.id}", error)
                continue
            if out > best_out:
                best, best_venue, best_out = pool, serving, out
        return best, best_venue, best_out

    def serving(self, pool: Pool, venue: str) -> str:
        """The venue that serves a pool, empty where none does. ``venue``: the one to use, empty for any."""
        candidates = self.account.planning.venues(venue)
        return next((name for name, each in candidates.items() if self._serves(name, each, pool)), "")

    def _serves(self, name: str, venue: OnChainVenue, pool: Pool) -> bool:
        try:
            return venue.serves(pool.chain_id, pool.amm)
        except Exception as error:  # a plugin's code: what does not say that it serves does not
            self.account.kernel.report(f"venue {name} does not say whether it serves {pool.amm} pools", error)
            return False

    def _judge_pure(self, entry: Entry, denials: Denials, *, quiet: bool = False) -> None:
        """``quiet``: passing findings are on record already; only a check that now denies is journaled."""
        view = self.account.view
        for name, check in self.pure:
            findings = checked_by(self.account, name, entry.intent, check.judge, entry, view)
            if quiet and all(finding.ok or finding.severity == "warn" for finding in findings):
                continue
            self.judged(entry.intent, name, findings, denials)

    def _decide(self, entry: Entry, *, waited: bool) -> None:
        """Everything answered well: judge once more on the present state, where something was waited for; reserve, and
        place the order."""
        account = self.account
        denials = Denials()
        if waited:
            gates = self.gates(entry.instance, entry.token, ignoring=entry.intent)
            if not all(gate.ok for gate in gates):
                self.judged(entry.intent, KERNEL, gates, denials)
            if not denials.rule:
                self._judge_pure(entry, denials, quiet=True)
        if denials.rule:
            self.deny(entry.intent, entry.instance, entry.token, denials)
            return
        orders = account.planning.entry_order if entry.range is None else account.provisions.order
        quote_findings, order = orders(entry)
        failed = tuple(finding for finding in quote_findings if not finding.ok and finding.severity == "deny")
        self.judged(entry.intent, KERNEL, failed or quote_findings, denials)
        if order is None or denials.rule:
            self.deny(entry.intent, entry.instance, entry.token, denials)
            return
        account.emit(f.Verdict(time=account.kernel.now, intent=entry.intent, allowed=True))
        account.emit(order)
        account.execution.advance(account.book.orders[order.order])

    def _measure(self, token: str, found: Evidence | None) -> None:
        buy, sell = getattr(found, "buy_tax_bps", None), getattr(found, "sell_tax_bps", None)
        if any(type(tax) is int for tax in (buy, sell)) and {type(buy), type(sell)} <= {int, NoneType}:
            self.account.emit(f.Measured(time=self.account.kernel.now, token=token, buy_tax_bps=buy, sell_tax_bps=sell))

    def forbids(self, entry: Entry) -> str:
        """The first rule of a policy that denies, or warns of a sale; empty where none does. One that must look first
        denies: nothing waits for it here."""
        denials = Denials()
        sale = entry.side == "reduce"
        for wiring in self.checks:
            if not wiring.policy:
                continue
            findings: tuple[Finding, ...]
            if isinstance(wiring.check, RiskProbe):
                if sale:
                    continue  # no sale waits for it, with a route or without
                findings = (must("judges-routes", False, note="it looks first, and no route waits for that"),)
            else:
                judge, view = wiring.check.judge, self.account.view
                findings = checked_by(self.account, wiring.name, entry.intent, judge, entry, view)
            if sale:  # at which a policy may say nothing
                findings = tuple(replace(each, severity="deny") for each in findings if each != _silent())  # type: ignore[type-var]
            denials.add(wiring.name, findings)
        return denials.rule

    def judged(self, intent: str, check: str, findings: tuple[Finding, ...], denials: Denials) -> None:
        """Put on record what a check found, and count what denies."""
        self.account.emit(f.Judged(time=self.account.kernel.now, intent=intent, check=check, findings=findings))
        denials.add(check, findings)

    def deny(self, intent: str, instance: str, token: str, denials: Denials) -> None:
        """Put the denial on record, and let the strategy know."""
        account = self.account
        now = account.kernel.now
        retry, pending, head = denials.retry(now), account.book.pending.get(intent), account.chain.head
        if retry is not None and retry.when == "block" and pending and head and head.time > pending.time:
            retry = Retry.at(max(now, retry.not_before))  # that block came while the probes were out
        account.emit(
            f.Verdict(time=now, intent=intent, allowed=False, rule=denials.rule, retry_at=_retry_at(retry)),
        )
        if pending is not None and pending.part is not None:
            account.plans.denied(pending.part, denials.rule, retry)
            return
        self.denied(intent, instance, token, denials.rule, retry)

    def denied(self, intent: str, instance: str, token: str, rule: str, retry: Retry | None) -> None:
        """Let the strategy know, and again once what the denial waits for has come."""
        account = self.account
        waits = retry is not None and retry.when != "time"
        if retry is not None and waits:
            account.waits.begin(intent, instance, token, retry)
        denied = EntryDenied(
            time=account.kernel.now,
            token=token,
            intent=intent,
            rule=rule,
            retry_at=_retry_at(retry),
            retry=retry if waits else None,
        )
        account.tell(instance, denied)


def _retry_at(retry: Retry | None) -> int | None:
    """From when on it may be worth trying again, ns UTC; None where no time tells."""
    if retry is None:
        return None
    return retry.not_before if retry.not_before or retry.when == "time" else None


def checked_by(
    account: "Account", name: str, intent: str, judge: Callable[[T, View], Iterator[Finding]], what: T, view: View
) -> tuple[Finding, ...]:
    """What a pure check finds. One that fails, or says nothing, denies."""
    try:
        return tuple(given(finding, Finding) for finding in judge(what, view)) or (_silent(),)
    except Exception as error:  # a plugin's code
        account.kernel.report(f"risk {name} failed on {intent}", error)
        return (_failed(error),)


def _evidence_type(wiring: Check) -> type[Evidence]:
    """What a probe's `probe` returns, as its `judge` declares it."""
    import typing

    hint = typing.get_type_hints(type(wiring.check).judge).get("found")
    if not (isinstance(hint, type) and issubclass(hint, Evidence)):
        raise TypeError(f"risk {wiring.name}: judge(…, found) must be annotated with an Evidence type, not {hint!r}")
    return hint


def _silent() -> Finding:
    return must("answers", False, note="the check gave no finding at all")


def _failed(error: Exception) -> Finding:
    return must("works", False, note=told(error))


def claimed(account: "Account", owner: str, *ids: str) -> tuple[Finding, ...]:
    """Whether an instance may buy what one alone may; nothing of what anyone may. ``ids``: names of the same thing."""
    claimants = sorted({account.claims[each] for each in ids if each in account.claims})
    return tuple(must("claimed", claimant == owner, note=claimant) for claimant in claimants)


_TELLING = ("chain_id", "block", "number", "index", "pool", "address", "token", "key", "instrument", "rule", "id")
"""Fields that tell what an event is about."""


def describe(event: Event | None) -> str:
    """An event in a few words, for ``sniper why``."""
    if event is None:
        return ""
    return _told_of(type(event)).format(event)


@cache
def _told_of(kind: type[Event]) -> str:
    """A template for events of this class."""
    return " ".join([tag_of(kind), *(f"{name} {{0.{name}}}" for name in _TELLING if hasattr(kind, name))])
