"""The control socket of a real run: what it does, what it refuses, and who may use it."""

import asyncio
import json
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from recorded_world import SYNC
from running import ASSET, POOL, Stage, running

from sniper.cli.story import Chronicle
from sniper.errors import JournalError
from sniper.events import BalancesRead, Resume, StrategyLife
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind
from sniper.kernel import facts as f
from sniper.runtime.commands import CommandRefused
from sniper.runtime.control import SOCKET, NotRunning, ask
from sniper.runtime.records import read_record
from sniper.runtime.run import Run
from sniper.runtime.switches import Switches
from sniper.signer import Signed, Signer, SignerUnreachable, SignRequest
from sniper.types import KillLevel


async def asked(stage: Stage, command: str, **keys: Any) -> dict[str, Any]:
    return await asyncio.to_thread(ask, stage.run.directory, {"command": command, **keys})


async def sent(stage: Stage, line: bytes) -> bytes:
    """What the socket answers to raw bytes."""
    reader, writer = await asyncio.open_unix_connection(stage.run.control.path)
    writer.write(line)
    writer.write_eof()
    try:
        return await reader.read()
    except ConnectionResetError:  # it was closed before all was read
        return b""
    finally:
        writer.close()


WHY = (
    "a reorg of 4 blocks is deeper than the finality of chain 31337: what was booked in them stands, but may not have "
    "happened. Compare sniper positions with the wallet, then go on with sniper resume"
)


def journaled(stage: Stage, kind: type) -> list[Any]:
    with Reader(stage.run.writer.directory) as reader:
        records = [record for _, record in reader.records() if record.kind == Kind.INPUT]
    return [event for event in map(read_record, records) if isinstance(event, kind)]


async def test_says_where_the_run_stands(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()
        found = await asked(stage, "status")
        assert found["mode"] == "paper"
        assert found["chains"]["31337"] == {
            "block": stage.number,
            "timestamp": found["chains"]["31337"]["timestamp"],
            "stale": [],
        }
        assert found["accounts"]["main"]["positions"] == 1
        assert found["accounts"]["main"]["instances"] == {"launch-snipe": "active"}
        assert found["accounts"]["other"]["wallet_read"] is True
        assert found["feeds"]["evm-logs-31337"]["stale"] is False
        assert found["journal"]["position"] == stage.run.writer.position


@pytest.mark.parametrize(
    ("action", "state"), [("pause", "paused"), ("drain", "removed"), ("remove", "removed"), ("start", "active")]
)
async def test_a_strategys_life_is_on_record_once_the_answer_is_there(tmp_path: Path, action: str, state: str) -> None:
    async with running(tmp_path) as stage:
        answer = await asked(stage, "strategy", instance="launch-snipe", action=action)
        assert answer == {"instances": {"main/launch-snipe": state}}
        recorded = Chronicle.of(tmp_path / "data").book("main").instances["launch-snipe"]
        assert recorded.state == state


async def test_what_was_configured_adds_up_and_is_used(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        for parameters in ({"min_liquidity": "2 ether"}, {"max_per_block": 7}):
            await asked(stage, "strategy", instance="launch-snipe", action="configure", parameters=parameters)
        instance = stage.run.kernel.accounts["main"].instances["launch-snipe"]
        assert instance.strategy.config.min_liquidity == 2 * 10**18  # type: ignore[attr-defined]
        assert instance.strategy.config.max_per_block == 7  # type: ignore[attr-defined]
        life = stage.run.kernel.accounts["main"].book.instances["launch-snipe"]
        assert json.loads(life.parameters) == {"min_liquidity": "2 ether", "max_per_block": 7}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            {"command": "dance"},
            "no command 'dance'; there are status, strategy, stage, kill-switch, close, transfer, resume",
        ),
        ({"command": ["status"]}, "there is no command ['status']"),
        ({"command": "strategy", "action": "pause"}, "instance is None; it must be text"),
        ({"command": "kill-switch", "level": "freeze", "reason": "\ud800"}, "it holds half a character"),
        (
            {"command": "strategy", "instance": "x", "action": "pause"},
            "runs a strategy 'x'; there are main/launch-snipe",
        ),
        (
            {"command": "strategy", "instance": "launch-snipe", "action": "pause", "account": "other"},
            "runs a strategy 'launch-snipe'",
        ),
        ({"command": "strategy", "instance": "launch-snipe", "action": "dance"}, "cannot be told to 'dance'"),
        (
            {"command": "strategy", "instance": "launch-snipe", "action": "pause", "account": "nobody"},
            "there is no account 'nobody'; there are main, other",
        ),
        (
            {"command": "strategy", "instance": "launch-snipe", "action": "configure"},
            "configure, and nothing else, takes parameters",
        ),
        (
            {
                "command": "strategy",
                "instance": "launch-snipe",
                "action": "configure",
                "parameters": {"min_liquidty": 1},
            },
            "min_liquidty = 1: unknown key; did you mean 'min_liquidity'?",
        ),
        (
            {"command": "strategy", "instance": "launch-snipe", "action": "configure", "parameters": {"max_tries": -1}},
            "max_tries = -1",
        ),
        ({"command": "kill-switch", "level": "stop"}, "choose from off, no-entries, flatten, freeze"),
        ({"command": "kill-switch", "level": "off", "account": "nobody"}, "there is no account 'nobody'"),
        ({"command": "resume"}, "no account that is meant is halted; see sniper status"),
        ({"command": "resume", "account": "main"}, "no account that is meant is halted"),
        ({"command": "resume", "account": "nobody"}, "there is no account 'nobody'; there are main, other"),
        ({"command": "close", "token": "1:0x0"}, "no position in 1:0x0 can be sold; held: nothing"),
        ({"command": "close", "token": ASSET, "share_bps": 0}, "share_bps is 0; it must be an integer from 1 to 10000"),
        ({"command": "close", "token": ASSET, "share_bps": True}, "share_bps is True"),
    ],
)
async def test_what_the_kernel_could_not_carry_out_never_enters_it(
    tmp_path: Path, command: dict[str, Any], message: str
) -> None:
    async with running(tmp_path) as stage:
        with pytest.raises(CommandRefused) as refused:
            await asyncio.to_thread(ask, stage.run.directory, command)
        assert message in str(refused.value)
        await stage.block()
        assert journaled(stage, StrategyLife) == journaled(stage, Resume) == []
        assert stage.run.failure is None


@pytest.mark.parametrize("line", [b"\n", b"\xff\x00\n", b"[]\n", b"{}\n", b"7\n", b"x" * 70_000, b"[" * 60_000 + b"\n"])
async def test_nonsense_leaves_the_run_as_it_was(tmp_path: Path, line: bytes) -> None:
    async with running(tmp_path) as stage:
        answer = await sent(stage, line)
        assert answer == b"" or json.loads(answer)["ok"] is False
        assert (await asked(stage, "status"))["mode"] == "paper"


async def test_a_position_is_closed_by_hand_in_part(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()
        held = stage.run.kernel.accounts["main"].book.positions[ASSET].amount
        await asked(stage, "strategy", instance="launch-snipe", action="pause")
        answer = await asked(stage, "close", token=ASSET, share_bps=2_500)
        (intent,) = answer["intents"]
        order = stage.run.kernel.accounts["main"].book.orders[f"{intent}.0"]
        assert order.placed.amount_in == held // 4
        with pytest.raises(CommandRefused, match=r"2500 bps of it are being sold .*; wait for that sale, or close all"):
            await asked(stage, "close", token=ASSET, share_bps=1_000)
        assert await asked(stage, "close", token=ASSET) == {"intents": [], "refused": {}}


async def test_a_position_that_nothing_guards_is_shown_with_the_reason_and_can_be_told_to_close(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()
        await stage.block(stage.log(POOL, (SYNC,), b"garbage"))
        (reason,) = (await asked(stage, "status"))["accounts"]["main"]["unguarded"].values()
        assert "failed on a log of its pool" in reason
        (intent,) = (await asked(stage, "close", token=ASSET))["intents"]
        with Reader(stage.run.writer.directory) as reader:
            facts = [read_record(record) for _, record in reader.records() if record.kind == Kind.FACT]
        (verdict,) = [fact for fact in facts if isinstance(fact, f.Verdict) and fact.intent == intent]
        assert verdict.rule == "kernel.quoted", "it is only played, so the chain cannot say what a sale would bring"


async def test_flatten_sells_everything_and_is_kept_in_the_file(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()
        answer = await asked(stage, "kill-switch", level="flatten", reason="enough")
        assert answer == {"kill": {"*": "flatten", "main": "flatten", "other": "flatten"}}
        assert (tmp_path / "data" / "kill-switch").read_text() == "flatten\n"
        book = stage.run.kernel.accounts["main"].book
        for _ in range(6):
            await stage.reaches(lambda: not book.asks)
            await stage.block()
        assert ASSET not in book.positions


async def stands(stage: Stage, **levels: str) -> None:
    """At once, and still after the files were looked at twice more."""
    accounts, switches = stage.run.kernel.accounts, stage.run.switches
    assert {name: account.book.kill for name, account in accounts.items()} == levels
    looks = 0
    look = switches.level

    def counted(account: str) -> KillLevel:
        nonlocal looks
        looks += 1
        return look(account)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(switches, "level", counted)
        await stage.reaches(lambda: looks > 2 * len(accounts))
    assert {name: account.book.kill for name, account in accounts.items()} == levels


async def test_one_account_stands_at_the_more_severe_of_its_own_switch_and_everyones(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await asked(stage, "kill-switch", level="freeze", account="other")
        await stands(stage, main="off", other="freeze")
        await asked(stage, "kill-switch", level="no-entries")
        await stands(stage, main="no-entries", other="freeze")
        await asked(stage, "kill-switch", level="off")
        await stands(stage, main="off", other="freeze")
    async with running(tmp_path) as stage:
        await stands(stage, main="off", other="freeze")
        await asked(stage, "kill-switch", level="off", account="other")
        await stands(stage, main="off", other="off")


async def test_a_kill_switch_that_cannot_be_read_freezes_and_ends_no_run(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        stage.run.switches.path("other").mkdir(parents=True)
        await stage.reaches(lambda: stage.run.kernel.accounts["other"].book.kill == "freeze")
        await stands(stage, main="off", other="freeze")
        assert stage.run.failure is None


async def test_what_was_set_without_a_run_binds_the_next_one(tmp_path: Path) -> None:
    Switches(tmp_path / "data").set("main", KillLevel.NO_ENTRIES)
    async with running(tmp_path) as stage:
        account = stage.run.kernel.accounts["main"]
        await stage.reaches(lambda: account.book.kill == "no-entries")
        assert stage.run.kernel.accounts["other"].book.kill == "off"


async def test_a_halted_account_trades_again_once_it_is_resumed_and_the_other_stays_as_it_is(tmp_path: Path) -> None:
    async with running(tmp_path, finality=2) as stage:
        await stage.halt()
        main, other = (stage.run.kernel.accounts[name].book for name in ("main", "other"))
        assert await asked(stage, "resume", account="main", reason="the node lied") == {"resumed": {"main": WHY}}
        assert (main.halted, other.halted) == ("", WHY)
        (command,) = journaled(stage, Resume)
        assert (command.account, command.reason) == ("main", "the node lied")
        await stage.launch()
    async with running(tmp_path, finality=2) as again:
        main, other = (again.run.kernel.accounts[name].book for name in ("main", "other"))
        assert (main.halted, other.halted) == ("", WHY)
        assert await asked(again, "resume") == {"resumed": {"other": WHY}}


async def test_resuming_reads_the_wallet_again(tmp_path: Path) -> None:
    async with running(tmp_path, finality=2) as stage:
        await stage.halt()
        before = len(journaled(stage, BalancesRead))
        await asked(stage, "resume", account="main")
        await stage.reaches(lambda: not stage.run.kernel.accounts["main"].book.asks)
        await stage.block()
        assert [event.account for event in journaled(stage, BalancesRead)[before:]] == ["main"]


async def test_a_halted_account_buys_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, finality=2) as stage:
        await stage.halt()
        with pytest.raises(AssertionError, match="nothing was bought"):
            await stage.launch()


class Gone(Signer):
    """A signer that cannot be reached."""

    async def open(self) -> None: ...
    async def addresses(self) -> tuple[str, ...]:
        raise SignerUnreachable("it is gone")

    async def sign(self, request: SignRequest) -> Signed:
        raise SignerUnreachable("it is gone")

    async def level(self, level: KillLevel) -> None:
        raise SignerUnreachable("it is gone")

    async def close(self) -> None: ...


async def test_a_signer_that_is_gone_does_not_hold_up_the_kill_switch(tmp_path: Path) -> None:
    async with running(tmp_path, signer=Gone()) as stage:
        await asked(stage, "kill-switch", level="freeze")
        assert stage.run.kernel.accounts["main"].book.kill == "freeze"
        assert Switches(tmp_path / "data").level("main") is KillLevel.FREEZE


class Hung(Gone):
    """A signer that does not answer."""

    async def level(self, level: KillLevel) -> None:
        await asyncio.Event().wait()


async def test_a_signer_that_hangs_does_not_hold_up_the_kill_switch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, signer=Hung()) as stage:
        monkeypatch.setattr("sniper.runtime.control.PATIENCE_S", 1.0)
        assert (await asked(stage, "kill-switch", level="freeze"))["kill"]["main"] == "freeze"


# ---- the socket ----


async def test_only_the_owner_can_open_it(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        path = stage.run.control.path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_process_of_another_user_gets_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as stage:
        monkeypatch.setattr("sniper.runtime.control.os.getuid", lambda: 4_711)
        with pytest.raises(CommandRefused, match="belongs to user"):
            await asked(stage, "status")


async def test_a_socket_that_a_crash_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "data" / SOCKET))
    with pytest.raises(NotRunning, match="sniper run"):
        ask(tmp_path / "data", {"command": "status"})
    async with running(tmp_path) as stage:
        assert (await asked(stage, "status"))["mode"] == "paper"
    assert not (tmp_path / "data" / SOCKET).exists()
    with pytest.raises(NotRunning, match="nothing runs at"):
        ask(tmp_path / "data", {"command": "status"})


async def test_a_second_run_leaves_the_socket_of_the_first_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        second = Run(stage.run.resolved, stage.run.catalogue)
        with pytest.raises(JournalError, match="another process"):
            await second.start()
        assert (await asked(stage, "status"))["mode"] == "paper"


async def test_a_path_that_is_too_long_for_a_socket_serves_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    async with running(deep) as stage:
        assert (await asked(stage, "status"))["mode"] == "paper"
