"""What a run counts and measures, for Prometheus. Buckets exist from the start, and nothing is made on the hot path.

Histograms are in seconds. ``stage``: ``wait`` (from when the first event of a batch could be known to its turn),
``handle`` (the kernel, a whole batch), ``journal`` (writing it), ``leave`` (asks leave; with commands after a sync),
``decide`` (intent to verdict) and ``include`` (signed to included). The first four are sampled.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from importlib_metadata import version
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from sniper.events import Answer, AskFailed, Event
from sniper.isolation import staff
from sniper.kernel import facts as f
from sniper.kernel.asks import Submit
from sniper.plugin import Frozen
from sniper.runtime.exchange_sources import DeskSource
from sniper.runtime.switches import SEVERITY
from sniper.types import SECOND, KillLevel, place_of

if TYPE_CHECKING:
    from sniper.runtime.feeding import Feeder
    from sniper.runtime.run import Run

BOUNDS_NS: Final = (
    *(step * 10**power // 10 for power in range(4, 10) for step in (10, 25, 50)),
    10 * SECOND,
    60 * SECOND,
    600 * SECOND,
)
"""Upper ends of the buckets: 10 µs to 5 s in steps of 1, 2.5 and 5, then 10 s, 1 min, 10 min."""
_LABELS: Final = (*(f"{bound / SECOND:g}" for bound in BOUNDS_NS), "+Inf")
SAMPLED: Final = 8
"""One batch in so many is measured, for that costs as much as handling an event; all else is counted in full."""
_BATCHES: Final = ("wait", "handle", "journal", "leave")


class Histogram:
    """Counts durations. ``counts``: one for each bucket, not cumulative."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_NS) + 1)
        self.total = 0

    def observe(self, ns: int) -> None:
        """Count one."""
        self.counts[bisect_left(BOUNDS_NS, ns)] += 1
        self.total += ns

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus wants them."""
        found, count = [], 0
        for label, more in zip(_LABELS, self.counts, strict=True):
            count += more
            found.append((label, float(count)))
        return found


class Metrics(Collector):
    """Everything of one run. `batch` and `told` are called by the run's loop, `text` by whoever scrapes."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self.stages = {stage: Histogram() for stage in (*_BATCHES, "decide", "include")}
        self._wait, self._handle, self._journal, self._leave = (self.stages[stage] for stage in _BATCHES)
        self.effects: defaultdict[str, Histogram] = defaultdict(Histogram)
        self.events: Counter[type[Event]] = Counter()
        self.intents: Counter[tuple[str, str]] = Counter()
        self.denials: Counter[tuple[str, str]] = Counter()
        self.orders: Counter[tuple[str, str]] = Counter()
        self.fills: Counter[tuple[str, str]] = Counter()
        self.submits: defaultdict[str, Histogram] = defaultdict(Histogram)
        """From an order that leaves to the word of its exchange, by exchange."""
        self.exchange_orders: Counter[tuple[str, str, str]] = Counter()
        self.exchange_fills: Counter[tuple[str, str, str]] = Counter()
        self.attempts: Counter[tuple[str, str]] = Counter()
        self.failures: Counter[tuple[str, str]] = Counter()
        self.lag_s = 0.0
        """How late the event loop was at most since the last scrape."""
        self._batches = 0
        self._asked: dict[str, tuple[str, int]] = {}
        self._submitted: dict[str, str] = {}
        self._formed: dict[str, int] = {}
        self._signed: dict[str, int] = {}

    # ---- measuring ----

    def batch(self, events: Sequence[Event], began: int, handled: int, journaled: int, left: int) -> None:
        """A batch is through; the times are of `perf_counter_ns`. One event of it says how long it waited."""
        self._batches += 1
        if self._batches % SAMPLED:
            return
        self._handle.observe(handled - began)
        self._journal.observe(journaled - handled)
        self._leave.observe(left - journaled)
        self._wait.observe(max(0, time_ns() - (left - began) - events[0].time))

    def told(self, event: Event, facts: Sequence[tuple[str, f.Fact]]) -> None:
        """An observer of the run: one event is on record, with what it led to."""
        kind = type(event)
        self.events[kind] += 1
        if kind in _ANSWERS:
            assert isinstance(event, Answer)
            asked = self._asked.pop(event.ask, None)
            if asked is not None:
                self.effects[asked[0]].observe(event.time - asked[1])
                venue = self._submitted.pop(event.ask, None)
                if venue is not None and not isinstance(event, AskFailed):
                    self.submits[venue].observe(event.time - asked[1])
            if isinstance(event, AskFailed):
                self.failures[asked[0] if asked else "late", event.code] += 1
        for account, fact in facts:
            handler = _COUNT.get(type(fact))
            if handler is not None:
                handler(self, account, fact)

    def _asked_fact(self, account: str, fact: f.Asked) -> None:
        self._asked[fact.ask.id] = (_tag(type(fact.ask.body)), fact.time)

    def _began(self, account: str, fact: f.Began) -> None:
        """What the process before had asked is asked anew."""
        self._asked.clear()
        self._submitted.clear()

    def _intent(self, account: str, fact: f.IntentFormed) -> None:
        self.intents[account, fact.side] += 1
        self._formed[fact.intent] = fact.time

    def _verdict(self, account: str, fact: f.Verdict) -> None:
        self._decided(fact.intent, fact.time)
        if not fact.allowed:
            self.denials[account, fact.rule] += 1

    def _decided(self, intent: str, time: int) -> None:
        began = self._formed.pop(intent, None)
        if began is not None:
            self.stages["decide"].observe(time - began)

    def _placed(self, account: str, fact: f.OrderPlaced) -> None:
        self.orders[account, "placed"] += 1

    def _ended(self, account: str, fact: f.OrderEnded) -> None:
        self.orders[account, fact.state] += 1

    def _booked(self, account: str, fact: f.Booked) -> None:
        if fact.amount and not fact.undo:
            self.fills[account, "increase" if fact.amount > 0 else "reduce"] += 1

    def _at_exchange(self, account: str, fact: f.ExchangeOrderPlaced) -> None:
        venue, ask = fact.instrument.venue, f.submission(fact.order)
        self._decided(fact.intent, fact.time)
        self.exchange_orders[account, venue, "placed"] += 1
        self._asked[ask] = (_tag(Submit), fact.time)
        self._submitted[ask] = venue

    def _exchange_moved(self, account: str, fact: f.ExchangeOrderMoved) -> None:
        self.exchange_orders[account, fact.venue, fact.state] += 1

    def _exchange_filled(self, account: str, fact: f.ExchangeFilled | f.ExchangeForced) -> None:
        fill = fact.fill
        place = place_of(fill.instrument)
        self.exchange_fills[account, place, fill.forced or fill.side] += 1
        if isinstance(fact, f.ExchangeFilled) and fact.ends:
            self.exchange_orders[account, place, "filled"] += 1

    def _moved(self, account: str, fact: f.AttemptMoved) -> None:
        self.attempts[account, fact.state] += 1
        if fact.state == "signed":
            self._signed[fact.attempt] = fact.time
        elif fact.state in ("included", "reverted", "replaced", "dropped"):
            began = self._signed.pop(fact.attempt, None)
            if began is not None and fact.state in ("included", "reverted"):
                self.stages["include"].observe(fact.time - began)

    # ---- telling ----

    def text(self) -> bytes:
        """The exposition format of Prometheus."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """As `Collector.collect`: from what was counted, and from where the run stands."""
        about = {"version": version("sniper-core"), "mode": self._run.resolved.mode.value}
        yield InfoMetricFamily("sniper", "What runs", value=about)
        yield _histograms("sniper_stage_seconds", "How long the stages of a run take", "stage", self.stages)
        yield _histograms("sniper_effect_seconds", "From an ask to its answer", "kind", self.effects)
        events = {(_tag(kind),): count for kind, count in self.events.items()}
        yield _counter("sniper_events", "Events that entered the kernel", ("type",), events)
        yield _counter("sniper_intents", "Intents formed", ("account", "side"), self.intents)
        yield _counter(
            "sniper_denials", "Intents denied, by the first rule that did", ("account", "rule"), self.denials
        )
        yield _counter("sniper_orders", "Orders, by what became of them", ("account", "state"), self.orders)
        yield _counter("sniper_fills", "Transactions that moved a position", ("account", "side"), self.fills)
        yield _histograms(
            "sniper_submit_seconds", "From an order that leaves to its exchange's word", "venue", self.submits
        )
        yield _counter(
            "sniper_exchange_orders",
            "Orders at exchanges, by what became of them; unknown: nobody could tell, so it is looked for",
            ("account", "venue", "state"),
            self.exchange_orders,
        )
        yield _counter(
            "sniper_exchange_fills",
            "Fills at exchanges: buy, sell, or why the exchange closed a contract itself",
            ("account", "venue", "side"),
            self.exchange_fills,
        )
        breaks = {(feeder.name,): feeder.breaks for feeder in self._run.feeders}
        yield _counter("sniper_stream_breaks", "How often a feed or stream broke", ("stream",), breaks)
        yield _counter("sniper_attempts", "Moves of transactions, by state", ("account", "state"), self.attempts)
        yield _counter("sniper_effects_failed", "Asks without an answer", ("kind", "code"), self.failures)
        strangers = {(name,): self._run.strangers.count[name] for name in self._run.kernel.accounts}
        yield _counter(
            "sniper_strangers", "Transactions of own addresses that nothing here sent", ("account",), strangers
        )
        signals = self._run.kernel.signals
        outcomes = {("passed",): signals.passed, **{(why,): count for why, count in signals.dropped.items()}}
        yield _counter("sniper_signals", "What was heard of signals, by what became of it", ("outcome",), outcomes)
        routing = self._run.routing
        routes = {("yes",): routing.remembered, ("no",): routing.asked - routing.remembered}
        yield _counter("sniper_routes", "Routes asked for, and whether one was remembered", ("remembered",), routes)
        yield from self._gauges()
        yield from self._workers()

    def _workers(self) -> Iterator[Metric]:
        """Of plugins that run in workers: all processes of each together."""
        found = {(name,): used for name, used in staff.used(self._run.kernel)}
        label = ("worker",)
        ready = {name: float(used.state == "ready") for name, used in found.items()}
        yield _gauge("sniper_worker_ready", "1 where a plugin's worker can be asked", label, ready)
        memory = {name: used.memory for name, used in found.items()}
        yield _gauge("sniper_worker_memory_bytes", "In memory now", label, memory)
        spent = {name: used.cpu_ns / 1e9 for name, used in found.items()}
        yield _counter("sniper_worker_cpu_seconds", "Processor time of a plugin's worker", label, spent)
        waited = {name: used.waited_ns / 1e9 for name, used in found.items()}
        yield _counter("sniper_worker_waited_seconds", "How long the kernel waited for it", label, waited)
        calls = {name: used.calls for name, used in found.items()}
        yield _counter("sniper_worker_calls", "How often it was asked", label, calls)
        losses = {name: used.losses for name, used in found.items()}
        yield _counter("sniper_worker_losses", "Processes that were lost", label, losses)

    def _gauges(self) -> Iterator[Metric]:
        run = self._run
        now = run.clock()
        chains = {(str(chain_id),): chain.number for chain_id, chain in run.kernel.market.chains.items()}
        yield _gauge("sniper_block", "Newest block", ("chain",), chains)
        silent, stale = _feeds([feed for feed in run.feeders if not feed.hints], now)
        yield _gauge("sniper_feed_silent_seconds", "Since a feed last said something", ("feed",), silent)
        yield _gauge("sniper_feed_stale", "1 where a feed has lost its source", ("feed",), stale)
        silent, stale = _feeds([feed for feed in run.feeders if feed.hints], now)
        yield _gauge("sniper_hints_silent_seconds", "The same of a feed that trading does not need", ("feed",), silent)
        yield _gauge("sniper_hints_stale", "1 where such a feed has lost its source", ("feed",), stale)
        books = {name: account.book for name, account in run.kernel.accounts.items()}
        positions = {(name,): len(book.positions) for name, book in books.items()}
        yield _gauge("sniper_positions_open", "Positions that are held or being opened", ("account",), positions)
        alone = {(name,): sum(bool(p.unguarded) for p in book.positions.values()) for name, book in books.items()}
        yield _gauge("sniper_positions_unguarded", "Positions whose pool is not known", ("account",), alone)
        working = {(name,): len(book.orders) for name, book in books.items()}
        yield _gauge("sniper_orders_working", "Orders under way", ("account",), working)
        yield from self._desks()
        cash = {(name, asset): amount for name, book in books.items() for asset, amount in book.cash.items()}
        yield _gauge("sniper_cash_base_units", "Cash in the books", ("account", "asset"), cash)
        levels = {(name,): SEVERITY.index(KillLevel(book.kill)) for name, book in books.items()}
        yield _gauge("sniper_kill_level", "0 off, 1 no-entries, 2 flatten, 3 freeze", ("account",), levels)
        halted = {(name,): float(bool(book.halted)) for name, book in books.items()}
        yield _gauge("sniper_halted", "1 where an account waits for an operator", ("account",), halted)
        yield _gauge("sniper_journal_position", "Records in the journal", (), {(): run.writer.position})
        yield _gauge(
            "sniper_loop_lag_seconds", "Most that the loop was late since the last scrape", (), {(): self.lag_s}
        )
        self.lag_s = 0.0

    def _desks(self) -> Iterator[Metric]:
        run, labels = self._run, ("account", "venue")
        desks = {
            (name, venue): desk.book
            for name, account in run.kernel.accounts.items()
            for venue, desk in account.trading.desks.items()
        }
        read = {key: float(book.known) for key, book in desks.items()}
        yield _gauge(
            "sniper_desk_read", "1 where an account at an exchange was read since its stream broke", labels, read
        )
        lost = {
            (feed.source.account, feed.source.place): float(feed.down)
            for feed in run.feeders
            if isinstance(feed.source, DeskSource)
        }
        yield _gauge("sniper_desk_stream_lost", "1 where the stream of an account's orders is lost", labels, lost)
        working = {key: len(book.orders) for key, book in desks.items()}
        yield _gauge("sniper_exchange_orders_working", "Orders at exchanges that may still be filled", labels, working)
        unknown = {key: sum(order.state == "unknown" for order in book.orders.values()) for key, book in desks.items()}
        yield _gauge(
            "sniper_exchange_orders_unknown", "Those of which nobody can tell whether they arrived", labels, unknown
        )


_ANSWERS: Final = frozenset(Answer.__subclasses__())
_COUNT: Final[Mapping[type[f.Fact], Callable[[Metrics, str, Any], None]]] = {  # Any: each takes its own fact
    f.Asked: Metrics._asked_fact,
    f.Began: Metrics._began,
    f.IntentFormed: Metrics._intent,
    f.Verdict: Metrics._verdict,
    f.OrderPlaced: Metrics._placed,
    f.OrderEnded: Metrics._ended,
    f.Booked: Metrics._booked,
    f.ExchangeOrderPlaced: Metrics._at_exchange,
    f.ExchangeOrderMoved: Metrics._exchange_moved,
    f.ExchangeFilled: Metrics._exchange_filled,
    f.ExchangeForced: Metrics._exchange_filled,
    f.AttemptMoved: Metrics._moved,
}


def _feeds(feeds: Iterable["Feeder"], now: int) -> tuple[dict[tuple[str], float], dict[tuple[str], float]]:
    """Seconds since each said something, and whether it has lost its source."""
    silent = {(feed.name,): (now - feed.last_event) / SECOND for feed in feeds if feed.last_event}
    return silent, {(feed.name,): float(feed.stale) for feed in feeds}


def _tag(kind: type[Frozen]) -> str:
    return str(kind.__struct_config__.tag)  # type: ignore[attr-defined]  # it is a msgspec struct at run time


def _histograms(name: str, about: str, label: str, found: Mapping[str, Histogram]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, about, labels=(label,))
    for key, histogram in sorted(found.items()):
        family.add_metric((key,), histogram.buckets(), histogram.total / SECOND)
    return family


def _counter(name: str, about: str, labels: Sequence[str], counts: Mapping[Any, float]) -> CounterMetricFamily:
    """Any: tuples of as many label values as there are labels."""
    family = CounterMetricFamily(name, about, labels=labels)
    for key, count in sorted(counts.items()):
        family.add_metric(key, count)
    return family


def _gauge(name: str, about: str, labels: Sequence[str], values: Mapping[Any, float]) -> GaugeMetricFamily:
    """Any: as above."""
    family = GaugeMetricFamily(name, about, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
