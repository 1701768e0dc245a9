"""Jurisdictions: of the account, and of the venue."""

from typing import Any, ClassVar

from pydantic import Field

from sniper.risk import Config, Entry, Roundtrip, View
from sniper_app_policy.base import CedarPolicy, PolicyConfig
from sniper_app_policy.law import Question
from sniper_risk_geo.jurisdiction import Jurisdiction, VenueJurisdiction


class VenueGeo(Config):
    """What is known of one venue."""

    jurisdiction: VenueJurisdiction = Field(
        description='of its operator: ISO 3166 code, or "none" where there is no operator', examples=["none"]
    )
    refuses: tuple[Jurisdiction, ...] = Field((), description="jurisdictions whose residents it does not serve")


class GeoConfig(PolicyConfig):
    schema_file: ClassVar[str] = "sniper_risk_geo:geo.cedarschema"
    shipped: ClassVar[str] = "sniper_risk_geo:geo.cedar"

    accounts: dict[str, Jurisdiction] = Field({}, description="where whoever owns an account lives, by account")
    venues: dict[str, VenueGeo] = Field({}, description="what is known of each venue, by its [venue.NAME] section")


class Geo(CedarPolicy):
    """Who is not named, lives nowhere known; the policies then deny."""

    exchanges = True
    config: GeoConfig

    def question(self, intent: Entry, view: View) -> Question:
        return self._question("enter", intent.account, intent.venue)

    def question_roundtrip(self, intent: Roundtrip, view: View) -> Question:
        return self._question("arbitrage", intent.account, intent.venue)

    def _question(self, action: str, account: str, name: str) -> Question:
        lives, venue = self.config.accounts.get(account), self.config.venues.get(name)
        account_is: dict[str, Any] = {} if lives is None else {"jurisdiction": lives, "country": lives[:2]}
        venue_is: dict[str, Any] = {}
        if venue is not None:
            venue_is = {"jurisdiction": venue.jurisdiction, "refuses": list(venue.refuses)}
        return Question(
            account=account,
            account_is=account_is,
            action=action,
            venue=name,
            venue_is=venue_is,
            context={},
            facts=(
                f"account {account}: jurisdiction {lives or 'unknown'}",
                f"venue {name}: jurisdiction {venue.jurisdiction if venue else 'unknown'}",
            ),
        )
