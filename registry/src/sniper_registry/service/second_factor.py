"""The second factor: codes of an authenticator (TOTP, RFC 6238), and recovery codes for when it is lost."""

import hashlib
import re
import secrets

import pyotp
from sqlalchemy import delete, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from sniper_registry.service.clock import SECOND
from sniper_registry.service.secret import Secret, same
from sniper_registry.service.tables import Account, RecoveryCode

STEP_S = 30
RECOVERY_CODES = 10
_USE = "second factor"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def propose(account: Account, secret: Secret) -> None:
    """Give the account a new seed, which counts once a code of it was shown."""
    account.totp = secret.seal(_USE, pyotp.random_base32().encode())
    account.totp_confirmed = False


def seed(account: Account, secret: Secret) -> str:
    """The seed, base 32: for the authenticator, until it is confirmed. Raises `ValueError` where there is none."""
    if account.totp is None:
        raise ValueError(f"{account.name} has no second factor")
    return secret.open(_USE, account.totp).decode()


def provisioning_uri(account: Account, secret: Secret, issuer: str) -> str:
    """What an authenticator reads: ``otpauth://totp/...``."""
    return pyotp.TOTP(seed(account, secret)).provisioning_uri(name=account.name, issuer_name=issuer)


def accept_code(session: Session, account: Account, secret: Secret, code: str, now: int) -> bool:
    """Whether it is a code of the present step, the one before or the next one, and newer than all that were taken.

    Taking it and remembering that it was taken is one step of the database: of two requests with one code one wins.
    """
    digits = code.replace(" ", "")
    if account.totp is None or not re.fullmatch(r"[0-9]{6}", digits):
        return False
    totp = pyotp.TOTP(seed(account, secret), interval=STEP_S)
    present = now // SECOND // STEP_S
    for step in (present - 1, present, present + 1):
        if same(totp.generate_otp(step), digits):
            taken = update(Account).where(Account.id == account.id, Account.totp_step < step).values(totp_step=step)
            return _one(session, taken)
    return False


def new_recovery_codes(session: Session, account: Account) -> list[str]:
    """Ten codes in place of all earlier ones; only their hashes are kept."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4)) for _ in range(RECOVERY_CODES)
    ]
    session.add_all(RecoveryCode(account_id=account.id, digest=_digest(code)) for code in codes)
    return codes


def accept_recovery_code(session: Session, account: Account, code: str, now: int) -> bool:
    """Whether it is an unused recovery code, which it is no more then."""
    used = (
        update(RecoveryCode)
        .where(RecoveryCode.account_id == account.id, RecoveryCode.digest == _digest(code), RecoveryCode.used_at == 0)
        .values(used_at=now)
    )
    return _one(session, used)


def _digest(code: str) -> str:
    """20 characters of 31 are 99 bits: no salt and no slow hash is needed."""
    return hashlib.sha256(re.sub(r"[^a-z0-9]", "", code.lower()).encode()).hexdigest()


def _one(session: Session, statement: object) -> bool:
    result = session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)
    return bool(result.rowcount == 1)
