"""A backtest as ``sniper backtest --out`` keeps it: amounts in base units of 10⁻¹⁸, prices in ticks, sizes in lots."""

from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from sniper.errors import ConfigError
from sniper.instrument import COIN

FORMAT: Final = "sniper-backtest/1"


class Traded(msgspec.Struct, frozen=True):
    """A fill. ``expected``: what the market showed when it was decided, 0: nothing. ``time``: ns UTC."""

    time: int
    instrument: str
    instance: str
    side: Literal["buy", "sell"]
    size: int
    price: int
    expected: int
    value: int
    fee: int
    maker: bool


class Paid(msgspec.Struct, frozen=True):
    """Funding; above zero it was received."""

    time: int
    instrument: str
    amount: int


class Desk(msgspec.Struct, frozen=True):
    """``samples``: (time, equity, exposure)."""

    account: str
    venue: str
    quote: str
    samples: tuple[tuple[int, int, int], ...]
    fills: tuple[Traded, ...]
    funding: tuple[Paid, ...]

    @property
    def name(self) -> str:
        return f"{self.account} at {self.venue}"

    @property
    def code(self) -> str:
        """The quote asset, as the exchange calls it."""
        return self.quote.partition(":")[2]


class Instrument(msgspec.Struct, frozen=True):
    """Its steps, base units."""

    tick: int
    lot: int

    @property
    def unit(self) -> int:
        """What one lot is worth at one tick."""
        return self.tick * self.lot // COIN


class Backtest(msgspec.Struct, frozen=True):
    """``declared``: what was assumed of fills and latency. ``prices``: (time, ticks) by instrument."""

    format: Literal["sniper-backtest/1"]
    events: int
    begin: int
    end: int
    declared: dict[str, Any]
    instruments: dict[str, Instrument]
    orders: int
    desks: tuple[Desk, ...]
    prices: dict[str, tuple[tuple[int, int], ...]]


def read(path: Path) -> Backtest:
    """Raises `ConfigError` for a file that is no backtest."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Backtest, strict=False)
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path} is no backtest: {error}; make one with sniper backtest --out {path.name}") from error
    if any(len(desk.samples) < 2 for desk in found.desks):
        raise ConfigError(f"{path}: nothing happened in it, so there is nothing to report")
    return found
