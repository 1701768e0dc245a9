"""One trial: a backtest of the config with other values, in a process that has read the data once."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from sniper.errors import ConfigError, SniperError, told
from sniper_app_optimise.space import Values, applied

METRICS: Final = ("sharpe", "sortino", "calmar", "total", "max_drawdown")


class Job(NamedTuple):
    """What all trials have in common. ``config`` is its path, ``document`` what stands in it; ``fills``: the arguments
    of `sniper.runtime.exchange_backtest.Fills`. ``begin``, ``end``: ns UTC."""

    config: Path
    document: dict[str, Any]
    data: Path
    begin: int
    end: int
    fills: tuple[Any, ...]

    def anywhere(self) -> "Job":
        """The same for another process, whose working directory may be another one."""
        return self._replace(config=self.config.resolve(), data=self.data.resolve())


class Outcome(NamedTuple):
    """What came of a trial.

    metrics  By name; None where one is not defined. ``error``: why there is none at all.
    returns  Of equity between samples, which lie at the same ``times`` (ns) in all trials of a job.
    trades   What each fill realised, as a share of the equity at the beginning.
    """

    values: Values
    metrics: dict[str, float | None]
    times: tuple[int, ...] = ()
    returns: tuple[float, ...] = ()
    trades: tuple[float, ...] = ()
    fills: int = 0
    error: str = ""


class Trials:
    """The data of a job, and trials on it."""

    def __init__(self, job: Job) -> None:
        from sniper.catalogue import Catalogue

        self._job = job
        self._catalogue = Catalogue.discover()
        self._known: dict[str, tuple[Any, list[Any], int]] = {}
        """By what is wanted: instruments, batches, and until when they are."""

    def check(self, values: Values) -> None:
        """Before any process is begun: raises what makes no trial possible, such as a mistake in the config."""
        from sniper.settings.load import parse
        from sniper.settings.resolver import resolve
        from sniper.types import Mode

        resolve(parse(applied(self._job.document, values), self._job.config, mode=Mode.BACKTEST), self._catalogue)

    def run(self, values: Values) -> Outcome:
        """A trial. One that cannot be run says why."""
        try:
            return self._outcome(values)
        except SniperError as error:
            return Outcome(values, dict.fromkeys(METRICS), error=told(error))

    def _outcome(self, values: Values) -> Outcome:
        from sniper.runtime.exchange_backtest import ExchangeBacktest, Fills, wanted_of
        from sniper.settings.load import parse
        from sniper.settings.resolver import resolve
        from sniper.types import Mode
        from sniper_app_report.metrics import measured

        job = self._job
        resolved = resolve(parse(applied(job.document, values), job.config, mode=Mode.BACKTEST), self._catalogue)
        fills = Fills(*job.fills)
        instruments, batches, until = self._data(wanted_of(resolved, job.begin, job.end, fills))
        result = ExchangeBacktest(resolved, instruments, fills).run(batches, until)
        if result.halted:
            raise ConfigError(f"it was halted: {result.halted}")
        curve = _equity(result.desks)
        found = measured(curve)
        first = curve[0][1]
        return Outcome(
            values,
            {name: getattr(found, name) for name in METRICS},
            tuple(time for time, _ in curve[1:]),
            tuple((b - a) / a if a > 0 else 0.0 for (_, a), (_, b) in pairwise(curve)),
            tuple(fill.realised / first for desk in result.desks for fill in desk.fills if fill.realised),
            sum(len(desk.fills) for desk in result.desks),
        )

    def _data(self, wanted: Any) -> tuple[Any, list[Any], int]:
        from sniper.cli.exchange_backtest import recording

        key = wanted.model_dump_json()
        if key not in self._known:
            source = recording(self._catalogue, self._job.data)
            instruments = source.open(wanted)
            self._known = {key: (instruments, list(source.batches()), source.until())}
        return self._known[key]


def _equity(desks: Sequence[Any]) -> list[tuple[int, int]]:
    """Of all desks together. Raises `ConfigError` where they count in different coins."""
    coins = sorted({desk.quote.partition(":")[2] for desk in desks})
    if len(coins) > 1:
        raise ConfigError(f"desks count in {', '.join(coins)}, which nothing adds up here; search with desks of one")
    samples = zip(*(desk.samples for desk in desks), strict=True)
    return [(together[0].time, sum(each.equity for each in together)) for together in samples]


_trials: Trials | None = None


def prepare(job: Job) -> None:
    """In a process of the pool: what its trials need."""
    global _trials  # noqa: PLW0603  (a pool's process has one job, and no other way to keep it)
    _trials = Trials(job)


def run(values: Values) -> Outcome:
    """A trial in a process of the pool."""
    assert _trials is not None
    return _trials.run(values)
