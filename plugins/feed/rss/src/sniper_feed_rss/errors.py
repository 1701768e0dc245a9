"""Why a source gives nothing."""

from sniper.errors import SniperError


class BadAnswer(SniperError, ConnectionError):
    """A source answered with something else than what was asked for. ``retry_s``: when it wants to be asked again."""

    code = "bad-answer"

    def __init__(self, text: str, retry_s: float = 0.0) -> None:
        super().__init__(text)
        self.retry_s = retry_s


class BadDocument(SniperError, ValueError):
    """What a source answered is no list of announcements."""

    code = "bad-document"
