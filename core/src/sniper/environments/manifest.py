"""The list of all files of an environment with their hashes, by which a changed one is known before it is used."""

import hashlib
import os
import stat
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sniper.environments.environment import MANIFEST, SITE, Environment
from sniper.errors import PluginError


class EnvironmentChanged(PluginError):
    """Files of an environment are not those that were installed."""

    code = "environment-changed"


def listed(directory: Path) -> str:
    """One line for each file below a directory: hex SHA-256, two spaces, its path there. Raises `EnvironmentChanged`
    for what is neither a directory nor a plain file."""
    return "".join(f"{_digest(file)}  {file.relative_to(directory).as_posix()}\n" for file in sorted(_files(directory)))


def check(environment: Environment) -> None:
    """Read all files of an environment again, once for each process. Raises `EnvironmentChanged` with the first one
    that is missing, new or different."""
    found = _remembered(environment.path, environment.manifest_sha256)
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise EnvironmentChanged(
            f"{environment}: its files are not those that were installed: {found[0]}{more}; it is not used. Find out "
            f"who wrote into {environment.directory}, then install it again: sniper plugins install --reinstall"
        )


def differences(directory: Path, manifest_sha256: str) -> tuple[str, ...]:
    """What is missing, new or different in the environment of a directory, as ``path: what``, without remembering."""
    try:
        kept = (directory / MANIFEST).read_bytes()
    except OSError as error:
        return (f"{MANIFEST}: cannot be read: {error.strerror}",)
    if hashlib.sha256(kept).hexdigest() != manifest_sha256:
        return (f"{MANIFEST}: was changed",)
    try:
        found = _by_path(listed(directory / SITE))
    except EnvironmentChanged as error:
        return (str(error),)
    except OSError as error:
        return (f"{error.filename}: cannot be read: {error.strerror}",)
    wanted = _by_path(kept.decode())
    said = dict.fromkeys(wanted.keys() - found.keys(), "is missing")
    said |= dict.fromkeys(found.keys() - wanted.keys(), "was added")
    said |= {path: "was changed" for path in wanted.keys() & found.keys() if wanted[path] != found[path]}
    return tuple(f"{path}: {what}" for path, what in sorted(said.items()))


@cache
def _remembered(path: str, manifest_sha256: str) -> tuple[str, ...]:
    return differences(Path(path), manifest_sha256)


def _by_path(manifest: str) -> dict[str, str]:
    pairs = (line.split("  ", 1) for line in manifest.splitlines())
    return {path: digest for digest, path in pairs}


def _files(directory: Path) -> Iterator[Path]:
    for root, directories, names in os.walk(directory):
        for name in (*names, *directories):
            file = Path(root) / name
            mode = file.lstat().st_mode
            if stat.S_ISREG(mode):
                yield file
            elif not stat.S_ISDIR(mode):
                raise EnvironmentChanged(f"{file.relative_to(directory)}: is no plain file")


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
