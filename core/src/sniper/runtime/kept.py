"""The config that a run keeps beside its journal, so that the run can be followed and replayed without the original.

It is the file as it was, secrets included, readable by its owner alone.
"""

import json
import os
from pathlib import Path

from sniper.catalogue import Catalogue
from sniper.errors import ConfigError, JournalError
from sniper.runtime.manifest import Epoch, epochs
from sniper.settings.load import load
from sniper.settings.resolved import Resolved
from sniper.settings.resolver import resolve
from sniper.types import Mode

JOURNAL = "journal"
CONFIG = "config.toml"


def keep(source: Path, directory: Path) -> Path | None:
    """Copy the config file of a run into its directory; None where the settings come from no file."""
    if not source.is_file():
        return None
    path = directory / CONFIG
    if source.resolve() != path.resolve():
        unfinished = path.with_suffix(".tmp")
        try:
            unfinished.unlink(missing_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(source.read_bytes())
            unfinished.replace(path)
        except OSError as error:
            raise ConfigError(f"{path}: the config cannot be kept there: {error.strerror}; see data_dir") from error
    return path


def locate(run: Path) -> Path:
    """The run's directory, of which ``run`` may be the journal. Raises `JournalError` where there is no journal."""
    for directory in (run, run.parent):
        if (directory / JOURNAL).is_dir() and run in (directory, directory / JOURNAL):
            return directory
    raise JournalError(f"{run}: there is no journal here; name the data_dir of a run, or its journal directory")


def kept(run: Path, config: Path | None = None) -> tuple[Resolved, Catalogue, list[Epoch]]:
    """What a run was made of, by its kept config or the given one, as this machine has it now; and its epochs.

    run  The run's directory. The mode is that of its newest epoch.

    Raises `ConfigError`, `PluginError` and `JournalError`.
    """
    path = config or run / CONFIG
    if not path.is_file():
        raise ConfigError(f"{path}: the run has kept no config; name the one that it used with --config FILE")
    found = epochs(run / JOURNAL)
    if not found:
        raise JournalError(f"{run / JOURNAL}: it is empty; nothing was recorded")
    settings = load(path, mode=Mode(json.loads(found[-1].manifest)["config"]["mode"]))
    settings = settings.model_copy(update={"data_dir": run})
    catalogue = Catalogue.discover(settings.plugins.disable)
    return resolve(settings, catalogue), catalogue, found
