"""``sniper registry results``."""

import json
from pathlib import Path
from typing import Any

import click

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("results")
@click.argument("wheel", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=_FILE, help="The file to write; else it is printed.")
@click.option("--check", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Hold a file against them.")
@click.option("--seeds", type=click.IntRange(1, 100), default=3, show_default=True, help="Markets of each model.")
@click.option("--trials", type=click.IntRange(2, 1_000), default=8, show_default=True, help="Of each search.")
@click.option("--bars", type=click.IntRange(1_000, 1_000_000), default=3_000, show_default=True, help="Of each market.")
def results(wheel: Path, out: Path | None, check: Path | None, seeds: int, trials: int, bars: int) -> None:
    """Compute the results of the strategy in WHEEL: no number of them is its author's.

    It runs in a worker, with costs, on generated markets that follow from the wheel's own hash. Anybody gets the same
    numbers for the same wheel: --check says whether a published file is what comes out.
    """
    from sniper.cli.progress import bar
    from sniper_registry.results.install import isolated
    from sniper_registry.results.recompute import recomputed
    from sniper_registry.results.run import Amount

    published = json.loads(check.read_bytes()) if check else None
    amount = _amount_of(published) if published else Amount(bars=bars, seeds=seeds, trials=trials)
    with bar("markets") as progress:
        found = recomputed(wheel, amount, isolated, progress)
    if published is not None:
        _compare(published, found, check)
        return
    text = json.dumps(found, indent=2, sort_keys=True) + "\n"
    if out:
        out.write_text(text)
    else:
        click.echo(text, nl=False)


def _amount_of(published: Any) -> Any:  # Any: JSON of a stranger, and Amount
    from sniper_registry.results.declared import ResultsError
    from sniper_registry.results.run import Amount

    try:
        seeds = len(next(iter(published["models"].values()))["seeds"])
        return Amount(int(published["bars"]), seeds, int(published["trials"]), int(published["folds"]))
    except (KeyError, TypeError, ValueError, StopIteration, AttributeError) as error:
        raise ResultsError("the file holds no results; name one that sniper registry results wrote") from error


def _compare(published: Any, found: dict[str, Any], file: Path | None) -> None:
    from sniper_registry.results.declared import ResultsError

    differs = sorted(key for key in {*published, *found} if published.get(key) != found.get(key))
    if differs:
        raise ResultsError(f"{file} is not what comes out: other {', '.join(differs)}")
    click.echo("the same")
