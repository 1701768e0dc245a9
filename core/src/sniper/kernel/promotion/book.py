"""What an account remembers of the stage of a strategy instance."""

from typing import Final

from sniper.finding import Finding
from sniper.plugin import State

KEPT_ORDERS: Final = 20
"""The newest orders of an instance among which errors are counted."""


class Stage(State):
    """Where an instance stands on its ladder.

    stage        Its name; ``share_bps``: how much of what it wants is traded, 0: nothing is entered.
    since        ns UTC. ``reason``: why it stands there.
    counts_from  ns UTC, from when on what it shows elsewhere counts: when it was last taken back; 0: it never was.
    base         By place: what it had earned when the stage began, quote asset, base units.
    recent       Whether its newest orders of this stage ended with an error, oldest first.
    proposed     The next stage, once all its gates were passed; empty before. ``evidence``: what was measured then.
    """

    stage: str
    share_bps: int
    since: int
    reason: str = ""
    counts_from: int = 0
    base: dict[str, int] = {}
    recent: list[bool] = []
    proposed: str = ""
    evidence: tuple[Finding, ...] = ()
