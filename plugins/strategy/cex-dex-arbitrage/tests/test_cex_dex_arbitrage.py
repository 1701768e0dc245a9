"""What it wants of the pool and of the exchange; the kernel's part is tried in core/tests/kernel."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sniper.events import Block, ChainOrderEnded, EntryDenied, OrderChanged, Prices
from sniper.instrument import COIN
from sniper.strategy import Close, Open, PlaceOrder
from sniper.types import SECOND
from sniper_sdk import Bench
from sniper_sdk.builders import POOL, TOKEN, instrument, pool, position, ticker, token, view
from sniper_strategy_cex_dex_arbitrage.config import CexDexArbitrageConfig
from sniper_strategy_cex_dex_arbitrage.strategy import CexDexArbitrage

ID = "x:TKN/USDT"
COINS = instrument(ID, tick=COIN // 10**6, lot=COIN // 10)
"""The pool has 100,000 tokens for one ether; a tick is a millionth of a dollar, and an ether counts as a dollar."""
FAIR = 10
NEXT = Prices(time=SECOND, instrument=ID, bid=1, bid_size=1, ask=2, ask_size=1)


def config(**changed: Any) -> CexDexArbitrageConfig:
    usual = {"token": TOKEN, "pool": POOL, "instrument": ID, "size": COIN // 10, "gas": COIN // 10**5, "retry_s": 10}
    return CexDexArbitrageConfig.model_validate({**usual, **changed})


def bench(bid: int, *, coins: int = 10**6 * COIN, held: int = 0, size: int = 10**7, **changed: Any) -> Bench:
    place = view(
        pools=[pool()],
        tokens={TOKEN: token()},
        tickers=[ticker(COINS, bid=bid, ask=bid + 1, bid_size=size, ask_size=size)],
        positions=[position(TOKEN, amount=held)] if held else [],
        cash={"x:TKN": coins, "x:USDT": 10**6 * COIN},
    )
    return Bench(CexDexArbitrage, config(**changed), place)


def moved(amount: int, intent: str = "main/s/1", state: str = "done", at: int = 2) -> ChainOrderEnded:
    side = "increase" if amount >= 0 else "reduce"
    return ChainOrderEnded(
        time=at * SECOND, intent=intent, token=TOKEN, side=side, state=state, amount=amount, cash=-amount
    )


def test_it_buys_on_the_chain_only_what_it_has_coins_for_at_the_exchange() -> None:
    (wanted,) = bench(20).send(NEXT)
    assert isinstance(wanted, Open)
    assert (wanted.max_spend, wanted.pool) == (COIN // 10, POOL)
    assert bench(20, coins=0).send(NEXT) == []
    (less,) = bench(20, coins=2_000 * COIN).send(NEXT)
    assert isinstance(less, Open)
    assert less.max_spend is not None
    assert pool().amount_out(pool().coins[1], less.max_spend) < 2_000 * COIN
    assert bench(FAIR).send(NEXT) == []


def test_a_contract_needs_no_coins() -> None:
    perpetual = instrument("x:TKN/USDT:USDT", kind="perpetual", tick=COIN // 10**6, lot=COIN // 10)
    place = view(
        pools=[pool()],
        tokens={TOKEN: token()},
        tickers=[ticker(perpetual, bid=20, ask=21, bid_size=10**7, ask_size=10**7)],
        cash={"x:USDT": 10**6 * COIN},
    )
    (wanted,) = Bench(CexDexArbitrage, config(instrument=perpetual.id), place).send(
        Prices(time=SECOND, instrument=perpetual.id, bid=1, bid_size=1, ask=2, ask_size=1)
    )
    assert isinstance(wanted, Open)


def test_it_sells_on_the_chain_only_what_it_holds_there() -> None:
    assert bench(5).send(NEXT) == []
    (wanted,) = bench(5, held=1_000 * COIN).send(NEXT)
    assert isinstance(wanted, Close)
    assert wanted.min_out is not None
    assert wanted.min_out > 1_000 * COIN * wanted.share_bps // 10_000 * 6 // 10**6


def test_one_trade_at_a_time_and_a_block_is_a_reason_to_look_too() -> None:
    tested = bench(20)
    block = Block(
        time=SECOND, chain_id=1, number=2, hash="0x2", parent="0x1", timestamp=1, base_fee=1, gas_used=1, gas_limit=2
    )
    assert len(tested.send(block)) == 1
    assert tested.send(NEXT) == []


def test_a_reorg_that_takes_the_trade_back_is_evened_out() -> None:
    tested = bench(20)
    tested.send(NEXT)
    (sale,) = tested.send(moved(500 * COIN))
    assert isinstance(sale, PlaceOrder)
    assert (sale.side, sale.size, sale.lives) == ("sell", 5_000, "ioc")
    filled = OrderChanged(time=3 * SECOND, key=sale.key, order="o/1", instrument=ID, state="filled", filled=5_000)
    assert not any(isinstance(each, PlaceOrder) for each in tested.send(filled))
    (bought,) = tested.send(moved(0, state="failed", at=4))
    assert isinstance(bought, PlaceOrder)
    assert (bought.side, bought.size) == ("buy", 5_000)


def test_a_refused_leg_at_the_exchange_is_tried_again_later() -> None:
    tested = bench(20)
    tested.send(NEXT)
    tested.send(moved(500 * COIN))
    refused = OrderChanged(time=3 * SECOND, key="hedge/sell", order="o/1", instrument=ID, state="rejected", filled=0)
    later = Prices(time=4 * SECOND, instrument=ID, bid=1, bid_size=1, ask=2, ask_size=1)
    assert tested.send(refused, later) == []
    (sale,) = tested.sleep(seconds=10)
    assert isinstance(sale, PlaceOrder)


def test_what_is_told_twice_is_hedged_once() -> None:
    tested = bench(20)
    tested.send(NEXT)
    (sale,) = tested.send(moved(500 * COIN))
    assert isinstance(sale, PlaceOrder)
    strategy = tested.strategy
    assert isinstance(strategy, CexDexArbitrage)
    tested.send(moved(500 * COIN, at=3))
    assert strategy.uneven == 500 * COIN


def test_after_a_denial_it_pauses() -> None:
    tested = bench(20)
    tested.send(NEXT)
    denied = EntryDenied(time=2 * SECOND, token=TOKEN, intent="main/s/1", rule="kernel.brings", retry_at=None)
    later = Prices(time=3 * SECOND, instrument=ID, bid=1, bid_size=1, ask=2, ask_size=1)
    assert tested.send(denied, later) == []
    assert len(tested.sleep(seconds=10)) == 1


@given(
    bid=st.integers(1, 100), gas=st.integers(0, COIN // 1_000), least=st.integers(1, 500), held=st.integers(0, 5_000)
)
def test_at_its_price_a_trade_gains_what_it_must_after_fees_and_gas(bid: int, gas: int, least: int, held: int) -> None:
    tested = bench(bid, gas=gas, min_gain_bps=least, held=held * COIN)
    for wanted in tested.send(NEXT):
        if isinstance(wanted, Open):
            assert wanted.min_out is not None
            assert wanted.max_spend is not None
            lots = wanted.min_out // COINS.lot
            brings = COINS.value(bid, lots + 1) * 999 // 1_000
            assert brings * 10_000 >= (wanted.max_spend + gas) * (10_000 + least)
        else:
            assert isinstance(wanted, Close)
            assert wanted.min_out is not None
            amount = held * COIN * wanted.share_bps // 10_000
            cost = COINS.value(bid + 1, amount // COINS.lot) * 1_001 // 1_000
            assert (wanted.min_out - gas) * 10_000 >= cost * (10_000 + least)


@pytest.mark.parametrize(
    "section",
    [{"pool": "2:0x" + "22" * 20}, {"rate": "y:ETH/USDT"}, {"size": 0}, {"token": "UNI"}, {"slippage_bps": 10_000}],
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**section)
