"""All checks of one upload."""

from pathlib import Path

from sniper.errors import said
from sniper.index import Release
from sniper_registry.errors import PublishRefused
from sniper_registry.review import archive, level, licence, permissions, results
from sniper_registry.review.finding import Finding, Weight, ordered
from sniper_registry.wheel import read


def review(wheel: Path, release: Release, before: Release | None, claim: bytes = b"") -> tuple[Finding, ...]:
    """What is found, the gravest first. Nothing of the wheel runs.

    before  The newest release that is not revoked; None: this is the first.
    claim   The publisher's level file; empty: none.
    """
    found = [
        *archive.reviewed(wheel, release.permissions),
        *permissions.reviewed(release.permissions, before.permissions if before else None),
        *licence.reviewed(release.licence, paid=bool(release.licence_key)),
        *results.reviewed(wheel, release.kind),
    ]
    if before is not None and before.licence != release.licence:
        found.append(Finding("licence", Weight.LOOK, f"it was {before.licence} before"))
    if not release.changelog.strip() and before is not None:
        found.append(Finding("changelog", Weight.LOOK, "an update that does not say what changed"))
    found.append(level.reviewed(claim, wheel, release))
    return ordered(found)


def of_file(wheel: Path) -> tuple[Finding, ...]:
    """The same of a wheel that nobody described yet."""
    try:
        own = read(wheel)
    except PublishRefused as error:
        return (Finding("unreadable", Weight.REFUSE, said(error)),)
    found = [
        *archive.reviewed(wheel, own.permissions),
        *permissions.reviewed(own.permissions, None),
        *licence.reviewed(own.licence, paid=bool(own.licence_key)),
        *results.reviewed(wheel, own.kind),
    ]
    return ordered(found)
