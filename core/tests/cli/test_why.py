"""``sniper why``: the story of an intent, as a person and as a program read it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from scripted import describe, write
from world import (
    ACCOUNT,
    CHAIN,
    ETHER,
    FUNDS,
    WETH,
    Looks,
    Says,
    Seen,
    Setup,
    SpendLimit,
    Splitting,
    World,
    address,
    pool_of,
    token_of,
    twin_of,
)

from sniper.cli import exit_codes, main
from sniper.cli.meanings import awaited
from sniper.cli.story import Chronicle
from sniper.events import CycleFound, RouteProposed, SignalHeard
from sniper.journal.segments import Kind, Record
from sniper.journal.writer import Writer
from sniper.kernel.asks import ProposeRoute, Send, Sign
from sniper.kernel.wiring import CheckWiring, ExecutionWiring
from sniper.proposal import Leg
from sniper.risk import Finding, Retry, must
from sniper.runtime.records import fact_record, input_record
from sniper.types import NATIVE, SECOND

STORIES = Path(__file__).parent / "stories"
Why = Callable[..., str]


@pytest.fixture
def why(directory: Path, capsys: pytest.CaptureFixture[str]) -> Why:
    """What ``sniper why`` prints for a world."""

    def asked(world: World, name: str, *options: str) -> str:
        if not (directory / "data" / "journal").exists():
            write(world, directory / "data")
        assert main(["--config", str(directory / "sniper.toml"), "why", name, *options]) == exit_codes.OK
        return capsys.readouterr().out

    return asked


def judged(**settings: Any) -> World:
    checks = (CheckWiring("daily", SpendLimit(limit=ETHER)), CheckWiring("looks", Looks(retry_after_s=3)))
    return World(Setup(checks=checks, **settings))


def sold() -> World:
    """Bought by a transaction that took another's place; half is sold at the second try, the rest by hand."""
    world = judged()
    describe(world, "PEPE")
    world.open()
    world.answer_all()
    for _ in range(3):
        world.mine(most=0)
        world.answer_all()
    world.settle()
    world.chain.tokens[address(1)].sellable = False
    world.close(share_bps=5_000)
    world.answer_all()
    for _ in range(2):
        world.mine()
        world.answer_all()
    world.chain.tokens[address(1)].sellable = True
    world.settle()
    world.close()
    world.settle()
    return world


def refused() -> World:
    """Refused twice by a probe, then bought."""
    world = judged()
    describe(world, "DOGE")
    world.evidence = Seen(good=False)
    for _ in range(2):
        world.open()
        world.answer_all()
        world.now += 3 * SECOND
    world.evidence = Seen(good=True)
    world.open()
    world.answer_all()
    return world


def test_tells_from_what_was_seen_to_the_profit(why: Why) -> None:
    assert why(sold(), "main/script/1") == (STORIES / "sold.txt").read_text()


def test_tells_which_rule_refused_what_it_means_and_what_was_tried_again(why: Why) -> None:
    assert why(refused(), "main/script/1") == (STORIES / "refused.txt").read_text()


def test_tells_which_block_or_event_a_refused_entry_waits_for_and_when_that_came(why: Why) -> None:
    shallow = must("depth", False, retry=Retry.event("liquidity-added/1", f"{CHAIN}:{pool_of(1)}"))
    shut = must("shut", False, retry=Retry.next_block())
    world = World(Setup(tokens=2, checks=(CheckWiring("says", Says(findings=(shut,))),)))
    world.open(1)
    told = why(world, "main/script/1")
    assert "It may fare better with the next block: the strategy is told then.\n  That has not come." in told
    assert awaited(shallow.retry or Retry.at(0)) == f"after the next event liquidity added of {CHAIN}:{pool_of(1)}"


def test_tells_when_what_was_waited_for_came(why: Why) -> None:
    shut = must("shut", False, retry_after_s=2, retry=Retry.next_block())
    world = World(Setup(checks=(CheckWiring("says", Says(findings=(shut,))),)))
    world.open(1)
    world.now += 60 * SECOND
    world.mine()
    told = why(world, "main/script/1")
    assert "with the next block, not before 2.0 s: the strategy is told then.\n  That came 72.0 s later." in told


def cycles() -> World:
    """A gap is taken; the next one somebody else takes first; a third one would not pay its gas."""
    world = World(Setup(twins=True, venue=Splitting()))
    legs = (
        Leg(pool=twin_of(1), token_in=WETH, token_out=address(1)),
        Leg(pool=pool_of(1), token_in=address(1), token_out=WETH),
    )
    for amount, rival in ((ETHER // 2, 0), (ETHER // 2, ETHER // 2), (ETHER // 20, 0)):
        world.mine(trades=((pool_of(1), amount),))
        world.answer_all()
        found = CycleFound(
            time=world.tick(),
            chain_id=CHAIN,
            block=world.chain.head.number,
            quote=f"{CHAIN}:{NATIVE}",
            legs=legs,
            amount=1,
            gain=ETHER // 40,
            gas=240_000,
        )
        world.tell(found)
        world.answer_all()
        world.mine(trades=((twin_of(1), rival),) if rival else ())
        world.settle()
    return world


@pytest.mark.parametrize("number", [1, 2, 3])
def test_tells_of_a_cycle_what_it_gained_or_why_not(why: Why, number: int) -> None:
    assert why(cycles(), f"main/script/{number}") == (STORIES / f"cycle-{number}.txt").read_text()


def test_tells_the_signal_that_led_to_an_intent(why: Why) -> None:
    world = World(Setup())
    at = world.tick()
    said: dict[str, Any] = {"kind": "alert", "about": (address(1),), "direction": 1, "strength": 6_000, "at": at}
    world.tell(
        SignalHeard(time=at, source="webhook.desk", id="a1", text="break\x1b[31mout", url="https://a.example", **said)
    )
    told = why(world, "main/script/1")
    assert "signal webhook.desk/a1: alert of " + address(1) in told
    assert "as webhook.desk said 19" in told
    assert "out; https://a.example\n" in told
    assert "\x1b[31m" not in told
    assert "Strategy script wanted to buy: signal of 6000 bps" in told


def test_every_name_of_a_thing_leads_to_its_story(why: Why) -> None:
    world = sold()
    story = why(world, "main/script/1")
    sections = story.split("\n\n")[1:]
    for name in ("main/script/1.0", "main/script/1.0#1", token_of(1), address(1), "PEPE", "pepe", address(1).upper()):
        assert why(world, name).split("\n\n")[1 : 1 + len(sections)] == sections, name


def test_a_sale_is_told_with_what_it_sold(why: Why) -> None:
    shown = why(sold(), "main/script/3.0#0")
    assert shown.startswith("main/script/1: bought ")
    assert "main/script/3 is a sale in this story." in shown


def test_a_transaction_is_found_by_its_hash(why: Why, directory: Path) -> None:
    world = sold()
    why(world, "main/script/1")
    chronicle = Chronicle.of(directory / "data")
    for tx_hash, attempt in chronicle.transactions.items():
        assert chronicle.find(tx_hash) == chronicle.find(attempt)


def test_of_a_token_the_newest_story_is_told_and_the_others_are_listed(why: Why) -> None:
    shown = why(refused(), "DOGE")
    assert shown.startswith("main/script/3: is buying DOGE\n")
    assert shown.endswith("newest first:\n  sniper why main/script/2\n  sniper why main/script/1\n")


def test_what_is_not_on_record_is_said_with_what_is(
    directory: Path, capsys: pytest.CaptureFixture[str], why: Why
) -> None:
    config = str(directory / "sniper.toml")
    assert main(["--config", config, "why", "DOGE"]) == exit_codes.FAILURE
    assert "holds no journal yet" in capsys.readouterr().err
    why(refused(), "DOGE")
    assert main(["--config", config, "why", "main/script/9"]) == exit_codes.FAILURE
    assert "newest intents: main/script/1, main/script/2, main/script/3" in capsys.readouterr().err
    assert main(["--config", config, "why", "main/script/9", "--json"]) == exit_codes.FAILURE
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "not-on-record"


def test_as_json_nothing_is_rounded_and_signed_bytes_stay_out(why: Why) -> None:
    world = sold()
    found = json.loads(why(world, "PEPE", "--json"))
    attempt = found["order"]["attempts"][1]
    assert found["asked"] == "main/script/4"
    assert int(attempt["booked"][0]["amount"]) == world.chain.at(5).ledger.tokens[address(1)]
    assert attempt["receipt"]["gas_used"] == 100_000
    assert found["position"]["state"] == "closed"
    assert int(found["position"]["realised"]) == world.chain.ledger.native - FUNDS
    assert [exit_["order"]["state"] for exit_ in found["position"]["exits"]] == ["failed", "done", "done"]
    assert '"raw"' not in json.dumps(found)


def test_nothing_that_strangers_wrote_reaches_the_terminal_as_a_command(why: Why) -> None:
    finding = Finding(rule="sane", ok=False, found=False, note="\x1b[2J\x1b]0;owned\x07 [red]bold[/]")
    world = World(Setup(checks=(CheckWiring("says", Says(findings=(finding,))),)))
    describe(world, "\x1b[31mEVIL\n")
    world.open()
    shown = why(world, "main/script/1")
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[red]bold[/]" in shown
    assert "�[31mEVIL�" in shown


def test_evidence_is_shown_below_its_finding_with_how_it_is_known(why: Why) -> None:
    pointers = ("mint(address,uint256) 0x40c10f19, pc 0x1a2-0x1f0", "guard slot \x1b5")
    finding = Finding(rule="no-mint", ok=False, found=True, note="the owner mints", sure="confirmed", evidence=pointers)
    world = World(Setup(checks=(CheckWiring("says", Says(findings=(finding,))),)))
    world.open()
    lines = why(world, "main/script/1").splitlines()
    at = next(i for i, line in enumerate(lines) if "no-mint does not hold (the owner mints; confirmed)" in line)
    assert [line.strip() for line in lines[at + 1 : at + 3]] == [pointers[0], "guard slot �5"]


def test_a_journal_is_followed_while_it_is_written(directory: Path) -> None:
    world = judged()
    describe(world, "PEPE")
    done = 0
    chronicle = Chronicle(directory / "data")
    with Writer(directory / "data" / "journal", segment_size=2**16) as writer:
        writer.begin_epoch(b'{"config":{"mode":"paper"}}')

        def told() -> str:
            nonlocal done
            for event, facts in list(zip(world.inputs, world.facts, strict=True))[done:]:
                writer.append([input_record(event), *(fact_record(ACCOUNT, fact) for fact in facts)])
                done += 1
            chronicle.read()
            from sniper.cli.telling import tell

            return tell(chronicle.stories["main/script/1"], chronicle)[0].title.partition(": ")[2]

        world.open()
        assert told() == "wants to buy PEPE; the checks have not all answered"
        world.answer_all(*{type(ask.body) for ask in world.asks.values()} - {Sign, Send})
        assert told() == "is buying PEPE"
        world.settle()
        assert told() == "bought 996.006981 PEPE for 0.1 ether; the position is open"
        assert chronicle.stories["main/script/1"].mode == "paper"


def test_what_a_reorg_took_back_is_told(why: Why) -> None:
    world = judged()
    describe(world, "PEPE")
    world.bought()
    world.chain.reorg(2)
    world.mine()
    world.settle()
    shown = why(world, "PEPE")
    assert "taken back by a reorg: bought 996.006981 PEPE for 0.1 ether" in shown
    assert "a reorg took back a block of it; it went on from there." in shown
    assert shown.startswith("main/script/1: bought 996.006981 PEPE for 0.1 ether; the position is open")


def test_sales_that_fail_alike_are_told_once_with_their_number_and_cost(why: Why) -> None:
    world = judged()
    describe(world, "PEPE")
    world.bought()
    world.chain.tokens[address(1)].sellable = False
    world.close()
    for _ in range(7):
        world.answer_all()
        world.mine()
    shown = why(world, "PEPE")
    assert shown.count("Exit ") == 2  # the failed ones, and the one that is under way
    assert "Tried 2 times more within" in shown
    assert "with the same result, and cost 0.0027" in shown
    assert "failed sales in a row" in shown


def test_of_an_entry_over_several_pools_each_leg_is_told_with_its_share_and_how_far_from_the_best_it_is(
    why: Why,
) -> None:
    world = World(Setup(twins=True, venue=Splitting(), execution=ExecutionWiring(routes=True)))
    describe(world, "PEPE")
    world.open(1, ETHER // 5)
    (ask,) = world.asked(ProposeRoute)
    event = world.make(ask)
    assert isinstance(event, RouteProposed)
    proposal = replace(event.proposals[0], bound=2 * 10**21)  # type: ignore[type-var]  # a struct at run time
    world.tell(replace(event, proposals=(proposal,)))  # type: ignore[type-var]  # as above
    world.settle()
    told = why(world, token_of(1))
    more = "5.8668% more than one pool alone, before gas; at most 11.9984% below the best route"
    assert f"Over 2 pools through router (split), {more}:" in told
    assert "66.6667% constant-product 0x000000…001001: 0.133333 ether → 1,173.355301 PEPE" in told
    assert "33.3333% constant-product 0x000000…002001: 0.066666 ether → 586.677651 PEPE" in told
    order = json.loads(why(world, token_of(1), "--json"))["order"]
    assert [leg["pool"] for leg in order["route"]["legs"]] == [pool_of(1), twin_of(1)]


def test_of_a_sale_over_several_pools_each_leg_is_told_and_what_it_waited_for(why: Why) -> None:
    world = World(Setup(twins=True, venue=Splitting(), execution=ExecutionWiring(routes=True)))
    world.bought(1, ETHER // 5)
    world.close()
    world.settle()
    describe(world, "PEPE")
    told = why(world, "main/script/2.0#0")
    assert "routers have answered, for which a sale that was wanted had waited" in told
    assert "Over 2 pools through router (split), 5.8512% more than one pool alone, before gas:" in told
    assert "66.6667% constant-product 0x000000…001001: 1,173.355301 PEPE → 0.132628 ether" in told
    assert "33.3333% constant-product 0x000000…002001: 586.677651 PEPE → 0.066314 ether" in told


def test_why_an_entry_was_not_routed_is_told(why: Why) -> None:
    world = World(Setup(twins=True, venue=Splitting(), execution=ExecutionWiring(routes=True)))
    world.open(1, ETHER // 5)
    (ask,) = world.asked(ProposeRoute)
    world.answer(ask, how="late")
    told = why(world, token_of(1))
    assert "routed" in told
    assert "deadline: late" in told


def test_an_event_of_a_plugin_that_is_not_loaded_is_told_by_its_tag(directory: Path, why: Why) -> None:
    world = judged()
    world.open()
    with Writer(directory / "data" / "journal", segment_size=2**16) as writer:
        writer.begin_epoch(b'{"config":{}}')
        for event, facts in zip(world.inputs, world.facts, strict=True):
            record = input_record(event)
            if type(event).__name__ == "Cue":
                record = Record("", Kind.INPUT, msgspec.msgpack.encode(["acme.unheard-of/1", event.time, "x"]))
            writer.append([record, *(fact_record(ACCOUNT, fact) for fact in facts)])
    assert ": test.cue/1 " in why(world, "main/script/1")
