"""What an executor must hold."""

from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

import pytest

from sniper.executor import Executor, Mode, Outcome, Settlement, Submission

_OUTCOMES: Final = frozenset(
    {
        "accepted",
        "known",
        "nonce-too-low",
        "underpriced",
        "insufficient-funds",
        "rejected",
        "not-sent",
    }
)


class ExecutorConformance:
    """Sending the same transaction again does no harm; what it did is told once it is included, and the same each time.

        class TestPaper(ExecutorConformance):
            executor_type = Paper

    Fixtures of yours, in the class or in ``conftest.py``; the last may be ``async def``:

    executor    One that is ready to send.
    submission  A transaction that it has not seen.
    include     ``await include()``: lets the chain include what was sent.
    """

    executor_type: ClassVar[type[Executor]]

    def test_it_says_in_which_modes_it_is_used(self) -> None:
        modes = self.executor_type.modes
        assert isinstance(modes, frozenset), f"modes is {modes!r}; give a frozenset of Mode"
        assert modes, "modes is empty: it would never be used"
        assert all(isinstance(mode, Mode) for mode in modes), f"modes is {modes!r}; give a frozenset of Mode"
        assert not (Mode.LIVE in modes and not self.executor_type.signs), "nothing unsigned reaches a live chain"

    @pytest.mark.asyncio
    async def test_sending_again_does_no_harm(self, executor: Executor, submission: Submission) -> None:
        first, again = await executor.send(submission), await executor.send(submission)
        for outcome in (first, again):
            assert type(outcome) is Outcome, f"send returned {outcome!r}; return an Outcome"
            assert outcome.outcome in _OUTCOMES, f"{outcome.outcome!r} is none of {', '.join(sorted(_OUTCOMES))}"
        if first.outcome in ("accepted", "known"):
            assert again.outcome in ("accepted", "known", "nonce-too-low"), (
                f"the same bytes again are {again.outcome!r}; after a crash they are sent again, and must stay alive"
            )

    @pytest.mark.asyncio
    async def test_what_was_not_included_is_not_settled(self, executor: Executor, submission: Submission) -> None:
        await executor.send(submission)
        assert await executor.settle(submission) is None, "settled before any block could include it"

    @pytest.mark.asyncio
    async def test_what_was_included_is_settled_the_same_each_time(
        self, executor: Executor, submission: Submission, include: Callable[[], Awaitable[None]]
    ) -> None:
        outcome = await executor.send(submission)
        await include()
        settled = await executor.settle(submission)
        if outcome.outcome not in ("accepted", "known"):
            assert settled is None, f"{outcome.outcome!r}, and yet it did something: {settled!r}"
            return
        assert type(settled) is Settlement, f"accepted and included, but settle returned {settled!r}"
        assert await executor.settle(submission) == settled, "asked twice, it did something else"
        _is_sound(settled, submission)


def _is_sound(settled: Settlement, submission: Submission) -> None:
    assert 0 < settled.gas_used <= submission.gas, f"used {settled.gas_used} of {submission.gas} gas"
    assert settled.gas_price <= submission.max_fee, f"paid {settled.gas_price} per gas, bid {submission.max_fee}"
    assert all(amount >= 0 for _, amount in settled.balances), f"a balance below nothing: {settled.balances!r}"
    gas = settled.gas_used * settled.gas_price + settled.data_fee
    if not settled.ok:
        assert settled.native_delta == -gas, (
            f"it reverted, so only its gas may be gone: {gas}, not {settled.native_delta}"
        )
        return
    swap = submission.swap
    if swap is not None:
        held, now = dict(submission.held), dict(settled.balances)
        if swap.token_out in now:
            received = now[swap.token_out] - held.get(swap.token_out, 0)
            assert received >= swap.min_out, f"succeeded with {received}, below the minimum {swap.min_out}"
