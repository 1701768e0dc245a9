"""Fill the catalogue's tables from a signed repository: all of them, or what concerns one distribution.

Nothing that a page shows of plugins comes from elsewhere, so an emptied database is filled to the same pages. Accounts,
ratings, reports and counts of downloads are the service's own and in no repository; a rebuild leaves them alone.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from packaging.version import InvalidVersion, Version
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sniper.errors import writable
from sniper.index import Release, ReleaseUnknown, Revocation
from sniper_registry.catalogue.source import Described, Reading, Source
from sniper_registry.catalogue.words import weighed
from sniper_registry.service.database import Database
from sniper_registry.service.tables import Base, Plugin, PluginChecked, PluginRelease, SearchTerm


def rebuild(database: Database, source: Source) -> int:
    """Empty the tables and fill them again, in one transaction. Returns the number of releases.

    Raises as `sniper.index.Index` does; the old catalogue stays then.
    """
    with source.reading() as look:
        revoked = _revoked(look.revoked())
        found = [each for name in look.names() if (each := _read(look, name, revoked))]
    with database.writing() as session:  # only now: reading wheels takes its time, and others write meanwhile
        _alone(session)
        for table in (SearchTerm, PluginChecked, PluginRelease, Plugin):
            session.execute(delete(table))
        for each in found:
            _add(session, each, revoked)
    return sum(len(each.newest_first) for each in found)


def renew(database: Database, source: Source, name: str) -> None:
    """The same for one distribution, after something of it was published or revoked. Where somebody fills all of it at
    the same time from an older state, the next look at the repository puts that right (`service.following`).
    """
    with source.reading() as look:
        revoked = _revoked(look.revoked())
        found = _read(look, name, revoked)
    with database.writing() as session:
        _alone(session)
        session.execute(delete(Plugin).where(Plugin.name == name))  # the other tables follow
        if found:
            _add(session, found, revoked)


def _alone(session: Session) -> None:
    """One who fills at a time. On SQLite only one writes anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext("catalogue"))))


Revoked = dict[tuple[str, str], Revocation]


def _revoked(revocations: Iterable[Revocation]) -> Revoked:
    return {(each.name, each.version): each for each in revocations}


class _Found(NamedTuple):
    """A distribution. ``shown``: the release that its page is about; ``good``: whether any may run."""

    newest_first: list[Release]
    shown: Release
    good: bool
    described: Described


def _read(look: Reading, name: str, revoked: Revoked) -> _Found | None:
    """None: nothing is left of it, as of what a thief of a key had published."""
    try:
        newest_first = sorted(look.releases(name), key=_order, reverse=True)
    except ReleaseUnknown:
        return None
    good = [each for each in newest_first if (each.name, each.version) not in revoked]
    final = [each for each in good if not _prerelease(each)]
    shown = (final or good or newest_first)[0]
    # a revoked wheel may be gone
    return _Found(newest_first, shown, bool(good), look.described(shown) if good else Described())


def _add(session: Session, found: _Found, revoked: Revoked) -> None:
    shown, described = found.shown, found.described
    plugin = Plugin(
        name=shown.name,
        kind=shown.kind,
        summary=shown.summary,
        publisher=shown.publisher,
        version=shown.version,
        level=shown.level,
        licence=shown.licence,
        paid=bool(shown.licence_key),
        published_at=shown.published_at,
        revoked=not found.good,
        readme=described.readme,
        schemas=json.dumps(described.schemas, sort_keys=True),
        results=json.dumps(described.results, sort_keys=True) if described.results else "",
    )
    session.add(_storable(plugin))
    session.flush()
    if described.checks:
        document = json.dumps(described.checks, sort_keys=True)
        session.add(_storable(PluginChecked(plugin_id=plugin.id, document=document)))
    for position, each in enumerate(found.newest_first):
        revocation = revoked.get((each.name, each.version))
        session.add(
            _storable(
                PluginRelease(
                    plugin_id=plugin.id,
                    position=position,
                    version=each.version,
                    filename=each.filename,
                    sha256=each.sha256,
                    size=each.size,
                    publisher=each.publisher,
                    level=each.level,
                    licence=each.licence,
                    permissions=json.dumps(each.permissions),
                    requires=json.dumps(each.requires),
                    changelog=each.changelog,
                    published_at=each.published_at,
                    revoked=(revocation.reason or "no reason was given") if revocation else "",
                    revoked_at=revocation.at if revocation else 0,
                )
            )
        )
    words = weighed(shown.name, shown.kind, shown.publisher, shown.summary, described.readme)
    session.add_all(SearchTerm(plugin_id=plugin.id, word=word, weight=weight) for word, weight in words.items())
    session.flush()


def _storable(row: Base) -> Base:
    """Without what no database keeps as text."""
    for column in row.__table__.columns:
        value = getattr(row, column.key)
        if isinstance(value, str):
            setattr(row, column.key, writable(value).replace("\0", ""))
    return row


def _order(release: Release) -> tuple[int, Version, str]:
    """Versions that are none come before all others: the repository takes none, but a mirror of a stranger might."""
    try:
        return (1, Version(release.version), release.version)
    except InvalidVersion:
        return (0, Version("0"), release.version)


def _prerelease(release: Release) -> bool:
    try:
        return Version(release.version).is_prerelease
    except InvalidVersion:
        return True
