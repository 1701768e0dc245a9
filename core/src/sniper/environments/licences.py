"""Licences of paid plugins: a file that the publisher signed, checked here without any network.

A paid plugin holds the key of its licences, in `KEY_FILE` of its package; who bought one has a small JSON file. It is
checked at every start, never in the middle of a run. It says who may use what, and keeps honest people honest: nothing
stops a holder from passing the file on, but their name is in it.
"""

import json
import time
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from sniper.environments.environment import Environment
from sniper.errors import PluginError

KEY_FILE: Final = "licence.key"
"""In the package of a paid plugin: hex of the ed25519 key that signs its licences."""
HOME: Final = "licences"
"""Under the shelf's directory: a file for each licence."""
LONGEST: Final = 16 << 10
"""Bytes of a licence file."""
_SIGNED: Final = b"sniper-licence/1\n"
"""Before what is signed, so that a signature under anything else is none under a licence."""


class LicenceError(PluginError):
    """A licence is missing, damaged, of somebody else, or over."""

    code: ClassVar[str] = "licence"


class Licence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody may use.

    distribution  Such as ``sniper-strategy-acme``. ``versions``: a specifier of PEP 440; empty for all.
    holder        Whose it is: a name or an address, as the publisher wrote it.
    serial        Of the publisher's books; one for each licence of a distribution.
    issued_at, expires_at  Seconds since 1970, UTC. 0 for ``expires_at``: never.
    """

    distribution: str
    versions: str = ""
    holder: str
    serial: str
    issued_at: int
    expires_at: int = 0


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    licence: Licence
    signature: str


def public_key(seed: bytes) -> str:
    """What stands in `KEY_FILE`, of the publisher's secret of 32 bytes (RFC 8032)."""
    from Crypto.Signature import eddsa

    return eddsa.import_private_key(seed).public_key().export_key(format="raw").hex()


def signed(licence: Licence, seed: bytes) -> bytes:
    """The licence file. Raises `LicenceError` for a licence that nobody could use."""
    from Crypto.Signature import eddsa

    if not licence.distribution or not licence.holder or not licence.serial:
        raise LicenceError("a licence names a distribution, a holder and a serial; none of them may be empty")
    if licence.expires_at and licence.expires_at <= licence.issued_at:
        raise LicenceError(f"a licence that ends at {licence.expires_at} cannot begin at {licence.issued_at}")
    _versions(licence)
    signer = eddsa.new(eddsa.import_private_key(seed), "rfc8032")
    made = _File(licence, signer.sign(_body(licence)).hex())
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"


def read(content: bytes, key: str, where: str = "the licence") -> Licence:
    """The licence in a file, whose signature was checked. Raises `LicenceError`.

    key  What stands in the plugin's `KEY_FILE`.
    """
    from Crypto.Signature import eddsa

    found = _parsed(content, where)
    try:
        public = eddsa.import_public_key(bytes.fromhex(key))
    except ValueError:
        raise LicenceError(
            f"{key[:100]!r}, in {KEY_FILE} of the plugin, is no key of licences; tell its publisher"
        ) from None
    try:
        eddsa.new(public, "rfc8032").verify(_body(found.licence), bytes.fromhex(found.signature))
    except ValueError:
        raise LicenceError(
            f"{where} is not signed with the key of {found.licence.distribution}'s licences, or was changed; "
            f"ask its publisher for another one"
        ) from None
    return found.licence


def keep(shelf: Path, content: bytes, where: str) -> Licence:
    """Put a licence file where starts look for it. Its signature is checked against the release that it is used for.
    Raises `LicenceError` for what is no licence."""
    found = _parsed(content, where).licence
    home = shelf / HOME
    home.mkdir(parents=True, exist_ok=True)
    file = home / f"{_plain(found.distribution)}.{_plain(found.serial)}.json"
    making = file.with_suffix(".making")
    making.write_bytes(content)
    making.replace(file)
    return found


def key_file(environment: Environment) -> Path:
    """Where a paid plugin has its key."""
    return environment.site / environment.distribution.replace("-", "_") / KEY_FILE


def key_of(environment: Environment) -> str | None:
    """What signs the licences that a plugin needs; None: it is free."""
    file = key_file(environment)
    return file.read_text(errors="replace").strip() if file.is_file() else None


def demand(environment: Environment, shelf: Path) -> None:
    """Raise `LicenceError` where a plugin needs a licence that is not here. Its files were compared with what was
    installed, and those with what its publisher signed."""
    key = key_of(environment)
    if key is not None:
        check(shelf, environment.distribution, environment.version, key)


def check(shelf: Path, distribution: str, version: str, key: str, now: float | None = None) -> Licence:
    """The licence under which this version may be used now. Raises `LicenceError` with what is wrong with each that is
    there, and what to do."""
    at = time.time() if now is None else now
    reasons = []
    for file in sorted((shelf / HOME).glob(f"{_plain(distribution)}.*.json")):
        try:
            licence = read(file.read_bytes(), key, str(file))
            _usable(licence, distribution, version, at)
        except (LicenceError, OSError) as error:
            reasons.append(str(error))
        else:
            return licence
    raise LicenceError(
        f"{distribution} {version} needs a licence: {'; '.join(reasons) or 'there is none here'}. "
        f"Get one from its publisher, then: sniper plugins licence FILE"
    )


def until(licence: Licence) -> str:
    """When it ends, in words."""
    return f"until {_day(licence.expires_at)}" if licence.expires_at else "without an end"


def _usable(licence: Licence, distribution: str, version: str, at: float) -> None:
    if licence.distribution != distribution:
        raise LicenceError(f"licence {licence.serial} is for {licence.distribution}")
    try:
        covered = _versions(licence).contains(Version(version), prereleases=True)
    except InvalidVersion:
        raise LicenceError(f"{version!r} is no version") from None
    if not covered:
        raise LicenceError(f"licence {licence.serial} is for versions {licence.versions}")
    if at < licence.issued_at:
        raise LicenceError(
            f"licence {licence.serial} begins on {_day(licence.issued_at)}; the clock of this machine says {_day(at)}"
        )
    if licence.expires_at and at >= licence.expires_at:
        raise LicenceError(f"licence {licence.serial} ended on {_day(licence.expires_at)}")


def _parsed(content: bytes, where: str) -> _File:
    if len(content) > LONGEST:
        raise LicenceError(f"{where} has {len(content):,} bytes; a licence has {LONGEST:,} at most")
    try:
        return msgspec.json.decode(content, type=_File)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise LicenceError(f"{where} is no licence file: {error}") from error


def _body(licence: Licence) -> bytes:
    plain: dict[str, Any] = msgspec.to_builtins(licence)  # Any: JSON
    return _SIGNED + json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _versions(licence: Licence) -> SpecifierSet:
    try:
        return SpecifierSet(licence.versions)
    except InvalidSpecifier:
        raise LicenceError(f"{licence.versions!r} are no versions; write such as >=1,<2") from None


def _plain(text: str) -> str:
    """A part of a file name that leads nowhere else."""
    kept = "".join(each if each.isascii() and (each.isalnum() or each in "-_") else "_" for each in text)[:100]
    return kept or "_"


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
