"""From a strategy's order to one at an exchange: gates, checks, reservation."""

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from sniper.events import OrderChanged, Submitted
from sniper.exchange_orders import Fill, NewOrder, Side
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.kernel.asks import Submit
from sniper.kernel.entries import KERNEL, Denials, checked_by, claimed, describe
from sniper.kernel.exchange import crosses
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.kernel.exchange.contracts import held_contracts, initial_margin
from sniper.kernel.exchange.desk import Desk, client_id
from sniper.kernel.exchange.tickers import Ticker
from sniper.risk import Finding, RiskProbe, at_least, at_most, must
from sniper.types import BPS, CancelOrder, Entry, KillLevel, Open, PlaceOrder, place_of

if TYPE_CHECKING:
    from sniper.kernel.account import Account
    from sniper.kernel.instances import Instance

MILLION: Final = 10**6
LIVES: Final = ("gtc", "ioc", "fok", "day")
OPEN: Final = "?open "
"""Begins the keys of orders that carry out an `Open`; no strategy's key does."""
REDUCE_ONLY: Final = "reduce-only"


class Sized(NamedTuple):
    """What an order would take and bring. ``price``: ticks, the worst to expect. ``reserved``: see
    `sniper.kernel.facts.ExchangeOrderPlaced`. ``value``: base units of the quote asset, fee included where it pays;
    ``opened``: of a contract, how much of that is no reduction; of a cross, ``value`` in what the desk counts in.
    ``counted``: see `sniper.kernel.facts.ExchangeOrderPlaced`."""

    price: int
    reserved: int
    value: int
    opened: int = 0
    counted: str = ""


class Until(NamedTuple):
    """The exchange is to hold an order until a trade is at ``price`` (ticks) or beyond. ``type``: of
    `sniper.exchange_orders.CONDITIONAL`."""

    type: str
    price: int


class Trading:
    """The orders of one account at its exchanges. ``desks`` and their ``wiring``: by venue."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.desks = {
            wiring.venue: Desk(account, wiring.venue, wiring.deadline, wiring.read_every)
            for wiring in account.wiring.desks
        }
        self.wiring = {wiring.venue: wiring for wiring in account.wiring.desks}
        checks = account.entries.checks
        self._checks = tuple(
            (each.name, each.check, each.policy)
            for each in checks
            if each.check.exchanges and not isinstance(each.check, RiskProbe)
        )
        self._silent = tuple(each.name for each in checks if each.policy and not each.check.exchanges)
        """Policies that say nothing of orders at exchanges: what they do not allow is denied."""

    def form(self, instance: "Instance", wanted: PlaceOrder) -> None:
        """A strategy wants an order placed. It is told where that is denied."""
        denials = self.place(instance.name, self._scaled(instance.name, wanted))
        if denials.rule:
            account, now = self.account, self.account.kernel.now
            news = OrderChanged(
                time=now,
                key=wanted.key,
                order="",
                instrument=wanted.instrument,
                state="denied",
                filled=0,
                note=denials.rule,
            )
            account.tell(instance.name, news)

    def open(self, instance: "Instance", intent: Open) -> None:
        """A strategy wants to open: at the slippage bound, at once or not at all. It is told where that is denied."""
        account, venue = self.account, place_of(intent.token)
        wiring = self.wiring[venue]
        intent_id = f"{account.name}/{instance.name}/{account.book.intents + 1}"
        ticker = self._listed(intent, wiring.quote)
        price = ticker.to_buy() if ticker is not None else 0
        amount, failed = account.entries.amount(instance, intent_id, intent, wiring.quote)
        if ticker is None:
            failed = must("route", False, note=f"no known instrument sells this for {wiring.quote}", retry_after_s=2)
        elif failed is None and not price:
            failed = must("priced", False, note="nothing tells its price", retry_after_s=2)
        limit = -(-price * (BPS + wiring.slippage_bps) // BPS)
        lots = _lots(ticker.instrument, limit, amount) if ticker is not None else 0
        if ticker is not None and failed is None and lots * ticker.instrument.lot < intent.least(amount):
            failed = at_least("brings", lots * ticker.instrument.lot, intent.least(amount), unit="base units")
        denials = Denials()
        if ticker is None or failed is not None:
            token = ticker.instrument.held if ticker is not None else intent.token
            self._intended(intent_id, instance.name, token, intent.reason, opens=True)
            account.entries.judged(intent_id, KERNEL, (failed,) if failed is not None else (), denials)
            self._denied(intent_id, denials)
        else:
            wanted = PlaceOrder(
                key=f"{OPEN}{account.book.intents + 1}",
                instrument=ticker.instrument.id,
                side="buy",
                size=lots,
                price=limit,
                reason=intent.reason,
                lives="ioc",
            )
            denials = self.place(instance.name, wanted)
        if denials.rule:
            retry = denials.retry(account.kernel.now)
            account.entries.denied(intent_id, instance.name, intent.token, denials.rule, retry)

    def _listed(self, intent: Open, quote: str) -> Ticker | None:
        """The instrument that the intent names, or the one that sells the asset for what the account counts in."""
        known = self.account.kernel.tickers.known
        if intent.pool is not None:
            named = known.get(intent.pool)
            return named if named is not None and named.instrument.quote == quote else None
        found = [known[each] for each in sorted(known) if known[each].instrument.held == intent.token]
        return next((each for each in found if each.instrument.quote == quote), None)

    def _intended(self, intent: str, instance: str, token: str, reason: str, *, opens: bool) -> None:
        account, kernel = self.account, self.account.kernel
        account.emit(
            f.IntentFormed(
                time=kernel.now,
                intent=intent,
                instance=instance,
                side="increase" if opens else "reduce",
                token=token,
                reason=reason,
                cause=describe(kernel.cause),
            )
        )

    def place(
        self, instance: str, wanted: PlaceOrder, plan: str = "", leg: str = "", until: Until | None = None
    ) -> Denials:
        """Judge an order of an instance, or of a plan of it. Without a denial, it leaves once it is durable."""
        account, kernel = self.account, self.account.kernel
        now, ticker = kernel.now, kernel.tickers.known.get(wanted.instrument)
        intent = f"{account.name}/{instance}/{account.book.intents + 1}"
        opens = ticker is None or self._opened(ticker, wanted) > 0
        token = ticker.instrument.held if ticker is not None else wanted.instrument
        self._intended(intent, instance, token, wanted.reason, opens=opens)
        denials, desk = Denials(), self.desks.get(place_of(wanted.instrument))
        if ticker is None or desk is None:
            account.entries.judged(intent, KERNEL, (self._unknown(desk, wanted.instrument),), denials)
            return self._denied(intent, denials)
        instrument, counted = ticker.instrument, self._counted(ticker.instrument)
        findings = self._gates(instance, wanted, ticker, desk, plan, counted, opens=opens)
        if until is None and (met := account.arbitration.met(ticker, wanted)):
            findings += account.arbitration.self_trade(met, plan, leg, opens=opens)
            if not opens:
                for each in met:
                    desk.cancel(each.id)
        denials.add(KERNEL, findings)
        if not denials.rule:
            sized = self._sized(ticker, wanted, until, counted)
            affordable = self._affordable(ticker, wanted, sized)
            denials.add(KERNEL, affordable)
            findings += affordable
        account.emit(f.Judged(time=now, intent=intent, check=KERNEL, findings=findings))
        if denials.rule:
            account.arbitration.denied(instance, instrument, denials.rule)
        if not denials.rule and (self._checks or self._silent):
            self._judge(self._entry(instance, wanted, ticker, intent, sized, opens=opens), denials)
        if denials.rule:
            return self._denied(intent, denials)
        order = f"{intent}.1"
        desk.place(
            f.ExchangeOrderPlaced(
                time=now,
                order=order,
                intent=intent,
                instance=instance,
                key=wanted.key,
                instrument=instrument,
                new=NewOrder(
                    client_id=client_id(desk.name, order),
                    instrument=wanted.instrument,
                    side=wanted.side,
                    size=wanted.size,
                    price=wanted.price,
                    type=until.type if until is not None else "market" if wanted.price is None else "limit",
                    lives=wanted.lives,
                    flags=wanted.flags,
                    trigger=until.price if until is not None else None,
                ),
                reserved=sized.reserved,
                opens=opens,
                notional=sized.opened,
                plan=plan,
                leg=leg,
                counted=sized.counted,
                deadline=desk.deadline,
            )
        )
        return denials

    def cancel(self, instance: "Instance", wanted: CancelOrder) -> None:
        """A strategy wants one of its orders cancelled."""
        for desk in self.desks.values():
            order = _of_key(desk, instance.name, wanted.key)
            if order is not None:
                desk.cancel(order.id)
        self.account.plans.cancel(instance.name, wanted.key)

    def killed(self) -> None:
        """The kill switch is not off: what would increase a position is cancelled."""
        self.narrow("the kill switch is not off")

    def narrow(self, reason: str, instance: str = "", held: str = "") -> None:
        """No position may be increased any more, or none by one instance, or none in one asset: what would is
        withdrawn, the rest goes on."""
        self.account.plans.narrow(reason, instance, held)
        for venue in sorted(self.desks):
            desk = self.desks[venue]
            for key in sorted(desk.book.orders):
                placed = desk.book.orders[key].placed
                if placed.opens and instance in ("", placed.instance) and held in ("", placed.instrument.held):
                    desk.cancel(key)

    def began(self) -> None:
        """A process took over."""
        for venue in sorted(self.desks):
            self.desks[venue].began()
        self.account.plans.began()
        for instance in sorted({order.instance for desk in self.desks.values() for order in desk.book.orders.values()}):
            if self.account.life(instance) != "active":
                self.narrow(f"strategy {instance} is {self.account.life(instance)}", instance)
        if self.account.book.kill == KillLevel.FLATTEN:
            self.account.sales.flatten(KillLevel.FLATTEN)

    # ---- what exchanges say ----

    def submitted(self, event: Submitted) -> None:
        """The answer to a new order. One that comes late, or again, says nothing."""
        ask = self.account.book.asks.get(event.ask)
        if ask is not None and isinstance(ask.body, Submit):
            self.desks[ask.body.instrument.venue].submitted(ask.body, event)

    def filled(self, fill: Fill) -> None:
        """A fill."""
        desk = self.desks.get(place_of(fill.instrument))
        if desk is not None:
            desk.filled(fill)

    def changed(self, order: ExchangeOrder) -> None:
        """Let its strategy know what became of an order, or its plan."""
        account, placed = self.account, order.placed
        if placed.plan:
            account.plans.changed(order)
            return
        if not account.heard(placed.instance, OrderChanged):
            return  # most orders are placed by those who hear no more of them than their positions
        account.tell(
            placed.instance,
            OrderChanged(
                time=account.kernel.now,
                key=placed.key,
                order=order.id,
                instrument=placed.instrument.id,
                state=order.state,
                filled=order.filled,
                note=order.note,
                value=order.value,
            ),
        )

    # ---- judging ----

    def reducible(self, ticker: Ticker, side: Side) -> int:
        """How much an order on its side can reduce what is held, or what is owed; base units."""
        position = self.account.book.positions.get(ticker.instrument.held)
        held = position.amount if position is not None else 0
        return max(0, -held if side == "buy" else held)

    def waiting(self, ticker: Ticker, side: Side) -> int:
        """What orders on one side may still trade, base units."""
        instrument = ticker.instrument
        desk = self.account.book.desks.get(instrument.venue)
        if desk is None or not desk.orders:
            return 0
        return sum(
            (order.placed.new.size - order.filled) * instrument.lot
            for order in desk.orders.values()
            if order.placed.instrument.id == instrument.id and order.placed.new.side == side
        )

    def held_back(self, ticker: Ticker, side: Side) -> int:
        """How much of that waits for a trigger at the exchange, base units."""
        instrument = ticker.instrument
        return sum(
            (order.size - order.filled) * instrument.lot
            for order in self.desks[instrument.venue].book.working(instrument.id)
            if order.side == side and order.placed.new.trigger is not None
        )

    def opened(self, ticker: Ticker, side: Side, size: int) -> int:
        """By how much so many lots increase what is held, or what is owed; base units. Orders that wait on the same
        side count as filled."""
        traded, reduces = size * ticker.instrument.lot, self.reducible(ticker, side)
        if not reduces:
            return traded
        return max(0, min(traded, self.waiting(ticker, side) + traded - reduces))

    def least(self, ticker: Ticker, side: Side, price: int | None = None, *, reduces: bool = False) -> int:
        """The smallest order that the exchange takes, lots. ``price``: ticks; None: at the market."""
        instrument = ticker.instrument
        if reduces and REDUCE_ONLY in instrument.flags:
            return max(instrument.min_size, 1)  # exchanges let what only reduces be small
        worth = instrument.value(price or (ticker.to_buy() if side == "buy" else ticker.to_sell()), 1)
        return max(instrument.min_size, -(-instrument.min_value // worth) if worth else 1, 1)

    def _scaled(self, instance: str, wanted: PlaceOrder) -> PlaceOrder:
        """What of an order its stage lets be traded; of what reduces a position, all."""
        stages, ticker = self.account.stages, self.account.kernel.tickers.known.get(wanted.instrument)
        if not stages.wiring or ticker is None or not self._opened(ticker, wanted):
            return wanted
        least = self.reducible(ticker, wanted.side) // ticker.instrument.lot
        size = stages.scaled(instance, wanted.size, least)
        return wanted if size == wanted.size else replace(wanted, size=size)  # type: ignore[type-var]

    def _opened(self, ticker: Ticker, wanted: PlaceOrder) -> int:
        return 0 if REDUCE_ONLY in wanted.flags else self.opened(ticker, wanted.side, wanted.size)

    def _unknown(self, desk: Desk | None, instrument: str) -> Finding:
        note = instrument if desk is not None else f"{self.account.name} has no desk at {place_of(instrument)}"
        return must("instrument-known", False, note=note)

    def _gates(
        self, instance: str, wanted: PlaceOrder, ticker: Ticker, desk: Desk, plan: str, counted: str, *, opens: bool
    ) -> tuple[Finding, ...]:
        account, instrument, flags = self.account, ticker.instrument, wanted.flags
        book, price = account.book, wanted.price
        free = bool(plan) or self.key_free(desk, instance, wanted.key)
        gates = (
            *_of_account(account.life(instance), opens, book.kill, book.halted, desk.book.known),
            must("key-free", free, note=wanted.key),
            *_of_order(wanted.lives, flags, instrument.flags, wanted.size, instrument.min_size, price),
        )
        if counted:
            gates += crosses.gates(account, instance, instrument, counted, pays=wanted.side == "buy")
        if account.desk_exits.busy(instrument, wanted.key):
            gates += (must("not-being-sold", False, note=instrument.held),)
        if instrument.max_size:
            gates += (at_most("largest", wanted.size, instrument.max_size, unit="lots"),)
        if REDUCE_ONLY in flags:
            most = self.reducible(ticker, wanted.side) // instrument.lot
            gates += (at_most("reduces", wanted.size, most, unit="lots", note=REDUCE_ONLY),)
        if not opens:
            return gates
        held = book.positions.get(instrument.held)
        owner = held.instance if held is not None else ""
        gates += self.account.stages.gates(instance)
        gates += _of_entry(book.kill, book.tripped, ticker.stale, owner, held is None or owner == instance)
        if account.claims:
            also = (instrument.quote,) if counted else ()
            gates += claimed(account, instance, instrument.id, instrument.held, *also)
        return gates + account.arbitration.gates(instance, instrument)

    def _counted(self, instrument: Instrument) -> str:
        return crosses.counted_in(self.account.book, instrument, self.wiring[instrument.venue].quote)

    def _sized(self, ticker: Ticker, wanted: PlaceOrder, until: Until | None, counted: str) -> Sized:
        instrument, price, size = ticker.instrument, wanted.price, wanted.size
        if price is None:
            bps = self.wiring[instrument.venue].slippage_bps
            to_buy, to_sell = (until.price, until.price) if until is not None else (ticker.to_buy(), ticker.to_sell())
            # rounded against us: a market order may cost this and bring that
            price = -(-to_buy * (BPS + bps) // BPS) if wanted.side == "buy" else to_sell
        value = instrument.value(price, size)
        if instrument.linear:
            opened = instrument.value(price, self._opened(ticker, wanted) // instrument.lot)
            margin = initial_margin(opened, self._leverage(instrument))
            return Sized(price, margin + self._fee(instrument, opened), value, opened)
        if wanted.side == "sell":
            reserved = size * instrument.lot
        else:
            reserved = value = value + self._fee(instrument, value)
        cross = crosses.cross_of(self.account.kernel.tickers, instrument, counted) if counted else None
        return Sized(price, reserved, value, cross.worth(value) if cross is not None else 0, counted)

    @staticmethod
    def _fee(instrument: Instrument, value: int) -> int:
        return max(0, -(-value * instrument.taker_fee // MILLION))

    def _leverage(self, instrument: Instrument) -> int:
        """As the exchange says; one that it says nothing of has none."""
        contract = self.desks[instrument.venue].book.contracts.get(instrument.id)
        return contract.leverage if contract is not None else 1

    def _affordable(self, ticker: Ticker, wanted: PlaceOrder, sized: Sized) -> tuple[Finding, ...]:
        instrument, book = ticker.instrument, self.account.book
        desk = book.desks[instrument.venue]
        asset = instrument.quote if wanted.side == "buy" or instrument.linear else instrument.base
        # a position can be sold, and pays for nothing but crosses
        known = book.owned(asset) if asset == instrument.base or sized.counted else book.cash.get(asset, 0)
        free = known - desk.reserved.get(asset, 0)
        if asset == instrument.base:
            free -= self.account.desk_exits.claimed(instrument, wanted.side, wanted.key)
        least = 0 if REDUCE_ONLY in wanted.flags else instrument.min_value  # exchanges let what only reduces be small
        if instrument.linear:
            held = held_contracts(book, self.account.kernel.tickers, asset)
            free += sum(min(0, each.unrealised) for each in held)  # a loss is margin no more, a gain is none yet
        return (
            at_least("priced", sized.price, 1, unit="ticks", note="" if sized.price else "nothing tells its price"),
            at_least("value", sized.value, least, unit="base units"),
            at_most("cash", sized.reserved, max(free, 0), unit="base units", note=asset),
        )

    def _entry(
        self, instance: str, wanted: PlaceOrder, ticker: Ticker, intent: str, sized: Sized, *, opens: bool
    ) -> Entry:
        instrument, traded, value = ticker.instrument, wanted.size * ticker.instrument.lot, sized.value
        if sized.counted:
            value = sized.opened
        pays_quote = wanted.side == "buy" or opens  # what is sold short counts with what it is worth
        if instrument.linear:
            pays_quote = opens
            traded, value = (self._opened(ticker, wanted), sized.opened) if opens else (traded, value)
        return Entry(
            intent=intent,
            account=self.account.name,
            instance=instance,
            chain_id=0,
            token=instrument.held,
            quote=sized.counted or instrument.quote,
            pool=instrument.id,
            venue=instrument.venue,
            amount=value if pays_quote else traded,
            expected_out=traded if pays_quote else value,
            reason=wanted.reason,
            side="increase" if opens else "reduce",
        )

    def _judge(self, entry: Entry, denials: Denials) -> None:
        """All checks for what increases a position, policies alone for what reduces one."""
        account, view = self.account, self.account.view
        if self._silent:
            names = ", ".join(self._silent)
            finding = must("judges-exchanges", False, note=f"policies that say nothing of exchanges: {names}")
            account.entries.judged(entry.intent, KERNEL, (finding,), denials)
            return
        for name, check, policy in self._checks:
            if policy or entry.side == "increase":
                findings = checked_by(account, name, entry.intent, check.judge, entry, view)
                account.entries.judged(entry.intent, name, findings, denials)

    def _denied(self, intent: str, denials: Denials) -> Denials:
        self.account.emit(f.Verdict(time=self.account.kernel.now, intent=intent, allowed=False, rule=denials.rule))
        return denials

    def key_free(self, desk: Desk, instance: str, key: str) -> bool:
        """Whether nothing that works has this key of an instance."""
        return _of_key(desk, instance, key) is None and self.account.plans.of_key(instance, key) is None


def _lots(instrument: Instrument, price: int, amount: int) -> int:
    """The most lots that ``amount`` base units of the quote asset pay for at ``price`` ticks, the fee included."""
    if price <= 0:
        return 0
    return instrument.affordable(amount * MILLION // (MILLION + max(0, instrument.taker_fee)), price)


# These are alike from one order to the next, and findings are frozen.


@lru_cache(maxsize=256)
def _of_account(state: str, opens: bool, kill: str, halted: str, known: bool) -> tuple[Finding, ...]:
    return (
        must("strategy-active", state == "active" or not opens, note=state),
        must("not-frozen", kill != KillLevel.FREEZE, note=kill),
        must("not-halted", not halted, note=halted),
        must("desk-read", known, retry_after_s=1),
    )


@lru_cache(maxsize=256)
def _of_order(
    lives: str, flags: tuple[str, ...], known: tuple[str, ...], size: int, min_size: int, price: int | None
) -> tuple[Finding, ...]:
    return (
        must("lives", lives in LIVES, note=lives),
        must("flags", set(flags) <= set(known), note=", ".join(flags)),
        at_least("size", size, min_size, unit="lots"),
        at_least("price", 1 if price is None else price, 1, unit="ticks"),
    )


@lru_cache(maxsize=256)
def _of_entry(kill: str, tripped: str, stale: bool, owner: str, owns: bool) -> tuple[Finding, ...]:
    return (
        must("kill-switch-off", kill == "off", note=tripped or kill),
        must("prices-fresh", not stale, retry_after_s=1),
        must("one-owner", owns, note=owner),
    )


def _of_key(desk: Desk, instance: str, key: str) -> ExchangeOrder | None:
    """The working order that an instance itself placed under a key."""
    for order in desk.book.orders.values():
        placed = order.placed
        if placed.key == key and placed.instance == instance and not placed.plan:
            return order
    return None
