"""Addresses that a trade has to do with, against lists of addresses with which nobody may trade."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt, StringConstraints

from sniper.risk import Entry, Findings, Roundtrip, View
from sniper.types import DAY, SECOND, asset_id, split_asset
from sniper_app_policy.base import CedarPolicy, PolicyConfig
from sniper_app_policy.files import AddressList
from sniper_app_policy.law import Question

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]
Party = tuple[str, str]
"""What it is to the trade, and its address."""


class SanctionsConfig(PolicyConfig):
    schema_file: ClassVar[str] = "sniper_risk_sanctions:sanctions.cedarschema"
    shipped: ClassVar[str] = "sniper_risk_sanctions:sanctions.cedar"

    lists: tuple[AddressList, ...] = Field(
        (), description="files of addresses: their paths, or tables of path, date, source, sha256; none denies all"
    )
    max_age_days: PositiveInt = Field(7, description="days after its date when a list is too old to rely on")
    wallets: dict[str, tuple[Address, ...]] = Field(
        {}, description="by account: its own address, and those that its money goes to"
    )
    require_deployer: bool = Field(
        True, description="whether a token is denied while its deployer is not known; it may be known a second later"
    )
    block_reductions: bool = Field(
        False, description="whether a listed address forbids a sale, too: what is held then stays; else it warns"
    )


class Sanctions(CedarPolicy):
    """Everything that the trade is known to have to do with is looked up in every list. An order at an exchange has to
    do with no address but the account's own: whom it meets there, the exchange has to know."""

    exchanges = True
    config: SanctionsConfig

    def judge(self, intent: Entry, view: View) -> Findings:
        if intent.side != "reduce":
            yield from self.decided(self.question(intent, view))
            return
        question = self._question("reduce", intent.account, intent.venue, self._entry(intent, view), view)
        yield from self.decided(question, forbidden="deny" if self.config.block_reductions else "warn")

    def question(self, intent: Entry, view: View) -> Question:
        return self._question("enter", intent.account, intent.venue, self._entry(intent, view), view)

    def question_roundtrip(self, intent: Roundtrip, view: View) -> Question:
        parties = [*self._own(intent.account)]
        for leg in intent.legs:
            token = asset_id(intent.chain_id, leg.token_out)
            parties += [("pool", leg.pool), ("coin", leg.token_out), *_deployer(token, view)]
        return self._question("arbitrage", intent.account, intent.venue, parties, view)

    def _entry(self, intent: Entry, view: View) -> list[Party]:
        if not intent.place.isdecimal():
            return [*self._own(intent.account)]
        token, quote = split_asset(intent.token)[1], split_asset(intent.quote)[1]
        pool = view.pool(intent.pool)
        coins = [("coin", coin) for coin in (*(pool.coins if pool is not None else ()), quote) if coin != token]
        known = ("token", token), ("pool", split_asset(intent.pool)[1])
        return [*known, *coins, *_deployer(intent.token, view), *self._own(intent.account)]

    def _own(self, account: str) -> Iterator[Party]:
        yield from (("wallet", address) for address in self.config.wallets.get(account, ()))

    def _question(self, action: str, account: str, venue: str, parties: list[Party], view: View) -> Question:
        config = self.config
        screened = sorted({(role, address.lower()) for role, address in parties})
        hits = [(role, address, each) for role, address in screened for each in config.lists if address in each.listed]
        stale, early = [], []
        for each in config.lists:
            age = view.now - _begins(each)
            if age > config.max_age_days * DAY:
                stale.append(each.name)
            elif age < -DAY:
                early.append(each.name)
        roles = {role for role, _ in screened}
        return Question(
            account=account,
            account_is={},
            action=action,
            venue=venue,
            venue_is={},
            context={
                "listed": sorted({role for role, _, _ in hits}),
                "lists": len(config.lists),
                "stale": stale,
                "early": early,
                "deployerKnown": "deployer" in roles,
                "deployerRequired": config.require_deployer,
            },
            facts=(
                *(f"{role} {address} is on the list {each.name} of {each.source}" for role, address, each in hits),
                f"screened: {', '.join(f'{role} {address}' for role, address in screened)}",
                *(() if "deployer" in roles else ("the token's deployer is not known",)),
                *(f"list {each.name} of {each.source}, {each.date}, sha256 {each.sha256}" for each in config.lists),
            ),
        )


def _deployer(token: str, view: View) -> Iterator[Party]:
    known = view.token(token)
    if known is not None and known.deployer:
        yield "deployer", known.deployer


def _begins(each: AddressList) -> int:
    """Midnight UTC of a list's day, ns."""
    assert each.date is not None  # a list without one is refused
    return int(datetime(each.date.year, each.date.month, each.date.day, tzinfo=UTC).timestamp()) * SECOND
