"""A trade that somebody states, to hear what the policies say of it: by hand (``explain``) or in a file (``test``)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field, StringConstraints, ValidationError

from sniper.amm import NoLiquidity
from sniper.amounts import Amount, PositiveAmount
from sniper.config import Config
from sniper.errors import ConfigError
from sniper.events import Bar
from sniper.proposal import Leg
from sniper.risk import Finding
from sniper.types import NATIVE, SECOND, Entry, Roundtrip, asset_id, split_asset
from sniper.view import (
    ContractView,
    DepthView,
    PoolView,
    Position,
    Range,
    RangeWorth,
    TickerView,
    TokenView,
    WorkingOrder,
)
from sniper_app_policy.base import CedarPolicy, PolicyConfig

if TYPE_CHECKING:
    from sniper.settings.resolved import Resolved

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", to_lower=True)]
_NOWHERE = "0x" + "0" * 39 + "1"


class Trade(Config):
    """What is asked about."""

    account: str = Field(description="name of the account")
    venue: str = Field(description="name of the [venue.NAME] section that carries it")
    side: Literal["increase", "reduce", "arbitrage"] = Field("increase", description="what it does to the position")
    token: Address = Field(_NOWHERE, description="address of what is bought or sold")
    quote: Annotated[str, StringConstraints(pattern=r"^(0x[0-9a-fA-F]{40}|native)$", to_lower=True)] | None = Field(
        None, description='what is paid: an address or "native"; what the account pays with, where left out'
    )
    pool: Address = Field(_NOWHERE, description="address of the pool")
    amm: str | None = Field(None, description="name of the pool's [amm.NAME] section; not known, where left out")
    deployer: Address | None = Field(None, description="who deployed the token; not known, where left out")
    amount: PositiveAmount = Field(1, description="what is paid: base units, or '0.05 ether'")
    spent: Amount = Field(0, description="what entries of the last 24 hours have paid before")
    at: datetime | None = Field(None, description="when, UTC; now, where left out")


class Judged(NamedTuple):
    """What one ``[policy.NAME]`` section says."""

    section: str
    findings: tuple[Finding, ...]

    @property
    def denying(self) -> list[Finding]:
        """Those that deny."""
        return [finding for finding in self.findings if not finding.ok and finding.severity == "deny"]


def stated(values: Mapping[str, object], where: str) -> Trade:
    """A trade from plain data. Raises `ConfigError`, a line for each mistake; ``where`` names it in them."""
    try:
        return Trade.model_validate(values)
    except ValidationError as error:
        known = ", ".join(Trade.model_fields)
        lines = [
            f"{where}: {'.'.join(map(str, mistake['loc']))}: {mistake['msg']} (known: {known})"
            for mistake in error.errors(include_url=False)
        ]
        raise ConfigError("\n".join(lines)) from None


def laws(resolved: "Resolved") -> list[tuple[str, CedarPolicy]]:
    """The Cedar policies of a config by their sections' names. Raises `ConfigError` where it has none."""
    found = [
        (each.name, each.cls(config=each.config))
        for each in resolved.policies
        if issubclass(each.cls, CedarPolicy) and isinstance(each.config, PolicyConfig)
    ]
    if not found:
        raise ConfigError(
            f"{resolved.settings.source}: has no Cedar policy; add a section such as [policy.geo], see docs/risk.md"
        )
    return found


def judged(trade: Trade, policies: Iterable[tuple[str, CedarPolicy]], resolved: "Resolved") -> list[Judged]:
    """What each policy says of it, as in a run."""
    accounts = {account.name: account for account in resolved.accounts}
    known = accounts.get(trade.account)
    chain_id = known.chain_id if known else next(iter(resolved.chains.values())).id
    paid = trade.quote or (known.quote if known else NATIVE)
    view = StatedView(trade, chain_id, NATIVE if paid == "native" else paid)
    return [Judged(name, tuple(_findings(policy, trade, view))) for name, policy in policies]


def _findings(policy: CedarPolicy, trade: Trade, view: "StatedView") -> Iterator[Finding]:
    intent, instance = f"{trade.account}/stated/1", "stated"
    quote = view.quote_asset(str(view.chain_id))
    if trade.side == "arbitrage":
        coin = split_asset(quote)[1]
        legs = (
            Leg(pool=trade.pool, token_in=coin, token_out=trade.token),
            Leg(pool=trade.pool, token_in=trade.token, token_out=coin),
        )
        yield from policy.judge_roundtrip(
            Roundtrip(
                intent=intent,
                account=trade.account,
                instance=instance,
                chain_id=view.chain_id,
                quote=quote,
                venue=trade.venue,
                legs=legs,
                amount=trade.amount,
                expected_out=trade.amount,
                gas_cost=0,
                reason="stated",
            ),
            view,
        )
        return
    yield from policy.judge(
        Entry(
            intent=intent,
            account=trade.account,
            instance=instance,
            chain_id=view.chain_id,
            token=asset_id(view.chain_id, trade.token),
            quote=quote,
            pool=asset_id(view.chain_id, trade.pool),
            venue=trade.venue,
            amount=trade.amount,
            expected_out=1,
            reason="stated",
            side=trade.side,
        ),
        view,
    )


class StatedView:
    """See `sniper.view.View`: an account that holds nothing, and a market of the one token and pool of a trade."""

    def __init__(self, trade: Trade, chain_id: int, quote: str) -> None:
        at = trade.at or datetime.now(UTC)
        self.now = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) * SECOND
        self.account = trade.account
        self.positions: Mapping[str, Position] = {}
        self.ranges: Mapping[str, Range] = {}
        self.chain_id = chain_id
        self._trade = trade
        self._quote = quote

    def range_worth(self, range_id: str) -> RangeWorth | None:
        return None

    def block(self, chain_id: int) -> int:
        return 0

    def pool(self, pool: str) -> PoolView | None:
        trade = self._trade
        if trade.amm is None or pool != asset_id(self.chain_id, trade.pool):
            return None
        return _StatedPool(pool, self.chain_id, trade.amm, (trade.token, self._quote))

    def pools_of(self, token: str) -> tuple[PoolView, ...]:
        pool = self.pool(asset_id(self.chain_id, self._trade.pool))
        return (pool,) if pool is not None and split_asset(token)[1] in pool.coins else ()

    def token(self, token: str) -> TokenView | None:
        trade = self._trade
        if trade.deployer is None or token != asset_id(self.chain_id, trade.token):
            return None
        return _StatedToken(trade.deployer)

    def ticker(self, instrument: str) -> TickerView | None:
        return None

    def bars(self, instrument: str, interval: int) -> tuple[Bar, ...]:
        return ()

    def depth(self, instrument: str) -> DepthView | None:
        return None

    def leverage(self, instrument: str) -> int:
        return 1

    def contract(self, instrument: str) -> ContractView | None:
        return None

    def working(self, instrument: str) -> tuple[WorkingOrder, ...]:
        return ()

    def quote_asset(self, place: str) -> str:
        return f"{place}:{self._quote}"

    def cash(self, asset: str) -> int:
        return 0

    def free(self, asset: str) -> int:
        return 0

    def equity(self, place: str) -> int:
        return 0

    def spent(self, *, last_ns: int, place: str) -> int:
        return self._trade.spent

    def realised(
        self,
        *,
        last_ns: int,
        place: str,
        token: str | None = None,
        venue: str | None = None,
        instance: str | None = None,
    ) -> int:
        return 0

    def worth(self, token: str) -> int | None:
        return None

    def exposure(
        self, place: str, *, token: str | None = None, venue: str | None = None, instance: str | None = None
    ) -> int:
        return 0

    def drawdown(self, place: str, *, last_ns: int | None = None) -> int:
        return 0

    def last_entry(self, token: str | None = None) -> int | None:
        return None


class _StatedPool(NamedTuple):
    """See `sniper.view.PoolView`: a pool that nobody can price."""

    id: str
    chain_id: int
    amm: str
    coins: tuple[str, ...]
    created_at: int = 0
    created_block: int = 0

    def amount_out(self, token_in: str, amount_in: int) -> int:
        raise NoLiquidity("a stated trade has no pool to price")

    def reserve(self, token: str) -> int:
        return 0

    def price(self, token: str) -> Fraction:
        raise NoLiquidity("a stated trade has no pool to price")

    def place(self) -> tuple[int, int]:
        raise NoLiquidity("a stated trade has no pool to price")


class _StatedToken(NamedTuple):
    """See `sniper.view.TokenView`."""

    deployer: str
    symbol: str = ""
    decimals: int = 18
    buy_tax_bps: int | None = None
    sell_tax_bps: int | None = None


def lines(found: Sequence[Judged]) -> Iterator[str]:
    """The findings, for people: each rule with its note, and the evidence below it."""
    for each in found:
        for finding in each.findings:
            mark = "✓" if finding.ok else "✗" if finding.severity == "deny" else "!"
            note = f": {finding.note}" if finding.note else ""
            yield f"{mark} {each.section}.{finding.rule}{note}"
            yield from (f"    {pointer}" for pointer in finding.evidence)
