"""What became of transactions is asked a few at a time, and told in the order of the questions."""

import asyncio
from collections.abc import Sequence

import structlog
from recorded_world import wiring

from sniper.events import AskFailed, Event, Settled
from sniper.executor import Outcome, Settlement, Submission
from sniper.kernel.asks import Ask, Settle
from sniper.kernel.kernel import Kernel
from sniper.runtime.effects import SETTLED_AT_ONCE, Effects
from sniper.types import SECOND, KillLevel


class Slow:
    """An executor that says what became of a transaction once the test lets it."""

    signs = True

    def __init__(self) -> None:
        self.may = {nonce: asyncio.Event() for nonce in range(2 * SETTLED_AT_ONCE)}
        self.asked: list[int] = []

    async def send(self, submission: Submission) -> Outcome:
        raise AssertionError("nothing is sent here")

    async def settle(self, submission: Submission) -> Settlement | None:
        self.asked.append(submission.nonce)
        await self.may[submission.nonce].wait()
        if submission.nonce == 3:
            raise RuntimeError("the node is gone")
        return None


def question(nonce: int, account: str = "bob", deadline: int = 60 * SECOND) -> Ask:
    submission = Submission(
        account=account,
        attempt=f"{account}/early/{nonce}.0#0",
        chain_id=1,
        owner="0x" + "0b" * 20,
        purpose="entry",
        nonce=nonce,
        gas=21_000,
        max_fee=2,
        max_priority_fee=1,
        tx_hash=f"0x{nonce:064x}",
        raw=b"",
        swap=None,
        held=(),
        urgent=False,
    )
    return Ask(id=f"{account}?{nonce}", account=account, deadline=deadline, body=Settle(submission=submission))


class Shell:
    def __init__(self) -> None:
        self.told: list[Event] = []
        self.both = asyncio.Event()
        self.executor = Slow()
        self.effects = Effects(
            Kernel(wiring()),
            endpoints={},
            executor=self.executor,  # type: ignore[arg-type]  # all that is asked of one here
            signer=None,
            publish=self.publish,
            clock=lambda: 0,  # type: ignore[arg-type]
            kill=lambda account: KillLevel.OFF,
            log=structlog.get_logger(),
        )

    async def publish(self, events: Sequence[Event]) -> None:
        self.told += events
        if len(self.told) == 2:
            self.both.set()

    async def rest(self) -> None:
        """Until nothing moves that is not waited for."""
        for _ in range(200):
            await asyncio.sleep(0)

    def ids(self) -> list[str]:
        return [event.ask for event in self.told if isinstance(event, Settled | AskFailed)]


async def test_answers_are_told_in_the_order_of_the_questions() -> None:
    shell = Shell()
    for nonce in range(4):
        shell.effects.start(question(nonce))
    await shell.rest()
    assert shell.executor.asked == [0, 1, 2, 3]
    for nonce in (3, 1, 2):
        shell.executor.may[nonce].set()
    await shell.rest()
    assert shell.ids() == []
    shell.executor.may[0].set()
    await shell.rest()
    assert shell.ids() == ["bob?0", "bob?1", "bob?2", "bob?3"]
    await shell.effects.close()


async def test_a_node_is_asked_for_a_few_at_once_and_for_the_next_with_each_answer() -> None:
    shell = Shell()
    for nonce in range(2 * SETTLED_AT_ONCE):
        shell.effects.start(question(nonce))
    await shell.rest()
    assert shell.executor.asked == list(range(SETTLED_AT_ONCE))
    shell.executor.may[2].set()
    await shell.rest()
    assert shell.executor.asked == list(range(SETTLED_AT_ONCE + 1))
    for free in shell.executor.may.values():
        free.set()
    await shell.rest()
    assert shell.ids() == [f"bob?{nonce}" for nonce in range(2 * SETTLED_AT_ONCE)]
    await shell.effects.close()


async def test_one_account_does_not_wait_for_another() -> None:
    shell = Shell()
    shell.effects.start(question(0))
    shell.effects.start(question(1, "alice"))
    shell.executor.may[1].set()
    await shell.rest()
    assert shell.ids() == ["alice?1"]
    await shell.effects.close()


async def test_an_answer_that_never_comes_holds_the_later_ones_up_to_its_deadline_alone() -> None:
    shell = Shell()
    shell.effects.start(question(0, deadline=1))
    shell.effects.start(question(1))
    shell.executor.may[1].set()
    async with asyncio.timeout(30):
        await shell.both.wait()
    assert shell.ids() == ["bob?0", "bob?1"]
    assert isinstance(shell.told[0], AskFailed)
    await shell.effects.close()
