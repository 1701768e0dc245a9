"""What is committed in a repository on disk, read with every signature and hash checked on the way. Expiry is not
judged: who serves old metadata sees to it that they are signed anew."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import msgspec
from packaging.version import Version
from tuf.api.exceptions import LengthOrHashMismatchError, RepositoryError
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Root, Snapshot, TargetFile, Targets
from tuf.api.serialization import DeserializationError

from sniper.errors import said
from sniper.index import Found, Release, ReleaseUnknown, Revocation
from sniper_registry.errors import RepositoryUnusable
from sniper_registry.places import (
    AWARDS,
    CATALOGUE,
    INDEX_ROLE,
    REVOKED,
    file_path,
    owned_by,
    publisher_of,
    role_of,
    version_of,
)
from sniper_registry.repository.pages import Page, project_page, root_page
from sniper_registry.repository.tree import S, Tree
from sniper_registry.wheel import requires_python

D = TypeVar("D")

Awards = dict[str, dict[str, str]]
"""Distribution to version to level."""


class View:
    """Reads what the timestamp leads to. Everything raises `RepositoryUnusable` where it is not whole."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._root = tree.root()
        self._timestamp = tree.timestamp()
        self._snapshot = tree.snapshot()
        self._roles: dict[str, Metadata[Targets]] = {}
        self._check("timestamp", self._timestamp, self._root.signed)
        self._check("snapshot", self._snapshot, self._root.signed)

    @property
    def root(self) -> Root:
        return self._root.signed

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot.signed

    @property
    def expires(self) -> datetime:
        """Until when clients take this state."""
        dates = [self._timestamp.signed.expires, self.snapshot.expires, self.operator.expires]
        return min([*dates, self.demand(INDEX_ROLE).expires, self.root.expires])

    def held(self, name: str) -> Metadata[Targets] | None:
        """A role with its signatures; None where it has signed nothing yet."""
        if name not in self._roles:
            known = self._snapshot.signed.meta.get(f"{name}.json")
            if known is None:
                return None
            metadata = self.tree.role(name, known.version)
            self._check(name, metadata, self._delegator(name))
            self._roles[name] = metadata
        return self._roles[name]

    def role(self, name: str) -> Targets | None:
        """What a role signed; None where it is nothing yet."""
        held = self.held(name)
        return held.signed if held else None

    def demand(self, name: str) -> Targets:
        """The same of a role of the operator's, which every repository has."""
        role = self.role(name)
        if role is None:
            raise RepositoryUnusable(f"{self.tree.directory} has no role {name}; restore it from a mirror")
        return role

    @property
    def operator(self) -> Targets:
        return self.demand("targets")

    def target(self, role: Targets, path: str) -> bytes:
        """The bytes of a target of this role."""
        target = role.targets.get(path)
        if target is None:
            raise RepositoryUnusable(f"{path} is named by nobody; restore the repository from a mirror")
        data = self._file(path, target)
        try:
            target.verify_length_and_hashes(data)
        except LengthOrHashMismatchError as error:
            raise RepositoryUnusable(
                f"{path} is not what was signed: {said(error)}; restore it from a mirror"
            ) from error
        return data

    def delegations(self) -> Delegations:
        """Whom the operator lets sign."""
        found = self.operator.delegations
        if found is None or found.roles is None:
            raise RepositoryUnusable(
                "the operator delegates to nobody, not even to its own index; restore it from a mirror"
            )
        return found

    def delegated(self) -> dict[str, DelegatedRole]:
        """The same by the names of the roles."""
        return self.delegations().roles or {}

    def publishers(self) -> dict[str, DelegatedRole]:
        """The roles of publishers by the publishers' names."""
        return {name: role for key, role in self.delegated().items() if (name := publisher_of(key)) is not None}

    def owners(self) -> dict[str, str]:
        """The publisher of each name that is taken."""
        return {
            name: publisher
            for publisher, role in self.publishers().items()
            for pattern in role.paths or ()
            if (name := owned_by(pattern)) is not None
        }

    def role_with(self, name: str) -> Targets:
        """The role that signs a distribution. Raises `ReleaseUnknown`."""
        owner = self.owners().get(name)
        role = self.role(role_of(owner)) if owner else None
        if role is None:
            raise ReleaseUnknown(f"nobody published {name} here")
        return role

    def releases(self, name: str) -> tuple[Release, ...]:
        """All releases of a distribution, oldest version first. Raises `ReleaseUnknown`."""
        role = self.role_with(name)
        paths = [path for path in role.targets if version_of(path, name)]
        if not paths:
            raise ReleaseUnknown(f"{name} has no release here")
        return tuple(
            sorted((self._decoded(role, path, Release) for path in paths), key=lambda each: Version(each.version))
        )

    def release(self, name: str, version: str) -> Release:
        """One of them. Raises `ReleaseUnknown`."""
        found = self.releases(name)
        for release in found:
            if release.version == version:
                return release
        raise ReleaseUnknown(f"{name} has no version {version}; it has {', '.join(each.version for each in found)}")

    def revoked(self) -> tuple[Revocation, ...]:
        """All releases that may not run."""
        return self._decoded(self.operator, REVOKED, tuple[Revocation, ...])

    def awards(self) -> Awards:
        return self._decoded(self.demand(INDEX_ROLE), AWARDS, Awards)

    def catalogue(self) -> list[Found]:
        return self._decoded(self.demand(INDEX_ROLE), CATALOGUE, list[Found])

    def listing(self, name: str) -> Found | None:
        """How the catalogue has to list a distribution: by its newest release that may run; None: not at all."""
        try:
            releases = self.releases(name)
        except ReleaseUnknown:
            return None
        bad = {(each.name, each.version) for each in self.revoked()}
        good = [each for each in releases if (name, each.version) not in bad]
        good.sort(key=lambda each: not Version(each.version).is_prerelease)
        if not good:
            return None
        newest = good[-1]
        return Found(
            name=newest.name,
            version=newest.version,
            kind=newest.kind,
            summary=newest.summary,
            publisher=newest.publisher,
            licence=newest.licence,
            level=self.awards().get(name, {}).get(newest.version, ""),
        )

    def packages(self) -> set[str]:
        """All paths below ``packages/`` that somebody signed."""
        found: set[str] = set()
        for name in self.publishers():
            role = self.role(role_of(name))
            found |= {path.removeprefix("files/") for path in role.targets} if role else set()
        return found

    def root_pages(self) -> dict[str, str]:
        """The pages that list the distributions."""
        return root_page(each.name for each in self.catalogue())

    def pages(self, name: str) -> dict[str, str]:
        """The pages of a distribution; none where it has no release."""
        try:
            releases = self.releases(name)
        except ReleaseUnknown:
            return {}
        bad = {(each.name, each.version): each.reason for each in self.revoked()}
        return project_page(name, [self._page(each, bad) for each in releases])

    def _page(self, release: Release, bad: Mapping[tuple[str, str], str]) -> Page:
        metadata = self.target(self.role_with(release.name), file_path(release.name, f"{release.filename}.metadata"))
        return Page(
            version=release.version,
            filename=release.filename,
            sha256=release.sha256,
            size=release.size,
            metadata_sha256=hashlib.sha256(metadata).hexdigest(),
            requires_python=requires_python(metadata),
            yanked=bad.get((release.name, release.version), ""),
        )

    def _file(self, path: str, target: TargetFile) -> bytes:
        return self.tree.target(path, target.hashes.get("sha256", ""))

    def _decoded(self, role: Targets, path: str, kind: type[D]) -> D:
        try:
            return msgspec.json.decode(self.target(role, path), type=kind)
        except msgspec.DecodeError as error:
            raise RepositoryUnusable(f"{path} cannot be read: {said(error)}; restore it from a mirror") from error

    def _delegator(self, name: str) -> Root | Targets:
        return self.root if name in self.root.roles else self.operator

    def _check(self, name: str, metadata: Metadata[S], delegator: Root | Targets) -> None:
        try:
            delegator.verify_delegate(name, metadata.signed_bytes, metadata.signatures)
        except (RepositoryError, ValueError) as error:
            raise RepositoryUnusable(
                f"{name} in {self.tree.directory} is not signed by its keys: {said(error)}; restore it from a mirror"
            ) from error


def read_role(data: bytes) -> Metadata[Targets]:
    """A publisher's role from bytes. Raises `ValueError`."""
    try:
        metadata: Metadata[Targets] = Metadata.from_bytes(data)
    except (DeserializationError, RepositoryError) as error:
        raise ValueError(f"no metadata: {said(error)}") from error
    if not isinstance(metadata.signed, Targets):
        raise ValueError(f"metadata of the role {metadata.signed.type} instead of targets")
    return metadata
