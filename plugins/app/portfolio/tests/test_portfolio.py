"""The command on a record of an account at an exchange: a real kernel, a simulated exchange, a real journal."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sniper.cli import exit_codes, main
from sniper.events import DeskLost, InstrumentListed, Trade
from sniper.instrument import COIN
from sniper.types import PlaceOrder
from sniper_app_portfolio.lots import Movement, lots_of
from sniper_app_portfolio.summary import years
from sniper_sdk.desk_record import PERPETUAL, SPOT, DeskRecord, at_an_exchange

FILE = """
mode = "paper"
data_dir = "data"
[venue.ccxt]
exchange = "binance"
[account.main]
[account.main.desk.ccxt]
quote = "USDT"
paper_cash = { USDT = "100000" }
[strategy.dca]
instrument = "ccxt:BTC/USDT"
amount = 50
exits = []
"""
Portfolio = Callable[..., dict[str, Any]]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "sniper.toml").write_text(FILE)
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture
def shown(directory: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*words: str) -> str:
        code = main(["--config", str(directory / "sniper.toml"), "portfolio", *words])
        printed = capsys.readouterr()
        assert code == exit_codes.OK, printed.err
        return printed.out

    return run


@pytest.fixture
def told(shown: Callable[..., str]) -> Portfolio:
    return lambda *words: _numbers(json.loads(shown("--json", *words)))


def _numbers(data: Any) -> Any:
    """Integers that no double holds are text in JSON."""
    if isinstance(data, dict):
        return {key: _numbers(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_numbers(value) for value in data]
    return int(data) if isinstance(data, str) and data.lstrip("-").isdecimal() else data


def order(key: str, side: Any, size: int, instrument: str = SPOT.id) -> PlaceOrder:
    return PlaceOrder(key=key, instrument=instrument, side=side, size=size, reason="test")


def spot(*dollars: int, sold: int = 50_000) -> DeskRecord:
    """Half a coin is bought in two parts, at the first prices; ``sold`` lots of it are sold."""
    desk = DeskRecord({1: [order("a", "buy", 30_000)], 3: [order("b", "buy", 20_000)], 5: [order("c", "sell", sold)]})
    for price in dollars:
        desk.trade(price)
    desk.passes()
    return desk


def test_equity_is_cash_and_what_is_held_at_a_price_that_is_named(told: Portfolio, directory: Path) -> None:
    desk = spot(42_000, 42_000, 43_000, 43_000, 44_000, 44_000, sold=10_000)
    desk.quote(45_000)
    desk.write(directory / "data")
    found = told()
    (row,) = found["equity"]
    held = desk.book.positions["binance:BTC"]
    cash = desk.book.cash["binance:USDT"]
    assert (row["currency"], row["cash"]) == ("binance:USDT", cash)
    assert row["equity"] == cash + 45_000 * held.amount
    assert row["unpriced"] == []
    (position,) = [each for each in found["holdings"] if each["asset"] == "binance:BTC"]
    source = position["source"]
    assert (source["told"], source["instrument"], source["price"]) == ("bid", SPOT.id, 45_000)
    assert source["time"] == desk.time
    assert source["age"] == found["time"] - desk.time
    assert position["unrealised"] == 45_000 * held.amount - held.cost


def test_the_last_trade_values_what_has_no_best_price(told: Portfolio, directory: Path) -> None:
    spot(42_000, 42_000, 43_000, 43_000, sold=1).write(directory / "data")
    (position,) = [each for each in told()["holdings"] if each["asset"] == "binance:BTC"]
    assert (position["source"]["told"], position["source"]["price"]) == ("trade", 43_000)
    assert position["worth"] == 43_000 * position["amount"]


def test_exposure_by_asset_venue_strategy_and_chain(told: Portfolio, directory: Path) -> None:
    desk = DeskRecord({1: [order("a", "buy", 30_000)], 2: [order("short", "sell", 10_000, PERPETUAL.id)]})
    for _ in range(3):
        desk.trade(40_000)
        desk.trade(40_000, PERPETUAL)
    desk.passes()
    desk.write(directory / "data")
    found = told()["exposure"]
    nets = {row["name"]: (row["net"], row["gross"]) for row in found["asset"]}
    assert nets == {
        "binance:BTC": (12_000 * COIN, 12_000 * COIN),
        PERPETUAL.id: (-4_000 * COIN, 4_000 * COIN),
    }
    for name, group in (("venue", "binance"), ("strategy", "s"), ("chain", "(none)")):
        (row,) = found[name]
        assert (row["name"], row["net"], row["gross"]) == (group, 8_000 * COIN, 16_000 * COIN)


def test_a_contract_is_part_of_equity_with_what_is_not_realised(told: Portfolio, directory: Path) -> None:
    desk = DeskRecord({1: [order("long", "buy", 10_000, PERPETUAL.id)]})
    for dollars in (40_000, 40_000, 41_000):
        desk.trade(dollars, PERPETUAL)
    desk.write(directory / "data")
    found = told()
    (row,) = found["equity"]
    assert row["equity"] == row["cash"] + 100 * COIN
    (earned,) = found["attribution"]
    assert (earned["strategy"], earned["instrument"], earned["unrealised"]) == ("s", PERPETUAL.id, 100 * COIN)


@pytest.mark.parametrize("by", ["fifo", "lifo", "hifo"])
def test_all_sold_the_lots_gained_what_the_books_realised(told: Portfolio, directory: Path, by: str) -> None:
    desk = spot(42_000, 42_000, 43_000, 43_000, 44_000, 44_000)
    desk.write(directory / "data")
    found = told("--method", by)
    (earned,) = found["attribution"]
    (year,) = found["lots"]["years"]
    assert found["lots"]["open"] == []
    assert year["gain"] == earned["realised"] == desk.book.cash["binance:USDT"] - 100_000 * COIN > 0
    assert (year["year"], year["gain"]) == (2023, year["proceeds"] - year["cost"])


def test_the_method_says_which_lot_is_sold(told: Portfolio, directory: Path) -> None:
    spot(42_000, 42_000, 43_000, 43_000, 44_000, 44_000, sold=10_000).write(directory / "data")
    gains = {by: told("--method", by)["lots"]["gains"] for by in ("fifo", "lifo", "hifo")}
    assert gains["fifo"][0]["acquired"] < gains["lifo"][0]["acquired"] == gains["hifo"][0]["acquired"]
    assert gains["fifo"][0]["gain"] > gains["lifo"][0]["gain"] == gains["hifo"][0]["gain"]


def test_a_busy_account_with_funding_liquidation_and_corrections_is_told_as_its_books_have_it(
    told: Portfolio, directory: Path
) -> None:
    desk = at_an_exchange()
    desk.write(directory / "data")
    found = told()
    realised = sum(row["realised"] for row in found["attribution"])
    assert realised == sum(profit.since(0) for profit in desk.book.profits.values())
    (year,) = found["lots"]["years"]
    assert year["beside"] == -3 * COIN
    held = {row["asset"]: 0 for row in found["lots"]["open"]}
    for row in found["lots"]["open"]:
        held[row["asset"]] += row["amount"]
    assert held == {token: position.amount for token, position in desk.book.positions.items()}


def test_the_export_has_a_row_for_each_part_in_exact_decimals(
    shown: Callable[..., str], told: Portfolio, directory: Path
) -> None:
    desk = spot(42_000, 42_000, 43_000, 43_000, 44_000, 44_000)
    desk.write(directory / "data")
    target = directory / "gains.csv"
    assert f"wrote {target}" in shown("--csv", str(target), "--year", "2023")
    with target.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["amount"], row["unit"], row["method"]) for row in rows] == [
        ("0.3", "coins", "fifo"),
        ("0.2", "coins", "fifo"),
    ]
    assert rows[0]["cost"] == "12612.6"  # 0.3 at 42,000 and a thousandth of it
    assert rows[0]["acquired"] == "2023-11-14T22:13:23Z"
    assert told("--year", "2022")["lots"]["gains"] == []


def test_the_tables_say_it_for_people(shown: Callable[..., str], directory: Path) -> None:
    spot(42_000, 42_000, 43_000, 43_000, 44_000, 44_000, sold=10_000).write(directory / "data")
    text = shown()
    for words in ("equity of main", "exposure by strategy", "earned, at average cost", "gains by FIFO", "trade 44000"):
        assert words in text


def test_an_account_that_is_not_on_record_is_refused(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spot(42_000).write(directory / "data")
    assert main(["--config", str(directory / "sniper.toml"), "portfolio", "--account", "nobody"]) != exit_codes.OK
    assert "main" in capsys.readouterr().err


def test_gains_count_for_the_year_in_utc_in_which_they_were_made() -> None:
    def moved(time: int, amount: int, cash: int) -> Movement:
        return Movement("fill", time * 10**9, "main", "x:A", "x:B", "x:A/B", "s", amount, cash, 0)

    lots = lots_of([moved(0, 2, -10), moved(1_704_067_199, -1, 8), moved(1_704_067_200, -1, 9)], "fifo")
    (gains,) = [of.gains for of in lots.values()]
    assert [(row["year"], row["gain"]) for row in years(gains)] == [(2023, 3), (2024, 4)]


def deposited(desk: DeskRecord, coins: int) -> DeskRecord:
    """The sub-account is read, and has so many bitcoins more."""
    desk.exchange.balances["binance:BTC"] = desk.exchange.balances.get("binance:BTC", 0) + coins * COIN
    desk.tell(DeskLost(time=desk.time, account="main", venue="binance", reason="its stream broke"))
    for _ in range(10):
        desk.passes()
    assert desk.book.owned("binance:BTC") >= coins * COIN
    return desk


def test_a_deposit_is_valued_and_is_of_no_strategy_and_no_lot(told: Portfolio, directory: Path) -> None:
    desk = deposited(DeskRecord({}), 2)
    desk.trade(40_000)
    desk.write(directory / "data")
    found = told()
    (row,) = found["equity"]
    assert (row["currency"], row["equity"]) == ("binance:USDT", 180_000 * COIN)
    (exposed,) = found["exposure"]["strategy"]
    assert (exposed["name"], exposed["net"]) == ("(none)", 80_000 * COIN)
    assert found["lots"]["open"] == []


def test_what_nobody_told_a_price_of_is_named_and_counts_for_nothing(told: Portfolio, directory: Path) -> None:
    deposited(DeskRecord({}), 2).write(directory / "data")
    found = told()
    by_currency = {row["currency"]: row for row in found["equity"]}
    assert by_currency["binance:USDT"]["equity"] == 100_000 * COIN
    assert by_currency["binance:USDT"]["unpriced"] == ["binance:BTC"]


def test_a_trade_of_one_coin_for_another_is_two_trades_in_what_the_desk_counts_in(
    told: Portfolio, directory: Path
) -> None:
    eth = replace(SPOT, id="binance:ETH/USDT", base="binance:ETH")  # type: ignore[type-var]  # they are structs
    cross = replace(eth, id="binance:ETH/BTC", quote="binance:BTC", settle="binance:BTC", tick=COIN // 10**5)  # type: ignore[type-var]
    swap = PlaceOrder(key="b", instrument=cross.id, side="buy", size=200_000, price=5_000, reason="test")
    desk = DeskRecord({1: [order("a", "buy", 20_000)], 3: [swap]})
    desk.tell(*(InstrumentListed(time=desk.time, instrument=each) for each in (eth, cross)))
    desk.trade(2_500, eth)
    for price in (40_000, 40_000, 44_000):
        desk.trade(price)
    desk.passes()
    desk.tell(Trade(time=desk.time, venue="binance", instrument=cross.id, price=5_000, size=10**6))
    desk.passes()
    desk.write(directory / "data")
    assert set(desk.book.positions) == {"binance:BTC", "binance:ETH"}
    found = told()
    assert [each["currency"] for each in found["equity"]] == ["binance:USDT"]
    (year,) = found["lots"]["years"]
    earned = {each["instrument"]: each["realised"] for each in found["attribution"]}
    assert earned == {SPOT.id: year["gain"], eth.id: 0}
    assert year["gain"] == sum(desk.book.profits["binance"].totals) == 396_396 * COIN // 1000
    (bought,) = [each for each in found["lots"]["open"] if each["asset"] == "binance:ETH"]
    assert (bought["currency"], bought["cost"]) == ("binance:USDT", 4_404_400 * COIN // 1000)
