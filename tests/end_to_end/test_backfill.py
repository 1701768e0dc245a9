"""The past of a chain, read from a real node into a journal, and traded on."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from stand import Stand

from sniper.cli import main
from sniper.events import Block, Log
from sniper.runtime.kept import JOURNAL
from sniper.runtime.records import read_records
from sniper.runtime.replay import frames

Capture = pytest.CaptureFixture[str]


async def run(capsys: Capture, stand: Stand, *words: str | Path) -> tuple[int, str, str]:
    code = await asyncio.to_thread(main, ["--config", str(stand.write()), *map(str, words)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


async def filled(capsys: Capture, stand: Stand, to: Path, first: int, last: int) -> dict[str, Any]:
    (chain,) = stand.document["chain"]
    about = ("--chain", chain, "--from-block", str(first), "--to-block", str(last), "--json")
    code, out, err = await run(capsys, stand, "data", "backfill", to, *about)
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def events(to: Path) -> list[Any]:
    return [event for frame in frames(to / JOURNAL, 0) for event in read_records(frame.first, frame.records)]


@pytest.fixture
def begin(stand: Stand) -> int:
    """The first of some blocks in which tokens are launched and traded."""
    begin = stand.chain.block_number() + 1
    for _ in range(2):
        launch = stand.market.launch()
        stand.chain.mine(2)
        stand.market.buy(launch, 10**17)
        stand.chain.mine(2)
    return begin


async def test_the_past_is_a_journal_without_a_missing_block_and_can_be_traded_on(
    stand: Stand, begin: int, tmp_path: Path, capsys: Capture
) -> None:
    to, last = tmp_path / "past", stand.chain.block_number()
    told = await filled(capsys, stand, to, begin, last)
    found = events(to)
    blocks = [event for event in found if isinstance(event, Block)]
    assert [block.number for block in blocks] == list(range(begin, last + 1))
    assert all(block.time == block.timestamp * 10**9 for block in blocks)
    logs = [event for event in found if isinstance(event, Log)]
    assert told == {"first": begin, "last": last, "new": len(blocks), "logs": len(logs)}
    assert len(logs) > 4
    code, out, err = await run(capsys, stand, "backtest", stand.write(), "--journal", to, "--json")
    assert code == 0, err
    traded = json.loads(out)
    assert traded["events"] == len(blocks) + len(logs)
    assert sum(account["intents"] for account in traded["accounts"].values()) >= 2


async def test_it_goes_on_where_it_ended(stand: Stand, begin: int, tmp_path: Path, capsys: Capture) -> None:
    last = stand.chain.block_number()
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    await filled(capsys, stand, whole, begin, last)
    await filled(capsys, stand, parts, begin, begin + 2)
    again = await filled(capsys, stand, parts, begin, last)
    assert (again["first"], again["last"], again["new"]) == (begin, last, last - begin - 2)
    assert (await filled(capsys, stand, parts, begin, last))["new"] == 0

    def told(to: Path) -> list[Any]:
        return [event for event in events(to) if isinstance(event, Block | Log)]

    assert told(parts) == told(whole)


async def test_another_chain_and_blocks_that_are_not_there_are_refused(
    stand: Stand, begin: int, tmp_path: Path, capsys: Capture
) -> None:
    to, last = tmp_path / "past", stand.chain.block_number()
    (chain,) = stand.document["chain"]
    words = ["data", "backfill", to, "--chain", chain, "--from-block", str(begin), "--to-block"]
    code, _, err = await run(capsys, stand, *words, str(last + 100))
    assert (code, f"at most {last} by now" in err) == (3, True)
    await filled(capsys, stand, to, begin, last - 2)
    code, _, err = await run(
        capsys, stand, "data", "backfill", to, "--chain", chain, "--from-block", "1", "--to-block", str(last)
    )
    assert (code, "backfill into another journal" in err) == (4, True)
    stand.chain.reorg(5)
    stand.chain.mine(6)
    code, _, err = await run(capsys, stand, *words, str(last))
    assert (code, "the chain replaced blocks" in err) == (4, True)
    assert code != 0
    code, _, err = await run(
        capsys, stand, "data", "backfill", to, "--chain", "moon", "--from-block", "1", "--to-block", "2"
    )
    assert (code, "there is no [chain.moon]" in err) == (3, True)
