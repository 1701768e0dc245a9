"""Everything that enters the kernel, and what it derives for strategies and exits.

An event type is its tag and its fields, not its Python class: a plugin that reads another plugin's events declares
the same tag with the fields that it needs. New fields need defaults; any other change is a new tag.
"""

from enum import Enum
from typing import ClassVar

from sniper.evm.rollup_fee import RollupFees
from sniper.exchange_orders import AccountState, Fill, Funding, OrderState
from sniper.finding import Finding
from sniper.instrument import Instrument
from sniper.plugin import Frozen
from sniper.proposal import Leg, Proposal
from sniper.retry import Retry
from sniper.signal import check_heard
from sniper.types import LiquidityMoved


class EventClass(Enum):
    """What may happen to an event under load.

    ABSOLUTE  Replaces what came before under the same key: may be conflated.
    DELTA     Only means something after all its predecessors: never dropped; an overflow turns its source stale.
    FACT      Never dropped, own lane: fills, receipts, reorgs, commands, launches.
    """

    ABSOLUTE = "absolute"
    DELTA = "delta"
    FACT = "fact"


class Event(Frozen):
    """Anything that enters the kernel. ``time``: ns UTC at which it could be known; it never decreases."""

    event_class: ClassVar[EventClass] = EventClass.FACT
    time: int


def tag_of(kind: type[Event]) -> str:
    """The tag of an event type: the contract between packages."""
    return kind.__struct_config__.tag or kind.__name__  # type: ignore[attr-defined]  # every event is a msgspec struct


def fields_of(kind: type[Event]) -> tuple[str, ...]:
    """The names of its fields."""
    found: tuple[str, ...] = kind.__struct_fields__  # type: ignore[attr-defined]  # as above
    return found


def narrowed(event: Event, kind: type[Event]) -> Event:
    """The same event with the fields that a consumer declares for its tag, in another class."""
    return event if type(event) is kind else kind(**{name: getattr(event, name) for name in fields_of(kind)})


# ---- what chains and exchanges say (the shared market stream)  ----


class Block(Event, tag="block/1"):
    """A new head. ``timestamp``: seconds, the chain's own. ``base_fee``: wei per gas of this block.

    tips  Effective priority fees of its transactions at the percentiles 10, 50, 90, wei per gas; empty where unknown.
    """

    chain_id: int
    number: int
    hash: str
    parent: str
    timestamp: int
    base_fee: int
    gas_used: int
    gas_limit: int
    tips: tuple[int, ...] = ()


class Log(Event, tag="log/1"):
    """One EVM log, undecoded. Logs follow their `Block`, in the order of ``index``."""

    event_class = EventClass.DELTA
    chain_id: int
    block: int
    tx_hash: str
    index: int
    address: str
    topics: tuple[str, ...]
    data: bytes


class PoolTips(Event, tag="pool-tips/1"):
    """The pending transactions that a node has shown, as bids for a place in the block after ``block``.

    offers  (effective priority fee at that block's base fee, wei per gas; gas limits of all that offer it), best first.
            What cannot pay that base fee is not in it. Whoever sends it bounds it, and leaves out the cheapest.
    """

    event_class = EventClass.ABSOLUTE
    chain_id: int
    block: int
    offers: tuple[tuple[int, int], ...]


class PendingLiquidity(Event, tag="pending-liquidity/1"):
    """A transaction in the public pool would add liquidity or make a pool, if mined as it is. A hint: it may fail,
    be replaced or never be mined, and anyone can send one. No pool is known by it, so nothing can be bought on it.

    contract  Whom it calls. ``coins``: token addresses as the call names them, the zero address for the chain's own
              coin; ``amounts``: the most that is added of each, base units, 0 where the pool is only made.
    creates   Whether it makes the pool by name; a V2 router makes it without saying so.
    max_fee, max_tip  What it pays at most, wei per gas.
    """

    event_class = EventClass.DELTA
    chain_id: int
    tx_hash: str
    sender: str
    nonce: int
    contract: str
    coins: tuple[str, str]
    amounts: tuple[int, int]
    creates: bool
    max_fee: int
    max_tip: int


class PendingCall(Event, tag="pending-call/1"):
    """A transaction in the public pool calls a function that opens trading, or any function of a token that is held or
    being judged that its holders do not call every day. A hint, as `PendingLiquidity` is.

    token  Asset id of the contract that is called; where trading is opened it may be no token at all.
    name   The function's name where it opens trading, else empty. ``opens``: whether it does.
    """

    event_class = EventClass.DELTA
    token: str
    tx_hash: str
    sender: str
    nonce: int
    selector: str
    name: str
    opens: bool
    max_fee: int
    max_tip: int


class OwnTransaction(Event, tag="own-transaction/1"):
    """A transaction of an account's address stands in the public pool, whoever sent it. ``to``: empty where it creates
    a contract. ``selector``: hex, empty where it calls nothing. ``value``: wei."""

    chain_id: int
    tx_hash: str
    sender: str
    nonce: int
    to: str
    selector: str
    value: int


class Reorg(Event, tag="reorg/1"):
    """Blocks above ``ancestor`` are no longer part of the chain. The new ones follow as `Block` and `Log`."""

    chain_id: int
    ancestor: int


class InstrumentListed(Event, tag="instrument-listed/1"):
    """An exchange lists this, and these are its rules from now on. Told of each before anything else of it."""

    instrument: Instrument


class Prices(Event, tag="prices/1"):
    """The best prices of an instrument's order book: ticks and lots; 0 where nobody offers."""

    event_class = EventClass.ABSOLUTE
    instrument: str
    bid: int
    bid_size: int
    ask: int
    ask_size: int


class BookChanged(Event, tag="book-changed/1"):
    """Levels of an instrument's order book as they are from now on. The kernel keeps the book of each instrument whose
    `sniper.strategy.Strategy.depth` some strategy asked for.

    bids, asks   (price, size), ticks and lots; size 0: nobody offers at that price any more.
    whole        These are all levels there are. Else those that are not named stay as they were.
    first, last  Numbers of the first and the last change in it, as the exchange counts them; of a whole book, ``last``
                 alone. What does not join on to ``last`` of the one before is a gap: the instrument is stale until the
                 next whole book. 0: the exchange numbers nothing, and its adapter says where something is missing.
    """

    event_class = EventClass.DELTA
    instrument: str
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]
    first: int = 0
    last: int = 0
    whole: bool = False


class FundingRate(Event, tag="funding-rate/1"):
    """What holders of a perpetual pay next: ``rate`` billionths of the value of their position at ``at`` (ns UTC), from
    those above zero to those below; negative: the other way round."""

    event_class = EventClass.ABSOLUTE
    instrument: str
    rate: int
    at: int


class InstrumentStale(Event, tag="instrument-stale/1"):
    """What is known of an instrument may be old (``stale``), or is true again. Nothing is bought at it while it is."""

    instrument: str
    stale: bool


class Trade(Event, tag="trade/1"):
    """A trade on an exchange. ``price`` in ticks, ``size`` in lots of the instrument."""

    event_class = EventClass.DELTA
    venue: str
    instrument: str
    price: int
    size: int


class Bar(Event, tag="bar/1"):
    """The trades of an instrument in ``[start, start + interval)``, ns UTC: prices in ticks, ``volume`` in lots.

    ``time``: when it was known as a whole, never before its end. A source tells it, or the kernel makes it out of
    trades for those who ask for it (`sniper.strategy.Strategy.bars`): see `sniper.kernel.exchange.bars`.
    """

    event_class = EventClass.DELTA
    instrument: str
    interval: int
    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int


class Clock(Event, tag="clock/1"):
    """Time went by; makes timers fire when nothing else happens."""

    event_class = EventClass.ABSOLUTE


class Started(Event, tag="started/1"):
    """A process took up this journal. Whatever it knew of wallets is read again before anything is traded.

    fences  By account, the token of the lease under which everything behind this is decided.
    """

    mode: str
    fences: tuple[tuple[str, int], ...] = ()


class FeedStale(Event, tag="feed-stale/1"):
    """A feed lost its source (``stale``) or has caught up again. Nothing is bought while a feed of its chain is."""

    feed: str
    chain_id: int
    stale: bool


class PoolRead(Event, tag="pool-read/1"):
    """State of a pool that was read from its chain at ``block``; ``state`` is the AMM's encoded fields.

    ask     The `ReadPool` that it answers; a state that nobody asked for counts only at the newest block.
    listed  Whether it is for the market, or only for the accounts that need it.
    """

    chain_id: int
    pool: str
    amm: str
    block: int
    coins: tuple[str, ...]
    state: bytes
    ask: str = ""
    listed: bool = True


class RollupRead(Event, tag="rollup-read/1"):
    """What a rollup took for data after ``block``, as its own contracts said: the answer to a `ReadRollup`."""

    chain_id: int
    block: int
    fees: RollupFees


class TokenDescribed(Event, tag="token-described/1"):
    """What a token says of itself; nothing of it is trusted for money. ``deployer``: who sent its pool's creation."""

    chain_id: int
    token: str
    symbol: str
    decimals: int
    deployer: str


class CycleFound(Event, tag="cycle-found/1"):
    """A way round that gained when a router looked at a pool that had changed, by more than its swaps cost at the base
    fee. It begins and ends with what an account pays with. Untrusted: an `sniper.types.Arbitrage` of its legs is quoted
    again.

    Looked for only where a strategy subscribes to it, and for no other coin than those of its accounts.

    block   The newest one then.
    quote   Asset id of what is paid and received, as `sniper.view.View.quote_asset` says it.
    legs    In their order, each with all that the one before brought. The native coin stands in its wrapped form.
    amount  Of ``quote``, which gains most; ``gain``: with it, before gas; base units. ``gas``: of all swaps, about.
    """

    chain_id: int
    block: int
    quote: str
    legs: tuple[Leg, ...]
    amount: int
    gain: int
    gas: int


# ---- what sources say  ----


class SignalHeard(Event, tag="signal-heard/1"):
    """What a source said, as a feed heard it; ``time``: when it arrived. Strategies hear of a `Signal` instead, where
    the pipeline passes it (docs/signals.md).

    source     Who says it: the feed's section, and behind a dot who of several: ``"webhook.desk"``.
    id         The source's own: the same id of the same source is the same thing said again.
    kind       Such as ``"alert"``, ``"listing"``, ``"announcement"``, ``"release"``, ``"transfer"``, ``"swap"``.
    about      Symbols (``"BTC"``), asset ids (``"1:0x…"``, ``"binance:BTC"``), instrument ids, or addresses.
    direction  1: it should rise, or was bought; -1: the contrary; 0: neither is said. ``strength``: bps.
    at         ns UTC, when it was said. ``expires``: ns UTC, until when it means something; 0: it does not say.
    text, url  The evidence, for people.

    Raises `ValueError` for what is longer than `sniper.signal` says, or of another form.
    """

    source: str
    id: str
    kind: str
    about: tuple[str, ...]
    direction: int
    strength: int
    at: int
    expires: int = 0
    text: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        check_heard(self)


# ---- answers to effects (an account's own stream)  ----


class Answer(Event):
    """The answer to the effect ``ask`` of ``account``. A second answer is journaled and ignored."""

    account: str
    ask: str


class AskFailed(Answer, tag="ask-failed/1"):
    """The effect gave no answer: it raised, or its deadline passed (code ``deadline``)."""

    code: str
    message: str


class ProbeAnswered(Answer, tag="probe-answered/1"):
    """Evidence of a risk probe, in the canonical encoding of its `Evidence` type."""

    evidence: bytes


class RouteProposed(Answer, tag="route-proposed/1"):
    """What routers propose for an entry, one proposal of each that found something. Untrusted: the kernel quotes the
    legs again."""

    proposals: tuple[Proposal, ...] = ()


class Signed(Answer, tag="signed/1"):
    """A signed transaction. Durable before it is broadcast, and sent again unchanged after a crash."""

    raw: bytes
    tx_hash: str


class Sent(Answer, tag="sent/1"):
    """A node's word on a broadcast. ``outcome``: ``accepted``, ``known``, ``nonce-too-low``, ``underpriced``,
    ``insufficient-funds``, ``rejected``, or ``not-sent`` where the executor is certain that it never left."""

    outcome: str
    message: str = ""


class Settled(Answer, tag="settled/1"):
    """What a transaction did, measured by balances and not by the logs of a token.

    included       False: not in a block yet; the other fields then mean nothing.
    ok             The receipt's status.
    native_delta   Change of the owner's native balance that this transaction caused, its gas included, wei.
    balances       (token address, owner's balance at ``block``), base units.
    quote_delta    Change that this transaction alone caused in the ERC-20 that the account pays with, base units, for
                   other transactions of the block move it, too. The trader chose that token, so here its own logs are
                   believed. None where the native coin pays, or where it logged nothing: then its balance tells.
    data_fee       What a rollup took beside gas used times gas price, wei, where the receipt says it.
    moved          What it did to a position of liquidity, as the logs of that position's contract say; None: nothing.
    """

    included: bool
    ok: bool = False
    block: int = 0
    block_hash: str = ""
    gas_used: int = 0
    gas_price: int = 0
    native_delta: int = 0
    balances: tuple[tuple[str, int], ...] = ()
    revert_reason: str = ""
    quote_delta: int | None = None
    data_fee: int = 0
    moved: LiquidityMoved | None = None


class SellSimulated(Answer, tag="sell-simulated/1"):
    """A sale of a whole position, simulated at ``block``. ``received``: quote asset, base units; 0 when it reverts.

    quoted  What the pool would give for the same amount if the token took no tax, quote base units.
    """

    token: str
    block: int
    quoted: int
    received: int
    reverted: str = ""


class BalancesRead(Answer, tag="balances-read/1"):
    """A wallet at one block: ``nonce`` counts its included transactions; ``balances`` are (token, base units)."""

    chain_id: int
    block: int
    nonce: int
    native: int
    balances: tuple[tuple[str, int], ...] = ()


class Submitted(Answer, tag="submitted/1"):
    """An exchange's word on a new order: taken, under ``venue_id``; or refused, with a ``code`` of the exchange."""

    venue_id: str
    code: str = ""
    message: str = ""


class CancelAsked(Answer, tag="cancel-asked/1"):
    """The exchange has heard that an order should be cancelled. What came of it, the user's stream tells."""


class OrderFound(Answer, tag="order-found/1"):
    """An order as the exchange knows it, with its fills; ``state`` None: it never arrived, and no longer can."""

    state: OrderState | None
    fills: tuple[Fill, ...] = ()


class DeskAnswered(Answer, tag="desk-answered/1"):
    """A sub-account as it is, with its fills since the cursor that was asked for."""

    venue: str
    state: AccountState


# ---- what exchanges say of an account's orders, unasked  ----


class OrderSeen(Event, tag="order-seen/1"):
    """The user's stream told the state of an order."""

    account: str
    venue: str
    state: OrderState


class FillSeen(Event, tag="fill-seen/1"):
    """The user's stream told a fill."""

    account: str
    fill: Fill


class FundingSeen(Event, tag="funding-seen/1"):
    """An account's position in a contract paid, or was paid."""

    account: str
    funding: Funding


class DeskLost(Event, tag="desk-lost/1"):
    """The user's stream broke: what happened since, only a reading of the sub-account tells. ``back``: it is there
    again, and what happened meanwhile is what nobody told."""

    account: str
    venue: str
    reason: str
    back: bool = False


class GasRead(Answer, tag="gas-read/1"):
    """What wallets had of the chain's coin after ``block``: (address, wei) of each that was asked for."""

    block: int
    balances: tuple[tuple[str, int], ...]


class StageMeasured(Event, tag="stage-measured/1"):
    """What a strategy instance has shown, as it was measured from the records of runs.

    stage  At which it stood then. ``rise``: the gates of the next stage; ``hold``: what it must hold to stay.
    """

    account: str
    instance: str
    stage: str
    rise: tuple[Finding, ...]
    hold: tuple[Finding, ...]


# ---- commands of people  ----


class Command(Event):
    """An order of the operator or the account's owner."""

    account: str


class KillSwitch(Command, tag="kill-switch/1"):
    """Set the kill switch of one account, or of all (``account`` ``"*"``)."""

    level: str
    reason: str = ""


class Resume(Command, tag="resume/1"):
    """Let a halted account trade again: an operator has looked."""

    reason: str = ""


class StrategyLife(Command, tag="strategy-life/1"):
    """``action``: ``start``, ``pause`` (no entries), ``drain`` (no entries, removed once flat), ``remove`` (it is gone,
    the exits of its positions go on) or ``configure`` (``parameters``: JSON of the keys that change)."""

    instance: str
    action: str
    parameters: str = ""


class StageOrdered(Command, tag="stage-ordered/1"):
    """``action``: ``promote`` or ``demote`` an instance by one stage, or down to ``stage``. ``force``: also where its
    gates are not passed."""

    instance: str
    action: str
    stage: str = ""
    force: bool = False
    reason: str = ""


class ClosePosition(Command, tag="close-position/1"):
    """Close a position by hand."""

    token: str
    share_bps: int = 10_000
    reason: str = "closed by hand"


class Commanded(Command, tag="commanded/1"):
    """A command that came from outside is carried out: what it led to stands before this in the same frame.

    key     Under which it was asked for; ``asked``: SHA-256 of what it asked, hex. ``answer``: JSON.
    """

    key: str
    asked: str
    answer: str


BY_HAND = "sent by hand"
"""The reason of a transfer for which nobody gave one."""


class Transfer(Command, tag="transfer/1"):
    """Send ``amount`` (base units) of the chain's coin or of what the account pays with to an own wallet. ``wallet``:
    which of the account's sends it; empty: the one that has most of it free."""

    asset: str
    to: str
    amount: int
    reason: str = BY_HAND
    wallet: str = ""


# ---- derived by the kernel, never journaled: the same inputs give them again  ----


class PoolCreated(Event, tag="pool-created/1"):
    """A factory made a pool. ``coins``: token addresses, numbered as in the contract."""

    chain_id: int
    block: int
    pool: str
    amm: str
    coins: tuple[str, ...]
    tx_hash: str


class PoolChanged(Event, tag="pool-changed/1"):
    """A pool's state changed; read the new one through the view."""

    event_class = EventClass.ABSOLUTE
    pool: str
    block: int


class LiquidityAdded(Event, tag="liquidity-added/1"):
    """``token`` is the coin that is not the quote asset; ``quote_reserve``: what the pool can pay out of
    the quote asset (the wrapped native coin, mostly) after the change, base units."""

    pool: str
    token: str
    quote_reserve: int
    block: int


class LiquidityRemoved(Event, tag="liquidity-removed/1"):
    """As `LiquidityAdded`; ``share_bps``: the part of the pool's quote reserve that left."""

    pool: str
    token: str
    quote_reserve: int
    share_bps: int
    block: int


class TradingEnabled(Event, tag="trading-enabled/1"):
    """A token said that it trades from now on."""

    token: str
    block: int


class TokenActed(Event, tag="token-acted/1"):
    """A token's contract logged something that is neither a transfer nor an approval: its owner did something.

    ``topic``: the log's first topic; ``name``: the event's name where it is a known one."""

    token: str
    topic: str
    name: str
    block: int


class Signal(Event, tag="signal/1"):
    """What sources say, once: repetitions are left out, and what several of them say alike is one signal.

    id           ``"<source>/<id>"`` of what was heard first. ``sources``: who said it, in the order of their names.
    kind, about, text, url  As in `SignalHeard`, of what was heard first.
    assets       Asset ids of what it is about, ``instruments`` the ids of what can be traded of it; sorted. Empty where
                 nothing is known under that name.
    direction    As in `SignalHeard`. ``score``: bps, of all sources together, by their weights.
    at           ns UTC, when it was said first. ``expires``: ns UTC, when it means nothing any more.
    """

    id: str
    kind: str
    sources: tuple[str, ...]
    about: tuple[str, ...]
    assets: tuple[str, ...]
    instruments: tuple[str, ...]
    direction: int
    score: int
    at: int
    expires: int
    text: str = ""
    url: str = ""


class TimerFired(Event, tag="timer-fired/1"):
    """A timer that this strategy or exit set. ``key`` as it was set."""

    key: str


class EntryDenied(Event, tag="entry-denied/1"):
    """This strategy's intent was denied, or its order brought nothing (rule ``execution.…``).

    retry_at  When checks say that it may fare better, ns UTC; None where none does, or no time is known.
    retry     Where it waits for a block or an event instead: `EntryDue` is told when that is there."""

    token: str
    intent: str
    rule: str
    retry_at: int | None
    retry: Retry | None = None


class EntryDue(Event, tag="entry-due/1"):
    """The block or the event is there for which this strategy's denied intent waited. It is not judged again by itself:
    whether it is still wanted, the strategy knows."""

    token: str
    intent: str


class OrderChanged(Event, tag="order-changed/1"):
    """An order that this strategy placed at an exchange has another state, or more of it is filled.

    key    As it was placed. ``order``: its id. ``filled``: lots, so far.
    state  Of `sniper.kernel.exchange.states`; ``denied``: it was never placed, and ``note`` is the rule that denied it.
    value  What the filled lots were worth, base units of the quote asset: over ``filled`` times the instrument's unit,
           their average price in ticks.
    """

    key: str
    order: str
    instrument: str
    state: str
    filled: int
    note: str = ""
    value: int = 0


class PositionForced(Event, tag="position-forced/1"):
    """The exchange itself closed some of a contract that this strategy holds.

    reason  ``liquidation``, ``adl`` or ``settlement``. ``size``: lots that it closed, at ``price`` ticks.
    left    Lots that are held still, negative of what is sold short.
    """

    instrument: str
    reason: str
    size: int
    price: int
    left: int


class PlanChanged(Event, tag="plan-changed/1"):
    """A plan that this strategy started has begun, has placed or filled something, or has ended.

    key     As it was started. ``plan``: its id.
    state   ``working``, ``ending``, or how it ended: ``done``, ``cancelled``, ``expired``, ``failed``; ``denied``: what
            it wanted was, and ``note`` is the rule that denied it.
    filled  Lots, so far, of all its legs; ``leg``: of which one the news is, empty: of all.
    """

    key: str
    plan: str
    instrument: str
    state: str
    filled: int
    leg: str = ""
    note: str = ""


class PositionOpened(Event, tag="position-opened/1"):
    """An entry of this strategy was filled."""

    token: str


class ChainOrderEnded(Event, tag="chain-order-ended/1"):
    """An order of this strategy on a chain is over, which bought or sold. Where a reorg reopened it, it ends again, and
    what is told then is instead of what was told before.

    side    ``increase`` or ``reduce``. ``state``: ``done``, ``failed`` or ``cancelled``.
    amount  What the position grew by, token base units; below zero: what was sold.
    cash    What came in of the quote asset, base units; below zero: what was paid. Gas is not in it.
    """

    intent: str
    token: str
    side: str
    state: str
    amount: int
    cash: int


class PositionClosed(Event, tag="position-closed/1"):
    """A position of this strategy is flat. ``pnl``: quote asset, base units, gas included."""

    token: str
    pnl: int


class WorthChanged(Event, tag="worth-changed/1"):
    """What an account holds may be worth something else than before, or it gained or lost: the pool of a position
    changed, or money was booked. Told to the account's watches alone.

    place            Where, see `sniper.types.place_of`.
    token            Asset id of the position; empty for an arbitrage.
    venue, instance  Who opened it, or carried the arbitrage out.
    """

    place: str
    token: str
    venue: str
    instance: str


class RangeChanged(Event, tag="range-changed/1"):
    """Something has become of liquidity that this strategy put into a range.

    range  Its id. ``pool``: of which pool it is.
    state  ``open``: it is there; ``changed``: some of it was taken out, or its fees were; ``closed``: all of it was;
           ``failed``: what was wanted did not come about, and ``note`` says why. Taking out is tried again by itself.
    """

    range: str
    pool: str
    state: str
    note: str = ""


class ArbitrageEnded(Event, tag="arbitrage-ended/1"):
    """An order for an `Arbitrage` of this strategy is over.

    state   ``done``; ``failed``: it reverted, which cost its gas; ``cancelled``: nothing of it was traded.
    gained  Profit, negative where it is a loss: quote asset, base units. Gas counts where it is paid in the same coin.
    """

    intent: str
    legs: tuple[Leg, ...]
    state: str
    gained: int


class Retracted(Event, tag="retracted/1"):
    """A reorg took back what this strategy was told of blocks above ``ancestor``."""

    chain_id: int
    ancestor: int
