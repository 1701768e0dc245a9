"""The view as a plugin in a worker has it: each member asks the host when it is read, and is remembered until the
plugin has done something, which may have changed it.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol

from sniper.codec import decode
from sniper.events import Bar, FundingRate
from sniper.exchange_orders import Side
from sniper.instrument import Instrument
from sniper.isolation.told import CONTRACT, ORDER, POOL, POSITION, RANGE, TICKER, TOKEN
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


class Asks(Protocol):
    """Asks the host, and gives what it answered. Any: what can be packed."""

    def __call__(self, what: str, *arguments: Any) -> Any: ...


class Row:
    """What the host told of one thing. It does not change, and has no attributes but those that were told."""

    __slots__ = ("_told",)

    def __init__(self, names: Sequence[str], values: Sequence[Any]) -> None:
        object.__setattr__(self, "_told", dict(zip(names, values, strict=True)))

    def __getattr__(self, name: str) -> Any:  # Any: each attribute has its own type
        try:
            return self._told[name]
        except KeyError:
            raise AttributeError(f"there is no {name!r} in what a view tells of this") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("what a view tells cannot be changed")


class _Pool(Row):
    __slots__ = ("_asks",)

    def __init__(self, asks: Asks, values: Sequence[Any]) -> None:
        super().__init__(POOL, values)
        object.__setattr__(self, "_asks", asks)
        self._told["coins"] = tuple(self._told["coins"])

    def amount_out(self, token_in: str, amount_in: int) -> int:
        return int(self._asks("pool.amount_out", self._told["id"], token_in, amount_in))

    def reserve(self, token: str) -> int:
        return int(self._asks("pool.reserve", self._told["id"], token))

    def price(self, token: str) -> Fraction:
        return Fraction(*self._asks("pool.price", self._told["id"], token))

    def place(self) -> tuple[int, int]:
        tick, spacing = self._asks("pool.place", self._told["id"])
        return tick, spacing


class _Ticker(Row):
    __slots__ = ()

    def __init__(self, values: Sequence[Any]) -> None:
        instrument, funding, to_buy, to_sell, *rest = values
        told = None if funding is None else decode(funding, FundingRate)
        names = ("instrument", "funding", "_to_buy", "_to_sell", *TICKER)
        super().__init__(names, [decode(instrument, Instrument), told, to_buy, to_sell, *rest])

    def to_buy(self) -> int:
        return int(self._told["_to_buy"])

    def to_sell(self) -> int:
        return int(self._told["_to_sell"])


class _Depth:
    __slots__ = ("_asks", "_instrument", "ask", "bid")

    def __init__(self, asks: Asks, instrument: str, bid: int, ask: int) -> None:
        self._asks = asks
        self._instrument = instrument
        self.bid = bid
        self.ask = ask

    def bids(self, levels: int) -> tuple[tuple[int, int], ...]:
        return tuple((price, size) for price, size in self._asks("depth.bids", self._instrument, levels))

    def asks(self, levels: int) -> tuple[tuple[int, int], ...]:
        return tuple((price, size) for price, size in self._asks("depth.asks", self._instrument, levels))

    def size_at(self, price: int) -> int:
        return int(self._asks("depth.size_at", self._instrument, price))

    def size_to(self, side: Side, price: int) -> int:
        return int(self._asks("depth.size_to", self._instrument, side, price))

    def cost(self, side: Side, size: int) -> int | None:
        found: int | None = self._asks("depth.cost", self._instrument, side, size)
        return found

    def average(self, side: Side, size: int) -> int | None:
        found: int | None = self._asks("depth.average", self._instrument, side, size)
        return found


class FarView:
    """See `sniper.view.View`."""

    def __init__(self, asks: Asks, account: str) -> None:
        self._host = asks
        self._known: dict[tuple[int | str | None, ...], Any] = {}  # Any: what each member is worth
        self.account = account
        self.now = 0

    def at(self, now: int) -> None:
        """A call begins."""
        self.now = now
        self._known.clear()

    def forget(self) -> None:
        """Something may have changed."""
        self._known.clear()

    def _asks(self, what: str, *arguments: int | str | None) -> Any:
        key = (what, *arguments)
        if key not in self._known:
            self._known[key] = self._host(what, *arguments)
        return self._known[key]

    @property
    def positions(self) -> Mapping[str, Position]:
        return {key: Row(POSITION, values) for key, *values in self._asks("positions")}

    @property
    def ranges(self) -> Mapping[str, Range]:
        return {key: Row(RANGE, values) for key, *values in self._asks("ranges")}

    def range_worth(self, range_id: str) -> RangeWorth | None:
        found = self._asks("range_worth", range_id)
        return None if found is None else RangeWorth(*found)

    def block(self, chain_id: int) -> int:
        return int(self._asks("block", chain_id))

    def pool(self, pool: str) -> PoolView | None:
        found = self._asks("pool", pool)
        return None if found is None else _Pool(self._asks, found)

    def pools_of(self, token: str) -> tuple[PoolView, ...]:
        return tuple(_Pool(self._asks, each) for each in self._asks("pools_of", token))

    def token(self, token: str) -> TokenView | None:
        found = self._asks("token", token)
        return None if found is None else Row(TOKEN, found)

    def ticker(self, instrument: str) -> TickerView | None:
        found = self._asks("ticker", instrument)
        return None if found is None else _Ticker(found)

    def bars(self, instrument: str, interval: int) -> Sequence[Bar]:
        return [decode(each, Bar) for each in self._asks("bars", instrument, interval)]

    def depth(self, instrument: str) -> DepthView | None:
        found = self._asks("depth", instrument)
        return None if found is None else _Depth(self._asks, instrument, *found)

    def working(self, instrument: str) -> tuple[WorkingOrder, ...]:
        return tuple(Row(ORDER, each) for each in self._asks("working", instrument))

    def leverage(self, instrument: str) -> int:
        return int(self._asks("leverage", instrument))

    def contract(self, instrument: str) -> ContractView | None:
        found = self._asks("contract", instrument)
        if found is None:
            return None
        of, entry, *rest = found
        return Row(("instrument", "entry", *CONTRACT), [decode(of, Instrument), Fraction(*entry), *rest])

    def quote_asset(self, place: str) -> str:
        return str(self._asks("quote_asset", place))

    def cash(self, asset: str) -> int:
        return int(self._asks("cash", asset))

    def free(self, asset: str) -> int:
        return int(self._asks("free", asset))

    def equity(self, place: str) -> int:
        return int(self._asks("equity", place))

    def spent(self, *, last_ns: int, place: str) -> int:
        return int(self._asks("spent", last_ns, place))

    def realised(
        self,
        *,
        last_ns: int,
        place: str,
        token: str | None = None,
        venue: str | None = None,
        instance: str | None = None,
    ) -> int:
        return int(self._asks("realised", last_ns, place, token, venue, instance))

    def worth(self, token: str) -> int | None:
        found: int | None = self._asks("worth", token)
        return found

    def exposure(
        self, place: str, *, token: str | None = None, venue: str | None = None, instance: str | None = None
    ) -> int:
        return int(self._asks("exposure", place, token, venue, instance))

    def drawdown(self, place: str, *, last_ns: int | None = None) -> int:
        return int(self._asks("drawdown", place, last_ns))

    def last_entry(self, token: str | None = None) -> int | None:
        found: int | None = self._asks("last_entry", token)
        return found
