"""Everything that may be wrong with a repository on disk, all of it at once, from the root on."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import msgspec
from tuf.api.exceptions import LengthOrHashMismatchError, RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Targets

from sniper.errors import SniperError, said
from sniper.index import Release
from sniper_registry.errors import RepositoryUnusable
from sniper_registry.places import (
    INDEX_PATHS,
    INDEX_ROLE,
    PACKAGES,
    REVOKED,
    SIMPLE,
    TARGETS,
    file_path,
    is_target,
    owned_by,
    publisher_of,
    release_path,
    version_of,
)
from sniper_registry.repository.submission import described
from sniper_registry.repository.tree import S, Tree
from sniper_registry.repository.view import View
from sniper_registry.wheel import parse


class Fault(NamedTuple):
    """``where``: a file, a role or a target. ``what``: what is wrong with it."""

    where: str
    what: str


def verify(directory: Path, root: bytes | None, clock: Callable[[], float]) -> list[Fault]:
    """Every fault that there is; none: a trader who trusts ``root`` gets what was signed, and pages that say the same.

    root  Where trust begins; None: the repository's own first root, which proves no more than that it fits together.
    """
    return list(_Verification(Tree(directory), root, datetime.fromtimestamp(clock(), UTC)).faults())


class _Verification:
    def __init__(self, tree: Tree, root: bytes | None, now: datetime) -> None:
        self._tree, self._first, self._now = tree, root, now

    def faults(self) -> Iterator[Fault]:
        try:
            faults, root = self._roots()
            yield from faults
            yield from self._top(root)
        except (RepositoryError, SniperError, ValueError) as error:
            yield Fault("metadata", said(error))
            return
        view = _seen(self._tree)
        if isinstance(view, Fault):
            yield view
            return
        held: dict[str, Targets] = {}
        for name, known in sorted(view.snapshot.meta.items()):
            yield from self._role(view, name.removesuffix(".json"), known, held)
        if not {"targets", INDEX_ROLE} <= held.keys():
            return
        yield from self._owners(view)
        for name, role in held.items():
            yield from self._targets(view, name, role)
        if len(held) == len(view.snapshot.meta):  # else nobody can tell what a role that is broken signed
            yield from self._packages(view)
        yield from self._releases(view, held)
        yield from self._lists(view)
        yield from self._pages(view)

    def _roots(self) -> tuple[list[Fault], Root]:
        """From the first root to the last, each signed by the one before it."""
        found: list[Fault] = []
        folder = self._tree.directory / "metadata"
        data = self._first or (folder / "1.root.json").read_bytes()
        current: Metadata[Root] = Metadata.from_bytes(data)
        current.signed.verify_delegate("root", current.signed_bytes, current.signatures)
        while (file := folder / f"{current.signed.version + 1}.root.json").exists():
            following: Metadata[Root] = Metadata.from_bytes(file.read_bytes())
            for judge in (current, following):
                judge.signed.verify_delegate("root", following.signed_bytes, following.signatures)
            if following.signed.version != current.signed.version + 1:
                raise ValueError(f"{file.name} says that it is version {following.signed.version}")
            current = following
        if current.signed.is_expired(self._now):
            found.append(Fault(f"{current.signed.version}.root.json", f"expired on {current.signed.expires}"))
        return found, current.signed

    def _top(self, root: Root) -> Iterator[Fault]:
        timestamp = self._tree.timestamp()
        yield from self._judged("timestamp", timestamp, root)
        named = timestamp.signed.snapshot_meta
        file = self._tree.directory / "metadata" / f"{named.version}.snapshot.json"
        try:
            named.verify_length_and_hashes(file.read_bytes())
        except (OSError, LengthOrHashMismatchError) as error:
            yield Fault(file.name, f"is not what the timestamp names: {said(error)}")
            return
        yield from self._judged("snapshot", self._tree.snapshot(), root)

    def _judged(self, name: str, metadata: Metadata[S], delegator: Root | Targets) -> Iterator[Fault]:
        try:
            delegator.verify_delegate(name, metadata.signed_bytes, metadata.signatures)
        except (RepositoryError, ValueError) as error:
            yield Fault(name, f"is not signed by its keys: {said(error)}")
        if metadata.signed.is_expired(self._now):
            yield Fault(name, f"expired on {metadata.signed.expires}")

    def _role(self, view: View, name: str, known: MetaFile, held: dict[str, Targets]) -> Iterator[Fault]:
        file = self._tree.directory / "metadata" / f"{known.version}.{name}.json"
        try:
            known.verify_length_and_hashes(file.read_bytes())
            role = view.role(name)
        except (OSError, LengthOrHashMismatchError, RepositoryUnusable) as error:
            yield Fault(name, said(error))
            return
        if role is None or role.version != known.version:
            yield Fault(name, f"is not the version {known.version} that the snapshot names")
            return
        if role.is_expired(self._now):
            yield Fault(name, f"expired on {role.expires}")
        held[name] = role

    def _owners(self, view: View) -> Iterator[Fault]:
        owners: dict[str, str] = {}
        for name, role in view.delegated().items():
            patterns = list(role.paths or ())
            if name == INDEX_ROLE:
                if patterns != list(INDEX_PATHS):
                    yield Fault(name, f"may sign {patterns} instead of {list(INDEX_PATHS)}")
                continue
            if publisher_of(name) is None:
                yield Fault(name, "is a role that a registry does not have")
            for pattern in patterns:
                owned = owned_by(pattern)
                if owned is None:
                    yield Fault(name, f"may sign {pattern!r}, which is no name")
                elif owned in owners:
                    yield Fault(owned, f"belongs to {owners[owned]} and to {name}")
                else:
                    owners[owned] = name

    def _targets(self, view: View, name: str, role: Targets) -> Iterator[Fault]:
        allowed = (REVOKED,) if name == "targets" else tuple(view.delegated()[name].paths or ())
        for path, target in sorted(role.targets.items()):
            if not is_target(path) or not any(fnmatchcase(path, pattern) for pattern in allowed):
                yield Fault(path, f"is signed by {name}, to whom it does not belong")
                continue
            try:
                data = view.target(role, path)
            except RepositoryUnusable as error:
                yield Fault(path, said(error))
                continue
            copy = self._tree.directory / PACKAGES / path.removeprefix("files/")
            if (
                path.startswith("files/")
                and not path.endswith(".json")
                and (not copy.is_file() or copy.read_bytes() != data)
            ):
                yield Fault(f"{PACKAGES}/{path.removeprefix('files/')}", f"is not {TARGETS}/{path}")
            if set(target.hashes) != {"sha256"}:
                yield Fault(path, "is named by other hashes than SHA-256")

    def _packages(self, view: View) -> Iterator[Fault]:
        folder = self._tree.directory / PACKAGES
        signed = view.packages()
        for file in sorted(folder.rglob("*")):
            path = file.relative_to(folder).as_posix()
            if not file.is_dir() and path not in signed and not file.name.startswith("."):
                yield Fault(f"{PACKAGES}/{path}", "is signed by nobody")

    def _releases(self, view: View, held: Mapping[str, Targets]) -> Iterator[Fault]:
        for name, owner in sorted(view.owners().items()):
            role = held.get(f"publisher.{owner}")
            for path in sorted(role.targets) if role else ():
                version = version_of(path, name)
                if role is not None and version is not None:
                    yield from self._release(view, role, name, version, owner)

    def _release(self, view: View, role: Targets, name: str, version: str, owner: str) -> Iterator[Fault]:
        path = release_path(name, version)
        try:
            release = msgspec.json.decode(view.target(role, path), type=Release)
            wheel = parse(release.filename, view.target(role, file_path(name, release.filename)))
            own = described(
                wheel,
                publisher=owner,
                requires=release.requires,
                published_at=release.published_at,
                changelog=release.changelog,
            )
            if release != own or (name, version) != (own.name, own.version):
                yield Fault(path, "describes another wheel than it names")
            if view.target(role, file_path(name, f"{release.filename}.metadata")) != wheel.metadata:
                yield Fault(f"{path}", "has other metadata beside the wheel than in it")
        except (SniperError, msgspec.DecodeError) as error:
            yield Fault(path, said(error))

    def _lists(self, view: View) -> Iterator[Fault]:
        try:
            listed = {each.name: each for each in view.catalogue()}
            for name in sorted({*listed, *view.owners()}):
                if listed.get(name) != view.listing(name):
                    yield Fault("catalogue.json", f"lists {name} otherwise than its releases say")
            for name, levels in view.awards().items():
                there = {each.version for each in view.releases(name)}
                gone = {each.version for each in view.revoked() if each.name == name}
                for version in sorted(set(levels) - there - gone):
                    yield Fault("awards.json", f"awards {name} {version}, which there is not")
            view.revoked()
        except SniperError as error:
            yield Fault("lists", said(error))

    def _pages(self, view: View) -> Iterator[Fault]:
        try:
            pages = view.root_pages()
            for name in view.owners():
                pages |= view.pages(name)
        except SniperError as error:
            yield Fault(SIMPLE, said(error))
            return
        folder = self._tree.directory / SIMPLE
        for path, text in pages.items():
            file = folder / path
            if not file.is_file() or file.read_text() != text:
                yield Fault(f"{SIMPLE}/{path}", "says something else than what is signed")
        for file in sorted(folder.rglob("*")):
            path = file.relative_to(folder).as_posix()
            if not file.is_dir() and path not in pages and not file.name.startswith("."):
                yield Fault(f"{SIMPLE}/{path}", "is a page of nothing that is signed")


def _seen(tree: Tree) -> View | Fault:
    try:
        view = View(tree)
        view.delegations()
        return view
    except SniperError as error:
        return Fault("metadata", said(error))
