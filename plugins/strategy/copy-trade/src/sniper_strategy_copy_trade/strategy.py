"""Buys what wallets that you follow buy, within caps, and sells when they sell."""

from typing import Annotated, Final

from pydantic import Field, NonNegativeInt, PositiveInt, StringConstraints

from sniper.amounts import PositiveAmount
from sniper.events import Signal
from sniper.strategy import Actions, Close, Config, Open, Strategy, View, on
from sniper.types import BPS, DAY, SECOND, place_of

Source = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Asset = Annotated[str, StringConstraints(pattern=r"^[^:\s]+:\S+$")]
KEPT: Final = 1_000
"""Purchases that are remembered, for the count of a day."""


class CopyTradeConfig(Config):
    """Amounts are those of what the account pays with: base units, or text such as ``"0.05 ether"``."""

    follow: tuple[Source, ...] = Field(
        min_length=1,
        description="sources of signals whose trades are copied, as the feed names them",
        examples=[["wallet-watch.whale"]],
    )
    kinds: tuple[Source, ...] = Field(("swap",), min_length=1, description="kinds of signals that are trades")
    max_spend: PositiveAmount = Field(description="most that one copy pays", examples=["0.05 ether"])
    max_per_asset: PositiveAmount | None = Field(
        None, description="most that may be at stake in one asset; as much as max_spend, where left out"
    )
    max_at_stake: PositiveAmount | None = Field(
        None, description="most that may be at stake in all positions there; without a cap, where left out"
    )
    max_per_day: PositiveInt = Field(20, le=KEPT, description="most copies within 24 hours")
    max_age_s: PositiveInt = Field(60, description="seconds after the trade in which it is copied")
    min_score_bps: NonNegativeInt = Field(0, le=BPS, description="least score of a signal that opens, bps")
    sells: bool = Field(True, description="whether a sale of one that is followed closes what was bought")
    share_bps: int = Field(BPS, ge=1, le=BPS, description="the part of what is held that such a sale closes, bps")
    places: tuple[Source, ...] = Field(
        (), description="ids of chains and names of exchanges whose assets are copied; any, where left out"
    )
    denied_assets: tuple[Asset, ...] = Field((), description="asset ids that are not bought")


class CopyTrade(Strategy):
    """``bought``: when copies were wanted within the last day, ns UTC, the oldest first."""

    config: CopyTradeConfig
    bought: list[int] = []

    @on(Signal)
    def told(self, event: Signal, view: View) -> Actions:
        config = self.config
        who = [source for source in event.sources if source in config.follow]
        if not who or event.kind not in config.kinds:
            return
        for asset in event.assets:
            if event.direction > 0 and self._wanted(asset, event, view):
                self.bought.append(view.now)
                yield Open(token=asset, reason=f"{', '.join(who)} bought it", max_spend=self._room(asset, view))
            elif event.direction < 0 and config.sells:
                held = view.positions.get(asset)
                if held is not None and held.amount > 0:
                    yield Close(token=asset, reason=f"{', '.join(who)} sold it", share_bps=config.share_bps)

    def _wanted(self, asset: str, event: Signal, view: View) -> bool:
        config = self.config
        self.bought = [at for at in self.bought if at > view.now - DAY]
        fresh = view.now - event.at <= config.max_age_s * SECOND and event.score >= config.min_score_bps
        place = place_of(asset)
        allowed = asset not in config.denied_assets and asset != view.quote_asset(place)
        here = not config.places or place in config.places
        return fresh and here and allowed and len(self.bought) < config.max_per_day and self._room(asset, view) > 0

    def _room(self, asset: str, view: View) -> int:
        """What one more copy may pay under all caps."""
        config, place = self.config, place_of(asset)
        per_asset = config.max_spend if config.max_per_asset is None else config.max_per_asset
        room = min(config.max_spend, per_asset - view.exposure(place, token=asset))
        if config.max_at_stake is not None:
            room = min(room, config.max_at_stake - view.exposure(place))
        return room
