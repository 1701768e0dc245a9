"""Whether a backtest knows the future: it is run again on other futures, and must have decided the same before them.

From an instant on, prices are others. Whoever decides otherwise before that instant has seen what it could not know:
events that were read ahead, a bar before its close, an order filled by what came before it arrived. What it cannot
show: a strategy that reads the future from elsewhere than its events, and data whose times are wrong.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from sniper.codec import encode
from sniper.events import Bar, BookChanged, Event, FundingRate, Prices, Trade
from sniper.kernel import facts as f
from sniper.runtime.exchange_backtest import ExchangeBacktest

_MOST_BPS: Final = 500
"""How far other prices are from the recorded ones, at most."""

Batches = Callable[[], Iterable[Sequence[Event]]]
Heard = Callable[[str, f.Fact], None]


class Decided(NamedTuple):
    """What an account decided. ``fact``: as it would be on record."""

    time: int
    account: str
    name: str
    fact: bytes


class Peeked(NamedTuple):
    """At the instant ``at`` (ns UTC) the future was made another one, and before it something else was decided: None
    stands for nothing any more."""

    at: int
    decided: Decided | None
    otherwise: Decided | None

    def __str__(self) -> str:
        told = [f"{each.name} of {each.account} at {each.time}" if each else "nothing" for each in self[1:]]
        return f"with another future from {self.at} on, {told[1]} was decided where it was {told[0]} before"


class Witness:
    """Takes down what is decided."""

    def __init__(self) -> None:
        self.decided: list[Decided] = []

    def heard(self, account: str, fact: f.Fact) -> None:
        """Told of each fact."""
        self.decided.append(Decided(fact.time, account, type(fact).__name__, encode(fact)))

    def before(self, at: int) -> list[Decided]:
        """What was decided before an instant."""
        return [each for each in self.decided if each.time < at]


def instants(begin: int, end: int, count: int) -> list[int]:
    """So many, evenly in the time that is played."""
    return [begin + (end - begin) * number // (count + 1) for number in range(1, count + 1)]


def peeked(
    witness: Witness,
    at: int,
    batches: Batches,
    again: Callable[[Heard], ExchangeBacktest],
) -> Peeked | None:
    """Play once more with another future from ``at`` on. None: the same was decided before.

    again  Makes the same backtest anew, which tells of its facts. ``witness``: of the first time.
    """
    second = Witness()
    again(second.heard).run(_with_other_future(batches(), at), at)
    first, then = witness.before(at), second.before(at)
    for was, now in zip(first, then, strict=False):
        if was != now:
            return Peeked(at, was, now)
    if len(first) != len(then):
        shorter = min(len(first), len(then))
        return Peeked(
            at, first[shorter] if shorter < len(first) else None, then[shorter] if shorter < len(then) else None
        )
    return None


def _with_other_future(batches: Iterable[Sequence[Event]], at: int) -> Iterator[list[Event]]:
    """The same until ``at``, and others in the batch that comes after it; nothing behind that is played."""
    draw = random.Random(at)
    for batch in batches:
        if batch[0].time >= at:
            changed = [other for event in batch if (other := _other(event, draw)) is not None]
            if changed:
                yield changed
            return
        if batch[-1].time < at:
            yield list(batch)
            continue
        both = (event if event.time < at else _other(event, draw) for event in batch)
        yield [event for event in both if event is not None]


def _other(event: Event, draw: random.Random) -> Event | None:
    """None: it does not happen."""
    bps = 10_000 + draw.choice((-1, 1)) * draw.randint(1, _MOST_BPS)

    def moved(price: int) -> int:
        return max(1, price * bps // 10_000 + (1 if bps > 10_000 else -1))

    if isinstance(event, Trade):
        return replace(event, price=moved(event.price))  # type: ignore[type-var]  # every event is a msgspec struct
    if isinstance(event, Bar):
        return replace(  # type: ignore[type-var]  # as above
            event, open=moved(event.open), high=moved(event.high), low=moved(event.low), close=moved(event.close)
        )
    if isinstance(event, FundingRate):
        return replace(event, rate=-event.rate - 1)  # type: ignore[type-var]  # as above
    return None if isinstance(event, BookChanged | Prices) else event
