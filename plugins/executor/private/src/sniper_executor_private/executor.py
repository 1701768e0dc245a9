"""Signed bytes go to private relays: ``eth_sendPrivateTransaction``, as Flashbots documents it."""

from typing import ClassVar

from pydantic import Field

from sniper.executor import Mode, Outcome
from sniper_executor_private.relayed import Relayed, RelayedConfig, Waiting
from sniper_executor_private.relays import outcome_of


class PrivateConfig(RelayedConfig):
    max_blocks: int = Field(25, ge=1, description="Blocks for which a relay may keep it; then it is sent anew.")


class Private(Relayed):
    """See `Relayed`."""

    config: PrivateConfig
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.LIVE})

    async def relay(self, waiting: Waiting, *, first: bool) -> Outcome:
        """See `Relayed`."""
        submission = waiting.submission
        last = self.context.block(submission.chain_id) + self.config.max_blocks
        asked = {"tx": "0x" + submission.raw.hex(), "maxBlockNumber": hex(last), "preferences": {"fast": True}}
        said = await self.relays.ask("eth_sendPrivateTransaction", asked)
        waiting.told = last
        return outcome_of(said)

    def due(self, waiting: Waiting, block: int) -> bool:
        """See `Relayed`."""
        return block >= waiting.told

    async def withdraw(self, waiting: Waiting) -> None:
        """See `Relayed`."""
        await self.relays.ask("eth_cancelPrivateTransaction", {"txHash": waiting.submission.tx_hash})
