"""uv as a process of its own: it resolves, fetches and unpacks, and is told nothing but what is said here."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from sniper.plugin import Frozen
from sniper_registry.installing.refused import InstallFailed

_PASSED: Final = (
    "PATH",
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "UV_CACHE_DIR",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
)
"""Of the environment: where the network and the package index are. Nothing that changes what uv does."""
_ALWAYS: Final = ("--no-config", "--no-progress", "--color", "never", "--no-python-downloads")
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/\s@]+@")


class Supply(Frozen, kw_only=True, array_like=False):
    """Where dependencies come from.

    wheels   Directories of wheels, looked through first.
    offline  Whether nothing else is asked.
    """

    wheels: tuple[str, ...] = ()
    offline: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        found = tuple(part for directory in self.wheels for part in ("--find-links", directory))
        return (*found, "--no-index", "--offline") if self.offline else found


def run(*arguments: str, given: str = "", cwd: Path) -> str:
    """What uv printed. ``given`` is its input, ``cwd`` an empty directory. Raises `InstallFailed`."""
    try:
        done = subprocess.run(
            [_program(), *arguments, *_ALWAYS],
            input=given,
            cwd=cwd,
            env=environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise InstallFailed(f"uv cannot be started: {error}; install sniper-registry again") from error
    if done.returncode != 0:
        said = hidden(done.stderr.strip() or done.stdout.strip())
        words = " ".join(word for word in arguments[:2] if not word.startswith("-"))
        raise InstallFailed(f"uv {words} failed; nothing was changed. It says:\n{said}")
    return done.stdout


def hidden(text: str) -> str:
    """The same without names and passwords in URLs."""
    return _CREDENTIALS.sub("****@", text)


def environment(passed: Sequence[str] = _PASSED, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables for a process that installs: no secret, no Python path, no virtual environment of the host's."""
    return {name: os.environ[name] for name in passed if name in os.environ} | dict(more or {})


def interpreter() -> tuple[str, ...]:
    """The arguments that make uv install for the Python that runs this."""
    return ("--python", sys.executable)


def _program() -> str:
    from uv import find_uv_bin

    try:
        return find_uv_bin()
    except FileNotFoundError as error:
        raise InstallFailed("the program uv is missing from this environment; install sniper-registry again") from error
