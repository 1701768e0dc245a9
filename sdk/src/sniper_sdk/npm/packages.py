"""The pinned npm packages of the dev chain: its node, the real contracts, the compiler."""

import json
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from sniper.errors import SniperError
from sniper_sdk.npm.cache import cache_root, made_once

Progress = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)`` while something is made; ``done == total`` ends that step."""

_UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")


class NodeMissing(SniperError, FileNotFoundError):
    """node or npm is not on the PATH."""

    code = "node-missing"


class InstallFailed(SniperError, OSError):
    """npm could not install the pinned packages."""

    code = "npm-install"


class PlatformUnsupported(SniperError, OSError):
    """No binary of the node is pinned for this operating system and processor."""

    code = "platform-unsupported"


def packages(progress: Progress | None = None) -> Path:
    """The ``node_modules`` directory with every package of ``package-lock.json``, installed on first use.

    Package scripts are never run. A changed lock file is another directory, so an upgrade never meets old files.

    Raises `NodeMissing` or `InstallFailed`, which say what to install or to check.
    """
    return made_once(cache_root() / "npm" / _lock_digest(), lambda draft: _install(draft, progress)) / "node_modules"


def executable(name: str) -> str:
    """The path of ``node`` or ``npm``; raises `NodeMissing`."""
    found = shutil.which(name)
    if found is None:
        raise NodeMissing(
            f"{name} is not on the PATH, and the dev chain installs its node and contracts with npm; "
            "install Node.js 20 or newer (Debian: apt install nodejs npm) and try again"
        )
    return found


def anvil(progress: Progress | None = None) -> Path:
    """The anvil binary; raises `PlatformUnsupported` where none is pinned."""
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"anvil-{platform.system().lower()}-{architecture}"
    binary = packages(progress) / "@foundry-rs" / package / "bin" / "anvil"
    if not binary.exists():
        raise PlatformUnsupported(
            f"the pinned packages have no @foundry-rs/{package}; the dev chain runs on Linux with an x86-64 processor: "
            "use such a machine or a container"
        )
    return binary


@cache
def _lock_digest() -> str:
    return sha256(files(__package__).joinpath("package-lock.json").read_bytes()).hexdigest()[:16]


def _install(target: Path, progress: Progress | None) -> None:
    npm = executable("npm")
    executable("node")
    target.mkdir()
    for name in ("package.json", "package-lock.json"):
        (target / name).write_bytes(files(__package__).joinpath(name).read_bytes())
    locked = json.loads((target / "package-lock.json").read_text())["packages"]
    manifests = [target / path / "package.json" for path, entry in locked.items() if path and "os" not in entry]
    command = [npm, "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error"]
    log = target / "npm.log"
    with log.open("wb") as output:
        installing = subprocess.Popen(command, cwd=target, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            while installing.poll() is None:
                time.sleep(0.05)
                if progress:
                    # npm itself reports nothing that a program can read; the manifests that exist are the packages done
                    done = sum(manifest.exists() for manifest in manifests)
                    progress("npm packages", min(done, len(manifests) - 1), len(manifests))
        finally:
            if installing.poll() is None:
                installing.terminate()
                installing.wait()
    if installing.returncode != 0:
        raise InstallFailed(_explain(installing.returncode, log.read_text(errors="replace")))
    if progress:
        progress("npm packages", len(manifests), len(manifests))


def _explain(status: int, output: str) -> str:
    if any(sign in output for sign in _UNREACHABLE):
        return (
            "npm could not reach its registry to install the dev chain's packages; connect to the network once "
            "(check `npm ping`), or point SNIPER_CACHE at a cache that was filled elsewhere"
        )
    tail = " / ".join(line for line in output.splitlines()[:6] if line.strip())
    return f"npm ci ended with status {status}: {tail}; run `npm ping` and `node --version` (20 or newer is needed)"
