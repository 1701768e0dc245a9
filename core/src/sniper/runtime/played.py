"""A kernel on a stream of market events, with simulated exchanges: what a backtest is."""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Final

from sniper.events import Bar, Clock, Event
from sniper.kernel.asks import Ask, Cancel, FindOrder, ReadDesk, Submit
from sniper.kernel.kernel import Kernel
from sniper.runtime.simulated_exchange import SimulatedExchange

Exchanges = Mapping[tuple[str, str], SimulatedExchange]
"""By account and venue."""
_ACTIVE: Final = attrgetter("active")
_DUE: Final = attrgetter("due")
_OF_ORDERS: Final = (Submit, Cancel, FindOrder)


def play(kernel: Kernel, events: Iterable[Event], exchanges: Exchanges) -> int:
    """Give the kernel the events, ordered by time, and what the exchanges say between them. How many there were.

    Exchanges hear of each event before the kernel, so what it decides on one can be filled by later ones alone. What
    happens in the kernel by itself between two events (a timer, the end of a bar) happens at its time, so what it
    decides then leaves before the next. Bars that are over at one time have opened and traded beside each other: see
    `sniper.runtime.simulated_exchange`.

    The caller takes the facts; asks that are of no exchange stay where they are.
    """
    timers, bars, handle = kernel.timers.heap, kernel.bars, kernel.handle
    count, quiet = 0, _quiet(exchanges)
    over: list[Bar] = []
    for count, event in enumerate(events, 1):  # noqa: B007  (how many there were)
        if over and (type(event) is not Bar or event.time != over[0].time):
            _over(kernel, over, exchanges)
            over.clear()
            quiet = _quiet(exchanges)
        if quiet:
            time = event.time
            if time < bars.due and not (timers and timers[0][0] <= time):
                handle(event)
                if kernel.asks:
                    _leave(kernel, exchanges)
                    quiet = _quiet(exchanges)
                continue
            _pass(kernel, exchanges, time)
            quiet = _quiet(exchanges)
        if type(event) is Bar:
            over.append(event)
        else:
            _hear(kernel, exchanges, event)
            quiet = _quiet(exchanges)
    if over:
        _over(kernel, over, exchanges)
    return count


def _quiet(exchanges: Exchanges) -> bool:
    """Whether nothing is on its way to or from an exchange, and no order waits there."""
    return not any(map(_ACTIVE, exchanges.values()))


def finish(kernel: Kernel, exchanges: Exchanges, time: int) -> None:
    """Let time go by until then, ns UTC: what is on its way comes back, and timers fire."""
    _pass(kernel, exchanges, time)


def _hear(kernel: Kernel, exchanges: Exchanges, event: Event) -> None:
    _pass(kernel, exchanges, event.time)
    for exchange in exchanges.values():
        exchange.heard(event)
    _answer(kernel, exchanges, event.time)
    kernel.handle(event)
    if kernel.asks:
        _leave(kernel, exchanges)


def _over(kernel: Kernel, bars: list[Bar], exchanges: Exchanges) -> None:
    """Bars that are over at one time, while orders wait."""
    # of two bars of one instrument, the shorter one says more
    ordered = sorted(bars, key=_first) if len(bars) > 1 else bars
    every, time = exchanges.values(), bars[0].time
    for bar in ordered:
        _pass(kernel, exchanges, bar.start)
        for exchange in every:
            exchange.opened(bar)
    _pass(kernel, exchanges, time)
    for exchange in every:
        if exchange.active:
            for bar in ordered:
                exchange.heard(bar)
            _answer(kernel, exchanges, time)
    for bar in bars:
        kernel.handle(bar)
        if kernel.asks:
            _leave(kernel, exchanges)


def _first(bar: Bar) -> tuple[int, int]:
    return bar.start, bar.interval


def _pass(kernel: Kernel, exchanges: Exchanges, until: int) -> None:
    """Time goes by: what comes back by then, and what happens in the kernel by itself."""
    timers, bars = kernel.timers.heap, kernel.bars
    while bars.due <= until or (timers and timers[0][0] <= until):
        at = kernel.next_at() or until
        _answer(kernel, exchanges, at)
        kernel.handle(Clock(time=min(at, kernel.next_at() or at)))
        _leave(kernel, exchanges)
    _answer(kernel, exchanges, until)


def _answer(kernel: Kernel, exchanges: Exchanges, until: int) -> None:
    """In the order of their times, then of the exchanges, and each answer before what follows from it leaves."""
    while exchanges:
        first = min(exchanges.values(), key=_DUE)
        if first.due > until:
            return
        for answer in first.until(first.due):
            kernel.handle(answer)
        if kernel.asks:
            _leave(kernel, exchanges)


def _leave(kernel: Kernel, exchanges: Exchanges) -> None:
    left: list[Ask] = []
    for ask in kernel.asks:
        body, exchange = ask.body, None
        if isinstance(body, _OF_ORDERS):
            exchange = exchanges.get((ask.account, body.instrument.venue))
        elif isinstance(body, ReadDesk):
            exchange = exchanges.get((ask.account, body.venue))
        if exchange is None:
            left.append(ask)
        else:
            exchange.ask(ask, kernel.now)
    kernel.asks[:] = left
