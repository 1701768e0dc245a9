"""The host answers what a worker asks about a view: the members of `sniper.view.View`, of the one view of the call.

A question names a member and gives its arguments. Nothing of the answer is made by the plugin, and no question changes
anything.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from sniper.codec import encode
from sniper.errors import CodecError
from sniper.isolation.messages import LONGEST_TEXT
from sniper.isolation.packing import pack, unpack
from sniper.isolation.told import CONTRACT, ORDER, POOL, POSITION, RANGE, TICKER, TOKEN
from sniper.view import ContractView, DepthView, PoolView, TickerView, View

Answer = Any
"""What `pack` takes. Any: each member of a view has its own type."""

_MOST: Final = 2**256 - 1


class BadQuestion(CodecError):
    """No member of a view is asked like that."""

    code = "worker-question"


def serve(view: View, what: str, arguments: bytes) -> bytes:
    """The packed answer. Raises `BadQuestion` for what no honest worker asks; and what the view raises."""
    found = _MEMBERS.get(what)
    if found is None:
        raise BadQuestion(f"it asked for {what!r:.60}, of which a view knows nothing")
    kinds, answer = found
    try:
        given = unpack(arguments)
    except CodecError as error:
        raise BadQuestion(f"{what}: its arguments {error}") from error
    if len(given) != len(kinds) or not all(_is(value, kind) for value, kind in zip(given, kinds, strict=True)):
        raise BadQuestion(f"{what}: asked with {given!r:.120}")
    return pack(answer(view, *given))


def _is(value: Any, kind: str) -> bool:  # Any: what a worker sent
    if kind.endswith("?") and value is None:
        return True
    if kind[0] == "s":
        return type(value) is str and len(value) <= LONGEST_TEXT
    return type(value) is int and 0 <= value <= _MOST


def _row(of: object, names: tuple[str, ...]) -> list[Answer]:
    return [getattr(of, name) for name in names]


def _pool(pool: PoolView | None) -> Answer:
    return None if pool is None else _row(pool, POOL)


def _known_pool(view: View, pool: str) -> PoolView:
    found = view.pool(pool)
    if found is None:
        raise KeyError(pool)
    return found


def _fraction(value: Fraction) -> list[int]:
    return [value.numerator, value.denominator]


def _ticker(ticker: TickerView | None) -> Answer:
    if ticker is None:
        return None
    funding = ticker.funding
    told = None if funding is None else encode(funding)
    return [encode(ticker.instrument), told, ticker.to_buy(), ticker.to_sell(), *_row(ticker, TICKER)]


def _contract(contract: ContractView | None) -> Answer:
    if contract is None:
        return None
    return [encode(contract.instrument), _fraction(contract.entry), *_row(contract, CONTRACT)]


def _depth(view: View, instrument: str) -> DepthView:
    found = view.depth(instrument)
    if found is None:
        raise KeyError(instrument)
    return found


def _range_worth(view: View, range_id: str) -> Answer:
    worth = view.range_worth(range_id)
    return None if worth is None else list(worth)


def _best(view: View, instrument: str) -> Answer:
    depth = view.depth(instrument)
    return None if depth is None else [depth.bid, depth.ask]


def _side(side: str) -> Any:  # Any: a Literal, which the view does not check
    if side not in ("buy", "sell"):
        raise BadQuestion(f"a side is buy or sell, not {side!r:.60}")
    return side


def _realised(
    view: View, last_ns: int, place: str, token: str | None, venue: str | None, instance: str | None
) -> Answer:
    return view.realised(last_ns=last_ns, place=place, token=token, venue=venue, instance=instance)


_MEMBERS: Final[dict[str, tuple[tuple[str, ...], Callable[..., Answer]]]] = {
    "positions": ((), lambda v: [[key, *_row(each, POSITION)] for key, each in v.positions.items()]),
    "ranges": ((), lambda v: [[key, *_row(each, RANGE)] for key, each in v.ranges.items()]),
    "range_worth": (("s",), _range_worth),
    "block": (("i",), lambda v, chain_id: v.block(chain_id)),
    "pool": (("s",), lambda v, pool: _pool(v.pool(pool))),
    "pools_of": (("s",), lambda v, token: [_pool(each) for each in v.pools_of(token)]),
    "pool.amount_out": (("s", "s", "i"), lambda v, pool, *of: _known_pool(v, pool).amount_out(*of)),
    "pool.reserve": (("s", "s"), lambda v, pool, token: _known_pool(v, pool).reserve(token)),
    "pool.price": (("s", "s"), lambda v, pool, token: _fraction(_known_pool(v, pool).price(token))),
    "pool.place": (("s",), lambda v, pool: list(_known_pool(v, pool).place())),
    "token": (("s",), lambda v, token: None if (found := v.token(token)) is None else _row(found, TOKEN)),
    "ticker": (("s",), lambda v, instrument: _ticker(v.ticker(instrument))),
    "bars": (("s", "i"), lambda v, instrument, interval: [encode(bar) for bar in v.bars(instrument, interval)]),
    "depth": (("s",), _best),
    "depth.bids": (("s", "i"), lambda v, instrument, levels: list(_depth(v, instrument).bids(levels))),
    "depth.asks": (("s", "i"), lambda v, instrument, levels: list(_depth(v, instrument).asks(levels))),
    "depth.size_at": (("s", "i"), lambda v, instrument, price: _depth(v, instrument).size_at(price)),
    "depth.size_to": (("s", "s", "i"), lambda v, i, side, price: _depth(v, i).size_to(_side(side), price)),
    "depth.cost": (("s", "s", "i"), lambda v, i, side, size: _depth(v, i).cost(_side(side), size)),
    "depth.average": (("s", "s", "i"), lambda v, i, side, size: _depth(v, i).average(_side(side), size)),
    "working": (("s",), lambda v, instrument: [_row(each, ORDER) for each in v.working(instrument)]),
    "leverage": (("s",), lambda v, instrument: v.leverage(instrument)),
    "contract": (("s",), lambda v, instrument: _contract(v.contract(instrument))),
    "quote_asset": (("s",), lambda v, place: v.quote_asset(place)),
    "cash": (("s",), lambda v, asset: v.cash(asset)),
    "free": (("s",), lambda v, asset: v.free(asset)),
    "equity": (("s",), lambda v, place: v.equity(place)),
    "spent": (("i", "s"), lambda v, last_ns, place: v.spent(last_ns=last_ns, place=place)),
    "realised": (("i", "s", "s?", "s?", "s?"), _realised),
    "worth": (("s",), lambda v, token: v.worth(token)),
    "exposure": (
        ("s", "s?", "s?", "s?"),
        lambda v, place, token, venue, of: v.exposure(place, token=token, venue=venue, instance=of),
    ),
    "drawdown": (("s", "i?"), lambda v, place, last_ns: v.drawdown(place, last_ns=last_ns)),
    "last_entry": (("s?",), lambda v, token: v.last_entry(token)),
}
"""By name: the kinds of its arguments (``s`` text, ``i`` a number that is not negative, ``?`` or None), and the
answer."""
