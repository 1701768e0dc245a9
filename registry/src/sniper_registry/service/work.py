"""How a challenge for a receipt is answered: what the trader's machine and the service both compute."""

import hashlib
from itertools import count
from pathlib import Path


def proof_of(challenge: str, wheel: Path) -> str:
    """SHA-256 of the challenge, a line's end, and the wheel's bytes. Raises `OSError`."""
    digest = hashlib.sha256(challenge.encode() + b"\n")
    with wheel.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def bits_of(challenge: str) -> int:
    """How many zero bits a challenge asks for. Raises `ValueError` for what is no challenge."""
    parts = challenge.split(" ")
    if len(parts) != 7:
        raise ValueError("this is no challenge for a receipt")
    return int(parts[4])


def number_for(challenge: str) -> str:
    """The number that shows the work. Raises `ValueError`."""
    bits = bits_of(challenge)
    return next(str(number) for number in count() if worked(challenge, str(number), bits))


def worked(challenge: str, number: str, bits: int) -> bool:
    """Whether the hash of challenge and number begins with so many zero bits."""
    return int.from_bytes(hashlib.sha256(f"{challenge}\n{number}".encode()).digest()) >> (256 - bits) == 0
