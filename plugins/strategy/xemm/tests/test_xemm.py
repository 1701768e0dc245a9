"""Two simulated exchanges: what is filled at one is hedged at the other."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.events import InstrumentStale
from sniper.instrument import COIN
from sniper.strategy import PlaceOrder
from sniper.types import SECOND
from sniper_sdk import Bench, Floor
from sniper_sdk.builders import instrument, ticker, view
from sniper_strategy_xemm.strategy import Xemm, XemmConfig

HERE, THERE = "binance:BTC/USDT", "kraken:BTC/USDT"
MAKER = instrument(HERE, maker_fee=200)
TAKER = instrument(THERE, tick=COIN // 10, lot=COIN // 10_000, taker_fee=1_000)
FUNDS = {f"{place}:{code}": 10**5 * COIN for place in ("binance", "kraken") for code in ("USDT", "BTC")}


def config(**changed: Any) -> XemmConfig:
    section = {"instrument": HERE, "hedge": THERE, "size": "0.01", "max_unhedged": "0.02", "requote_bps": 0, **changed}
    return XemmConfig.model_validate(section)


def floor(funds: dict[str, int] | None = None, latency: int = 0, **changed: Any) -> Floor:
    balances = {**FUNDS, **(funds or {})}
    return Floor(Xemm, config(**changed), instruments=[MAKER, TAKER], balances=balances, latency=latency)


def unhedged(tested: Floor) -> int:
    strategy = tested.strategy
    assert isinstance(strategy, Xemm)
    return strategy.unhedged


def test_quotes_follow_the_prices_of_the_other_exchange() -> None:
    tested = floor(edge_bps=10)
    tested.prices(5_990_000, 6_010_000, instrument=HERE)
    assert tested.working() == {}
    tested.prices(599_900, 600_100, instrument=THERE)
    assert tested.working() == {"buy": ("buy", 1_000, 5_985_818), "sell": ("sell", 1_000, 6_014_219)}
    tested.prices(598_000, 598_100, instrument=THERE)
    assert tested.working()["buy"][2] == 5_966_859


def test_a_fill_is_hedged_at_once_and_gains_the_edge() -> None:
    tested = floor(edge_bps=10)
    tested.prices(599_900, 600_100, instrument=THERE)
    tested.prices(5_990_000, 6_010_000, instrument=HERE)
    before = tested.held("binance:USDT") + tested.held("kraken:USDT")
    tested.trade(5_985_000, instrument=HERE)
    assert tested.working(THERE) == {"hedge/sell": ("sell", 100, 596_900)}
    tested.prices(599_900, 600_100, instrument=THERE)
    assert [(fill.instrument, fill.side) for fill in tested.fills] == [(HERE, "buy"), (THERE, "sell")]
    assert unhedged(tested) == 0
    gained = tested.held("binance:USDT") + tested.held("kraken:USDT") - before
    assert gained >= tested.fills[0].value // 1_000
    assert tested.held("binance:BTC") + tested.held("kraken:BTC") == 2 * 10**5 * COIN


@given(
    bid=st.integers(10_000, 10**6),
    spread=st.integers(1, 500),
    edge=st.integers(0, 100),
    maker=st.integers(-200, 2_000),
    taker=st.integers(0, 5_000),
)
def test_each_quote_with_its_hedge_gains_the_edge_after_fees(
    bid: int, spread: int, edge: int, maker: int, taker: int
) -> None:
    here, there = instrument(HERE, maker_fee=maker), instrument(THERE, tick=COIN // 10, taker_fee=taker)
    tickers = [
        ticker(here, bid=1, ask=10**9, last=bid * 10),
        ticker(there, bid=bid, ask=bid + spread, last=bid),
    ]
    cash = {**{f"{place}:USDT": 10**9 * COIN for place in ("binance", "kraken")}, "kraken:BTC": COIN}
    bench = Bench(Xemm, config(edge_bps=edge), view(tickers=tickers, cash={**cash, "binance:BTC": COIN}))
    fresh = InstrumentStale(time=0, instrument=HERE, stale=False)
    placed = {each.side: each for each in bench.send(fresh) if isinstance(each, PlaceOrder)}
    size = 1_000
    buys, sells = placed["buy"].price, placed["sell"].price
    assert buys is not None
    assert sells is not None
    paid = here.value(buys, size) * (10**6 + maker)
    brought = there.value(bid, size) * (10**6 - taker)
    assert brought - paid >= here.value(buys, size) * edge * 100
    earned = here.value(sells, size) * (10**6 - maker)
    cost = there.value(bid + spread, size) * (10**6 + taker)
    assert earned - cost >= here.value(sells, size) * edge * 100


def test_what_the_other_exchange_cannot_hedge_is_not_quoted() -> None:
    tested = floor({"kraken:BTC": COIN // 200, "kraken:USDT": 0})
    tested.prices(599_900, 600_100, instrument=THERE)
    tested.prices(5_990_000, 6_010_000, instrument=HERE)
    assert {key: size for key, (_, size, _) in tested.working().items()} == {"buy": 500}


@pytest.mark.parametrize("of", [HERE, THERE])
def test_stale_prices_of_either_exchange_withdraw_the_quotes(of: str) -> None:
    tested = floor()
    tested.prices(599_900, 600_100, instrument=THERE)
    tested.prices(5_990_000, 6_010_000, instrument=HERE)
    tested.stale(True, instrument=of)
    assert tested.working() == {}


def test_a_hedge_that_found_nothing_is_tried_again_and_no_side_adds_to_it_beyond_the_bound() -> None:
    tested = floor(max_unhedged="0.01", edge_bps=1)
    tested.prices(599_900, 600_100, instrument=THERE)
    tested.prices(5_990_000, 6_010_000, instrument=HERE)
    tested.trade(5_985_000, instrument=HERE)
    tested.prices(580_000, 580_100, instrument=THERE)
    assert [fill.instrument for fill in tested.fills] == [HERE], "the other market fell through the slippage"
    assert unhedged(tested) == COIN // 100
    assert "buy" not in tested.working()
    tested.prices(580_000, 580_100, instrument=THERE)
    assert [fill.instrument for fill in tested.fills] == [HERE, THERE]
    assert unhedged(tested) == 0


def test_in_a_wild_market_with_latency_books_and_hedges_agree() -> None:
    tested, random, middle = floor(latency=SECOND, edge_bps=1), Random(2), 600_000
    for _ in range(400):
        middle += random.randint(-600, 600)
        tested.prices(middle - 10, middle + 10, instrument=THERE)
        tested.trade(middle * 10 + random.randint(-30_000, 30_000), instrument=HERE)
    tested.sleep(10 * SECOND)
    assert len(tested.fills) > 40
    held = tested.held("binance:BTC") + tested.held("kraken:BTC") - 2 * 10**5 * COIN
    assert held == unhedged(tested)
    assert abs(held) <= 3 * COIN // 100


@pytest.mark.parametrize("section", [{"hedge": "binance:BTC/USDC"}, {"edge_bps": -1}, {"max_unhedged": "0"}])
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**section)
