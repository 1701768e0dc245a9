"""``sniper validate``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from sniper_app_optimise.trials import Outcome

FEWEST: Final = 20
"""Periods below which nothing is said."""


@click.command()
@click.argument("trials", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--folds", type=click.IntRange(2, 50), default=4, show_default=True, help="Parts of the time to test on.")
@click.option("--purge", type=click.IntRange(0), default=1, show_default=True, help="Periods left out beside a test.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of what is drawn.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def validate(trials: Path, folds: int, purge: int, seed: int, as_json: bool) -> None:
    """How much of what sniper optimise found is luck: TRIALS is its file.

    The best trial against how many were tried, against trials without any skill, and on time that it was not chosen
    by; its trades in other orders; and its neighbours.
    """
    from sniper.errors import ConfigError
    from sniper_app_optimise.kept import read

    head, outcomes, _ = read(trials)
    usable = [each for each in outcomes if not each.error]
    times = {each.times for each in usable}
    if not usable or len(times) != 1 or len(usable[0].returns) < FEWEST:
        raise ConfigError(
            f"{trials}: {len(usable)} trials could be run, over {len(usable[0].returns) if usable else 0} periods; "
            f"{FEWEST} periods at least, the same for all, say something: give the search more time of the market"
        )
    found = validated(usable, str(head["metric"]), folds, purge, seed)
    if as_json:
        click.echo(json.dumps(found))
    else:
        _print(found)


def validated(usable: "list[Outcome]", metric: str, folds: int, purge: int, seed: int) -> dict[str, Any]:  # Any: JSON
    """All that is said."""
    import numpy as np

    from sniper_app_optimise import luck
    from sniper_app_optimise.search import score

    returns = np.array([each.returns for each in usable]).T
    ratios = luck.sharpe(returns)
    best = usable[int(ratios.argmax())]
    chosen = max(usable, key=lambda each: score(each, metric))
    forward, crossed = luck.walk_forward(returns, folds), luck.purged(returns, folds, purge)
    trades = luck.drawn(chosen.trades, seed)
    return {
        "trials": len(usable),
        "periods": len(returns),
        "best": {"values": best.values, "sharpe_per_period": float(ratios.max())},
        "deflated_sharpe": luck.deflated_sharpe(returns),
        "overfitting": luck.overfitting(returns),
        "by_chance": luck.by_chance(returns, seed),
        "walk_forward": [{**asdict(each), "values": usable[each.trial].values} for each in forward],
        "purged": [{**asdict(each), "values": usable[each.trial].values} for each in crossed],
        "trades": None if trades is None else {"count": len(chosen.trades), **asdict(trades)},
        "neighbours": _neighbours(usable, chosen, metric),
    }


def _neighbours(usable: "list[Outcome]", chosen: "Outcome", metric: str) -> dict[str, Any]:  # Any: JSON
    """By parameter, the metric of the trials whose values are nearest to the chosen one's: the tenth of all that is."""
    from statistics import median

    from sniper_app_optimise.search import score

    nearest = max(1, len(usable) // 10)
    found: dict[str, Any] = {}
    for key, value in chosen.values.items():
        others = sorted((each for each in usable if each is not chosen), key=lambda each: abs(each.values[key] - value))
        scores = [score(each, metric) for each in others[:nearest]]
        found[key] = {
            "value": value,
            "median": median(scores) if scores else None,
            "all": median(score(each, metric) for each in usable),
        }
    return found


def _print(found: dict[str, Any]) -> None:  # Any: JSON
    from sniper.cli.output import print_table

    rows = [
        ("probability of any skill, given how many were tried", _share(found["deflated_sharpe"]), "above 95%"),
        ("probability that the best is overfitted", _share(found["overfitting"]), "below 10%"),
        ("probability of this by chance", _share(found["by_chance"]), "below 5%"),
    ]
    click.echo(
        f"{found['trials']} trials over {found['periods']} periods; the best: {_values(found['best']['values'])}"
    )
    print_table(("what", "found", "should be"), rows)
    for name, title in (("walk_forward", "walk-forward"), ("purged", "cross-validated")):
        folds = found[name]
        good = sum(each["tested"] > 0 for each in folds)
        click.echo(f"{title}: {good} of {len(folds)} parts above zero that had no say in the choice")
        print_table(
            ("chosen there", "ratio in training", "in the test"),
            [(_values(each["values"]), f"{each['trained']:.4f}", f"{each['tested']:.4f}") for each in folds],
        )
    if found["trades"]:
        low, middle, high = found["trades"]["total"]
        worst = found["trades"]["fall"][0]
        click.echo(
            f"{found['trades']['count']} trades drawn anew: {_share(low)} to {_share(high)} (90%), {_share(middle)} in "
            f"the middle, a loss in {_share(found['trades']['loss'])}, a fall of {_share(-worst)} in the worst 5%"
        )
    for key, near in found["neighbours"].items():
        if near["median"] is not None:
            click.echo(
                f"near {key} = {near['value']:g}: {near['median']:.4f} in the middle; of all trials {near['all']:.4f}"
            )


def _values(values: dict[str, float]) -> str:
    return ", ".join(f"{key.rpartition('.')[2]} {value:g}" for key, value in values.items())


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2%}"
