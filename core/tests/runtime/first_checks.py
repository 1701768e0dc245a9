"""The checks of the kept journals as they were before a finding could say which block or event to wait for."""

from collections.abc import Iterator

from msgspec.structs import replace

from sniper.risk import Entry, Finding, Findings, View
from sniper_risk_limits.check import Limits
from sniper_risk_liquidity.check import Liquidity


def _seconds_only(findings: Findings) -> Iterator[Finding]:
    for finding in findings:
        yield replace(finding, retry=None)


class FirstLiquidity(Liquidity):
    def judge(self, intent: Entry, view: View) -> Findings:
        return _seconds_only(super().judge(intent, view))


class FirstLimits(Limits):
    def judge(self, intent: Entry, view: View) -> Findings:
        return _seconds_only(super().judge(intent, view))
