"""Instruments of exchanges, and exact numbers for them.

Inside the kernel a price is an ``int`` of ticks, a size an ``int`` of lots, and an amount of an asset an ``int`` of
base units of 10⁻¹⁸, whatever the asset. An exchange speaks decimals; its adapter converts them with `Instrument`,
exactly.
"""

from decimal import Decimal
from functools import cached_property
from typing import Final, Literal

from sniper.errors import SniperError
from sniper.plugin import Frozen

__all__ = ["COIN", "POOL_PRICE", "BadInstrument", "BadNumber", "Instrument", "from_decimal", "pool_price", "to_decimal"]

COIN: Final = 10**18
"""Base units of one whole coin, dollar or contract of any asset of an exchange."""
POOL_PRICE: Final = 10**36
"""A price in a pool is quote base units for so many base units of the token: tokens differ by as many places."""

_MOST_DIGITS: Final = 60


class BadInstrument(SniperError, ValueError):
    """An instrument that cannot be traded exactly."""

    code = "bad-instrument"


class BadNumber(SniperError, ValueError):
    """A price, size or amount that is not one of the instrument's."""

    code = "bad-number"


class Instrument(Frozen, kw_only=True, dict=True):
    """What is traded: ``size`` lots of ``base``, at ``price`` ticks of ``quote``.

    id             ``"<venue>:<symbol>"``, the symbol as ccxt unifies it.
    kind           ``spot``, a linear contract: ``perpetual`` or ``future``; or ``pool``: see `in_pool`.
    base, quote    Asset ids; ``settle``: in which profits and margin of a contract are paid, always the quote asset.
    tick           Price of one tick: base units of the quote asset for one whole coin.
    lot            Size of one lot: base units of the base asset; of a contract, what it stands for.
    contract       What a size of one at the exchange is: base units of the base asset; `COIN` but for contracts that
                   stand for more or less than one coin.
    min_size, max_size    Lots of one order; 0: no bound.
    min_value      Base units of the quote asset that one order must be worth.
    maker_fee, taker_fee  Millionths of the value; negative: a rebate.
    types          What the exchange does besides ``market`` and ``limit``: of `sniper.exchange_orders.CONDITIONAL`.
    flags          What its orders can be told: ``post-only``, ``reduce-only``.

    Raises `BadInstrument` where a tick of a lot is worth no whole number of base units, where a lot is no decimal
    number of contracts, and for contracts that pay in another asset than the one they are priced in (inverse, quanto).
    """

    id: str
    kind: Literal["spot", "perpetual", "future", "pool"]
    base: str
    quote: str
    settle: str
    tick: int
    lot: int
    min_size: int = 1
    max_size: int = 0
    min_value: int = 0
    maker_fee: int = 0
    taker_fee: int = 0
    types: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    contract: int = COIN

    def __post_init__(self) -> None:
        if self.in_pool:
            return  # what is paid and received is what its AMM says, and no price times a size
        if self.tick <= 0 or self.lot <= 0 or self.tick * self.lot % COIN:
            raise BadInstrument(
                f"{self.id} is not traded: a tick of {to_decimal(self.tick):f} and a lot of {to_decimal(self.lot):f} "
                "are together worth no whole number of 10⁻¹⁸, so amounts would have to be rounded"
            )
        if self.settle != self.quote:
            kind = "an inverse contract" if self.settle == self.base else "a quanto contract"
            raise BadInstrument(
                f"{self.id} is not traded: it is {kind}, which pays in {self.settle} and is priced in {self.quote}, so "
                "what it is worth would be no whole number; take the one that settles in its quote asset"
            )
        if self.contract <= 0 or self.lot * COIN % self.contract:
            raise BadInstrument(
                f"{self.id} is not traded: a lot of {to_decimal(self.lot):f} is no decimal number of contracts of "
                f"{to_decimal(self.contract):f}"
            )

    @cached_property
    def venue(self) -> str:
        """The place that lists it."""
        return self.id.partition(":")[0]

    @cached_property
    def symbol(self) -> str:
        """Its name there."""
        return self.id.partition(":")[2]

    @cached_property
    def linear(self) -> bool:
        """Whether it is a contract: nothing changes hands but profits, fees and funding, in the quote asset."""
        return self.kind in ("perpetual", "future")

    @cached_property
    def in_pool(self) -> bool:
        """Whether it is a pool of a chain: ``id`` is the pool's, a lot one base unit of the token, and a price counted
        as `pool_price` does."""
        return self.kind == "pool"

    @cached_property
    def held(self) -> str:
        """Asset id of a position in it: the base asset, or of a contract the instrument's own id."""
        return self.id if self.linear else self.base

    @cached_property
    def unit(self) -> int:
        """What one lot is worth at a price of one tick, base units of the quote asset."""
        return self.tick * self.lot // COIN

    def value(self, price: int, size: int) -> int:
        """What ``size`` lots are worth at ``price`` ticks, base units of the quote asset; exact."""
        return price * size * self.unit

    def affordable(self, amount: int, price: int) -> int:
        """The most lots that ``amount`` base units of the quote asset pay for at ``price`` ticks, fee apart."""
        return amount * POOL_PRICE // price if self.in_pool else amount // (price * self.unit)

    def orderable(self, size: int, price: int) -> int:
        """The largest order for at most ``size`` lots that the exchange takes at ``price`` ticks, lots; 0: none."""
        most = min(size, self.max_size) if self.max_size else size
        return most if most >= max(1, self.min_size) and self.value(price, most) >= self.min_value else 0

    def ticks(self, price: Decimal | str) -> int:
        """A price of the exchange, exactly. Raises `BadNumber` where it is between two ticks."""
        return _whole(from_decimal(price), self.tick, f"{self.id}: price {price}")

    def lots(self, size: Decimal | str) -> int:
        """A size of the exchange, exactly. Raises `BadNumber` where it is between two lots."""
        return _whole(from_decimal(size), self.lot_size, f"{self.id}: size {size}")

    def price(self, ticks: int) -> Decimal:
        """The price as the exchange writes it."""
        return to_decimal(ticks * self.tick)

    def size(self, lots: int) -> Decimal:
        """The size as the exchange writes it."""
        return to_decimal(lots * self.lot_size)

    @property
    def lot_size(self) -> int:
        """One lot as the exchange counts sizes, in units of 10⁻¹⁸."""
        return self.lot * COIN // self.contract


def pool_price(quote: int, token: int) -> int:
    """The price in a pool at which so many base units of the quote asset go for so many of the token, rounded down."""
    return quote * POOL_PRICE // token


def from_decimal(number: Decimal | str) -> int:
    """Base units of a decimal number of coins. Raises `BadNumber` for more than 18 places and for what is no number."""
    try:
        decimal = Decimal(number)
        if decimal.adjusted() > _MOST_DIGITS:
            raise BadNumber(f"{number} is larger than any amount")
        # Not by the decimal module's own arithmetic, which rounds to 28 digits.
        numerator, denominator = decimal.as_integer_ratio()
    except (ArithmeticError, TypeError, ValueError) as error:
        raise BadNumber(f"{number!r} is no decimal number: {error}") from error
    units, rest = divmod(numerator * COIN, denominator)
    if rest:
        raise BadNumber(f"{number} has more than 18 decimal places")
    return units


def to_decimal(amount: int) -> Decimal:
    """The number of coins of so many base units, exactly."""
    whole, part = divmod(abs(amount), COIN)
    text = f"{whole}.{part:018}".rstrip("0").rstrip(".")
    return Decimal(f"-{text}" if amount < 0 else text)


def _whole(amount: int, step: int, what: str) -> int:
    number, rest = divmod(amount, step)
    if rest:
        raise BadNumber(f"{what} is no multiple of {to_decimal(step):f}")
    return number
