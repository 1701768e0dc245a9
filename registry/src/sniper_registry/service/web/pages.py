"""Rendering: templates, and what all of them know."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from sniper_registry.service.accounts import Who
from sniper_registry.service.clock import day, iso
from sniper_registry.service.marketplace import Marketplace


class Visit:
    """One request: whose it is, and how to answer it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.market: Marketplace = request.app.state.marketplace
        self.cookie = request.cookies.get(cookie_name(self.market), "")
        self.who: Who | None = self.market.accounts.who(self.cookie) if self.cookie else None
        self.address = request.client.host if request.client else ""

    @property
    def token(self) -> str:
        """What forms of this session carry, so that no other page can post them."""
        return self.market.secret.mac("form", self.cookie) if self.who else ""

    def page(self, template: str, status: int = 200, **context: Any) -> Response:  # Any: what templates read
        """A page. ``context``: what its template names."""
        text = (
            _environment()
            .get_template(template)
            .render(
                visit=self,
                who=self.who,
                title_of_site=self.market.settings.title,
                style=style_address(),
                **context,
            )
        )
        return HTMLResponse(text, status)


def cookie_name(market: Marketplace) -> str:
    """The prefix keeps browsers from taking it from anybody but this host over TLS."""
    return "__Host-sniper" if market.settings.secure else "sniper"


def set_cookie(market: Marketplace, response: Response, value: str) -> Response:
    """Sign a browser in; with an empty value, out."""
    name, secure = cookie_name(market), market.settings.secure
    if value:
        response.set_cookie(name, value, secure=secure, httponly=True, samesite="lax", path="/")
    else:
        response.delete_cookie(name, secure=secure, httponly=True, samesite="lax", path="/")
    return response


@cache
def static(name: str) -> bytes:
    return files("sniper_registry.catalogue").joinpath("static", name).read_bytes()


@cache
def style_address() -> str:
    """Its name changes with its content, so browsers may keep it for ever."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(static("style.css")).digest()[:9]).decode()
    return f"/static/{digest}.css"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("sniper_registry.catalogue"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(day=day, iso=iso, size=_size, number=_number)
    return made


def _size(size: int) -> str:
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1000:,.0f} kB" if size < 10**7 else f"{size / 1e6:,.0f} MB"


def _number(value: float | None) -> str:
    """A figure of results, as short as it is meant."""
    return "none" if value is None else f"{value:,.4g}"
