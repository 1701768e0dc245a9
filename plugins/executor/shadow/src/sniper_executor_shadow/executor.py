"""Nothing leaves: every transaction ends here, with a reason that the journal keeps."""

from typing import ClassVar

from sniper.executor import Config, Executor, Mode, Outcome, Settlement, Submission


class ShadowConfig(Config):
    """Nothing to set."""


class Shadow(Executor):
    config: ShadowConfig
    modes: ClassVar[frozenset[Mode]] = frozenset({Mode.SHADOW})
    signs: ClassVar[bool] = False

    async def send(self, submission: Submission) -> Outcome:
        """Always ``not-sent``."""
        return Outcome(outcome="not-sent", message="shadow mode: not sent")

    async def settle(self, submission: Submission) -> Settlement | None:
        """Always None: what was never sent is in no block."""
        return None
