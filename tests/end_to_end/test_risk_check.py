"""``sniper risk check`` on a chain, without a run."""

import asyncio
import json
from typing import Any

import pytest
from stand import Stand

from sniper.cli import main

Capture = pytest.CaptureFixture[str]


async def check(stand: Stand, capsys: Capture, token: str, *more: str, code: int = 0) -> str:
    words = ["--config", str(stand.write()), "risk", "check", token, *more]
    assert await asyncio.to_thread(main, words) == code
    printed = capsys.readouterr()
    return printed.out or printed.err


async def told(stand: Stand, capsys: Capture, token: str, *more: str, code: int = 0) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(await check(stand, capsys, token, "--json", *more, code=code))
    return answer


def failing(answer: dict[str, Any]) -> set[str]:
    return {
        f"{each['check']}.{finding['rule']}"
        for each in answer["checks"]
        for finding in each["findings"]
        if not finding["ok"] and finding["severity"] == "deny"
    }


async def test_an_honest_token_passes_and_a_trap_does_not(stand: Stand, capsys: Capture) -> None:
    honest, trap = stand.market.launch(), stand.market.launch("CannotSellToken")
    stand.document["risk"]["limits"]["max_spend_per_trade"] = "1 ether"
    good = await told(stand, capsys, honest.token, "--amount", "0.05")
    assert (good["allowed"], good["rule"], failing(good)) == (True, "", set())
    assert [each["pool"] for each in good["pools"]] == [honest.pool.lower()]
    assert good["amount"] == "0.05"
    bad = await told(stand, capsys, trap.token, "--amount", "0.05", code=1)
    assert (bad["allowed"], bad["rule"]) == (False, "honeypot.can-sell")
    (honeypot,) = (each for each in bad["checks"] if each["check"] == "honeypot")
    assert all(trial["failed"] == "sell" for trial in honeypot["evidence"]["trials"]["after"])
    text = await check(stand, capsys, trap.token, "--amount", "0.05", code=1)
    assert "DO NOT BUY" in text
    assert "Decided by honeypot.can-sell" in text
    assert "can-buy" not in text
    assert "can-buy" in await check(stand, capsys, trap.token, "--amount", "0.05", "--explain", code=1)


async def test_the_profile_decides_what_is_too_much(stand: Stand, capsys: Capture) -> None:
    taxed = stand.market.launch("TaxToken", 1_500)
    stand.document["risk"] = {"honeypot": {}}
    assert (await told(stand, capsys, taxed.token, code=1))["rule"] == "honeypot.sell-tax"
    assert (await told(stand, capsys, taxed.token, "--profile", "degen"))["allowed"]
    stand.document["risk_profile"] = "degen"
    assert (await told(stand, capsys, taxed.token))["allowed"]
    assert (await told(stand, capsys, taxed.token, "--profile", "cautious", code=1))["rule"] == "honeypot.sell-tax"


async def test_what_cannot_be_judged_is_said(stand: Stand, capsys: Capture) -> None:
    poolless = stand.market.prepared()
    stand.chain.mine()
    answer = await told(stand, capsys, poolless.token, code=1)
    assert (answer["allowed"], answer["entry"], answer["pools"]) == (False, None, [])
    assert "cannot be bought" in await check(stand, capsys, poolless.token, code=1)
    known = stand.market.launch()
    for words, why in (
        (["0x" + "12" * 20], "there is no contract"),
        (["0x12"], "is no address"),
        ([known.token, "--amount", "0"], "is no number of coins"),
        ([known.token, "--amount", "nan"], "is no number of coins"),
        ([known.token, "--amount", "0." + "0" * 18 + "1"], "at most 18 decimals"),
        ([known.token, "--account", "nobody"], 'no account "nobody"'),
        ([known.token, "--pool", "0x" + "34" * 20], "made a pool"),
        ([known.token, "--since", "1000000"], "block 1,000,000 is not there yet"),
    ):
        assert why in await check(stand, capsys, *words, code=3)
    stand.chain.mine()
    here = str(stand.chain.block_number())
    assert "cannot be bought" in await check(stand, capsys, known.token, "--since", here, code=1)


async def test_who_holds_liquidity_and_token_is_told_where_the_config_asks(stand: Stand, capsys: Capture) -> None:
    launched = stand.market.launch()
    stand.document["risk"] = {"lp-quality": {}, "holders": {}}
    answer = await told(stand, capsys, launched.token, code=1)
    # Its deployer keeps all LP tokens, and its whale has a third of the supply.
    assert failing(answer) == {"lp-quality.deployer-share", "lp-quality.locked", "holders.top-holder"}
    text = await check(stand, capsys, launched.token, "--explain", code=1)
    assert "wallet" in text
    assert "(deployer)" in text
    stand.document["risk"] = {"holders": {"concentrated": "warn"}}
    assert (await told(stand, capsys, launched.token))["allowed"]


async def test_without_checks_nothing_is_called_a_purchase_and_pools_that_are_left_out_are_counted(
    stand: Stand, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched = stand.market.launch()
    stand.document["risk"], stand.document["mode"] = {}, "paper"  # live, the config refuses that
    answer = await told(stand, capsys, launched.token, code=1)
    assert (answer["allowed"], answer["checks"], answer["left_out"]) == (False, [], 0)
    text = await check(stand, capsys, launched.token, code=1)
    assert "NOT JUDGED" in text
    assert "BUY" not in text
    assert "No check is configured for account main" in text
    monkeypatch.setattr("sniper.runtime.assess.MOST_POOLS", 0)
    assert (await told(stand, capsys, launched.token, code=1))["left_out"] == 1
    assert "1 more pools" in await check(stand, capsys, launched.token, code=1)
