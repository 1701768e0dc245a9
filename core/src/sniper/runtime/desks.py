"""The desks of a run: what the kernel asks of exchanges is carried there, or played."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from sniper.errors import PluginFault
from sniper.events import CancelAsked, DeskAnswered, Event, OrderFound, Submitted
from sniper.exchange import Exchange
from sniper.exchange_orders import AccountState, Fill, OrderState, Placed, Refused
from sniper.kernel.asks import Ask, Cancel, FindOrder, ReadDesk, Submit
from sniper.kernel.kernel import Kernel
from sniper.runtime.clock import Clock
from sniper.runtime.kill import refusal
from sniper.runtime.simulated_book import BookExchange
from sniper.runtime.simulated_exchange import NEVER, SimulatedExchange
from sniper.settings.resolved import Resolved
from sniper.types import SECOND, KillLevel, Mode, place_of

MS: Final = SECOND // 1000
Place = tuple[str, str]
"""(account, venue)"""


def venue_of(ask: Ask) -> str:
    """The exchange that an ask is for; empty where it is for none."""
    body = ask.body
    if isinstance(body, Submit | Cancel | FindOrder):
        return body.instrument.venue
    return body.venue if isinstance(body, ReadDesk) else ""


class LiveDesks:
    """Carries asks to real exchanges, one client for each desk. To raise is to say that nobody knows."""

    def __init__(
        self,
        kernel: Kernel,
        exchanges: Mapping[Place, Exchange],
        *,
        clock: Clock,
        kill: Callable[[str], KillLevel],
        fence: Callable[[str], int],
    ) -> None:
        """``kill`` and ``fence``: see `sniper.runtime.effects.Effects`."""
        self._kernel = kernel
        self.exchanges = exchanges
        self._clock = clock
        self._kill = kill
        self._fence = fence

    async def carried(self, ask: Ask) -> Event:
        """What came of it. Raises what the exchange raises, and `LeaseLost`."""
        body, exchange = ask.body, self.exchanges[ask.account, venue_of(ask)]
        if isinstance(body, Submit):
            refused = refusal(self._kill(ask.account), "entry" if self._opens(ask.account, body) else "exit")
            self._fence(ask.account)
            answer = Refused(code="kill-switch", message=refused) if refused else await exchange.submit(body.new)
            if isinstance(answer, Refused):
                return Submitted(
                    time=self._clock(),
                    account=ask.account,
                    ask=ask.id,
                    venue_id="",
                    code=answer.code or "refused",
                    message=answer.message,
                )
            if not isinstance(answer, Placed) or not answer.venue_id:
                raise PluginFault(f"{exchange.place} answered an order with {answer!r:.200}")
            return Submitted(time=self._clock(), account=ask.account, ask=ask.id, venue_id=answer.venue_id)
        if isinstance(body, Cancel):
            self._fence(ask.account)
            await exchange.cancel(body.new, body.venue_id)
            return CancelAsked(time=self._clock(), account=ask.account, ask=ask.id)
        if isinstance(body, FindOrder):
            return self._found(ask, await exchange.find(body.new))
        assert isinstance(body, ReadDesk)
        state = await exchange.read(body.cursor)
        if not isinstance(state, AccountState) or any(
            place_of(each) != exchange.place for each, _, _ in state.balances
        ):
            raise PluginFault(f"{exchange.place} answered a reading with {state!r:.200}")
        return DeskAnswered(time=self._clock(), account=ask.account, ask=ask.id, venue=body.venue, state=state)

    async def close(self) -> dict[Place, BaseException]:
        """Let all clients go; those that could not, and why."""
        ended = await asyncio.gather(*(each.close() for each in self.exchanges.values()), return_exceptions=True)
        return {place: error for place, error in zip(self.exchanges, ended, strict=True) if error is not None}

    def _opens(self, account: str, body: Submit) -> bool:
        order = self._kernel.accounts[account].book.desks[body.instrument.venue].order_of(body.order)
        return order.placed.opens

    def _found(self, ask: Ask, found: tuple[OrderState, Sequence[Fill]] | None) -> OrderFound:
        state, fills = (None, ()) if found is None else found
        return OrderFound(time=self._clock(), account=ask.account, ask=ask.id, state=state, fills=tuple(fills))


class PlayedDesks:
    """Exchanges that are played beside the kernel, at the pace of the clock."""

    def __init__(
        self,
        exchanges: Mapping[Place, SimulatedExchange],
        *,
        publish: Callable[[Sequence[Event]], Awaitable[None]],
        clock: Clock,
        sends: bool,
    ) -> None:
        """``sends``: False, to refuse every order as not sent."""
        self.exchanges = exchanges
        self._every = tuple(exchanges.values())
        self._publish = publish
        self._clock = clock
        self._sends = sends
        self._asked = asyncio.Event()
        self._ready: list[Event] = []

    def wants_books(self, place: str) -> bool:
        """Whether an exchange of this name fills by order books, which nobody else may follow."""
        return any(venue == place and isinstance(each, BookExchange) for (_, venue), each in self.exchanges.items())

    def heard(self, event: Event) -> None:
        """The market, before the kernel hears it."""
        for exchange in self._every:
            if exchange.active:
                self._ready.extend(exchange.until(self._clock()))  # what arrived before it happened
            exchange.heard(event)
            if exchange.active:
                self._asked.set()

    def ask(self, ask: Ask) -> None:
        """A request leaves."""
        if self._sends or not isinstance(ask.body, Submit):
            self.exchanges[ask.account, venue_of(ask)].ask(ask, self._clock())
        else:
            self._ready.append(
                Submitted(
                    time=self._clock(),
                    account=ask.account,
                    ask=ask.id,
                    venue_id="",
                    code="not-sent",
                    message="shadow mode: not sent",
                )
            )
        self._asked.set()

    async def run(self) -> None:
        """Answer, each at its time."""
        while True:
            if self._ready:
                ready, self._ready = self._ready, []
                await self._publish(ready)
            due = min((exchange.due for exchange in self._every), default=NEVER)
            now = self._clock()
            if due > now:
                self._asked.clear()
                try:
                    async with asyncio.timeout((due - now) / SECOND if due != NEVER else None):
                        await self._asked.wait()
                except TimeoutError:
                    pass  # the next answer is due
                continue
            for exchange in self._every:
                answers = list(exchange.until(now))
                if answers:
                    await self._publish(answers)


def live_exchanges(resolved: Resolved) -> dict[Place, Exchange]:
    """A client for each desk. Raises what a key file that cannot be used raises."""
    configured = {each.name: each for each in resolved.exchanges}
    return {
        (account.name, venue): configured[venue].cls(venue, configured[venue].config, desk.keys)
        for account in resolved.accounts
        for venue, desk in sorted(account.desks.items())
    }


def played_exchanges(resolved: Resolved, kernel: Kernel) -> dict[Place, SimulatedExchange]:
    """A simulated exchange for each desk, where the books left it: what rested there rests again."""
    found = {}
    for account in resolved.accounts:
        book = kernel.accounts[account.name].book
        for venue, desk in sorted(account.desks.items()):
            known = book.desks.get(venue)
            balances = {f"{venue}:{code}": amount for code, amount in desk.paper_cash.items()}
            if known is not None and known.cursor:
                assets = {*book.cash, *(key for key, held in book.positions.items() if not held.linear)}
                balances = {asset: book.owned(asset) for asset in sorted(assets) if place_of(asset) == venue}
            model = BookExchange if desk.paper_fills == "book" else SimulatedExchange
            exchange = model(
                account.name, venue, balances, latency=desk.paper_latency_ms * MS, leverage=desk.paper_leverage
            )
            for key, contract in sorted(known.contracts.items() if known is not None else ()):
                position = book.positions.get(key)
                if position is not None and exchange.contracts is not None:
                    lots = position.amount // contract.instrument.lot
                    exchange.contracts.adopt(contract.instrument, lots, position.cost)
            for order in known.orders.values() if known is not None else ():
                if order.state == "open" and resolved.mode is Mode.PAPER:
                    exchange.adopt(order.placed.instrument, order.placed.new, order.venue_id, order.filled)
            found[account.name, venue] = exchange
    return found
