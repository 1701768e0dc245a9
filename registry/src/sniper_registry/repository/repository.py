"""The operator's side: a repository on disk, and all that may be done to it.

Each of these either happens whole or not at all (`sniper_registry.repository.change`). Whether it should happen,
whoever calls them must have asked before: review and accounts are the service's affair.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from packaging.version import Version
from securesystemslib.signer import Key, Signer
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import DelegatedRole, Metadata, Targets

from sniper.errors import said
from sniper.index import Release, Revocation
from sniper_registry import names
from sniper_registry.errors import PublishRefused, RepositoryUnusable
from sniper_registry.places import (
    AWARDS,
    CATALOGUE,
    INDEX_ROLE,
    REVOKED,
    checks_path,
    is_publisher,
    pattern_of,
    results_path,
    role_of,
)
from sniper_registry.repository import keys as key_files
from sniper_registry.repository.change import Change
from sniper_registry.repository.founding import found
from sniper_registry.repository.pages import root_page
from sniper_registry.repository.submission import PUBLISHER_DAYS, Submission, described, is_of, prepared, targets_of
from sniper_registry.repository.tree import Tree
from sniper_registry.repository.view import View, read_role
from sniper_registry.requirements import demand_locked
from sniper_registry.wheel import Wheel, parse

LEVELS: Final = ("", "bronze", "silver", "gold", "platinum")
ONLINE: Final = ("targets", INDEX_ROLE, "snapshot", "timestamp")
"""Roles whose keys lie where the repository is written."""


class Repository:
    """The repository in ``directory``, which any web server may serve as it is.

    keys      Where the operator's key files lie; by default beside the repository, never in it.
    password  Of those key files that are encrypted.
    more      Key files elsewhere, such as root keys on a stick.
    clock     Seconds since 1970, for all that expires.
    """

    def __init__(
        self,
        directory: Path,
        *,
        keys: Path | None = None,
        password: bytes | None = None,
        more: Sequence[Path] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.directory = directory.absolute()
        self.keys = (keys or self.directory.with_name(f"{self.directory.name}-keys")).absolute()
        if self.keys == self.directory or self.directory in self.keys.parents:
            raise RepositoryUnusable(f"{self.keys} is in the repository, where all may read it; name another folder")
        self.clock = clock
        self.tree = Tree(self.directory)
        self._password, self._more = password, tuple(more)
        self._signers: dict[str, Signer] = {}

    def init(self, *, root_keys: int = 3, threshold: int = 2) -> str:
        """Make an empty repository with new keys of the operator, and return the fingerprint of its root.

        root_keys, threshold  How many keys the root has, and how many of them have to sign each new root.

        Raises `RepositoryUnusable` where something is there already.
        """
        if not 1 <= threshold <= root_keys <= 9:
            raise RepositoryUnusable(f"{threshold} of {root_keys} root keys cannot sign; take 2 of 3")
        for folder in (self.directory, self.keys):
            if folder.exists() and any(folder.iterdir()):
                raise RepositoryUnusable(f"{folder} is not empty; name another folder")
        self.directory.mkdir(parents=True, exist_ok=True)
        self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        roots = [self.new_key(f"root-{number}") for number in range(1, root_keys + 1)]
        online = {role: self.new_key(role) for role in ONLINE}
        self._write_pages(root_page([]))
        found(self.tree, roots, threshold, online, self.signers, self.clock())
        return self.fingerprint()

    def fingerprint(self) -> str:
        """SHA-256 of the newest root, by which a trader tells that it is the one that the operator means."""
        return hashlib.sha256(self.tree.root().to_bytes()).hexdigest()

    def new_key(self, name: str) -> Key:
        """Make one of the operator's keys. Raises `KeyUnusable` where there is a file of that name."""
        return key_files.create(self.keys / f"{name}.key", self._password)

    def signers(self, keyids: list[str]) -> list[Signer]:
        """Those of the operator's keys at hand that have one of these ids."""
        missing = set(keyids) - set(self._signers)
        if missing:
            files = [*(self.keys.glob("*.key") if self.keys.is_dir() else ()), *self._more]
            found = key_files.load_those(files, missing, self._password)
            self._signers |= {signer.public_key.keyid: signer for signer in found}
        return [self._signers[keyid] for keyid in dict.fromkeys(keyids) if keyid in self._signers]

    # Who may publish what.

    def publishers(self) -> dict[str, DelegatedRole]:
        """All publishers, with the ids of their keys, their threshold, and their names as they are delegated."""
        return self.view().publishers()

    def owners(self) -> dict[str, str]:
        """The publisher of each name that is taken."""
        return self.view().owners()

    def publisher_with(self, keyid: str) -> str | None:
        """Whose key this is."""
        return next((name for name, role in self.publishers().items() if keyid in role.keyids), None)

    def add_publisher(self, publisher: str, keys: Sequence[Key], threshold: int = 1, *, official: bool = False) -> None:
        """Admit a publisher, who owns no name yet. Raises `PublishRefused`.

        official  The project itself, which owns the names of the first-party plugins.
        """
        if not is_publisher(publisher) or not 1 <= threshold <= len({key.keyid for key in keys}):
            raise PublishRefused(
                f"{publisher!r} with {threshold} of {len(keys)} keys can be no publisher; a name is kebab-case with 40 "
                "characters at most, and has one key or more"
            )
        if (publisher == names.OFFICIAL) != official:
            raise PublishRefused(f"the publisher {names.OFFICIAL!r} is the project itself; take another name")
        with self.change() as change:
            for other, known in change.publishers().items():
                if names.skeleton(other) == names.skeleton(publisher):
                    raise PublishRefused(f"{publisher} is, or looks like, the publisher {other}; take another name")
                if shared := set(known.keyids) & {key.keyid for key in keys}:
                    raise PublishRefused(f"the key {min(shared)[:16]} is one of {other} already; make a new key")
            if not official and names.skeleton(publisher) == names.skeleton(names.OFFICIAL):
                raise PublishRefused(f"{publisher} looks like {names.OFFICIAL}, the project itself; take another name")
            change.edit("targets")
            delegations = change.delegations()
            delegations.keys |= {key.keyid: key for key in keys}
            keyids = [key.keyid for key in keys]
            role = DelegatedRole(role_of(publisher), keyids, threshold, terminating=True, paths=[])
            change.delegated()[role.name] = role

    def claim(self, publisher: str, name: str, *, similar: bool = False) -> None:
        """Give a name to a publisher, for ever. Raises `PublishRefused` where it is taken, or like another one.

        similar  Whether a person allowed a name that is like another one.
        """
        with self.change() as change:
            _claim(change, publisher, name, similar=similar)

    # Releases.

    def prepare(self, wheel: Wheel, release: Release, signers: Sequence[Signer]) -> Submission:
        """What a publisher sends who has the repository at hand."""
        current = self.view().held(role_of(release.publisher))
        return prepared(current, wheel, release, signers, self.clock())

    def publish(self, wheel: Wheel, release: Release, *signers: Signer, similar: bool = False) -> Release:
        """Sign and accept at once, for who is publisher and operator in one. Raises `PublishRefused`."""
        return self.accept(self.prepare(wheel, release, signers), similar=similar)

    def accept(self, submission: Submission, *, similar: bool = False) -> Release:
        """Publish what a publisher signed. Takes a name that is free, if it is like no other one.

        Raises `PublishRefused` where the publisher signed anything else than one more release of an own name.
        """
        wheel = parse(submission.filename, submission.wheel)
        release = _described_by(submission, wheel)
        with self.change() as change:
            owner = change.owners().get(wheel.name)
            if owner is None:
                _claim(change, submission.publisher, wheel.name, similar=similar)
            elif owner != submission.publisher:
                raise PublishRefused(f"{wheel.name} belongs to {owner}, not to {submission.publisher}")
            files = targets_of(wheel, release, submission.release)
            change.adopt(role_of(submission.publisher), _signed(change, submission, files, self.clock()))
            for path, data in files.items():
                change.bring(path, data)
            change.touched.add(wheel.name)
        return release

    def revoke(self, name: str, version: str, reason: str) -> Revocation:
        """Say of a release that it may not run any more, for ever. Raises `ReleaseUnknown`."""
        with self.change() as change:
            release = change.release(name, version)
            revocation = self.revocation_of(release, reason)
            add_revocations(change, [revocation])
        return revocation

    def revocation_of(self, release: Release, reason: str) -> Revocation:
        """The word on a release. Raises `PublishRefused` where the reason cannot be shown to traders."""
        reason = " ".join(reason.split())
        if not reason or not reason.isprintable() or len(reason) > 500:
            raise PublishRefused("a revocation tells traders why, in one line of at most 500 characters; give a reason")
        at = int(self.clock() * 10**9)
        return Revocation(name=release.name, version=release.version, sha256=release.sha256, reason=reason, at=at)

    def award(
        self,
        name: str,
        version: str,
        level: str | None,
        results: Mapping[str, Any] | None = None,
        checks: Mapping[str, Any] | None = None,
    ) -> None:
        """Put on record what the registry found of a release: its level, of a strategy the results that it computed,
        and what its review ran.

        level            None: it stays.
        results, checks  Plain data (Any: JSON); None: they stay. Raises `ReleaseUnknown` and `PublishRefused`.
        """
        if level is not None and level not in LEVELS:
            raise PublishRefused(f"there is no level {level!r}; there are {', '.join(LEVELS[1:])}")
        with self.change() as change:
            change.release(name, version)
            if level is not None:
                awards = change.awards()
                awards.setdefault(name, {})[version] = level
                change.put(INDEX_ROLE, AWARDS, msgspec.json.encode(awards, order="sorted"))
            for path, found in ((results_path(name, version), results), (checks_path(name, version), checks)):
                if found is not None:
                    change.put(INDEX_ROLE, path, msgspec.json.encode(found, order="sorted"))
            change.touched.add(name)

    def refresh_timestamp(self) -> None:
        """Sign snapshot and timestamp anew, so that they do not expire: daily. The operator's other roles are signed
        again as well when less than half of their time is left."""
        with self.change() as change:
            change.renew()

    def releases(self, name: str) -> tuple[Release, ...]:
        """All releases of a distribution, oldest version first. Raises `ReleaseUnknown`."""
        return self.view().releases(name)

    def revoked(self) -> tuple[Revocation, ...]:
        """All releases that may not run."""
        return self.view().revoked()

    # How it is done.

    def view(self) -> View:
        """What is committed. Raises `RepositoryUnusable`."""
        self._demand()
        return View(self.tree)

    @contextmanager
    def change(self, *, root: bool = False) -> Iterator[Change]:
        """Collect a change; it is committed where the block ends without an error."""
        self._demand()
        with self.tree.turn():
            change = Change(self.tree, self.signers, self.clock())
            change.touched |= self._unfinished()
            yield change
            pages = _listed(change)
            self._note_unfinished(change.touched)
            change.commit(root=root)
            self._write_pages(pages)
            for name in change.touched:
                if f"{name}/index.html" not in pages:
                    self.tree.remove_pages(name)
            if change.shrunk:
                self.tree.keep_packages(change.packages())
            self._note_unfinished(set())

    def _demand(self) -> None:
        if not self.tree.exists:
            raise RepositoryUnusable(f"{self.directory} holds no repository; sniper registry init makes one")

    def _write_pages(self, pages: Mapping[str, str]) -> None:
        for path, text in pages.items():
            self.tree.write_page(path, text)

    def _unfinished(self) -> set[str]:
        """Distributions whose pages a killed process left behind."""
        file = self.keys / "unfinished"
        return set(file.read_text().split()) if file.exists() else set()

    def _note_unfinished(self, touched: set[str]) -> None:
        file = self.keys / "unfinished"
        if touched:
            file.write_text("\n".join(sorted(touched)))
        else:
            file.unlink(missing_ok=True)


def add_revocations(change: Change, found: Sequence[Revocation]) -> None:
    """Add them to those that there are; the first word on a release stands."""
    there = {(each.name, each.version): each for each in (*found, *change.revoked())}
    ordered = sorted(there.values(), key=lambda each: (each.name, Version(each.version)))
    change.put("targets", REVOKED, msgspec.json.encode(ordered))
    change.touched |= {each.name for each in found}


def _claim(change: Change, publisher: str, name: str, *, similar: bool) -> None:
    role = change.publishers().get(publisher)
    if role is None:
        raise PublishRefused(f"there is no publisher {publisher}; sniper registry publisher admits one")
    names.demand_free(name, publisher, change.owners(), similar=similar)
    change.edit("targets")
    role.paths = sorted({*(role.paths or ()), pattern_of(name)})


def _described_by(submission: Submission, wheel: Wheel) -> Release:
    """The release that a publisher describes. Raises `PublishRefused` where it is not that of the wheel."""
    try:
        release = msgspec.json.decode(submission.release, type=Release)
    except msgspec.DecodeError as error:
        raise PublishRefused(f"the release of {wheel.name} cannot be read: {said(error)}; sign it anew") from error
    if release.level:
        raise PublishRefused(f"{release.name} awards itself {release.level}; levels are the registry's to award")
    own = described(
        wheel,
        publisher=submission.publisher,
        requires=release.requires,
        published_at=release.published_at,
        changelog=release.changelog,
    )
    if release != own or msgspec.json.encode(own) != submission.release:
        told, is_ = msgspec.to_builtins(release), msgspec.to_builtins(own)
        wrong = [field for field in is_ if told[field] != is_[field]] or ["text"]
        raise PublishRefused(
            f"the release of {wheel.name} says another {', '.join(wrong)} than its wheel; sign it anew"
        )
    demand_locked(wheel.requires, release.requires)
    return release


def _signed(change: Change, submission: Submission, files: Mapping[str, bytes], now: float) -> Metadata[Targets]:
    """The publisher's role as it was submitted. Raises `PublishRefused` unless it is the old one and these files."""
    role = role_of(submission.publisher)
    before = change.role(role)
    try:
        metadata = read_role(submission.metadata)
        change.operator.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, ValueError) as error:
        raise PublishRefused(f"{role} is not signed by the keys of {submission.publisher}: {said(error)}") from error
    signed = metadata.signed
    version = before.version + 1 if before else 1
    if signed.version != version:
        raise PublishRefused(f"{role} is signed as version {signed.version} instead of {version}; sign it anew")
    if signed.delegations is not None or signed.unrecognized_fields:
        raise PublishRefused(f"{role} holds more than targets; sign it anew")
    left = (signed.expires.timestamp() - now) / 86_400
    if not 30 <= left <= PUBLISHER_DAYS + 1:
        raise PublishRefused(f"{role} is valid for {left:.0f} days; {PUBLISHER_DAYS} are usual, and the most")
    old = dict(before.targets) if before else {}
    new = {path: target for path, target in signed.targets.items() if path not in old}
    if any(signed.targets.get(path) != target for path, target in old.items()):
        raise PublishRefused(f"{role} changes or leaves out a release that was published; releases never change")
    if new.keys() != files.keys() or not all(is_of(new[path], data) for path, data in files.items()):
        raise PublishRefused(f"{role} names other files than this release has: {', '.join(sorted(new)) or 'none'}")
    return metadata


def _listed(change: Change) -> dict[str, str]:
    """Bring the catalogue up to date for what was touched, and return the pages that are to be written."""
    if not change.touched:
        return {}
    catalogue = {each.name: each for each in change.catalogue() if each.name not in change.touched}
    catalogue |= {name: listing for name in change.touched if (listing := change.listing(name))}
    ordered = [catalogue[name] for name in sorted(catalogue)]
    if ordered != change.catalogue():
        change.put(INDEX_ROLE, CATALOGUE, msgspec.json.encode(ordered))
    pages = change.root_pages()
    for name in sorted(change.touched):
        pages |= change.pages(name)
    return pages
