"""What a relay says no with."""

from sniper.errors import SniperError


class Refused(SniperError, ValueError):
    """A request that is not taken. ``number``: JSON-RPC's error code; ``status``: HTTP's."""

    code = "relay-refused"

    def __init__(self, message: str, *, number: int = -32000, status: int = 200) -> None:
        super().__init__(message)
        self.number = number
        self.status = status


class BlockDiffers(SniperError, RuntimeError):
    """The node mined something else than what was chosen, so that nothing can be said of atomicity."""

    code = "relay-block-differs"
