"""Signed bytes go to the chain's nodes; what they did is read from receipt, trace and balances."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Literal

from pydantic import Field

from sniper.errors import RpcError
from sniper.evm.abi import event
from sniper.evm.log import Log
from sniper.evm.receipts import settle
from sniper.evm.revert import revert_reason
from sniper.evm.rpc import Endpoints, NodeError
from sniper.evm.transaction import decode_signed
from sniper.executor import Config, Executor, Mode, Outcome, Settlement, Submission
from sniper.types import NATIVE

TRANSFER: Final = event("Transfer(address indexed from, address indexed to, uint256 value)")


class MempoolConfig(Config):
    confirmations: int = Field(0, ge=0, description="Blocks that must follow a transaction's block before it counts.")
    send_to: Literal["first", "all"] = Field("first", description="The best endpoint, or all healthy ones at once.")


class Mempool(Executor):
    """Keeps nothing: sending the same bytes again does no harm, and settling reads the chain."""

    config: MempoolConfig
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.LIVE})

    async def send(self, submission: Submission) -> Outcome:
        """The node's word. Raises `RpcError` when nobody knows whether the transaction is on its way."""
        endpoints: Endpoints = self.context.endpoints(submission.chain_id)
        sent = await endpoints.send_raw(submission.raw, to=self.config.send_to)
        return Outcome(outcome=sent.kind.value.replace("_", "-"), message=sent.message)

    async def settle(self, submission: Submission) -> Settlement | None:
        """None while it is in no block. A token that gives no balance is left out.

        Raises `RpcError`, also when the block was replaced while it was read or too few blocks followed it: ask again.
        """
        endpoints: Endpoints = self.context.endpoints(submission.chain_id)
        seen = self.context.block(submission.chain_id)
        found = await settle(endpoints, submission.tx_hash, submission.owner, _tokens(submission), seen=seen)
        if found is None:
            return None
        confirmations = self.config.confirmations
        if confirmations and self.context.block(submission.chain_id) < found.block + confirmations:
            raise RpcError(f"{submission.tx_hash} is in block {found.block}; {confirmations} must follow: ask again")
        return Settlement(
            ok=found.success,
            block=found.block,
            block_hash=found.block_hash,
            gas_used=found.gas_used,
            gas_price=found.gas_price,
            native_delta=found.native_difference,
            balances=tuple((token, amount) for token, amount in found.tokens.items() if amount is not None),
            revert_reason="" if found.success else await _reason(endpoints, submission, found.block),
            quote_delta=_quote_delta(submission, found.logs),
            data_fee=found.data_fee,
            moved=self.context.moved(submission, found.logs) if submission.liquidity and found.success else None,
        )


def _tokens(submission: Submission) -> list[str]:
    """Whose balances the transaction may have changed, each once."""
    moved = () if submission.swap is None else (submission.swap.token_in, submission.swap.token_out)
    tokens = dict.fromkeys([*(token for token, _ in submission.held), *moved])
    return [token for token in tokens if token != NATIVE]


def _quote_delta(submission: Submission, logs: Sequence[Log]) -> int | None:
    """See `sniper.events.Settled`."""
    quote = submission.quote
    moves = [
        TRANSFER.decode(log.topics, log.data)
        for log in logs
        if log.address == quote and log.topics[:1] == (TRANSFER.topic,) and len(log.topics) == 3 and len(log.data) == 32
    ]
    if not moves:
        return None
    owner = submission.owner
    delta: int = sum((to == owner) * value - (from_ == owner) * value for from_, to, value in moves)
    return delta


async def _reason(endpoints: Endpoints, submission: Submission, block: int) -> str:
    """Why it reverted, for people: the same call on the state before its block, which may differ from what it met."""
    sent, _ = decode_signed(submission.raw)
    call: dict[str, Any] = {  # Any: JSON
        "from": submission.owner,
        "to": sent.to,
        "data": "0x" + sent.data.hex(),
        "value": hex(sent.value),
        "gas": hex(sent.gas),
    }
    try:
        (answer,) = await endpoints.batch([("eth_call", (call, hex(block - 1)))])
    except RpcError as error:
        return f"reverted; the reason could not be read: {error}"
    if not isinstance(answer, NodeError):
        return "reverted, though the same call on the block before does not: the state changed within the block"
    if isinstance(answer.data, str) and answer.data.startswith("0x") and len(answer.data) > 2:
        return revert_reason(bytes.fromhex(answer.data[2:]))
    return answer.text[:300]
