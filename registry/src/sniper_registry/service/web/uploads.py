"""Uploads by programs, with a token, and what publishers do with theirs."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from sniper_registry.places import LONGEST_NOTE, LONGEST_ROLE, role_of
from sniper_registry.repository.submission import Submission
from sniper_registry.service.accounts import Who
from sniper_registry.service.errors import Invalid, NotSignedIn, Unknown, UploadTooLarge
from sniper_registry.service.marketplace import Marketplace
from sniper_registry.service.uploads import Shown
from sniper_registry.service.web.session import Entered, Visiting, of_form

router = APIRouter()
LARGEST_WHEEL = 64 << 20
_PARTS = {"role": LONGEST_ROLE, "release": LONGEST_NOTE, "wheel": LARGEST_WHEEL, "level": LONGEST_NOTE}
_OPTIONAL = {"level"}


def bearer(request: Request, distribution: str) -> Who:
    """Whose token came with the request. Raises as `Credentials.of_token`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn("send a token for uploads: Authorization: Bearer ...")
    market: Marketplace = request.app.state.marketplace
    return market.credentials.of_token(token.strip(), distribution)


@router.post("/api/1/uploads/{distribution}")
async def upload(request: Request, distribution: str) -> Response:
    """Files: ``role`` and ``release``, signed and described by the publisher, ``wheel``, and perhaps ``level``.

    The token is looked at before the first byte is read, and what comes is written to the disk as it comes.
    """
    market: Marketplace = request.app.state.marketplace
    who = await run_in_threadpool(bearer, request, distribution)
    async with request.form(max_files=4, max_fields=0) as form:
        files = {name: part for name, part in form.items() if isinstance(part, UploadFile)}
        if files.keys() | _OPTIONAL != _PARTS.keys():
            raise Invalid("an upload is the files role, release and wheel, and perhaps level")
        data = {name: await _read(name, part) for name, part in files.items()}
        submission = Submission(
            publisher=who.name,
            metadata=data["role"],
            filename=files["wheel"].filename or "",
            wheel=data["wheel"],
            release=data["release"],
        )
    shown = await run_in_threadpool(market.uploads.receive, who, distribution, submission, data.get("level", b""))
    return JSONResponse(plain(shown), 202)


@router.get("/api/1/uploads/{distribution}/{number}")
def state(request: Request, visit: Visiting, distribution: str, number: int) -> dict[str, Any]:  # Any: JSON
    """What became of an upload of one's own."""
    who = bearer(request, distribution)
    shown = visit.market.uploads.shown(number)
    if (shown.publisher, shown.name) != (who.name, distribution):
        raise Unknown(f"you have no upload {number} of {distribution}")
    return plain(shown)


@router.get("/api/1/roles/{publisher}")
def role(visit: Visiting, publisher: str) -> Response:
    """What a publisher signed last: the next release is signed on top of it, by who checked that it is their own."""
    held = visit.market.repository.view().held(role_of(publisher))
    if held is None:
        raise Unknown(f"{publisher} has published nothing")
    return Response(held.to_bytes(), media_type="application/json")


@router.post("/account/uploads/{number}/withdraw")
def withdraw(visit: Visiting, number: int, form: Entered) -> Response:
    visit.market.uploads.withdraw(of_form(visit, form), number)
    return RedirectResponse("/account#uploads", 303)


def plain(shown: Shown) -> dict[str, Any]:  # Any: JSON
    """An upload as JSON."""
    return {
        "id": shown.id,
        "name": shown.name,
        "version": shown.version,
        "sha256": shown.sha256,
        "state": shown.state,
        "note": shown.note,
        "findings": [each.plain() for each in shown.findings],
        "checks": {each.step: each.state for each in shown.checks},
    }


async def _read(name: str, part: UploadFile) -> bytes:
    if (part.size or 0) > _PARTS[name]:
        raise UploadTooLarge(f"the {name} may have at most {_PARTS[name]} bytes")
    return await part.read()
