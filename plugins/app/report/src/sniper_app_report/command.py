"""``sniper report``."""

import json
from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The page; else beside RUN, as .html.")
@click.option("--title", default="Backtest", show_default=True, help="What stands above it.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON; no page but with --out.")
def report(run: Path, out: Path | None, title: str, as_json: bool) -> None:
    """Tell what a backtest earned, risked and cost: RUN is what sniper backtest --out wrote.

    The page holds all it shows: no script, nothing fetched. It can be sent to others as it is.
    """
    from sniper_app_report.page import page
    from sniper_app_report.summary import plain
    from sniper_app_report.told import read

    backtest = read(run)
    if as_json:
        click.echo(json.dumps(plain(backtest), indent=2, ensure_ascii=False))
    target = out or (None if as_json else run.with_suffix(".html"))
    if target is not None:
        target.write_text(page(backtest, title))
        if not as_json:
            click.echo(f"wrote {target}")
