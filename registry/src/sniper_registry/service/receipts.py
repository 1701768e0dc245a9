"""Receipts: that somebody had a wheel some days ago, at some cost. A rating needs one.

1. The service makes a challenge for a release: a sentence with a keyed hash, which nothing remembers.
2. The trader's machine answers with the hash of challenge and wheel, for which it must have the wheel's bytes, and with
   a number for which the hash of challenge and number begins with enough zero bits, which costs seconds of a processor.
3. The receipt follows from the challenge, so one challenge gives one receipt however often it is answered. It can rate
   only after some days, and an address gets few of them.

It does not prove that anybody ran the plugin, and says nothing of who they are. A forged rating costs an address, some
seconds of a processor and days of waiting; who has a thousand addresses can forge a thousand a week.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sniper_registry.service.clock import SECOND, Clock
from sniper_registry.service.database import Database
from sniper_registry.service.errors import Invalid
from sniper_registry.service.limits import Limiter
from sniper_registry.service.secret import Secret, same
from sniper_registry.service.work import bits_of, proof_of, worked

LASTS_S = 3600
_CHALLENGE, _RECEIPT = "sniper-install-challenge/1", "sniper-install-receipt/1"


@dataclass(frozen=True)
class Receipt:
    """``issued_at``: ns; ``digest``: what stands for it in the table of ratings."""

    name: str
    version: str
    issued_at: int
    digest: str


class Receipts:
    """``work``: zero bits that an answer must show; ``age_s``: how old a receipt must be to rate."""

    def __init__(
        self, database: Database, clock: Clock, secret: Secret, limiter: Limiter, *, work: int, age_s: int
    ) -> None:
        self._database, self._clock, self._secret, self._limiter = database, clock, secret, limiter
        self.work, self.age_s = work, age_s

    def challenge(self, name: str, version: str, nonce: str) -> str:
        """``nonce``: what makes it another one each time; it needs not be secret."""
        body = f"{_CHALLENGE} {name} {version} {self._clock.now() // SECOND + LASTS_S} {self.work} {nonce}"
        return f"{body} {self._secret.mac('receipt challenge', body)}"

    def told_of(self, challenge: str) -> tuple[str, str]:
        """Name and version of a challenge of ours that is not too old. Raises `Invalid`."""
        body, _, mac = challenge.rpartition(" ")
        parts = body.split(" ")
        if len(parts) != 6 or not same(self._secret.mac("receipt challenge", body), mac):
            raise Invalid("this challenge is not ours; ask for a new one", field="challenge")
        if int(parts[3]) < self._clock.now() // SECOND:
            raise Invalid("this challenge is too old; ask for a new one", field="challenge")
        return parts[1], parts[2]

    def issue(self, challenge: str, proof: str, number: str, wheel: Path, address: str) -> str:
        """The receipt for a right answer. ``wheel``: the release's own. Raises `Invalid`, `TooManyAttempts`."""
        name, version = self.told_of(challenge)
        if len(number) > 40 or not worked(challenge, number, bits_of(challenge)):
            raise Invalid("the number does not show the work that was asked for", field="number")
        if not same(proof_of(challenge, wheel), proof):
            raise Invalid("the proof is not that of the release's wheel", field="proof")
        with self._database.writing() as session:
            self._limiter.take(session, "receipt-address", address)
            self._limiter.take(session, "receipt-plugin-address", address, f" {name}")
        serial = hashlib.sha256(challenge.encode()).hexdigest()[:32]
        issued = int(challenge.split(" ")[3]) - LASTS_S
        body = f"{_RECEIPT} {name} {version} {issued} {serial}"
        return f"{body} {self._secret.mac('receipt', body)}"

    def checked(self, receipt: str) -> Receipt:
        """What a receipt says that is old enough to rate. Raises `Invalid`."""
        body, _, mac = receipt.strip().rpartition(" ")
        parts = body.split(" ")
        if len(parts) != 5 or not same(self._secret.mac("receipt", body), mac):
            raise Invalid("this is no receipt of ours", field="receipt")
        issued = int(parts[3]) * SECOND
        wait = issued + self.age_s * SECOND - self._clock.now()
        if wait > 0:
            days = -(-wait // (86_400 * SECOND))
            raise Invalid(
                f"try the plugin first: this receipt can rate in {days} day{'s' * (days > 1)}", field="receipt"
            )
        return Receipt(parts[1], parts[2], issued, hashlib.sha256(body.encode()).hexdigest())
