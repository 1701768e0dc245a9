"""What is asked of relays for a bundle, in their two dialects. Source: Flashbots documentation, "JSON-RPC Endpoints",
and what builders document of ``droppingTxHashes``."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from sniper.executor import Submission

_NAMESPACE: Final = uuid.UUID("8a0d2c0e-6f4f-5b43-9b44-6a7c1f0f5d11")
"""Of the ids below, and of nothing else."""


def replacement_uuid(submission: Submission, block: int) -> str:
    """The same for every bid of one nonce for one block, in every process: the newest takes the others' place."""
    name = f"{submission.chain_id}:{submission.owner}:{submission.nonce}:{block}"
    return str(uuid.uuid5(_NAMESPACE, name))


def may_revert(submission: Submission) -> bool:
    """Everything but entries and arbitrages. A sale that cannot succeed must fail, so that the next one is made with
    more slippage; left out of every block it would wait for ever."""
    return submission.purpose != "entry"


def eth_send_bundle(submission: Submission, before: Sequence[Submission], block: int) -> dict[str, Any]:
    """``eth_sendBundle`` for one block.

    before  Of the same sender, by nonce: without them it could not be in a block. Each may be missing, as where an
            earlier part of the block has it; but not those of its own plan, which revert only where it may itself.
    """
    plan = {each.tx_hash for each in submission.before}
    asked: dict[str, Any] = {
        "txs": ["0x" + each.raw.hex() for each in (*before, submission)],
        "blockNumber": hex(block),
        "replacementUuid": replacement_uuid(submission, block),
    }
    dropping = [each.tx_hash for each in before if each.tx_hash not in plan]
    reverting = [
        each.tx_hash for each in (*before, submission) if may_revert(submission if each.tx_hash in plan else each)
    ]
    if dropping:
        asked["droppingTxHashes"] = dropping
    if reverting:
        asked["revertingTxHashes"] = reverting
    if submission.swap is not None and submission.swap.deadline:
        asked["maxTimestamp"] = submission.swap.deadline
    return asked


def mev_send_bundle(submission: Submission, first: int, last: int) -> dict[str, Any]:
    """``mev_sendBundle`` for a range of blocks: the plan alone, for this dialect knows nothing that may be missing.
    Nothing of it is shown to anybody (no hints), and nothing is to be refunded."""
    can_revert = may_revert(submission)
    return {
        "version": "v0.1",
        "inclusion": {"block": hex(first), "maxBlock": hex(last)},
        "body": [{"tx": "0x" + each.raw.hex(), "canRevert": can_revert} for each in (*submission.before, submission)],
        "privacy": {"hints": []},
        "replacementUuid": replacement_uuid(submission, first),
    }
