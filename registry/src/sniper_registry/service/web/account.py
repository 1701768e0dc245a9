"""The pages of accounts."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from sniper_registry.service import audit
from sniper_registry.service.errors import NotSignedIn, ServiceError, TooManyAttempts
from sniper_registry.service.web.pages import Visit, set_cookie
from sniper_registry.service.web.session import Elsewhere, Entered, Visiting, demand_token, of_form, signed_in

router = APIRouter()


def _seen(path: str) -> Response:
    return RedirectResponse(path, 303)


def _again(visit: Visit, template: str, problem: ServiceError, **context: object) -> Response:
    """The form once more, with what was wrong beside the field."""
    if isinstance(problem, TooManyAttempts):
        raise problem
    return visit.page(template, problem.status, problem=problem, **context)


@router.get("/register")
def register_form(visit: Visiting) -> Response:
    return visit.page("register.html", problem=None, name="")


@router.post("/register")
def register(visit: Visiting, form: Entered) -> Response:
    name = form.get("name", "")
    try:
        cookie = visit.market.accounts.register(name, form.get("password", ""), visit.address)
    except ServiceError as problem:
        return _again(visit, "register.html", problem, name=name)
    return set_cookie(visit.market, _seen("/account/second-factor"), cookie)


@router.get("/sign-in")
def sign_in_form(visit: Visiting) -> Response:
    return visit.page("sign_in.html", problem=None, name="")


@router.post("/sign-in")
def sign_in(visit: Visiting, form: Entered) -> Response:
    name = form.get("name", "")
    try:
        cookie = visit.market.accounts.sign_in(name, form.get("password", ""), visit.address)
    except ServiceError as problem:
        return _again(visit, "sign_in.html", problem, name=name)
    enrolled = visit.market.accounts.demand(cookie).enrolled
    return set_cookie(visit.market, _seen("/sign-in/code" if enrolled else "/account"), cookie)


@router.get("/sign-in/code")
def code_form(visit: Visiting) -> Response:
    if visit.who is None:
        raise Elsewhere("/sign-in")
    return visit.page("code.html", problem=None)


@router.post("/sign-in/code")
def code(visit: Visiting, form: Entered) -> Response:
    if visit.who is None:
        raise Elsewhere("/sign-in")
    demand_token(visit, form)
    try:
        cookie = visit.market.accounts.confirm(visit.cookie, form.get("code", ""), visit.address)
    except ServiceError as problem:
        return _again(visit, "code.html", problem)
    return set_cookie(visit.market, _seen("/account"), cookie)


@router.post("/sign-out")
def sign_out(visit: Visiting, form: Entered) -> Response:
    demand_token(visit, form)
    visit.market.accounts.sign_out(visit.cookie)
    return set_cookie(visit.market, _seen("/"), "")


@router.get("/account")
def account(visit: Visiting) -> Response:
    return _account(visit, None)


def _account(visit: Visit, problem: ServiceError | None, **shown: str) -> Response:
    who = signed_in(visit)
    with visit.market.database.reading() as session:
        entries = audit.entries(session, who.name, 20)
    return visit.page(
        "account.html",
        problem.status if problem else 200,
        problem=problem,
        keys=visit.market.credentials.keys(who.id),
        tokens=visit.market.credentials.tokens(who),
        uploads=visit.market.uploads.of(who),
        entries=entries,
        new_token=shown.get("new_token", ""),
    )


@router.get("/account/second-factor")
def second_factor_form(visit: Visiting) -> Response:
    who = signed_in(visit)
    seed, uri = visit.market.accounts.propose_second_factor(who)
    return visit.page("second_factor.html", problem=None, seed=seed, uri=uri)


@router.post("/account/second-factor")
def second_factor(visit: Visiting, form: Entered) -> Response:
    who = of_form(visit, form)
    try:
        cookie, codes = visit.market.accounts.enrol(visit.cookie, form.get("code", ""), visit.address)
    except NotSignedIn as problem:
        seed, uri = visit.market.accounts.propose_second_factor(who)
        return _again(visit, "second_factor.html", problem, seed=seed, uri=uri)
    return set_cookie(visit.market, visit.page("recovery_codes.html", codes=codes), cookie)


@router.post("/account/recovery-codes")
def recovery_codes(visit: Visiting, form: Entered) -> Response:
    who = of_form(visit, form)
    try:
        codes = visit.market.accounts.renew_recovery_codes(who, form.get("code", ""), visit.address)
    except ServiceError as problem:
        return _account(visit, problem)
    return visit.page("recovery_codes.html", codes=codes)


@router.post("/account/password")
def password(visit: Visiting, form: Entered) -> Response:
    of_form(visit, form)
    try:
        cookie = visit.market.accounts.change_password(
            visit.cookie, form.get("old", ""), form.get("password", ""), form.get("code", ""), visit.address
        )
    except ServiceError as problem:
        return _account(visit, problem)
    return set_cookie(visit.market, _seen("/account"), cookie)


@router.post("/account/tokens")
def new_token(visit: Visiting, form: Entered) -> Response:
    who = of_form(visit, form)
    days = form.get("days", "")
    try:
        token = visit.market.credentials.new_token(
            who,
            form.get("label", ""),
            form.get("only", ""),
            int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
            form.get("code", ""),
            visit.address,
        )
    except ServiceError as problem:
        return _account(visit, problem)
    return _account(visit, None, new_token=token)


@router.post("/account/tokens/{number}/revoke")
def revoke_token(visit: Visiting, number: int, form: Entered) -> Response:
    visit.market.credentials.revoke_token(of_form(visit, form), number)
    return _seen("/account")


@router.get("/account/keys/new")
def key_form(visit: Visiting) -> Response:
    signed_in(visit)
    return visit.page("key.html", problem=None, key="", challenge="", label="")


@router.post("/account/keys/new")
def new_key(visit: Visiting, form: Entered) -> Response:
    """First the public key, then the signature over the challenge that is made for it."""
    who = of_form(visit, form)
    public, label, challenge = form.get("key", ""), form.get("label", ""), form.get("challenge", "")
    try:
        if not challenge:
            challenge = visit.market.credentials.challenge(who, public)
            return visit.page("key.html", problem=None, key=public, challenge=challenge, label=label)
        signature, fresh = form.get("signature", ""), form.get("code", "")
        visit.market.credentials.add_key(who, public, label, challenge, signature, fresh, visit.address)
    except ServiceError as problem:
        if problem.field == "challenge":
            challenge = ""
        return _again(visit, "key.html", problem, key=public, challenge=challenge, label=label)
    return _seen("/account")


@router.post("/account/keys/{keyid}/remove")
def remove_key(visit: Visiting, keyid: str, form: Entered) -> Response:
    visit.market.credentials.remove_key(of_form(visit, form), keyid)
    return _seen("/account")
