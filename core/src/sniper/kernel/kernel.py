"""The kernel: events in, facts and asks out. It reads no clock, no network, no environment and no randomness.

``handle`` one event, then take ``facts`` (for the journal) and ``asks`` (for the shell). The same events give the same
facts, byte for byte.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from sniper.errors import PluginFault
from sniper.events import (
    Answer,
    AskFailed,
    Bar,
    Block,
    BookChanged,
    Clock,
    ClosePosition,
    Commanded,
    CycleFound,
    DeskLost,
    Event,
    FeedStale,
    FillSeen,
    FundingRate,
    FundingSeen,
    InstrumentListed,
    InstrumentStale,
    KillSwitch,
    LiquidityRemoved,
    Log,
    OrderSeen,
    PoolChanged,
    PoolCreated,
    PoolRead,
    PoolTips,
    Prices,
    Reorg,
    Resume,
    Retracted,
    RollupRead,
    SignalHeard,
    StageMeasured,
    StageOrdered,
    Started,
    StrategyLife,
    Submitted,
    TimerFired,
    TokenActed,
    TokenDescribed,
    Trade,
    Transfer,
    narrowed,
    tag_of,
)
from sniper.kernel import facts as f
from sniper.kernel.account import ANSWERS, Account
from sniper.kernel.asks import Ask, DescribeToken, ReadPool, ReadRollup
from sniper.kernel.chain import ChainState
from sniper.kernel.elsewhere import Elsewhere
from sniper.kernel.exchange.bars import NEVER, Bars
from sniper.kernel.exchange.depths import Depths
from sniper.kernel.exchange.tickers import Tickers
from sniper.kernel.given import given_amount
from sniper.kernel.instances import Instance
from sniper.kernel.listing import release
from sniper.kernel.market import Market, Report, rollup_ask
from sniper.kernel.pool import Pool
from sniper.kernel.promotion.stages import Stages
from sniper.kernel.signals import Signals
from sniper.kernel.timers import Timers
from sniper.kernel.waits import Due
from sniper.kernel.watches import Watch
from sniper.kernel.wiring import Wiring
from sniper.types import SECOND, KillLevel, split_asset

Hearing = Instance | Watch
Subscribers = tuple[tuple[Hearing, str, type[Event] | None], ...]
"""Who hears it, handler, and the class that it declares where it is another one than the event's."""


def _silent(_: str, __: Exception) -> None:
    """Nobody listens."""


class Kernel:
    """All accounts of one process on one market.

    facts  (account, fact) decided since the caller last cleared the list.
    asks   Effects that want to leave; commands only once the facts are durable.
    tripped  (account, level, why) of the breakers that tripped since the caller last cleared the list: what must be
             written beside the queues before anything else leaves.
    """

    def __init__(self, wiring: Wiring, report: Report = _silent) -> None:
        self.wiring = wiring
        self.report = report
        self.now = 0
        self.reached = 0
        """Time of the event that let timers fire last, ns UTC: how late they are after a pause."""
        self.cause: Event | None = None
        self.facts: list[tuple[str, f.Fact]] = []
        self.asks: list[Ask] = []
        self.tripped: list[tuple[str, KillLevel, str]] = []
        self.later: deque[tuple[Hearing | Stages, Event]] = deque()
        self.timers = Timers()
        self._deadlines = self.timers.heap
        self.market = Market(wiring.chains, report)
        self._gone = self.market.forgotten
        self.bars = Bars()
        self.tickers = Tickers(self.bars)
        self._tickers = self.tickers.known
        self.depths = Depths(self.tickers)
        self.signals = Signals(wiring.signals, self.market, self.tickers)
        self.elsewhere = Elsewhere(self)
        if any(amm.amm.alone for chain in wiring.chains for amm in chain.amms):
            self.handle = self._attended  # type: ignore[method-assign]  # where none is, handling costs no more
        self.awaited: set[str] = set()
        """Tags of events that denied entries wait for; perhaps of some that none waits for any more."""
        self.accounts = {account.name: Account(self, account) for account in wiring.accounts}
        self._declared = self._declarations()
        self._ask_for_instruments()
        self._subscribers: dict[type[Event], Subscribers] = {}
        self._of_chains: set[type[Event]] = set()
        self._pool_changed = self._subscribers_of(PoolChanged)
        self._handlers: dict[
            type[Event], Callable[[Any], None]
        ] = {  # Any: each takes the event that it is listed under
            Log: self._log,
            Block: self._block,
            Reorg: self._reorg,
            Clock: self._clock,
            FeedStale: self._stale,
            PoolTips: self._pending,
            PoolRead: self._read,
            RollupRead: self.market.priced,
            TokenDescribed: self._described,
            Started: self._started,
            **dict.fromkeys(ANSWERS, self._account_event),
            KillSwitch: self._kill,
            StrategyLife: self._life,
            StageMeasured: self._measured,
            StageOrdered: self._stage_ordered,
            ClosePosition: self._close,
            Resume: self._resume,
            Commanded: self._commanded,
            Transfer: self._transfer,
            Trade: self._trade,
            Prices: self._prices,
            InstrumentListed: self._listed,
            Bar: self._bar,
            InstrumentStale: self._instrument_stale,
            BookChanged: self.depths.changed,
            FundingRate: self._funding_rate,
            Submitted: self._submitted,
            FillSeen: self._fill_seen,
            OrderSeen: self._desk_event,
            FundingSeen: self._desk_event,
            DeskLost: self._desk_event,
            SignalHeard: self._heard,
        }

    def handle(self, event: Event) -> None:
        """Take one event. Time never goes back: an earlier one counts as now."""
        time = event.time
        timers = self._deadlines
        if (timers and timers[0][0] <= time) or self.bars.due <= time:
            self._fire(time)
        if time > self.now:  # noqa: PLR1730  (a call of max costs more than the comparison)
            self.now = time
        self.cause = event
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)
        else:
            self._dispatch(event)
        if self._gone:
            self._forgotten()
        if self.later:
            self._drain()

    def _attended(self, event: Event) -> None:
        """`handle`, where AMMs are asked in workers."""
        self.elsewhere.begin()
        try:
            Kernel.handle(self, event)
        finally:
            self.elsewhere.end()

    def watched(self, chain_id: int) -> frozenset[str]:
        """Addresses of the tokens that are held or being judged: all that they log matters."""
        prefix = f"{chain_id}:"
        found: set[str] = set()
        for account in self.accounts.values():
            book = account.book
            for token in (*book.positions, *(p.entry.token for p in book.pending.values())):
                if token.startswith(prefix):
                    found.add(token[len(prefix) :])
        return frozenset(found)

    def seekers(self) -> dict[tuple[int, int], tuple[str, ...]]:
        """By chain and by most hops: what the accounts pay with, by address, that run a strategy which wants to hear of
        such cycles."""
        found: dict[tuple[int, int], set[str]] = {}
        for instance, _, _ in self._declared.get(tag_of(CycleFound), ()):
            if isinstance(instance, Watch):
                continue  # it hears of those that a strategy wants
            wiring = instance.account.wiring
            try:
                hops = given_amount(instance.strategy.cycle_hops())
            except Exception as error:  # a plugin's code: it hears of no cycle
                self.report(f"strategy {instance.name} does not say which cycles it wants", error)
                continue
            found.setdefault((wiring.chain_id, hops), set()).add(wiring.quote)
        return {which: tuple(sorted(coins)) for which, coins in sorted(found.items())}

    # ---- delivery ----

    def _declarations(self) -> dict[str, list[tuple[Hearing, str, type[Event]]]]:
        """Who wants which tag: the tag is the contract, not the class. What watches hears before what buys."""
        found: dict[str, list[tuple[Hearing, str, type[Event]]]] = {}
        for name in sorted(self.accounts):
            for instance in self.accounts[name].hearing():
                for kind, handler in instance.handlers.items():
                    found.setdefault(tag_of(kind), []).append((instance, handler, kind))
        return found

    def _subscribers_of(self, kind: type[Event]) -> Subscribers:
        """Found once for each class of event."""
        subscribers = tuple(
            (instance, handler, None if declared is kind else declared)
            for instance, handler, declared in self._declared.get(tag_of(kind), ())
        )
        self._subscribers[kind] = subscribers
        if any(hasattr(kind, place) for place in _PLACES):
            self._of_chains.add(kind)
        return subscribers

    def _dispatch(self, event: Event) -> None:
        """Let every strategy that asked for it handle an event; one of a chain, only those on that chain. Then those
        are told whose denied entries waited for it."""
        if not self.awaited or (tag := tag_of(type(event))) not in self.awaited:
            self._deliver(event)
            return
        due = self._due(event, tag, tuple(self.accounts.values()))
        self._deliver(event)
        for each in due:
            each.account.safely(each.account.waits.over, each)

    def _due(self, event: Event, tag: str, accounts: tuple[Account, ...]) -> list[Due]:
        """The waits that an event ends: of one of a chain, those on that chain."""
        chain_id = _chain_of(event)
        about = tuple(str(getattr(event, name, "")) for name in ("pool", "token"))
        return [
            due
            for account in accounts
            if account.book.waiting and chain_id in (None, account.wiring.chain_id)
            for due in account.waits.due(tag, about)
        ]

    def told(self, account: Account, event: Event) -> None:
        """A strategy of this account is told something, for which a denied entry may have waited."""
        tag = tag_of(type(event))
        if tag in self.awaited:
            for each in self._due(event, tag, (account,)):
                account.waits.over(each)

    def recall(self) -> None:
        """Books have come from elsewhere: what do they wait for?"""
        for account in self.accounts.values():
            account.waits.recall()
            account.plans.recall()
        self.awaited = {
            waiting.retry.event_tag for account in self.accounts.values() for waiting in account.book.waiting.values()
        }

    def _deliver(self, event: Event) -> None:
        kind = type(event)
        subscribers = self._subscribers.get(kind)
        if subscribers is None:
            subscribers = self._subscribers_of(kind)
        if not subscribers:
            return
        chain_id = _chain_of(event) if kind in self._of_chains else None
        for instance, handler, declared in subscribers:
            if chain_id is None or instance.account.wiring.chain_id == chain_id:
                try:
                    told = event if declared is None else narrowed(event, declared)
                except (AttributeError, TypeError) as error:  # two plugins that mean different things by one tag
                    instance.stop(handler, error)
                    continue
                instance.deliver(told)

    def _drain(self) -> None:
        later = self.later
        while later:
            instance, event = later.popleft()
            instance.deliver(event)

    def next_at(self) -> int | None:
        """When something happens by itself, ns UTC: a timer fires, or a bar is over."""
        at = self.timers.next_at()
        bar = self.bars.due
        if bar == NEVER:
            return at
        return bar if at is None else min(at, bar)

    def _fire(self, until: int) -> None:
        """Bars end and timers fire at their times, before the event that reaches them; what ends then, ends first."""
        self.reached = until
        while (over := self.bars.due) <= until:
            self._fire_timers(over - 1)
            self._end_bars()
        self._fire_timers(until)

    def _end_bars(self) -> None:
        self.now = max(self.now, self.bars.due)
        for bar, hearing in self.bars.over():
            self.cause = bar
            for instance in hearing:
                instance.deliver(bar)
            self._drain()

    def _fire_timers(self, until: int) -> None:
        while (due := self.timers.due(until)) is not None:
            at, owner, key = due
            self.now = max(self.now, at)
            fired = TimerFired(time=self.now, key=key)
            self.cause = fired
            account = self.accounts.get(owner.account)
            if account is not None:
                account.safely(account.timer, owner.instance, owner.token, owner.exit, fired)
            self._drain()

    # ---- the market ----

    def _log(self, event: Log) -> None:
        chain = self.market.chains[event.chain_id]
        try:
            pool, derived = self.market.log(event)
        except PluginFault as error:
            self.report(str(error), error)
            pool, derived = None, ()
        if pool is not None:
            if pool.watchers or self._pool_changed or POOL_CHANGED in self.awaited:
                self._changed(pool)
        elif chain.readings.open:
            self._read_due(event.chain_id)  # a factory may just have named a pool, and launches do not wait
        if event.address in chain.listening.followers:
            for each in self.market.followed(event):
                self._changed(each)
        if derived:
            listed = pool.listed if pool is not None else event.address in chain.tokens
            for news in derived:
                self._news(pool, news, listed)

    def _changed(self, pool: Pool) -> None:
        if pool.watchers:
            for guard in tuple(pool.watchers):
                guard.account.exits.valued(guard)
                guard.account.price_changed(guard.position)
        if pool.listed and (self._pool_changed or POOL_CHANGED in self.awaited):
            self._dispatch(PoolChanged(time=self.now, pool=pool.id, block=pool.undo_block))

    def _news(self, pool: Pool | None, news: Event, listed: bool) -> None:
        """What is not listed any more is news for the exits of those alone who need it."""
        if type(news) is PoolCreated and pool is not None:
            self._known(pool)
            self._describe(news)
        elif type(news) is LiquidityRemoved and pool is not None:
            for guard in tuple(pool.watchers):
                guard.account.safely(guard.account.exits.event, guard, news)
        elif type(news) is TokenActed:
            for account in self.accounts.values():
                if listed or account.token(news.token) is not None:
                    account.safely(account.exits.token_event, news)
        if listed:
            self._dispatch(news)

    def _known(self, pool: Pool) -> None:
        """A pool that was not known: of those whose positions are held in it, it is again."""
        for name in sorted(self.accounts):
            self.accounts[name].exits.known(pool)

    def _describe(self, news: PoolCreated) -> None:
        quotes = self.market.chains[news.chain_id].quotes
        for coin in news.coins:
            if coin not in quotes:
                self._ask_token(news.chain_id, coin, news.tx_hash)

    def _ask_token(self, chain_id: int, address: str, tx_hash: str) -> None:
        token = self.market.chains[chain_id].tokens.get(address)
        if token is not None:
            token.asked_of = tx_hash
        body = DescribeToken(chain_id=chain_id, token=address, tx_hash=tx_hash)
        self.asks.append(Ask(id=f"?describe-{chain_id}:{address}", account="", deadline=5 * SECOND, body=body))

    def _block(self, event: Block) -> None:
        self.market.block(event)
        final = event.number - self.market.chains[event.chain_id].wiring.finality
        for account in self.accounts.values():
            if account.wiring.chain_id == event.chain_id:
                account.safely(account.execution.block)
                if account.exits.guards:
                    account.safely(account.sales.block)
                    account.safely(account.presigning.block)
                if account.book.plans:
                    account.safely(account.plans.block)
                book = account.book
                if book.ranges:
                    account.safely(account.ranges.block)
                if account.wiring.treasury is not None:
                    account.safely(account.transfers.block)
                if (book.ended or book.closed or book.ranges) and any(book.forgettable(event.chain_id, final)):
                    account.emit(f.Finalised(time=self.now, chain_id=event.chain_id, block=final))
                if account.exits.retired:
                    account.exits.forget()
        self._release(event.chain_id)
        self._ask_prices(self.market.chains[event.chain_id])
        self._dispatch(event)

    def _ask_prices(self, chain: ChainState) -> None:
        """Of a rollup, what it takes for data: once a block, and not while an answer is still to come."""
        if chain.wiring.rollup is not None and not chain.data_fees_asked:
            chain.data_fees_asked = True
            body = ReadRollup(chain_id=chain.id, block=chain.number)
            self.asks.append(Ask(id=rollup_ask(chain.id), account="", deadline=5 * SECOND, body=body))

    def _release(self, chain_id: int) -> None:
        chain = self.market.chains[chain_id]
        if chain.unlisted or chain.readings.open:
            accounts = [account for account in self.accounts.values() if account.wiring.chain_id == chain_id]
            release(chain, {pool for account in accounts for pool in account.pools()})
            self._read_due(chain_id)

    def _reorg(self, event: Reorg) -> None:
        news = Retracted(time=self.now, chain_id=event.chain_id, ancestor=event.ancestor)
        if not self.market.chains[event.chain_id].can_undo(event.ancestor):
            self._too_deep(news)
            return
        changed = self.market.reorg(event.chain_id, event.ancestor)
        for account in self.accounts.values():
            if account.wiring.chain_id == event.chain_id:
                account.safely(account.execution.reorg, event.chain_id, event.ancestor)
                account.safely(account.plans.reorg)
                account.retracted(news)
        for pool in changed:
            self._changed(pool)

    def _too_deep(self, news: Retracted) -> None:
        """What was decided on blocks that cannot be taken back stands, and may not have happened: people must look."""
        depth = self.market.chains[news.chain_id].number - news.ancestor
        self.market.abandon(news.chain_id, news.ancestor)
        reason = (
            f"a reorg of {depth} blocks is deeper than the finality of chain {news.chain_id}: what was booked in them "
            "stands, but may not have happened. Compare sniper positions with the wallet, then go on with sniper resume"
        )
        for account in self.accounts.values():
            if account.wiring.chain_id == news.chain_id:
                account.retracted(news)
                account.emit(f.Halted(time=self.now, reason=reason))

    def _forgotten(self) -> None:
        """The market has forgotten pools: positions in them are not guarded any more, until they are read again."""
        forgotten = list(self.market.forgotten)
        self.market.forgotten.clear()
        for account in self.accounts.values():
            account.exits.review()
        needed = {pool for account in self.accounts.values() for pool in account.pools()}
        for pool in forgotten:
            chain = self.market.chains[pool.chain_id]
            if pool.listed and pool.read_block and chain.find(pool.address) is None:
                # It cannot come back by a creation that was seen long ago, or never.
                self._read_again(chain, pool, listed=True)
            if pool.id in needed and chain.find(pool.address) is None:
                self._read_again(chain, pool, listed=False)
                # Without those of the market: when they are read must not follow from what an account needs.
                self._read_due(pool.chain_id, listed=False)

    def _read_again(self, chain: ChainState, pool: Pool, *, listed: bool) -> None:
        chain.readings.want(
            pool.section, pool.address, listed=listed, number=chain.number, tries=pool.reads, created=pool.creation
        )

    def _read_due(self, chain_id: int, *, listed: bool = True) -> None:
        """Let the asks leave for pools that are to be read."""
        chain = self.market.chains[chain_id]
        if chain.head is None:
            return  # which block to read at, the first one says
        for reading in chain.readings.due(chain.number, chain.head.hash, listed=listed):
            body = ReadPool(
                chain_id=chain_id,
                pool=reading.address,
                amm=reading.section,
                block=reading.block,
                listed=reading.listed,
            )
            deadline = chain.amms[reading.section].amm.deadline_s * SECOND
            self.asks.append(Ask(id=reading.ask, account="", deadline=deadline, body=body))

    def _clock(self, event: Clock) -> None:
        """Timers have fired already; nothing else depends on it."""

    def _stale(self, event: FeedStale) -> None:
        self.market.stale(event)

    def _pending(self, event: PoolTips) -> None:
        self.market.pending(event)
        self._dispatch(event)

    def _read(self, event: PoolRead) -> None:
        pool, found = self.market.read(event)
        if pool is not None:
            self._known(pool)
            self._changed(pool)
        for news in found:
            self._news(pool, news, listed=event.listed)

    def _described(self, event: TokenDescribed) -> None:
        self.market.described(event)
        self._dispatch(event)

    # ---- answers ----

    def _started(self, event: Started) -> None:
        for instrument, ticker in self.tickers.known.items():
            self.bars.heard_from(
                instrument, NEVER if ticker.stale else self.now
            )  # what was traded meanwhile, nobody heard
        for chain in self.market.chains.values():
            chain.stale.clear()  # of the process before: the feeds of this one say so where they have no source
            chain.data_fees_asked = False
            for address, token in sorted(chain.tokens.items()):
                if token.asked_of:  # it was no account's ask, so no book has kept it
                    self._ask_token(chain.id, address, token.asked_of)
        for account in self.accounts.values():
            for watch in account.watches:
                watch.broken = ""
            account.exits.review()
            account.safely(account.began)
        for chain in self.market.chains.values():
            chain.readings.restart(0)
            self._want_missing(chain)
            self._read_due(chain.id)
        self.depths.began(self.now)

    def _want_missing(self, chain: ChainState) -> None:
        """Pools that the config names, and those that a recovery has not found again although positions are in them."""
        for section, address in chain.wiring.pools:
            if address not in chain.pools:
                chain.readings.want(section, address, listed=True, number=chain.number)
        for account in self.accounts.values():
            for position in account.book.positions.values():
                sections = [wiring for wiring in chain.amms.values() if wiring.plugin == position.amm]
                if position.chain_id == chain.id and account.pool(position.pool) is None and len(sections) == 1:
                    address = split_asset(position.pool)[1]
                    chain.readings.want(sections[0].name, address, listed=False, number=chain.number)

    # ---- exchanges ----

    def _ask_for_instruments(self) -> None:
        """What strategies trade at exchanges, in the order of their accounts."""
        for name in sorted(self.accounts):
            for instance in self.accounts[name].instances.values():
                try:
                    wanted, followed = tuple(instance.strategy.instruments()), tuple(instance.strategy.depth())
                    self.bars.want(name, tuple(instance.strategy.bars()), instance)
                    if instance.wiring.sizer is not None:
                        self.bars.want(name, tuple(instance.wiring.sizer.bars(wanted)))
                except Exception as error:  # a plugin's code: it hears of none
                    self.report(f"strategy {instance.name} does not say which instruments it trades", error)
                    continue
                self.tickers.want(instance, wanted)
                self.depths.want(instance, followed)

    def _listed(self, event: InstrumentListed) -> None:
        if event.instrument.id not in self.tickers.known:
            self.bars.heard_from(event.instrument.id, self.now)
        self.tickers.listed(event.instrument)
        self._dispatch(event)

    def _trade(self, event: Trade) -> None:
        """Hot."""
        ticker = self._tickers.get(event.instrument)
        if ticker is None:
            return
        ticker.last = event.price
        if ticker.series:
            self.bars.trade(ticker.series, event.price, event.size, self.now)
        for instance in ticker.hearing:
            instance.deliver(event)

    def _bar(self, event: Bar) -> None:
        """One that a source tells. Hot."""
        ticker = self._tickers.get(event.instrument)
        if ticker is None:
            return
        ticker.last = event.close
        for plans in ticker.plans:
            plans.deliver(event)
        for series in ticker.series:
            if series.interval == event.interval and series.add(event):
                for instance in series.hearing:
                    instance.deliver(event)

    def _prices(self, event: Prices) -> None:
        if self.depths.book(event.instrument) is not None:
            return  # it has another way than the book's changes, and may be older or newer than they are
        for instance in self.tickers.prices(event):
            instance.deliver(event)

    def _instrument_stale(self, event: InstrumentStale) -> None:
        self.bars.heard_from(event.instrument, NEVER if event.stale else self.now)
        self.depths.stale(event)

    def _funding_rate(self, event: FundingRate) -> None:
        for instance in self.tickers.funding_rate(event):
            instance.deliver(event)

    def _heard(self, event: SignalHeard) -> None:
        signal = self.signals.heard(event, self.now)
        if signal is not None:
            self.cause = signal
            self._dispatch(signal)

    def _submitted(self, event: Submitted) -> None:
        account = self.accounts.get(event.account)
        if account is not None:
            account.safely(account.trading.submitted, event)

    def _fill_seen(self, event: FillSeen) -> None:
        account = self.accounts.get(event.account)
        if account is not None:
            account.safely(account.trading.filled, event.fill)

    def _desk_event(self, event: OrderSeen | FundingSeen | DeskLost) -> None:
        account = self.accounts.get(event.account)
        if account is not None:
            account.safely(account.desk_event, event)

    def _account_event(self, event: Answer) -> None:
        """An answer of an account. One of the market, or of an account that is gone from the config, is ignored."""
        account = self.accounts.get(event.account)
        if account is not None:
            account.safely(account.answered, event)
        elif type(event) is AskFailed and not event.account:
            self.market.unread(event.ask)

    # ---- people ----

    def _kill(self, event: KillSwitch) -> None:
        if event.level not in {level.value for level in KillLevel}:
            self.report("a kill switch command is ignored", ValueError(f"there is no level {event.level!r}"))
            return
        for account in self._meant(event.account):
            account.emit(f.KillSet(time=self.now, level=event.level, reason=event.reason))
            if event.level != KillLevel.OFF:
                account.safely(account.trading.killed)
            if event.level == KillLevel.FLATTEN:
                account.safely(account.ranges.flatten, event.reason or "flatten")
                account.safely(account.sales.flatten, event.reason or "flatten")

    def _life(self, event: StrategyLife) -> None:
        for account in self._meant(event.account):
            instance = account.instances.get(event.instance)
            if instance is None:
                continue
            try:
                instance.command(event.action, event.parameters)
            except ValueError as error:  # whoever sends commands checks them; this is for a record of another version
                self.report(f"a command for strategy {event.instance} is ignored", error)

    def _measured(self, event: StageMeasured) -> None:
        account = self.accounts.get(event.account)
        if account is not None:
            account.safely(account.stages.measured, event)

    def _stage_ordered(self, event: StageOrdered) -> None:
        for account in self._meant(event.account):
            account.safely(account.stages.ordered, event)

    def _resume(self, event: Resume) -> None:
        for account in self._meant(event.account):
            if account.book.halted:
                account.emit(f.Resumed(time=self.now, reason=event.reason))
                account.safely(account.began)

    def _commanded(self, event: Commanded) -> None:
        account = self.accounts.get(event.account)
        if account is not None:
            account.emit(f.Replied(time=self.now, key=event.key, asked=event.asked, answer=event.answer))

    def _close(self, event: ClosePosition) -> None:
        for account in self._meant(event.account):
            account.safely(account.sales.ordered, event)

    def _transfer(self, event: Transfer) -> None:
        for account in self._meant(event.account):
            account.safely(account.transfers.ordered, event)

    def _meant(self, account: str) -> tuple[Account, ...]:
        if account == "*":
            return tuple(self.accounts.values())
        found = self.accounts.get(account)
        return (found,) if found else ()


POOL_CHANGED = tag_of(PoolChanged)
_PLACES = ("chain_id", "pool", "token")
"""Fields that tell the chain of an event."""


def _chain_of(event: Event) -> int | None:
    """The chain that an event is about; None where it is about none, as a trade on an exchange."""
    chain_id: int | None = getattr(event, "chain_id", None)
    if chain_id is None:
        asset = str(getattr(event, "pool", "") or getattr(event, "token", ""))
        number = asset.partition(":")[0]
        return int(number) if number.isdigit() else None
    return chain_id
