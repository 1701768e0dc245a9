"""The first state of a repository: its root, the operator's roles, and no release."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from securesystemslib.signer import Key, Signer
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Root, Snapshot, TargetFile, Targets, Timestamp

from sniper_registry.places import AWARDS, CATALOGUE, INDEX_PATHS, INDEX_ROLE, REVOKED
from sniper_registry.repository.change import DAYS, meta_of
from sniper_registry.repository.tree import S, Tree

EMPTY: Mapping[str, bytes] = {REVOKED: b"[]", CATALOGUE: b"[]", AWARDS: b"{}"}


def found(
    tree: Tree,
    root_keys: Iterable[Key],
    threshold: int,
    online: Mapping[str, Key],
    signers: Callable[[list[str]], list[Signer]],
    now: float,
) -> None:
    """Write it. The timestamp comes last, so what was killed before has not begun.

    online   The key of each other role: ``targets``, ``index``, ``snapshot``, ``timestamp``.
    signers  Gives those with these key ids.
    """

    def until(role: str) -> datetime:
        return datetime.fromtimestamp(int(now), UTC) + timedelta(days=DAYS[role])

    def signed(metadata: Metadata[S], keyids: list[str]) -> Metadata[S]:
        for signer in signers(keyids):
            metadata.sign(signer, append=True)
        return metadata

    root = Root(version=1, expires=until("root"), consistent_snapshot=True)
    for key in root_keys:
        root.add_key(key, "root")
    root.roles["root"].threshold = threshold
    for role in ("targets", "snapshot", "timestamp"):
        root.add_key(online[role], role)
    key = online[INDEX_ROLE]
    delegated = DelegatedRole(INDEX_ROLE, [key.keyid], 1, terminating=True, paths=list(INDEX_PATHS))
    roles = {
        "targets": Targets(
            version=1, expires=until("targets"), delegations=Delegations({key.keyid: key}, {INDEX_ROLE: delegated})
        ),
        INDEX_ROLE: Targets(version=1, expires=until(INDEX_ROLE)),
    }
    for path, data in EMPTY.items():
        target = TargetFile.from_data(path, data, ["sha256"])
        roles["targets" if path == REVOKED else INDEX_ROLE].targets[path] = target
        tree.write_target(path, target.hashes["sha256"], data)
    held = {name: signed(Metadata(role), [online[name].keyid]) for name, role in roles.items()}
    for name, metadata in held.items():
        tree.write_metadata(f"1.{name}.json", metadata)
    meta = {f"{name}.json": meta_of(metadata) for name, metadata in held.items()}
    snapshot = signed(Metadata(Snapshot(version=1, expires=until("snapshot"), meta=meta)), [online["snapshot"].keyid])
    tree.write_metadata("1.snapshot.json", snapshot)
    tree.write_metadata("1.root.json", signed(Metadata(root), root.roles["root"].keyids))
    timestamp = Timestamp(version=1, expires=until("timestamp"), snapshot_meta=meta_of(snapshot))
    tree.write_metadata("timestamp.json", signed(Metadata(timestamp), [online["timestamp"].keyid]))
