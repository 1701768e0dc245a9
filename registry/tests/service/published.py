"""Releases to fill catalogues with, and a source that hands them out."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sniper.catalogue import Catalogue, config_model
from sniper.index import Release, Revocation
from sniper_registry.catalogue.source import Described

DAY = 86_400 * 10**9
T0 = 1_700_000_000 * 10**9


def release(
    name: str = "sniper-strategy-turtle",
    version: str = "1.0.0",
    *,
    publisher: str = "ada",
    summary: str = "Buys what breaks out of its channel",
    permissions: tuple[str, ...] = (),
    day: int = 0,
    changelog: str = "",
    licence: str = "Apache-2.0",
    level: str = "",
) -> Release:
    return Release(
        name=name,
        version=version,
        filename=f"{name.replace('-', '_')}-{version}-py3-none-any.whl",
        sha256=hashlib.sha256(f"{name} {version}".encode()).hexdigest(),
        size=12_345,
        publisher=publisher,
        kind=name.split("-")[1],
        summary=summary,
        licence=licence,
        permissions=permissions,
        requires=("numpy==2.3.4 --hash=sha256:aa",) if permissions else (),
        published_at=T0 + day * DAY,
        changelog=changelog,
        level=level,
    )


def ema_schema() -> dict[str, object]:
    catalogue = Catalogue.discover()
    return config_model(catalogue.load(catalogue.spec("strategy", "ema-cross"))).model_json_schema()


RESULTS = {
    "format": "sniper-results/1",
    "distribution": "sniper-strategy-turtle",
    "version": "1.1.0",
    "sha256": "ab" * 32,
    "strategy": "turtle",
    "markets": 1,
    "bars": 3000,
    "trials": 20,
    "folds": 4,
    "costs": {"maker_fee": "0.0002", "taker_fee": "0.0005", "latency_ms": 200, "cash": "10000"},
    "models": {
        "trends": {
            "seeds": ["1", "2"],
            "fills": [3, 4],
            "total": {"least": 0.1, "middle": 0.2, "most": 0.3, "known": 2},
            "max_drawdown": {"least": -0.3, "middle": -0.2, "most": -0.1, "known": 2},
            "sharpe": {"least": None, "middle": None, "most": None, "known": 0},
            "sharpe_at_least": {"least": None, "middle": None, "most": None, "known": 0},
        }
    },
}


class Shelf:
    """A source that holds what it is given."""

    def __init__(self, *releases: Release, revoked: tuple[Revocation, ...] = ()) -> None:
        self.held = list(releases)
        self.gone = revoked
        self.documents: dict[str, Described] = {}

    def written(self, repository: Path) -> Path:
        """The wheels where a repository has them. Their content is what `release` hashed."""
        for each in self.held:
            file = repository / "packages" / each.name / each.filename
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{each.name} {each.version}")
        return repository

    @contextmanager
    def reading(self) -> Iterator[Self]:
        yield self

    def names(self) -> tuple[str, ...]:
        return tuple(sorted({each.name for each in self.held}))

    def releases(self, name: str) -> tuple[Release, ...]:
        return tuple(each for each in self.held if each.name == name)

    def revoked(self) -> tuple[Revocation, ...]:
        return self.gone

    def described(self, release: Release) -> Described:
        return self.documents.get(release.name, Described())


def turtles() -> Shelf:
    """A small market: an update that asks for more, a revoked release, a pre-release, several kinds and publishers."""
    shelf = Shelf(
        release(version="1.0.0", changelog="The first."),
        release(
            version="1.1.0",
            day=3,
            permissions=("network:api.turtle.example", "secret:turtle-key"),
            changelog="Asks a server.\n<script>alert(1)</script>",
            level="gold",
        ),
        release(version="1.2.0rc1", day=5),
        release("sniper-risk-shell", "0.1.0", publisher="bob", summary="Denies tokens without a shell", day=4),
        release("sniper-risk-shell", "0.2.0", publisher="bob", summary="Denies tokens without a shell", day=6),
        release("sniper-amm-turtle-curve", "2.0.0", summary="A curve <b>as slow</b> as its name", day=1),
        release("sniper-exit-gone", "1.0.0", publisher="eve", summary="Steals", day=2),
        revoked=(
            Revocation(name="sniper-exit-gone", version="1.0.0", sha256="00", reason="it stole keys", at=T0 + 9 * DAY),
            Revocation(name="sniper-risk-shell", version="0.2.0", sha256="00", reason="wrong sign", at=T0 + 8 * DAY),
        ),
    )
    shelf.documents["sniper-strategy-turtle"] = Described(
        readme="# Turtle\n\nTrades channels & patience.", schemas={"strategy.ema-cross": ema_schema()}, results=RESULTS
    )
    return shelf
