"""What goes to an exchange and comes back from it; prices in ticks, sizes in lots: see `sniper.instrument`."""

from typing import Final, Literal

from sniper.instrument import Instrument
from sniper.plugin import Frozen

Side = Literal["buy", "sell"]
CONDITIONAL: Final = ("stop", "stop-limit", "take-profit", "take-profit-limit")
"""Types of orders that wait at the exchange until a trade is at their trigger or beyond; then they are at the market,
or have a limit. ``stop``: a sale below the market, a purchase above it; ``take-profit``: the other way round."""


class NewOrder(Frozen):
    """What an exchange is asked to do.

    client_id  Idempotency key: the same order has the same one in each process and after each crash.
    size       Lots. ``price``: ticks; None: a market order. ``trigger``: ticks, of types that wait for a price.
    type       ``market``, ``limit``, or one of `CONDITIONAL` that is in `Instrument.types`.
    lives      ``gtc``, ``ioc``, ``fok``, ``gtd`` or ``day``; ``until``: ns UTC, of ``gtd``.
    flags      Of `Instrument.flags`, such as ``post-only`` and ``reduce-only``.
    """

    client_id: str
    instrument: str
    side: Side
    size: int
    price: int | None
    type: str = "limit"
    lives: str = "gtc"
    flags: tuple[str, ...] = ()
    trigger: int | None = None
    until: int = 0


class Placed(Frozen):
    """The exchange has taken the order, under an id of its own."""

    venue_id: str


class Refused(Frozen):
    """The exchange has certainly not taken it. ``code``: the exchange's own."""

    code: str
    message: str


class Fill(Frozen):
    """A part of an order that was traded.

    id     The exchange's own; a fill that is told twice has the same one.
    size   Lots. ``price``: ticks. ``value``: base units of the quote asset, as the exchange says.
    fee    Base units of ``fee_asset`` (an asset id); negative: a rebate.
    forced Why the exchange itself closed that much of a contract, which is of no order of ours: ``liquidation``,
           ``adl`` (auto-deleveraging) or ``settlement``; else empty.
    """

    id: str
    client_id: str
    venue_id: str
    instrument: str
    side: Side
    size: int
    price: int
    value: int
    fee: int
    fee_asset: str
    maker: bool
    time: int
    forced: str = ""


class Funding(Frozen):
    """What a position in a contract paid or, above zero, was paid.

    id      The same each time it is told. ``asset``: asset id; ``amount``: base units; ``time``: ns UTC.
    """

    id: str
    instrument: str
    asset: str
    amount: int
    time: int


class Tier(Frozen):
    """What a position must at least be covered by, its maintenance margin, from a notional of ``floor`` base units on:
    ``rate`` millionths of the notional less ``deduction`` base units."""

    floor: int
    rate: int
    deduction: int = 0


class ContractState(Frozen):
    """A contract as an exchange has it for a sub-account.

    size         Lots, negative of what is sold short. ``cost``: their value when they were opened, signed alike; base
                 units of the quote asset.
    leverage     Of which the inverse is the initial margin; rounded down.
    isolated     Base units that alone answer for the position; None: the whole balance does (cross).
    tiers        From the lowest on; empty: the exchange does not tell. ``liquidation``: ticks, as it says; 0: nothing.
    """

    instrument: Instrument
    size: int
    cost: int
    leverage: int = 1
    isolated: int | None = None
    tiers: tuple[Tier, ...] = ()
    liquidation: int = 0


class OrderState(Frozen):
    """An order as the exchange knows it. ``state``: ``open``, ``filled``, ``cancelled``, ``expired`` or ``rejected``;
    ``filled``: lots. One that the exchange made smaller is ``filled`` with fewer than were asked for."""

    client_id: str
    venue_id: str
    instrument: str
    state: str
    filled: int
    reason: str = ""


class AccountState(Frozen):
    """A sub-account as it is: ``balances`` are (asset id, free, held in orders) in base units; ``fills`` are those
    after the cursor that was asked for, oldest first, and ``cursor`` is where the next begin. ``contracts``: all in
    which there is a position, and others whose rules are known; ``funding``: after the cursor, or again."""

    balances: tuple[tuple[str, int, int], ...]
    orders: tuple[OrderState, ...]
    fills: tuple[Fill, ...]
    cursor: str
    contracts: tuple[ContractState, ...] = ()
    funding: tuple[Funding, ...] = ()
