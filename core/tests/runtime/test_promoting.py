"""A run whose strategy has stages: it is measured by a process of its own, and moved by people."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from running import FILE, running

from sniper.cli import exit_codes, main
from sniper.events import Event, StageMeasured
from sniper.kernel import facts as f
from sniper.runtime.commands import CommandRefused
from sniper.runtime.control import ask
from sniper.settings.resolved import Resolved

SECTION = """
[promotion.launch-snipe]
capital = "1 ether"
paper = "elsewhere"
shares_bps = [1_000, 10_000]
measure_every_s = 1
"""


async def test_a_strategy_is_measured_and_moved_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("running.FILE", FILE + SECTION)
    monkeypatch.setattr(Resolved, "promotions", property(lambda self: self.settings.promotion))  # it only plays here
    seen: list[StageMeasured] = []
    measured = asyncio.Event()
    placed: list[f.OrderPlaced] = []

    def watch(event: Event, facts: Sequence[tuple[str, f.Fact]]) -> None:
        if type(event) is StageMeasured:
            seen.append(event)
            measured.set()
        placed.extend(fact for _, fact in facts if isinstance(fact, f.OrderPlaced))

    async with running(tmp_path) as stage:
        stage.run.observers.append(watch)
        book = stage.run.kernel.accounts["main"].book

        async def moved(action: str, **keys: Any) -> dict[str, Any]:
            command = {"command": "stage", "action": action, "instance": "launch-snipe", "account": "main", **keys}
            return await asyncio.to_thread(ask, stage.run.directory, command)

        async def sniper(*words: str) -> str:
            capsys.readouterr()
            code = await asyncio.to_thread(main, ["--config", str(tmp_path / "sniper.toml"), *words])
            assert code == exit_codes.OK
            return capsys.readouterr().out

        async with asyncio.timeout(60):  # a process begins for it, which takes its time on a busy machine
            await measured.wait()
        (told,) = seen
        assert (told.account, told.stage, told.hold) == ("main", "paper", ())
        assert "elsewhere" in next(each for each in told.rise if each.rule == "on-record").note
        with pytest.raises(CommandRefused, match="its gates are not all passed"):
            await moved("promote")
        with pytest.raises(CommandRefused, match="promote or demote it"):
            await moved("fly")
        assert await moved("promote", force=True) == {"stages": {"main/launch-snipe": "live-10%"}}
        assert (book.stages["launch-snipe"].share_bps, book.stages["launch-snipe"].reason) == (1_000, "by hand")
        await stage.launch()
        assert [order.amount_in for order in placed] == [10**16]  # a tenth of what the sizer says
        assert "launch-snipe active (live-10%)" in await sniper("status")
        assert "is at stage paper" in await sniper("strategy", "demote", "launch-snipe", "--account", "main")
        shown = await sniper("strategy", "stages", "launch-snipe")
        assert "by hand" in shown
        assert "on-record" in shown
