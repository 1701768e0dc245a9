"""Each chain's transactions go through the executor that the config names for it."""

from collections.abc import Mapping
from typing import ClassVar

from sniper.executor import Config, Executor, ExecutorContext, Mode, Outcome, Settlement, Submission
from sniper.settings.resolved import Resolved


class ByChain(Executor):
    """All executors of a run as one. They all sign or none does: `sniper.settings.resolver` sees to it."""

    modes: ClassVar[frozenset[Mode]] = frozenset(Mode)

    def __init__(self, executors: Mapping[int, Executor], context: ExecutorContext) -> None:
        """``executors``: by chain id, one for every chain."""
        super().__init__(Config(), context)
        self._executors = executors
        # what a class says of itself, this one says of those that it was given
        self.signs = any(each.signs for each in executors.values())  # type: ignore[misc]

    async def send(self, submission: Submission) -> Outcome:
        """What the executor of its chain says."""
        return await self._executors[submission.chain_id].send(submission)

    async def settle(self, submission: Submission) -> Settlement | None:
        """What the executor of its chain says."""
        return await self._executors[submission.chain_id].settle(submission)

    async def close(self) -> None:
        """Let all of them go."""
        for executor in dict.fromkeys(self._executors.values()):
            await executor.close()


def executor_of(resolved: Resolved, context: ExecutorContext) -> Executor:
    """What the config names: one executor where all chains have the same. An executor is made once, and may serve
    several chains."""
    named = {chain.id: resolved.executor_of(name) for name, chain in resolved.chains.items()}
    made: dict[str, Executor] = {each.section: each.cls(each.config, context) for each in named.values()}
    if len(made) == 1:
        (only,) = made.values()
        return only
    return ByChain({chain_id: made[each.section] for chain_id, each in named.items()}, context)
