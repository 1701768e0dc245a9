"""What the pure stages of one account may read; implements `sniper.view.View`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from sniper.events import Bar
from sniper.kernel.book import Position, Range
from sniper.kernel.elsewhere import Elsewhere
from sniper.kernel.exchange.book import ExchangeOrder
from sniper.kernel.exchange.contracts import HeldContract, held_contract
from sniper.kernel.exchange.exits import worth
from sniper.kernel.exchange.tickers import Ticker
from sniper.kernel.facts import OrderPlaced
from sniper.kernel.pool import Pool
from sniper.kernel.range_worth import range_worth
from sniper.kernel.tokens import Token
from sniper.types import NATIVE, asset_id, place_of
from sniper.view import DepthView, PoolView, RangeWorth, TokenView

if TYPE_CHECKING:
    from sniper.kernel.account import Account


_ENTERS = ("increase", "provide")
"""Sides of orders that put more at stake."""


class KnownToken:
    """What the market knows of a token together with what this account measured."""

    __slots__ = ("_buy", "_sell", "_token")

    def __init__(self, token: Token, buy: int | None, sell: int | None) -> None:
        self._token = token
        self._buy = buy
        self._sell = sell

    @property
    def symbol(self) -> str:
        return self._token.symbol

    @property
    def decimals(self) -> int:
        return self._token.decimals

    @property
    def deployer(self) -> str:
        return self._token.deployer

    @property
    def buy_tax_bps(self) -> int | None:
        return self._buy

    @property
    def sell_tax_bps(self) -> int | None:
        return self._sell


class AccountView:
    """See `sniper.view.View`: reads through to the account's book and the shared market."""

    __slots__ = ("_account",)

    def __init__(self, account: "Account") -> None:
        self._account = account

    @property
    def now(self) -> int:
        return self._account.kernel.now

    @property
    def account(self) -> str:
        return self._account.name

    @property
    def elsewhere(self) -> Elsewhere:
        """Where plugins that run in workers put their answers on record; no member of `sniper.view.View`."""
        return self._account.kernel.elsewhere

    @property
    def positions(self) -> Mapping[str, Position]:
        return self._account.book.positions

    @property
    def ranges(self) -> Mapping[str, Range]:
        return {key: held for key, held in self._account.book.ranges.items() if held.state != "closed"}

    def range_worth(self, range_id: str) -> RangeWorth | None:
        held = self._account.book.ranges.get(range_id)
        return None if held is None else range_worth(self._account, held)

    def block(self, chain_id: int) -> int:
        return self._account.kernel.market.chains[chain_id].number

    def pool(self, pool: str) -> PoolView | None:
        return self._account.pool(pool)

    def pools_of(self, token: str) -> tuple[Pool, ...]:
        known = self._account.kernel.market.token(token)
        return known.pools if known else ()

    def token(self, token: str) -> TokenView | None:
        known = self._account.token(token)
        if known is None:
            return None
        taxes = self._account.book.taxes.get(token)
        return KnownToken(known, taxes.buy_bps if taxes else None, taxes.sell_bps if taxes else None)

    def ticker(self, instrument: str) -> Ticker | None:
        return self._account.kernel.tickers.known.get(instrument)

    def bars(self, instrument: str, interval: int) -> Sequence[Bar]:
        account = self._account
        return account.kernel.bars.seen(account.name, instrument, interval)

    def depth(self, instrument: str) -> DepthView | None:
        return self._account.kernel.depths.book(instrument)

    def working(self, instrument: str) -> tuple[ExchangeOrder, ...]:
        desk = self._account.book.desks.get(place_of(instrument))
        return () if desk is None else desk.working(instrument)

    def leverage(self, instrument: str) -> int:
        desk = self._account.book.desks.get(place_of(instrument))
        contract = desk.contracts.get(instrument) if desk is not None else None
        return contract.leverage if contract is not None else 1

    def contract(self, instrument: str) -> HeldContract | None:
        return held_contract(self._account.book, self._account.kernel.tickers, instrument)

    def quote_asset(self, place: str) -> str:
        desk = self._account.trading.wiring.get(place)
        return f"{place}:{self._account.wiring.quote}" if desk is None else desk.quote

    def cash(self, asset: str) -> int:
        book = self._account.book
        return book.cash.get(asset, 0) - book.reserved(asset)

    def free(self, asset: str) -> int:
        book = self._account.book
        return book.owned(asset) - book.reserved(asset)

    def equity(self, place: str) -> int:
        book = self._account.book
        quote = self.quote_asset(place)
        held = sum(p.cost for p in book.positions.values() if p.quote == quote and not p.linear)
        return book.cash.get(quote, 0) + held + sum(r.cost for r in book.ranges.values() if r.quote == quote)

    def spent(self, *, last_ns: int, place: str) -> int:
        book = self._account.book
        total = sum(
            o.cash for o in book.orders.values() if o.placed.side in _ENTERS and place_of(o.placed.quote) == place
        )
        total += sum(order.at_stake for order in self._at_exchanges() if order.placed.instrument.venue == place)
        spent = book.spends.get(place)
        return total + spent.since(self.now - last_ns) if spent else total

    def realised(
        self,
        *,
        last_ns: int,
        place: str,
        token: str | None = None,
        venue: str | None = None,
        instance: str | None = None,
    ) -> int:
        book = self._account.book
        if token is not None:
            profits = book.token_profits.get(token)
        elif venue is not None:
            profits = book.venue_profits.get(f"{place}:{venue}")
        elif instance is not None:
            profits = book.instance_profits.get(f"{place}:{instance}")
        else:
            profits = book.profits.get(place)
        return profits.since(self.now - last_ns) if profits else 0

    def worth(self, token: str) -> int | None:
        account = self._account
        guard, held = account.exits.guards.get(token), account.book.positions.get(token)
        if guard is None and held is not None:
            return worth(account.kernel.tickers.known.get(held.pool), held)
        return None if guard is None else guard.worth()

    def exposure(
        self, place: str, *, token: str | None = None, venue: str | None = None, instance: str | None = None
    ) -> int:
        book = self._account.book
        held = ((abs(position.cost), position) for position in book.positions.values())
        ranges = ((each.cost, each) for each in book.ranges.values())
        reserved = ((order.cash, order.placed) for order in book.orders.values() if order.placed.side in _ENTERS)
        total = sum(
            amount
            for amount, of in chain[tuple[int, Position | Range | OrderPlaced]](held, ranges, reserved)
            if place_of(of.quote) == place
            and token in (None, of.token)
            and venue in (None, of.venue)
            and instance in (None, of.instance)
        )
        return total + sum(
            order.at_stake
            for order in self._at_exchanges()
            if order.placed.instrument.venue == place
            and token in (None, order.placed.instrument.held)
            and venue in (None, order.placed.instrument.venue)
            and instance in (None, order.instance)
        )

    def _at_exchanges(self) -> Iterator[ExchangeOrder]:
        return (order for desk in self._account.book.desks.values() for order in desk.orders.values())

    def drawdown(self, place: str, *, last_ns: int | None = None) -> int:
        book = self._account.book
        if last_ns is None:
            return book.peak.get(place, 0) - book.equity.get(place, 0)
        profits = book.profits.get(place)
        return profits.below_highest(self.now - last_ns) if profits else 0

    def last_entry(self, token: str | None = None) -> int | None:
        book = self._account.book
        return book.newest_entry if token is None else book.last_entry.get(token)

    def free_native(self, chain_id: int) -> int:
        """Native coin that is not reserved, wei."""
        return self.cash(asset_id(chain_id, NATIVE))
