"""The rules in force, and how they change: by a file that the operator signed, and that is newer.

A signed file is a rules file whose last line is a comment with the signature of all before it, by a key that the
signer's process never has: ``# signature: 0x…`` (65 bytes: r, s, parity). What was applied is kept beside the socket,
so neither a restart nor a config brings back older rules, or rules that nobody signed.
"""

import tomllib
from pathlib import Path
from typing import Final

import coincurve
import msgspec

from sniper.evm.keccak import keccak256
from sniper.signer import SignerRefused
from sniper.signing.durable import write
from sniper.signing.errors import LedgerError, RulesError, StartError
from sniper.signing.key import Key, address_of
from sniper.signing.rules import Judge, Rules, parse_rules

_MARK: Final = b"# signature: 0x"
_DOMAIN: Final = b"sniper signer rules\n"
"""Before what is signed, so that the signature can be of nothing else: a transaction begins with another byte."""


class SignedRules(msgspec.Struct, frozen=True):
    """``operator``: who signed it. ``text``: the whole file."""

    rules: Rules
    operator: str
    text: bytes


def unsigned(content: bytes) -> bytes:
    """A rules file without its signature, where it has one."""
    body, mark, _ = content.rpartition(b"\n" + _MARK)
    return body + b"\n" if mark else content.rstrip(b"\n") + b"\n"


def signed(content: bytes, key: Key, origin: str) -> bytes:
    """The file with a signature by ``key``, in place of any that it has. Raises `RulesError`."""
    body = unsigned(content)
    rules = _parsed(body, origin)
    if rules.version < 1:
        raise RulesError(f"{origin} has no version; write version = 1 above everything, and raise it at each change")
    return body + _MARK + key.sign(_digest(body)).hex().encode() + b"\n"


def read(content: bytes, origin: str) -> SignedRules:
    """A signed file. Raises `RulesError` where it is not signed, or not understood."""
    body, mark, line = content.rpartition(b"\n" + _MARK)
    try:
        signature = bytes.fromhex(line.decode("ascii").strip()) if mark else b""
        public = coincurve.PublicKey.from_signature_and_message(signature, _digest(body + b"\n"), hasher=None)
    except ValueError:
        raise RulesError(
            f"the rules {origin} are not signed; sign them: sniper keys rules sign FILE --key OPERATOR"
        ) from None
    return SignedRules(_parsed(content, origin), address_of(public.format(compressed=False)), content)


def _digest(body: bytes) -> bytes:
    return keccak256(_DOMAIN + body)


def _parsed(content: bytes, origin: str) -> Rules:
    try:
        document = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesError(f"the rules {origin} are not TOML: {error}") from None
    return parse_rules(document, origin)


class RuleBook:
    """``judge`` judges by what is in force right now."""

    def __init__(self, path: Path, given: Rules | bytes, operator: str) -> None:
        """``path``: where applied rules are kept. ``given``: rules that nobody signed, or a signed file's content.
        ``operator``: address that must have signed them; "" where nobody must, and nothing can change.

        Raises `RulesError`, `StartError` and `LedgerError`.
        """
        self._path = path
        self._operator = operator
        kept = self._kept()
        if kept is not None and kept.operator != operator:
            raise StartError(
                f"the rules here are changed only by what {kept.operator} signs, and the signer is started"
                f" {f'for {operator}' if operator else 'without an operator'}; give it that operator"
            )
        self._signed: SignedRules | None = None
        if isinstance(given, Rules):
            if operator:
                raise RulesError(f"rules must be a file that {operator} signed: sniper keys rules sign FILE")
            self._rules = given
        else:
            found = read(given, "of the start")
            self._check_operator(found)
            if kept is not None and kept.rules.version > found.rules.version:
                found = kept  # newer ones were applied since
            elif kept is None or kept.text != found.text:
                self._check_newer(kept, found)
                self._keep(found)
            self._signed, self._rules = found, found.rules
        self.judge = Judge(self._rules)

    @property
    def version(self) -> int:
        return self._rules.version

    @property
    def operator(self) -> str:
        return self._operator

    @property
    def text(self) -> str:
        """The rules as a person reads them."""
        if self._signed is not None:
            return self._signed.text.decode()
        return msgspec.json.format(msgspec.json.encode(self._rules)).decode() + "\n"

    def apply(self, content: bytes) -> None:
        """Judge by these from now on, durably. The same again changes nothing.

        Raises `SignerRefused` for what the operator did not sign and for what is not newer, `RulesError` for what is no
        rules file, `LedgerError` where they cannot be kept.
        """
        if not self._operator:
            raise SignerRefused(
                "rules-signature",
                "a change of the rules",
                "none: this signer was started without an operator",
                "start it with an operator whose signature it knows",
            )
        try:
            found = read(content, "that are applied")
        except RulesError as error:
            raise SignerRefused("rules-signature", str(error), "rules in order, signed", "sign the file") from None
        self._check_operator(found)
        if self._signed is not None and found.text == self._signed.text:
            return
        self._check_newer(self._signed, found)
        judge = Judge(found.rules)
        self._keep(found)
        self._signed, self._rules, self.judge = found, found.rules, judge

    def _check_operator(self, found: SignedRules) -> None:
        if found.operator != self._operator:
            raise SignerRefused(
                "rules-signature",
                f"rules signed by {found.operator}",
                f"the operator {self._operator or 'none'}",
                "sign them with the operator's key, without changing them afterwards",
            )

    def _check_newer(self, now: SignedRules | None, found: SignedRules) -> None:
        last = now.rules.version if now is not None else 0
        if found.rules.version <= last:
            raise SignerRefused(
                "rules-version", f"version {found.rules.version}", f"above {last}", "raise version and sign again"
            )

    def _kept(self) -> SignedRules | None:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LedgerError(f"{self._path} cannot be read: {error.strerror}; check the directory") from error
        return read(content, str(self._path))

    def _keep(self, found: SignedRules) -> None:
        try:
            write(self._path, found.text)
        except OSError as error:
            raise LedgerError(f"{self._path} cannot be written: {error.strerror}; make room") from error
