"""Options that several commands have, and what they mean."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from sniper.errors import ConfigError
from sniper.instrument import COIN, BadNumber, Instrument, from_decimal

MILLION: Final = 10**6

data_option = click.option(
    "--data",
    "root",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("market"),
    show_default=True,
    envvar="SNIPER_MARKET",
    help="The catalogue, a directory; $SNIPER_MARKET.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Moment(click.ParamType[int]):
    """A date, or a date and a time, UTC where no zone stands behind it; as ns UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; write it as 2024-01-31 or 2024-01-31T12:00", param, ctx)
        since = (found if found.tzinfo else found.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1_000


def described(
    instrument_id: str,
    tick: str | None,
    lot: str | None,
    maker_fee: str | None,
    taker_fee: str | None,
    known: Instrument | None,
) -> Instrument:
    """The instrument that an import is about: what is said of it, else what is known. Raises `ConfigError`."""
    venue, _, symbol = instrument_id.partition(":")
    pair, _, settled = symbol.partition(":")
    base, slash, quote = pair.partition("/")
    if not (venue and base and slash and quote):
        raise ConfigError(f"{instrument_id!r} is no instrument; write it as binance:BTC/USDT or binance:BTC/USDT:USDT")
    if known is None and not (tick and lot):
        raise ConfigError(
            f"nothing is known of {instrument_id} yet: say the smallest steps of its price and of its size, such as "
            "--tick 0.01 --lot 0.00001"
        )
    settle, _, expires = settled.partition("-")
    try:
        return Instrument(
            id=instrument_id,
            kind=known.kind if known else "future" if expires else "perpetual" if settled else "spot",
            base=f"{venue}:{base}",
            quote=f"{venue}:{quote}",
            settle=f"{venue}:{settle or quote}",
            tick=from_decimal(tick) if tick else known.tick if known else 0,
            lot=from_decimal(lot) if lot else known.lot if known else 0,
            maker_fee=_millionths(maker_fee) if maker_fee else known.maker_fee if known else 0,
            taker_fee=_millionths(taker_fee) if taker_fee else known.taker_fee if known else 0,
        )
    except ValueError as error:
        raise ConfigError(f"{instrument_id} cannot be: {error}") from error


def _millionths(text: str) -> int:
    number, rest = divmod(from_decimal(text) * MILLION, COIN)
    if rest:
        raise BadNumber(f"a fee of {text} is no whole number of millionths")
    return number
