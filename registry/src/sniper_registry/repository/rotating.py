"""Other keys: for a role of the operator, for a publisher, and for a publisher whose key was stolen.

The operator's `root` and the roles that it names change with a new root, which 2 of 3 of the old root's keys sign, and
as many of the new. All others change with `targets`.
"""

from collections.abc import Sequence

from securesystemslib.signer import Key, Signer
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Delegations, Metadata, Role, Targets

from sniper.errors import said
from sniper.index import Revocation
from sniper_registry.errors import PublishRefused
from sniper_registry.places import INDEX_ROLE, file_path, release_path, role_of
from sniper_registry.repository.change import Change
from sniper_registry.repository.repository import Repository, add_revocations
from sniper_registry.repository.submission import signed_role
from sniper_registry.repository.view import read_role

OPERATORS = ("root", "targets", INDEX_ROLE, "snapshot", "timestamp")


def rotate(repository: Repository, role: str) -> list[str]:
    """Give a role of the operator's new keys, as many as before, and return the ids of the old ones, which are nothing
    from then on. Raises `KeyUnusable` where a key that has to sign is not at hand."""
    if role not in OPERATORS:
        raise PublishRefused(f"the operator has no role {role!r}; there are {', '.join(OPERATORS)}")
    with repository.change(root=role != INDEX_ROLE) as change:
        held: Role = change.root.roles[role] if role in change.root.roles else change.delegated()[role]
        old = list(held.keyids)
        if role == INDEX_ROLE:
            change.edit(role)  # is read while its old key still counts
            change.edit("targets")
        new = [repository.new_key(f"{role}-{_unused(repository, role)}") for _ in old]
        keys = change.delegations().keys if role == INDEX_ROLE else change.root.keys
        _replace(keys, held, new, _used(change, role))
    return old


def renew_root(repository: Repository) -> None:
    """Sign the root again with the keys that it has, before it expires."""
    with repository.change(root=True):
        pass


def resigned(repository: Repository, publisher: str, signers: Sequence[Signer]) -> bytes | None:
    """The publisher's role once more, signed by these: what `rotate_publisher` wants of a publisher with new keys.
    None: nothing is published yet."""
    before = repository.view().role(role_of(publisher))
    if before is None:
        return None
    return signed_role(before.version + 1, before.targets, signers, repository.clock()).to_bytes()


def rotate_publisher(
    repository: Repository, publisher: str, keys: Sequence[Key], metadata: bytes | None, threshold: int = 1
) -> None:
    """Give a publisher other keys. ``metadata``: its role, the same releases, signed by the new ones. Raises
    `PublishRefused`."""
    with repository.change() as change:
        before = change.role(role_of(publisher))
        _hand_over(change, publisher, keys, threshold)
        if before is not None or metadata is not None:
            signed = _taken(change, publisher, metadata or b"")
            if before is None or signed.signed.targets != before.targets or signed.signed.version != before.version + 1:
                raise PublishRefused(f"{publisher} signed other releases than it has; sign them anew")
            change.adopt(role_of(publisher), signed)


def recover(
    repository: Repository,
    publisher: str,
    bad: Sequence[tuple[str, str]],
    reason: str,
    signers: Sequence[Signer] = (),
) -> list[Revocation]:
    """Take a publisher's name from a thief of its key: the key is nothing from now on, the bad releases are revoked and
    gone, and what remains is signed anew, all at once.

    bad      Names and versions of releases that the thief may have made.
    signers  New keys of the publisher. Without any, the operator signs what remains in its place; nothing can be
             published then until `rotate_publisher` gives it new keys.

    Raises `PublishRefused` and `ReleaseUnknown`.
    """
    with repository.change() as change:
        before = change.role(role_of(publisher))
        releases = [change.release(name, version) for name, version in bad]
        if strangers := [each.name for each in releases if each.publisher != publisher]:
            raise PublishRefused(f"{strangers[0]} is none of {publisher}; revoke it by itself")
        gone = {
            path
            for each in releases
            for path in (
                release_path(each.name, each.version),
                file_path(each.name, each.filename),
                file_path(each.name, f"{each.filename}.metadata"),
            )
        }
        own = list(signers) or repository.signers(change.root.roles["targets"].keyids)
        _hand_over(change, publisher, [each.public_key for each in own], 1)
        if before is not None:
            good = {path: target for path, target in before.targets.items() if path not in gone}
            change.adopt(role_of(publisher), signed_role(before.version + 1, good, own, repository.clock()))
        change.shrunk = bool(gone)
        revocations = [repository.revocation_of(each, reason) for each in releases]
        add_revocations(change, revocations)
        change.touched |= {name for name, owner in change.owners().items() if owner == publisher}
    return revocations


def _hand_over(change: Change, publisher: str, keys: Sequence[Key], threshold: int) -> None:
    role = change.publishers().get(publisher)
    if role is None:
        raise PublishRefused(f"there is no publisher {publisher}")
    if not 1 <= threshold <= len({key.keyid for key in keys}):
        raise PublishRefused(f"{threshold} of {len(keys)} keys cannot sign for {publisher}; give new keys")
    others = {keyid for name, each in change.publishers().items() if name != publisher for keyid in each.keyids}
    if others & {key.keyid for key in keys}:
        raise PublishRefused(f"a key of {publisher} is one of another publisher already; make a new key")
    change.edit("targets")
    _replace(change.delegations().keys, role, keys, _used(change, role.name))
    role.threshold = threshold


def _taken(change: Change, publisher: str, metadata: bytes) -> Metadata[Targets]:
    role = role_of(publisher)
    try:
        signed = read_role(metadata)
        change.operator.verify_delegate(role, signed.signed_bytes, signed.signatures)
    except (RepositoryError, ValueError) as error:
        raise PublishRefused(f"{role} is not signed by the new keys of {publisher}: {said(error)}") from error
    return signed


def _replace(keys: dict[str, Key], role: Role, new: Sequence[Key], used: set[str]) -> None:
    for keyid in set(role.keyids) - used:
        keys.pop(keyid, None)
    keys |= {key.keyid: key for key in new}
    role.keyids = [key.keyid for key in new]


def _used(change: Change, role: str) -> set[str]:
    """Ids of the keys that other roles of the same delegator have."""
    delegations: Delegations = change.delegations()
    roles = dict(change.root.roles) if role in change.root.roles else dict(delegations.roles or {})
    return {keyid for name, each in roles.items() if name != role for keyid in each.keyids}


def _unused(repository: Repository, role: str) -> int:
    """The first number of which there is no key file."""
    number = 1
    while (repository.keys / f"{role}-{number}.key").exists():
        number += 1
    return number
