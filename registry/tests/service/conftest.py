"""A marketplace of each test's own, on both databases."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pyotp
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright

from sniper_registry.repository.repository import Repository
from sniper_registry.service import passwords
from sniper_registry.service.accounts import Accounts, Who
from sniper_registry.service.clock import SECOND
from sniper_registry.service.credentials import Credentials
from sniper_registry.service.database import Database
from sniper_registry.service.limits import Limiter
from sniper_registry.service.marketplace import Marketplace, Settings
from sniper_registry.service.secret import Secret
from sniper_sdk.servers import PostgresServer, postgres_server

from .published import Shelf, turtles
from .served import Browser, free_port, serving

if TYPE_CHECKING:
    from .trade import Trade

HERE = "192.0.2.1"
PASSWORD = "correct horse battery"
ORIGIN = "http://127.0.0.1:8080"


class HandClock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.at = 1_700_000_000 * SECOND

    def now(self) -> int:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += int(seconds * SECOND)


@dataclass
class Desk:
    """What the tests of accounts work on."""

    clock: HandClock
    database: Database
    secret: Secret
    accounts: Accounts
    credentials: Credentials

    def code(self, seed: str) -> str:
        """The present code of an authenticator, which has not been used: time moves on for it."""
        self.clock.forward(30)
        return pyotp.TOTP(seed).at(self.clock.at // SECOND)

    def publisher(self, name: str) -> tuple[Who, str]:
        """A new account with a second factor, and the seed of that."""
        cookie = self.accounts.register(name, PASSWORD, f"address of {name}")
        seed, _ = self.accounts.propose_second_factor(self.accounts.demand(cookie))
        strong, _ = self.accounts.enrol(cookie, self.code(seed), HERE)
        return self.accounts.demand(strong), seed


@pytest.hookimpl(tryfirst=True)  # before what is marked is chosen
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL all tests run with the long ones, and those that are about databases always."""
    for item in items:
        params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if params.get("database") == "postgresql" and not item.get_closest_marker("databases"):
            item.add_marker(pytest.mark.long)


@pytest.fixture(autouse=True)
def cheap_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is made to be slow; the tests that are about that ask for ``dear_passwords``."""
    if "dear_passwords" not in request.fixturenames:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        monkeypatch.setattr(passwords, "_hasher", lambda: quick)


@pytest.fixture
def dear_passwords() -> None:
    """Passwords are hashed as in earnest."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture(scope="module")  # while it is there, no other test of this process can run an event loop
def chromium() -> Iterator[Chromium]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "there is no Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path}/service.sqlite")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with psycopg.connect(server.database, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS marketplace WITH (FORCE)")
            connection.execute("CREATE DATABASE marketplace")
        made = Database(f"postgresql+psycopg:///marketplace?host={server.directory}&user=postgres")
    yield made
    made.close()


@pytest.fixture
def desk(database: Database) -> Desk:
    clock, secret = HandClock(), Secret(b"s" * 32)
    accounts = Accounts(database, clock, secret, Limiter(clock, secret), "sniper")
    return Desk(clock, database, secret, accounts, Credentials(database, clock, secret, accounts, ORIGIN))


@dataclass
class Site:
    """A marketplace that is served."""

    market: Marketplace
    shelf: Shelf
    clock: HandClock

    @property
    def origin(self) -> str:
        return self.market.settings.origin

    def browser(self) -> Browser:
        return Browser(self.origin)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    """A marketplace with some plugins, on both databases."""
    with free_port() as listening:
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        shelf, clock = turtles(), HandClock()
        settings = Settings(
            origin=origin,
            directory=tmp_path / "market",
            database=database.engine.url.render_as_string(hide_password=False),
            repository=shelf.written(tmp_path / "repository"),
            receipt_work=8,
        )
        market = Marketplace(settings, clock, shelf)
        market.rebuild()
        with serving(market, listening):
            yield Site(market, shelf, clock)
        market.close()


@pytest.fixture
def trade(database: Database, tmp_path: Path, empty_repository: Path) -> "Iterator[Trade]":
    from .trade import Trade

    shutil.copytree(empty_repository, tmp_path / "world")
    with free_port() as listening:
        clock = HandClock()
        clock.at = time.time_ns()  # that of commands, which know no other
        settings = Settings(
            origin=f"http://127.0.0.1:{listening.getsockname()[1]}",
            directory=tmp_path / "service",
            repository=tmp_path / "world/repository",
            database=database.engine.url.render_as_string(hide_password=False),
        )
        market = Marketplace(settings, clock)
        with serving(market, listening):
            yield Trade(market, clock, tmp_path)
        market.close()


@pytest.fixture(scope="session")
def empty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    Repository(folder / "repository", clock=time.time).init()
    return folder
