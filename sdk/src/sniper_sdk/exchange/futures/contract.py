"""A linear contract: what a symbol of spot has, and what its positions must be covered by."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from sniper_sdk.exchange.amounts import UNIT, parse
from sniper_sdk.exchange.symbol import Symbol


@dataclass(frozen=True)
class Bracket:
    """From a notional of ``floor`` on at most ``leverage``, and as maintenance margin ``rate`` of it (a share) less
    ``deduction``; units of 10^-8 (Binance, "Notional and Leverage Brackets")."""

    floor: int
    cap: int
    leverage: int
    rate: int
    deduction: int


USUAL: Final = (
    Bracket(0, parse("50000"), 125, parse("0.004"), 0),
    Bracket(parse("50000"), parse("250000"), 100, parse("0.005"), parse("50")),
    Bracket(parse("250000"), parse("100000000"), 50, parse("0.01"), parse("1300")),
)


@dataclass(frozen=True)
class Contract(Symbol):
    """``delivery_ms``: when a future is settled; 0: a perpetual. ``liquidation_fee``: a share, units of 10^-8."""

    brackets: tuple[Bracket, ...] = USUAL
    liquidation_fee: int = parse("0.0125")
    delivery_ms: int = 0

    @property
    def name(self) -> str:
        """As it is called on the wire: a future has its date behind it."""
        return super().name + (f"_{_day(self.delivery_ms)}" if self.delivery_ms else "")

    @classmethod
    def of(
        cls, base: str, quote: str = "USDT", tick: str = "0.1", step: str = "0.001", min_notional: str = "5"
    ) -> "Contract":
        """A perpetual with the limits that Binance has for most."""
        plain = asdict(Symbol.of(base, quote, tick, step, min_notional))
        own = {"max_quantity": "1000", "max_market_quantity": "120", "max_notional": "100000000"}
        own |= {"percent_up": "1.1", "percent_down": "0.9"}
        return cls(**plain | {name: parse(value) for name, value in own.items()})

    def bracket(self, notional: int) -> Bracket:
        """In which a position of that worth is."""
        return next(each for each in reversed(self.brackets) if each.floor <= abs(notional))

    def maintenance(self, notional: int) -> int:
        """Rounded up."""
        found = self.bracket(notional)
        return -(-abs(notional) * found.rate // UNIT) - found.deduction

    def most_leverage(self, notional: int) -> int:
        """At which a position of that worth may be opened."""
        return self.bracket(notional).leverage


def _day(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%y%m%d}"
