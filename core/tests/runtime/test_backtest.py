"""``sniper backtest``: a recorded market, traded again with another config and played fills."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from recorded_world import CONFIG, ETHER, record

from sniper.catalogue import Catalogue
from sniper.cli import main
from sniper.errors import ConfigError
from sniper.runtime.backtest import Backtested, backtest
from sniper.runtime.kept import JOURNAL
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.types import Mode

EAGER = CONFIG.replace("[account.alice.risk.honeypot]", "").replace(
    'min_quote_reserve = "1 ether"', "min_quote_reserve = 1"
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("recorded")
    record(run, 7, 800)
    return run


def traded(run: Path, directory: Path, config: str, cash: int = 10 * ETHER) -> Backtested:
    path = directory / "backtest.toml"
    path.write_text(config)
    resolved = resolve(load(path, mode=Mode.BACKTEST), Catalogue.discover())
    return asyncio.run(backtest(resolved, run / JOURNAL, cash=cash))


def as_data(result: Backtested) -> Any:
    return {name: vars(account) for name, account in result.accounts.items()}


def test_money_is_conserved(recorded: Path, tmp_path: Path) -> None:
    result = traded(recorded, tmp_path, EAGER)
    for account in result.accounts.values():
        assert len(account.fills) > 4
        (cash,) = account.cash.values()
        assert cash == 10 * ETHER + sum(fill.cash - fill.gas for fill in account.fills)
        cost = sum(held.cost for held in account.open)
        assert cash + cost == 10 * ETHER + account.realised
        assert account.unrealised == sum(held.value - held.cost for held in account.open)
        assert account.intents == account.allowed + sum(account.denied.values())


def test_the_same_backtest_gives_the_same_result(recorded: Path, tmp_path: Path) -> None:
    assert as_data(traded(recorded, tmp_path, EAGER)) == as_data(traded(recorded, tmp_path, EAGER))


def test_a_probe_is_answered_with_what_the_run_found_and_else_denies_and_says_so(
    recorded: Path, tmp_path: Path
) -> None:
    result = traded(recorded, tmp_path, CONFIG)
    alice, bob = result.accounts["alice"], result.accounts["bob"]
    assert alice.denied["honeypot.answered"] == alice.unanswered["honeypot"] > 0
    judged = [rule for rule in alice.denied if rule.startswith("honeypot.") and rule != "honeypot.answered"]
    assert alice.allowed or judged
    assert bob.unanswered == {}


def test_without_capital_nothing_is_bought(recorded: Path, tmp_path: Path) -> None:
    result = traded(recorded, tmp_path, EAGER, cash=1)
    assert all(not account.fills for account in result.accounts.values())
    assert result.accounts["bob"].denied["kernel.free-cash"] > 0


def test_a_mode_that_sends_is_refused(recorded: Path, tmp_path: Path) -> None:
    path = tmp_path / "live.toml"
    path.write_text(CONFIG)
    resolved = resolve(load(path), Catalogue.discover())
    with pytest.raises(ConfigError, match='mode "paper"'):
        asyncio.run(backtest(resolved, recorded / JOURNAL, cash=1))


def test_the_command_prints_the_result(recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "some.toml"
    path.write_text(CONFIG)
    assert main(["backtest", str(path), "--journal", str(recorded), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["events"] > 300
    assert set(found["accounts"]) == {"alice", "bob"}
    assert main(["backtest", str(path), "--journal", str(recorded), "--cash", "3 ether"]) == 0
    out = capsys.readouterr().out
    assert "the journal has no evidence" in out
    assert "realised" in out
    assert main(["backtest", str(path), "--journal", str(tmp_path)]) == 4
    assert "there is no journal here" in capsys.readouterr().err
