"""A simulated exchange at which the three prices disagree."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.events import InstrumentStale, KillSwitch, OrderChanged, Prices
from sniper.instrument import COIN
from sniper.kernel import facts as f
from sniper.strategy import PlaceOrder
from sniper.types import SECOND, KillLevel
from sniper_sdk import Bench, Floor
from sniper_sdk.builders import instrument, ticker, view
from sniper_strategy_triangular_arbitrage.cycles import Hop, coins, run, ways
from sniper_strategy_triangular_arbitrage.strategy import TriangularArbitrage, TriangularArbitrageConfig

BTC, ETH, CROSS = "x:BTC/USDT", "x:ETH/USDT", "x:ETH/BTC"
DEPOSIT = 100_000 * COIN


def listed(fee: int = 100) -> list[Any]:
    """50,000.00, 2,500.00 and 0.05000."""
    return [
        instrument(BTC, taker_fee=fee),
        instrument(ETH, lot=COIN // 10**4, taker_fee=fee),
        instrument(CROSS, tick=COIN // 10**5, lot=COIN // 10**4, taker_fee=fee),
    ]


def config(**changed: Any) -> TriangularArbitrageConfig:
    return TriangularArbitrageConfig.model_validate({"instruments": [BTC, ETH, CROSS], "size": "5000", **changed})


def floor(latency: int = 0, fee: int = 100, **changed: Any) -> Floor:
    return Floor(
        TriangularArbitrage, config(**changed), instruments=listed(fee), balances={"x:USDT": DEPOSIT}, latency=latency
    )


def quote(tested: Floor, btc: int = 5_000_000, eth: int = 250_000, cross: int = 5_000, size: int = 10**6) -> None:
    tested.prices(btc - 100, btc, instrument=BTC, size=size)
    tested.prices(cross - 1, cross, instrument=CROSS, size=size)
    tested.prices(eth, eth + 10, instrument=ETH, size=size)


def told(tested: Floor) -> list[tuple[str, str, int]]:
    return [(new.instrument, new.side, new.size) for new in tested.placed]


def reasons(tested: Floor) -> list[str]:
    return [fact.reason for fact in tested.facts if isinstance(fact, f.IntentFormed)]


def test_a_cycle_is_traded_one_leg_after_the_other_and_gains_what_was_seen() -> None:
    tested = floor()
    quote(tested)
    assert tested.placed == []
    quote(tested, eth=252_000)
    assert told(tested) == [(BTC, "buy", 9_999)]
    quote(tested, eth=252_000)
    assert told(tested)[:3] == [(BTC, "buy", 9_999), (CROSS, "buy", 19_996), (ETH, "sell", 19_996)]
    assert reasons(tested)[0] == "x:USDT > x:BTC > x:ETH > x:USDT gains 76 bps"
    assert {new.lives for new in tested.placed} == {"ioc"}
    gained = tested.held("x:USDT") - DEPOSIT
    assert 37 * COIN < gained < 39 * COIN, "0.8% of 5,000 less three fees of a bp"
    assert tested.book.positions == {}, "what is left is less than a lot"


def test_the_other_way_round_it_sells_the_cross() -> None:
    tested = floor()
    quote(tested)
    for _ in range(3):
        quote(tested, eth=248_000)
    tested.prices(4_999_900, 5_000_000, instrument=BTC)
    assert [(new.instrument, new.side) for new in tested.placed[:3]] == [(ETH, "buy"), (CROSS, "sell"), (BTC, "sell")]
    assert tested.held("x:USDT") > DEPOSIT + 35 * COIN


def test_what_fees_would_eat_is_left_alone() -> None:
    tested = floor(fee=1_000)
    quote(tested, eth=250_700)
    assert tested.placed == []
    quote(tested, eth=250_950)
    assert len(tested.placed) == 1, "three fees of a tenth of a percent"


def test_no_more_begins_than_every_leg_can_take() -> None:
    tested = floor()
    quote(tested)
    tested.prices(4_999, 5_000, instrument=CROSS, size=1_000)
    tested.prices(252_000, 252_010, instrument=ETH)
    ((_, _, size),) = told(tested)
    assert 499 <= size <= 501, "a tenth of an ETH is offered, for 0.005 BTC"


def test_a_leg_that_is_not_filled_ends_as_a_sale_at_a_bounded_price() -> None:
    tested = floor(slippage_bps=50)
    quote(tested)
    quote(tested, eth=252_000)
    tested.prices(4_999_900, 5_000_000, instrument=BTC)
    assert told(tested)[1:] == [(CROSS, "buy", 19_996)]
    tested.prices(5_099, 5_100, instrument=CROSS)
    assert tested.working(CROSS) == {}, "the price is gone"
    assert [(new.instrument, new.side, new.size, new.price) for new in tested.placed[2:]] == [
        (BTC, "sell", 9_999, 4_974_900)
    ]
    assert reasons(tested)[2] == "x:BTC goes back to x:USDT"
    tested.prices(4_900_000, 4_900_100, instrument=BTC)
    assert tested.book.positions["x:BTC"].amount == 9_999 * COIN // 10**5, "not below its bound"
    assert [new.price for new in tested.placed[3:]] == [4_875_500]
    tested.prices(4_900_000, 4_900_100, instrument=BTC)
    assert tested.book.positions == {}
    lost = tested.view.realised(last_ns=10**18, place="x")
    assert lost == tested.held("x:USDT") - DEPOSIT < -100 * COIN


def test_a_leg_that_is_filled_in_part_goes_on_with_that_and_sells_the_rest() -> None:
    tested = floor()
    quote(tested)
    quote(tested, eth=252_000)
    for exchange in tested.exchanges.values():
        exchange.share_bps = 5_000
    tested.prices(4_999_900, 5_000_000, instrument=BTC)
    tested.prices(4_999, 5_000, instrument=CROSS, size=10_000)
    assert told(tested)[1:] == [(CROSS, "buy", 19_996), (BTC, "sell", 7_498), (ETH, "sell", 5_000)]
    for exchange in tested.exchanges.values():
        exchange.share_bps = 0
    tested.prices(4_999_900, 5_000_000, instrument=BTC)
    tested.prices(252_000, 252_010, instrument=ETH)
    assert all(each.amount < 10 * listed()[0].lot for each in tested.book.positions.values())


def test_nothing_new_begins_while_a_coin_cannot_be_sold() -> None:
    tested = floor()
    quote(tested)
    quote(tested, eth=252_000)
    tested.prices(4_999_900, 5_000_000, instrument=BTC)
    tested.stale(True, instrument=BTC)
    tested.prices(5_099, 5_100, instrument=CROSS)
    quiet = len(tested.placed)
    tested.prices(260_000, 260_010, instrument=ETH)
    assert len(tested.placed) == quiet
    tested.stale(False, instrument=BTC)
    assert len(tested.placed) == quiet + 1


def test_where_no_entry_is_allowed_any_more_what_is_held_is_sold() -> None:
    tested = floor()
    quote(tested)
    quote(tested, eth=252_000)
    tested.play(KillSwitch(time=tested.now, account="main", level=KillLevel.NO_ENTRIES, reason="test"))
    tested.prices(4_999_900, 5_000_000, instrument=BTC)
    tested.prices(4_999_900, 5_000_000, instrument=BTC)
    tested.prices(4_999_900, 5_000_000, instrument=BTC)
    quote(tested, eth=252_000)
    assert tested.book.positions == {}
    assert "kernel.kill-switch-off" in tested.denied


def test_after_a_denial_it_pauses() -> None:
    of = listed()
    tickers = [
        ticker(of[0], bid=4_999_900, ask=5_000_000, ask_size=10**6),
        ticker(of[1], bid=252_000, ask=252_010, bid_size=10**6),
        ticker(of[2], bid=4_999, ask=5_000, ask_size=10**6),
    ]
    bench = Bench(
        TriangularArbitrage, config(retry_s=10), view(tickers=tickers, cash={"x:USDT": DEPOSIT}, quote="x:USDT")
    )
    denied = OrderChanged(
        time=1, key="cycle/begin/buy", order="", instrument=BTC, state="denied", filled=0, note="kernel.cash"
    )
    assert bench.send(denied, InstrumentStale(time=2, instrument=BTC, stale=False)) == []
    assert len(bench.sleep(seconds=10)) == 1


@given(
    prices=st.tuples(st.integers(4_900_000, 5_100_000), st.integers(240_000, 260_000), st.integers(4_800, 5_200)),
    spread=st.integers(1, 50),
    sizes=st.tuples(*[st.integers(1, 10**6)] * 3),
    fee=st.integers(0, 2_000),
    least=st.integers(1, 300),
)
def test_what_begins_gains_what_it_must_at_the_known_prices(
    prices: tuple[int, int, int], spread: int, sizes: tuple[int, int, int], fee: int, least: int
) -> None:
    of = listed(fee)
    tickers = {
        each.id: ticker(each, bid=price - min(spread, price // 100), ask=price, bid_size=size, ask_size=size)
        for each, price, size in zip(of, prices, sizes, strict=True)
    }
    here = view(tickers=tickers.values(), cash={"x:USDT": DEPOSIT}, quote="x:USDT")
    bench = Bench(TriangularArbitrage, config(min_gain_bps=least), here)
    placed = bench.send(InstrumentStale(time=0, instrument=BTC, stale=False))
    best = 0
    for way in ways((BTC, ETH, CROSS), "x:USDT", "x:USDT", 2, 2):
        steps = run([(tickers[hop.instrument], hop.side) for hop in way], 5_000 * COIN)
        if steps is None:
            continue
        for before, after in pairwise(steps):
            assert after.paid <= before.got
        for step, hop in zip(steps, way, strict=True):
            each = tickers[hop.instrument]
            assert step.size <= (each.ask_size if hop.side == "buy" else each.bid_size)
        gain = steps[-1].got - steps[0].paid
        if gain * 10_000 >= least * steps[0].paid:
            best = max(best, gain)
    assert bool(placed) == bool(best)
    for new in placed:
        assert isinstance(new, PlaceOrder)
        assert of[[BTC, ETH, CROSS].index(new.instrument)].value(new.price or 0, new.size) <= 5_000 * COIN


def test_ways_go_over_coins_that_can_be_sold_wherever_they_stop() -> None:
    instruments = ("x:A/USDT", "x:B/USDT", "x:B/A", "x:C/USDT", "x:C/B", "x:D/A", "x:D/B")
    found = ways(instruments, "x:USDT", "x:USDT", 2, 3)
    over = {tuple(coins(hop.instrument)[0 if hop.side == "buy" else 1] for hop in way)[:-1] for way in found}
    assert over == {
        ("x:A", "x:B"), ("x:B", "x:A"), ("x:B", "x:C"), ("x:C", "x:B"), ("x:A", "x:B", "x:C"), ("x:C", "x:B", "x:A"),
    }  # fmt: skip
    assert ways(instruments, "x:A", "x:USDT", 1, 1) == ((Hop("x:B/A", "buy"), Hop("x:B/USDT", "sell")),)


def test_in_a_wild_market_with_latency_books_agree_and_little_is_left_open() -> None:
    tested, random = floor(latency=SECOND // 5, min_gain_bps=1), Random(5)
    for _ in range(700):
        middle = random.choice(
            [(BTC, 5_000_000 + random.randint(-9_000, 9_000), 100), (ETH, 250_000 + random.randint(-900, 900), 5),
             (CROSS, 5_000 + random.randint(-15, 15), 1)]
        )  # fmt: skip
        instrument_, price, half = middle
        size = random.randint(100, 10**5)
        tested.play(
            Prices(time=tested.now + SECOND // 2, instrument=instrument_, bid=price - half, ask=price + half,
                   bid_size=size, ask_size=size)
        )  # fmt: skip
    for _ in range(4):
        tested.play(KillSwitch(time=tested.now, account="main", level=KillLevel.NO_ENTRIES, reason="over"))
        quote(tested)
    tested.sleep(SECOND)
    assert len(tested.fills) > 50
    (exchange,) = tested.exchanges.values()
    assert all(tested.held(asset) == amount for asset, amount in exchange.balances.items())
    cost = sum(each.cost for each in tested.book.positions.values())
    assert tested.book.cash["x:USDT"] - DEPOSIT == tested.view.realised(last_ns=10**18, place="x") - cost
    assert abs(cost) < 10 * COIN


@pytest.mark.parametrize(
    "section",
    [
        {"instruments": [BTC, ETH]},
        {"instruments": [BTC, ETH, "y:ETH/BTC"]},
        {"instruments": [BTC, ETH, "x:SOL/BTC"]},
        {"instruments": [BTC, ETH, "x:BTC/USDT:USDT"]},
        {"size": "0"},
    ],
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**section)
