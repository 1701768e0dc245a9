"""Ratings, reports, receipts, and the repository's files."""

import secrets

from fastapi import APIRouter
from fastapi.responses import FileResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from sniper_registry.catalogue import reading
from sniper_registry.service.community import REASONS
from sniper_registry.service.errors import Invalid, ServiceError
from sniper_registry.service.shipping import file_of, wheel_of
from sniper_registry.service.web.session import Entered, Visiting

router = APIRouter()


class Asked(BaseModel):
    """The release that a receipt is wanted for."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=100, pattern=r"^[a-z0-9-]+$")
    version: str = Field(max_length=60, pattern=r"^[0-9A-Za-z.+!-]+$")


class Answered(BaseModel):
    """What `receipts` asks for."""

    model_config = ConfigDict(extra="forbid")
    challenge: str = Field(max_length=500)
    proof: str = Field(pattern=r"^[0-9a-f]{64}$")
    number: str = Field(pattern=r"^[0-9]{1,40}$")


@router.post("/api/1/receipts/challenge")
def challenge(visit: Visiting, asked: Asked) -> dict[str, str]:
    with visit.market.database.reading() as session:
        wheel_of(visit.market.settings.repository, session, asked.name, asked.version)
    return {"challenge": visit.market.receipts.challenge(asked.name, asked.version, secrets.token_hex(8))}


@router.post("/api/1/receipts")
def receipt(visit: Visiting, answered: Answered) -> dict[str, str]:
    receipts = visit.market.receipts
    name, version = receipts.told_of(answered.challenge)
    with visit.market.database.reading() as session:
        wheel = wheel_of(visit.market.settings.repository, session, name, version)
    return {"receipt": receipts.issue(answered.challenge, answered.proof, answered.number, wheel, visit.address)}


@router.get("/rate")
def rate_form(visit: Visiting) -> Response:
    return visit.page("rate.html", problem=None, receipt="", stars="")


@router.post("/rate")
def rate(visit: Visiting, form: Entered) -> Response:
    given, stars = form.get("receipt", ""), form.get("stars", "")
    try:
        name = visit.market.community.rate(given, int(stars) if stars in "12345" and stars else 0, visit.address)
    except Invalid as problem:
        return visit.page("rate.html", problem.status, problem=problem, receipt=given, stars=stars)
    return RedirectResponse(f"/plugins/{name}#ratings", 303)


@router.get("/plugins/{name}/report")
def report_form(visit: Visiting, name: str) -> Response:
    return _report(visit, name, None, {})


@router.post("/plugins/{name}/report")
def report(visit: Visiting, name: str, form: Entered) -> Response:
    try:
        visit.market.community.report(
            name, form.get("version", ""), form.get("reason", ""), form.get("text", ""), visit.address
        )
    except Invalid as problem:
        return _report(visit, name, problem, form)
    return visit.page("message.html", failed=False, text="Thank you. The report is with the reviewers.")


def _report(visit: Visiting, name: str, problem: ServiceError | None, form: Entered) -> Response:
    with visit.market.database.reading() as session:
        versions = [each.version for each in reading.plugin(session, name).versions]
    return visit.page(
        "report.html",
        problem.status if problem else 200,
        name=name,
        versions=versions,
        reasons=REASONS,
        problem=problem,
        reason=form.get("reason", ""),
        version=form.get("version", ""),
        text=form.get("text", ""),
    )


@router.api_route("/repository/{path:path}", methods=["GET", "HEAD"])
def repository(visit: Visiting, path: str) -> Response:
    """A file of the signed repository; a wheel is counted."""
    file = file_of(visit.market.settings.repository, path)
    parts = path.split("/")
    if visit.request.method == "GET" and file.suffix == ".whl" and len(parts) >= 3:
        # under targets/ the file's hash stands before its name
        filename = parts[-1].partition(".")[2] if parts[0] == "targets" else parts[-1]
        visit.market.community.fetched(parts[-2], filename, visit.address)
    return FileResponse(file, media_type="application/json" if file.suffix == ".json" else None)
