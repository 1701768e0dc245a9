"""Strategies at exchanges on a recorded market: the kernel of a run, with exchanges that are played."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from sniper.errors import ConfigError
from sniper.events import Event, InstrumentListed, Started
from sniper.exchange_orders import Side
from sniper.feed import Wanted
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.kernel.exchange.tickers import Ticker
from sniper.kernel.kernel import Kernel
from sniper.kernel.market import Report
from sniper.runtime.collecting import uncollected
from sniper.runtime.played import Exchanges, finish, play
from sniper.runtime.queues import probabilistic, risk_averse
from sniper.runtime.simulated_book import BookExchange
from sniper.runtime.simulated_exchange import SimulatedExchange
from sniper.runtime.wire import wire
from sniper.settings.model import Desk
from sniper.settings.resolved import Resolved
from sniper.types import SECOND, Mode, place_of

__all__ = ["DeskResult", "ExchangeBacktest", "Fills", "Paid", "Result", "Sample", "Traded", "wanted_of"]

MOST_SAMPLES: Final = 4_000
STEPS: Final = tuple(
    seconds * SECOND for seconds in (1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400, 7 * 86_400, 28 * 86_400)
)
"""Distances between samples; each begins at a whole one of them, so days begin with a sample."""
MS: Final = SECOND // 1000
_LEAD: Final = 10 * SECOND
"""Before the first event the process begins and reads its desks."""

Progress = Callable[[int, int], None]
"""Told the time that is played, and how much of it there is; ns."""
_time = attrgetter("time")


class Sample(NamedTuple):
    """A desk at a moment. ``equity``: cash and what is held at the last prices; ``exposure``: what is held at them,
    above or below zero; base units of its quote asset."""

    time: int
    equity: int
    exposure: int


class Traded(NamedTuple):
    """A fill. ``price``, ``expected``: ticks; the latter is what the market showed when the order was decided, 0 where
    nothing. ``size``: lots; ``value``, ``fee``, ``realised``: base units of the quote asset."""

    time: int
    instrument: str
    instance: str
    order: str
    side: Side
    size: int
    price: int
    expected: int
    value: int
    fee: int
    realised: int
    maker: bool


class Paid(NamedTuple):
    """Funding of a contract; ``amount``: base units of the quote asset, above zero where it was received."""

    time: int
    instrument: str
    amount: int


class Fills(NamedTuple):
    """How the exchanges fill, which is an assumption and told with each result.

    model      ``next-event`` (`sniper.runtime.simulated_exchange`) or ``book`` (`sniper.runtime.simulated_book`); None:
               what each desk says.
    latency    ns to the exchange, and as many back; None: what each desk says.
    share_bps  Of ``next-event``: how much of what is traded our orders may have; 0: any amount.
    power      Of ``book``: of `sniper.runtime.queues.probabilistic`; 0: averse to risk.
    """

    model: Literal["next-event", "book"] | None = None
    latency: int | None = None
    share_bps: int = 0
    power: int = 0

    def of(self, desk: Desk) -> str:
        """The model by which a desk is played."""
        return self.model or desk.paper_fills

    def exchange(self, account: str, venue: str, desk: Desk) -> SimulatedExchange:
        """A new one, with the cash that the desk begins with. Raises `ConfigError` where it has none."""
        if not desk.paper_cash:
            raise ConfigError(
                f"[account.{account}.desk.{venue}] has no paper_cash: say what a backtest begins with, such as "
                'paper_cash = { USDT = "10000" }'
            )
        balances = {f"{venue}:{code}": amount for code, amount in desk.paper_cash.items()}
        latency = desk.paper_latency_ms * MS if self.latency is None else self.latency
        if self.of(desk) == "book":
            withdrawn = probabilistic(self.power) if self.power else risk_averse
            return BookExchange(
                account, venue, balances, latency=latency, withdrawn=withdrawn, leverage=desk.paper_leverage
            )
        return SimulatedExchange(
            account, venue, balances, latency=latency, share_bps=self.share_bps, leverage=desk.paper_leverage
        )


@dataclass
class DeskResult:
    """One desk. ``latency``: ns there, and as much back. ``fills_model``: by which they are."""

    account: str
    venue: str
    quote: str
    latency: int
    fills_model: str
    samples: list[Sample] = field(default_factory=list)
    fills: list[Traded] = field(default_factory=list)
    funding: list[Paid] = field(default_factory=list)


@dataclass
class Result:
    """``begin`` and ``end``: ns UTC of the first and the last event. ``prices``: (time, ticks) of each instrument when
    samples were taken. ``denied``: intents by account and the rule that denied them."""

    events: int = 0
    begin: int = 0
    end: int = 0
    instruments: tuple[Instrument, ...] = ()
    desks: list[DeskResult] = field(default_factory=list)
    prices: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    orders: int = 0
    denied: Counter[tuple[str, str]] = field(default_factory=Counter)
    halted: dict[str, str] = field(default_factory=dict)


class _Heard(list[tuple[str, f.Fact]]):
    """The kernel's list of facts, which keeps none: each is told when it is decided, while the market is as it was."""

    def __init__(self, tell: Callable[[str, f.Fact], None]) -> None:
        super().__init__()
        self._tell = tell

    def append(self, item: tuple[str, f.Fact]) -> None:
        self._tell(*item)


def _silent(_: str, __: Exception) -> None:
    """A plugin's failure is a fact as well."""


def wanted_of(resolved: Resolved, begin: int, end: int, fills: Fills) -> Wanted:
    """What the strategies of a config want of a recording. Raises `ConfigError` where none of it trades at an
    exchange."""
    if not any(account.desks for account in resolved.accounts):
        raise ConfigError("no account has a desk; add [account.NAME.desk.VENUE], or backtest on a --journal")
    kernel = Kernel(wire(resolved, signs=False), _silent)
    instruments = sorted({*kernel.tickers.wanted(), *kernel.depths.followed})
    if not instruments:
        raise ConfigError("no strategy trades or follows an instrument of an exchange; name one in its section")
    by_book = {
        venue for account in resolved.accounts for venue, desk in account.desks.items() if fills.of(desk) == "book"
    }
    return Wanted(
        instruments=tuple(instruments),
        depth=tuple(each for each in instruments if each in kernel.depths.followed or place_of(each) in by_book),
        bars=tuple(sorted(kernel.bars.known)),
        begin=begin,
        end=end,
    )


class ExchangeBacktest:
    """One run over a recording. ``heard``: told of each fact."""

    def __init__(
        self,
        resolved: Resolved,
        instruments: Sequence[Instrument],
        fills: Fills,
        *,
        report: Report = _silent,
        heard: Callable[[str, f.Fact], None] | None = None,
    ) -> None:
        """Raises `ConfigError` for a desk without cash."""
        if resolved.mode is not Mode.BACKTEST:
            raise ConfigError(f'mode "{resolved.mode}" is no backtest')
        self.kernel = Kernel(wire(resolved, signs=False), report)
        self.kernel.facts = _Heard(self._fact)
        self.result = Result(instruments=tuple(sorted(instruments, key=lambda each: each.id)))
        self._heard = heard
        self._next = 0
        self._step = 0
        self._expected: dict[str, int] = {}
        self._unpriced: list[tuple[DeskResult, int, Instrument, int]] = []
        """Desks, numbers of their samples, and how much they had of what had no price yet."""
        self._desks: dict[tuple[str, str], DeskResult] = {}
        exchanges: dict[tuple[str, str], SimulatedExchange] = {}
        for account in resolved.accounts:
            for venue, desk in sorted(account.desks.items()):
                exchange = exchanges[account.name, venue] = fills.exchange(account.name, venue, desk)
                result = DeskResult(account.name, venue, f"{venue}:{desk.quote}", exchange.latency, fills.of(desk))
                self._desks[account.name, venue] = result
                self.result.desks.append(result)
        self.exchanges: Exchanges = exchanges

    def run(self, batches: Iterable[Sequence[Event]], end: int, progress: Progress | None = None) -> Result:
        """Play all of it. ``end``: of the recording, ns UTC, for the distance of samples. Raises what they raise, and
        `ConfigError` where there are no events."""
        result = self.result
        with uncollected():
            for batch in batches:
                if not result.events:
                    self._begin(batch[0].time, min(end, 1 << 62))
                self._batch(batch)
                if progress:
                    progress(batch[-1].time - result.begin, max(end - result.begin, 1))
        if not result.events:
            raise ConfigError("there are no events in this time; sniper data list tells what there is")
        finish(self.kernel, self.exchanges, result.end + 2 * self._slowest() + SECOND)
        self._sample(result.end)
        self._price_beginnings()
        result.halted = {
            name: account.book.halted for name, account in self.kernel.accounts.items() if account.book.halted
        }
        return result

    def _begin(self, first: int, end: int) -> None:
        """The process starts, knows the instruments, and has read its desks before the first event."""
        self.result.begin = first
        lead = first - max(_LEAD, 4 * self._slowest())
        started: list[Event] = [Started(time=lead, mode=Mode.BACKTEST.value)]
        started += [InstrumentListed(time=lead, instrument=each) for each in self.result.instruments]
        play(self.kernel, started, self.exchanges)
        finish(self.kernel, self.exchanges, first - 1)
        length = max(end - first, 1)
        self._step = next((step for step in STEPS if length // step < MOST_SAMPLES), STEPS[-1])
        self._sample(first - 1)
        self._next = first // self._step * self._step + self._step

    def _batch(self, batch: Sequence[Event]) -> None:
        result, begin = self.result, 0
        result.events += len(batch)
        result.end = batch[-1].time
        while result.end >= self._next:
            until = bisect_left(batch, self._next, begin, key=_time)
            play(self.kernel, batch[begin:until], self.exchanges)
            self._sample(self._next)
            begin = until
            # Where nothing happens, nothing is sampled again.
            self._next = batch[begin].time // self._step * self._step + self._step
        play(self.kernel, batch[begin:], self.exchanges)

    def _slowest(self) -> int:
        return max((exchange.latency for exchange in self.exchanges.values()), default=0)

    # ---- what is taken down ----

    def _sample(self, time: int) -> None:
        known = self.kernel.tickers.known
        for (account, venue), desk in self._desks.items():
            equity, exposure = self._worth(account, venue, desk)
            desk.samples.append(Sample(time, equity, exposure))
        for instrument in self.result.instruments:
            price = _price(known[instrument.id]) if instrument.id in known else 0
            if price:
                self.result.prices.setdefault(instrument.id, []).append((time, price))

    def _price_beginnings(self) -> None:
        """What was there before its first price was told was worth that."""
        for desk, number, instrument, amount in self._unpriced:
            series = self.result.prices.get(instrument.id)
            if series:
                value, sample = amount * series[0][1] * instrument.tick // COIN, desk.samples[number]
                desk.samples[number] = Sample(sample.time, sample.equity + value, sample.exposure + value)

    def _worth(self, account: str, venue: str, desk: DeskResult) -> tuple[int, int]:
        book, quote = self.kernel.accounts[account].book, desk.quote
        equity, exposure = book.owned(quote), 0
        for instrument in self.result.instruments:
            if instrument.venue == venue and instrument.quote == quote:
                amount, price = book.owned(instrument.held), _price(self.kernel.tickers.known[instrument.id])
                if amount and not price:
                    self._unpriced.append((desk, len(desk.samples), instrument, amount))
                value = amount * price * instrument.tick // COIN
                position = book.positions.get(instrument.held)
                cost = position.cost if position is not None and instrument.linear else 0
                equity, exposure = equity + value - cost, exposure + value
        return equity, exposure

    def _fact(self, account: str, fact: f.Fact) -> None:
        if isinstance(fact, f.ExchangeOrderPlaced):
            ticker = self.kernel.tickers.known.get(fact.instrument.id)
            if ticker is not None:
                self._expected[fact.order] = ticker.to_buy() if fact.new.side == "buy" else ticker.to_sell()
            self.result.orders += 1
        elif isinstance(fact, f.ExchangeFilled):
            self._filled(account, fact)
        elif isinstance(fact, f.Funded):
            paid = fact.funding
            self._desks[account, fact.venue].funding.append(Paid(paid.time, paid.instrument, paid.amount))
        elif isinstance(fact, f.Verdict) and not fact.allowed:
            self.result.denied[account, fact.rule] += 1
        if self._heard:
            self._heard(account, fact)

    def _filled(self, account: str, fact: f.ExchangeFilled) -> None:
        fill, venue = fact.fill, place_of(fact.fill.instrument)
        desk = self._desks[account, venue]
        placed = self.kernel.accounts[account].book.desks[venue].order_of(fact.order).placed
        quote = placed.instrument.quote
        fee = fill.fee if fill.fee_asset == quote else fill.fee * fill.price * placed.instrument.tick // COIN
        traded = Traded(
            time=fill.time,
            instrument=fill.instrument,
            instance=placed.instance,
            order=fact.order,
            side=fill.side,
            size=fill.size,
            price=fill.price,
            expected=self._expected.get(fact.order, 0),
            value=fill.value,
            fee=fee,
            realised=fact.realised,
            maker=fill.maker,
        )
        if fact.cross is None:
            desk.fills.append(traded)
        else:
            desk.fills += self._swapped(traded, fact, fact.cross, quote)

    def _swapped(self, traded: Traded, fact: f.ExchangeFilled, cross: f.Crossed, quote: str) -> Iterator[Traded]:
        """A fill in a cross as the two trades that it is booked as, in lots that are whole: the fee is of the first."""
        fill, worth, buys = fact.fill, abs(fact.cash), traded.side == "buy"
        within = (fill.fee if buys else -fill.fee) if fill.fee_asset == quote else 0
        moved = traded.value + within  # of the quote asset, which is worth that
        fee = worth * traded.fee // moved
        sold: Side = "sell" if buys else "buy"
        for pool, side, amount, value, paid, realised in (
            (cross.pool, traded.side, fact.amount, worth * traded.value // moved, fee, fact.realised),
            (cross.other_pool, sold, cross.amount, worth, 0, cross.realised),
        ):
            instrument = self.kernel.tickers.known[pool].instrument
            size = max(1, abs(amount) // instrument.lot)
            yield traded._replace(
                instrument=pool,
                side=side,
                size=size,
                price=value // (size * instrument.unit),
                expected=0,
                value=value,
                fee=paid,
                realised=realised,
            )


def _price(ticker: Ticker) -> int:
    """What one lot is valued at: the newest trade, or between the best prices; ticks, 0 where nothing is known."""
    return ticker.last or (ticker.bid + ticker.ask) // 2
