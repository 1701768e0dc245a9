from typing import Any

from sniper.executor import Mode, Submission
from sniper_executor_shadow.executor import Shadow, ShadowConfig


async def test_nothing_is_sent_signed_or_settled() -> None:
    context: Any = None  # nothing of it is used: there is no way out
    shadow = Shadow(ShadowConfig(), context)
    submission = Submission(
        account="a",
        attempt="a/s/1.0#1",
        chain_id=1,
        owner="0xee",
        purpose="entry",
        nonce=0,
        gas=21_000,
        max_fee=1,
        max_priority_fee=1,
        tx_hash="",
        raw=b"",
        swap=None,
        held=(),
    )
    outcome = await shadow.send(submission)
    assert (outcome.outcome, outcome.message) == ("not-sent", "shadow mode: not sent")
    assert await shadow.settle(submission) is None
    assert not Shadow.signs
    assert Shadow.modes == {Mode.SHADOW}
