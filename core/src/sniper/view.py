"""What a pure stage may read: a fold over the events of its own markets and its own account.

Equal in the kernel, in a worker and in replay: the same code folds the same events.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, Protocol

from sniper.events import Bar, FundingRate
from sniper.exchange_orders import Side
from sniper.instrument import Instrument


class Position(Protocol):
    """What is held of one token.

    token, pool, quote  Asset and pool ids.
    instance            The strategy instance that opened it; ``venue``: name of the venue where it did.
    amount              Held, base units; of a contract, in the base asset and negative where it is sold short.
    cost                What the held amount cost, gas included: quote asset, base units; of a contract, what it was
                        worth when it was opened, signed like the amount.
    opened_at           ns UTC of the first fill; ``opened_block`` its block.
    state               ``opening``, ``open``, ``closing``, ``stuck``, ``written-off`` or ``closed``.
    """

    @property
    def token(self) -> str: ...
    @property
    def pool(self) -> str: ...
    @property
    def quote(self) -> str: ...
    @property
    def instance(self) -> str: ...
    @property
    def venue(self) -> str: ...
    @property
    def amount(self) -> int: ...
    @property
    def cost(self) -> int: ...
    @property
    def opened_at(self) -> int: ...
    @property
    def opened_block(self) -> int: ...
    @property
    def state(self) -> str: ...


class Range(Protocol):
    """Liquidity that the account has between two ticks of a pool.

    id                  That of the intent which put it there. ``pool``, ``token``, ``quote``: pool and asset ids.
    instance            The strategy instance that did.
    lower, upper        Its ticks. ``liquidity``: as the pool counts it.
    quote_in, token_in  What was put in and is still there, at what it was then, base units.
    cost                What that cost, gas included: quote asset, base units.
    fees_quote, fees_token  Collected so far.
    state               ``opening``, ``open`` or ``closing``.
    """

    @property
    def id(self) -> str: ...
    @property
    def pool(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def quote(self) -> str: ...
    @property
    def instance(self) -> str: ...
    @property
    def lower(self) -> int: ...
    @property
    def upper(self) -> int: ...
    @property
    def liquidity(self) -> int: ...
    @property
    def quote_in(self) -> int: ...
    @property
    def token_in(self) -> int: ...
    @property
    def cost(self) -> int: ...
    @property
    def fees_quote(self) -> int: ...
    @property
    def fees_token(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def opened_at(self) -> int: ...
    @property
    def opened_block(self) -> int: ...


class RangeWorth(NamedTuple):
    """What a range has now, base units.

    quote, token            Its liquidity would give. ``fees_quote``, ``fees_token``: not collected yet, counted since
                            liquidity was last put in or taken out, or since the pool was last read anew.
    worth                   Of both coins of the liquidity at the pool's price, in the quote asset.
    waiting                 Of the fees that are not collected yet, likewise; ``fees``: of all, collected or not.
    held                    What was put in would be worth now, had it stayed in the wallet: ``worth - held`` is the
                            impermanent loss.
    """

    quote: int
    token: int
    fees_quote: int
    fees_token: int
    worth: int
    waiting: int
    fees: int
    held: int


class PoolView(Protocol):
    """One pool as the kernel knows it now. Coins are token addresses, numbered as in the contract."""

    @property
    def id(self) -> str: ...
    @property
    def chain_id(self) -> int: ...
    @property
    def amm(self) -> str: ...
    @property
    def coins(self) -> tuple[str, ...]: ...
    @property
    def created_at(self) -> int:
        """ns UTC; 0 where the pool is older than what was watched."""
        ...

    @property
    def created_block(self) -> int: ...
    def amount_out(self, token_in: str, amount_in: int) -> int:
        """Exact output of the other coin of a pair, base units. Raises `sniper.amm.NoLiquidity`."""
        ...

    def reserve(self, token: str) -> int:
        """The most that the pool could pay out of this coin (token address), base units."""
        ...

    def price(self, token: str) -> Fraction:
        """Marginal price of a coin in the other one, base units."""
        ...

    def place(self) -> tuple[int, int]:
        """Tick of the price, and the spacing of ticks, of a pool with ranges. Raises `sniper.amm.NoLiquidity`."""
        ...


class TokenView(Protocol):
    """What is known of a token. Taxes are measured by simulation, in bps; None where not measured."""

    @property
    def symbol(self) -> str: ...
    @property
    def decimals(self) -> int: ...
    @property
    def deployer(self) -> str: ...
    @property
    def buy_tax_bps(self) -> int | None: ...
    @property
    def sell_tax_bps(self) -> int | None: ...


class TickerView(Protocol):
    """What is known of an instrument now: prices in ticks, sizes in lots, 0 where none is known.

    last      Price of its newest trade.
    bid, ask  The best prices to sell and to buy at; ``bid_size``, ``ask_size``: how much of each.
    stale     Whether that may be old: its stream broke, or has a gap.
    """

    @property
    def instrument(self) -> Instrument: ...
    @property
    def last(self) -> int: ...
    @property
    def bid(self) -> int: ...
    @property
    def bid_size(self) -> int: ...
    @property
    def ask(self) -> int: ...
    @property
    def ask_size(self) -> int: ...
    @property
    def stale(self) -> bool: ...
    @property
    def funding(self) -> FundingRate | None:
        """What holders of a perpetual pay next; None where nothing is known."""
        ...

    def to_buy(self) -> int:
        """The price to expect of what buys at the market, ticks; 0 where nothing tells."""
        ...

    def to_sell(self) -> int:
        """The same of what sells."""
        ...


class DepthView(Protocol):
    """The order book of an instrument. Prices in ticks, sizes in lots.

    bid, ask  The best prices; 0: nobody offers.
    """

    @property
    def bid(self) -> int: ...
    @property
    def ask(self) -> int: ...
    def bids(self, levels: int) -> tuple[tuple[int, int], ...]:
        """(price, size) of the best so many, best first."""
        ...

    def asks(self, levels: int) -> tuple[tuple[int, int], ...]: ...
    def size_at(self, price: int) -> int:
        """How much is offered at this price, on whichever side; 0: nothing."""
        ...

    def size_to(self, side: Side, price: int) -> int:
        """How much one who buys (``side`` ``buy``) or sells finds at this price and at better ones."""
        ...

    def cost(self, side: Side, size: int) -> int | None:
        """What ``size`` lots cost who buys, or bring who sells, from the best price on: ticks × lots, exactly; times
        `Instrument.unit`: base units of the quote asset. None where there is not so much."""
        ...

    def average(self, side: Side, size: int) -> int | None:
        """The same for one lot of them, ticks, rounded against who trades."""
        ...


class ContractView(Protocol):
    """A position in a contract, valued at what closing it would bring now.

    lots         Held, negative of what is sold short. ``cost``: what they were worth when opened, signed alike.
    entry        Average price, ticks.
    unrealised   Profit or loss so far, fees and funding apart.
    margin       Initial margin that is held for it, at ``leverage``.
    maintenance  What it must be covered by; 0 where the exchange tells no tiers.
    liquidation  The price at which it would be closed, ticks, if no other price moved; None: at none, or nobody tells.

    Amounts are base units of the quote asset.
    """

    @property
    def instrument(self) -> Instrument: ...
    @property
    def lots(self) -> int: ...
    @property
    def cost(self) -> int: ...
    @property
    def entry(self) -> Fraction: ...
    @property
    def unrealised(self) -> int: ...
    @property
    def margin(self) -> int: ...
    @property
    def leverage(self) -> int: ...
    @property
    def maintenance(self) -> int: ...
    @property
    def liquidation(self) -> int | None: ...


class WorkingOrder(Protocol):
    """An order of this account at an exchange that may still be filled.

    id        sniper's own; ``key``: under which ``instance`` placed it.
    size      Lots, ``filled`` of them already. ``price``: ticks; None: a market order.
    state     ``new`` (on its way), ``open``, or ``unknown``; ``cancelling``: whether it is to be cancelled.
    """

    @property
    def id(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def instance(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def size(self) -> int: ...
    @property
    def price(self) -> int | None: ...
    @property
    def filled(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def cancelling(self) -> bool: ...


class View(Protocol):
    """The account's side and the market's side, at the moment of the event being handled."""

    @property
    def now(self) -> int:
        """ns UTC: the time of the event being handled."""
        ...

    @property
    def account(self) -> str: ...
    @property
    def positions(self) -> Mapping[str, Position]:
        """By asset id: what is held, and what an order is opening. Flat positions are gone."""
        ...

    @property
    def ranges(self) -> Mapping[str, Range]:
        """By id: liquidity that is in ranges, or on its way there. Closed ones are gone."""
        ...

    def range_worth(self, range_id: str) -> RangeWorth | None:
        """What a range has now; None for one that is not there yet or any more, and where nothing tells."""
        ...

    def block(self, chain_id: int) -> int:
        """Number of the newest block; 0 before the first."""
        ...

    def pool(self, pool: str) -> PoolView | None: ...
    def pools_of(self, token: str) -> tuple[PoolView, ...]:
        """Every known pool that holds this token (asset id)."""
        ...

    def token(self, token: str) -> TokenView | None: ...
    def ticker(self, instrument: str) -> TickerView | None:
        """What is known of an instrument (its id); None for one that is not listed."""
        ...

    def bars(self, instrument: str, interval: int) -> Sequence[Bar]:
        """The newest bars of an instrument (its id) over ``interval`` ns, at most 500, the newest last; none before the
        first is over. Intervals without a trade are left out where the kernel makes them.

        Raises `BarsNotAsked` for those that no strategy or sizer of the account names in its ``bars``."""
        ...

    def depth(self, instrument: str) -> DepthView | None:
        """Its order book now; None where no strategy asked for it, before its first whole book, and after a gap until
        the next one. The same object as the book changes: what is to be remembered, is to be copied."""
        ...

    def working(self, instrument: str) -> tuple[WorkingOrder, ...]:
        """The account's orders in an instrument that may still be filled, in the order in which they were placed."""
        ...

    def leverage(self, instrument: str) -> int:
        """What a position in a contract is held at, as the exchange says; 1 where it says nothing, and of spot."""
        ...

    def contract(self, instrument: str) -> ContractView | None:
        """What is held of a contract (its id); None: nothing."""
        ...

    def quote_asset(self, place: str) -> str:
        """Asset id in which this account pays and counts at that place (`sniper.types.place_of`)."""
        ...

    def cash(self, asset: str) -> int:
        """Free to spend: what the account owns less what is reserved, base units."""
        ...

    def free(self, asset: str) -> int:
        """Of an asset of an exchange, what is owned, in a position or not, less what is reserved for orders: base
        units."""
        ...

    def equity(self, place: str) -> int:
        """Cash and positions at cost, quote asset, base units."""
        ...

    def spent(self, *, last_ns: int, place: str) -> int:
        """Quote asset spent or reserved for entries in the last ``last_ns`` ns, base units."""
        ...

    def realised(
        self,
        *,
        last_ns: int,
        place: str,
        token: str | None = None,
        venue: str | None = None,
        instance: str | None = None,
    ) -> int:
        """Profit (negative: loss) of what was closed in the last ``last_ns`` ns: quote asset, base units.

        Of everything, or of one token (asset id), one venue or one strategy instance: of one of the three alone, as
        they are counted. A position counts for the venue and the instance that opened it. What a reorg takes back
        counts no more in any window."""
        ...

    def worth(self, token: str) -> int | None:
        """What selling all that is held of a token (asset id) would bring now, after tax or fee, by its position's pool
        or instrument: quote asset, base units; below zero, what it costs to buy back what was sold short. None
        where nothing is held, or nothing tells."""
        ...

    def exposure(
        self, place: str, *, token: str | None = None, venue: str | None = None, instance: str | None = None
    ) -> int:
        """What is at stake: the cost of what is held, and what is reserved for entries; quote asset, base units.

        Of all positions, or of those of one token (asset id), one venue (its name) or one strategy instance."""
        ...

    def drawdown(self, place: str, *, last_ns: int | None = None) -> int:
        """How far equity (realised profits, positions at cost) stands below its highest value, quote base units.

        ``last_ns``: the highest at the end of any minute of the last so many ns, its beginning included; None: ever."""
        ...

    def last_entry(self, token: str | None = None) -> int | None:
        """Time of the newest entry order, of this token or of any, ns UTC."""
        ...
