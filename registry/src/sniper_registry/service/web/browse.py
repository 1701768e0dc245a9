"""The pages of the catalogue, which need no account."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response

from sniper_registry.catalogue import reading
from sniper_registry.catalogue.permissions import told
from sniper_registry.catalogue.words import MOST_WORDS, query
from sniper_registry.forms import Field, Written, fields, written
from sniper_registry.service.errors import Unknown
from sniper_registry.service.web.pages import Visit, static
from sniper_registry.service.web.session import Entered, Visiting

router = APIRouter()
Page = Annotated[int, Query(ge=1, le=reading.FURTHEST)]


@router.get("/")
def home(visit: Visiting, q: Annotated[str, Query(max_length=200)] = "", kind: str = "", page: Page = 1) -> Response:
    with visit.market.database.reading() as session:
        kinds = reading.kinds(session)
        listing = reading.search(session, q, kind, page) if query(q) else reading.newest(session, kind, page)
    return visit.page("home.html", q=q, kind=kind, kinds=kinds, listing=listing, asked=query(q), most=MOST_WORDS)


@router.get("/publishers")
def publishers(visit: Visiting) -> Response:
    with visit.market.database.reading() as session:
        names = reading.publishers(session)
    return visit.page("publishers.html", names=names)


@router.get("/publishers/{name}")
def publisher(visit: Visiting, name: str, page: Page = 1) -> Response:
    with visit.market.database.reading() as session:
        listing = reading.by_publisher(session, name, page)
    return visit.page("publisher.html", name=name, listing=listing)


@router.get("/plugins/{name}")
def plugin(visit: Visiting, name: str) -> Response:
    return _plugin(visit, name)


@router.post("/plugins/{name}/config")
def config(visit: Visiting, name: str, form: Entered) -> Response:
    """Write a section of a config. It changes nothing here, so it needs no token."""
    return _plugin(visit, name, form)


@router.get("/plugins/{name}/config")
def config_again(name: str) -> Response:
    """Where somebody lands who reloads the page that was posted."""
    return RedirectResponse(f"/plugins/{name}", 303)


def _plugin(visit: Visit, name: str, form: Mapping[str, str] | None = None) -> Response:
    with visit.market.database.reading() as session:
        shown = reading.plugin(session, name)
        computing = visit.market.checks.computing(session, name, shown.card.version)
    sections: list[dict[str, Any]] = []  # Any: what the template reads
    chosen = form.get("section", "") if form is not None else ""
    if chosen and chosen not in shown.schemas:
        raise Unknown(f"{name} has no config section {chosen!r}")
    for number, (section, schema) in enumerate(sorted(shown.schemas.items()), 1):
        asked = fields(schema)
        values = (
            {key[2:]: value for key, value in form.items() if key[:2] == "f-"} if form and section == chosen else {}
        )
        result = written(section, asked, values) if section == chosen else None
        filled = _filled(asked, values, section == chosen)
        sections.append({"name": section, "number": number, "fields": filled, "written": result})
    permissions = [told(each) for each in shown.current.permissions]
    status = 422 if any(_wrong(each["written"]) for each in sections) else 200
    return visit.page(
        "plugin.html", status, shown=shown, permissions=permissions, sections=sections, computing=computing
    )


def _filled(asked: tuple[Field, ...], values: Mapping[str, str], sent: bool) -> list[tuple[Field, str]]:
    """Each field, and what stands in it: what was sent (a switch that is off is not sent at all), else the default."""
    return [(each, values.get(each.name, "")) if sent else (each, each.default) for each in asked]


def _wrong(result: Written | None) -> bool:
    return result is not None and bool(result.problems)


@router.get("/static/icon.svg")
def icon() -> Response:
    return Response(static("icon.svg"), media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


@router.get("/static/{name}.css")
def style(name: str) -> Response:
    """Whatever name: an old page finds the new style."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(static("style.css"), media_type="text/css", headers=headers)
