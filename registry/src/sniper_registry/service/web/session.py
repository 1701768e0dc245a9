"""Who may see a page, and whose form is taken."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request

from sniper_registry.service.accounts import Who
from sniper_registry.service.errors import Forbidden, Invalid
from sniper_registry.service.secret import same
from sniper_registry.service.web.pages import Visit


class Elsewhere(Exception):
    """The visitor is sent to another page first."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


async def entered(request: Request) -> Mapping[str, str]:
    """The text fields of a form; a file in one is no text and is left out. Raises `Invalid`."""
    async with request.form(max_files=0, max_fields=300) as form:
        found = {key: value for key, value in form.items() if isinstance(value, str)}
    if any("\0" in value for value in found.values()):
        raise Invalid("a form holds no NUL")
    return found


Visiting = Annotated[Visit, Depends(Visit)]
Entered = Annotated[Mapping[str, str], Depends(entered)]


def signed_in(visit: Visit) -> Who:
    """Who is signed in, with the second factor where the account has one. Raises `Elsewhere`."""
    if visit.who is None:
        raise Elsewhere("/sign-in")
    if visit.who.enrolled and not visit.who.strong:
        raise Elsewhere("/sign-in/code")
    return visit.who


def of_form(visit: Visit, form: Mapping[str, str]) -> Who:
    """The same for a form that changes something. Raises `Forbidden` where it was not made for this session."""
    who = signed_in(visit)
    demand_token(visit, form)
    return who


def demand_token(visit: Visit, form: Mapping[str, str]) -> None:
    """Raise `Forbidden` unless the form was made for this session."""
    if not same(form.get("token", ""), visit.token):
        raise Forbidden("this form was made for another session; open the page again")


def reviewer(visit: Visit, form: Mapping[str, str] | None = None) -> Who:
    """A reviewer, signed in with the second factor. Raises `Elsewhere`, `Forbidden`."""
    who = signed_in(visit) if form is None else of_form(visit, form)
    if not who.reviews:
        raise Forbidden("only reviewers may see this")
    return who
