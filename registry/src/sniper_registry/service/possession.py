"""Proof that somebody has the private half of a key: they sign a sentence that is good for one account, key and hour.

The sentence cannot be mistaken for metadata of a repository, which is JSON, so a publisher who signs one signs nothing
else. Nothing is stored: a keyed hash at its end shows that it is ours.
"""

from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import Key, Signature, Signer

from sniper_registry.service.clock import SECOND
from sniper_registry.service.errors import Invalid
from sniper_registry.service.secret import Secret, same

LASTS_S = 3600
_BEGIN = "sniper-registry-key-possession/1"


def challenge(secret: Secret, origin: str, account: str, keyid: str, now: int) -> str:
    """What is to be signed. ``origin``: of the service, so that no other service can pass it on."""
    body = f"{_BEGIN} {origin} {account} {keyid} {now // SECOND + LASTS_S}"
    return f"{body} {secret.mac('possession', body)}"


def prove(signer: Signer, sentence: str) -> str:
    """The publisher's side: the signature, hexadecimal. Raises `Invalid` for text that is no challenge."""
    if not sentence.startswith(f"{_BEGIN} ") or len(sentence.split(" ")) != 6 or not sentence.isprintable():
        raise Invalid("this is not a challenge of a marketplace: nothing was signed", field="challenge")
    return signer.sign(sentence.encode()).signature


def demand(secret: Secret, key: Key, sentence: str, signature: str, origin: str, account: str, now: int) -> None:
    """Raise `Invalid` unless the key signed a challenge of ours for this account, within its hour."""
    body, _, mac = sentence.strip().rpartition(" ")
    parts = body.split(" ")
    if not same(secret.mac("possession", body), mac) or parts[:4] != [_BEGIN, origin, account, key.keyid]:
        raise Invalid("this challenge was not made for this account and key; ask for a new one", field="challenge")
    if int(parts[4]) < now // SECOND:
        raise Invalid("this challenge is too old; ask for a new one", field="challenge")
    try:
        key.verify_signature(Signature(key.keyid, signature.strip().lower()), sentence.strip().encode())
    except (UnverifiedSignatureError, VerificationError):
        raise Invalid("the signature is not this key's over the challenge", field="signature") from None
