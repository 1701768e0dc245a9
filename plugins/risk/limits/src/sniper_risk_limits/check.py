"""Caps on what an account may spend, hold and lose."""

from collections.abc import Iterator

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.amounts import Amount
from sniper.risk import Config, Entry, Finding, Findings, RiskCheck, Roundtrip, View, at_least, at_most, must
from sniper.types import DAY, SECOND

WEEK = 7 * DAY
MONTH = 30 * DAY


class LimitsConfig(Config):
    """Amounts are those of the quote asset on each chain: base units, or text such as ``"0.05 ether"``."""

    max_spend_per_trade: Amount = Field(description="most that one entry or arbitrage may pay", examples=["0.02 ether"])
    max_spend_per_day: Amount = Field(
        description="most that all entries of the last 24 hours may pay together", examples=["0.2 ether"]
    )
    max_spend_per_token: Amount | None = Field(None, description="most that what is held of one token may have cost")
    max_exposure: Amount | None = Field(
        None, description="most that everything that is held or being bought may have cost"
    )
    max_exposure_per_venue: Amount | None = Field(None, description="the same of what is bought at one venue")
    max_exposure_per_strategy: Amount | None = Field(None, description="the same of what one strategy instance buys")
    max_positions: PositiveInt = Field(5, description="most positions at the same time, those being opened included")
    max_daily_loss: Amount | None = Field(None, description="largest loss of the positions closed in the last 24 hours")
    max_weekly_loss: Amount | None = Field(None, description="the same of the last 7 days")
    max_monthly_loss: Amount | None = Field(None, description="the same of the last 30 days")
    max_drawdown: Amount | None = Field(None, description="farthest that equity may stand below its highest value")
    max_daily_drawdown: Amount | None = Field(
        None, description="farthest that equity may stand below its highest value of the last 24 hours"
    )
    max_weekly_drawdown: Amount | None = Field(None, description="the same of the last 7 days")
    max_monthly_drawdown: Amount | None = Field(None, description="the same of the last 30 days")
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
            cost = intent.amount + view.exposure(intent.chain_id, token=intent.token)
            yield at_most("token-spend", cost, limits.max_spend_per_token, unit="base units")
        yield from self._exposures(intent, view)
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

    def _exposures(self, intent: Entry, view: View) -> Findings:
        limits, chain_id = self.config, intent.chain_id
        if limits.max_exposure is not None:
            found = intent.amount + view.exposure(chain_id)
            yield at_most("exposure", found, limits.max_exposure, unit="base units")
        if limits.max_exposure_per_venue is not None:
            found = intent.amount + view.exposure(chain_id, venue=intent.venue)
            yield at_most("venue-exposure", found, limits.max_exposure_per_venue, unit="base units", note=intent.venue)
        if limits.max_exposure_per_strategy is not None:
            found = intent.amount + view.exposure(chain_id, instance=intent.instance)
            limit = limits.max_exposure_per_strategy
            yield at_most("strategy-exposure", found, limit, unit="base units", note=intent.instance)

    def _losses(self, chain_id: int, view: View) -> Findings:
        limits = self.config
        for name, last, limit in (
            ("daily-loss", DAY, limits.max_daily_loss),
            ("weekly-loss", WEEK, limits.max_weekly_loss),
            ("monthly-loss", MONTH, limits.max_monthly_loss),
        ):
            if limit is not None:
                lost = max(0, -view.realised(last_ns=last, chain_id=chain_id))
                yield at_most(name, lost, limit, unit="base units")
        for name, window, limit in (
            ("drawdown", None, limits.max_drawdown),
            ("daily-drawdown", DAY, limits.max_daily_drawdown),
            ("weekly-drawdown", WEEK, limits.max_weekly_drawdown),
            ("monthly-drawdown", MONTH, limits.max_monthly_drawdown),
        ):
            if limit is not None:
                yield at_most(name, view.drawdown(chain_id, last_ns=window), limit, unit="base units")


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
