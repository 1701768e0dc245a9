"""The signed repository's files, served as they are. What they say is signed, so whoever serves them is not trusted."""

import hashlib
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sniper_registry.service.errors import Unavailable, Unknown
from sniper_registry.service.tables import Plugin, PluginRelease

PACKAGES = "packages"
"""Where a repository keeps wheels under their own names, one directory for each distribution."""


def file_of(repository: Path | None, path: str) -> Path:
    """A plain file of the repository. Raises `Unknown` for all else, links that lead out of it included."""
    if repository is None:
        raise Unknown("no repository is served here")
    parts = path.split("/")
    if any(part in ("", ".", "..") or part.startswith(".") or "\0" in part for part in parts):
        raise Unknown("there is no such file")
    root = repository.resolve()
    file = root.joinpath(*parts).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise Unknown("there is no such file")
    return file


def wheel_of(repository: Path | None, session: Session, name: str, version: str) -> Path:
    """The wheel of a release that may run. Raises `Unknown`, `Unavailable`."""
    row = session.scalar(
        select(PluginRelease)
        .join(Plugin, Plugin.id == PluginRelease.plugin_id)
        .where(Plugin.name == name, PluginRelease.version == version)
    )
    if row is None or row.revoked:
        raise Unknown(f"there is no {name} {version}")
    file = file_of(repository, f"{PACKAGES}/{name}/{row.filename}")
    with file.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != row.sha256:
            raise Unavailable(f"{row.filename} is not the file that was signed; its operator must restore it")
    return file
