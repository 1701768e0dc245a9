"""Workers that do what a test tells them: whatever a plugin could do, at will."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sniper.isolation.launch import launch
from sniper.isolation.place import Place

OBEDIENT = """
import os, socket, sys

def main(channel):
    host = socket.socket(fileno=channel)
    names = {"os": os, "socket": socket, "sys": sys}
    while asked := host.recv(1 << 16).decode():
        try:
            told = eval(asked, names)
        except BaseException as error:
            told = f"{type(error).__name__}: {error}"
        host.send(str(told).encode()[:1 << 16])
"""


class Obedient:
    """``ask`` has a worker evaluate an expression, and gives the result in text, or its error."""

    def __init__(self, place: Place) -> None:
        self._host, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = launch(place, theirs, "obedient:main")

    def ask(self, expression: str) -> str:
        self._host.send(expression.encode())
        return self._host.recv(1 << 16).decode()

    def end(self) -> None:
        self._host.close()
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[..., Obedient]]:
    """Starts workers with the fields of `Place` that are given."""
    started: list[Obedient] = []
    code = tmp_path / "environment"
    code.mkdir()
    (code / "obedient.py").write_text(OBEDIENT)

    def start(**fields: object) -> Obedient:
        place = Place(**{"name": "sniper-strategy-acme", "paths": (str(code),), **fields})  # type: ignore[arg-type]
        started.append(Obedient(place))
        return started[-1]

    yield start
    for each in started:
        each.end()
