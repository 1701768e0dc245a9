"""Sells on what comes before a loss: liquidity leaves, the token's owner acts, its sale tax rises."""

from pydantic import Field, NonNegativeInt, field_validator

from sniper.events import LiquidityRemoved, SellSimulated, TokenActed
from sniper.exit import Config, Exit, ExitActions, Position, Sell, View, on
from sniper.types import BPS


class EventExitConfig(Config):
    max_removed_bps: int = Field(
        2000, ge=0, le=BPS, description="most of the liquidity that may leave after the entry, bps; 10000: all of it"
    )
    acts: tuple[str, ...] = Field(
        ("any",),
        description="names or first topics of the token's events that make it sell; or 'any'",
    )
    ignored_acts: tuple[str, ...] = Field(("OwnershipTransferred",), description="names or first topics that do not")
    max_tax_rise_bps: int = Field(
        500, ge=0, le=BPS, description="how far the sale tax may rise above that at the entry, bps; 10000: as it likes"
    )
    reverting_sales: NonNegativeInt = Field(
        1, description="simulated sales in a row that must revert to make it sell; 0: they never do"
    )
    urgent: bool = Field(True, description="pay the fee and take the slippage of an emergency")

    @field_validator("acts", "ignored_acts")
    @classmethod
    def _topics_in_lower_case(cls, acts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(act.lower() if act[:2].lower() == "0x" else act for act in acts)


class EventExit(Exit):
    """What happened once stays a reason until the position is sold; a tax is judged anew at each simulated sale.

    alarm      Why everything must go; empty: nothing happened.
    left_bps   What is left of the liquidity after all removals since the entry, bps; additions are not counted.
    tax_bps    Sale tax at the entry, or at the first simulated sale where it was not measured.
    reverting  Simulated sales in a row that reverted.
    """

    config: EventExitConfig
    alarm: str = ""
    left_bps: int = BPS
    tax_bps: int | None = None
    reverting: int = 0

    def opened(self, position: Position, view: View) -> ExitActions:
        token = view.token(position.token)
        self.tax_bps = token.sell_tax_bps if token else None
        yield from ()

    @on(LiquidityRemoved)
    def liquidity_left(self, event: LiquidityRemoved, position: Position, view: View) -> ExitActions:
        # Rounded down: removal in many small slices must not stay below the limit.
        self.left_bps = self.left_bps * (BPS - event.share_bps) // BPS
        if BPS - self.left_bps > self.config.max_removed_bps:
            yield self._raise_alarm(f"{BPS - self.left_bps} bps of the liquidity left")

    @on(TokenActed)
    def owner_acted(self, event: TokenActed, position: Position, view: View) -> ExitActions:
        config, marks = self.config, (event.name, event.topic)
        wanted = "any" in config.acts or any(mark in config.acts for mark in marks)
        if wanted and not any(mark in config.ignored_acts for mark in marks):
            yield self._raise_alarm(f"the token's contract logged {event.name or event.topic}")

    @on(SellSimulated)
    def sale_simulated(self, event: SellSimulated, position: Position, view: View) -> ExitActions:
        config = self.config
        if event.quoted <= 0:
            return  # the pool would give nothing for any token: this says nothing of this one
        self.reverting = self.reverting + 1 if event.reverted else 0
        if event.reverted:
            if 0 < config.reverting_sales <= self.reverting:
                yield Sell(reason=f"a sale would revert: {event.reverted}", urgent=config.urgent)
            return
        tax_bps = max(0, BPS - max(0, event.received) * BPS // event.quoted)
        if self.tax_bps is None:
            self.tax_bps = tax_bps
        if tax_bps - self.tax_bps > config.max_tax_rise_bps:
            reason = f"the sale tax rose from {self.tax_bps} to {tax_bps} bps"
            yield Sell(reason=reason, urgent=config.urgent)

    def valued(self, position: Position, value: int, view: View) -> Sell | None:
        return Sell(reason=self.alarm, urgent=self.config.urgent) if self.alarm else None

    def _raise_alarm(self, reason: str) -> Sell:
        self.alarm = self.alarm or reason
        return Sell(reason=self.alarm, urgent=self.config.urgent)
