"""Which accounts may use which venues, and what they may trade there."""

import re
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field

from sniper.risk import Config, Entry, Roundtrip, View
from sniper.types import asset_id
from sniper_app_policy.base import CedarPolicy, PolicyConfig
from sniper_app_policy.law import Question

SPOT: Final = "spot"
UNKNOWN: Final = "unknown"
"""The AMM of a pool that the view does not know, and the kind of an instrument that is not listed."""
ORDER_BOOK: Final = "order-book"
"""What stands for the AMM of an instrument."""

_ON_CHAIN = re.compile(r"[1-9][0-9]*:0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})")
_AT_EXCHANGE = re.compile(r"[a-z0-9-]*[a-z][a-z0-9-]*:\S+")


def _id(text: str) -> str:
    if _ON_CHAIN.fullmatch(text.lower()):
        return text.lower()
    if not _AT_EXCHANGE.fullmatch(text):
        raise ValueError('is no id; write "1:0x…" on a chain, "binance:BTC" or "binance:BTC/USDT" at an exchange')
    return text


Asset = Annotated[str, AfterValidator(_id)]


class Access(Config):
    """What one account may use."""

    venues: tuple[str, ...] = Field(description="[venue.NAME] sections", examples=[["uniswap"]])
    amms: tuple[str, ...] | None = Field(None, description="[amm.NAME] sections of the pools; any, where left out")
    tokens: tuple[Asset, ...] | None = Field(
        None, description='tokens, as "1:0x…" or "binance:BTC"; any, where left out'
    )
    pools: tuple[Asset, ...] | None = Field(
        None, description='pools, as "1:0x…", and instruments, as "binance:BTC/USDT"; any, where left out'
    )
    refused_tokens: tuple[Asset, ...] = Field((), description="tokens that it may not trade in any case")
    instruments: tuple[str, ...] = Field(
        (SPOT,), description='kinds of instruments: "spot", "perpetual", "future"; what is traded on chains is "spot"'
    )
    max_leverage: Annotated[int, Field(ge=1, le=1_000)] = Field(1, description="most leverage; that of spot is 1")


class VenueConfig(PolicyConfig):
    schema_file: ClassVar[str] = "sniper_risk_venue:venue.cedarschema"
    shipped: ClassVar[str] = "sniper_risk_venue:venue.cedar"

    accounts: dict[str, Access] = Field({}, description="what each account may use, by account; others: nothing")


class Venue(CedarPolicy):
    """What an account may use is its attributes, what it wants to use is the context."""

    exchanges = True
    config: VenueConfig

    def question(self, intent: Entry, view: View) -> Question:
        if not intent.place.isdecimal():
            ticker = view.ticker(intent.pool)
            kind = UNKNOWN if ticker is None else ticker.instrument.kind
            return self._question(
                "enter",
                intent.account,
                intent.venue,
                {intent.token},
                {intent.pool},
                {ORDER_BOOK},
                kind=kind,
                leverage=view.leverage(intent.pool),
            )
        pool = view.pool(intent.pool)
        amms = {pool.amm if pool is not None else UNKNOWN}
        return self._question("enter", intent.account, intent.venue, {intent.token}, {intent.pool}, amms)

    def question_roundtrip(self, intent: Roundtrip, view: View) -> Question:
        pools = {asset_id(intent.chain_id, leg.pool) for leg in intent.legs}
        tokens = {asset_id(intent.chain_id, leg.token_out) for leg in intent.legs} - {intent.quote}
        known = (view.pool(pool) for pool in sorted(pools))
        amms = {pool.amm if pool is not None else UNKNOWN for pool in known}
        return self._question("arbitrage", intent.account, intent.venue, tokens, pools, amms)

    def _question(
        self,
        action: str,
        account: str,
        venue: str,
        tokens: set[str],
        pools: set[str],
        amms: set[str],
        *,
        kind: str = SPOT,
        leverage: int = 1,
    ) -> Question:
        access = self.config.accounts.get(account)
        wanted: dict[str, Any] = {"tokens": sorted(tokens), "pools": sorted(pools), "amms": sorted(amms)}
        return Question(
            account=account,
            account_is={} if access is None else _attributes(access),
            action=action,
            venue=venue,
            venue_is={},
            context={**wanted, "instrument": kind, "leverage": leverage},
            facts=(
                f"account {account}: {'may use ' + ', '.join(access.venues) if access else 'is not listed'}",
                f"venue {venue}, {kind}, leverage {leverage}",
                *(f"{kind}: {', '.join(values)}" for kind, values in wanted.items()),
            ),
        )


def _attributes(access: Access) -> dict[str, Any]:  # Any: JSON
    limited = {"amms": access.amms, "tokens": access.tokens, "pools": access.pools}
    return {
        "venues": [{"__entity": {"type": "Venue", "id": name}} for name in access.venues],
        **{name: list(values) for name, values in limited.items() if values is not None},
        "refusedTokens": list(access.refused_tokens),
        "instruments": list(access.instruments),
        "maxLeverage": access.max_leverage,
    }
