"""A kernel on a stream of market events, with simulated exchanges: what a backtest is."""

from collections.abc import Iterable, Mapping

from sniper.events import Event
from sniper.kernel.asks import Ask, Cancel, FindOrder, ReadDesk, Submit
from sniper.kernel.kernel import Kernel
from sniper.runtime.simulated_exchange import SimulatedExchange

Exchanges = Mapping[tuple[str, str], SimulatedExchange]
"""By account and venue."""


def play(kernel: Kernel, events: Iterable[Event], exchanges: Exchanges) -> int:
    """Give the kernel the events, ordered by time, and what the exchanges say between them. How many there were.

    Exchanges hear of each event before the kernel, so what it decides on one can be filled by later ones alone. The
    caller takes the facts; asks that are of no exchange stay where they are.
    """
    every = tuple(exchanges.values())
    count = 0
    for event in events:
        for exchange in every:
            if exchange.busy:
                _answer(kernel, exchanges, event.time)
        for exchange in every:
            exchange.heard(event)
        kernel.handle(event)
        if kernel.asks:
            _leave(kernel, exchanges)
        count += 1
    return count


def finish(kernel: Kernel, exchanges: Exchanges, time: int) -> None:
    """Let come back what is on its way until ``time``, ns UTC."""
    _answer(kernel, exchanges, time)


def _answer(kernel: Kernel, exchanges: Exchanges, until: int) -> None:
    """In the order of their times, and each answer before what follows from it leaves."""
    while True:
        due = [(at, place) for place, exchange in exchanges.items() if (at := exchange.next_at()) is not None]
        first = min(due, default=None)
        if first is None or first[0] > until:
            return
        at, place = first
        for answer in exchanges[place].until(at):
            kernel.handle(answer)
        _leave(kernel, exchanges)


def _leave(kernel: Kernel, exchanges: Exchanges) -> None:
    left: list[Ask] = []
    for ask in kernel.asks:
        body = ask.body
        venue = ""
        if isinstance(body, Submit | Cancel | FindOrder):
            venue = body.instrument.venue
        elif isinstance(body, ReadDesk):
            venue = body.venue
        exchange = exchanges.get((ask.account, venue))
        if exchange is None:
            left.append(ask)
        else:
            exchange.ask(ask, kernel.now)
    kernel.asks[:] = left
