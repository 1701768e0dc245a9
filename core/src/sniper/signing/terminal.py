"""A password typed at the terminal while an event loop goes on. Not for the signer's process, which stays small."""

import asyncio
import os
import sys
import termios

from sniper.signing.errors import StartError
from sniper.signing.password import MAX_PASSWORD
from sniper.signing.secret import SecretBuffer


async def from_terminal(prompt: str) -> SecretBuffer:
    """Ask on the terminal at stdin while the event loop goes on; cancelling takes the question back.

    No thread, which nothing could end while it waits for a line. Raises `StartError` where stdin is no terminal, or
    the line is empty.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise StartError(
            "stdin is no terminal, so nobody can be asked for the password of the key file; start sniper at a terminal,"
            " set password_fd, or let the operator start the signer"
        )
    terminal = sys.stdin.fileno()
    loop = asyncio.get_running_loop()
    typed = asyncio.Event()
    before = termios.tcgetattr(terminal)
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
    try:
        sys.stderr.write(prompt)
        sys.stderr.flush()
        loop.add_reader(terminal, typed.set)
        try:
            await typed.wait()
        finally:
            loop.remove_reader(terminal)
        return _line(terminal)
    finally:
        # Not flushed: what follows on a terminal was typed for somebody else.
        termios.tcsetattr(terminal, termios.TCSANOW, before)
        sys.stderr.write("\n")


def _line(terminal: int) -> SecretBuffer:
    """The line that lies ready at a terminal, without its end."""
    password = SecretBuffer(MAX_PASSWORD)
    length = os.readv(terminal, [password.view])
    if length and password.view[length - 1] == ord("\n"):
        length -= 1
    if length == 0:
        password.wipe()
        raise StartError(f"the password has 0 bytes; give between 1 and {MAX_PASSWORD}")
    password.shrink(length)
    return password
