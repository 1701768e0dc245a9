"""Where trials are run: processes of this machine, or the workers of a Dask cluster."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from threading import Lock
from types import TracebackType
from typing import Any, Final, Protocol, Self

from sniper.errors import ConfigError, SniperError, told
from sniper_app_optimise.space import Values
from sniper_app_optimise.trials import Job, Outcome, Trials, prepare, run

PATIENCE_S: Final = 10
"""For a scheduler to answer."""


class ClusterFailed(SniperError, RuntimeError):
    """The cluster ended a trial, or went away."""

    code = "cluster-failed"


class Pool(Protocol):
    """Runs trials of one job; a context manager."""

    def map(self, values: Iterable[Values]) -> Iterator[Outcome]:
        """The outcomes, in the order of the values."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Processes:
    """So many processes of this machine."""

    def __init__(self, job: Job, workers: int) -> None:
        self._pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=prepare, initargs=(job,))

    def map(self, values: Iterable[Values]) -> Iterator[Outcome]:
        """As `Pool.map`."""
        return self._pool.map(run, values)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)


class Cluster:
    """The workers of a Dask scheduler at ``address``. Each needs this version of sniper and of its plugins, and the
    data at the same path.

    Raises `ConfigError` where Dask is not installed, nothing answers, there are no workers, or one has other versions.
    """

    def __init__(self, job: Job, address: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ConfigError(
                f"cluster = {address!r} needs Dask, which is not installed: pip install sniper-app-optimise[cluster]"
            ) from error
        self._job = job
        self._address = address
        client: Any = Client  # Any: Dask says nothing of its types
        try:
            self._client = client(address, timeout=PATIENCE_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ConfigError(f"no Dask scheduler answers at {address}: {told(error)}") from error
        try:
            self._same_versions()
        except BaseException:
            self._client.close()
            raise

    def _same_versions(self) -> None:
        mine = versions()
        try:
            theirs: dict[str, dict[str, str]] = self._client.run(versions)
        except ModuleNotFoundError as error:
            raise ConfigError(f"a worker of {self._address} has no sniper-app-optimise: {told(error)}") from error
        if not theirs:
            raise ConfigError(f"the Dask scheduler at {self._address} has no workers; start some with: dask worker")
        for worker, found in sorted(theirs.items()):
            differing = sorted(name for name in mine.keys() | found.keys() if mine.get(name) != found.get(name))
            if differing:
                name = differing[0]
                there, here = found.get(name, "not"), mine.get(name, "not")
                raise ConfigError(
                    f"worker {worker} has {name} {there} installed, here it is {here}: trials would not be the same; "
                    "install the same on all"
                )

    def map(self, values: Iterable[Values]) -> Iterator[Outcome]:
        """As `Pool.map`. Raises `ClusterFailed`."""
        futures = self._client.map(_run_there, [(self._job, each) for each in values], pure=False)
        for future in futures:
            try:
                outcome = future.result()
            except Exception as error:  # of Dask, or whatever a worker raised
                self._client.cancel(futures)
                raise ClusterFailed(
                    f"a trial on the cluster at {self._address} came to nothing: {told(error)}; what was tried is "
                    "kept, and the same command goes on"
                ) from error
            assert isinstance(outcome, Outcome)
            yield outcome

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


def pool(job: Job, workers: int, cluster: str) -> Pool:
    """The cluster, where there is an address; else processes."""
    return Cluster(job, cluster) if cluster else Processes(job, workers)


# ---- on a worker ----

_turn = Lock()
_kept: list[tuple[Job, Trials]] = []


def _run_there(task: tuple[Job, Values]) -> Outcome:
    """A trial in a worker, which keeps the data of the last job. One at a time, for threads share what is kept."""
    job, values = task
    with _turn:
        if not _kept or _kept[0][0] != job:
            _kept[:] = [(job, Trials(job))]
        return _kept[0][1].run(values)


def versions() -> dict[str, str]:
    """Of sniper and all that is installed of it, and of what counts."""
    from importlib.metadata import distributions

    found: dict[str, Any] = {each.name: each.version for each in distributions()}
    return {name: str(version) for name, version in found.items() if name.startswith("sniper-") or name == "numpy"}
