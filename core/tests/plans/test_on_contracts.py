"""Plans on a contract: what sells may open, and what buys may protect."""

from msgspec.structs import replace
from stage import BTC, SCRIPT, Stage, start

from sniper.events import KillSwitch
from sniper.order_types import Bracket, Leg, OneUpdatesOther, Stop, TrailingStop

PERPETUAL = replace(BTC, kind="perpetual", flags=("reduce-only",))  # type: ignore[type-var]  # a msgspec struct


def stage(*plans: Bracket | Stop | TrailingStop | OneUpdatesOther) -> Stage:
    script = {1: [start(plan, f"p{n}") for n, plan in enumerate(plans)]}
    return Stage(script, instrument=PERPETUAL)


SHORT = Bracket(instrument=BTC.id, side="sell", size=40, stop=11_000, target=9_000)


def test_a_bracket_that_sells_short_is_stopped_above() -> None:
    short = stage(SHORT)
    short.trades(100, 100)
    assert short.working() == [("buy", 40, 90)]
    assert short.book.positions[BTC.id].amount < 0
    short.trades(110, 111, 112)
    assert short.fills() == [("sell", 40, 100), ("buy", 40, 111)]
    assert (short.book.positions, short.book.plans) == ({}, {})


def test_a_bracket_that_sells_short_reaches_its_target_below() -> None:
    short = stage(SHORT)
    short.trades(100, 100, 90, 89)
    assert short.fills() == [("sell", 40, 100), ("buy", 40, 90)]
    assert short.book.plans == {}


def test_its_orders_say_to_the_exchange_that_they_only_reduce() -> None:
    short = stage(SHORT)
    short.trades(100, 100)
    (order,) = short.book.desks["x"].working(BTC.id)
    assert order.placed.new.flags == ("reduce-only",)
    assert not order.placed.opens


def test_the_kill_switch_leaves_a_stop_that_buys_back_and_withdraws_one_that_sells_short() -> None:
    sells = Stop(instrument=BTC.id, side="sell", size=20, trigger=9_500)
    short = stage(SHORT, sells)
    short.trades(100, 100)
    short.play([KillSwitch(time=short.time, account="*", level="no-entries", reason="test")])
    assert [plan.started.key for plan in short.book.plans.values()] == ["p0"]
    short.trades(110, 111, 112)
    assert short.book.positions == {}


def test_a_stop_that_only_reduces_never_turns_a_position_round() -> None:
    stop = Stop(instrument=BTC.id, side="buy", size=100, trigger=11_000, reduce_only=True)
    short = stage(SHORT, stop)
    short.trades(100, 100, 110, 111, 112, 113)
    short.trades(113, 113, every=10**11)
    assert short.book.positions == {}
    assert sum(size if side == "buy" else -size for side, size, _ in short.fills()) == 0


def test_two_legs_out_of_a_short_position_share_it() -> None:
    out = OneUpdatesOther(
        instrument=BTC.id,
        size=40,
        legs=(
            Leg(name="target", side="buy", size=40, price=9_000, reduce_only=True),
            Leg(name="stop", side="buy", size=40, stop=10_500, reduce_only=True),
        ),
    )
    entry = Bracket(instrument=BTC.id, side="sell", size=40, stop=20_000)
    short = stage(entry)
    short.trades(100, 100)
    SCRIPT[short.strategy.seen + 1] = [start(out, "out")]
    short.trades(100, 100, 106, 107, 108)
    assert short.book.positions == {}
    assert short.fills()[-1] == ("buy", 40, 107)
