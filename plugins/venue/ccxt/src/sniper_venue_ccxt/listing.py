"""Instruments of an exchange, from what ccxt says of its markets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from enum import IntEnum
from typing import Any, Final, Literal

from sniper.instrument import COIN, BadInstrument, BadNumber, Instrument, from_decimal

MILLION: Final = 10**6
KINDS: Final[dict[str, Literal["spot", "perpetual", "future"]]] = {
    "spot": "spot",
    "swap": "perpetual",
    "future": "future",
}
"""What ccxt's kinds of markets are called here."""


class Counting(IntEnum):
    """What a precision of ccxt counts, as ``precisionMode`` has it."""

    DECIMAL_PLACES = 2
    SIGNIFICANT_DIGITS = 3
    TICK_SIZE = 4


@dataclass
class Listing:
    """``left_out``: why a market cannot be traded exactly, by symbol."""

    instruments: dict[str, Instrument] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """How an exchange counts.

    kind         ``spot``, ``swap`` or ``future``.
    prices       The last price of each symbol, where a tick follows from it.
    keeps_size   Whether ccxt would send this size of this symbol as it is.
    types        What else a market has, of `sniper.exchange_orders.CONDITIONAL`.
    """

    place: str
    kind: str
    counting: Counting
    flags: tuple[str, ...]
    prices: Mapping[str, Decimal]
    keeps_size: Callable[[str, str], bool]
    types: Callable[[Mapping[str, Any]], tuple[str, ...]]


def listing(markets: Mapping[str, Mapping[str, Any]], rules: Rules) -> Listing:
    """All markets of the kind that are open, by instrument id. Any: ccxt's own structure ("Market structure")."""
    found = Listing()
    for symbol, market in sorted(markets.items()):
        if not market.get(rules.kind) or market.get("active") is False:
            continue
        try:
            instrument = _instrument(symbol, market, rules)
        except (BadInstrument, BadNumber) as error:
            found.left_out[symbol] = str(error)
        else:
            found.instruments[instrument.id] = instrument
    return found


def _instrument(symbol: str, market: Mapping[str, Any], rules: Rules) -> Instrument:
    limits = market.get("limits") or {}
    sizes, costs = limits.get("amount") or {}, limits.get("cost") or {}
    step, contract = from_decimal(_lot(symbol, market, rules)), _contract(symbol, market, rules)
    lot, rest = divmod(step * contract, COIN)
    quote = f"{rules.place}:{market['quote']}"
    if rest:
        raise BadNumber(f"{symbol}: a lot stands for no whole number of 10⁻¹⁸")
    if lot <= 0:
        raise BadNumber(f"{symbol}: a lot is below 10⁻¹⁸")
    return Instrument(
        id=f"{rules.place}:{symbol}",
        kind=KINDS[rules.kind],
        base=f"{rules.place}:{market['base']}",
        quote=quote,
        settle=quote if rules.kind == "spot" else f"{rules.place}:{market['settle']}",
        tick=from_decimal(_tick(symbol, market, rules)),
        lot=lot,
        min_size=max(-(-_amount(sizes.get("min")) // step), 1),
        max_size=_amount(sizes.get("max")) // step,
        min_value=_amount(costs.get("min")),
        maker_fee=_millionths(market.get("maker")),
        taker_fee=_millionths(market.get("taker")),
        types=rules.types(market),
        flags=rules.flags,
        contract=contract,
    )


def _contract(symbol: str, market: Mapping[str, Any], rules: Rules) -> int:
    """Base units of the base asset that a size of one stands for."""
    if rules.kind == "spot":
        return COIN
    size = _decimal(market.get("contractSize"))
    if size is None or size <= 0:
        raise BadNumber(f"{symbol}: ccxt knows no size of its contract")
    return from_decimal(size)


def _tick(symbol: str, market: Mapping[str, Any], rules: Rules) -> Decimal:
    precision = _precision(symbol, market, "price")
    match rules.counting:
        case Counting.TICK_SIZE:
            return precision
        case Counting.DECIMAL_PLACES:
            return Decimal(1).scaleb(-int(precision))
        case Counting.SIGNIFICANT_DIGITS:
            price = rules.prices.get(symbol)
            if not price:
                raise BadNumber(
                    f"{symbol}: prices have {precision} digits, so a tick needs a last price; none is known"
                )
            return Decimal(1).scaleb(price.adjusted() + 1 - int(precision))


def _lot(symbol: str, market: Mapping[str, Any], rules: Rules) -> Decimal:
    precision = _precision(symbol, market, "amount")
    if rules.counting is Counting.TICK_SIZE:
        return precision
    lot = Decimal(1).scaleb(-int(precision))
    if rules.counting is Counting.SIGNIFICANT_DIGITS and not rules.keeps_size(symbol, f"{1000 + lot:f}"):
        raise BadNumber(f"{symbol}: sizes have {precision} digits, so no lot fits all of them")
    return lot


def _precision(symbol: str, market: Mapping[str, Any], name: str) -> Decimal:
    value = _decimal((market.get("precision") or {}).get(name))
    if value is None:
        raise BadNumber(f"{symbol}: ccxt knows no precision of its {name}")
    return value


def _amount(value: Any) -> int:
    """Of a limit, rounded up to a base unit."""
    number = _decimal(value)
    return 0 if number is None else ceiling(number)


def _millionths(value: Any) -> int:
    """Rounded up: a fee is never thought to be less than it is."""
    number = _decimal(value)
    return 0 if number is None else int((number * MILLION).to_integral_value(ROUND_CEILING))


def ceiling(number: Decimal) -> int:
    """Base units of a decimal number, rounded up: what is owed is never thought to be less."""
    numerator, denominator = number.as_integer_ratio()
    return -(-numerator * COIN // denominator)


def _decimal(value: Any) -> Decimal | None:
    """Any: a text or a `Decimal`; None where there is no number."""
    try:
        number = None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number is None or number.is_finite() else None
