"""Signed bytes go to block builders in bundles for the next blocks, block after block, until one has them."""

import asyncio
from typing import Any, ClassVar, Literal

import structlog
from pydantic import Field

from sniper.errors import RpcError
from sniper.evm.rpc import Endpoints
from sniper.evm.simulate import SimulatedCall, simulate
from sniper.evm.transaction import decode_signed
from sniper.executor import Mode, Outcome, Submission
from sniper_executor_bundle.request import eth_send_bundle, may_revert, mev_send_bundle, replacement_uuid
from sniper_executor_private.relayed import Relayed, RelayedConfig, Waiting
from sniper_executor_private.relays import outcome_of

_log = structlog.get_logger(__name__)


class BundleConfig(RelayedConfig):
    method: Literal["eth_sendBundle", "mev_sendBundle"] = Field(
        "eth_sendBundle", description="How the relays want to be asked."
    )
    blocks: int = Field(2, ge=1, le=30, description="Blocks ahead that are targeted at any time.")
    simulate: Literal["node", "relay", "never"] = Field(
        "node",
        description="What plays a transaction before it is sent, so that one that would revert is not: the chain's own "
        "node, which sees no signature, or the relays (eth_callBundle).",
    )


class BundleExecutor(Relayed):
    """See `Relayed`. A bundle is a plan behind what waits of the same sender with lower nonces."""

    config: BundleConfig
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.LIVE})
    atomic: ClassVar[bool] = True

    async def relay(self, waiting: Waiting, *, first: bool) -> Outcome:
        """See `Relayed`. ``not-sent`` where the node says that it would revert, and ``rejected`` where a relay does,
        which has seen the signed bytes by then."""
        submission = waiting.submission
        if first and submission.purpose != "cancel":
            refused = await self._refused(submission)
            if refused is not None:
                waiting.refused = True
                return refused
        head = self.context.block(submission.chain_id)
        waiting.told = head + self.config.blocks
        if self.config.method == "mev_sendBundle":
            said = [await self.relays.ask("mev_sendBundle", mev_send_bundle(submission, head + 1, waiting.told))]
        else:
            before = [each.submission for each in self.before(submission) if not each.public]
            bundles = (eth_send_bundle(submission, before, block) for block in range(head + 1, waiting.told + 1))
            said = await asyncio.gather(*(self.relays.ask("eth_sendBundle", bundle) for bundle in bundles))
        outcome = outcome_of([answer for answers in said for answer in answers])
        if outcome.outcome == "rejected" and await self._newest(submission) > head:
            raise RpcError(f"the chain is beyond block {head}, and relays refused bundles for the next: ask again")
        return outcome

    def due(self, waiting: Waiting, block: int) -> bool:
        """See `Relayed`. Block by block, for each needs a bundle of its own; a range is asked for again at its end."""
        return self.config.method == "eth_sendBundle" or block >= waiting.told

    async def withdraw(self, waiting: Waiting) -> None:
        """See `Relayed`."""
        blocks = range(waiting.told - self.config.blocks + 1, waiting.told + 1)
        ids = [replacement_uuid(waiting.submission, block) for block in blocks]
        await asyncio.gather(*(self.relays.ask("eth_cancelBundle", {"replacementUuid": each}) for each in ids))

    async def _newest(self, submission: Submission) -> int:
        endpoints: Endpoints = self.context.endpoints(submission.chain_id)
        return int(await endpoints.call("eth_blockNumber"), 16)

    async def _refused(self, submission: Submission) -> Outcome | None:
        """Why it is not sent, where it is not. What cannot be simulated is only held back where it buys."""
        if self.config.simulate == "never":
            return None
        before = [each.submission for each in self.before(submission)]
        asked = self._by_relays if self.config.simulate == "relay" else self._by_node
        outcome = "rejected" if self.config.simulate == "relay" else "not-sent"
        try:
            reason = await asked(submission, before)
        except RpcError as error:
            if not may_revert(submission):
                return Outcome(outcome=outcome, message=f"cannot be simulated: {error}")
            _log.warning("sent without a simulation", attempt=submission.attempt, error=str(error))
            return None
        return Outcome(outcome=outcome, message=f"would revert: {reason}") if reason else None

    async def _by_node(self, submission: Submission, before: list[Submission]) -> str:
        """Why it, or what goes with it, would revert after the newest block that the kernel knows, or nothing. Raises
        `RpcError`."""
        endpoints: Endpoints = self.context.endpoints(submission.chain_id)
        calls = [_call(each) for each in (*before, submission)]
        results = await simulate(endpoints, calls, block=self.context.block(submission.chain_id))
        return next((each.reason for each in results[-1 - len(submission.before) :] if each.reason), "")

    async def _by_relays(self, submission: Submission, before: list[Submission]) -> str:
        """The same by the first relay that can tell. Raises `RpcError`."""
        head = self.context.block(submission.chain_id)
        asked = {
            "txs": ["0x" + each.raw.hex() for each in (*before, submission)],
            "blockNumber": hex(head + 1),
            "stateBlockNumber": "latest",
        }
        said = await self.relays.ask("eth_callBundle", asked)
        for answer in said:
            if isinstance(answer, dict):
                return _reverted(answer, 1 + len(submission.before))
        raise next(each for each in said if isinstance(each, RpcError))


def _call(submission: Submission) -> SimulatedCall:
    sent, _ = decode_signed(submission.raw)
    return SimulatedCall(sender=submission.owner, to=sent.to or "", data=sent.data, value=sent.value, gas=sent.gas)


def _reverted(answer: dict[str, Any], count: int) -> str:
    """Of one of the last ``count``. Any: JSON of the relay's choice. Raises `RpcError` where it makes no sense."""
    results = answer.get("results")
    if not isinstance(results, list) or len(results) < count or not all(isinstance(each, dict) for each in results):
        raise RpcError(f"a relay simulated a bundle and gave {answer!r:.200}")
    return next((str(each.get("revert") or each["error"])[:300] for each in results[-count:] if each.get("error")), "")
