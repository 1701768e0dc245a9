"""Launches of tokens, honest ones and traps, as data: who does what in which block, and how it should end for a bot.

Everything follows from the seed: names, accounts, amounts, order, prices. Blocks count from 1, the first that the
`Director` mines. Prices are in thousandths of the price at which the pool opened.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sniper_sdk.devchain import Account, contract_address

LENGTH = 64
_ETHER = 10**18


class Kind(StrEnum):
    """What a launch is, said from the outside; the contracts in ``contracts/`` say how it works."""

    PLAIN = "plain"
    FEE_ON_TRANSFER = "fee on transfer"
    NO_RETURN = "returns nothing"
    SLOW_START = "slow start"
    NEVER_STARTS = "never starts"
    THIN_LIQUIDITY = "thin liquidity"
    CANNOT_SELL = "cannot sell"
    SELL_TAX = "sell tax"
    BLACKLIST_ON_BUY = "blacklist on buy"
    LYING_BALANCE = "lying balance"
    BURNS_GAS = "burns gas"
    RETURNS_GARBAGE = "returns garbage"
    REVERTS_LONG = "reverts long"
    TAX_RAISED = "tax raised"
    LIQUIDITY_PULLED = "liquidity pulled"
    OWNER_DRAINS = "owner drains"
    BLACKLIST_LATER = "blacklist later"

    @property
    def trap(self) -> bool:
        """Whether it is made to take a buyer's money; a launch that is merely too small or never opens is not."""
        return self not in _HONEST


_HONEST = {
    Kind.PLAIN,
    Kind.FEE_ON_TRANSFER,
    Kind.NO_RETURN,
    Kind.SLOW_START,
    Kind.NEVER_STARTS,
    Kind.THIN_LIQUIDITY,
}


class Venue(StrEnum):
    """Where the pool is."""

    V2 = "uniswap v2"
    V3 = "uniswap v3"


class Outcome(StrEnum):
    """How a launch ends for a bot that does its work."""

    REFUSED = "refused"
    SOLD = "sold"
    ESCAPED = "escaped"


@dataclass(frozen=True)
class EnableTrading:
    """The owner of a slow starter opens it."""

    block: int


@dataclass(frozen=True)
class SetTax:
    """The owner sets the sell tax."""

    block: int
    basis_points: int


@dataclass(frozen=True)
class RemoveLiquidity:
    """The deployer takes out that share of the liquidity that it has left."""

    block: int
    basis_points: int


@dataclass(frozen=True)
class MintAndDump:
    """The owner mints that many times the supply and sells it, in one transaction."""

    block: int
    times_supply: int


@dataclass(frozen=True)
class BlacklistHolders:
    """The owner blacklists everyone who has bought until then."""

    block: int


@dataclass(frozen=True)
class MovePrice:
    """The launch's whale buys or sells until the price is about `target` thousandths of the opening price."""

    block: int
    target: int


@dataclass(frozen=True)
class Buy:
    """A bystander buys."""

    block: int
    trader: Account
    wei: int
    fails: bool = False


@dataclass(frozen=True)
class Sell:
    """A bystander sells all that the token says it has."""

    block: int
    trader: Account
    fails: bool = False


Step = EnableTrading | SetTax | RemoveLiquidity | MintAndDump | BlacklistHolders | MovePrice | Buy | Sell


@dataclass(frozen=True)
class Launch:
    """One token: deployed in the block before `block`, in which its pool opens."""

    name: str
    symbol: str
    kind: Kind
    venue: Venue
    also: Venue | None
    """Where a second pool opens in the same block, as deep and at the same price; nobody but the bot trades there."""
    contract: str
    """The contract's name in the zoo."""
    tax: int | None
    """For the contract that takes it: the sell tax at the start, in basis points."""
    block: int
    supply: int
    """Base units, all minted to the deployer, who gives `whale_tokens` to the whale and the rest to the pools."""
    whale_tokens: int
    liquidity: int
    """Wei, in each pool."""
    deployer: Account
    whale: Account
    steps: tuple[Step, ...]
    expected: Outcome
    exit: str | None
    """The exit that should close the position, where one can."""
    because: str
    """Why it should end so, in a sentence."""

    @property
    def token(self) -> str:
        """The token's address, known in advance: it is the first contract that the deployer creates."""
        return contract_address(self.deployer.address, 0)

    @property
    def venues(self) -> tuple[Venue, ...]:
        """Where its pools are."""
        return (self.venue,) if self.also is None else (self.venue, self.also)

    @property
    def pool_tokens(self) -> int:
        """What each pool opens with, in base units."""
        return (self.supply - self.whale_tokens) // len(self.venues)


@dataclass(frozen=True)
class _Part:
    """A launch before the seed has chosen its place, names and amounts."""

    kind: Kind
    contract: str
    expected: Outcome
    because: str
    steps: Callable[["_Stage"], list[Step]]
    exit: str | None = None
    venue: Venue = Venue.V2
    also: Venue | None = None
    tax: int | None = None
    latest_place: int = 99


@dataclass(frozen=True)
class _Stage:
    """Where a launch's steps are written: offsets from its own block, prices and traders with the seed's jitter."""

    block: int
    rng: random.Random
    traders: tuple[Account, ...]
    liquidity: int

    def path(self, *points: tuple[int, int], after: int = 0) -> list[Step]:
        """Price targets at offsets, each within 2% of the point given."""
        return [
            MovePrice(self.block + after + offset, price * self.rng.randint(980, 1020) // 1000)
            for offset, price in points
        ]

    def buy(self, offset: int, *, fails: bool = False) -> Buy:
        """A purchase too small to move the price by half a percent."""
        wei = self.liquidity * self.rng.randint(5, 20) // 10_000
        return Buy(self.block + offset, self.rng.choice(self.traders), wei, fails)

    def victim(self, bought: int, sold: int) -> list[Step]:
        """Someone who buys, and fails to sell."""
        buy = self.buy(bought)
        return [buy, Sell(self.block + sold, buy.trader, fails=True)]


def _rises(stage: _Stage, after: int = 0) -> list[Step]:
    return stage.path((5, 1250), (8, 1700), (11, 2600), (14, 3000), after=after)


def _rises_and_falls(stage: _Stage) -> list[Step]:
    return stage.path((5, 1200), (7, 1400), (9, 1150), (12, 950))


def _falls(stage: _Stage) -> list[Step]:
    return stage.path((5, 930), (8, 780), (11, 600))


def _rests(stage: _Stage) -> list[Step]:
    return stage.path((4, 1030), (6, 1000))


_PARTS = (
    _Part(
        Kind.PLAIN,
        "PlainToken",
        Outcome.SOLD,
        "an honest token that triples",
        lambda stage: [stage.buy(2), *_rises(stage)],
        exit="take-profit",
    ),
    _Part(
        Kind.PLAIN,
        "PlainToken",
        Outcome.SOLD,
        "an honest token that rises by 40% and falls back",
        lambda stage: [stage.buy(2), *_rises_and_falls(stage)],
        exit="trailing-stop",
    ),
    _Part(
        Kind.PLAIN,
        "PlainToken",
        Outcome.SOLD,
        "an honest token that loses 40%",
        lambda stage: [stage.buy(2), *_falls(stage)],
        exit="stop-loss",
    ),
    _Part(
        Kind.PLAIN,
        "PlainToken",
        Outcome.SOLD,
        "an honest token whose price rests",
        lambda stage: [stage.buy(2), *_rests(stage), *stage.path((12, 1020), (18, 990), (24, 1010))],
        exit="max-age",
        latest_place=4,
    ),
    _Part(
        Kind.PLAIN,
        "PlainToken",
        Outcome.SOLD,
        "an honest token that triples, on a V3 pool",
        lambda stage: [stage.buy(2), *_rises(stage)],
        exit="take-profit",
        venue=Venue.V3,
    ),
    _Part(
        Kind.PLAIN,
        "PlainToken",
        Outcome.SOLD,
        "an honest token that triples, with pools on V2 and V3 so small that a purchase is worth splitting",
        lambda stage: [stage.buy(2), *_rises(stage)],
        exit="take-profit",
        also=Venue.V3,
    ),
    _Part(
        Kind.FEE_ON_TRANSFER,
        "FeeToken",
        Outcome.SOLD,
        "takes 3% of each transfer, which is below the limit, and triples",
        lambda stage: [stage.buy(2), *_rises(stage)],
        exit="take-profit",
    ),
    _Part(
        Kind.NO_RETURN,
        "NoReturnToken",
        Outcome.SOLD,
        "honest, though its transfers return nothing; rises by 40% and falls back",
        lambda stage: [stage.buy(2), *_rises_and_falls(stage)],
        exit="trailing-stop",
    ),
    _Part(
        Kind.SLOW_START,
        "SlowStartToken",
        Outcome.SOLD,
        "cannot be bought when its pool opens, and triples once its owner has enabled trading",
        lambda stage: [stage.buy(3, fails=True), EnableTrading(stage.block + 6), *_rises(stage, after=6)],
        exit="take-profit",
        latest_place=12,
    ),
    _Part(
        Kind.NEVER_STARTS,
        "SlowStartToken",
        Outcome.REFUSED,
        "its owner never enables trading",
        lambda stage: [stage.buy(4, fails=True)],
    ),
    _Part(
        Kind.THIN_LIQUIDITY,
        "PlainToken",
        Outcome.REFUSED,
        "honest, but its pool is too small to sell into",
        lambda stage: [stage.buy(3), *_rests(stage)],
    ),
    _Part(
        Kind.CANNOT_SELL,
        "CannotSellToken",
        Outcome.REFUSED,
        "only its owner can sell",
        lambda stage: [*stage.victim(2, 6), *stage.path((5, 1200), (9, 1500))],
    ),
    _Part(
        Kind.CANNOT_SELL,
        "CannotSellToken",
        Outcome.REFUSED,
        "only its owner can sell, on a V3 pool",
        lambda stage: [*stage.victim(2, 6), *stage.path((5, 1200), (9, 1500))],
        venue=Venue.V3,
    ),
    _Part(
        Kind.SELL_TAX,
        "TaxToken",
        Outcome.REFUSED,
        "takes 90% of each sell",
        lambda stage: [stage.buy(2), *stage.path((5, 1200), (9, 1500))],
        tax=9_000,
    ),
    _Part(
        Kind.BLACKLIST_ON_BUY,
        "BlacklistOnBuyToken",
        Outcome.REFUSED,
        "blacklists who buys in the same moment",
        lambda stage: [*stage.victim(2, 6), *stage.path((5, 1200), (9, 1500))],
    ),
    _Part(
        Kind.LYING_BALANCE,
        "LyingToken",
        Outcome.REFUSED,
        "shows a hundred times the balance that it lets go",
        lambda stage: [*stage.victim(2, 6), *stage.path((5, 1200))],
    ),
    _Part(
        Kind.BURNS_GAS,
        "GasBurnerToken",
        Outcome.REFUSED,
        "burns all gas when it is sold",
        lambda stage: [*stage.victim(2, 6), *stage.path((5, 1200))],
    ),
    _Part(
        Kind.RETURNS_GARBAGE,
        "GarbageToken",
        Outcome.REFUSED,
        "returns three bytes when it is sold, and as its symbol",
        lambda stage: [*stage.victim(2, 6), *stage.path((5, 1200))],
    ),
    _Part(
        Kind.REVERTS_LONG,
        "LongRevertToken",
        Outcome.REFUSED,
        "reverts with 100,000 bytes when it is sold",
        lambda stage: [*stage.victim(2, 6), *stage.path((5, 1200))],
    ),
    _Part(
        Kind.TAX_RAISED,
        "TaxToken",
        Outcome.REFUSED,
        "raises its sell tax from 2% to 20%, and five blocks later to 95%",
        lambda stage: [
            stage.buy(2),
            *_rests(stage),
            SetTax(stage.block + 8, 2_000),
            SetTax(stage.block + 13, 9_500),
        ],
        tax=200,
    ),
    _Part(
        Kind.LIQUIDITY_PULLED,
        "PlainToken",
        Outcome.ESCAPED,
        "its deployer takes out 30% of the liquidity, and five blocks later the rest",
        lambda stage: [
            stage.buy(2),
            *_rests(stage),
            RemoveLiquidity(stage.block + 8, 3_000),
            RemoveLiquidity(stage.block + 13, 10_000),
        ],
        exit="event-exit",
    ),
    _Part(
        Kind.LIQUIDITY_PULLED,
        "PlainToken",
        Outcome.ESCAPED,
        "its deployer takes out 30% of the liquidity of a V3 pool, and five blocks later the rest",
        lambda stage: [
            stage.buy(2),
            *_rests(stage),
            RemoveLiquidity(stage.block + 8, 3_000),
            RemoveLiquidity(stage.block + 13, 10_000),
        ],
        exit="event-exit",
        venue=Venue.V3,
    ),
    _Part(
        Kind.OWNER_DRAINS,
        "DrainToken",
        Outcome.REFUSED,
        "its owner mints fifty times the supply and sells it in one transaction, which nobody can escape",
        lambda stage: [stage.buy(2), *_rests(stage), MintAndDump(stage.block + 8, 50)],
    ),
    _Part(
        Kind.BLACKLIST_LATER,
        "BlacklistToken",
        Outcome.REFUSED,
        "its owner blacklists all who bought, without a warning",
        lambda stage: [stage.buy(2), *_rests(stage), BlacklistHolders(stage.block + 8), *stage.path((11, 1600))],
    ),
)

_FIRST = ("Astro", "Blue", "Copper", "Dizzy", "Electric", "Fuzzy", "Golden", "Happy", "Iron", "Jade", "Kind", "Lunar")
_SECOND = ("Badger", "Cat", "Dragon", "Finch", "Gecko", "Heron", "Lemur", "Otter", "Panda", "Raven", "Toad", "Yak")


class Scenario:
    """All launches of a seed, in the order of their blocks: every kind of the zoo, three on V3 pools, one on both."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.length = LENGTH
        """Blocks until nothing more happens and positions have had time to close."""
        rng = random.Random(seed)
        self.traders = tuple(Account.named(f"seed {seed} trader {number}") for number in range(5))
        names = rng.sample([(first, second) for first in _FIRST for second in _SECOND], len(_PARTS))
        self.launches = tuple(self._launch(rng, part, names[place], place) for place, part in enumerate(_in_order(rng)))

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Everyone who acts."""
        people = [account for launch in self.launches for account in (launch.deployer, launch.whale)]
        return (*self.traders, *people)

    def _launch(self, rng: random.Random, part: _Part, name: tuple[str, str], place: int) -> Launch:
        thin = part.kind is Kind.THIN_LIQUIDITY
        least, most = (50, 150) if thin else (1_900, 2_100) if part.also else (8_000, 20_000)
        liquidity = rng.randint(least, most) * _ETHER // 1000
        block = 2 + place * 42 // (len(_PARTS) - 1)
        supply = rng.randint(1, 9) * 10 ** rng.randint(6, 9) * _ETHER
        stage = _Stage(block, rng, self.traders, liquidity)
        return Launch(
            name=" ".join(name),
            symbol=(name[0][:2] + name[1][:3]).upper(),
            kind=part.kind,
            venue=part.venue,
            also=part.also,
            contract=part.contract,
            tax=part.tax,
            block=block,
            supply=supply,
            whale_tokens=supply * 35 // 100,
            liquidity=liquidity,
            deployer=Account.named(f"seed {self.seed} deployer {place}"),
            whale=Account.named(f"seed {self.seed} whale {place}"),
            steps=tuple(sorted(part.steps(stage), key=lambda step: step.block)),
            expected=part.expected,
            exit=part.exit,
            because=part.because,
        )


def _in_order(rng: random.Random) -> list[_Part]:
    """The seed's order, in which those that need time come early enough."""
    parts = list(_PARTS)
    rng.shuffle(parts)
    for part in _PARTS:
        if parts.index(part) > part.latest_place:
            parts.remove(part)
            parts.insert(rng.randint(0, part.latest_place), part)
    return parts
