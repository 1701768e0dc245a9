"""One change of a repository: everything that belongs together becomes visible at once."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, MetaFile, Role, TargetFile, Targets

from sniper_registry.errors import KeyUnusable
from sniper_registry.places import INDEX_ROLE
from sniper_registry.repository.tree import S, Tree
from sniper_registry.repository.view import View

DAYS: Mapping[str, int] = {"root": 365, "targets": 180, INDEX_ROLE: 90, "snapshot": 7, "timestamp": 2}
"""How long each of the operator's roles is valid after it was signed."""

_DAY: Final = 86_400


class Change(View):
    """A view that can be changed, and written by `commit`. The tree's turn is its maker's affair.

    signers  Gives those of the operator's keys that have one of these ids.
    touched  Distributions whose pages and listing may have changed.
    shrunk   Whether something is not signed any more that was published.
    """

    def __init__(self, tree: Tree, signers: Callable[[list[str]], list[Signer]], now: float) -> None:
        super().__init__(tree)
        self._signers, self._now = signers, now
        self._old_root = tree.root()
        self._signed_elsewhere: set[str] = set()
        self._dirty: set[str] = set()
        self._files: dict[tuple[str, str], bytes] = {}
        self.touched: set[str] = set()
        self.shrunk = False
        self.held("targets")  # is checked by the root as it was

    def edit(self, name: str) -> Targets:
        """A role of the operator's, to be changed and signed anew."""
        role = self.demand(name)
        self._dirty.add(name)
        return role

    def put(self, role: str, path: str, data: bytes) -> None:
        """Make ``data`` a target of one of the operator's roles."""
        self.edit(role).targets[path] = TargetFile.from_data(path, data, ["sha256"])
        self.bring(path, data)

    def bring(self, path: str, data: bytes) -> None:
        """Write a target's file; a role that names it comes by `adopt`."""
        self._files[path, hashlib.sha256(data).hexdigest()] = data

    def adopt(self, name: str, metadata: Metadata[Targets]) -> None:
        """Take over a role as somebody else signed it."""
        self._roles[name] = metadata
        self._signed_elsewhere.add(name)

    def renew(self) -> None:
        """Sign the operator's roles again that have less than half of their time left."""
        for name in ("targets", INDEX_ROLE):
            if self.demand(name).expires.timestamp() - self._now < DAYS[name] * _DAY / 2:
                self.edit(name)

    def commit(self, *, root: bool = False) -> None:
        """Sign and write everything; at any moment before the last step the repository is the old one.

        root  The root changes as well. Timestamp, snapshot and targets are then signed by their old and their new
              keys, so they are right under either root, and the new root becomes visible last.
        """
        for (path, sha256), data in self._files.items():
            self.tree.write_target(path, sha256, data)
        if root:
            self.edit("targets")
        meta = self.snapshot.meta
        for name in sorted(self._dirty):
            known = meta.get(f"{name}.json")
            self._sign(name, self._roles[name], known.version + 1 if known else 1)
        for name in sorted(self._dirty | self._signed_elsewhere):
            metadata = self._roles[name]
            self._check(name, metadata, self._delegator(name))
            self.tree.write_metadata(f"{metadata.signed.version}.{name}.json", metadata)
            meta[f"{name}.json"] = meta_of(metadata)
        self._sign("snapshot", self._snapshot, self.snapshot.version + 1)
        self.tree.write_metadata(f"{self.snapshot.version}.snapshot.json", self._snapshot)
        timestamp = self._timestamp.signed
        timestamp.snapshot_meta = meta_of(self._snapshot)
        self._sign("timestamp", self._timestamp, timestamp.version + 1)
        if root:
            self._sign("root", self._root, self.root.version + 1)
            self._check("root", self._root, self._old_root.signed)
        self.tree.write_metadata("timestamp.json", self._timestamp)
        if root:
            self.tree.write_metadata(f"{self.root.version}.root.json", self._root)

    def _sign(self, name: str, metadata: Metadata[S], version: int) -> None:
        metadata.signed.version = version
        metadata.signed.expires = datetime.fromtimestamp(int(self._now), UTC) + timedelta(days=DAYS[name])
        metadata.signatures.clear()
        for role, demanded in self._authorities(name):
            signers = self._signers(role.keyids)
            if demanded and len(signers) < role.threshold:
                raise KeyUnusable(
                    f"{name} is signed by {role.threshold} of {len(role.keyids)} keys, and {len(signers)} are at hand; "
                    "bring the others with --key-file, or name the folder with --keys"
                )
            for signer in signers:
                metadata.sign(signer, append=True)

    def _authorities(self, name: str) -> list[tuple[Role, bool]]:
        """Whose keys sign a role, and whether it is nothing without them. Where the root changes, the old one's keys
        sign as well; those of another role than the root may be lost by then."""
        if name in self.root.roles:
            return [(self._old_root.signed.roles[name], name == "root"), (self.root.roles[name], True)]
        return [(self.operator.get_delegated_role(name), True)]

    def _file(self, path: str, target: TargetFile) -> bytes:
        fresh = self._files.get((path, target.hashes.get("sha256", "")))
        return super()._file(path, target) if fresh is None else fresh


def meta_of(metadata: Metadata[S]) -> MetaFile:
    """How another role names this one: by version, length and hash, so that nothing can be mixed."""
    data = metadata.to_bytes()
    return MetaFile(metadata.signed.version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})
