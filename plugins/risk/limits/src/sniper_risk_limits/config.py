"""What is capped, and what happens where a cap on losses is passed."""

from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, PrivateAttr, model_validator

from sniper.amounts import Amount
from sniper.risk import Config
from sniper_risk_limits.losses import Cap, Window

LossRule = Literal[
    "drawdown",
    "daily-drawdown",
    "weekly-drawdown",
    "monthly-drawdown",
    "daily-loss",
    "weekly-loss",
    "monthly-loss",
    "token-daily-loss",
    "token-weekly-loss",
    "token-monthly-loss",
    "venue-daily-loss",
    "venue-weekly-loss",
    "venue-monthly-loss",
    "strategy-daily-loss",
    "strategy-weekly-loss",
    "strategy-monthly-loss",
]


class LimitsConfig(Config):
    """Amounts are those of the quote asset at each place: base units, or text such as ``"0.05 ether"``, on a chain, and
    ``"500 coins"`` at an exchange."""

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
    max_daily_loss: Amount | None = Field(
        None,
        description="most that may be lost: by what was closed in the last 24 hours, and by what is open if it were "
        "sold now",
    )
    max_weekly_loss: Amount | None = Field(None, description="the same of the last 7 days")
    max_monthly_loss: Amount | None = Field(None, description="the same of the last 30 days")
    max_daily_loss_per_token: Amount | None = Field(None, description="`max_daily_loss` of one token")
    max_weekly_loss_per_token: Amount | None = Field(None, description="the same of the last 7 days")
    max_monthly_loss_per_token: Amount | None = Field(None, description="the same of the last 30 days")
    max_daily_loss_per_venue: Amount | None = Field(None, description="`max_daily_loss` of what one venue bought")
    max_weekly_loss_per_venue: Amount | None = Field(None, description="the same of the last 7 days")
    max_monthly_loss_per_venue: Amount | None = Field(None, description="the same of the last 30 days")
    max_daily_loss_per_strategy: Amount | None = Field(
        None, description="`max_daily_loss` of what one strategy instance bought"
    )
    max_weekly_loss_per_strategy: Amount | None = Field(None, description="the same of the last 7 days")
    max_monthly_loss_per_strategy: Amount | None = Field(None, description="the same of the last 30 days")
    max_drawdown: Amount | None = Field(None, description="farthest that equity may stand below its highest value")
    max_daily_drawdown: Amount | None = Field(
        None, description="farthest that equity may stand below its highest value of the last 24 hours"
    )
    max_weekly_drawdown: Amount | None = Field(None, description="the same of the last 7 days")
    max_monthly_drawdown: Amount | None = Field(None, description="the same of the last 30 days")
    trips: tuple[LossRule, ...] = Field(
        ("drawdown", "monthly-drawdown", "monthly-loss"),
        description="caps on losses and drawdowns that pull the kill switch where they are passed; the others deny "
        "entries until they hold again",
    )
    trip_level: Literal["no-entries", "flatten", "freeze"] = Field(
        "no-entries", description="where the kill switch is pulled to"
    )
    cooldown_s: NonNegativeInt = Field(0, description="seconds between two entries of any token")
    token_cooldown_s: NonNegativeInt = Field(0, description="seconds between two entries of the same token")
    add_to_position: bool = Field(False, description="whether a token that is held may be bought again")
    at: dict[str, dict[str, Any]] = Field(
        {},
        description="keys that differ at one exchange, by [venue.NAME], or on one chain, by its id: amounts there are "
        'of what the account counts in there, such as "500 coins" for 500 USDT',
        examples=[{"binance": {"max_spend_per_trade": "500 coins"}}],
    )
    _places: dict[str, "LimitsConfig"] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _differs(self) -> Self:
        own = {name: getattr(self, name) for name in self.model_fields_set - {"at"}}
        for place, keys in self.at.items():
            if "at" in keys:
                raise ValueError(f"at.{place} names places again; write the keys that differ at {place}")
            self._places[place] = LimitsConfig.model_validate({**own, **keys})
        return self

    def of(self, place: str) -> "LimitsConfig":
        """What holds at a place."""
        return self._places.get(place, self)

    @model_validator(mode="after")
    def _trips_have_limits(self) -> Self:
        """A breaker that waits for a cap that is not set would never trip, and nobody would know."""
        if "trips" in self.model_fields_set:
            caps = {cap.rule: cap for cap in self._all()}
            for rule in self.trips:
                if caps[rule].limit is None:
                    raise ValueError(f"trips at {rule}, but {caps[rule].key} is not set")
        return self

    @cached_property
    def caps(self) -> tuple[Cap, ...]:
        """The caps on losses and drawdowns that are set."""
        return tuple(cap for cap in self._all() if cap.limit is not None)

    @cached_property
    def breakers(self) -> tuple[Cap, ...]:
        """Those that trip."""
        return tuple(cap for cap in self.caps if cap.rule in self.trips)

    def _all(self) -> tuple[Cap, ...]:
        day, week, month = Window.DAY, Window.WEEK, Window.MONTH
        losses = (
            (day, "", self.max_daily_loss),
            (week, "", self.max_weekly_loss),
            (month, "", self.max_monthly_loss),
            (day, "token", self.max_daily_loss_per_token),
            (week, "token", self.max_weekly_loss_per_token),
            (month, "token", self.max_monthly_loss_per_token),
            (day, "venue", self.max_daily_loss_per_venue),
            (week, "venue", self.max_weekly_loss_per_venue),
            (month, "venue", self.max_monthly_loss_per_venue),
            (day, "strategy", self.max_daily_loss_per_strategy),
            (week, "strategy", self.max_weekly_loss_per_strategy),
            (month, "strategy", self.max_monthly_loss_per_strategy),
        )
        drawdowns = (
            (None, self.max_drawdown),
            (day, self.max_daily_drawdown),
            (week, self.max_weekly_drawdown),
            (month, self.max_monthly_drawdown),
        )
        return (
            *(Cap("loss", window, scope, limit) for window, scope, limit in losses),
            *(Cap("drawdown", window, "", limit) for window, limit in drawdowns),
        )
