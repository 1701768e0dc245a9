"""From a strategy's order to one at an exchange: gates, checks, reservation."""

from typing import TYPE_CHECKING, Final, NamedTuple

from sniper.events import OrderChanged
from sniper.exchange_orders import NewOrder
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.kernel.entries import KERNEL, Denials, checked_by, describe
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.kernel.exchange.contracts import held_contracts, initial_margin
from sniper.kernel.exchange.desk import Desk, client_id
from sniper.kernel.exchange.tickers import Ticker
from sniper.risk import Finding, RiskProbe, at_least, at_most, must
from sniper.types import BPS, CancelOrder, Entry, KillLevel, PlaceOrder, place_of

if TYPE_CHECKING:
    from sniper.kernel.account import Account
    from sniper.kernel.instances import Instance

MILLION: Final = 10**6
LIVES: Final = ("gtc", "ioc", "fok", "day")
REDUCE_ONLY: Final = "reduce-only"


class Sized(NamedTuple):
    """What an order would take and bring. ``price``: ticks, the worst to expect. ``reserved``: see
    `sniper.kernel.facts.ExchangeOrderPlaced`. ``value``: base units of the quote asset, fee included where it pays."""

    price: int
    reserved: int
    value: int


class Trading:
    """The orders of one account at its exchanges. ``desks`` and their ``wiring``: by venue."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.desks = {wiring.venue: Desk(account, wiring.venue, wiring.deadline) for wiring in account.wiring.desks}
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
        """A strategy wants an order placed. Ends in a Deny, or in an order that leaves once it is durable."""
        account = self.account
        intent = f"{account.name}/{instance.name}/{account.book.intents + 1}"
        ticker = account.kernel.tickers.known.get(wanted.instrument)
        opens = ticker is None or self._opened(ticker, wanted) > 0
        account.emit(
            f.IntentFormed(
                time=account.kernel.now,
                intent=intent,
                instance=instance.name,
                side="increase" if opens else "reduce",
                token=ticker.instrument.held if ticker is not None else wanted.instrument,
                reason=wanted.reason,
                cause=describe(account.kernel.cause),
            )
        )
        denials = Denials()
        account.entries.judged(intent, KERNEL, self._gates(instance, wanted, ticker, opens=opens), denials)
        if ticker is None or denials.rule:
            self._deny(instance, wanted, intent, denials)
            return
        sized = self._sized(ticker, wanted)
        account.entries.judged(intent, KERNEL, self._affordable(ticker, wanted, sized), denials)
        if not denials.rule:
            self._judge(self._entry(instance, wanted, ticker, intent, sized, opens=opens), denials)
        if denials.rule:
            self._deny(instance, wanted, intent, denials)
            return
        account.emit(f.Verdict(time=account.kernel.now, intent=intent, allowed=True))
        order = f"{intent}.1"
        self.desks[ticker.instrument.venue].place(
            f.ExchangeOrderPlaced(
                time=account.kernel.now,
                order=order,
                intent=intent,
                instance=instance.name,
                key=wanted.key,
                instrument=ticker.instrument,
                new=NewOrder(
                    client_id=client_id(f"{account.name}@{ticker.instrument.venue}", order),
                    instrument=wanted.instrument,
                    side=wanted.side,
                    size=wanted.size,
                    price=wanted.price,
                    type="market" if wanted.price is None else "limit",
                    lives=wanted.lives,
                    flags=wanted.flags,
                ),
                reserved=sized.reserved,
                opens=opens,
                notional=sized.value if ticker.instrument.linear else 0,
            )
        )

    def cancel(self, instance: "Instance", wanted: CancelOrder) -> None:
        """A strategy wants one of its orders cancelled."""
        for desk in self.desks.values():
            order = _of_key(desk, instance.name, wanted.key)
            if order is not None:
                desk.cancel(order.id)

    def killed(self) -> None:
        """The kill switch is not off: what would increase a position is cancelled."""
        for venue in sorted(self.desks):
            desk = self.desks[venue]
            for key in sorted(desk.book.orders):
                if desk.book.orders[key].placed.opens:
                    desk.cancel(key)

    def began(self) -> None:
        """A process took over."""
        for venue in sorted(self.desks):
            self.desks[venue].began()

    def changed(self, order: ExchangeOrder) -> None:
        """Let its strategy know what became of an order."""
        account, placed = self.account, order.placed
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
            ),
        )

    # ---- judging ----

    def _reducible(self, ticker: Ticker, wanted: PlaceOrder) -> int:
        """How much an order on its side can reduce what is held, or what is owed; base units."""
        position = self.account.book.positions.get(ticker.instrument.held)
        held = position.amount if position is not None else 0
        return max(0, -held if wanted.side == "buy" else held)

    def _opened(self, ticker: Ticker, wanted: PlaceOrder) -> int:
        """By how much it increases what is held, or what is owed; base units. Orders that wait on the same side count
        as filled."""
        if REDUCE_ONLY in wanted.flags:
            return 0
        instrument = ticker.instrument
        desk = self.account.book.desks.get(instrument.venue)
        waiting = sum(
            (order.placed.new.size - order.filled) * instrument.lot
            for order in (desk.orders.values() if desk is not None else ())
            if order.placed.instrument.id == instrument.id and order.placed.new.side == wanted.side
        )
        size = wanted.size * instrument.lot
        return max(0, min(size, waiting + size - self._reducible(ticker, wanted)))

    def _gates(
        self, instance: "Instance", wanted: PlaceOrder, ticker: Ticker | None, *, opens: bool
    ) -> tuple[Finding, ...]:
        book, venue = self.account.book, place_of(wanted.instrument)
        desk = self.desks.get(venue)
        if desk is None or ticker is None:
            note = wanted.instrument if desk is not None else f"{self.account.name} has no desk at {venue}"
            return (must("instrument-known", False, note=note),)
        instrument = ticker.instrument
        gates = [
            must("strategy-active", instance.state == "active" or not opens, note=instance.state),
            must("not-frozen", book.kill != KillLevel.FREEZE, note=book.kill),
            must("not-halted", not book.halted, note=book.halted),
            must("desk-read", desk.book.known, retry_after_s=1),
            must("key-free", _of_key(desk, instance.name, wanted.key) is None, note=wanted.key),
            must("lives", wanted.lives in LIVES, note=wanted.lives),
            must("flags", set(wanted.flags) <= set(instrument.flags), note=", ".join(wanted.flags)),
            at_least("size", wanted.size, instrument.min_size, unit="lots"),
            at_least("price", 1 if wanted.price is None else wanted.price, 1, unit="ticks"),
        ]
        if instrument.max_size:
            gates.append(at_most("largest", wanted.size, instrument.max_size, unit="lots"))
        if REDUCE_ONLY in wanted.flags:
            most = self._reducible(ticker, wanted) // instrument.lot
            gates.append(at_most("reduces", wanted.size, most, unit="lots", note=REDUCE_ONLY))
        if opens:
            held = book.positions.get(instrument.held)
            gates += [
                must("kill-switch-off", book.kill == "off", note=book.tripped or book.kill),
                must("prices-fresh", not ticker.stale, retry_after_s=1),
                must("one-owner", held is None or held.instance == instance.name, note=held.instance if held else ""),
            ]
        return tuple(gates)

    def _sized(self, ticker: Ticker, wanted: PlaceOrder) -> Sized:
        instrument, price = ticker.instrument, wanted.price
        if price is None:
            bps = self.wiring[instrument.venue].slippage_bps
            # rounded against us: a market order may cost this and bring that
            price = -(-ticker.to_buy() * (BPS + bps) // BPS) if wanted.side == "buy" else ticker.to_sell()
        value = instrument.value(price, wanted.size)
        with_fee = value + self._fee(instrument, value)
        if instrument.linear:
            opened = instrument.value(price, self._opened(ticker, wanted) // instrument.lot)
            margin = initial_margin(opened, self._leverage(instrument))
            return Sized(price, margin + self._fee(instrument, opened), value)
        if wanted.side == "sell":
            return Sized(price, wanted.size * instrument.lot, value)
        return Sized(price, with_fee, with_fee)

    @staticmethod
    def _fee(instrument: Instrument, value: int) -> int:
        return max(0, -(-value * instrument.taker_fee // MILLION))

    def _leverage(self, instrument: Instrument) -> int:
        """As the exchange says; one that it says nothing of has none."""
        contract = self.desks[instrument.venue].book.contracts.get(instrument.id)
        return contract.leverage if contract is not None else 1

    def _affordable(self, ticker: Ticker, wanted: PlaceOrder, sized: Sized) -> tuple[Finding, ...]:
        instrument, book = ticker.instrument, self.account.book
        asset = instrument.quote if wanted.side == "buy" or instrument.linear else instrument.base
        free = book.owned(asset) - book.reserved(asset)
        if instrument.linear:
            held = held_contracts(book, self.account.kernel.tickers, asset)
            free += sum(min(0, each.unrealised) for each in held)  # a loss is margin no more, a gain is none yet
        return (
            at_least("priced", sized.price, 1, unit="ticks", note="" if sized.price else "nothing tells its price"),
            at_least("value", sized.value, instrument.min_value, unit="base units"),
            at_most("cash", sized.reserved, max(free, 0), unit="base units", note=asset),
        )

    def _entry(
        self, instance: "Instance", wanted: PlaceOrder, ticker: Ticker, intent: str, sized: Sized, *, opens: bool
    ) -> Entry:
        instrument, traded = ticker.instrument, wanted.size * ticker.instrument.lot
        pays_quote = wanted.side == "buy" or opens  # what is sold short counts with what it is worth
        return Entry(
            intent=intent,
            account=self.account.name,
            instance=instance.name,
            chain_id=0,
            token=instrument.held,
            quote=instrument.quote,
            pool=instrument.id,
            venue=instrument.venue,
            amount=sized.value if pays_quote else traded,
            expected_out=traded if pays_quote else sized.value,
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

    def _deny(self, instance: "Instance", wanted: PlaceOrder, intent: str, denials: Denials) -> None:
        account, now = self.account, self.account.kernel.now
        account.emit(f.Verdict(time=now, intent=intent, allowed=False, rule=denials.rule))
        account.tell(
            instance.name,
            OrderChanged(
                time=now,
                key=wanted.key,
                order="",
                instrument=wanted.instrument,
                state="denied",
                filled=0,
                note=denials.rule,
            ),
        )


def _of_key(desk: Desk, instance: str, key: str) -> ExchangeOrder | None:
    """The working order that an instance placed under a key."""
    for order in desk.book.orders.values():
        if order.placed.key == key and order.placed.instance == instance:
            return order
    return None
