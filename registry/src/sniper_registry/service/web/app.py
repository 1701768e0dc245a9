"""The application."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from sniper.errors import SniperError
from sniper.index import RegistryError
from sniper_registry.service.errors import ServiceError, TooManyAttempts
from sniper_registry.service.marketplace import Marketplace
from sniper_registry.service.web import account, browse, community, review, uploads
from sniper_registry.service.web.guard import Guard
from sniper_registry.service.web.pages import Visit
from sniper_registry.service.web.session import Elsewhere

LARGEST_UPLOAD = 80 << 20
"""Bytes of a request: a wheel, and what signs it."""


def application(marketplace: Marketplace) -> FastAPI:
    """What a server of ASGI runs. It shows no generated documentation, which would load scripts of strangers."""
    app = FastAPI(title=marketplace.settings.title, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.marketplace = marketplace
    app.add_middleware(Guard, origin=marketplace.settings.origin, largest_upload=LARGEST_UPLOAD)
    for part in (browse, account, community, uploads, review):
        app.include_router(part.router)
    app.add_exception_handler(Elsewhere, _elsewhere)
    app.add_exception_handler(SniperError, _refused)
    app.add_exception_handler(HTTPException, _no_page)
    app.add_exception_handler(RequestValidationError, _no_request)
    return app


def _elsewhere(request: Request, error: Exception) -> Response:
    assert isinstance(error, Elsewhere)
    return RedirectResponse(error.path, 303)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, SniperError)
    status = error.status if isinstance(error, ServiceError) else 503 if isinstance(error, RegistryError) else 422
    response = _told(request, status, error.code, str(error))
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _no_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = "there is no such page" if error.status_code == 404 else str(error.detail)
    return _told(request, error.status_code, "unknown" if error.status_code == 404 else "http", text)


def _no_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return _told(request, 422, "invalid", f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}")


def _told(request: Request, status: int, code: str, text: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"code": code, "message": text}, status)
    return Visit(request).page("message.html", status, failed=True, text=text)
