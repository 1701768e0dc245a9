"""What a publisher's programs bring: API tokens, and the public keys that releases are signed with."""

import hashlib
import json
import re
import secrets
from typing import Any

from securesystemslib.formats import encode_canonical
from securesystemslib.signer import Key
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from sniper_registry.service import audit, possession
from sniper_registry.service.accounts import Accounts, Who
from sniper_registry.service.clock import DAY, Clock
from sniper_registry.service.database import Database
from sniper_registry.service.errors import Conflict, Forbidden, Invalid, NotSignedIn, Unknown
from sniper_registry.service.secret import Secret
from sniper_registry.service.tables import Account, PublicKey, Token

_MARK = "sniper_"
_DISTRIBUTION = re.compile(r"sniper(-[a-z0-9]+)+")


class Credentials:
    """Tokens and keys of accounts. Making one demands a fresh code of the second factor; ending one does not.

    ``origin``: where the service is reached, such as ``https://plugins.example``."""

    def __init__(self, database: Database, clock: Clock, secret: Secret, accounts: Accounts, origin: str) -> None:
        self._database, self._clock, self._secret, self._accounts = database, clock, secret, accounts
        self._origin = origin

    def new_token(self, who: Who, label: str, only: str, days: int, code: str, address: str) -> str:
        """A token that uploads releases, good for so many days. It is told this once.

        only  The one distribution that it is good for; empty: all of the account's.
        """
        if not 1 <= len(label) <= 60:
            raise Invalid("a token's label has 1 to 60 characters", field="label")
        if not 1 <= days <= 365:
            raise Invalid("a token is good for 1 to 365 days", field="days")
        if only and not _DISTRIBUTION.fullmatch(only):
            raise Invalid(f"{only!r} is no distribution's name, such as sniper-strategy-ema-cross", field="only")
        self._accounts.demand_code(who, code, address, why=f"made the token {label!r}")
        token = _MARK + secrets.token_urlsafe(32)
        now = self._clock.now()
        with self._database.writing() as session:
            session.add(
                Token(
                    account_id=who.id,
                    label=label,
                    digest=_digest(token),
                    only=only,
                    created_at=now,
                    expires_at=now + days * DAY,
                )
            )
        return token

    def revoke_token(self, who: Who, id_: int) -> None:
        """End a token of one's own. Raises `Unknown`."""
        with self._database.writing() as session:
            token = session.get(Token, id_)
            if token is None or token.account_id != who.id:
                raise Unknown("you have no such token")
            token.revoked_at = token.revoked_at or self._clock.now()
            audit.note(session, self._clock.now(), who.name, f"revoked the token {token.label!r}")

    def of_token(self, token: str, distribution: str) -> Who:
        """Whose token it is. Raises `NotSignedIn` where it is nobody's, revoked or too old, `Forbidden` where it is not
        good for uploads of this distribution or the account has lost its second factor."""
        now = self._clock.now()
        with self._database.writing() as session:
            found = session.execute(
                select(Token, Account)
                .join(Account, Account.id == Token.account_id)
                .where(Token.digest == _digest(token))
            ).one_or_none()
            if found is None or found[0].revoked_at or found[0].expires_at <= now:
                raise NotSignedIn("the token is unknown, revoked or too old; make a new one on your account page")
            row, account = found
            if row.only not in ("", distribution):
                raise Forbidden(f"the token is good for {row.only}, not for {distribution}")
            if not account.totp_confirmed:
                raise Forbidden("set up a second factor first: without one nothing is published")
            row.used_at = now
            return Who(account.id, account.name, account.role, strong=False, enrolled=account.totp_confirmed)

    def tokens(self, who: Who) -> list[Token]:
        """All that were not revoked, newest first."""
        with self._database.reading() as session:
            mine = select(Token).where(Token.account_id == who.id, Token.revoked_at == 0).order_by(Token.id.desc())
            return list(session.scalars(mine))

    def challenge(self, who: Who, public: str) -> str:
        """What the private half of this key must sign before the key counts (`possession`). Raises `Invalid`."""
        key, _ = _checked(public)
        return possession.challenge(self._secret, self._origin, who.name, key.keyid, self._clock.now())

    def add_key(
        self, who: Who, public: str, label: str, challenge: str, signature: str, code: str, address: str
    ) -> str:
        """Register a public key: ``ed25519:`` and 64 hex digits, or JSON of TUF's metadata. Returns its key id.

        signature  The key's over the challenge, hexadecimal.

        Raises `Invalid` where it is none, holds a private half, or did not sign; `Conflict` where it is registered."""
        if not 1 <= len(label) <= 60:
            raise Invalid("a key's label has 1 to 60 characters", field="label")
        key, plain = _checked(public)
        now = self._clock.now()
        possession.demand(self._secret, key, challenge, signature, self._origin, who.name, now)
        self._accounts.demand_code(who, code, address, why=f"added the key {key.keyid}")
        try:
            with self._database.writing() as session:
                session.add(PublicKey(account_id=who.id, keyid=key.keyid, public=plain, label=label, added_at=now))
        except IntegrityError:
            raise Conflict("this key is registered; a key that was removed does not come back", field="key") from None
        return key.keyid

    def remove_key(self, who: Who, keyid: str) -> None:
        """No upload is taken any more that this key signed. Raises `Unknown`."""
        with self._database.writing() as session:
            key = session.scalar(select(PublicKey).where(PublicKey.keyid == keyid, PublicKey.account_id == who.id))
            if key is None or key.removed_at:
                raise Unknown("you have no such key")
            key.removed_at = self._clock.now()
            audit.note(session, self._clock.now(), who.name, f"removed the key {keyid}")

    def keys(self, account_id: int) -> list[PublicKey]:
        """The keys that count, oldest first."""
        with self._database.reading() as session:
            mine = select(PublicKey).where(PublicKey.account_id == account_id, PublicKey.removed_at == 0)
            return list(session.scalars(mine.order_by(PublicKey.id)))


def key_id(key: dict[str, Any]) -> str:
    """TUF's name of a key: the SHA-256 of its canonical JSON. Any: what JSON holds."""
    return hashlib.sha256(encode_canonical(key).encode()).hexdigest()  # type: ignore[union-attr]


def _checked(public: str) -> tuple[Key, str]:
    try:
        if plain := re.fullmatch(r"ed25519:([0-9a-f]{64})", public.strip()):
            return _key(plain[1])
        found = json.loads(public)
        value = found["keyval"]["public"]
        key = {"keytype": found["keytype"], "scheme": found["scheme"], "keyval": {"public": value}}
        if not all(isinstance(each, str) for each in (key["keytype"], key["scheme"], value)):
            raise TypeError("text is expected")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Invalid("not a public key: it looks like ed25519: and 64 hexadecimal digits", field="key") from None
    if "private" in found["keyval"] or "PRIVATE KEY" in value:
        raise Invalid(
            "this holds a PRIVATE key: keep it to yourself, and make a new one, for it was shown", field="key"
        )
    if key["keytype"] != "ed25519" or key["scheme"] != "ed25519" or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise Invalid("publishers sign with ed25519, whose public half is 64 hexadecimal digits", field="key")
    return _key(value)


def _key(value: str) -> tuple[Key, str]:
    key = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": value}}
    return Key.from_dict(key_id(key), json.loads(json.dumps(key))), json.dumps(key, sort_keys=True)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
