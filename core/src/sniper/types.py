"""The vocabulary that everything shares: ids, tokens, intents.

Ids are plain strings that a person can read and a machine can split:

* an **asset** is ``"<chain id>:<address>"``, such as ``"1:0xc02a…"``; `NATIVE` stands for the chain's own coin
* a **pool** is written the same way
* an **intent** is ``"<account>/<strategy instance>/<n>"``, its orders add ``".<leg>"``, their attempts ``"#<k>"``

Amounts are ``int`` in base units (wei for ether). Times are ``int`` nanoseconds UTC. Addresses are lower-case hex.
"""

from enum import StrEnum

from sniper.exchange_orders import Side
from sniper.order_types import Plan
from sniper.plugin import Frozen
from sniper.proposal import Leg

NATIVE = "0x" + "0" * 40
"""The address that stands for a chain's own coin (as in Uniswap V4)."""

SECOND = 10**9
DAY = 86_400 * SECOND
BPS = 10_000


def asset_id(chain_id: int, address: str) -> str:
    """The id of a token or pool: ``"<chain id>:<address>"``."""
    return f"{chain_id}:{address}"


def place_of(asset: str) -> str:
    """Where an asset, a pool or an instrument is: the chain's id, as text, or the name of the exchange."""
    return asset.partition(":")[0]


def at_exchange(asset: str) -> bool:
    """Whether an asset, a pool or an instrument is at an exchange, and not on a chain."""
    return not place_of(asset).isdigit()


def split_asset(asset: str) -> tuple[int, str]:
    """The chain id and the address of an asset or pool id."""
    chain, _, address = asset.partition(":")
    return int(chain), address


class Mode(StrEnum):
    """How far an order goes: see the words in the architecture."""

    REPLAY = "replay"
    BACKTEST = "backtest"
    PAPER = "paper"
    SHADOW = "shadow"
    LIVE = "live"


class KillLevel(StrEnum):
    """What the kill switch stops. ``NO_ENTRIES``: new exposure; ``FLATTEN``: the same, and every position is closed;
    ``FREEZE``: everything but cancellations."""

    OFF = "off"
    NO_ENTRIES = "no-entries"
    FLATTEN = "flatten"
    FREEZE = "freeze"


class Open(Frozen, tag="open"):
    """Open a position or add to it; the sizer says how much, the router says how.

    token      Asset id of what is bought.
    reason     One sentence, for people: it stands first in ``sniper why``.
    pool       Pool id, where the strategy insists on one.
    max_spend  Upper bound on the sizer's answer: quote asset, base units.
    min_out    Least that it must bring, token base units after tax: else it is denied, and on a chain reverts. Where
               less than ``max_spend`` is paid, in proportion.
    """

    token: str
    reason: str
    pool: str | None = None
    max_spend: int | None = None
    min_out: int | None = None

    def least(self, amount: int) -> int:
        """``min_out`` where so much is paid, quote base units."""
        if self.min_out is None or self.max_spend is None:
            return self.min_out or 0
        return -(-self.min_out * amount // self.max_spend)


class Close(Frozen, tag="close"):
    """Reduce a position by ``share_bps`` of what is held, tried until it is done.

    min_out  On a chain: sell it once, for at least this (quote asset, base units), or not at all: a trade, and no exit.
             It is denied while anything else of the position is wanted sold.
    """

    token: str
    reason: str
    share_bps: int = BPS
    min_out: int | None = None


class Arbitrage(Frozen, tag="arbitrage"):
    """Pay what the account pays with into a cycle and receive it again in the same transaction, which reverts where
    less comes back than was paid. The kernel quotes the legs again and finds the amount.

    legs        As `sniper.events.CycleFound` names them.
    reason      As for `Open`.
    min_profit  Least that must remain after gas: quote asset, base units.
    max_spend   Upper bound on what is paid in: quote asset, base units; None: all that is free.
    allowance   Where an ERC-20 is paid and the venue may not take enough of it: the least to approve at once, base
                units, so that later cycles need no transaction before theirs. 0: exactly what is paid.
    """

    legs: tuple[Leg, ...]
    reason: str
    min_profit: int
    max_spend: int | None = None
    allowance: int = 0


class Provide(Frozen, tag="provide"):
    """Put liquidity between two ticks of a pool of the account's quote asset and another token, out of free cash and of
    the position in that token, which this strategy holds. What the range takes of both the price decides: as much is
    put there as both bounds allow.

    pool          Pool id. ``lower``, ``upper``: ticks, multiples of the pool's spacing.
    reason        As for `Open`.
    max_quote     Upper bound on what is paid in of the quote asset, base units; ``max_token``: of the token; None: all
                  that is free, or held.
    """

    pool: str
    lower: int
    upper: int
    reason: str
    max_quote: int | None = None
    max_token: int | None = None


class Withdraw(Frozen, tag="withdraw"):
    """Take ``share_bps`` of the liquidity out of a range, and with it all fees; 0: the fees alone. The quote asset is
    cash again, the token a position."""

    range: str
    reason: str
    share_bps: int = BPS


class PlaceOrder(Frozen, tag="place-order"):
    """Place an order at an exchange, as it is: no sizer is asked.

    key         A name of the strategy's own, which no other working order of it has; `sniper.events.OrderChanged`
                says it again.
    instrument  Its id. ``size``: lots. ``price``: ticks; None: at the market.
    reason      As for `Open`.
    lives       ``gtc``, ``ioc``, ``fok``, ``day``. ``flags``: such as ``post-only`` and ``reduce-only``.
    """

    key: str
    instrument: str
    side: Side
    size: int
    reason: str
    price: int | None = None
    lives: str = "gtc"
    flags: tuple[str, ...] = ()


class StartPlan(Frozen, tag="start-plan"):
    """Let the kernel carry out an order that no exchange or pool has itself, such as a trailing stop or a TWAP.

    key     As for `PlaceOrder`; `sniper.events.PlanChanged` says it again.
    plan    One of `sniper.order_types`.
    reason  As for `Open`.
    """

    key: str
    plan: Plan
    reason: str


class CancelOrder(Frozen, tag="cancel-order"):
    """Cancel the order that this strategy placed under ``key``, or the plan. To cancel what is gone is no error."""

    key: str


Intent = Open | Close | Arbitrage | Provide | Withdraw | PlaceOrder | StartPlan | CancelOrder


class Roundtrip(Frozen, kw_only=True):
    """A sized `Arbitrage`: what checks judge of it.

    intent        Its id.
    quote         Asset id of what is paid and received.
    venue         Name of the venue that will carry it out.
    amount        Paid; ``expected_out``: received, by the exact quote; base units of ``quote``.
    gas_cost      About what its gas costs, base units of ``quote``.
    """

    intent: str
    account: str
    instance: str
    chain_id: int
    quote: str
    venue: str
    legs: tuple[Leg, ...]
    amount: int
    expected_out: int
    gas_cost: int
    reason: str

    @property
    def place(self) -> str:
        """Where it is traded: see `place_of`."""
        return place_of(self.quote)


class Entry(Frozen):
    """A sized and routed intent: what checks judge.

    intent        Its id.
    quote         Asset id of what is paid.
    venue         Name of the venue that will carry it.
    amount        Paid: quote asset, base units.
    expected_out  Token base units that the pool gives for ``amount`` right now, before any tax of the token.
    side          ``increase``. Policies also see ``reduce``: then ``amount`` is of the token, ``expected_out`` of the
                  quote asset.
    min_out       Token base units below which its strategy does not want it.
    range         Of liquidity that is put between two ticks. It is judged as if all of it bought the token, for that is
                  what a falling price makes of it: ``amount`` is what both coins are worth at the pool's price.
    """

    intent: str
    account: str
    instance: str
    chain_id: int
    token: str
    quote: str
    pool: str
    venue: str
    amount: int
    expected_out: int
    reason: str
    side: str = "increase"
    min_out: int = 0
    range: "RangeAsked | None" = None

    @property
    def place(self) -> str:
        """Where it is traded: see `place_of`."""
        return place_of(self.quote)


class RangeAsked(Frozen):
    """Ticks between which liquidity is put, and upper bounds on what is put there, base units."""

    lower: int
    upper: int
    max_quote: int
    max_token: int


class Step(Frozen):
    """One transaction of a plan.

    purpose  ``"approve"``, ``"entry"`` or ``"exit"``, and ``"transfer"`` where the kernel itself makes it; the signer's
             rules depend on it.
    value    Native coin sent along, wei.
    gas      Gas limit.
    """

    purpose: str
    to: str
    data: bytes
    value: int
    gas: int


class LiquidityMoved(Frozen):
    """What a transaction did to a position of liquidity.

    position   Its number at the venue.
    liquidity  That it has more, or (negative) less. ``amounts``: of both coins, which that took or gave, fees apart.
    """

    position: int
    liquidity: int
    amounts: tuple[int, int]


class FeeBid(Frozen):
    """What a transaction offers (EIP-1559), wei per gas. Where a chain has no base fee, both are the gas price."""

    max_priority_fee: int
    max_fee: int


class Stake(Frozen):
    """What an account has at stake in a transaction that is worth something only if it is in a block soon.

    value  What it brings, before any fee, wei.
    gas    The gas limits of its transactions: a share of the value per gas of them is never more than that share.
    """

    account: str
    value: int
    gas: int
