"""Accounts: registration, signing in with two factors, sessions.

No e-mail address is asked for. Who loses password and recovery codes proves to the operator who they are.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sniper_registry.names import skeleton
from sniper_registry.service import audit, passwords, second_factor
from sniper_registry.service.clock import SECOND, Clock
from sniper_registry.service.database import Database
from sniper_registry.service.errors import Conflict, Forbidden, Invalid, NotSignedIn, Unknown
from sniper_registry.service.limits import Limiter
from sniper_registry.service.secret import Secret
from sniper_registry.service.tables import Account, Login, RecoveryCode

LASTS_S = 12 * 3600
IDLE_S = 2 * 3600
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RESERVED = frozenset({"admin", "operator", "registry", "root", "sniper", "sniper-team", "support", "security"})
WRONG = "name or password are wrong"


@dataclass(frozen=True)
class Who:
    """Who is signed in. ``strong``: with the second factor. ``enrolled``: whether the account has one."""

    id: int
    name: str
    role: str
    strong: bool
    enrolled: bool

    @property
    def reviews(self) -> bool:
        return self.role == "reviewer" and self.strong


class Accounts:
    """What happens to accounts, each in a transaction of its own."""

    def __init__(self, database: Database, clock: Clock, secret: Secret, limiter: Limiter, issuer: str) -> None:
        self._database, self._clock, self._secret, self._limiter = database, clock, secret, limiter
        self._issuer = issuer

    def register(self, name: str, password: str, address: str) -> str:
        """A new account, signed in. Returns the cookie's value. Raises `Invalid`, `Conflict`, `TooManyAttempts`."""
        if not _NAME.fullmatch(name) or not 2 <= len(name) <= 40:
            raise Invalid("a name has 2 to 40 lower-case letters, digits and single hyphens", field="name")
        if skeleton(name) in {skeleton(each) for each in RESERVED}:
            raise Conflict(f"the name {name} is not to be had", field="name")
        passwords.demand_good(password, name)
        with self._database.writing() as session:  # before the dear hash, and kept where the name is taken
            self._limiter.take(session, "register-address", address)
        stored = passwords.hashed(password, name)
        now = self._clock.now()
        try:
            with self._database.writing() as session:
                account = Account(name=name, skeleton=skeleton(name), password=stored, created_at=now)
                session.add(account)
                session.flush()
                audit.note(session, now, name, "registered")
                return _login(session, account, now, strong=False)
        except IntegrityError:
            raise Conflict(f"the name {name} is taken, or looks like one that is", field="name") from None

    def sign_in(self, name: str, password: str, address: str) -> str:
        """The first factor. Returns the cookie's value; it is good for little until `confirm`, where the account has a
        second factor. Raises `NotSignedIn`, `TooManyAttempts`."""
        self._count("sign-in", name, address)
        with self._database.reading() as session:
            account = session.scalar(select(Account).where(Account.name == name))
            stored = account.password if account else None
        right = passwords.fits(stored, password)
        now = self._clock.now()
        with self._database.writing() as session:
            account = session.scalar(select(Account).where(Account.name == name))
            if not right or account is None:
                if account is not None:
                    audit.note(session, now, name, "wrong password")
                    session.commit()
                raise NotSignedIn(WRONG)
            self._limiter.forget(session, "sign-in-account", name)
            audit.note(session, now, name, "signed in")
            return _login(session, account, now, strong=False)

    def confirm(self, cookie: str, code: str, address: str) -> str:
        """The second factor: a code of the authenticator or a recovery code. Returns a new cookie's value, so that one
        that was known before is worth nothing. Raises `NotSignedIn`, `TooManyAttempts`."""
        who = self.demand(cookie)
        self.demand_code(who, code, address, why="signed in with the second factor")
        now = self._clock.now()
        with self._database.writing() as session:
            session.execute(delete(Login).where(Login.digest == _digest(cookie)))
            return _login(session, session.get_one(Account, who.id), now, strong=True)

    def demand_code(self, who: Who, code: str, address: str, *, why: str) -> None:
        """Take a fresh code of the account. Raises `Forbidden` where it has no second factor, `NotSignedIn` for a wrong
        or used code, `TooManyAttempts`."""
        if not who.enrolled:
            raise Forbidden("set up a second factor first")
        self._count("code", who.name, address)
        now = self._clock.now()
        with self._database.writing() as session:
            account = session.get_one(Account, who.id)
            recovered = not second_factor.accept_code(session, account, self._secret, code, now)
            if recovered and not second_factor.accept_recovery_code(session, account, code, now):
                audit.note(session, now, who.name, "wrong code")
                session.commit()
                raise NotSignedIn("the code is wrong, or was used before", field="code")
            self._limiter.forget(session, "code-account", who.name)
            audit.note(session, now, who.name, why, "with a recovery code" if recovered else "")

    def propose_second_factor(self, who: Who) -> tuple[str, str]:
        """Begin to set up a second factor: (seed, provisioning URI). A begun one is shown again.

        Raises `Conflict` where one is set up: it is removed first, with a code."""
        with self._database.writing() as session:
            account = session.get_one(Account, who.id)
            if account.totp_confirmed:
                raise Conflict("this account has a second factor")
            if account.totp is None:
                second_factor.propose(account, self._secret)
            seed = second_factor.seed(account, self._secret)
            return seed, second_factor.provisioning_uri(account, self._secret, self._issuer)

    def enrol(self, cookie: str, code: str, address: str) -> tuple[str, list[str]]:
        """The first code of a proposed second factor: from now on it is demanded. Returns a new cookie's value and the
        recovery codes, which are shown this once. All other sessions of the account end."""
        who = self.demand(cookie)
        self._count("code", who.name, address)
        now = self._clock.now()
        with self._database.writing() as session:
            account = session.get_one(Account, who.id)
            if account.totp_confirmed:
                raise Conflict("this account has a second factor")
            if not second_factor.accept_code(session, account, self._secret, code, now):
                raise NotSignedIn("the code is wrong: does the clock of the authenticator go right?", field="code")
            account.totp_confirmed = True
            self._limiter.forget(session, "code-account", who.name)
            session.execute(delete(Login).where(Login.account_id == who.id))
            audit.note(session, now, who.name, "set up a second factor")
            return _login(session, account, now, strong=True), second_factor.new_recovery_codes(session, account)

    def renew_recovery_codes(self, who: Who, code: str, address: str) -> list[str]:
        """Ten new recovery codes for a fresh code; the old ones are void."""
        self.demand_code(who, code, address, why="asked for new recovery codes")
        with self._database.writing() as session:
            return second_factor.new_recovery_codes(session, session.get_one(Account, who.id))

    def change_password(self, cookie: str, old: str, new: str, code: str, address: str) -> str:
        """A new password for the old one and, where there is one, a fresh code. Returns a new cookie's value; all other
        sessions end."""
        who = self.demand(cookie)
        stored = passwords.hashed(new, who.name)
        self._count("sign-in", who.name, address)
        with self._database.reading() as session:
            right = passwords.fits(session.get_one(Account, who.id).password, old)
        if not right:
            raise NotSignedIn("the present password is wrong", field="old")
        if who.enrolled:
            self.demand_code(who, code, address, why="confirmed a new password")
        now = self._clock.now()
        with self._database.writing() as session:
            account = session.get_one(Account, who.id)
            account.password = stored
            self._limiter.forget(session, "sign-in-account", who.name)
            session.execute(delete(Login).where(Login.account_id == who.id))
            audit.note(session, now, who.name, "changed the password")
            return _login(session, account, now, strong=who.strong)

    def who(self, cookie: str) -> Who | None:
        """Who the cookie's browser is signed in as; None where it is not, or no more."""
        if not cookie:
            return None
        now = self._clock.now()
        with self._database.reading() as session:
            found = session.execute(
                select(Login, Account)
                .join(Account, Account.id == Login.account_id)
                .where(Login.digest == _digest(cookie))
            ).one_or_none()
            if found is None:
                return None
            login, account = found
            if now - login.created_at > LASTS_S * SECOND or now - login.seen_at > IDLE_S * SECOND:
                return None
            who = Who(account.id, account.name, account.role, login.strong, account.totp_confirmed)
            stale = now - login.seen_at > 60 * SECOND
        if stale:
            with self._database.writing() as session:
                again = session.get(Login, _digest(cookie))
                if again is not None:
                    again.seen_at = now
        return who

    def demand(self, cookie: str) -> Who:
        """The same. Raises `NotSignedIn` where nobody is."""
        who = self.who(cookie)
        if who is None:
            raise NotSignedIn("sign in first")
        return who

    def sign_out(self, cookie: str) -> None:
        """End this session."""
        with self._database.writing() as session:
            session.execute(delete(Login).where(Login.digest == _digest(cookie)))

    def grant(self, name: str, role: str, by: str) -> None:
        """Make somebody a ``reviewer``, or a mere ``publisher`` again. Raises `Unknown`."""
        with self._database.writing() as session:
            account = session.scalar(select(Account).where(Account.name == name))
            if account is None:
                raise Unknown(f"there is no account {name!r}")
            account.role = role
            audit.note(session, self._clock.now(), name, f"became a {role}", f"by {by}")

    def reset_second_factor(self, name: str, by: str) -> None:
        """Take the second factor away, for somebody who lost it and its recovery codes and proved to the operator who
        they are; all sessions end. Raises `Unknown`."""
        with self._database.writing() as session:
            account = session.scalar(select(Account).where(Account.name == name))
            if account is None:
                raise Unknown(f"there is no account {name!r}")
            account.totp, account.totp_confirmed = None, False
            session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
            session.execute(delete(Login).where(Login.account_id == account.id))
            audit.note(session, self._clock.now(), name, "lost the second factor", f"reset by {by}")

    def _count(self, what: str, name: str, address: str) -> None:
        """Count before looking, in a transaction of its own: guesses that arrive together are all counted."""
        with self._database.writing() as session:
            self._limiter.take(session, f"{what}-account", name)
            self._limiter.take(session, f"{what}-address", address)


def _login(session: Session, account: Account, now: int, *, strong: bool) -> str:
    cookie = secrets.token_urlsafe(32)
    session.execute(delete(Login).where(Login.created_at < now - LASTS_S * SECOND))
    session.add(Login(digest=_digest(cookie), account_id=account.id, created_at=now, seen_at=now, strong=strong))
    return cookie


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
