"""One executor for each chain, as the config says, and what it is told of the kill switch."""

from typing import Any, ClassVar

import pytest

from sniper.config import Config
from sniper.executor import Executor, Mode, Outcome, Settlement, Submission
from sniper.runtime.by_chain import ByChain
from sniper.runtime.playing import PlayContext
from sniper.types import KillLevel


class Named(Executor):
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.LIVE})

    def __init__(self, name: str) -> None:
        nothing: Any = None
        super().__init__(Config(), nothing)
        self.name = name
        self.closed = 0

    async def send(self, submission: Submission) -> Outcome:
        return Outcome(outcome="accepted", message=self.name)

    async def settle(self, submission: Submission) -> Settlement | None:
        return None

    async def close(self) -> None:
        self.closed += 1


def submission(chain_id: int, purpose: str = "entry", account: str = "main") -> Submission:
    return Submission(
        account=account, attempt="main/s/1.0#0", chain_id=chain_id, owner="0x11", purpose=purpose, nonce=0, gas=21_000,
        max_fee=1, max_priority_fee=1, tx_hash="", raw=b"", swap=None, held=(),
    )  # fmt: skip


async def test_each_chains_transactions_go_through_its_own_executor_and_each_is_closed_once() -> None:
    one, two = Named("one"), Named("two")
    nothing: Any = None
    executor = ByChain({1: one, 2: two, 3: one}, nothing)
    told = [(await executor.send(submission(chain_id))).message for chain_id in (1, 2, 3)]
    assert told == ["one", "two", "one"]
    assert await executor.settle(submission(2)) is None
    await executor.close()
    assert (one.closed, two.closed) == (1, 1)


@pytest.mark.parametrize("signs", [True, False])
def test_it_signs_where_those_that_it_was_given_do(monkeypatch: pytest.MonkeyPatch, signs: bool) -> None:
    monkeypatch.setattr(Named, "signs", signs)
    nothing: Any = None
    assert ByChain({1: Named("one"), 2: Named("two")}, nothing).signs is signs


def test_an_executor_is_told_what_the_kill_switch_of_the_account_holds_back() -> None:
    nothing: Any = None
    levels = {"main": KillLevel.NO_ENTRIES, "other": KillLevel.OFF}
    context = PlayContext(nothing, {}, levels.__getitem__)
    assert context.withheld(submission(1)) == "the kill switch is at no-entries"
    assert context.withheld(submission(1, "exit")) == ""
    assert context.withheld(submission(1, account="other")) == ""
    levels["main"] = KillLevel.FREEZE
    assert context.withheld(submission(1, "exit")) == "the kill switch is at freeze"
    assert context.withheld(submission(1, "cancel")) == ""
