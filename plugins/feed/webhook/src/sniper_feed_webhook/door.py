"""Who may come in, how often, and what was heard before."""

import math
import re
from collections.abc import Mapping
from hashlib import sha256

from sniper.events import SignalHeard
from sniper.evm.pacing import TokenBucket
from sniper.signal import BadSignal
from sniper.types import SECOND
from sniper_feed_webhook.config import Sender, WebhookConfig
from sniper_feed_webhook.errors import Contradicts, Malformed, TooMany, Unauthorised
from sniper_feed_webhook.payload import Said, alert, post
from sniper_feed_webhook.secret import Secret

_SECONDS = re.compile(r"[0-9]{1,12}")
_UNSIGNED = "the sender is not known here, or its signature is wrong"


class Knock:
    """One sender. ``ids``: what was taken, oldest first, with the digest of its body."""

    def __init__(self, sender: Sender, secret: Secret, config: WebhookConfig) -> None:
        self.sender = sender
        self.secret = secret
        self.room = TokenBucket(config.rate_per_s, config.burst)
        self.ids: dict[str, bytes] = {}
        # More than can be taken while the time of a post counts as now: what is forgotten cannot be played again.
        self.most = max(1_000, math.ceil(config.burst + 4 * config.tolerance_s * config.rate_per_s))


class Door:
    """All senders of one feed; ``name`` is the feed's."""

    def __init__(self, name: str, config: WebhookConfig, secrets: Mapping[str, Secret]) -> None:
        self._name = name
        self._tolerance = config.tolerance_s * SECOND
        self._tolerance_s = config.tolerance_s
        self._senders = {each: Knock(sender, secrets[each], config) for each, sender in config.senders.items()}

    def admit(
        self, name: str, body: bytes, timestamp: str, signature: str, now: int, monotonic: float
    ) -> tuple[SignalHeard, bool]:
        """What a post says, and whether it is news. ``now``: ns UTC; ``monotonic``: s, of any clock.

        Raises `Refused`.
        """
        knock = self._senders.get(name)
        if knock is None:
            raise Unauthorised(_UNSIGNED)
        said = self._authenticated(knock, body, timestamp, signature, now)
        wait = knock.room.wait(1, monotonic)
        if wait > 0:
            raise TooMany("more than rate_per_s of this sender", math.ceil(wait))
        knock.room.take(1, monotonic)
        if said is None:
            said = alert(body)[0] if knock.sender.format == "tradingview" else post(body)
        at = said.at or int(timestamp) * SECOND
        digest = sha256(body).digest()
        # The same again at another time is news. Nobody signs the header of a post with a token; its body has the time.
        stamp = timestamp if knock.sender.authenticates == "signature" else ""
        id_ = said.id or sha256(stamp.encode() + digest).hexdigest()[:32]
        try:
            heard = SignalHeard(
                time=now,
                source=f"{self._name}.{name}",
                id=id_,
                kind=said.kind,
                about=said.about,
                direction=said.direction,
                strength=said.strength,
                at=at,
                expires=at + said.lives if said.lives else 0,
                text=said.text,
                url=said.url,
            )
        except BadSignal as error:
            raise Malformed(str(error)) from None
        return heard, self._is_news(knock, id_, digest)

    def _authenticated(self, knock: Knock, body: bytes, timestamp: str, signature: str, now: int) -> Said | None:
        """What was read for it, where that was necessary."""
        if knock.sender.authenticates == "token":
            said, token = alert(body)
            if not knock.secret.is_token(token):
                raise Unauthorised(_UNSIGNED)
            self._in_time(said.at, now)
            return said
        if not _SECONDS.fullmatch(timestamp) or not knock.secret.signed(
            timestamp, body, signature.removeprefix("sha256=")
        ):
            raise Unauthorised(_UNSIGNED)
        self._in_time(int(timestamp) * SECOND, now)
        return None

    def _in_time(self, at: int, now: int) -> None:
        if abs(now - at) > self._tolerance:
            raise Unauthorised(
                f"its time is more than {self._tolerance_s} s off; set the sender's clock right, and sign each try anew"
            )

    def _is_news(self, knock: Knock, id_: str, digest: bytes) -> bool:
        known = knock.ids.get(id_)
        if known is not None:
            if known != digest:
                raise Contradicts(f"another post had the id {id_!r}; give each signal its own")
            return False
        knock.ids[id_] = digest
        if len(knock.ids) > knock.most:
            del knock.ids[next(iter(knock.ids))]
        return True
