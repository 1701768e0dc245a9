"""The service put together: one object that the pages and commands work on."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sniper_registry.catalogue.rebuild import rebuild, renew
from sniper_registry.catalogue.source import RegistrySource, Source
from sniper_registry.repository.repository import Repository
from sniper_registry.service.accounts import Accounts
from sniper_registry.service.checks import Checks
from sniper_registry.service.clock import SECOND, Clock
from sniper_registry.service.community import Community
from sniper_registry.service.credentials import Credentials
from sniper_registry.service.database import Database
from sniper_registry.service.errors import Invalid
from sniper_registry.service.limits import Limiter
from sniper_registry.service.receipts import Receipts
from sniper_registry.service.reviewer import Reviewer
from sniper_registry.service.secret import Secret
from sniper_registry.service.shipping import PACKAGES
from sniper_registry.service.submissions import Staging
from sniper_registry.service.uploads import Uploads


@dataclass(frozen=True)
class Settings:
    """origin     Where browsers reach it, such as ``https://plugins.example``; no path.
    database   A URL of SQLAlchemy; empty: SQLite in the directory.
    directory  Of its own, not readable by others: the secret, uploads on their way.
    title      What the catalogue is called.
    receipt_work   Bits of work for a receipt: 22 take some seconds of a processor.
    receipt_age_s  How old a receipt must be to rate.
    repository     The signed repository's directory, which is served as it is under ``/repository``.
    keys           Where the operator's online keys lie; None: beside the repository.
    """

    origin: str
    directory: Path
    repository: Path
    database: str = ""
    title: str = "sniper plugins"
    keys: Path | None = None
    receipt_work: int = 22
    receipt_age_s: int = 3 * 86_400

    def __post_init__(self) -> None:
        parts = urlsplit(self.origin)
        if (
            parts.scheme not in ("http", "https")
            or not parts.netloc
            or f"{parts.scheme}://{parts.netloc}" != self.origin
        ):
            raise Invalid(f"the origin {self.origin!r} must be like https://plugins.example, without a path")

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https://")


class Marketplace:
    """Makes directory, secret and tables where they are missing. Raises `Unavailable`.

    source    What the catalogue is filled from; None: the repository.
    password  Of the operator's keys that are encrypted.
    """

    def __init__(
        self, settings: Settings, clock: Clock, source: Source | None = None, password: bytes | None = None
    ) -> None:
        settings.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.settings, self.clock = settings, clock
        self.secret = Secret.at(settings.directory / "secret")
        self.database = Database(settings.database or f"sqlite:///{settings.directory.absolute()}/service.sqlite")
        self.limiter = Limiter(clock, self.secret)
        self.accounts = Accounts(self.database, clock, self.secret, self.limiter, settings.title)
        self.receipts = Receipts(
            self.database, clock, self.secret, self.limiter, work=settings.receipt_work, age_s=settings.receipt_age_s
        )
        self.community = Community(self.database, clock, self.limiter, self.receipts)
        self.credentials = Credentials(self.database, clock, self.secret, self.accounts, settings.origin)
        self.repository = Repository(
            settings.repository, keys=settings.keys, password=password, clock=lambda: clock.now() / SECOND
        )
        self.source = source or RegistrySource(
            settings.repository, settings.directory / "trusted", lambda: clock.now() / SECOND
        )
        self.checks = Checks(self.database, clock)
        self.staging = Staging(settings.directory / "uploads")
        self.uploads = Uploads(
            self.database,
            clock,
            self.limiter,
            self.credentials,
            self.repository,
            self.staging,
            self.checks,
            self.renew,
        )

    def rebuild(self) -> int:
        """Fill the catalogue from the signed repository again. Returns the number of releases."""
        return rebuild(self.database, self.source)

    def renew(self, name: str) -> None:
        """The same for one distribution."""
        renew(self.database, self.source, name)

    def reviewer(self) -> Reviewer:
        """Who runs what a review runs."""
        return Reviewer(self.checks, self.uploads, self.staging, self.settings.repository / PACKAGES)

    def close(self) -> None:
        """Give back all connections."""
        self.database.close()
