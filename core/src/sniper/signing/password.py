"""Where a password comes from: a prompt, or a descriptor that somebody opened for us. Never argv or environment."""

import getpass
import os
from collections.abc import Callable

from sniper.signing.errors import StartError
from sniper.signing.secret import SecretBuffer

PasswordSource = Callable[[], SecretBuffer]
"""Gives the password each time that the signer's process is started; the caller wipes it."""

MAX_PASSWORD = 4096


def of_text(text: str) -> SecretBuffer:
    """A password that already is a Python string, which itself cannot be wiped."""
    encoded = text.encode()
    if not encoded or len(encoded) > MAX_PASSWORD:
        raise StartError(f"the password has {len(encoded)} bytes; give between 1 and {MAX_PASSWORD}")
    password = SecretBuffer(len(encoded))
    password.view[:] = encoded
    return password


def from_prompt(prompt: str = "Password of the key file: ") -> SecretBuffer:
    """Ask on the terminal. The string that Python reads it into cannot be wiped."""
    return of_text(getpass.getpass(prompt))


def from_descriptor(descriptor: int) -> SecretBuffer:
    """Read until the end of the file, drop one line end, close. Can be done once for a pipe."""
    password = SecretBuffer(MAX_PASSWORD)
    length = 0
    try:
        while length < MAX_PASSWORD:
            read = os.readv(descriptor, [password.view[length:]])
            if read == 0:
                break
            length += read
        os.close(descriptor)
    except OSError as error:
        raise StartError(
            f"the password cannot be read from descriptor {descriptor}: {error.strerror}; a pipe gives it only once, so"
            " open it again or let the operator start the signer"
        ) from error
    for line_end in b"\n\r":
        if length and password.view[length - 1] == line_end:
            length -= 1
    if length == 0:
        raise StartError(f"descriptor {descriptor} gave no password; write it there and close the other end")
    password.shrink(length)
    return password
