"""What takes the place of a plugin that may not run (revoked, changed on disk, or without the licence
that it needs), so that the run goes on.

Nothing is entered that the plugin would have had a say in, and whatever is held can be left: exits belong to the kernel
and to other plugins. An AMM has no stand-in: its pools are not known then, and positions in them are unguarded, so they
are sold by simulation alone (docs/architecture.md).
"""

from sniper.config import Config
from sniper.risk import Entry, Findings, RiskCheck, Roundtrip, View, must
from sniper.strategy import Strategy


class Refused(Config):
    """``why``: what the trader is told, the journal too."""

    why: str


class RefusedStrategy(Strategy):
    """Enters nothing and asks for nothing. The exits of its section go on."""

    opens = False

    config: Refused


class RefusedCheck(RiskCheck):
    """Denies every entry, and lets every reduction pass."""

    exchanges = True

    config: Refused

    def judge(self, intent: Entry, view: View) -> Findings:
        yield must("runs", intent.side == "reduce", note=self.config.why)

    def judge_roundtrip(self, intent: Roundtrip, view: View) -> Findings:
        yield must("runs", False, note=self.config.why)


STAND_INS: dict[str, type] = {"risk": RefusedCheck, "strategy": RefusedStrategy}
"""By kind."""
LEFT_OUT = frozenset({"amm", "router"})
"""Kinds that a run can do without. What is refused of any other kind stops the start: nothing could be sold with it."""
