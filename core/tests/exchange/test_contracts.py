"""Linear contracts: what a position gains, what covers it, and the price at which nothing does."""

from fractions import Fraction
from typing import Any

import pytest
from floor import Floor, contract
from hypothesis import given
from hypothesis import strategies as st

from sniper.errors import IllegalTransition
from sniper.exchange_orders import AccountState, ContractState, Fill, Funding, Side, Tier
from sniper.instrument import COIN, BadInstrument, Instrument
from sniper.kernel.exchange.contracts import initial_margin, liquidation_price, maintenance_margin
from sniper.kernel.exchange.holdings import change_of

PERPETUAL = contract()
USDT = "x:USDT"


def fill(side: Side, size: int, price: int, fee: int = 0, fee_asset: str = USDT, forced: str = "") -> Fill:
    return Fill(
        id=f"{side}{size}@{price}",
        client_id="",
        venue_id="v",
        instrument=PERPETUAL.id,
        side=side,
        size=size,
        price=price,
        value=PERPETUAL.value(price, size),
        fee=fee,
        fee_asset=fee_asset,
        maker=False,
        time=0,
        forced=forced,
    )


# ---- instruments ----


def test_an_inverse_contract_is_refused_by_name() -> None:
    with pytest.raises(BadInstrument, match="x:BTC/USD:BTC is not traded: it is an inverse contract"):
        contract(id="x:BTC/USD:BTC", quote="x:USD", settle="x:BTC")


def test_a_contract_that_stands_for_part_of_a_coin_is_counted_in_contracts() -> None:
    hundredth = contract(contract=COIN // 100, lot=COIN // 1000)
    assert hundredth.lots("0.1") == 1
    assert hundredth.size(25).normalize() == 25 * hundredth.size(1)
    assert f"{hundredth.size(1):f}" == "0.1"
    assert hundredth.value(4_000_000, 1) == 40 * COIN


# ---- profit ----


def test_opening_moves_no_cash_but_the_fee() -> None:
    change = change_of(PERPETUAL, fill("sell", 100, 4_000_000, fee=COIN), 0, 0)
    assert change == (-COIN // 10, -COIN, -4_000 * COIN, -COIN)


def test_closing_more_than_is_held_realises_all_of_it_and_opens_the_rest_at_its_price() -> None:
    change = change_of(PERPETUAL, fill("sell", 150, 4_100_000), COIN // 10, 4_000 * COIN)
    assert (change.realised, change.cash) == (100 * COIN, 100 * COIN)
    assert 4_000 * COIN + change.cost == -PERPETUAL.value(4_100_000, 50)


FILLS = st.tuples(
    st.sampled_from(["buy", "sell"]), st.integers(1, 400), st.integers(1, 9_000_000), st.integers(-COIN, 5 * COIN)
)


@given(st.lists(FILLS, min_size=1, max_size=40), st.integers(1, 9_000_000))
def test_cash_and_unrealised_profit_are_what_an_exact_ledger_says(trades: list[Any], price: int) -> None:
    held = cost = cash = lots = 0
    paid = Fraction(0)  # as if each lot had been bought and sold outright
    for side, size, at, fee in trades:
        change = change_of(PERPETUAL, fill(side, size, at, fee), held, cost)
        held, cost, cash = held + change.amount, cost + change.cost, cash + change.cash
        sign = 1 if side == "buy" else -1
        lots += sign * size
        paid += sign * Fraction(PERPETUAL.tick * at, COIN) * size * PERPETUAL.lot + fee
        assert change.cash == change.realised
        assert held == lots * PERPETUAL.lot
        assert (cost > 0, cost < 0) == (held > 0, held < 0)
        assert cash + PERPETUAL.value(price, lots) - cost == Fraction(PERPETUAL.value(price, lots)) - paid


# ---- margin ----

TIERS = (
    Tier(floor=0, rate=4_000),
    Tier(floor=50_000 * COIN, rate=5_000, deduction=50 * COIN),
    Tier(floor=250_000 * COIN, rate=10_000, deduction=1_300 * COIN),
)


def test_margins_are_those_that_binance_gives_as_an_example() -> None:
    """ "Leverage and Margin of USDⓈ-M Futures": 0.5% of 250,000 less the 50 that the first tier asks less."""
    assert maintenance_margin(-250_000 * COIN + 1, TIERS) == 1_200 * COIN
    assert maintenance_margin(250_000 * COIN, TIERS) == 1_200 * COIN, "tiers meet"
    assert initial_margin(-100 * COIN - 1, 10) == 10 * COIN + 1


def covered(lots: int, cost: int, collateral: int, tiers: tuple[Tier, ...], price: int) -> bool:
    worth = PERPETUAL.value(price, lots)
    tier = [each for each in tiers if each.floor <= abs(worth)][-1]
    return worth - cost + collateral > Fraction(abs(worth) * tier.rate, 10**6) - tier.deduction


@given(
    st.integers(-60, 60).filter(bool),
    st.integers(1, 400),
    st.integers(0, 200),
    st.integers(1, 400),
    st.lists(st.tuples(st.integers(1, 9_000), st.integers(1, 1_000_000), st.integers(0, 50)), max_size=4),
)
def test_it_is_liquidated_at_the_first_price_that_leaves_too_little(
    lots: int, entry: int, collateral: int, mark: int, more: list[tuple[int, int, int]]
) -> None:
    unit = PERPETUAL.unit
    cost = lots * entry * unit
    tiers: tuple[Tier, ...] = (Tier(floor=0, rate=4_000),)
    for floor, rate, deduction in sorted(more):
        if floor * unit > tiers[-1].floor:
            tiers += (Tier(floor=floor * unit, rate=rate, deduction=deduction * unit),)
    found = liquidation_price(lots, unit, cost, collateral * unit, tiers, mark)
    prices = range(mark, 0, -1) if lots > 0 else range(mark, mark + 60_000)
    assert found == next((p for p in prices if not covered(lots, cost, collateral * unit, tiers, p)), None)


# ---- at a desk ----


@pytest.fixture
def floor() -> Floor:
    found = Floor(PERPETUAL)
    found.settle()
    return found


def holding(floor: Floor, side: Side = "buy") -> Floor:
    floor.place(side, 100, 4_000_000)
    floor.answer(floor.asks[0], lost=False)
    floor.fill(floor.submitted[-1], 100, USDT)
    floor.settle()
    return floor


def test_a_position_holds_its_initial_margin_until_it_is_closed(floor: Floor) -> None:
    floor.leverage = 10
    floor.settle()
    holding(floor)
    assert floor.book.positions[PERPETUAL.id].cost == 4_000 * COIN
    assert floor.book.desks["x"].reserved == {USDT: 400 * COIN}
    assert floor.book.cash[USDT] == 100_000 * COIN - 4 * COIN
    floor.leverage = 2
    floor.settle()
    assert floor.book.desks["x"].reserved == {USDT: 2_000 * COIN}
    holding(floor, "sell")
    assert (floor.book.positions, floor.book.desks["x"].reserved) == ({}, {})


def test_funding_is_booked_once_whoever_tells_it(floor: Floor) -> None:
    holding(floor)
    paid = Funding(id="f1", instrument=PERPETUAL.id, asset=USDT, amount=-3 * COIN, time=0)
    floor.desk.funded(paid)
    floor.funding = (paid,)
    floor.balances[USDT] -= 3 * COIN
    floor.settle()
    assert floor.book.cash[USDT] == floor.balances[USDT] == 100_000 * COIN - 7 * COIN
    assert floor.book.equity["x"] == -7 * COIN
    assert not floor.adjustments


def test_funding_of_what_is_closed_counts_for_who_held_it(floor: Floor) -> None:
    holding(floor)
    holding(floor, "sell")
    floor.desk.funded(Funding(id="f1", instrument=PERPETUAL.id, asset=USDT, amount=2 * COIN, time=0))
    assert floor.book.instance_profits["x:mm"].since(0) == -6 * COIN


@pytest.mark.parametrize("reason", ["liquidation", "adl", "settlement"])
def test_what_the_exchange_closes_itself_is_booked_once_and_told(floor: Floor, reason: str) -> None:
    holding(floor)
    closing = fill("sell", 60, 3_000_000, fee=COIN, forced=reason)
    floor.told(closing)
    floor.told(closing)
    position = floor.book.positions[PERPETUAL.id]
    assert (position.amount, position.cost) == (COIN * 40 // 1000, 1_600 * COIN)
    assert floor.book.cash[USDT] == 100_000 * COIN - 4 * COIN - 600 * COIN - COIN
    assert [(each.reason, each.size, each.left) for each in floor.heard] == [(reason, 60, 40)]


def test_a_liquidation_of_more_than_is_held_is_told_and_not_booked(floor: Floor) -> None:
    holding(floor)
    floor.told(fill("sell", 101, 3_000_000, forced="liquidation"))
    assert len(floor.reports) == 1
    assert floor.book.positions[PERPETUAL.id].amount == COIN // 10


def test_a_position_of_somebody_else_is_adopted_and_one_that_is_gone_let_go(floor: Floor) -> None:
    floor.contracts[PERPETUAL.id] = (-50, -2_000 * COIN)
    floor.settle()
    position = floor.book.positions[PERPETUAL.id]
    assert (position.amount, position.cost, position.linear) == (-COIN // 20, -2_000 * COIN, True)
    del floor.contracts[PERPETUAL.id]
    floor.settle()
    assert floor.book.positions == {}


def test_the_same_terms_are_put_on_record_once(floor: Floor) -> None:
    state = ContractState(instrument=PERPETUAL, size=0, cost=0, leverage=5, tiers=TIERS, isolated=COIN)
    told = AccountState(balances=(), orders=(), fills=(), cursor="0", contracts=(state,))
    before = len(floor.facts)
    for _ in range(2):
        floor.desk.answered(floor.reading(told))
    assert [type(fact).__name__ for fact in floor.facts[before:]] == ["ContractRead", "DeskRead", "DeskRead"]
    known = floor.book.desks["x"].contracts[PERPETUAL.id]
    assert (known.leverage, known.tiers, known.isolated) == (5, TIERS, COIN)


def test_a_forced_fill_that_is_on_record_cannot_be_booked_again(floor: Floor) -> None:
    holding(floor)
    floor.told(fill("sell", 10, 3_000_000, forced="adl"))
    with pytest.raises(IllegalTransition, match="booked already"):
        floor.emit(floor.facts[-1])


def test_instruments_name_what_is_held_of_them() -> None:
    spot = Instrument(
        id="x:BTC/USDT", kind="spot", base="x:BTC", quote=USDT, settle=USDT, tick=COIN // 100, lot=COIN // 1000
    )
    assert (spot.held, spot.linear, PERPETUAL.held, PERPETUAL.linear) == ("x:BTC", False, PERPETUAL.id, True)
