"""What a real run tells Prometheus and whoever asks for its health."""

from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from recorded_world import SYNC
from running import ASSET, OWNER, POOL, Script, Stage, running
from test_control import Gone

from sniper.cli.story import Chronicle
from sniper.events import SignalHeard
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind
from sniper.kernel import facts as f
from sniper.kernel.asks import Send
from sniper.runtime.metrics import BOUNDS_NS, SAMPLED, Histogram
from sniper.runtime.records import read_record

Samples = dict[tuple[str, tuple[str, ...]], float]


async def got(stage: Stage, path: str) -> tuple[int, str]:
    assert stage.run.health is not None
    url = f"http://127.0.0.1:{stage.run.health.port}{path}"
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return answer.status, await answer.text()


async def scraped(stage: Stage) -> Samples:
    """Each sample by its name and the values of its labels."""
    status, text = await got(stage, "/metrics")
    assert status == 200
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@given(st.lists(st.integers(0, 2 * BOUNDS_NS[-1])))
def test_a_duration_counts_in_every_bucket_that_it_fits_in(durations: list[int]) -> None:
    histogram = Histogram()
    for duration in durations:
        histogram.observe(duration)
    buckets = histogram.buckets()
    assert [count for _, count in buckets[:-1]] == [sum(d <= bound for d in durations) for bound in BOUNDS_NS]
    assert buckets[-1] == ("+Inf", len(durations))
    assert histogram.total == sum(durations)


async def test_counts_what_the_journal_holds(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()
        found = await scraped(stage)
    with Reader(tmp_path / "data" / "journal") as reader:
        records = [record for _, record in reader.records()]
    inputs = Counter(read_record(r).__struct_config__.tag for r in records if r.kind == Kind.INPUT)  # type: ignore[attr-defined]
    facts = [read_record(record) for record in records if record.kind == Kind.FACT]
    moves = Counter(fact.state for fact in facts if isinstance(fact, f.AttemptMoved))
    assert {key[0]: value for (name, key), value in found.items() if name == "sniper_events_total"} == inputs
    assert {key[1]: value for (name, key), value in found.items() if name == "sniper_attempts_total"} == moves
    assert found["sniper_intents_total", ("main", "increase")] == 1
    assert found["sniper_orders_total", ("main", "placed")] == found["sniper_orders_total", ("main", "done")] == 1
    assert found["sniper_fills_total", ("main", "increase")] == 1
    asked = [fact for fact in facts if isinstance(fact, f.Asked)]
    sends = sum(isinstance(fact.ask.body, Send) for fact in asked)
    assert found["sniper_effect_seconds_count", ("send",)] == sends > 0
    assert found["sniper_stage_seconds_count", ("decide",)] == 1
    assert found["sniper_stage_seconds_count", ("include",)] == moves["included"]


async def test_one_batch_in_a_few_is_measured(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        for _ in range(3 * SAMPLED):
            await stage.block()
        found = await scraped(stage)
        for part in ("wait", "handle", "journal", "leave"):
            assert found["sniper_stage_seconds_count", (part,)] == found["sniper_stage_seconds_count", ("wait",)] >= 3
        assert found["sniper_stage_seconds_sum", ("handle",)] > 0


async def test_shows_where_the_run_stands(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()
        found = await scraped(stage)
        native = f"31337:0x{'0' * 40}"
        book = stage.run.kernel.accounts["main"].book
        assert found["sniper_block", ("31337",)] == stage.number
        assert found["sniper_positions_open", ("main",)] == len(book.positions) == 1
        assert found["sniper_positions_open", ("other",)] == 0
        assert found["sniper_cash_base_units", ("main", native)] == float(book.cash[native])
        assert found["sniper_journal_position", ()] == stage.run.writer.position
        assert found["sniper_kill_level", ("main",)] == 0
        assert found["sniper_feed_stale", ("evm-logs-31337",)] == 0
        assert 0 <= found["sniper_feed_silent_seconds", ("evm-logs-31337",)] < 60
        assert found["sniper_info", ("paper", "0.1.0")] == 1


async def test_a_denial_is_counted_by_its_rule(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        stage.run.switches.set("main", stage.run.switches.level("main").NO_ENTRIES)
        await stage.reaches(lambda: stage.run.kernel.accounts["main"].book.kill == "no-entries")
        with pytest.raises(AssertionError, match="nothing was bought"):
            await stage.launch()
        assert (await scraped(stage))["sniper_denials_total", ("main", "kernel.kill-switch-off")] >= 1
    assert ASSET in {story.formed.token for story in Chronicle.of(tmp_path / "data").stories.values()}


async def test_an_order_that_ends_without_a_transaction_is_counted(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        assert stage.run.health is not None
        ended = f.OrderEnded(time=1, order="main/launch-snipe/1.0", state="cancelled")
        stage.run.health.metrics.told(stage.run.kernel.cause, [("main", ended)])  # type: ignore[arg-type]
        assert (await scraped(stage))["sniper_orders_total", ("main", "cancelled")] == 1


async def test_is_ready_once_wallets_are_read_and_the_feed_has_spoken(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        status, text = await got(stage, "/ready")
        assert (status, "feed evm-logs-31337 has said nothing yet" in text) == (503, True)
        await stage.block()
        assert await got(stage, "/ready") == (200, '{"ready": true, "reasons": []}')
        assert await got(stage, "/live") == (200, '{"live": true, "reasons": []}')


async def test_what_is_heard_of_signals_is_counted_by_what_became_of_it(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        now = stage.run.clock()
        said: dict[str, Any] = {"source": "desk", "kind": "alert", "about": ("A",), "direction": 1, "at": now}
        heard = [SignalHeard(time=now, id=id_, strength=5_000, **said) for id_ in "112"]
        await Script.batches.put(heard)
        await stage.reaches(lambda: stage.run.kernel.signals.dropped.total() == 2)
        found = await scraped(stage)
        outcomes = {labels[0]: count for (name, labels), count in found.items() if name == "sniper_signals_total"}
        assert outcomes == {"passed": 1, "repeated": 1, "told already": 1}


async def test_a_feed_of_hints_without_its_source_is_shown_and_no_reason(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.block()
        stage.run.feeders[0].hints = True
        await Script.batches.put(ConnectionError("no news today"))
        await stage.reaches(lambda: stage.run.feeders[0].stale)
        assert await got(stage, "/ready") == (200, '{"ready": true, "reasons": []}')
        found = await scraped(stage)
        assert found["sniper_hints_stale", ("evm-logs-31337",)] == 1
        assert ("sniper_feed_stale", ("evm-logs-31337",)) not in found


async def test_a_feed_without_its_source_is_a_reason_not_to_be_ready(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.block()
        await Script.batches.put(ConnectionError("the node at ws://user:hunter2@node is gone"))
        await stage.reaches(lambda: stage.run.feeders[0].stale)
        status, text = await got(stage, "/ready")
        assert (status, "feed evm-logs-31337 has lost its source" in text) == (503, True)
        assert (await scraped(stage))["sniper_feed_stale", ("evm-logs-31337",)] == 1
        assert "hunter2" not in text + (await got(stage, "/metrics"))[1]
        assert (await got(stage, "/live"))[0] == 200


async def test_a_signer_that_is_gone_is_a_reason_not_to_be_ready(tmp_path: Path) -> None:
    async with running(tmp_path, signer=Gone()) as stage:
        await stage.block()
        status, text = await got(stage, "/ready")
        assert (status, "the signer cannot be reached: it is gone" in text) == (503, True)


async def test_a_halted_account_is_a_reason_not_to_be_ready(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.block()
        stage.run.kernel.accounts["main"].emit(f.Halted(time=stage.run.clock(), reason="look at this"))
        status, text = await got(stage, "/ready")
        assert (status, "account main is halted: look at this" in text) == (503, True)
        assert (await scraped(stage))["sniper_halted", ("main",)] == 1


async def test_a_position_that_nothing_guards_is_a_reason_not_to_be_ready(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        await stage.launch()
        assert (await scraped(stage))["sniper_positions_unguarded", ("main",)] == 0
        await stage.block(stage.log(POOL, (SYNC,), b"garbage"))
        assert (await scraped(stage))["sniper_positions_unguarded", ("main",)] == 1
        status, text = await got(stage, "/ready")
        assert (status, f"position {ASSET} of account main is not guarded: amm constant-product" in text) == (503, True)


async def test_a_run_whose_kernel_has_failed_is_not_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as stage:
        monkeypatch.setattr(stage.run.kernel, "handle", lambda event: 1 // 0)
        await Script.batches.put([stage.log(OWNER, (), b"")])
        await stage.reaches(lambda: stage.run.failure is not None)
        status, text = await got(stage, "/live")
        assert (status, "the run has failed" in text) == (503, True)
