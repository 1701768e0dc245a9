"""``orders``, ``positions`` and ``why`` of what is at exchanges."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sniper.cli import exit_codes, main
from sniper.exchange_orders import ContractState, Tier
from sniper.instrument import COIN
from sniper.order_types import Stop
from sniper.types import CancelOrder, PlaceOrder, StartPlan
from sniper_sdk.desk_record import PERPETUAL, SPOT, DeskRecord

Sniper = Callable[..., tuple[int, str]]


@pytest.fixture
def sniper(directory: Path, capsys: pytest.CaptureFixture[str]) -> Sniper:
    def run(*words: str) -> tuple[int, str]:
        code = main(["--config", str(directory / "sniper.toml"), *words])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def buy(size: int, price: int | None = None, key: str = "in") -> PlaceOrder:
    return PlaceOrder(key=key, instrument=SPOT.id, side="buy", size=size, price=price, reason="a dip")


def sell(size: int, key: str = "out") -> PlaceOrder:
    return PlaceOrder(key=key, instrument=SPOT.id, side="sell", size=size, price=None, reason="enough")


def traded() -> DeskRecord:
    """Half a coin bought, some of it sold; a bid that rests; a stop that waits; an order that was refused."""
    stop = Stop(instrument=SPOT.id, side="sell", size=10_000, trigger=3_900_000, reduce_only=True)
    desk = DeskRecord(
        {
            1: [buy(50_000)],
            3: [sell(20_000)],
            5: [buy(12_345, 4_000_050, key="rest"), StartPlan(key="guard", plan=stop, reason="not below")],
            6: [buy(10_000_000, key="too much")],
        }
    )
    for dollars in (42_000, 42_000, 42_100, 42_100, 42_100, 42_100):
        desk.trade(dollars)
    desk.passes()
    return desk


def test_orders_show_what_works_at_an_exchange_with_its_plan_in_exact_numbers(sniper: Sniper, directory: Path) -> None:
    traded().write(directory / "data")
    code, shown = sniper("orders")
    assert code == exit_codes.OK
    (row,) = [line.split() for line in shown.splitlines() if line.startswith("main/s/3.1")]
    assert row[3:8] == [SPOT.id, "buy", "0.12345", "40,000.5", "0"]
    assert row[8] == "open"
    (plan,) = [line for line in shown.splitlines() if "stop sell" in line]
    assert plan.startswith("main/s/4 ")
    assert "guard" in plan
    assert "main/s/1.1" not in shown
    assert "filled" in sniper("orders", "--all")[1]


def test_orders_as_json_have_each_fill_and_base_units(sniper: Sniper, directory: Path) -> None:
    desk = traded()
    desk.write(directory / "data")
    found = json.loads(sniper("orders", "--all", "--json")[1])
    bought, sold, rests = found["exchange_orders"]
    assert (bought["state"], bought["size"], bought["filled"], bought["price"]) == ("filled", "0.5", "0.5", None)
    assert sum(int(fill["fee"]) for fill in bought["fills"]) == 21 * COIN
    assert int(bought["cash"]) == -21_021 * COIN
    assert int(sold["realised"]) == desk.book.positions["binance:BTC"].realised > 0
    assert (rests["key"], rests["filled"], rests["state"]) == ("rest", "0", "open")
    (plan,) = found["plans"]
    assert (plan["type"], plan["spec"]["trigger"], plan["orders"]) == ("stop", 3_900_000, [])


def test_positions_at_an_exchange_are_shown_to_the_last_unit(sniper: Sniper, directory: Path) -> None:
    desk = traded()
    desk.write(directory / "data")
    code, shown = sniper("positions")
    assert code == exit_codes.OK
    assert "binance:BTC  0.3 BTC  " in shown
    reserved = desk.book.reserved("binance:USDT")
    assert f"{reserved // COIN:,}." in shown.rpartition("cash of main: ")[2]
    (position,) = json.loads(sniper("positions", "--json")[1])["positions"]
    assert int(position["amount"]) == desk.book.positions["binance:BTC"].amount
    assert (position["symbol"], position["decimals"], position["state"]) == ("BTC", 18, "open")


def test_a_position_that_ended_is_closed_and_its_next_one_another(sniper: Sniper, directory: Path) -> None:
    desk = DeskRecord({1: [buy(1_000)], 3: [sell(1_000)], 5: [buy(2_000)]})
    for _ in range(7):
        desk.trade(42_000)
    desk.write(directory / "data")
    found = json.loads(sniper("positions", "--all", "--json")[1])["positions"]
    assert [each["state"] for each in found] == ["closed", "open"]
    assert len(json.loads(sniper("positions", "--json")[1])["positions"]) == 1


def test_a_contract_is_shown_with_entry_profit_and_liquidation_at_the_newest_prices(
    sniper: Sniper, directory: Path
) -> None:
    """Half a coin at 40,000, leverage ten, a maintenance margin of a hundredth."""
    desk = DeskRecord(
        {1: [PlaceOrder(key="long", instrument=PERPETUAL.id, side="buy", size=50_000, price=None, reason="up")]}
    )
    for _ in range(3):
        desk.trade(40_000, PERPETUAL)
    tiers = (Tier(floor=0, rate=10_000),)
    cost = desk.book.positions[PERPETUAL.id].cost
    desk.read(
        ContractState(instrument=PERPETUAL, size=50_000, cost=cost, leverage=10, isolated=2_000 * COIN, tiers=tiers)
    )
    desk.trade(41_000, PERPETUAL)
    desk.quote(41_500, PERPETUAL)
    desk.write(directory / "data")
    (held,) = json.loads(sniper("positions", "--json")[1])["contracts"]
    view = desk.kernel.accounts["main"].view.contract(PERPETUAL.id)
    assert view is not None
    assert (held["size"], held["entry"], held["leverage"]) == ("0.5", "40000", 10)
    assert held["isolated"] == str(2_000 * COIN)
    assert int(held["unrealised"]) == view.unrealised == 750 * COIN
    assert held["liquidation"] == f"{PERPETUAL.price(view.liquidation or 0):f}" != "0"
    (row,) = [line.split() for line in sniper("positions")[1].splitlines() if "10x" in line]
    assert row[:6] == ["main", PERPETUAL.id, "0.5", "40000", "750", "10x"]


def test_why_tells_an_order_from_the_trade_that_led_to_it_to_its_fill(sniper: Sniper, directory: Path) -> None:
    traded().write(directory / "data")
    code, told = sniper("why", "main/s/1.1")
    assert code == exit_codes.OK
    for words in (
        "main/s/1: bought 0.5 BTC for 21,000 USDT",
        "a trade of binance:BTC/USDT, 10 at 42,000",
        "wanted to buy: a dip",
        "✓ sniper's own rules",
        "cash: 21,231.21 USDT, at most 100,000 USDT is allowed",
        "To buy 0.5 binance:BTC/USDT at the market, gtc.",
        "Reserved: 21,231.21 USDT.",
        "bought 0.5 at 42,000, 21,000 USDT; fee 21 USDT, it took what was there",
        "The order was filled",
        "Held now: 0.3 BTC",
    ):
        assert words in told, words
    data = json.loads(sniper("why", "main/s/1", "--json")[1])
    assert data["exchange_order"]["fills"][0]["size"] == "0.5"
    assert sniper("why", data["exchange_order"]["client_id"])[1] == told


def test_why_tells_which_rule_refused_an_order_at_an_exchange(sniper: Sniper, directory: Path) -> None:
    traded().write(directory / "data")
    _, told = sniper("why", "main/s/5")
    assert "was refused by kernel.cash" in told
    assert "There is less that is not reserved than the order would take" in told
    assert "USDT is allowed" in told


def test_why_tells_a_plan_with_the_orders_that_it_placed(sniper: Sniper, directory: Path) -> None:
    desk = traded()
    for _ in range(3):  # the first reaches the stop, which waits a second for an own bid that it would meet
        desk.trade(38_900)
    desk.passes()
    desk.write(directory / "data")
    _, told = sniper("why", "main/s/4")
    assert "Plan main/s/4: stop of binance:BTC/USDT" in told
    assert "trigger: 39,000" in told
    assert "order: sell 0.1 at the market; 0.1 filled, filled" in told
    (order,) = [line.split()[-1] for line in told.splitlines() if "sniper why" in line]
    assert "It is the leg order of the plan main/s/4 (stop, done)" in sniper("why", order)[1]


def test_an_order_that_was_withdrawn_says_so(sniper: Sniper, directory: Path) -> None:
    desk = DeskRecord({1: [buy(1_000, 4_000_000)], 2: [CancelOrder(key="in")]})
    for _ in range(4):
        desk.trade(42_000)
    desk.write(directory / "data")
    _, told = sniper("why", "main/s/1")
    assert "wanted to buy BTC, but the order was cancelled" in told
    assert "it was to be cancelled" in told
    assert sniper("orders")[1].strip() == "No order is working."
