"""Which values are tried: all of a grid, or those that a sampler proposes, in batches.

The order of proposals follows from the seed alone, not from which trial ends first; so a search that is begun again
proposes the same, and what stands in its file already is not run again.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from math import isfinite
from typing import Any, Final, Literal

from sniper_app_optimise.pools import Pool
from sniper_app_optimise.space import Range, Values, grid
from sniper_app_optimise.trials import Outcome

BATCH: Final = 8
"""Trials that are proposed together, whatever the number of processes."""
WORST: Final = -1e18
"""What a sampler is told of a trial that came to nothing."""

Sampler = Literal["tpe", "random", "grid"]
Progress = Callable[[int, int], None]


class Search:
    """``known``: outcomes by their values, which are not run again."""

    def __init__(
        self, ranges: Sequence[Range], *, sampler: Sampler, metric: str, seed: int, known: Sequence[Outcome] = ()
    ) -> None:
        self._ranges = ranges
        self._sampler = sampler
        self._metric = metric
        self._seed = seed
        self._known = {_key(each.values): each for each in known}

    def outcomes(self, pool: Pool, trials: int, keep: Callable[[Outcome], None]) -> Iterator[Outcome]:
        """Of so many trials, in the order of their proposals; ``keep`` is given each new one."""
        for batch, tell in self._batches(trials):
            missing = {_key(values): values for values in batch if _key(values) not in self._known}
            for key, outcome in zip(missing, pool.map(missing.values()), strict=True):
                self._known[key] = outcome
                keep(outcome)
            found = [self._known[_key(values)] for values in batch]
            tell(found)
            yield from found

    def _batches(self, trials: int) -> Iterator[tuple[list[Values], Callable[[Sequence[Outcome]], None]]]:
        if self._sampler == "grid":
            every = islice(grid(self._ranges), trials)
            while batch := list(islice(every, BATCH)):
                yield batch, lambda _: None
            return
        study = self._study()
        for begin in range(0, trials, BATCH):
            asked = [study.ask() for _ in range(min(BATCH, trials - begin))]
            batch = [{each.key: _suggested(trial, each) for each in self._ranges} for trial in asked]

            def tell(found: Sequence[Outcome], asked: list[Any] = asked) -> None:
                for trial, outcome in zip(asked, found, strict=True):
                    study.tell(trial, score(outcome, self._metric))

            yield batch, tell

    def _study(self) -> Any:  # Any: optuna takes half a second to import
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = (
            optuna.samplers.TPESampler(seed=self._seed, multivariate=False, constant_liar=True)
            if self._sampler == "tpe"
            else optuna.samplers.RandomSampler(seed=self._seed)
        )
        return optuna.create_study(direction="maximize", sampler=sampler)


def score(outcome: Outcome, metric: str) -> float:
    """What is maximised; a drawdown is below zero, so the smallest is the largest."""
    value = outcome.metrics.get(metric)
    return value if value is not None and isfinite(value) else WORST


def _suggested(trial: Any, of: Range) -> int | float:  # Any: optuna's
    if of.whole:
        return int(trial.suggest_int(of.key, int(of.low), int(of.high), step=int(of.step or 1), log=of.log))
    return float(trial.suggest_float(of.key, of.low, of.high, step=of.step, log=of.log))


def _key(values: Values) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(values.items()))
