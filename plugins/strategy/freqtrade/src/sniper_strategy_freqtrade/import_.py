"""``sniper strategies import``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sniper_strategy_freqtrade.errors import BadStrategy
from sniper_strategy_freqtrade.features import features_of
from sniper_strategy_freqtrade.importing import load, made
from sniper_strategy_freqtrade.parameter_file import found_beside
from sniper_strategy_freqtrade.surface.timeframes import timeframe_to_seconds

if TYPE_CHECKING:
    from sniper_strategy_freqtrade.surface.interface import IStrategy


@click.command("import")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--class", "name", default="", help="Which strategy, where the file has several.")
@click.option(
    "--instrument",
    "instruments",
    multiple=True,
    help="Id of what it trades, such as binance:BTC/USDT.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the section to a new file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(path: Path, name: str, instruments: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Check that a strategy of freqtrade loads, say which features it uses, and write a config section that runs it.

    PATH is a file with a class derived from IStrategy, of interface version 3. Its code runs: import what you trust.
    """
    strategy = load(path, name)
    made(strategy, {})
    seconds = timeframe_to_seconds(strategy.timeframe)
    features = features_of(strategy)
    section = _section(path, strategy, instruments)
    if as_json:
        found = {
            "strategy": strategy.__name__,
            "timeframe_s": seconds,
            "features": features.used,
            "missing": features.missing,
            "section": section,
        }
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo(f"{strategy.__name__}, candles of {strategy.timeframe}")
        click.echo(f"uses: {', '.join(features.used)}")
        if found_beside(path).is_file():
            click.echo(f"parameters: those in {found_beside(path)}")
        for each in features.missing:
            click.echo(click.style(f"not as in freqtrade: {each}", fg="yellow"))
    if output is None:
        if not as_json:
            click.echo(f"\n{section}", nl=False)
        return
    if output.exists():
        raise BadStrategy(f"{output} is there already; name a new file")
    output.write_text(section)


def _section(path: Path, strategy: "type[IStrategy]", instruments: tuple[str, ...]) -> str:
    names = "".join(f"-{c.lower()}" if c.isupper() else c for c in strategy.__name__).strip("-_").replace("_", "-")
    while "--" in names:
        names = names.replace("--", "-")
    traded = instruments or ("binance:BTC/USDT",)
    lines = [
        f"[strategy.{names}]",
        'plugin = "freqtrade"',
        f"file = {json.dumps(str(path.resolve()), ensure_ascii=False)}",
        f"strategy = {json.dumps(strategy.__name__)}",
        f"instruments = {json.dumps(list(traded), ensure_ascii=False)}",
        "exits = []",
    ]
    return "\n".join(lines) + "\n"
