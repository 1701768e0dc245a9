"""``sniper optimise``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from sniper.cli.invocation import Invocation
    from sniper_app_optimise.trials import Outcome

SHOWN: Final = 10


@click.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="Catalogue.")
@click.option("--vary", multiple=True, help="KEY=LOW:HIGH[:STEP|:log], such as strategy.ema-cross.fast=5:50:5.")
@click.option("--trials", type=click.IntRange(1), default=100, show_default=True, help="Most trials.")
@click.option("--workers", type=click.IntRange(1, 256), default=2, show_default=True, help="Processes.")
@click.option("--cluster", help="Address of a Dask scheduler to run them on, in place of [optimise] cluster.")
@click.option(
    "--sampler", type=click.Choice(["tpe", "random", "grid"]), default="tpe", show_default=True, help="What is tried."
)
@click.option(
    "--metric",
    type=click.Choice(["sharpe", "sortino", "calmar", "total", "max_drawdown"]),
    default="sharpe",
    show_default=True,
    help="What is maximised.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the sampler.")
@click.option("--from", "begin", help="The first moment, such as 2024-01-31, UTC.")
@click.option("--to", "end", help="The moment before which it ends.")
@click.option("--fills", type=click.Choice(["next-event", "book"]), help="The model of fills; else as desks say.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of the search. Default: CONFIG.trials.jsonl",
)
@click.option("--json", "as_json", is_flag=True, help="Print the best trials as JSON.")
@click.pass_obj
def optimise(
    invocation: "Invocation",
    config: Path,
    data: Path,
    vary: tuple[str, ...],
    trials: int,
    workers: int,
    cluster: str | None,
    sampler: Any,
    metric: str,
    seed: int,
    begin: str | None,
    end: str | None,
    fills: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Backtest CONFIG with many values of its parameters, and keep every trial in a file.

    What varies is named with --vary, or declared by a strategy's own space. The same command goes on where an
    interrupted one ended. How much of what it finds is luck, sniper validate tells: look at that before any trade.
    """
    from sniper.cli.exchange_backtest import range_of
    from sniper.cli.progress import bar
    from sniper.errors import ConfigError
    from sniper.settings import file
    from sniper.settings.load import parse
    from sniper.types import Mode
    from sniper_app_optimise.kept import Kept
    from sniper_app_optimise.pools import pool
    from sniper_app_optimise.search import Search, score
    from sniper_app_optimise.space import declared, parsed
    from sniper_app_optimise.trials import Job, Trials

    document = file.read(config)
    address = parse(document, config, mode=Mode.BACKTEST).optimise.cluster if cluster is None else cluster
    document.pop("optimise", None)  # where trials are run is no part of what they are: a search goes on elsewhere
    ranges = [parsed(each) for each in vary] or declared(document)
    if not ranges:
        raise ConfigError(f"{config}: nothing varies; name it, such as --vary strategy.ema-cross.fast=5:50:5")
    first, last = range_of(begin, end)
    job = Job(config, document, data, first, last, (fills,))
    Trials(job).check({each.key: each.low for each in ranges})
    head = {
        "config": document,
        "data": str(data.resolve()),
        "begin": str(first),
        "end": str(last),
        "fills": fills,
        "ranges": [[each.key, each.low, each.high, each.step, each.log] for each in ranges],
        "sampler": sampler,
        "metric": metric,
        "seed": seed,
    }
    kept = Kept(out or config.with_suffix(".trials.jsonl"), head)
    search = Search(ranges, sampler=sampler, metric=metric, seed=seed, known=kept.outcomes)
    found: list[Outcome] = []
    with bar("trials") as progress, pool(job.anywhere(), workers, address) as trying:
        for outcome in search.outcomes(trying, trials, kept.add):
            found.append(outcome)
            if progress:
                progress(len(found), trials)
    once = {tuple(each.values.items()): each for each in found}.values()
    best = sorted(once, key=lambda each: score(each, metric), reverse=True)
    if as_json:
        click.echo(
            json.dumps({"file": str(kept.path), "trials": len(found), "best": [_plain(each) for each in best[:SHOWN]]})
        )
    else:
        _print(best, metric, kept.path)


def _plain(outcome: "Outcome") -> dict[str, Any]:
    return {"values": outcome.values, "metrics": outcome.metrics, "fills": outcome.fills, "error": outcome.error}


def _print(best: "list[Outcome]", metric: str, path: Path) -> None:
    from sniper.cli.output import print_table

    failed = [each for each in best if each.error]
    rows = [
        (
            *(f"{value:g}" for value in each.values.values()),
            *(_number(value) for value in each.metrics.values()),
            str(each.fills),
        )
        for each in best[:SHOWN]
        if not each.error
    ]
    if rows:
        print_table((*(key.rpartition(".")[2] for key in best[0].values), *best[0].metrics, "fills"), rows)
    if failed:
        click.echo(f"{len(failed)} trials could not be run; the first of them: {failed[0].error}")
    click.echo(
        f"{len(best)} different trials by {metric}, all in {path}; how much of it is luck: sniper validate {path}"
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
