"""Cedar policies on a running bot: what they deny, why, and that nothing held is trapped by them."""

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from stand import Launch, Stand

from sniper.cli import main
from sniper.kernel import facts as f
from sniper.risk import Finding

Capture = pytest.CaptureFixture[str]

ELSEWHERE = "0x" + "77" * 20


async def sniper(stand: Stand, capsys: Capture, *words: str) -> tuple[int, str]:
    code = await asyncio.to_thread(main, ["--config", str(stand.config), *words])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def listing(stand: Stand, *addresses: str, day: date | None = None) -> Path:
    """A list of these addresses, of a day by the chain's own time."""
    path = stand.directory / "list.txt"
    head = f"# date: {day or today(stand)}\n# source: a ministry\n"
    path.write_text(head + "\n".join(addresses) + "\n")
    return path


def today(stand: Stand) -> date:
    return datetime.fromtimestamp(max(time.time(), stand.chain.timestamp()), UTC).date()


async def verdict(stand: Stand, launch: Launch) -> f.Verdict:
    """The first one about a token."""
    asset = launch.asset(stand.chain)

    def found() -> list[f.Verdict]:
        stand.record.read()
        intents = {intent.intent for intent in stand.record.all(f.IntentFormed) if intent.token == asset}
        return [fact for fact in stand.record.all(f.Verdict) if fact.intent in intents]

    await stand.until(lambda _: found())
    return found()[0]


def findings(stand: Stand, check: str, *, side: str) -> list[Finding]:
    stand.record.read()
    intents = {intent.intent for intent in stand.record.all(f.IntentFormed) if intent.side == side}
    return [
        finding
        for judged in stand.record.all(f.Judged)
        if judged.check == check and judged.intent in intents
        for finding in judged.findings
    ]


async def test_a_policy_denies_an_entry_and_why_tells_the_reason_and_the_version(stand: Stand, capsys: Capture) -> None:
    stand.document["policy"] = {"geo": {"accounts": {"main": "IR"}, "venues": {"uniswap": {"jurisdiction": "none"}}}}
    await stand.start()
    launch = stand.market.launch()
    assert (await verdict(stand, launch)).rule == "geo.account-embargoed"
    await stand.mine()
    code, told = await sniper(stand, capsys, "why", launch.token)
    assert code == 0
    assert "account-embargoed" in told
    assert "the account's jurisdiction is under a comprehensive embargo" in told
    assert "account main: jurisdiction IR" in told
    assert "forbid at geo.cedar:" in told
    assert "policy version " in told
    assert stand.record.entries_of() == {}
    assert stand.differences() == []
    assert await stand.replayed() == 0


async def test_a_position_is_sold_though_its_deployer_was_listed_meanwhile(stand: Stand, capsys: Capture) -> None:
    stand.document["policy"] = {
        "sanctions": {"lists": [str(listing(stand, ELSEWHERE))]},
        "venue": {"accounts": {"main": {"venues": ["uniswap"], "amms": ["constant-product"]}}},
        "kyc": {"accounts": {"main": 1}, "venues": {"uniswap": 1}},
    }
    await stand.start()
    held = await stand.hold_a_launch()
    (screened,) = (each for each in findings(stand, "sanctions", side="increase") if each.ok)
    assert f"deployer {held.deployer.address.lower()}" in "\n".join(screened.evidence)

    await stand.bot.stop()
    listing(stand, ELSEWHERE, held.deployer.address)
    stand.document["policy"]["venue"] = {"accounts": {}}
    await stand.start()
    await stand.sell(held)
    warned = {(finding.rule, finding.severity) for finding in findings(stand, "sanctions", side="reduce")}
    assert warned == {("listed", "warn")}
    assert {finding.rule for finding in findings(stand, "venue", side="reduce")} == {"reduces"}
    assert stand.chain.token_balance(held.token, stand.owner) == 0
    assert stand.differences() == []


async def test_a_list_that_is_too_old_denies_entries(stand: Stand) -> None:
    old = listing(stand, ELSEWHERE, day=today(stand) - timedelta(days=9))
    stand.document["policy"] = {"sanctions": {"lists": [str(old)], "max_age_days": 7}}
    await stand.start()
    assert (await verdict(stand, stand.market.launch())).rule == "sanctions.list-too-old"


async def test_a_replay_with_another_list_is_noticed(stand: Stand) -> None:
    stand.document["policy"] = {"sanctions": {"lists": [str(listing(stand, ELSEWHERE))]}}
    await stand.start()
    await verdict(stand, stand.market.launch())
    assert await stand.replayed() == 0
    listing(stand, "0x" + "78" * 20)
    assert await stand.replayed() == 3


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"sanctions": {"lists": ["/nowhere/list.txt"]}}, "/nowhere/list.txt cannot be read: No such file"),
        ({"geo": {"accounts": {"main": "UK"}}}, "'UK' is no jurisdiction"),
        ({"kyc": {"policies": ["house.cedar"]}}, "is a relative path"),
        ({"venue": {"policies": ["HOUSE"]}}, "house.cedar:2: unexpected token `haz`"),
    ],
)
async def test_a_policy_that_cannot_be_used_refuses_the_start(
    stand: Stand, policy: dict[str, dict[str, object]], said: str
) -> None:
    house = stand.directory / "house.cedar"
    house.write_text('@id("a") permit (principal, action, resource)\nwhen { principal haz venues };\n')
    for section in policy.values():
        if section.get("policies") == ["HOUSE"]:
            section["policies"] = [str(house)]
    stand.document["policy"] = policy
    await stand.bot.start(stand.write())
    ended = await stand.bot.ended()
    assert ended.code == 3
    assert said in ended.words
