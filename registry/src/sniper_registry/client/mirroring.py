"""A copy of a registry, of which every byte was verified before it became visible."""

import hashlib
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from tuf.api.metadata import TargetFile

from sniper.index import RegistryRefused
from sniper_registry.client.client import RegistryClient
from sniper_registry.places import INDEX_PATHS, INDEX_ROLE, LONGEST_WHEEL, METADATA, REVOKED, hashed, is_target
from sniper_registry.repository.tree import Tree, write
from sniper_registry.repository.view import View

STATE = ".mirror"
"""Where a mirror keeps what it trusts and saw, below itself."""


class Mirrored(NamedTuple):
    """What a look brought: files and bytes that were fetched, and the releases' names that there are."""

    files: int
    fetched: int
    names: int


def mirror(client: RegistryClient, directory: Path, note: Callable[[str], None] = lambda text: None) -> Mirrored:
    """Bring ``directory`` to the state of the client's registry; its pages are written anew from what was verified.

    The timestamp is written last: what is killed before leaves the old copy. Raises `RegistryRefused` and
    `RegistryUnreachable`.
    """
    client.refresh()
    tree = Tree(directory)
    for role, name in client.roles():
        allowed = _allowed(client, name)
        for path, target in sorted(role.targets.items()):
            if not is_target(path) or not any(fnmatchcase(path, pattern) for pattern in allowed):
                raise RegistryRefused(
                    f"{name} at {client.where} signs {path!r}, which is not its own; tell its operator"
                )
            if target.length > LONGEST_WHEEL or set(target.hashes) != {"sha256"}:
                raise RegistryRefused(f"{path} at {client.where} is larger than a wheel may be, or has no SHA-256")
            if not _is_there(tree, path, target):
                note(path)
                tree.write_target(path, target.hashes["sha256"], client.download(target))
    metadata = directory / METADATA
    for name, data in client.signed_files():
        write(metadata / name, data)
    view = View(tree)
    names = [each.name for each in view.catalogue()]
    pages = view.root_pages()
    for distribution in view.owners():
        own = view.pages(distribution)
        pages |= own
        if not own:
            tree.remove_pages(distribution)
    for page, text in pages.items():
        tree.write_page(page, text)
    tree.keep_packages(view.packages())
    return Mirrored(client.files, client.fetched, len(names))


def _allowed(client: RegistryClient, name: str) -> Iterable[str]:
    if name == "targets":
        return (REVOKED,)
    if name == INDEX_ROLE:
        return INDEX_PATHS
    return [f"files/{owned}/*" for owned in client.names_of(name)]


def _is_there(tree: Tree, path: str, target: TargetFile) -> bool:
    file = tree.directory / "targets" / hashed(path, target.hashes["sha256"])
    if not file.is_file() or file.stat().st_size != target.length:
        return False
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == target.hashes["sha256"]
