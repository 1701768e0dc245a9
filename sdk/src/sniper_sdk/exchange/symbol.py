"""What is traded, and the rules that an order in it must keep."""

from dataclasses import dataclass

from sniper_sdk.exchange.amounts import UNIT, parse, show


@dataclass(frozen=True)
class Symbol:
    """A spot pair. All amounts in units of 10^-8: prices and notionals of the quote, quantities of the base.

    percent_up, percent_down  How far from the reference price a limit may be, as factors in units of 10^-8.
    max_orders, max_stops, max_icebergs  Of one account, open at a time; ``max_position`` 0: no limit.

    Raises ValueError where a tick times a step is finer than 10^-8: then no notional would be exact.
    """

    base: str
    quote: str
    tick: int
    step: int
    min_price: int
    max_price: int
    min_quantity: int
    max_quantity: int
    max_market_quantity: int
    min_notional: int
    max_notional: int
    percent_up: int = 5 * UNIT
    percent_down: int = UNIT // 5
    max_orders: int = 200
    max_stops: int = 5
    max_iceberg_parts: int = 10
    min_trailing: int = 10
    max_trailing: int = 2000
    max_position: int = 0

    def __post_init__(self) -> None:
        if self.tick * self.step % UNIT:
            raise ValueError(
                f"{self.name}: tick {show(self.tick)} times step {show(self.step)} is finer than 0.00000001"
            )

    @property
    def name(self) -> str:
        """As it is called on the wire."""
        return self.base + self.quote

    @classmethod
    def of(cls, base: str, quote: str, tick: str = "0.01", step: str = "0.00001", min_notional: str = "5") -> "Symbol":
        """One with the limits that Binance has for most."""
        return cls(
            base=base,
            quote=quote,
            tick=parse(tick),
            step=parse(step),
            min_price=parse(tick),
            max_price=parse("1000000"),
            min_quantity=parse(step),
            max_quantity=parse("9000"),
            max_market_quantity=parse("1000"),
            min_notional=parse(min_notional),
            max_notional=parse("9000000"),
        )
