"""What executors, signers and feeds hand over is checked: nonsense counts as if they had raised. The run goes on."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from msgspec import structs
from running import ASSET, CHAIN, OWNER, Script, running
from structlog.testing import capture_logs

from sniper.codec import encode
from sniper.errors import SniperError
from sniper.events import AskFailed, Block, Event, FeedStale, Reorg, Trade
from sniper.executor import Outcome, Settlement, Submission
from sniper.fee import FeeBid
from sniper.kernel.asks import Ask, Sign
from sniper.runtime import feeding
from sniper.runtime.feeding import Feeder, FeedSource
from sniper.signer import Signed, Signer, SignRequest
from sniper.types import SECOND, KillLevel
from sniper_executor_paper.executor import Paper

HALF = "half a character: \ud800"


class Odd(SniperError, RuntimeError):
    """Raised by a plugin that has its own idea of a code."""

    code = 7  # type: ignore[assignment]


class Wrong(Paper):
    """The first answer to each question is ``makes``, which may be an error to raise or a change of what is right."""

    sends: Any = None
    settles: Any = None

    def __init__(self, config: Any, context: Any) -> None:  # Any: as for any executor
        super().__init__(config, context)
        self._wrong = {"send": type(self).sends, "settle": type(self).settles}

    def _answer(self, question: str, right: Any) -> Any:
        if right is None or self._wrong[question] is None:
            return right
        made, self._wrong[question] = self._wrong[question], None
        if isinstance(made, Exception):
            raise made
        return structs.replace(right, **made) if isinstance(made, dict) else made

    async def send(self, submission: Submission) -> Outcome:
        given: Outcome = self._answer("send", await super().send(submission))
        return given

    async def settle(self, submission: Submission) -> Settlement | None:
        given: Settlement | None = self._answer("settle", await super().settle(submission))
        return given


async def failures_while_buying(directory: Path, executor: type[Wrong]) -> list[AskFailed]:
    """Buy with it, which must succeed in the end; the answers that did not come."""
    async with running(directory, executor=executor) as stage:
        heard: list[Event] = []
        stage.run.observers.append(lambda event, _: heard.append(event))
        await stage.launch()
        assert stage.run.failure is None
        assert stage.run.kernel.accounts["main"].book.positions[ASSET].amount
    for event in heard:
        encode(event)
    return [event for event in heard if isinstance(event, AskFailed)]


@pytest.mark.parametrize(
    "makes",
    [
        "accepted",
        {"outcome": 1},
        {"message": b"fine"},
        {"message": HALF},
        RuntimeError(HALF),
        Odd("no"),
    ],
)
async def test_an_executor_that_says_nonsense_of_a_broadcast_has_said_nothing(
    tmp_path: Path, makes: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wrong, "sends", makes)
    (failed,) = await failures_while_buying(tmp_path, Wrong)
    assert failed.message


@pytest.mark.parametrize(
    "makes",
    [
        True,
        {"block": "7"},
        {"native_delta": 0.5},
        {"gas_used": -1},
        {"balances": (("0x" + "11" * 20, -1),)},
        {"balances": [["0x" + "11" * 20, 1]]},
        RuntimeError("no"),
    ],
)
async def test_an_executor_that_says_nonsense_of_an_outcome_is_asked_again(
    tmp_path: Path, makes: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wrong, "settles", makes)
    assert len(await failures_while_buying(tmp_path, Wrong)) == 1


class Signing(Paper):
    """Plays, but has what it plays signed first."""

    signs = True


class WrongSigner(Signer):
    """Signs with whatever it is told to hand over."""

    def __init__(self, makes: Any) -> None:
        self._makes = makes

    async def open(self) -> None: ...

    async def addresses(self) -> tuple[str, ...]:
        return OWNER, OWNER[:-1] + "b"

    async def sign(self, request: SignRequest) -> Signed:
        made: Signed = self._makes
        return made

    async def level(self, level: KillLevel) -> None: ...

    async def close(self) -> None: ...


@pytest.mark.parametrize("makes", [b"signed", None, Signed(raw="0x02", tx_hash="0x")])  # type: ignore[arg-type]
async def test_a_signer_that_hands_over_nonsense_has_not_signed(tmp_path: Path, makes: object) -> None:
    body = Sign(
        attempt="x",
        purpose="exit",
        chain_id=CHAIN,
        sender=OWNER,
        nonce=0,
        bid=FeeBid(max_priority_fee=1, max_fee=2),
        gas=21_000,
        to=OWNER,
        value=0,
        data=b"",
    )
    async with running(tmp_path, signer=WrongSigner(makes), executor=Signing) as stage:
        heard: list[Event] = []
        stage.run.observers.append(lambda event, _: heard.append(event))
        stage.run.effects.start(Ask(id="x", account="main", deadline=5 * SECOND, body=body))
        await stage.reaches(lambda: any(isinstance(event, AskFailed) and event.ask == "x" for event in heard))
        assert stage.run.failure is None


class Feed:
    """Each life gives what comes next in ``config``; with the last of it, waits for ever. An error there is raised, by
    the class itself where it comes first."""

    def __init__(self, config: Any, context: Any) -> None:  # Any: what the feeder hands to any feed
        self.left = config
        if isinstance(self.left[0], Exception):
            raise self.left.pop(0)

    async def events(self) -> AsyncIterator[Sequence[Event]]:
        while self.left:
            yield self.left.pop(0)
        await asyncio.Event().wait()


def head(number: int, **other: Any) -> Block:  # Any: the fields under test
    told = {
        "time": 1, "chain_id": CHAIN, "number": number, "hash": "0xb", "parent": "0xa", "timestamp": 1, "base_fee": 1,
        "gas_used": 1, "gas_limit": 2,
    }  # fmt: skip
    return Block(**{**told, **other})  # type: ignore[arg-type]


class Headline(Block):
    """Not what the journal would make of it: it would be handled in a replay, and is not now."""


NONSENSE = [
    None,
    "blocks",
    [head(2), None],
    (each for each in [head(2)]),
    [head(2), "block"],
    [Outcome(outcome="accepted")],
    [head(2, base_fee="1")],
    [head(2, hash=HALF)],
    [Trade(time=1.0, venue="x", instrument="y", price=1, size=1)],  # type: ignore[arg-type, call-arg]
    [head(2), Reorg(time=1, chain_id=CHAIN + 1, ancestor=1)],
    [Headline(time=1, chain_id=CHAIN, number=2, hash="0xb", parent="0xa", timestamp=1, base_fee=1, gas_used=1,
              gas_limit=2)],
]  # fmt: skip


@pytest.mark.parametrize("makes", [RuntimeError("the source is gone"), *NONSENSE])
async def test_a_feed_that_gives_nonsense_starts_again_as_one_that_raised(
    monkeypatch: pytest.MonkeyPatch, makes: object
) -> None:
    monkeypatch.setattr(feeding, "FIRST_PAUSE_S", 0.001)
    published: list[Event] = []
    done = asyncio.Event()

    async def publish(events: Sequence[Event], source: str) -> None:
        published.extend(events)
        if events == [head(3)]:
            done.set()

    configured: Any = SimpleNamespace(name="odd", spec=None, cls=Feed, config=[[head(1)], makes, [head(3)]])
    if isinstance(makes, Exception):
        configured.config.pop(0)
        published.append(head(1))
    context: Any = SimpleNamespace(chain_id=CHAIN)
    with capture_logs() as said:
        feeder = Feeder(FeedSource(configured, context), publish, lambda: 1, structlog.get_logger(), random.Random(1))
        feeder.start()
        async with asyncio.timeout(10):
            await done.wait()
        await feeder.stop()
    assert [event.stale if isinstance(event, FeedStale) else event.number for event in published] == [1, True, False, 3]  # type: ignore[attr-defined]
    assert [(each["event"], each["log_level"]) for each in said] == [("feed stopped", "warning")]


@pytest.mark.parametrize("makes", NONSENSE)
async def test_a_run_survives_a_feed_that_gives_nonsense(
    tmp_path: Path, makes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "FIRST_PAUSE_S", 0.001)
    async with running(tmp_path) as stage:
        await stage.block()
        await Script.batches.put(makes)
        await stage.block()
        assert stage.run.failure is None
