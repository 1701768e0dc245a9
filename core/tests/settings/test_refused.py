"""What a config names and may not run: the run goes on without it, and nothing is entered that it had a say in."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sniper.catalogue import Catalogue, Refusal
from sniper.environments.environment import Environment
from sniper.errors import ConfigError
from sniper.risk import Entry
from sniper.settings.load import parse
from sniper.settings.resolved import Resolved
from sniper.settings.resolver import resolve
from sniper.settings.stand_in import RefusedCheck, RefusedStrategy
from sniper.strategy import handlers_of

WHY = "sniper-x 1.0 was revoked: steals keys. It is not used"
FILE = """
mode = "paper"
[chain.local]
id = 31337
endpoints = ["wss://a.example/s3cr3tk3y"]
wrapped_native = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
local = true
[account.main]
address = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
[strategy.mine]
plugin = "launch-snipe"
exits = ["stop-loss"]
speed = 3
[sizer.fixed]
amount = 10
[risk.limits]
most = 5
[policy.geo]
[feed.evm-logs]
[venue.uniswap]
"""


@pytest.fixture(autouse=True)
def _plugins(acme: Any) -> None:
    """Every test here sees Acme's plugins and no others."""


def without(*ids: str) -> Resolved:
    found = Catalogue.discover()
    refused = tuple(Refusal(each, WHY) for each in found.extensions if each.id in ids)
    kept = tuple(each for each in found.extensions if each.id not in ids)
    return resolve(parse(tomllib.loads(FILE), Path("my.toml")), replace(found, extensions=kept, refused=refused))


def entry(side: str) -> Entry:
    return Entry(
        intent="i", account="main", instance="mine", chain_id=1, token="t", quote="q", pool="p", venue="v", amount=1,
        expected_out=1, reason="r", side=side,
    )  # fmt: skip


def test_a_refused_strategy_enters_nothing_and_its_exits_stay() -> None:
    found = without("strategy.launch-snipe")
    (strategy,) = found.accounts[0].strategies
    assert strategy.plugin.cls is RefusedStrategy
    assert strategy.plugin.section == "strategy.mine"
    assert [each.name for each in strategy.exits] == ["stop-loss"]
    assert found.refused == (f"my.toml: [strategy.mine] {WHY}",)
    made = strategy.plugin.cls(config=strategy.plugin.config)
    assert (handlers_of(type(made)), made.opens, made.instruments()) == ({}, False, ())


def test_a_refused_check_denies_entries_and_lets_sales_pass() -> None:
    found = without("risk.limits", "risk.geo", "strategy.launch-snipe")
    view: Any = None
    for configured in (*found.accounts[0].risk, *found.policies):
        check = configured.cls(config=configured.config)
        assert isinstance(check, RefusedCheck)
        (finding,) = check.judge(entry("increase"), view)
        assert (finding.ok, finding.note) == (False, WHY)
        (finding,) = check.judge(entry("reduce"), view)
        assert finding.ok
    assert len(found.refused) == 3


def test_what_nothing_can_be_sold_without_stops_the_start() -> None:
    with pytest.raises(ConfigError, match=WHY):
        without("venue.uniswap")


def test_an_environment_that_was_changed_is_refused_alike(tmp_path: Path) -> None:
    found = Catalogue.discover()
    environment = Environment(
        distribution="sniper-x", version="1.0", sha256="", wheel="x.whl", modules=("x",), path=str(tmp_path)
    )
    changed = tuple(
        replace(each, environment=environment) if each.id == "strategy.launch-snipe" else each
        for each in found.extensions
    )
    resolved = resolve(parse(tomllib.loads(FILE), Path("my.toml")), replace(found, extensions=changed))
    assert resolved.accounts[0].strategies[0].plugin.cls is RefusedStrategy
    (line,) = resolved.refused
    assert "its files are not those that were installed: manifest.txt: cannot be read" in line
