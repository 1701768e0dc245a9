"""What a strategy must hold that places orders at exchanges."""

from collections.abc import Mapping
from random import Random
from typing import ClassVar, Final

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.codec import encode
from sniper.events import Bar, BookChanged, Event, InstrumentStale, Prices, Started, TimerFired, Trade
from sniper.instrument import COIN, Instrument
from sniper.kernel import facts as f
from sniper.sizer import Sizer
from sniper.strategy import Strategy, handlers_of
from sniper.types import SECOND
from sniper_sdk import builders, strategies
from sniper_sdk.builders import BuiltView
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.conformance.strategy import StrategyConformance
from sniper_sdk.floor import INSTANCE, Floor

NONSENSE: Final = frozenset(
    f"kernel.{rule}" for rule in ("flags", "instrument-known", "key-free", "largest", "lives", "price", "size", "value")
)
"""Rules that deny what a strategy could have known to be no order; cash, checks and the kill switch it cannot."""


class TradingConformance(StrategyConformance):
    """All of `StrategyConformance`, in a world of instruments; and, with the kernel at simulated exchanges: the same
    orders in each run and across a snapshot, none that depends on what comes later, none that is no order of its
    instrument, and a state that does not grow with time.

        class TestGrid(TradingConformance):
            strategy = Grid
            config = GridConfig(instrument="binance:BTC/USDT", ...)

    listed     The instruments that there are. ``funds``: what there is of each asset at the beginning, base units.
    start      About at which price markets begin, ticks. ``step``: how far a price moves at once, at most, ticks.
    rounds     Events of one history. ``max_state``: bytes that the strategy's state may take in a snapshot.
    pause      Seconds between two events of a history, at most. ``histories``: how many are played.
    sizer      Of a strategy that opens. ``leverage``: of contracts; 0: none are traded.
    """

    listed: ClassVar[tuple[Instrument, ...]] = (builders.instrument(),)
    funds: ClassVar[Mapping[str, int]] = {"binance:USDT": 10**6 * COIN, "binance:BTC": 10 * COIN}
    start: ClassVar[int] = 6_000_000
    step: ClassVar[int] = 3_000
    rounds: ClassVar[int] = 400
    max_state: ClassVar[int] = 64_000
    pause: ClassVar[int] = 90
    histories: ClassVar[int] = 6
    sizer: ClassVar[Sizer | None] = None
    leverage: ClassVar[int] = 0

    def market(self, seed: int, rounds: int) -> list[Event]:
        """What happens at the exchanges: prices walk, somebody trades, streams break and come back."""
        random, now, found = Random(seed), strategies.NOW, list[Event]()
        middle = {instrument.id: self.start for instrument in self.listed}
        stale = dict.fromkeys(middle, False)
        followed = self._strategy().depth()
        for _ in range(rounds):
            now += random.randint(1, self.pause * SECOND)
            instrument = random.choice(self.listed)
            price = max(10, middle[instrument.id] + random.randint(-self.step, self.step))
            middle[instrument.id] = price
            chance = random.random()
            if chance < 0.02 or stale[instrument.id]:
                stale[instrument.id] = not stale[instrument.id]
                found.append(InstrumentStale(time=now, instrument=instrument.id, stale=stale[instrument.id]))
            elif chance < 0.5:
                size = random.randint(1, 10**5)
                found.append(Trade(time=now, venue=instrument.venue, instrument=instrument.id, price=price, size=size))
            elif instrument.id in followed:
                bids, asks = (strategies.levels(random, price, down=down) for down in (True, False))
                found.append(BookChanged(time=now, instrument=instrument.id, bids=bids, asks=asks, whole=True))
            else:
                half = random.randint(1, 1 + self.step // 10)
                found.append(
                    Prices(
                        time=now,
                        instrument=instrument.id,
                        bid=max(1, price - half),
                        bid_size=random.randint(1, 10**6),
                        ask=price + half,
                        ask_size=random.randint(1, 10**6),
                    )
                )
        return found

    def floor(self) -> Floor:
        """A kernel that runs the strategy; override it where it needs exits or checks."""
        return Floor(
            self.strategy,
            self.config,
            instruments=self.listed,
            balances=self.funds,
            sizer=self.sizer,
            leverage=self.leverage,
            now=strategies.NOW,
        )

    # ---- the world of its handlers ----

    def events(self) -> SearchStrategy[Event]:
        kinds = [kind for kind in handlers_of(self.strategy) if kind is not TimerFired]
        plain = [kind for kind in kinds if kind is not Bar]
        drawn = strategies.events(*(plain or [TimerFired]))
        found = st.builds(
            _at, drawn, st.sampled_from(self.listed), strategies.prices(self.start), st.integers(1, 10**7)
        )
        told = [strategies.bars(*each).filter(bool).map(lambda series: series[-1]) for each in self._asked()]
        return found | st.one_of(told) if told and Bar in kinds else found

    def views(self) -> SearchStrategy[BuiltView]:
        return strategies.exchange_views(self.listed, self.start, INSTANCE, self._asked(), self._strategy().depth())

    def _asked(self) -> tuple[tuple[str, int], ...]:
        return self._strategy().bars()

    def _strategy(self) -> Strategy:
        return self.strategy(config=self.config)  # type: ignore[call-arg]  # every strategy declares it

    # ---- the kernel around it ----

    def test_the_same_market_leads_to_the_same_orders(self) -> None:
        def check(seed: int) -> None:
            market = self.market(seed, self.rounds)
            first, second = self.floor(), self.floor()
            first.play(*market)
            second.play(*market)
            assert _told(first) == _told(second), "the same events led to other orders"

        for_all(check, shrinks=False, examples=self.histories, seed=_seeds)

    def test_a_run_goes_on_from_a_snapshot_as_if_nothing_had_happened(self) -> None:
        def check(seed: int, share: int) -> None:
            market = self.market(seed, self.rounds)
            cut = self.rounds * share // 100
            straight, begun = self.floor(), self.floor()
            begun.play(*market[:cut])
            resumed = begun.restarted()
            resumed.play(*market[cut:])
            straight.play(*market)
            assert _told(resumed) == _told(straight), (
                f"restored after {cut} of {self.rounds} events it trades otherwise"
            )

        for_all(check, shrinks=False, examples=self.histories, seed=_seeds, share=st.integers(1, 99))

    def test_no_order_depends_on_what_comes_later(self) -> None:
        def check(seed: int, share: int) -> None:
            market, other = self.market(seed, self.rounds), self.market(seed + 1, self.rounds)
            cut = self.rounds * share // 100
            until = market[cut - 1].time
            shift = until + SECOND - strategies.NOW
            another = [msgspec.structs.replace(event, time=event.time + shift) for event in other]  # type: ignore[type-var]
            told = []
            for future in (market[cut:], another):
                floor = self.floor()
                floor.play(*market[:cut], *future)
                told.append(_told(floor, until=until))
            assert told[0] == told[1], "another future changed what had been decided before it"

        for_all(check, shrinks=False, examples=self.histories, seed=_seeds, share=st.integers(10, 90))

    def test_the_mode_changes_no_order(self) -> None:
        """In backtest, paper and live, the kernel places the same orders in the same market."""

        def check(seed: int) -> None:
            market, told = self.market(seed, self.rounds), []
            for mode in ("backtest", "paper", "live"):
                floor = self.floor()
                floor.play(Started(time=floor.now, mode=mode))
                floor.play(*market)
                told.append(_told(floor))
            assert told[0] == told[1] == told[2], "in another mode it places other orders in the same market"

        for_all(check, shrinks=False, examples=2, seed=_seeds)

    def test_what_it_places_is_an_order_of_its_instrument(self) -> None:
        def check(seed: int) -> None:
            floor = self.floor()
            floor.play(*self.market(seed, self.rounds))
            nonsense = sorted(NONSENSE.intersection(floor.denied))
            assert not nonsense, (
                f"orders were denied by {', '.join(nonsense)}: round to ticks and lots, keep to the instrument's "
                "smallest size and value and to its flags, and wait until an order is over before its key is used again"
            )

        for_all(check, shrinks=False, examples=self.histories, seed=_seeds)

    def test_its_state_does_not_grow_with_time(self) -> None:
        def check(seed: int) -> None:
            floor = self.floor()
            floor.play(*self.market(seed, 4 * self.rounds))
            size = len(floor.state())
            assert size <= self.max_state, (
                f"after {4 * self.rounds} events its state takes {size} bytes, above {self.max_state}: forget something"
            )

        for_all(check, shrinks=False, examples=2, seed=_seeds)


_seeds = st.integers(0, 2**32)


def _told(floor: Floor, *, until: int | None = None) -> list[bytes]:
    """Orders, fills and verdicts, in bytes."""
    kinds = (f.ExchangeOrderPlaced, f.ExchangeFilled, f.ExchangeCancelled, f.Verdict, f.InstanceMoved)
    return [encode(fact) for fact in floor.facts if isinstance(fact, kinds) and (until is None or fact.time <= until)]


def _at(event: Event, instrument: Instrument, price: int, size: int) -> Event:
    """The event, about an instrument, at prices that there could be."""
    changes: dict[str, object] = {}
    if isinstance(event, Trade):
        changes = {"venue": instrument.venue, "price": price, "size": size}
    elif isinstance(event, Prices):
        changes = {"bid": price - 1, "ask": price + 1, "bid_size": size, "ask_size": size}
    elif isinstance(event, BookChanged):
        changes = {"bids": ((price - 1, size),), "asks": ((price + 1, size),)}
    if hasattr(event, "instrument") and not isinstance(event.instrument, Instrument):
        changes["instrument"] = instrument.id
    return msgspec.structs.replace(event, **changes) if changes else event  # type: ignore[type-var]
