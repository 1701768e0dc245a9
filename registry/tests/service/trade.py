"""Publishers and reviewers of a served marketplace, at their own machines."""

from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result
from securesystemslib.signer import Signer

from sniper_registry.repository import keys
from sniper_registry.repository.submission import Submission, described, prepared
from sniper_registry.service.accounts import Who
from sniper_registry.service.clock import SECOND
from sniper_registry.service.commands.publisher import prove, submit
from sniper_registry.service.marketplace import Marketplace
from sniper_registry.service.uploads import Shown
from sniper_registry.wheel import read

from .conftest import HERE, HandClock
from .served import Browser
from .test_account_pages import Publisher

NAME = "sniper-strategy-tortoise"


@dataclass
class Trade:
    """A served marketplace over a repository of its own."""

    market: Marketplace
    clock: HandClock
    folder: Path

    @property
    def origin(self) -> str:
        return self.market.settings.origin

    def browser(self) -> Browser:
        return Browser(self.origin)

    def reviewer(self, name: str = "rita") -> Publisher:
        """A browser in which a reviewer is signed in."""
        browser = Publisher(self, name).enrolled()
        self.market.accounts.grant(name, "reviewer", by="test")
        return browser

    def publisher(self, name: str) -> "Author":
        browser = Publisher(self, name).enrolled()
        author = Author(self, name, browser, self.folder / f"{name}.key", self.folder / f"{name}.token")
        keys.create(author.key, None)
        author.register(author.key)
        who = author.who
        token = self.market.credentials.new_token(who, "ci", "", 30, browser.code(), HERE)
        author.token.touch(mode=0o600)
        author.token.write_text(token)
        return author


@dataclass
class Author:
    """A publisher at their own machine."""

    trade: Trade
    name: str
    browser: Publisher
    key: Path
    token: Path

    @property
    def who(self) -> Who:
        return self.trade.market.accounts.demand(self.browser.cookie.partition("=")[2])

    @property
    def signer(self) -> Signer:
        return keys.load(self.key, None)

    def register(self, key: Path) -> None:
        """As the page tells to."""
        credentials, public = self.trade.market.credentials, keys.public_text(keys.public_of(key))
        challenge = credentials.challenge(self.who, public)
        proof = CliRunner().invoke(prove, [str(key), challenge]).output.strip()
        credentials.add_key(self.who, public, key.name, challenge, proof, self.browser.code(), HERE)

    def submit(self, made: Path, *more: str) -> Result:
        """The command."""
        lock = self.trade.folder / "lock.txt"
        lock.touch()
        options = ["--service", self.trade.origin, "--publisher", self.name, "--key", str(self.key)]
        options += ["--token-file", str(self.token), "--lock", str(lock)]
        return CliRunner().invoke(submit, [str(made), *options, *more])

    def submission(self, made: Path, signer: Signer | None = None, publisher: str = "") -> Submission:
        """What the command would send."""
        found, now = read(made), self.trade.clock.at
        release = described(found, publisher=publisher or self.name, requires=(), published_at=now, changelog="New.")
        role = self.trade.market.repository.view().held(f"publisher.{self.name}")
        return prepared(role, found, release, [signer or self.signer], now / SECOND)

    def send(self, made: Path, signer: Signer | None = None) -> Shown:
        found = self.submission(made, signer)
        return self.trade.market.uploads.receive(self.who, read(made).name, found)


def operator() -> Who:
    return Who(0, "operator", "reviewer", strong=True, enrolled=True)
