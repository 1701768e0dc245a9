"""Gets a key in a process that ends right after.

Whatever decrypts or fetches a key leaves copies of it, of a password or of a token on its way, as ``bytes`` that cannot
be wiped. So that happens in a forked child, whose memory goes back to the system with it; the process that signs keeps
nothing but one buffer that it can zero. It is also spared the libraries that this pulls in.
"""

import contextlib
import os
from collections.abc import Callable
from typing import NoReturn

from sniper.errors import SniperError
from sniper.signing.errors import BY_CODE, StartError
from sniper.signing.key import KEY_BYTES
from sniper.signing.secret import SecretBuffer

_OPENED = b"+"
_NO_MEMORY = b"m"
_WRONG = b"e"
_LONGEST = 4096


def apart(what: str, work: Callable[[], bytes]) -> SecretBuffer:
    """The 32 bytes that ``work`` returns, called in a child. ``what`` names it in messages.

    Call it while this process has one thread. Raises what ``work`` raises where that is of `sniper.signing.errors`,
    and `StartError`.
    """
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_exit(work, writable)
    os.close(writable)
    secret = SecretBuffer(KEY_BYTES)
    said = b""
    try:
        outcome = os.read(readable, 1)
        if outcome == _OPENED:
            os.readv(readable, [secret.view])
        else:
            said = os.read(readable, _LONGEST)
    finally:
        os.close(readable)
        _, status = os.waitpid(child, 0)
    if outcome == _OPENED:
        return secret
    if outcome == _NO_MEMORY:
        raise StartError(f"{what} needs more memory to be opened than this system gives")
    if outcome == _WRONG:
        code, _, message = said.decode().partition("\n")
        raise BY_CODE.get(code, StartError)(message)
    raise StartError(
        f"{what}: the process that opens it ended without an answer (status {status}); see the system's log"
    )


def _work_and_exit(work: Callable[[], bytes], answer: int) -> NoReturn:
    # Whatever happens here, the child must not run on in its parent's code. It has inherited the limits of `seal`.
    said = b""
    try:
        said = _OPENED + work()
    except MemoryError:
        said = _NO_MEMORY
    except SniperError as error:
        said = _WRONG + f"{error.code}\n{error}".encode()[: _LONGEST - 1]
    finally:
        with contextlib.suppress(BrokenPipeError):  # the parent has ended, and nobody is left to tell
            os.write(answer, said)
        os._exit(0)
