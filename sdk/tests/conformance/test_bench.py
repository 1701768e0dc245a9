import pytest

from sniper.config import Config
from sniper.errors import PluginFault
from sniper.events import Event, LiquidityAdded, TimerFired, Trade, TradingEnabled
from sniper.strategy import Actions, CancelOrder, Close, Open, PlaceOrder, SetTimer, Strategy, View, on
from sniper.types import SECOND
from sniper_sdk import Bench
from sniper_sdk.builders import POOL, TOKEN, pool, view


class Nothing(Config):
    pass


class Delayed(Strategy):
    """Opens what was added after a delay, or at once where the pool is known; closes after a wish to close."""

    config: Nothing
    fired: tuple[int, ...] = ()

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        if view.pool(event.pool) is not None:
            yield Open(token=event.token, reason=f"at {view.now}")
        yield SetTimer(key="late", at=event.time + 20 * SECOND)
        yield SetTimer(key="soon", at=event.time + 10 * SECOND)
        yield SetTimer(key="late", at=event.time + 30 * SECOND)

    @on(TimerFired)
    def passed(self, event: TimerFired, view: View) -> Actions:
        assert view.now == event.time
        self.fired = (*self.fired, event.time)
        if event.key == "late":
            yield Close(token=TOKEN, reason="late")


class Said(Event, tag="test.said/1"):
    """As the package of a feed declares it."""

    words: str
    by: str = ""


class Words(Event, tag="test.said/1"):
    """As the package of a strategy declares it."""

    words: str


class Reader(Strategy):
    config: Nothing

    @on(Words)
    def said(self, event: Words, view: View) -> Actions:
        yield Open(token=TOKEN, reason=repr(event))


class Shy(Reader):
    opens = False


class Confused(Strategy):
    config: Nothing

    @on(LiquidityAdded)
    def added(self, event: LiquidityAdded, view: View) -> Actions:
        yield "buy"  # type: ignore[misc]

    @on(TradingEnabled)
    def endless(self, event: TradingEnabled, view: View) -> Actions:
        while True:
            yield Open(token=event.token, reason="more")


def added(time: int = 0) -> LiquidityAdded:
    return LiquidityAdded(time=time, pool=POOL, token=TOKEN, quote_reserve=1, block=1)


def test_events_come_by_their_tag_with_the_fields_that_the_strategy_declares() -> None:
    (intent,) = Bench(Reader, Nothing()).send(Said(time=1, words="hello", by="somebody"))
    assert intent == Open(token=TOKEN, reason="Words(time=1, words='hello')")


def test_handlers_see_the_view_at_the_time_of_the_event() -> None:
    bench = Bench(Delayed, Nothing())
    assert bench.send(added(3)) == []
    bench.view = view(pools=[pool()])
    assert bench.send(added(5)) == [Open(token=TOKEN, reason="at 5")]


def test_timers_fire_in_the_order_of_their_deadlines_and_a_key_set_again_replaces_the_earlier_one() -> None:
    bench = Bench(Delayed, Nothing())
    bench.send(added())
    assert bench.timers == {"soon": 10 * SECOND, "late": 30 * SECOND}
    assert bench.sleep(seconds=29) == []
    assert bench.sleep(seconds=1) == [Close(token=TOKEN, reason="late")]
    assert isinstance(bench.strategy, Delayed)
    assert bench.strategy.fired == (10 * SECOND, 30 * SECOND)
    assert bench.timers == {}


def test_timers_that_are_due_before_an_event_fire_before_it() -> None:
    bench = Bench(Delayed, Nothing())
    bench.send(added())
    assert bench.send(added(100 * SECOND)) == [Close(token=TOKEN, reason="late")]


def test_events_without_a_handler_are_not_delivered() -> None:
    assert Bench(Delayed, Nothing()).send(TradingEnabled(time=0, token=TOKEN, block=1)) == []


def test_an_event_from_the_past_is_refused() -> None:
    bench = Bench(Delayed, Nothing())
    bench.sleep(seconds=1)
    with pytest.raises(ValueError, match="time never decreases"):
        bench.send(added(5))


def test_what_is_no_action_and_what_never_ends_is_a_fault() -> None:
    with pytest.raises(PluginFault, match="'buy'"):
        Bench(Confused, Nothing()).send(added())
    with pytest.raises(PluginFault, match="more than 1000"):
        Bench(Confused, Nothing()).send(TradingEnabled(time=0, token=TOKEN, block=1))


def test_a_strategy_that_says_that_it_opens_nothing_may_open_nothing() -> None:
    bench = Bench(Shy, Nothing())
    with pytest.raises(PluginFault, match=r"Shy.said yielded Open.* its class says that it opens none"):
        bench.send(Words(time=bench.now, words="now"))


class Trading(Strategy):
    """Orders at an exchange."""

    config: Nothing

    @on(Trade)
    def traded(self, event: Trade, view: View) -> Actions:
        yield PlaceOrder(key="a", instrument=event.instrument, side="buy", size=event.size, reason="a trade")
        yield CancelOrder(key="b")


def test_orders_of_exchanges_are_intents_too() -> None:
    trade = Trade(time=1, venue="x", instrument="x:BTC/USDT", price=1, size=2)
    placed = PlaceOrder(key="a", instrument="x:BTC/USDT", side="buy", size=2, reason="a trade")
    assert Bench(Trading, Nothing()).send(trade) == [placed, CancelOrder(key="b")]
