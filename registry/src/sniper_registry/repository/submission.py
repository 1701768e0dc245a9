"""What a publisher signs, and all that has to reach the operator for it to be published."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, TargetFile, Targets

from sniper.index import Release
from sniper.plugin import Frozen
from sniper_registry.errors import PublishRefused
from sniper_registry.places import file_path, release_path
from sniper_registry.wheel import Wheel

PUBLISHER_DAYS: Final = 730
"""How long what a publisher signed is valid: each release, and each rotation of its keys, begins it anew."""


class Submission(Frozen, kw_only=True, array_like=False):
    """A release on its way to the operator.

    metadata  The publisher's role with the new release in it, one version higher, signed.
    wheel     The wheel's bytes; ``filename``: its name.
    release   The release's description, JSON.
    """

    publisher: str
    metadata: bytes
    filename: str
    wheel: bytes
    release: bytes


def described(
    wheel: Wheel,
    *,
    publisher: str,
    requires: Sequence[str],
    published_at: int,
    changelog: str = "",
) -> Release:
    """The release that a wheel makes; what it is, asks for and needs is read from the wheel itself."""
    return Release(
        name=wheel.name,
        version=wheel.version,
        filename=wheel.filename,
        sha256=wheel.sha256,
        size=len(wheel.content),
        publisher=publisher,
        kind=wheel.kind,
        summary=wheel.summary,
        licence=wheel.licence,
        permissions=wheel.permissions,
        requires=tuple(requires),
        published_at=published_at,
        changelog=changelog,
        licence_key=wheel.licence_key,
    )


def prepared(
    current: Metadata[Targets] | None, wheel: Wheel, release: Release, signers: Sequence[Signer], now: float
) -> Submission:
    """Sign a release on top of what the publisher has signed so far (None: nothing yet). Raises `PublishRefused`."""
    text = msgspec.json.encode(release)
    files = targets_of(wheel, release, text)
    targets = dict(current.signed.targets) if current else {}
    if there := sorted(set(files) & set(targets)):
        raise PublishRefused(
            f"{release.name} {release.version} is published already ({there[0]}), and a release never changes: "
            "raise the version"
        )
    targets |= {path: TargetFile.from_data(path, data, ["sha256"]) for path, data in files.items()}
    signed = signed_role(current.signed.version + 1 if current else 1, targets, signers, now)
    return Submission(
        publisher=release.publisher,
        metadata=signed.to_bytes(),
        filename=wheel.filename,
        wheel=wheel.content,
        release=text,
    )


def signed_role(
    version: int, targets: Mapping[str, TargetFile], signers: Sequence[Signer], now: float, days: int = PUBLISHER_DAYS
) -> Metadata[Targets]:
    """The metadata of a publisher's role."""
    expires = datetime.fromtimestamp(int(now), UTC) + timedelta(days=days)
    metadata = Metadata(Targets(version=version, expires=expires, targets=dict(targets)))
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata


def targets_of(wheel: Wheel, release: Release, text: bytes) -> dict[str, bytes]:
    """The three targets of a release."""
    return {
        file_path(wheel.name, wheel.filename): wheel.content,
        file_path(wheel.name, f"{wheel.filename}.metadata"): wheel.metadata,
        release_path(wheel.name, release.version): text,
    }


def is_of(target: TargetFile, data: bytes) -> bool:
    """Whether these are the target's bytes."""
    return target.length == len(data) and target.hashes == {"sha256": hashlib.sha256(data).hexdigest()}
