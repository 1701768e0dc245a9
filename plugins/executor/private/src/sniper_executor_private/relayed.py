"""What executors that go through relays have in common: what is on its way, what must not wait there, and what follows
when no block has it.

Bytes are never changed and nonces never chosen here. What is remembered is for this process; after a restart the kernel
sends everything again that may be on its way, and counting begins anew.
"""

import asyncio
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import structlog
from pydantic import Field, SecretStr, field_validator

from sniper.executor import ExecutorContext, Outcome, Settlement, Submission
from sniper_executor_mempool.executor import Mempool, MempoolConfig
from sniper_executor_private.relays import Relays
from sniper_executor_private.reputation import reputation_key

_log = structlog.get_logger(__name__)
_TAKEN: Final = ("accepted", "known", "nonce-too-low")
_REDUCES: Final = ("exit", "cancel")


class RelayedConfig(MempoolConfig):
    endpoints: tuple[SecretStr, ...] = Field(
        min_length=1, description="URLs of relays of this chain; everything goes to all of them. ${NAME} is replaced."
    )
    key_file: Path | None = Field(
        None,
        description="File with the key that signs requests to relays, 64 hex digits; never one that holds money. "
        "Without it each start makes a new one, which no relay knows.",
    )
    urgent: Literal["public", "private"] = Field(
        "public", description="How urgent sales and cancellations leave, with all that waits before them."
    )
    fallback: Literal["public", "never"] = Field(
        "public",
        description='What happens to a transaction that relays do not bring into a block: "public" sends the same '
        'bytes to the public pool; "never" lets entries wait for their cancellation. What sells goes public anyway.',
    )
    fallback_blocks: int = Field(5, ge=1, description="Blocks after which that happens.")
    timeout_s: float = Field(2.0, gt=0, description="Seconds within which a relay must answer.")

    @field_validator("endpoints")
    @classmethod
    def _asked_over_http(cls, urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, url in enumerate(urls, 1):
            if not url.get_secret_value().startswith(("http://", "https://")):
                raise ValueError(
                    f"number {number} does not begin with https:// or http://, over which relays are asked"
                )
        return urls


@dataclass
class Waiting:
    """The best bid of one nonce, until a block has it.

    since   Block that was the newest when its nonce was first sent. ``public``: whether the public pool has it.
    told    Last block for which relays were told of it; 0: they were not, or were asked to forget it.
    refused  Whether it is held back because it would revert; what sells goes public all the same.
    """

    submission: Submission
    since: int
    public: bool = False
    told: int = 0
    refused: bool = False


class Relayed(Mempool):
    """Sends to relays first. What settles is read from the chain, as for the public pool."""

    config: RelayedConfig

    def __init__(self, config: RelayedConfig, context: ExecutorContext) -> None:
        """Raises `ConfigError`."""
        super().__init__(config, context)
        urls = [url.get_secret_value() for url in config.endpoints]
        self.relays = Relays(urls, reputation_key(config.key_file), config.timeout_s)
        self._waiting: dict[tuple[int, str, int], Waiting] = {}

    @abstractmethod
    async def relay(self, waiting: Waiting, *, first: bool) -> Outcome:
        """Give it to the relays and set ``told``. ``first``: whether these bytes were not given to them before.

        Raises `RpcError` where nobody knows.
        """

    @abstractmethod
    def due(self, waiting: Waiting, block: int) -> bool:
        """Whether relays must be told again, ``block`` being the newest."""

    @abstractmethod
    async def withdraw(self, waiting: Waiting) -> None:
        """Ask the relays to forget it. They may, and they may not: only a used nonce is certain."""

    async def send(self, submission: Submission) -> Outcome:
        """To the relays, or publicly where it must not wait. Raises `RpcError` when nobody knows."""
        if submission.owner.lower() == self.relays.address:
            return Outcome(outcome="not-sent", message="key_file holds this wallet's key; use another one")
        place = _place(submission)
        known = self._waiting.get(place)
        first = known is None or known.submission.tx_hash != submission.tx_hash
        if known is not None and first and submission.max_fee <= known.submission.max_fee:
            return Outcome(outcome="underpriced", message="a higher bid with this nonce is on its way")
        plan = [(_place(each), self._await(each)) for each in submission.before]
        if known is not None and not first:
            known.submission, waiting = submission, known  # what goes with it may be another bid by now
        else:
            waiting, _ = self._await(submission)
        if known is not None and known.told and first and submission.purpose == "cancel":
            # at the same time: a relay that does not answer holds no cancellation back
            _, outcome = await asyncio.gather(self.withdraw(known), self._leave(waiting, known, first=first))
        else:
            outcome = await self._leave(waiting, known, first=first)
        if outcome.outcome == "not-sent":  # the kernel may give its nonce to another transaction
            self._forget(place, known)
            for each, (_, instead) in plan:
                self._forget(each, instead)
        return outcome

    async def settle(self, submission: Submission) -> Settlement | None:
        """As `Mempool.settle`. While no block has it, the relays are told again, or the public pool is."""
        found = await super().settle(submission)
        if found is not None:
            self._used(submission)
            return found
        waiting = self._waiting.get(_place(submission))
        if waiting is None or waiting.submission.tx_hash != submission.tx_hash or waiting.public:
            return None
        if not self._led(waiting):
            await self._go_on(waiting)
        return None

    async def close(self) -> None:
        """End the connections to the relays."""
        await self.relays.close()

    def before(self, submission: Submission) -> list[Waiting]:
        """What waits of the same sender with lower nonces, the lowest first."""
        chain_id, owner, nonce = _place(submission)
        lower = [place for place in self._waiting if place[:2] == (chain_id, owner) and place[2] < nonce]
        return [self._waiting[place] for place in sorted(lower)]

    def _await(self, submission: Submission) -> tuple[Waiting, Waiting | None]:
        """Note that it is on its way, and what was with its nonce before; a lower bid than that is not noted."""
        place = _place(submission)
        known = self._waiting.get(place)
        if known is not None and submission.max_fee <= known.submission.max_fee:
            return known, known
        since = known.since if known else self.context.block(submission.chain_id)
        self._waiting[place] = Waiting(submission, since)
        return self._waiting[place], known

    def _led(self, waiting: Waiting) -> bool:
        """Whether it goes with the last one of its plan, and not by itself."""
        tx_hash = waiting.submission.tx_hash
        return any(each.tx_hash == tx_hash for other in self._waiting.values() for each in other.submission.before)

    async def _leave(self, waiting: Waiting, known: Waiting | None, *, first: bool) -> Outcome:
        """``known``: the bid before; where the public pool has that one, it gets this one, too."""
        if (known is not None and known.public) or self._must_not_wait(waiting.submission):
            return await self._publish(waiting)
        return await self.relay(waiting, first=first)

    async def _go_on(self, waiting: Waiting) -> None:
        submission = waiting.submission
        block = self.context.block(submission.chain_id)
        if self.context.withheld(submission):
            if waiting.told:
                await self.withdraw(waiting)
                waiting.told = 0
        elif block - waiting.since >= self.config.fallback_blocks and self._may_fall_back(waiting):
            _log.warning("no relay brought it into a block: it goes public", attempt=submission.attempt)
            await self._publish(waiting)
        elif not waiting.refused and self.due(waiting, block):
            await self.relay(waiting, first=False)

    def _must_not_wait(self, submission: Submission) -> bool:
        return self.config.urgent == "public" and (submission.urgent or submission.purpose == "cancel")

    def _may_fall_back(self, waiting: Waiting) -> bool:
        allowed = self.config.fallback == "public" and not waiting.refused
        return allowed or waiting.submission.purpose in _REDUCES

    async def _publish(self, waiting: Waiting) -> Outcome:
        """The same bytes to the public pool, and before them what waits with lower nonces: they could not be in a block
        without it, so it goes even where it would be withheld by now; it was let through when it was sent."""
        for each in (*self.before(waiting.submission), waiting):
            if each is not waiting and each.public:
                continue
            outcome = await super().send(each.submission)
            each.public = outcome.outcome in _TAKEN
            if not each.public:
                _log.warning("the public pool refused it", attempt=each.submission.attempt, said=outcome.message)
        return outcome

    def _forget(self, place: tuple[int, str, int], instead: Waiting | None) -> None:
        if instead is None:
            self._waiting.pop(place, None)
        else:
            self._waiting[place] = instead

    def _used(self, submission: Submission) -> None:
        """Its nonce and all lower ones are used."""
        chain_id, owner, nonce = _place(submission)
        for place in [each for each in self._waiting if each[:2] == (chain_id, owner) and each[2] <= nonce]:
            del self._waiting[place]


def _place(submission: Submission) -> tuple[int, str, int]:
    """What only one transaction can have: a sender's nonce on a chain."""
    return submission.chain_id, submission.owner, submission.nonce
