"""The floor on which a strategy trades, and the suite that finds what it does wrong there."""

import pytest

from sniper.config import Config
from sniper.events import BookChanged, InstrumentStale, Prices, Trade
from sniper.instrument import COIN
from sniper.strategy import Actions, CancelOrder, PlaceOrder, Strategy, View, on
from sniper_sdk import Floor, TradingConformance
from sniper_sdk.builders import INSTRUMENT, instrument

BTC = instrument()
FUNDS = {"binance:USDT": 10_000 * COIN}
REMEMBERED: list[int] = []


class Nothing(Config):
    pass


class Sound(Strategy):
    """Buys a lot below the last price after each fall, and withdraws when prices are stale."""

    config: Nothing
    last: int = 0

    def instruments(self) -> tuple[str, ...]:
        return (INSTRUMENT,)

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        if event.price < self.last and not view.working(INSTRUMENT):
            yield self._buy(event.price - 1)
        self.last = event.price

    @on(InstrumentStale)
    def stale(self, event: InstrumentStale, view: View) -> Actions:
        yield CancelOrder(key="buy")

    def _buy(self, price: int) -> PlaceOrder:
        return PlaceOrder(key="buy", instrument=INSTRUMENT, side="buy", size=1_000, price=price, reason="it fell")


class Twice(Sound):
    """Does not wait for its order to be over."""

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        yield self._buy(event.price - 1)


class Unrounded(Sound):
    """Wants less than a lot."""

    def _buy(self, price: int) -> PlaceOrder:
        return PlaceOrder(key="buy", instrument=INSTRUMENT, side="buy", size=0, price=price, reason="it fell")


class Hoarding(Sound):
    """Forgets nothing."""

    seen: list[int] = []

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        self.seen += [event.price] * 100
        yield from ()


class Elsewhere(Sound):
    """Remembers outside of its fields."""

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        REMEMBERED.append(event.price)
        if len(REMEMBERED) % 3 == 0 and not view.working(INSTRUMENT):
            yield self._buy(event.price - 1)


class Suite(TradingConformance):
    strategy = Sound
    config = Nothing()
    rounds = 150
    histories = 3


class TestSound(Suite):
    pass


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (Twice, "test_what_it_places_is_an_order_of_its_instrument"),
        (Unrounded, "test_what_it_places_is_an_order_of_its_instrument"),
        (Hoarding, "test_its_state_does_not_grow_with_time"),
        (Elsewhere, "test_the_same_market_leads_to_the_same_orders"),
        (Elsewhere, "test_a_run_goes_on_from_a_snapshot_as_if_nothing_had_happened"),
        (Elsewhere, "test_no_order_depends_on_what_comes_later"),
    ],
)
def test_what_breaks_a_rule_is_found_by_its_test(broken: type[Strategy], test: str) -> None:
    suite = type("Broken", (Suite,), {"strategy": broken})()
    REMEMBERED.clear()
    with pytest.raises(AssertionError):
        getattr(suite, test)()


def floor(latency: int = 0) -> Floor:
    return Floor(Sound, Nothing(), instruments=[BTC], balances=FUNDS, latency=latency)


def test_orders_are_filled_by_what_comes_after_them() -> None:
    tested = floor()
    tested.trades(6_000_000, 5_999_000)
    assert tested.working() == {"buy": ("buy", 1_000, 5_998_999)}
    tested.trades(5_999_000, 5_998_000)
    assert [(fill.side, fill.price) for fill in tested.fills] == [("buy", 5_998_999)]
    assert tested.held("binance:BTC") == 1_000 * BTC.lot


def test_prices_are_heard_and_time_lets_answers_arrive() -> None:
    tested = floor(latency=10**9)
    tested.trades(6_000_000, 5_999_000)
    tested.sleep(2 * 10**9)
    tested.prices(5_998_000, 5_998_500)
    assert not tested.fills, "the news is on its way"
    tested.sleep(10**9)
    assert [(fill.side, fill.price) for fill in tested.fills] == [("buy", 5_998_500)]


def test_stale_prices_are_told_to_the_strategy() -> None:
    tested = floor()
    tested.trades(6_000_000, 5_999_000)
    tested.stale(True)
    tested.trade(6_000_000)
    assert tested.working() == {}


def test_what_a_strategy_raises_fails_the_test() -> None:
    class Raises(Sound):
        @on(Prices)
        def told(self, event: Prices, view: View) -> Actions:
            raise ValueError("broken")
            yield

    with pytest.raises(AssertionError, match="broken"):
        Floor(Raises, Nothing(), instruments=[BTC], balances=FUNDS).prices(1, 2)


def test_one_that_was_restarted_goes_on_alone() -> None:
    tested = floor()
    tested.trades(6_000_000, 5_999_000)
    other = tested.restarted()
    other.trades(5_998_000, 5_998_000)
    assert other.fills
    assert not tested.fills
    assert tested.working()


class Follows(Strategy):
    """Bids what is bid already, with as much as stands there."""

    config: Nothing

    def instruments(self) -> tuple[str, ...]:
        return (INSTRUMENT,)

    def depth(self) -> tuple[str, ...]:
        return (INSTRUMENT,)

    @on(BookChanged)
    def changed(self, event: BookChanged, view: View) -> Actions:
        depth = view.depth(INSTRUMENT)
        if depth is not None and depth.bid and "bid" not in {order.key for order in view.working(INSTRUMENT)}:
            yield PlaceOrder(
                key="bid",
                instrument=INSTRUMENT,
                side="buy",
                size=min(1_000, depth.size_at(depth.bid)),
                price=depth.bid,
                reason="joins",
            )


class TestFollows(Suite):
    strategy = Follows

    def test_its_market_tells_books(self) -> None:
        told = [event for event in self.market(1, 100) if isinstance(event, BookChanged)]
        assert told
        assert not [event for event in self.market(1, 100) if isinstance(event, Prices)]


def test_orders_can_be_filled_by_books() -> None:
    floor = Floor(Follows, Nothing(), instruments=[BTC], balances=FUNDS, by_books=True)
    floor.depth(((99_000, 500),), ((99_100, 500),))
    floor.trade(99_000, 500)
    assert floor.fills == [], "those who stood there came first"
    floor.depth(((98_000, 1),), ((99_000, 200),))
    assert [(fill.price, fill.size, fill.maker) for fill in floor.fills] == [(99_000, 200, True)]
    floor.depth((), ((99_000, 500),), whole=False)
    assert sum(fill.size for fill in floor.fills) == 500
