"""Caps on what an account may spend, hold and lose."""

from collections.abc import Iterator

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.amounts import Amount
from sniper.risk import Config, Entry, Finding, Findings, RiskCheck, Roundtrip, View, at_least, at_most, must
from sniper.types import DAY, SECOND


class LimitsConfig(Config):
    """Amounts are those of the quote asset on each chain: base units, or text such as ``"0.05 ether"``."""

    max_spend_per_trade: Amount = Field(description="most that one entry or arbitrage may pay", examples=["0.02 ether"])
    max_spend_per_day: Amount = Field(
        description="most that all entries of the last 24 hours may pay together", examples=["0.2 ether"]
    )
    max_spend_per_token: Amount | None = Field(None, description="most that what is held of one token may have cost")
    max_positions: PositiveInt = Field(5, description="most positions at the same time, those being opened included")
    max_daily_loss: Amount | None = Field(None, description="largest loss of the positions closed in the last 24 hours")
    max_drawdown: Amount | None = Field(None, description="farthest that equity may stand below its highest value")
    cooldown_s: NonNegativeInt = Field(0, description="seconds between two entries of any token")
    token_cooldown_s: NonNegativeInt = Field(0, description="seconds between two entries of the same token")
    add_to_position: bool = Field(False, description="whether a token that is held may be bought again")


class Limits(RiskCheck):
    """The view counts what is reserved, so a limit holds however many intents are under way."""

    config: LimitsConfig

    def judge(self, intent: Entry, view: View) -> Findings:
        if intent.side == "reduce":
            yield must("reduces", True, note="limits hold for entries")
            return
        limits, held = self.config, view.positions.get(intent.token)
        count = sum(1 for position in view.positions.values() if position.state != "written-off")
        yield must("new-token", limits.add_to_position or held is None, note=intent.token)
        yield at_most("positions", count + (held is None), limits.max_positions)
        yield at_most("trade-spend", intent.amount, limits.max_spend_per_trade, unit="base units")
        if limits.max_spend_per_token is not None:
            cost = intent.amount + (held.cost if held else 0)
            yield at_most("token-spend", cost, limits.max_spend_per_token, unit="base units")
        spent = intent.amount + view.spent(last_ns=DAY, chain_id=intent.chain_id)
        yield at_most("daily-spend", spent, limits.max_spend_per_day, unit="base units")
        yield from self._losses(intent.chain_id, view)
        yield from _cooldown("cooldown", view.last_entry(), limits.cooldown_s, view.now)
        yield from _cooldown("token-cooldown", view.last_entry(intent.token), limits.token_cooldown_s, view.now)

    def judge_roundtrip(self, intent: Roundtrip, view: View) -> Findings:
        """What one arbitrage may pay, and what may have been lost before it. Its money is back after its transaction,
        or never left, so it is no spending of the day; gas is lost where it fails, and counts as a loss."""
        yield at_most("trade-spend", intent.amount, self.config.max_spend_per_trade, unit="base units")
        yield from self._losses(intent.chain_id, view)

    def _losses(self, chain_id: int, view: View) -> Findings:
        limits = self.config
        if limits.max_daily_loss is not None:
            lost = max(0, -view.realised(last_ns=DAY, chain_id=chain_id))
            yield at_most("daily-loss", lost, limits.max_daily_loss, unit="base units")
        if limits.max_drawdown is not None:
            yield at_most("drawdown", view.drawdown(chain_id), limits.max_drawdown, unit="base units")


def _cooldown(rule: str, last: int | None, seconds: int, now: int) -> Iterator[Finding]:
    if not seconds:
        return
    if last is None:
        yield must(rule, True, note="no entry so far")
        return
    gone = (now - last) // SECOND
    # Rounded up: asked again exactly then, it passes.
    left = -((now - last - seconds * SECOND) // SECOND)
    yield at_least(rule, gone, seconds, unit="s", retry_after_s=max(1, left))
