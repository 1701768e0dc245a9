"""``sniper data import``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from sniper.errors import ConfigError
from sniper_app_data.kinds import KINDS, interval_of
from sniper_app_data.options import data_option, described, json_option
from sniper_app_data.problems import ACCEPTABLE, BadData, Problems
from sniper_app_data.progress import bar
from sniper_app_data.telling import plain, refused, tell

if TYPE_CHECKING:
    from sniper_app_data.importing import Imported


@click.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path), metavar="FILE|DIR")
@click.option("--as", "kind", required=True, type=click.Choice(sorted(KINDS)), help="What the rows are.")
@click.option("--instrument", "instrument_id", required=True, help="Of what, such as binance:BTC/USDT.")
@data_option
@click.option("--tick", help="Smallest step of its price, such as 0.01; needed once.")
@click.option("--lot", help="Smallest step of its size, such as 0.00001; needed once.")
@click.option("--maker-fee", help="Share of the value, such as 0.001, that an order pays which waited.")
@click.option("--taker-fee", help="The same of one that did not.")
@click.option("--columns", help="Names or, where a file has none, numbers: time=ts,price=3.")
@click.option("--zone", help="Of times that name none, such as UTC or Europe/Berlin.")
@click.option("--stamped", type=click.Choice(["open", "close"]), default="open", help="What a bar's time is.")
@click.option("--interval", help="Of bars, such as 5m; else what is usual between two rows.")
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(sorted(ACCEPTABLE)),
    help="Take the data although it has this problem: see the README for what becomes of such rows.",
)
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    path: Path,
    kind: str,
    instrument_id: str,
    root: Path,
    tick: str | None,
    lot: str | None,
    maker_fee: str | None,
    taker_fee: str | None,
    columns: str | None,
    zone: str | None,
    stamped: str,
    interval: str | None,
    accept: tuple[str, ...],
    as_json: bool,
) -> None:
    """Take a file of market data, or all of a directory, into a catalogue.

    CSV (also .gz, .zst, .zip), Feather, Parquet and .npz. All of it is taken or nothing. What is there already is not
    taken twice, so files may overlap, and the same import again changes nothing.

    Each row is looked at first. Exit code 1 where one is wrong: each is told with its line or row, its value, and what
    to do.

        sniper data import trades.csv.zst --as trades --instrument binance:BTC/USDT --tick 0.01 --lot 0.00001
    """
    from sniper_app_data.catalogue import Catalogue
    from sniper_app_data.importing import import_files
    from sniper_app_data.rows import Reading

    catalogue = Catalogue(root)
    instrument = described(instrument_id, tick, lot, maker_fee, taker_fee, catalogue.instrument(instrument_id))
    reading = Reading(
        kind=KINDS[kind],
        instrument=instrument,
        names=_names(columns),
        zone=_zone(zone),
        stamped="close" if stamped == "close" else "open",
        interval=_interval(interval),
    )
    problems = Problems(accept)
    try:
        with bar("importing") as progress:
            imported = import_files(catalogue, path, reading, problems, progress=progress)
    except BadData as error:
        if not as_json:
            tell(error.problems)
            raise
        click.echo(json.dumps(refused(error), indent=2, ensure_ascii=False))
        ctx.exit(1)
    if as_json:
        click.echo(json.dumps({**_data(imported), **plain(problems)}, indent=2, ensure_ascii=False))
    else:
        tell(problems)
        merged = imported.merged
        click.echo(f"{imported.dataset.name}: {merged.rows:,} rows are new, {merged.known:,} were there already")


def _data(imported: "Imported") -> dict[str, object]:
    return {"dataset": imported.dataset.name, "new": imported.merged.rows, "known": imported.merged.known}


def _names(text: str | None) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",")] if text else []
    if any(not (name and sign and source) for name, sign, source in pairs):
        raise ConfigError(f"--columns {text}: write pairs of what a column is and what it is called: time=ts,price=px")
    return {name.strip(): source.strip() for name, _, source in pairs}


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"--zone {name} is no zone that this machine knows; write one such as UTC") from error


def _interval(text: str | None) -> int:
    found = interval_of(text) if text else 0
    if found is None:
        raise ConfigError(f"--interval {text} is no interval; write a number and one of s, m, h, d, w, such as 5m")
    return found
