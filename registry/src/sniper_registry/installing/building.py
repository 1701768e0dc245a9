"""Wheels out of sources, for local development alone: building runs code of whoever wrote them, as you.

There is no lock and no signature, so what was built is trusted no more than any other wheel: it runs isolated.
"""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import importlib_metadata
from packaging.requirements import InvalidRequirement, Requirement

from sniper.errors import PluginError
from sniper_registry.installing import uv
from sniper_registry.installing.refused import InstallFailed, NotAccepted
from sniper_registry.installing.uv import Supply

_REVISION: Final = re.compile(r"[\w.][\w./-]*")
_FETCHED: Final = (
    "PATH",
    "HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSH_AUTH_SOCK",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
)
_QUIET: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "https:ssh:file",
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}


def is_repository(target: str) -> bool:
    """Whether a target names a git repository: it begins with ``git+``, or is a URL that ends with ``.git``."""
    url = target.partition("@")[0] if target.count("@") == 1 else target
    return target.startswith("git+") or ("://" in target and url.endswith(".git"))


def demand_word(target: str, *, build: bool) -> None:
    """Raise `NotAccepted` unless the trader said that sources may be built."""
    if not build:
        raise NotAccepted(
            f"{target} holds sources, and building them runs their code as you, with all of your rights; that is for "
            "plugins that you write yourself. If you mean it: --build. Else install a wheel, or a release by its name"
        )


def cloned(target: str, into: Path) -> str:
    """Fetch one revision of a repository, without its history, hooks and submodules; the commit. Raises
    `InstallFailed`."""
    parts = urlsplit(target.removeprefix("git+"))
    path, _, revision = parts.path.rpartition("@") if "@" in parts.path else (parts.path, "", "HEAD")
    if parts.scheme not in ("https", "ssh", "file") or not path or not _REVISION.fullmatch(revision):
        raise PluginError(f"{target}: is no URL of a git repository, such as git+https://host.example/plugin.git@v1.2")
    url = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    into.mkdir()
    _git(into, "init", "--quiet")
    _git(into, "fetch", "--quiet", "--depth=1", "--no-tags", "--", url, revision)
    _git(into, "checkout", "--quiet", "FETCH_HEAD")
    return _git(into, "rev-parse", "HEAD").strip()


def built(directory: Path, into: Path, supply: Supply) -> Path:
    """Build the wheel of a directory. Where this environment holds what the build needs, nothing is fetched for it.

    Raises `InstallFailed`.
    """
    file = directory / "pyproject.toml"
    try:
        needs = tomllib.loads(file.read_text(encoding="utf-8")).get("build-system", {}).get("requires", ["setuptools"])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginError(f"{file}: cannot be read: {error}; sniper plugins new writes one") from error
    into.mkdir()
    here = ("--no-build-isolation",) if all(map(_installed, needs)) else ()
    uv.run(
        *("build", "--wheel", "--out-dir", str(into), "--quiet", *here),
        *uv.interpreter(),
        *supply.arguments,
        str(directory.absolute()),
        cwd=into,
    )
    wheels = list(into.glob("*.whl"))
    if len(wheels) != 1:
        raise InstallFailed(f"{directory}: building it made {len(wheels)} wheels, not one")
    return wheels[0]


def _installed(line: str) -> bool:
    try:
        requirement = Requirement(line)
        return requirement.specifier.contains(importlib_metadata.version(requirement.name), prereleases=True)
    except (InvalidRequirement, importlib_metadata.PackageNotFoundError):
        return False


def _git(directory: Path, *arguments: str) -> str:
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=uv.environment(_FETCHED, _QUIET),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise InstallFailed(f"git cannot be started: {error}; install git, or name a directory or a wheel") from error
    if done.returncode != 0:
        said = uv.hidden(done.stderr.strip())
        raise InstallFailed(f"git {arguments[0]} failed; nothing was changed. It says:\n{said}")
    return done.stdout
