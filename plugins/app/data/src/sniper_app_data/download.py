"""``sniper data download``."""

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sniper.errors import ConfigError
from sniper_app_data.kinds import interval_of
from sniper_app_data.options import Moment, data_option, json_option
from sniper_app_data.progress import bar
from sniper_app_data.telling import plain, tell

if TYPE_CHECKING:
    from sniper_app_data.downloading import Downloaded


@click.command()
@click.argument("instrument", metavar="EXCHANGE:SYMBOL")
@click.option(
    "--as", "kind", required=True, type=click.Choice(["bars", "trades", "funding"]), help="What is downloaded."
)
@click.option("--from", "begin", required=True, type=Moment(), help="The first moment, such as 2024-01-31, UTC.")
@click.option("--to", "end", type=Moment(), help="The moment before which it ends; else now.")
@click.option("--interval", help="Of bars, such as 5m.")
@data_option
@click.option("--exchange", help="The exchange by its id in ccxt, where the instrument's place is called otherwise.")
@click.option("--url", default="", help="What stands before the path of each request instead of the exchange's own.")
@json_option
def download(
    instrument: str,
    kind: str,
    begin: int,
    end: int | None,
    interval: str | None,
    root: Path,
    exchange: str | None,
    url: str,
    as_json: bool,
) -> None:
    """Download market data of an exchange that ccxt knows into a catalogue, no keys needed.

    What was downloaded before is not asked for again, and what was interrupted goes on where it ended: say the same
    command again. Gaps are told at the end. A bar that is not over yet is left out.

        sniper data download binance:BTC/USDT --as bars --interval 1m --from 2024-01-01
    """
    from sniper_app_data.catalogue import Catalogue
    from sniper_app_data.downloading import download as downloaded
    from sniper_app_data.source import Source, wait
    from sniper_venue_ccxt.config import CcxtConfig

    place, _, symbol = instrument.partition(":")
    length = interval_of(interval) if interval else 0
    if not symbol:
        raise ConfigError(f"{instrument!r} is no instrument; write it as binance:BTC/USDT or binance:BTC/USDT:USDT")
    if (kind == "bars") != bool(length):
        raise ConfigError("bars need an --interval, such as 5m, and nothing else has one")
    settled = symbol.partition(":")[2]
    config = CcxtConfig(
        exchange=exchange or place,
        market="spot" if not settled else "future" if "-" in settled else "swap",
        symbols=(symbol,),
        url=url,
    )

    async def run() -> "Downloaded":
        source = Source(config, instrument, wait)
        try:
            with bar("downloading") as progress:
                return await downloaded(
                    Catalogue(root), source, kind, begin, end or time.time_ns(), interval=length or 0, progress=progress
                )
        finally:
            await source.close()

    found = asyncio.run(run())
    if as_json:
        told = {"dataset": found.dataset.name, "new": found.new, **plain(found.problems)}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        tell(found.problems)
        click.echo(f"{found.dataset.name}: {found.new:,} rows are new")
