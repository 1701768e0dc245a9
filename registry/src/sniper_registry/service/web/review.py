"""The reviewers' pages: the queue, one upload with its sources, reports."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from sniper_registry.repository.repository import LEVELS
from sniper_registry.service.errors import Conflict, Invalid, ServiceError
from sniper_registry.service.web.pages import Visit
from sniper_registry.service.web.session import Entered, Visiting, reviewer

router = APIRouter()


@router.get("/review")
def queue(visit: Visiting) -> Response:
    reviewer(visit)
    return visit.page(
        "queue.html", uploads=visit.market.uploads.queue(), reports=visit.market.community.reports(), problem=None
    )


@router.get("/review/{number}")
def upload(visit: Visiting, number: int) -> Response:
    reviewer(visit)
    return _upload(visit, number, None)


@router.post("/review/{number}/accept")
def accept(visit: Visiting, number: int, form: Entered) -> Response:
    who = reviewer(visit, form)
    try:
        visit.market.uploads.accept(
            number,
            who,
            note=form.get("note", ""),
            level=form.get("level", ""),
            similar=form.get("similar") == "on",
            unchecked=form.get("unchecked") == "on",
        )
    except (Conflict, Invalid) as problem:
        return _upload(visit, number, problem)
    return RedirectResponse("/review", 303)


@router.post("/review/{number}/refuse")
def refuse(visit: Visiting, number: int, form: Entered) -> Response:
    who = reviewer(visit, form)
    try:
        visit.market.uploads.refuse(number, who, form.get("note", ""))
    except (Conflict, Invalid) as problem:
        return _upload(visit, number, problem)
    return RedirectResponse("/review", 303)


@router.post("/review/reports/{number}/close")
def close(visit: Visiting, number: int, form: Entered) -> Response:
    who = reviewer(visit, form)
    try:
        visit.market.community.close(number, who.name, form.get("answer", ""))
    except Invalid as problem:
        uploads, reports = visit.market.uploads.queue(), visit.market.community.reports()
        return visit.page("queue.html", problem.status, uploads=uploads, reports=reports, problem=problem)
    return RedirectResponse("/review#reports", 303)


def _upload(visit: Visit, number: int, problem: ServiceError | None) -> Response:
    shown = visit.market.uploads.shown(number)
    sources = visit.market.uploads.source(number) if shown.state == "waiting" else {}
    return visit.page(
        "upload.html",
        problem.status if problem else 200,
        upload=shown,
        sources=sources,
        lines={
            each.file: {found.line for found in shown.findings if found.file == each.file} for each in shown.findings
        },
        levels=LEVELS[1:],
        problem=problem,
    )
