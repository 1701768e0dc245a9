"""How well an account is identified, against what its venue and its amounts demand.

Cedar counts in 64 bits, in which 10 ether in wei have no place: so amounts become the levels that they demand here,
exactly, and the policies compare levels.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from sniper.amounts import Amount
from sniper.risk import Config, Entry, Roundtrip, View
from sniper.types import DAY, NATIVE, asset_id
from sniper_app_policy.base import CedarPolicy, PolicyConfig
from sniper_app_policy.law import Question

NATIVE_QUOTE = "native"

Level = Annotated[int, Field(ge=0, le=1_000)]
_QUOTE = re.compile(r"native|[1-9][0-9]*:0x[0-9a-fA-F]{40}|[a-z0-9-]*[a-z][a-z0-9-]*:[A-Za-z0-9._-]+")


def _quote(text: str) -> str:
    if not _QUOTE.fullmatch(text):
        raise ValueError('is no asset; write "native", "1:0x…" for a token, or "binance:USDT" at an exchange')
    return text.lower() if ":0x" in text else text


Quote = Annotated[str, AfterValidator(_quote)]


class Threshold(Config):
    """An amount above which a level is demanded."""

    above: Amount = Field(description="amounts above this, base units or '1 ether'", examples=["1 ether"])
    level: Level = Field(description="least level of the account", examples=[1])
    quote: Quote = Field(
        NATIVE_QUOTE, description='what the amounts are of: "native", a token as "1:0x…", or "binance:USDT"'
    )


class KycConfig(PolicyConfig):
    schema_file: ClassVar[str] = "sniper_risk_kyc:kyc.cedarschema"
    shipped: ClassVar[str] = "sniper_risk_kyc:kyc.cedar"

    accounts: dict[str, Level] = Field({}, description="how well each account is identified, by account: 0, 1, 2, …")
    venues: dict[str, Level] = Field({}, description="least level at each venue, by its [venue.NAME] section")
    per_trade: tuple[Threshold, ...] = Field((), description="levels that the amount of one trade demands")
    per_day: tuple[Threshold, ...] = Field(
        (), description="levels that all entries of 24 hours demand together, the one that is judged included"
    )


class Kyc(CedarPolicy):
    """Who is not named is not identified; the policies then deny."""

    exchanges = True
    config: KycConfig

    def question(self, intent: Entry, view: View) -> Question:
        day = intent.amount + view.spent(last_ns=DAY, place=intent.place)
        return self._question("enter", intent, day)

    def question_roundtrip(self, intent: Roundtrip, view: View) -> Question:
        """What an arbitrage pays is back after its transaction, so it adds nothing to the day."""
        day = view.spent(last_ns=DAY, place=intent.place)
        return self._question("arbitrage", intent, day)

    def _question(self, action: str, intent: Entry | Roundtrip, day: int) -> Question:
        config, account, venue, amount = self.config, intent.account, intent.venue, intent.amount
        coin = NATIVE_QUOTE if intent.quote == asset_id(intent.chain_id, NATIVE) else intent.quote
        level, least = config.accounts.get(account), config.venues.get(venue)
        trade_level, day_level = _demanded(config.per_trade, coin, amount), _demanded(config.per_day, coin, day)
        every: set[str] = {each.quote for each in (*config.per_trade, *config.per_day)}
        account_is: dict[str, Any] = {} if level is None else {"level": level}
        venue_is: dict[str, Any] = {} if least is None else {"level": least}
        return Question(
            account=account,
            account_is=account_is,
            action=action,
            venue=venue,
            venue_is=venue_is,
            context={"tradeLevel": trade_level, "dayLevel": day_level, "counted": not every or coin in every},
            facts=(
                f"account {account}: level {'unknown' if level is None else level}",
                f"venue {venue}: demands level {'unknown' if least is None else least}",
                f"this trade of {amount} base units of {coin} demands level {trade_level}",
                f"{day} base units of {coin} that this account spends in 24 hours on chain {intent.chain_id} demand "
                f"level {day_level}; what other accounts spend is not in it",
            ),
        )


def _demanded(thresholds: Iterable[Threshold], coin: str, amount: int) -> int:
    return max((each.level for each in thresholds if each.quote == coin and amount > each.above), default=0)
