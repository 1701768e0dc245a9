"""Small wheels, sound ones and others, written file by file."""

import hashlib
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

NAME = "sniper-strategy-breakout"

INIT = """
from sniper import StrategySpec, hookimpl


@hookimpl
def sniper_strategies():
    return [StrategySpec(name="breakout", summary="Buys what rises", factory="{package}.strategy:Breakout"{more})]
"""

STRATEGY = """
from pydantic import Field

from sniper.strategy import Config, Strategy


class BreakoutConfig(Config):
    bps: int = Field(default=300, ge=1, description="How far it must rise")


class Breakout(Strategy):
    config: BreakoutConfig
"""


def wheel(
    directory: Path,
    *,
    name: str = NAME,
    version: str = "1.0",
    requires: Sequence[str] = ("sniper-core>=0.1,<0.2",),
    requires_python: str = ">=3.11",
    permissions: Sequence[str] = (),
    files: Mapping[str, bytes | str] | None = None,
    entry_points: str | None = None,
    metadata: str | None = None,
    tag: str = "py3-none-any",
    pure: bool = True,
    filename: str | None = None,
    record: Mapping[str, str] | None = None,
    unlisted: Mapping[str, bytes] | None = None,
) -> Path:
    """A wheel of one strategy. ``files``: further ones, or others instead, by path; ``record``: rows of RECORD to write
    instead; ``unlisted``: files that RECORD does not list."""
    package = name.replace("-", "_")
    info = f"{package}-{version}.dist-info"
    more = f", permissions={tuple(permissions)!r}" if permissions else ""
    if metadata is None:
        lines = [f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nSummary: Buys what rises"]
        lines += [f"License-Expression: MIT\nRequires-Python: {requires_python}"]
        metadata = "\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires)]) + "\n"
    written: dict[str, bytes | str] = {
        f"{package}/__init__.py": INIT.format(package=package, more=more),
        f"{package}/strategy.py": STRATEGY,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: {str(pure).lower()}\nTag: {tag}\n",
        f"{info}/entry_points.txt": entry_points or f"[sniper.plugins]\nbreakout = {package}\n",
        **(files or {}),
    }
    rows = {path: f"{path},{_hash(content)},{len(_bytes(content))}" for path, content in written.items()}
    rows |= {f"{info}/RECORD": f"{info}/RECORD,,"} | dict(record or {})
    written[f"{info}/RECORD"] = "\n".join(row for row in rows.values() if row) + "\n"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / (filename or f"{package}-{version}-{tag}.whl")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, content in {**written, **(unlisted or {})}.items():
            archive.writestr(zipfile.ZipInfo(inside, (2026, 1, 1, 0, 0, 0)), _bytes(content), zipfile.ZIP_DEFLATED)
    return path


def library(directory: Path, name: str, version: str, files: Mapping[str, str], requires: Sequence[str] = ()) -> Path:
    """A wheel that is no plugin: a dependency."""
    info = f"{name}-{version}.dist-info"
    head = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n"
    written = {
        **files,
        f"{info}/METADATA": head + "".join(f"Requires-Dist: {line}\n" for line in requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},{_hash(content)},{len(content.encode())}" for path, content in written.items()]
    written[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, content in written.items():
            archive.writestr(inside, content)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _hash(content: bytes | str) -> str:
    return "sha256=" + urlsafe_b64encode(hashlib.sha256(_bytes(content)).digest()).rstrip(b"=").decode()
