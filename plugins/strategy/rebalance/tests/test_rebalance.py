from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.instrument import COIN
from sniper.types import SECOND
from sniper_sdk import Floor
from sniper_sdk.builders import bar_series, instrument, ticker
from sniper_strategy_rebalance.drift import Share, portfolio
from sniper_strategy_rebalance.strategy import Rebalance, RebalanceConfig

BTC, ETH = instrument(), instrument("binance:ETH/USDT")
HIGH, LOW = 6_000_000, 300_000


def floor(
    btc: int = 0, eth: int = 0, cash: int = 100_000, listed: tuple[Any, ...] = (BTC, ETH), **changed: Any
) -> Floor:
    """Amounts in thousandths of a coin, and in whole ones of the quote asset."""
    section = {"exchange": "binance", "targets": {"BTC": "0.5", "ETH": 3_000}, **changed}
    balances = {"binance:BTC": btc * COIN // 1000, "binance:ETH": eth * COIN // 1000, "binance:USDT": cash * COIN}
    return Floor(Rebalance, RebalanceConfig.model_validate(section), instruments=listed, balances=balances)


def told(tested: Floor, high: int = HIGH, low: int = LOW, after: int = SECOND) -> None:
    tested.prices(high - 1, high + 1, after=after)
    tested.prices(low - 1, low + 1, instrument=ETH.id, after=after)


def shares(tested: Floor, high: int = HIGH, low: int = LOW) -> tuple[int, int, int]:
    """Of BTC, ETH and cash, bps of the whole."""
    worth = [
        high * BTC.tick * tested.held("binance:BTC") // COIN,
        low * ETH.tick * tested.held("binance:ETH") // COIN,
        tested.held("binance:USDT"),
    ]
    btc, eth, cash = (round(10_000 * each / sum(worth)) for each in worth)
    return btc, eth, cash


def test_cash_becomes_what_the_targets_say_and_the_rest_stays() -> None:
    tested = floor()
    told(tested)
    told(tested)
    assert [(new.side, new.lives) for new in tested.placed] == [("buy", "ioc")] * 2
    for share, target in zip(shares(tested), (5_000, 3_000, 2_000), strict=True):
        assert abs(share - target) <= 10


def test_within_the_band_nothing_is_traded_and_at_its_edge_it_is() -> None:
    tested = floor(btc=1_000, eth=12_000, cash=24_000, band_bps=300)
    told(tested)
    told(tested, 6_700_000)  # 5274, 2834, 1889
    assert tested.placed == []
    told(tested, 6_800_000)  # 5313
    told(tested, 6_800_000)
    assert [new.side for new in tested.placed] == ["sell", "buy"]
    assert abs(shares(tested, 6_800_000)[0] - 5_000) <= 10


def test_the_quote_asset_has_a_band_as_well() -> None:
    tested = floor(btc=1_000, eth=12_000, cash=20_000, band_bps=250)  # 5172, 3103, 1724
    told(tested)
    assert {new.side for new in tested.placed} == {"sell"}


def test_purchases_wait_until_no_sale_is_on_its_way() -> None:
    tested = floor(btc=1_600, cash=0, execution="twap", twap_s=100, twap_slices=5)
    for _ in range(120):
        told(tested)
        ways = {key.partition("/")[2] for key in tested.strategy.on_way.values()}  # type: ignore[attr-defined]
        assert len(ways) <= 1
    sides = [fill.side for fill in tested.fills]
    assert sides == sorted(sides, reverse=True)
    assert len(sides) > 8
    assert abs(shares(tested)[1] - 3_000) <= 10


def test_what_the_cash_does_not_pay_for_is_not_ordered() -> None:
    tested = floor(targets={"BTC": "0.6", "ETH": "0.4"}, slippage_bps=100)
    told(tested)
    told(tested)
    assert tested.denied == []
    assert len(tested.placed) >= 2
    assert tested.held("binance:USDT") >= 0
    assert shares(tested)[2] <= 150


def test_an_asset_with_the_target_zero_is_sold_to_the_last_lot() -> None:
    tested = floor(btc=1_000, eth=20_000, targets={"BTC": "1", "ETH": 0})
    told(tested)
    told(tested)
    assert tested.held("binance:ETH") < ETH.lot


def test_what_costs_more_than_it_is_worth_is_left() -> None:
    dear = instrument(taker_fee=20_000)
    tested = floor(btc=1_000, eth=12_000, cash=24_000, listed=(dear, ETH), band_bps=100)
    told(tested, 6_800_000)  # 313 bps away, at 200 bps for a trade
    assert [new.instrument for new in tested.placed] == [ETH.id] * len(tested.placed)
    cheap = floor(btc=1_000, eth=12_000, cash=24_000, listed=(dear, ETH), band_bps=100, cost_factor=1)
    told(cheap, 6_800_000)
    assert BTC.id in {new.instrument for new in cheap.placed}


def test_a_wide_spread_is_waited_out() -> None:
    tested = floor(btc=1_000, cash=20_000, targets={"BTC": "0.5"})
    tested.prices(5_600_000, 6_400_000)
    tested.sleep(100 * SECOND)
    assert len(tested.placed) == 1  # 2368 bps away: more than twice 667 and the fee
    narrow = floor(btc=1_000, cash=45_000, targets={"BTC": "0.5"})
    narrow.prices(5_600_000, 6_400_000)  # 545 bps away
    assert narrow.placed == []
    narrow.prices(5_999_999, 6_000_001)
    assert [new.side for new in narrow.placed] == ["sell"]


def test_what_is_smaller_than_the_exchange_takes_is_left() -> None:
    coarse = instrument("binance:ETH/USDT", min_value=10_000 * COIN)
    tested = floor(btc=1_000, eth=9_000, cash=33_000, listed=(BTC, coarse))  # 9,000 too little of ETH
    told(tested)
    assert tested.placed == []
    assert tested.denied == []


def test_rounds_by_the_clock_need_no_band() -> None:
    tested = floor(btc=1_000, eth=12_000, cash=24_000, band_bps=0, every_s=3_600, at_s=60)
    told(tested, 6_400_000)
    assert tested.placed == []
    for _ in range(60):
        told(tested, 6_400_000, after=60 * SECOND)
    times = {fact.time // SECOND % 3_600 for fact in tested.facts if type(fact).__name__ == "ExchangeOrderPlaced"}
    assert min(times) == 60
    assert abs(shares(tested, 6_400_000)[0] - 5_000) <= 10


def test_no_order_is_worse_than_the_bound() -> None:
    tested = floor(slippage_bps=30)
    told(tested)
    limits = {new.instrument: new.price for new in tested.placed}
    assert limits == {BTC.id: 6_000_001 * 10_030 // 10_000, ETH.id: 300_001 * 10_030 // 10_000}


def test_while_one_price_is_stale_nothing_begins_and_then_it_is_made_up_for() -> None:
    tested = floor(band_bps=0, every_s=3_600)
    told(tested)
    tested.stale(True, instrument=ETH.id)
    for _ in range(65):
        tested.prices(HIGH - 1, HIGH + 1, after=60 * SECOND)
    assert tested.placed == []
    tested.stale(False, instrument=ETH.id)
    told(tested)
    assert len(tested.placed) == 2


def test_a_plan_is_withdrawn_while_its_instrument_is_stale() -> None:
    tested = floor(execution="twap", twap_s=1_000, twap_slices=10)
    told(tested)
    assert set(tested.strategy.on_way) == {BTC.id, ETH.id}  # type: ignore[attr-defined]
    tested.stale(True, instrument=ETH.id)
    assert set(tested.strategy.on_way) == {BTC.id}  # type: ignore[attr-defined]


def test_a_plan_that_is_not_done_in_time_is_withdrawn() -> None:
    tested = floor(execution="twap", twap_s=100, twap_slices=10, slippage_bps=0)
    told(tested)
    for _ in range(120):
        told(tested, 7_000_000, 400_000)
    assert "buy" in {new.side for new in tested.placed}
    ended = [fact.time for fact in tested.facts if type(fact).__name__ == "PlanEnded"]
    began = [fact.time for fact in tested.facts if type(fact).__name__ == "PlanStarted"]
    assert ended[0] - began[0] == 110 * SECOND


def test_between_two_rounds_it_rests() -> None:
    tested = floor(rest_s=600)
    told(tested)
    count = len(tested.placed)
    told(tested, 9_000_000)
    assert len(tested.placed) == count
    told(tested, 9_000_000, after=601 * SECOND)
    assert len(tested.placed) > count


def test_bars_alone_tell_its_prices() -> None:
    tested = floor(targets={"BTC": "0.5"})
    minute = 60 * SECOND
    start = (tested.now // minute + 1) * minute
    for n, bar in enumerate(bar_series([HIGH] * 5, 60)):
        begins = start + n * minute
        tested.play(msgspec.structs.replace(bar, time=begins + minute, start=begins))  # type: ignore[type-var]
    assert abs(shares(tested)[0] - 5_000) <= 10


@given(
    owned=st.tuples(st.integers(0, 10**22), st.integers(0, 10**22)),
    cash=st.integers(0, 10**24),
    weights=st.tuples(st.integers(0, COIN // 2), st.integers(0, COIN // 2)),
    prices=st.tuples(st.integers(2, 10**8), st.integers(2, 10**8)),
    fee=st.integers(0, 10_000),
    slippage=st.integers(0, 500),
)
def test_changes_never_go_beyond_a_target_nor_beyond_the_cash(
    owned: tuple[int, int],
    cash: int,
    weights: tuple[int, int],
    prices: tuple[int, int],
    fee: int,
    slippage: int,
) -> None:
    of = [instrument(each.id, taker_fee=fee) for each in (BTC, ETH)]
    tickers = [ticker(each, bid=price - 1, ask=price, last=price) for each, price in zip(of, prices, strict=True)]
    parts = [Share(str(n), tickers[n], owned[n], weights[n]) for n in range(2)]
    held = portfolio(parts, cash)
    if held is None:
        return
    paid = 0
    for change in held.changes("buy", slippage, 0):
        share = parts[int(change.name)]
        value = change.instrument.value(change.limit, change.size)
        paid += value - (-value * fee // 10**6)
        assert change.instrument.value(share.ticker.to_buy(), change.size) <= -held.drift(share)
    assert paid <= cash
    for change in held.changes("sell", slippage, 0):
        share = parts[int(change.name)]
        assert change.size * change.instrument.lot <= share.owned
        assert change.instrument.value(share.ticker.to_sell(), change.size) <= held.drift(share)
        assert 0 < change.limit <= share.ticker.to_sell()


@pytest.mark.parametrize(
    "section",
    [
        {"targets": {"BTC": 0.5}},
        {"targets": {"BTC": "0.7", "ETH": "0.4"}},
        {"targets": {"BTC": "1.1"}},
        {"targets": {"BTC": 10_001}},
        {"targets": {"USDT": "0.5"}},
        {"targets": {}},
        {"band_bps": 0},
        {"every_s": -1},
    ],
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        floor(**section)


def test_shares_and_bps_are_the_same_weights() -> None:
    config = RebalanceConfig.model_validate({"exchange": "x", "targets": {"A": "0.25", "B": 2_500}})
    assert config.targets == {"A": COIN // 4, "B": COIN // 4}
    assert RebalanceConfig.model_validate(config.model_dump()).targets == config.targets
