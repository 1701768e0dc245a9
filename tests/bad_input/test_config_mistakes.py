"""A config that cannot be meant is refused before anything happens: file, section, key, value, and what to do."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from stand import Stand

from sniper.cli import exit_codes

Change = Callable[[dict[str, Any]], object]
"""Any: a config file as plain data."""


def _strange_key(document: dict[str, Any]) -> None:
    document["account"]["main"]["adress"] = "0x00"


def _strange_section(document: dict[str, Any]) -> None:
    document["acount"] = {"main": {"chain": "dev"}}


def _strange_plugin_key(document: dict[str, Any]) -> None:
    document["risk"]["limits"]["max_spend"] = 1


def _text_for_a_number(document: dict[str, Any]) -> None:
    document["account"]["main"]["execution"]["slippage_bps"] = "15%"


def _number_for_a_list(document: dict[str, Any]) -> None:
    document["account"]["main"]["strategies"] = 5


def _fraction_of_a_base_unit(document: dict[str, Any]) -> None:
    document["sizer"]["fixed"]["amount"] = 0.5


def _no_address(document: dict[str, Any]) -> None:
    document["account"]["main"]["address"] = "main"


def _unknown_mode(document: dict[str, Any]) -> None:
    document["mode"] = "lvie"


def _live_without_consent(document: dict[str, Any]) -> None:
    document["chain"]["dev"]["local"] = False


MISTAKES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "unknown key": (_strange_key, ("[account.main]", "adress", "did you mean", "address")),
    "unknown section": (_strange_section, ("acount", "account")),
    "unknown key of a plugin": (_strange_plugin_key, ("[risk.limits]", "max_spend", "max_spend_per_trade")),
    "text for a number": (_text_for_a_number, ("[account.main.execution]", "slippage_bps", "15%", "integer")),
    "number for a list": (_number_for_a_list, ("[account.main]", "strategies", "5", "[strategy.NAME]")),
    "fraction of a base unit": (_fraction_of_a_base_unit, ("[sizer.fixed]", "amount", "0.5")),
    "no address": (_no_address, ("[account.main]", "address", "main", "0x and 40 hex digits")),
    "unknown mode": (_unknown_mode, ("mode", "lvie", "live")),
    "live without consent": (
        _live_without_consent,
        ("[chain.dev]", 'mode is "live"', "not local", "real money", "allow_live = true"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_is_named_and_nothing_is_begun(stand: Stand, mistake: str) -> None:
    change, words = MISTAKES[mistake]
    change(stand.document)
    await stand.bot.start(stand.write())
    ended = await stand.bot.ended()
    assert ended.code == exit_codes.CONFIG
    for word in ("error", str(stand.config), *words):
        assert word in ended.words
    assert "Traceback" not in ended.words
    assert not stand.data.exists()
    assert stand.node.asked == []


async def test_mistakes_made_while_a_position_is_open_lose_nothing(stand: Stand) -> None:
    await stand.start()
    launch = await stand.hold_a_launch()
    await stand.bot.stop()
    right = deepcopy(stand.document)
    before = {path.name: path.read_bytes() for path in stand.journal.iterdir()}
    for change in (_strange_key, _text_for_a_number, _live_without_consent):
        change(stand.document)
        await stand.bot.start(stand.write())
        assert (await stand.bot.ended()).code == exit_codes.CONFIG
        stand.document = deepcopy(right)
    assert {path.name: path.read_bytes() for path in stand.journal.iterdir()} == before
    await stand.start()
    await stand.sell(launch)
    assert stand.differences() == []
    assert stand.record.entries_of() == {launch.asset(stand.chain): 1}
