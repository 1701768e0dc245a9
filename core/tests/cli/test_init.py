"""What ``sniper init`` writes with the first-party plugins is a paper config once its places are named."""

import re
import tomllib
from pathlib import Path

import pytest

from sniper.catalogue import Catalogue
from sniper.cli import exit_codes, main
from sniper.settings.load import load
from sniper.settings.model import Settings
from sniper.settings.resolved import Configured, Resolved
from sniper.settings.resolver import resolve

WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
FACTORY = "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f"
ROUTER = "0x7a250d5630b4cf539739df2c5dacb4c659f2488d"
WALLET = "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"
PLACES = {
    r"^id = .*": "id = 1",
    r"^endpoints = .*": 'endpoints = ["wss://node.example"]',
    r"^wrapped_native = .*": f'wrapped_native = "{WETH}"',
    r"^local = true\n": "",
    r"^address = .*": f'address = "{WALLET}"',
    r"(?<=\[amm.constant-product\]\n)(# .*\n)# factories = .*": rf'\1factories = ["{FACTORY}"]',
    r"^chain_id = .*": "chain_id = 1",
    r"^wrapped = .*": f'wrapped = "{WETH}"',
    r"^# v2_router = .*": f'v2_router = "{ROUTER}"',
}
"""All that a trader on another chain changes: addresses, endpoints, numbers of chains."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sniper.toml"
    assert main(["init", str(path)]) == exit_codes.OK
    return path


@pytest.fixture
def filled(file: Path) -> Resolved:
    text = file.read_text()
    for place, own in PLACES.items():
        text, count = re.subn(place, own, text, flags=re.MULTILINE)
        assert count == 1, place
    file.write_text(text)
    return resolve(load(file), Catalogue.discover())


def test_no_section_is_left_out_for_want_of_an_example(file: Path) -> None:
    assert "(required)" not in file.read_text()
    assert not re.findall(r"^# \[.*", file.read_text(), re.MULTILINE)


def test_with_its_places_named_it_is_in_order(filled: Resolved, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["--config", str(file), "config", "check"]) == exit_codes.OK
    assert capsys.readouterr().out == f"{file}: in order. Mode paper, 1 account(s), 1 strategies.\n"


def test_it_trades_one_strategy_with_checks_and_exits_on_one_market(filled: Resolved) -> None:
    (account,) = filled.accounts
    (strategy,) = account.strategies
    assert (account.address, account.chain_id, strategy.plugin.name) == (WALLET, 1, "launch-snipe")
    assert {each.name for each in account.risk} >= {"honeypot", "limits", "liquidity", "owner-powers"}
    assert {each.name for each in strategy.exits} >= {"event-exit", "max-age", "stop-loss", "take-profit"}
    assert [each.name for each in filled.feeds] == ["evm-logs"]
    pairs = next(amm for amm in filled.amms if amm.name == "constant-product")
    (venue,) = filled.venues
    assert (pairs.manifest()["factories"], venue.manifest()["v2_router"]) == ([FACTORY], ROUTER)


def amount(of: Configured, key: str) -> int:
    return int(of.manifest()[key])


def test_the_amounts_of_its_examples_fit_together(filled: Resolved) -> None:
    (account,) = filled.accounts
    (strategy,) = account.strategies
    checks = {each.name: each for each in account.risk}
    limits, liquidity = checks["limits"], checks["liquidity"]
    assert strategy.sizer.name == "fixed"
    paid = amount(strategy.sizer, "amount")
    assert 0 < paid <= amount(limits, "max_spend_per_trade") <= amount(limits, "max_spend_per_day")
    assert amount(liquidity, "min_quote_reserve") <= amount(strategy.plugin, "min_liquidity")
    assert paid * 10_000 <= amount(liquidity, "min_quote_reserve") * amount(liquidity, "max_share_bps")


def test_the_signer_is_given_the_kill_switch_of_the_run(file: Path) -> None:
    tables = tomllib.loads(file.read_text())
    assert (
        Path(tables["signer"]["keystore"]["kill_switch"]) == Settings.model_fields["data_dir"].default / "kill-switch"
    )


def test_what_it_says_of_exchanges_is_in_order_once_it_is_taken_up(
    filled: Resolved, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not filled.exchanges
    file.write_text(re.sub(r"^#   ", "", file.read_text(), flags=re.MULTILINE))
    taken_up = resolve(load(file), Catalogue.discover())
    assert [exchange.name for exchange in taken_up.exchanges] == ["binance"]
    assert taken_up.accounts[0].desks["binance"].paper_cash == {"USDT": 10_000 * 10**18}
