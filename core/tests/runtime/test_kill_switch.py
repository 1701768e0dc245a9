"""The kill switch where the kernel has no say: at the executor's door, and in a signer that starts."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from running import CHAIN, OWNER, Stage, running

from sniper.errors import SniperError
from sniper.events import Event, Sent
from sniper.executor import Submission
from sniper.kernel.asks import Ask, Send
from sniper.runtime.switches import EVERYONE, Switches
from sniper.signer import Signed, Signer, SignerUnreachable, SignRequest
from sniper.types import SECOND, KillLevel
from sniper_executor_paper.executor import Paper


def submission(account: str, purpose: str, *before: Submission) -> Submission:
    return Submission(
        account=account,
        attempt=f"{account}-{purpose}",
        chain_id=CHAIN,
        owner=OWNER,
        purpose=purpose,
        nonce=0,
        gas=21_000,
        max_fee=10**9,
        max_priority_fee=1,
        tx_hash="",
        raw=b"",
        swap=None,
        held=(),
        before=before,
    )


async def leaves(stage: Stage, account: str, purpose: str, *before: Submission) -> str:
    """What became of a transaction that the kernel had let go before: its outcome, and why."""
    heard: asyncio.Queue[Event] = asyncio.Queue()

    async def hear(events: Sequence[Event], source: str) -> None:
        for event in events:
            heard.put_nowait(event)

    body = Send(submission=submission(account, purpose, *before))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.run.bus, "publish", hear)
        stage.run.effects.start(Ask(id="x", account=account, deadline=5 * SECOND, body=body))
        async with asyncio.timeout(10):
            while not isinstance(answer := await heard.get(), Sent):
                pass
    return f"{answer.outcome}: {answer.message}"


@pytest.mark.parametrize(
    ("level", "refused"),
    [
        (KillLevel.NO_ENTRIES, {"entry"}),
        (KillLevel.FLATTEN, {"entry"}),
        (KillLevel.FREEZE, {"entry", "exit", "approve"}),
    ],
)
async def test_the_executor_looks_at_the_switch_of_the_account_itself(
    tmp_path: Path, level: KillLevel, refused: set[str]
) -> None:
    async with running(tmp_path) as stage:
        stage.run.switches.set("main", level)
        for purpose in ("entry", "exit", "approve", "cancel"):
            expected = f"rejected: the kill switch is at {level.value}" if purpose in refused else "accepted: "
            assert await leaves(stage, "main", purpose) == expected
        assert await leaves(stage, "other", "entry") == "accepted: "


@pytest.mark.parametrize(
    ("level", "refused"),
    [(KillLevel.OFF, False), (KillLevel.NO_ENTRIES, True), (KillLevel.FLATTEN, True), (KillLevel.FREEZE, True)],
)
async def test_an_entry_does_not_leave_with_what_comes_behind_it_in_its_plan(
    tmp_path: Path, level: KillLevel, refused: bool
) -> None:
    async with running(tmp_path) as stage:
        stage.run.switches.set("main", level)
        outcome = await leaves(stage, "main", "approve", submission("main", "entry"))
        assert outcome.startswith("rejected: the kill switch") is refused


async def test_the_more_severe_of_both_switches_holds_at_the_executor(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        stage.run.switches.set(EVERYONE, KillLevel.FREEZE)
        stage.run.switches.set("main", KillLevel.NO_ENTRIES)
        assert await leaves(stage, "main", "exit") == "rejected: the kill switch is at freeze"
        stage.run.switches.set(EVERYONE, KillLevel.OFF)
        assert await leaves(stage, "main", "exit") == "accepted: "


class Signing(Paper):
    """Plays, but has what it plays signed first."""

    signs = True


class Told(Signer):
    """Remembers what it was told, and by ``fault`` is one that does not take it."""

    def __init__(self, fault: SniperError | None = None) -> None:
        self.told: list[str] = []
        self._fault = fault

    async def open(self) -> None:
        self.told.append("open")

    async def addresses(self) -> tuple[str, ...]:
        return OWNER, OWNER[:-1] + "b"

    async def sign(self, request: SignRequest) -> Signed:
        raise SignerUnreachable("it signs nothing")

    async def level(self, level: KillLevel) -> None:
        if self._fault is not None:
            raise self._fault
        self.told.append(level.value)

    async def close(self) -> None:
        self.told.append("close")


@pytest.mark.parametrize("level", [KillLevel.OFF, KillLevel.FREEZE])
async def test_a_signer_is_told_at_the_start_where_everyone_stands(tmp_path: Path, level: KillLevel) -> None:
    switches = Switches(tmp_path / "data")
    switches.set(EVERYONE, level)
    switches.set("main", KillLevel.FLATTEN)
    signer = Told()
    async with running(tmp_path, signer=signer, executor=Signing):
        assert signer.told == ["open", level.value]


async def test_nothing_runs_with_a_signer_that_cannot_be_told(tmp_path: Path) -> None:
    signer = Told(SignerUnreachable("it is gone"))
    with pytest.raises(SignerUnreachable, match="it is gone"):
        async with running(tmp_path, signer=signer, executor=Signing):
            pass
    assert signer.told[-1] == "close"
