"""What pages show, read from the tables."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, defer

from sniper_registry.catalogue.permissions import difference
from sniper_registry.catalogue.words import query
from sniper_registry.service.errors import Unknown
from sniper_registry.service.tables import Download, Plugin, PluginChecked, PluginRelease, Rating, SearchTerm

PAGE = 24
"""Plugins on a page."""
FURTHEST = 200
"""Pages one may turn to: further ones cost the database more than they are worth to anybody."""


@dataclass(frozen=True)
class Card:
    """A plugin in a list. ``stars``: the mean of its ratings, 0 without one."""

    name: str
    version: str
    kind: str
    summary: str
    publisher: str
    level: str
    licence: str
    paid: bool
    published_at: int
    revoked: bool
    downloads: int
    stars: float
    ratings: int


@dataclass(frozen=True)
class Listing:
    """One page of a list. ``count``: of all pages together."""

    cards: tuple[Card, ...]
    count: int
    page: int

    @property
    def more(self) -> bool:
        return self.page * PAGE < self.count and self.page < FURTHEST


@dataclass(frozen=True)
class Version:
    """One release. ``new``, ``gone``: permissions, against the release before it."""

    version: str
    filename: str
    sha256: str
    size: int
    publisher: str
    level: str
    licence: str
    permissions: tuple[str, ...]
    requires: tuple[str, ...]
    changelog: str
    published_at: int
    revoked: str
    revoked_at: int
    new: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """All of a plugin's page. ``stars_by``: how many ratings have 1, 2, 3, 4 and 5 stars."""

    card: Card
    readme: str
    schemas: Mapping[str, Mapping[str, Any]]  # Any: JSON
    results: Mapping[str, Any]
    checks: Mapping[str, Any]
    versions: tuple[Version, ...]
    stars_by: tuple[int, ...]

    @property
    def current(self) -> Version:
        return next(each for each in self.versions if each.version == self.card.version)


def kinds(session: Session) -> list[tuple[str, int]]:
    """The kinds that there are plugins of, and how many."""
    counted = select(Plugin.kind, func.count()).group_by(Plugin.kind).order_by(Plugin.kind)
    return [(kind, count) for kind, count in session.execute(counted)]


def newest(session: Session, kind: str = "", page: int = 1) -> Listing:
    """All plugins, the one with the newest release first."""
    found = select(Plugin).where(Plugin.revoked.is_(False))
    if kind:
        found = found.where(Plugin.kind == kind)
    return _listing(session, found, [Plugin.published_at.desc(), Plugin.name], page)


def search(session: Session, text: str, kind: str = "", page: int = 1) -> Listing:
    """Plugins that have all words of the query, or words that begin so, best first; equally good ones by name.

    What counts is where the words stand (`words`), and nothing that somebody could buy or forge such as downloads.
    """
    asked = query(text)
    if not asked:
        return Listing((), 0, 1)
    found: Select[Any] = select(Plugin).where(Plugin.revoked.is_(False))
    score: Any = None  # Any: a sum of columns
    for word in asked:
        counts = case((SearchTerm.word == word, 2 * SearchTerm.weight), else_=SearchTerm.weight)
        hits = (
            select(SearchTerm.plugin_id, func.max(counts).label("score"))
            .where(SearchTerm.word >= word, SearchTerm.word < f"{word}\U0010ffff")
            .group_by(SearchTerm.plugin_id)
            .subquery()
        )
        found = found.join(hits, hits.c.plugin_id == Plugin.id)
        score = hits.c.score if score is None else score + hits.c.score
    if kind:
        found = found.where(Plugin.kind == kind)
    return _listing(session, found, [score.desc(), Plugin.name], page)


def by_publisher(session: Session, publisher: str, page: int = 1) -> Listing:
    """What somebody published, by name. Raises `Unknown` for who published nothing."""
    listing = _listing(session, select(Plugin).where(Plugin.publisher == publisher), [Plugin.name], page)
    if not listing.count:
        raise Unknown(f"nothing was published by {publisher!r}")
    return listing


def plugin(session: Session, name: str) -> Shown:
    """One plugin with its releases, newest version first. Raises `Unknown`."""
    row = session.scalar(select(Plugin).where(Plugin.name == name))
    if row is None:
        raise Unknown(f"there is no plugin {name!r}")
    releases = session.scalars(
        select(PluginRelease).where(PluginRelease.plugin_id == row.id).order_by(PluginRelease.position)
    ).all()
    counted = select(Rating.stars, func.count()).where(Rating.name == name).group_by(Rating.stars)
    stars: dict[int, int] = dict(iter(session.execute(counted)))
    checked = session.get(PluginChecked, row.id)
    (card,) = _cards(session, [row])
    return Shown(
        card=card,
        readme=row.readme,
        schemas=json.loads(row.schemas),
        results=json.loads(row.results) if row.results else {},
        checks=json.loads(checked.document) if checked else {},
        versions=_versions(releases),
        stars_by=tuple(stars.get(star, 0) for star in range(1, 6)),
    )


def publishers(session: Session) -> list[str]:
    """All who published something, by name."""
    return list(session.scalars(select(Plugin.publisher).distinct().order_by(Plugin.publisher)))


def _versions(releases: Sequence[PluginRelease]) -> tuple[Version, ...]:
    found: list[Version] = []
    before: tuple[str, ...] | None = None
    for row in reversed(releases):
        permissions: tuple[str, ...] = tuple(json.loads(row.permissions))
        new, gone = ((), ()) if before is None else difference(before, permissions)
        found.append(
            Version(
                version=row.version,
                filename=row.filename,
                sha256=row.sha256,
                size=row.size,
                publisher=row.publisher,
                level=row.level,
                licence=row.licence,
                permissions=permissions,
                requires=tuple(json.loads(row.requires)),
                changelog=row.changelog,
                published_at=row.published_at,
                revoked=row.revoked,
                revoked_at=row.revoked_at,
                new=new,
                gone=gone,
            )
        )
        before = permissions
    return tuple(reversed(found))


def _listing(
    session: Session, found: Select[Any], order: list[Any], page: int
) -> Listing:  # Any: columns, and expressions
    page = min(max(1, page), FURTHEST)
    count = session.scalar(select(func.count()).select_from(found.with_only_columns(Plugin.id).subquery())) or 0
    # what only a plugin's own page shows is long, and is left where it is
    brief = found.options(defer(Plugin.readme), defer(Plugin.schemas), defer(Plugin.results))
    rows = session.scalars(brief.order_by(*order).limit(PAGE).offset((page - 1) * PAGE)).all()
    return Listing(tuple(_cards(session, rows)), count, page)


def _cards(session: Session, rows: Sequence[Plugin]) -> list[Card]:
    names = [row.name for row in rows]
    downloads: dict[str, int] = {}
    for name, count in session.execute(
        select(Download.name, func.sum(Download.count)).where(Download.name.in_(names)).group_by(Download.name)
    ):
        downloads[name] = int(count)
    ratings: dict[str, tuple[int, float]] = {}
    for name, count, total in session.execute(
        select(Rating.name, func.count(), func.sum(Rating.stars)).where(Rating.name.in_(names)).group_by(Rating.name)
    ):
        ratings[name] = (count, int(total) / count)
    return [
        Card(
            name=row.name,
            version=row.version,
            kind=row.kind,
            summary=row.summary,
            publisher=row.publisher,
            level=row.level,
            licence=row.licence,
            paid=row.paid,
            published_at=row.published_at,
            revoked=row.revoked,
            downloads=downloads.get(row.name, 0),
            stars=ratings.get(row.name, (0, 0.0))[1],
            ratings=ratings.get(row.name, (0, 0.0))[0],
        )
        for row in rows
    ]
