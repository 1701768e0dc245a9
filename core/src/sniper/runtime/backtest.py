"""A config on a recorded market: the journal's market events through the kernel, with fills played at once.

What an effect would have asked is answered from the record where the record has it: the evidence of a probe for the
same check and token, a simulated sale of the same token. Where it has not, the effect fails, so a probe denies, and
that is counted. Nothing is invented. Routers are asked themselves: what they propose follows from the market, and so
do the cycles that they find.
"""

from bisect import bisect_right
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from sniper.amm import NoLiquidity
from sniper.errors import ConfigError
from sniper.events import (
    AskFailed,
    BalancesRead,
    Block,
    Command,
    CycleFound,
    Event,
    ProbeAnswered,
    RouteProposed,
    SellSimulated,
    Started,
)
from sniper.executor import Executor
from sniper.journal.cut import read_cut
from sniper.kernel import facts as f
from sniper.kernel.asks import Ask, Probe, ProposeRoute, ReadBalances, Send, Settle, SimulateSell
from sniper.kernel.book import Position, purse_id
from sniper.kernel.kernel import Kernel
from sniper.kernel.market import Report
from sniper.runtime.answers import sent, settled
from sniper.runtime.collecting import uncollected
from sniper.runtime.playing import PlayContext
from sniper.runtime.records import MARKET, read_records, register_events
from sniper.runtime.replay import Progress, frames
from sniper.runtime.routing import Routing
from sniper.runtime.wire import signs, wire
from sniper.settings.resolved import Resolved
from sniper.types import NATIVE, SECOND, Mode, asset_id, split_asset

__all__ = ["Backtested", "Fill", "OpenPosition", "Recorded", "Result", "backtest"]

T = TypeVar("T")

_NOT_MARKET = (Started, Command, CycleFound)
"""On record beside the market, but not of it. Cycles are looked for anew, as those who seek them may be others."""


@dataclass(frozen=True)
class Fill:
    """Money that moved. ``amount``: of the token; ``cash``: of the quote asset; both signed, base units."""

    time: int
    order: str
    token: str
    amount: int
    cash: int
    gas: int
    realised: int


@dataclass(frozen=True)
class OpenPosition:
    """What is still held at the end. ``value``: what selling it all would bring; 0 where its pool gives nothing."""

    token: str
    amount: int
    cost: int
    value: int


@dataclass
class Result:
    """One account. Amounts are base units of ``quote``.

    denied      Intents by the rule that denied them.
    unanswered  Probes that the record had no evidence for, by check: each of them denied.
    later       Probes that were answered with evidence that was gathered later than the backtest asked.
    realised    Of closed positions and parts of positions, gas included; ``unrealised``: of what is still held.
    """

    quote: str
    intents: int = 0
    allowed: int = 0
    denied: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    later: int = 0
    fills: list[Fill] = field(default_factory=list)
    realised: int = 0
    unrealised: int = 0
    open: list[OpenPosition] = field(default_factory=list)
    cash: dict[str, int] = field(default_factory=dict)
    halted: str = ""


@dataclass
class Backtested:
    """``begin`` and ``end``: ns UTC of the first and the last market event."""

    events: int = 0
    begin: int = 0
    end: int = 0
    accounts: dict[str, Result] = field(default_factory=dict)


class _Series(Generic[T]):
    """Values by time; the newest that was known, else the first that was learnt later."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._values: list[T] = []

    def add(self, time: int, value: T) -> None:
        self._times.append(time)
        self._values.append(value)

    def at(self, time: int) -> tuple[T, bool]:
        """The value, and whether it was learnt only later."""
        known = bisect_right(self._times, time)
        return self._values[max(0, known - 1)], known == 0


class Recorded:
    """What the effects of a recorded run learnt."""

    def __init__(self) -> None:
        self.evidence: dict[tuple[str, str], _Series[bytes]] = defaultdict(_Series)
        """By check and token."""
        self.sales: dict[str, _Series[SellSimulated]] = defaultdict(_Series)
        """By token."""

    @classmethod
    def read(cls, directory: Path, begin: int, progress: Progress | None = None) -> "Recorded":
        """Read it from a journal."""
        found = cls()
        probes: dict[tuple[str, str], Probe] = {}
        for frame in frames(directory, begin, progress):
            if all(record.stream == MARKET for record in frame.records):
                continue
            for record, struct in zip(frame.records, read_records(frame.first, frame.records), strict=True):
                if isinstance(struct, f.Asked) and isinstance(struct.ask.body, Probe):
                    probes[record.stream, struct.ask.id] = struct.ask.body
                elif isinstance(struct, ProbeAnswered):
                    probe = probes.pop((record.stream, struct.ask), None)
                    if probe is not None:
                        found.evidence[probe.check, probe.entry.token].add(struct.time, struct.evidence)
                elif isinstance(struct, SellSimulated):
                    found.sales[struct.token].add(struct.time, struct)
        return found


class _Play:
    """Answers the kernel's asks at once; those of routers when a block's logs are all in, as in a run, which hands them
    to the kernel together."""

    def __init__(
        self,
        kernel: Kernel,
        executor: Executor,
        routing: Routing | None,
        recorded: Recorded,
        cash: int,
        result: Backtested,
    ) -> None:
        self.kernel = kernel
        self._routing = routing
        self._executor = executor
        self._recorded = recorded
        self._cash = cash
        self._routed: list[Ask] = []
        self._results = result.accounts

    async def take(self, event: Event) -> None:
        """Let the kernel handle an event and everything that follows from it."""
        if isinstance(event, Block):
            await self.route()
        await self._handle(event)

    async def route(self) -> None:
        """Answer what routers were asked meanwhile, and tell of the cycles that they find."""
        asks, self._routed = self._routed, []
        for ask in asks:
            assert isinstance(ask.body, ProposeRoute)
            within_s = ask.deadline / SECOND
            proposals = await self._routing.legs(ask.body.asks, within_s=within_s) if self._routing else ()
            await self._handle(
                RouteProposed(time=self.kernel.now, account=ask.account, ask=ask.id, proposals=proposals)
            )
        for found in self._routing.cycles(self.kernel.now) if self._routing else ():
            await self._handle(found)

    async def _handle(self, event: Event) -> None:
        kernel = self.kernel
        events = deque([event])
        while events:
            kernel.handle(events.popleft())
            for account, fact in kernel.facts:
                self._note(account, fact)
            kernel.facts = []
            asks, kernel.asks = kernel.asks, []
            for ask in asks:
                answer = await self._answer(ask)
                if answer is not None:
                    events.append(answer)

    def _note(self, account: str, fact: f.Fact) -> None:
        result = self._results[account]
        if isinstance(fact, f.IntentFormed):
            result.intents += 1
        elif isinstance(fact, f.Verdict):
            result.allowed += fact.allowed
            if not fact.allowed:
                result.denied[fact.rule] += 1
        elif isinstance(fact, f.Booked):
            token = self.kernel.accounts[account].book.order_of(fact.order).placed.token
            result.realised += fact.realised
            result.fills.append(Fill(fact.time, fact.order, token, fact.amount, fact.cash, fact.gas, fact.realised))

    async def _answer(self, ask: Ask) -> Event | None:
        now, body = self.kernel.now, ask.body
        if isinstance(body, Probe):
            return self._probe(ask, body)
        if isinstance(body, ProposeRoute):
            self._routed.append(ask)
            return None
        if isinstance(body, Send):
            return sent(ask, now, await self._executor.send(body.submission))
        if isinstance(body, Settle):
            return settled(ask, now, await self._executor.settle(body.submission))
        if isinstance(body, SimulateSell):
            return self._sale(ask, body)
        if isinstance(body, ReadBalances):
            return self._wallet(ask, body)
        return None  # the record has what a token said of itself, and nothing is signed here

    def _probe(self, ask: Ask, body: Probe) -> Event:
        now, result = self.kernel.now, self._results[ask.account]
        series = self._recorded.evidence.get((body.check, body.entry.token))
        if series is None:
            result.unanswered[body.check] += 1
            message = f"the journal has no evidence of {body.check} for {body.entry.token}"
            return AskFailed(time=now, account=ask.account, ask=ask.id, code="not-recorded", message=message)
        evidence, later = series.at(now)
        result.later += later
        return ProbeAnswered(time=now, account=ask.account, ask=ask.id, evidence=evidence)

    def _sale(self, ask: Ask, body: SimulateSell) -> Event:
        """What the recorded sale kept of its quote, of what the pool gives now."""
        now = self.kernel.now
        series = self._recorded.sales.get(body.token)
        pool = self.kernel.accounts[ask.account].pool(body.pool)
        if series is None or pool is None:
            message = f"the journal has no simulated sale of {body.token}"
            return AskFailed(time=now, account=ask.account, ask=ask.id, code="not-recorded", message=message)
        sale, _ = series.at(now)
        try:
            quoted = pool.amount_out(split_asset(body.token)[1], body.amount)
        except NoLiquidity:
            quoted = 0
        return SellSimulated(
            time=now,
            account=ask.account,
            ask=ask.id,
            token=body.token,
            block=self.kernel.market.chains[body.chain_id].number,
            quoted=quoted,
            received=quoted * sale.received // sale.quoted if sale.quoted and not sale.reverted else 0,
            reverted=sale.reverted,
        )

    def _wallet(self, ask: Ask, body: ReadBalances) -> Event:
        """What the books say; before anything was booked, the capital."""
        account = self.kernel.accounts[ask.account]
        book = account.book

        def held(address: str) -> int:
            asset = asset_id(body.chain_id, address)
            position = book.positions.get(asset)
            if position is not None:
                return position.amount
            known = asset in book.cash if not book.wallets else purse_id(asset, body.owner) in book.purses
            return book.cash_of(asset, body.owner) if known else account.wiring.share(body.owner, self._cash)

        return BalancesRead(
            time=self.kernel.now,
            account=ask.account,
            ask=ask.id,
            chain_id=body.chain_id,
            block=self.kernel.market.chains[body.chain_id].number,
            nonce=book.sender(body.chain_id, body.owner).next_nonce,
            native=held(NATIVE),
            balances=tuple((token, held(token)) for token in body.tokens),
        )


def _silent(_: str, __: Exception) -> None:
    """A plugin's failure is a fact, which is counted."""


async def backtest(
    resolved: Resolved, directory: Path, *, cash: int, report: Report = _silent, progress: Progress | None = None
) -> Backtested:
    """Trade on the market of the journal in ``directory``.

    resolved  Of mode ``backtest``. ``cash``: what each account begins with of the native coin, and of its quote asset.

    Raises `ConfigError`, `JournalError` and `CodecError`.
    """
    if resolved.mode is not Mode.BACKTEST or resolved.executor is None or signs(resolved):
        raise ConfigError(f'mode "{resolved.mode}" sends orders; a backtest needs mode "backtest" and one that plays')
    register_events()
    kernel = Kernel(wire(resolved, signs=False), report)
    cut = read_cut(directory)
    begin = cut.first if cut else 0
    recorded = Recorded.read(directory, begin, progress)
    result = Backtested(accounts={name: Result(account.quote) for name, account in kernel.accounts.items()})
    executor: Executor = resolved.executor.cls(resolved.executor.config, PlayContext(kernel, {}))
    seekers = kernel.seekers()
    routed = any(account.execution.routes for account in resolved.accounts) or seekers
    log = structlog.get_logger("sniper")
    routing = Routing(kernel.market, resolved.routers, log, seekers) if routed else None
    play = _Play(kernel, executor, routing, recorded, cash, result)
    with uncollected():
        for frame in frames(directory, begin, progress):
            for record, event in zip(frame.records, read_records(frame.first, frame.records), strict=True):
                if record.stream != MARKET or not isinstance(event, Event) or isinstance(event, _NOT_MARKET):
                    continue
                if not result.events:
                    result.begin = event.time
                    await play.take(Started(time=event.time, mode=Mode.BACKTEST.value))
                result.events += 1
                await play.take(event)
        await play.route()
    result.end = kernel.now
    for name, account in result.accounts.items():
        _close(kernel, name, account)
    return result


def _close(kernel: Kernel, name: str, result: Result) -> None:
    book = kernel.accounts[name].book
    result.cash = dict(sorted(book.cash.items()))
    result.halted = book.halted
    for token, position in sorted(book.positions.items()):
        if position.amount:
            value = _value(kernel, name, position)
            result.open.append(OpenPosition(token, position.amount, position.cost, value))
            result.unrealised += value - position.cost
    view = kernel.accounts[name].view
    for key, held in sorted(view.ranges.items()):
        worth = view.range_worth(key)
        result.unrealised += (worth.worth + worth.waiting if worth is not None else 0) - held.cost


def _value(kernel: Kernel, name: str, position: Position) -> int:
    pool = kernel.accounts[name].pool(position.pool)
    if pool is None:
        return 0
    token = split_asset(position.token)[1]
    amount = kernel.accounts[name].planning.after_tax(position.token, position.amount, buying=False)
    try:
        return pool.amount_out(token, amount)
    except NoLiquidity:
        return 0
