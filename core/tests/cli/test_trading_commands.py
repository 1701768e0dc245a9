"""``positions``, ``orders``, ``close``, ``strategy`` and ``kill-switch``, as users meet them."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recorded_world import SYNC
from running import ASSET, POOL, running
from scripted import describe, write
from test_control import WHY
from world import Says, Setup, World, address, pool_of, token_of

from sniper.cli import exit_codes, main
from sniper.kernel.wiring import CheckWiring
from sniper.risk import must

Sniper = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sniper(directory: Path, capsys: pytest.CaptureFixture[str]) -> Sniper:
    """Runs one command: its exit code, what it printed, and what it complained of."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["--config", str(directory / "sniper.toml"), *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def traded() -> World:
    """One position that is held, one that was sold, one order on its way."""
    world = World(Setup(tokens=3))
    for number, symbol in enumerate(("PEPE", "DOGE", "WOJAK"), 1):
        describe(world, symbol, number)
    world.bought(1)
    world.bought(2)
    world.close(2)
    world.settle()
    world.open(3)
    world.answer_all()
    return world


# ---- the record ----


def test_positions_show_what_is_held_and_the_cash(sniper: Sniper, directory: Path) -> None:
    world = traded()
    write(world, directory / "data")
    code, shown, _ = sniper("positions")
    assert code == exit_codes.OK
    assert "main     PEPE (1:0x0000000000000000000000000000000000000001)   996.006981 PEPE  0.101" in shown
    assert "WOJAK" in shown
    assert "DOGE" not in shown
    assert "DOGE" in sniper("positions", "--all")[1]
    found = json.loads(sniper("positions", "--json")[1])
    held = {each["symbol"]: int(each["amount"]) for each in found["positions"]}
    assert held == {"PEPE": world.book.positions[token_of(1)].amount, "WOJAK": 0}
    (cash,) = found["cash"]
    assert int(cash["amount"]) == world.book.cash[cash["asset"]]
    assert int(cash["reserved"]) == world.book.reserved(cash["asset"]) > 0


def test_positions_that_nothing_guards_are_shown_with_the_reason(sniper: Sniper, directory: Path) -> None:
    world = traded()
    world.chain.garble(pool_of(1))
    world.deliver()
    write(world, directory / "data")
    _, shown, _ = sniper("positions")
    (line,) = [line for line in shown.splitlines() if line.startswith("Not guarded: ")]
    assert "PEPE" in line
    assert "amm constant-product failed on a log of its pool" in line
    assert line.endswith(f"Sell it with: sniper close {token_of(1)}")
    found = json.loads(sniper("positions", "--json")[1])["positions"]
    assert [bool(each["unguarded"]) for each in found] == [True, False]
    assert "Nothing guards it: amm constant-product failed" in sniper("why", token_of(1))[1]


def test_orders_show_what_is_working_and_on_demand_the_rest(sniper: Sniper, directory: Path) -> None:
    write(traded(), directory / "data")
    code, shown, _ = sniper("orders")
    assert code == exit_codes.OK
    (row,) = shown.splitlines()[1:]
    assert "buy WOJAK for 0.1 ether" in row
    assert row.split()[-2:] == ["working", "sent"]
    states = [each["state"] for each in json.loads(sniper("orders", "--all", "--json")[1])["orders"]]
    assert states == ["done", "done", "done", "working"]
    assert len(sniper("orders", "--all")[1].splitlines()) == 5


def test_where_nothing_happened_it_is_said(sniper: Sniper, directory: Path) -> None:
    for command in ("positions", "orders"):
        code, _, complaint = sniper(command)
        assert (code, "it is written by: sniper run" in complaint) == (exit_codes.FAILURE, True)
    write(World(), directory / "data")
    assert sniper("orders")[1] == "No order is working.\n"
    assert sniper("orders", "--all")[1] == "No order was placed yet.\n"
    assert sniper("positions")[1] == "Nothing is held.\ncash of main: 10 ether\n"


def test_a_damaged_journal_is_no_traceback(sniper: Sniper, directory: Path) -> None:
    write(traded(), directory / "data")
    segment = min((directory / "data" / "journal").glob("*.seg"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    code, _, complaint = sniper("positions")
    assert (code, "00000001.seg" in complaint) == (exit_codes.JOURNAL, True)


def test_strategies_are_listed_with_what_was_changed_while_they_ran(sniper: Sniper, directory: Path) -> None:
    assert "main     script    launch-snipe  active" in sniper("strategy", "list")[1]
    world = World()
    world.bought()
    world.life("configure", '{"words": "hello"}')
    world.life("pause")
    write(world, directory / "data")
    _, shown, _ = sniper("strategy", "list")
    assert shown.splitlines()[1].split() == [
        "main", "script", "launch-snipe", "paused", "1", "0", "words", "=", "hello",
    ]  # fmt: skip
    (row,) = json.loads(sniper("strategy", "list", "--json")[1])["strategies"]
    assert (row["state"], row["parameters"], row["positions"]) == ("paused", {"words": "hello"}, 1)


# ---- without a run ----


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("strategy", "pause", "script"),
        ("strategy", "configure", "script", "max_tries=3"),
        ("resume", "main"),
    ],
)
def test_what_needs_a_run_says_that_there_is_none(sniper: Sniper, words: tuple[str, ...]) -> None:
    code, _, complaint = sniper(*words)
    assert (code, "start it with: sniper run" in complaint) == (exit_codes.FAILURE, True)
    assert json.loads(sniper(*words, "--json")[2])["error"]["code"] == "not-running"


def test_the_kill_switch_works_without_a_run(sniper: Sniper, directory: Path) -> None:
    code, shown, complaint = sniper("kill-switch", "freeze")
    assert code == exit_codes.OK
    assert shown.startswith("all accounts: freeze\nmain: freeze\n")
    assert "the next one obeys" in complaint
    assert (directory / "data" / "kill-switch").read_text() == "freeze\n"
    assert sniper("kill-switch", "off")[0] == exit_codes.OK
    assert sniper("kill-switch", "no-entries", "--account", "main")[1].startswith("all accounts: off\nmain: no-entries")
    found = json.loads(sniper("kill-switch", "show", "--json")[1])
    assert (found["all"], found["accounts"], found["running"]) == ("off", {"main": "no-entries"}, False)


def test_a_kill_switch_for_an_account_that_there_is_not_is_an_error(sniper: Sniper, directory: Path) -> None:
    code, _, complaint = sniper("kill-switch", "freeze", "--account", "../../x")
    assert (code, "there are main" in complaint) == (exit_codes.CONFIG, True)
    assert not (directory / "data" / "kill-switch").exists()


def test_only_what_is_held_can_be_closed(sniper: Sniper, directory: Path) -> None:
    write(traded(), directory / "data")
    code, _, complaint = sniper("close", "DOGE")
    assert code == exit_codes.FAILURE
    assert f"'DOGE' is not held (held: {token_of(1)}, {token_of(3)})" in complaint
    code, _, complaint = sniper("close", "PEPE")
    assert (code, "start it with: sniper run" in complaint) == (exit_codes.FAILURE, True)


@pytest.mark.parametrize("share", ["0", "0%", "101%", "-5", "half", "1.234%", "nan", "inf"])
def test_a_share_that_is_none_is_a_usage_error(sniper: Sniper, share: str) -> None:
    code, _, complaint = sniper("close", "PEPE", f"--share={share}")
    assert (code, "is no share" in complaint) == (exit_codes.USAGE, True)


def test_a_change_without_a_value_is_an_error(sniper: Sniper) -> None:
    code, _, complaint = sniper("strategy", "configure", "script", "max_tries")
    assert (code, "write KEY=VALUE" in complaint) == (exit_codes.CONFIG, True)


# ---- with a run ----


async def test_a_run_is_watched_and_steered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()

        async def sniper(*words: str) -> str:
            capsys.readouterr()
            code = await asyncio.to_thread(main, ["--config", str(tmp_path / "sniper.toml"), *words])
            assert code == exit_codes.OK
            return capsys.readouterr().out

        account = stage.run.kernel.accounts["main"]
        shown = await sniper("status")
        assert "mode paper, process" in shown
        assert "Not guarded" not in shown
        assert await sniper("strategy", "pause", "launch-snipe") == "main/launch-snipe is paused\n"
        await sniper("strategy", "configure", "launch-snipe", "min_liquidity=3 ether", "max_tries=2", "reenter=true")
        config: Any = account.instances["launch-snipe"].strategy
        assert (config.config.min_liquidity, config.config.max_tries, config.config.reenter) == (3 * 10**18, 2, True)
        assert "reenter = True" in await sniper("strategy", "list")
        shown = await sniper("close", ASSET, "--share", "12.5%")
        intent = shown.split()[-1]
        assert shown == f"Selling. Follow it with: sniper why {intent}\n"
        order = account.book.orders[f"{intent}.0"]
        assert order.placed.amount_in == account.book.positions[ASSET].amount // 8
        assert f"{intent} is a sale in this story." in await sniper("why", intent)
        assert intent in await sniper("orders")
        shown = await sniper("kill-switch", "flatten", "--reason", "a test")
        assert shown.endswith("the run obeys\n")
        assert account.book.kill == "flatten"
        found = json.loads(await sniper("positions", "--json"))
        assert [each["token"] for each in found["positions"]] == [ASSET]
        await stage.block(stage.log(POOL, (SYNC,), b"garbage"))
        assert f"Not guarded: {ASSET} of main: amm constant-product failed" in await sniper("status")


async def test_a_halted_account_is_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def sniper(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(main, ["--config", str(tmp_path / "sniper.toml"), *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    async with running(tmp_path, finality=2) as stage:
        code, _, complaint = await sniper("resume", "main")
        assert (code, "no account that is meant is halted" in complaint) == (exit_codes.FAILURE, True)
        await stage.halt()
        why = WHY
        assert f"halted: {why}" in (await sniper("status"))[1]
        assert await sniper("resume", "main") == (exit_codes.OK, f"main trades again. It was halted: {why}\n", "")
        code, shown, _ = await sniper("resume", "other", "--reason", "a test", "--json")
        assert (code, json.loads(shown)) == (exit_codes.OK, {"resumed": {"other": why}})
        assert "halted" not in (await sniper("status"))[1]


def test_a_symbol_that_two_tokens_share_must_be_told_apart(sniper: Sniper, directory: Path) -> None:
    world = World(Setup(checks=(CheckWiring("fine", Says(findings=(must("fine", True),))),)))
    for number in (1, 2):
        describe(world, "PEPE", number)
        world.bought(number)
    write(world, directory / "data")
    code, _, complaint = sniper("close", "PEPE")
    assert (code, "means several tokens; name one by its asset id" in complaint) == (exit_codes.FAILURE, True)
    assert "not running" not in sniper("close", address(1))[2]
