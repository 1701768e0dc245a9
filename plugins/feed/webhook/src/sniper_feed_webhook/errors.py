"""Why a post is not taken: each has its answer in HTTP."""

from typing import ClassVar

from sniper.errors import SniperError


class BadSecret(SniperError, ValueError):
    """A sender's secret cannot be used."""

    code = "bad-secret"


class Refused(SniperError, ValueError):
    """A post is not taken. ``status``: of the answer; the text goes to the sender, so it holds no secret."""

    code = "post-refused"
    status: ClassVar[int] = 400


class Malformed(Refused):
    """Its content is no signal."""


class Unauthorised(Refused):
    """Nobody who may post has signed it, or not now."""

    status = 401


class Contradicts(Refused):
    """Another post had the same id."""

    status = 409


class TooMany(Refused):
    """More than the sender may post. ``retry_s``: when it may again."""

    status = 429

    def __init__(self, text: str, retry_s: int) -> None:
        super().__init__(text)
        self.retry_s = retry_s
