"""The highest fencing token seen of each account, which outlives the signer.

Whoever takes over an account's lease gets a higher token than all before. So a request with a lower one comes from an
owner that was paused while another took over, and may have no effect any more, however long it slept.
"""

from pathlib import Path

import msgspec

from sniper.signer import SignerRefused
from sniper.signing.durable import write
from sniper.signing.errors import LedgerError

_MOST = 2**63 - 1


class Fences:
    """A small file, written anew and synced whenever a token grows; nothing is written otherwise."""

    def __init__(self, path: Path) -> None:
        """Raises `LedgerError` where the file is there and cannot be understood: what was fenced off is not known."""
        self._path = path
        self._highest: dict[str, int] = {}
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise LedgerError(f"{path} cannot be read: {error.strerror}; check the directory and its disk") from error
        try:
            self._highest = msgspec.json.decode(content, type=dict[str, int])
        except msgspec.MsgspecError:
            raise LedgerError(
                f"{path} is damaged, so it is not known which owners are fenced off; make sure that one bot alone runs"
                " for each account, then move the file away"
            ) from None

    def pass_(self, account: str, fence: int) -> None:
        """Let a request with this token through, durably refusing lower ones from now on.

        Raises `SignerRefused` for a lower token than was seen before, `LedgerError` where a higher one cannot be kept.
        """
        highest = self._highest.get(account, 0)
        if fence == highest:
            return
        if not highest < fence <= _MOST:
            raise SignerRefused(
                "fence",
                f"token {fence} of account {account!r}",
                f"{highest} or higher" if fence < highest else f"at most {_MOST}",
                "another owner took the account over: stop this one, and let it take the lease again; where the leases"
                f" were lost and begin anew, move {self._path} away, once it is certain that no other bot runs",
            )
        found = {**self._highest, account: fence}
        try:
            write(self._path, msgspec.json.encode(found))
        except OSError as error:
            raise LedgerError(
                f"{self._path} cannot be written: {error.strerror}; make room: without it an owner that was fenced off"
                " could come back after a restart"
            ) from error
        self._highest = found
