"""The shelf: what the trader installed, each release in a directory of its own, and an index that says which count.

The index is one small file that is replaced whole: a change either happened or it did not, whatever dies on the way.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sniper.environments.environment import Environment, read
from sniper.environments.holding import take_away
from sniper.errors import PluginError

VARIABLE = "SNIPER_PLUGINS"
INDEX = "shelf.json"
HOMES = "environments"
MAKING = ".making-"


def shelf_directory() -> Path:
    """``$SNIPER_PLUGINS``, else ``sniper/plugins`` in the user's data directory."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE])
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "sniper" / "plugins"


class _Index(msgspec.Struct, frozen=True):
    """``environments``: the directory's name by distribution."""

    environments: dict[str, str] = {}
    format: int = 1


class Shelf:
    """What is installed in environments of its own. Reading takes no lock; changes take one (`changing`)."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = (directory or shelf_directory()).absolute()

    def environments(self) -> tuple[Environment, ...]:
        """All of them by name of the distribution. Raises `PluginError` where a record is damaged."""
        return tuple(_sound(each) for each in self.records().values())

    def records(self, *only: str) -> dict[str, Environment | PluginError]:
        """All of them, or some, by name of the distribution; where a record is damaged, what is wrong with it."""
        while True:
            index = self._index()
            names = sorted(name for name in index.environments if not only or name in only)
            found = {name: self._record(index.environments[name]) for name in names}
            if self._index() == index:  # else another process replaced one, or took one away, on the way
                return found

    def record(self, distribution: str) -> Environment | PluginError:
        """That of one. Raises `PluginError` where none is installed."""
        found = self.records(distribution).get(distribution)
        if found is None:
            raise self._unknown(distribution)
        return found

    def sound(self) -> dict[str, Environment]:
        """Those whose record can be read, by name of the distribution. The others are not used."""
        return {name: each for name, each in self.records().items() if isinstance(each, Environment)}

    def names(self) -> tuple[str, ...]:
        """Distributions on the shelf, in order."""
        return tuple(sorted(self._index().environments))

    def find(self, distribution: str) -> Environment | None:
        """The installed release of a distribution. Raises `PluginError` where its record is damaged."""
        found = self.records(distribution).get(distribution)
        return None if found is None else _sound(found)

    def demand(self, distribution: str) -> Environment:
        """The same. Raises `PluginError` where none is installed, too."""
        return _sound(self.record(distribution))

    def holds(self, path: str | Path) -> bool:
        """Whether a path lies in one of its environments."""
        return Path(path).is_relative_to(self.directory / HOMES)

    @contextmanager
    def changing(self) -> Iterator[Path]:
        """Hold the shelf against other changes and give a new directory beside the environments to make one in. It is
        removed at the end; those that killed processes left behind are removed here. Raises `PluginError` while another
        one changes it."""
        (self.directory / HOMES).mkdir(parents=True, exist_ok=True)
        with (self.directory / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise PluginError(
                    f"{self.directory}: another sniper is changing what is installed; try again when it is done"
                ) from error
            for left in self.directory.glob(f"{MAKING}*"):
                shutil.rmtree(left, ignore_errors=True)
            making = Path(tempfile.mkdtemp(prefix=MAKING, dir=self.directory))
            try:
                yield making
            finally:
                shutil.rmtree(making, ignore_errors=True)

    def add(self, made: Path) -> Environment:
        """Take in an environment that was made under `changing`; it replaces another release of the distribution, whose
        directory goes with the next change that no run uses it in. Raises `PluginError`."""
        self._sweep()
        distribution, home = self._placed(made)
        self._write(_Index({**self._index().environments, distribution: home}))
        return self.demand(distribution)

    def remove(self, distribution: str) -> None:
        """Take a distribution off the shelf, and its files away where no run uses them. Raises `PluginError` where it
        is not there."""
        index = self._index()
        if distribution not in index.environments:
            raise self._unknown(distribution)
        self._write(_Index({name: home for name, home in index.environments.items() if name != distribution}))
        self._sweep()

    def exchange(self, made: Iterable[Path], gone: Iterable[str]) -> None:
        """Take in all of these environments and take off those distributions, in one step."""
        self._sweep()
        environments = {name: home for name, home in self._index().environments.items() if name not in set(gone)}
        for directory in made:
            distribution, home = self._placed(directory)
            environments[distribution] = home
        self._write(_Index(environments))

    def _placed(self, made: Path) -> tuple[str, str]:
        """Move a new environment to where the index can name it: its distribution, and the directory's name."""
        environment = read(made)
        home = self.directory / HOMES / f"{environment.distribution}-{environment.version}-{environment.sha256[:12]}"
        if home.exists():
            # The same release again: another directory name, so that the old one stays whole until the index names
            # the new one.
            home = Path(tempfile.mkdtemp(prefix=f"{home.name}.", dir=home.parent))
            home.rmdir()
        made.rename(home)
        _synced(home.parent)
        return environment.distribution, home.name

    def _unknown(self, distribution: str) -> PluginError:
        names = self.names()
        there = f"there are {', '.join(names)}" if names else "there is none"
        return PluginError(f"{distribution} is not installed in an environment of its own ({there})")

    def _record(self, home: str) -> Environment | PluginError:
        try:
            return read(self.directory / HOMES / home)
        except PluginError as error:
            return error

    def _index(self) -> _Index:
        file = self.directory / INDEX
        try:
            return msgspec.json.decode(file.read_bytes(), type=_Index)
        except FileNotFoundError:
            return _Index()
        except (OSError, msgspec.DecodeError) as error:
            raise PluginError(
                f"{file}: cannot be read ({error}); restore it, or remove it and install with sniper plugins sync"
            ) from error

    def _write(self, index: _Index) -> None:
        replace_file(self.directory / INDEX, msgspec.json.format(msgspec.json.encode(index), indent=2) + b"\n")

    def _sweep(self) -> None:
        """Take away what the index does not name and no run uses."""
        kept = set(self._index().environments.values())
        for home in (self.directory / HOMES).iterdir():
            if home.name not in kept:
                take_away(home)


def _sound(record: Environment | PluginError) -> Environment:
    if isinstance(record, PluginError):
        raise record
    return record


def replace_file(file: Path, content: bytes) -> None:
    """Replace a file whole: a reader, or a crash, sees the old one or the new one."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as temporary:
            temporary.write(content)
            temporary.flush()
            os.fsync(temporary.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _synced(file.parent)


def _synced(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
