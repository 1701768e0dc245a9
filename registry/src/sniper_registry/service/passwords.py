"""Passwords: argon2id, with the parameters of the library's defaults (RFC 9106, low memory)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from sniper_registry.service.errors import Invalid

SHORTEST, LONGEST = 12, 256


def hashed(password: str, name: str) -> str:
    """The hash of a new password. Raises as `demand_good`."""
    demand_good(password, name)
    return _hasher().hash(password)


def demand_good(password: str, name: str) -> None:
    """Raise `Invalid` for a new password that is too short, too long, or made of the name."""
    if len(password) < SHORTEST:
        raise Invalid(f"the password needs at least {SHORTEST} characters", field="password")
    if len(password) > LONGEST:
        raise Invalid(f"the password may have at most {LONGEST} characters", field="password")
    if name.lower() in password.lower() or len(set(password)) < 5:
        raise Invalid(
            "the password must not hold the account's name, and needs 5 different characters", field="password"
        )


def fits(stored: str | None, password: str) -> bool:
    """Whether it is the password. Takes as long where there is no such account (``stored`` is None)."""
    try:
        return _hasher().verify(stored or _nobody(), password[: LONGEST + 1]) and stored is not None
    except VerificationError:
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("the password of an account that does not exist")
