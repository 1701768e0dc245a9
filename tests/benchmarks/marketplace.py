"""The marketplace's catalogue: its pages over HTTP, with 5,000 releases of 1,250 plugins in the database (SQLite).

Server and client are two processes on this machine and one connection is kept open, so what is measured is the
service's own work. Each request asks for another plugin, or another word.
"""

import hashlib
import http.client
import random
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, perf_counter_ns
from typing import Self

from figures import Figure, collected, spread

from sniper.index import Release, Revocation
from sniper_registry.catalogue.source import Described
from sniper_registry.service.clock import WallClock
from sniper_registry.service.marketplace import Marketplace, Settings

KINDS = ("strategy", "risk", "amm", "exit", "venue")
WORDS = tuple(f"{a}{b}" for a in ("trend", "grid", "slow", "deep", "quiet") for b in ("", "er", "ing", "line", "band"))
RELEASES_EACH = 4
README = "Trades what it sees. " * 200


class Stock:
    """A source of made-up releases."""

    def __init__(self, plugins: int) -> None:
        chance = random.Random(7)
        self._kinds = {
            f"sniper-{KINDS[number % len(KINDS)]}-{chance.choice(WORDS)}-{number}": KINDS[number % len(KINDS)]
            for number in range(plugins)
        }

    @contextmanager
    def reading(self) -> Iterator[Self]:
        yield self

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._kinds))

    def releases(self, name: str) -> tuple[Release, ...]:
        return tuple(self._release(name, minor) for minor in range(RELEASES_EACH))

    def revoked(self) -> tuple[Revocation, ...]:
        return ()

    def described(self, release: Release) -> Described:
        fields = {
            f"number_{each}": {"type": "integer", "description": "How many.", "default": each} for each in range(12)
        }
        schema = {"type": "object", "properties": fields}
        return Described(readme=README, schemas={f"{release.kind}.{release.name}": schema})

    def _release(self, name: str, minor: int) -> Release:
        return Release(
            name=name,
            version=f"1.{minor}.0",
            filename=f"{name.replace('-', '_')}-1.{minor}.0-py3-none-any.whl",
            sha256=hashlib.sha256(f"{name} {minor}".encode()).hexdigest(),
            size=20_000,
            publisher=f"publisher-{int(name.rpartition('-')[2]) % 300}",
            kind=self._kinds[name],
            summary=f"Trades {name.replace('-', ' ')} whenever it is worth it",
            licence="Apache-2.0",
            permissions=("network:api.acme.example",) if minor > 1 else (),
            requires=("numpy==2.3.4 --hash=sha256:aa",),
            published_at=1_700_000_000_000_000_000 + minor * 10**15 + int(name.rpartition("-")[2]) * 10**12,
            changelog="What is new.\n" * 5,
        )


def serve(settings: Settings, plugins: int, listening: socket.socket) -> None:
    """In a process of its own."""
    import uvicorn

    from sniper_registry.service.web.app import application

    market = Marketplace(settings, WallClock(), Stock(plugins))
    uvicorn.Server(uvicorn.Config(application(market), log_level="error", lifespan="off")).run(sockets=[listening])


def figures(*, quick: bool = False) -> list[Figure]:
    """All of them."""
    plugins, count = (50, 40) if quick else (1_250, 2_000)
    with tempfile.TemporaryDirectory() as name, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(origin=f"http://{address}", directory=Path(name, "market"), repository=Path(name, "none"))
        market = Marketplace(settings, WallClock(), Stock(plugins))
        began = perf_counter()
        releases = market.rebuild()
        found = [Figure(f"fill the catalogue with {releases:,} releases", perf_counter() - began, "s")]
        market.close()
        process = get_context("spawn").Process(target=serve, args=(settings, plugins, listening), daemon=True)
        process.start()
        try:
            return found + _pages(address, Stock(plugins).names(), count)
        finally:
            process.terminate()
            process.join()


def _pages(address: str, names: tuple[str, ...], count: int) -> list[Figure]:
    chance, found = random.Random(11), []
    paths = {
        "home": lambda: f"/?page={chance.randint(1, 20)}",
        "a plugin": lambda: f"/plugins/{chance.choice(names)}",
        "a search": lambda: f"/?q={chance.choice(WORDS)}+trades",
    }
    connection = http.client.HTTPConnection(address, timeout=60)
    weights = []
    for page, path in paths.items():
        took, weight = [], 0
        with collected():
            for number in range(-20, count):
                asked = path()
                began = perf_counter_ns()
                connection.request("GET", asked)
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 200, asked
                if number >= 0:
                    took.append(perf_counter_ns() - began)
                weight = max(weight, len(body))
        found += spread(f"page of {page}", took)
        weights.append(Figure(f"page of {page}, at most", weight / 1000, "kB"))
    connection.close()
    return found + weights
