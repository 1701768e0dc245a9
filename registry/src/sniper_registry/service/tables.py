"""The tables, the same on SQLite and PostgreSQL.

Times are `int` nanoseconds UTC. Text that is sorted or searched by ranges compares by code point on both databases.
Tables under "what the catalogue shows" hold nothing that the signed repository does not say, and are filled from it;
all others are the service's own.
"""

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_Plain = String().with_variant(String(collation="C"), "postgresql")
_Id = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by itself only in an INTEGER column


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map = {int: BigInteger, str: _Plain, bytes: LargeBinary}


# Accounts


class Account(Base):
    """A publisher or reviewer. ``totp``: the secret, encrypted; ``totp_step``: the newest time step whose code was
    taken, so that no code counts twice. ``role``: ``publisher`` or ``reviewer``. ``skeleton``: what names that look
    alike have in common."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    skeleton: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]
    role: Mapped[str] = mapped_column(default="publisher")
    created_at: Mapped[int]
    totp: Mapped[bytes | None] = mapped_column(default=None)
    totp_confirmed: Mapped[bool] = mapped_column(default=False)
    totp_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """A code that replaces the second factor once; only its hash is kept."""

    __tablename__ = "recovery_code"
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    digest: Mapped[str]
    used_at: Mapped[int] = mapped_column(default=0)


class Login(Base):
    """A browser that is signed in. ``strong``: with the second factor, too."""

    __tablename__ = "login"
    digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[int]
    seen_at: Mapped[int]
    strong: Mapped[bool] = mapped_column(default=False)


class Token(Base):
    """A token for uploads: shown once, kept as a hash. ``only``: the distribution it is good for; empty: for all."""

    __tablename__ = "token"
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    label: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    only: Mapped[str]
    created_at: Mapped[int]
    expires_at: Mapped[int]
    used_at: Mapped[int] = mapped_column(default=0)
    revoked_at: Mapped[int] = mapped_column(default=0)


class PublicKey(Base):
    """A key that a publisher signs with: ``keyid`` and ``public`` as in TUF's metadata. The private half is never
    here. ``removed_at``: 0 while it counts."""

    __tablename__ = "public_key"
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    keyid: Mapped[str] = mapped_column(unique=True)
    public: Mapped[str] = mapped_column(Text)
    label: Mapped[str]
    added_at: Mapped[int]
    removed_at: Mapped[int] = mapped_column(default=0)


class Attempt(Base):
    """Something that is counted against a limit. ``who``: an account, or the keyed hash of an address."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_by", "limit", "who", "at"), Index("attempt_at", "at"))
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    limit: Mapped[str]
    who: Mapped[str]
    at: Mapped[int]


class AuditEntry(Base):
    """Who did what. Never changed, never deleted."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    at: Mapped[int]
    account: Mapped[str] = mapped_column(index=True)
    action: Mapped[str]
    detail: Mapped[str]


# Uploads and review


class Upload(Base):
    """A release on its way. ``state``: received, waiting, publishing; in the end published, refused, failed (it could
    not be published any more) or withdrawn. ``key``: where its files wait. ``wheel``: the file's name."""

    __tablename__ = "upload"
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    key: Mapped[str]
    wheel: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    received_at: Mapped[int]
    decided_at: Mapped[int] = mapped_column(default=0)
    decided_by: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(Text, default="")
    report: Mapped[str] = mapped_column(Text, default="")


class Check(Base):
    """What is run for an upload: ``step`` is conformance or results, ``state`` due, running, done or failed.

    until     When who runs it is taken for dead. ``tries``: how often somebody began.
    document  JSON: what came of it. ``recorded``: whether that is in the repository, beside the release.
    """

    __tablename__ = "upload_check"
    upload_id: Mapped[int] = mapped_column(ForeignKey("upload.id"), primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="due", index=True)
    until: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    document: Mapped[str] = mapped_column(Text, default="")
    recorded: Mapped[bool] = mapped_column(default=False)


# What the catalogue shows


class Plugin(Base):
    """A distribution, as its newest release describes it that is not revoked, else its newest.

    ``schemas``: the config schemas of its specs, as JSON; ``results``: what the registry recomputed, as JSON, or empty.
    """

    __tablename__ = "plugin"
    __table_args__ = (Index("plugin_newest", "published_at", "name"), Index("plugin_kind", "kind", "published_at"))
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    summary: Mapped[str] = mapped_column(Text)
    publisher: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    level: Mapped[str]
    licence: Mapped[str]
    paid: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[int]
    revoked: Mapped[bool] = mapped_column(default=False)
    readme: Mapped[str] = mapped_column(Text, default="")
    schemas: Mapped[str] = mapped_column(Text, default="{}")
    results: Mapped[str] = mapped_column(Text, default="")


class PluginRelease(Base):
    """One version. ``position``: 0 is the newest by version. ``permissions``, ``requires``: JSON lists. ``revoked``:
    the reason, empty where it is not; ``revoked_at``: 0 likewise."""

    __tablename__ = "plugin_release"
    __table_args__ = (UniqueConstraint("plugin_id", "version"),)
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    plugin_id: Mapped[int] = mapped_column(ForeignKey("plugin.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    version: Mapped[str]
    filename: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    publisher: Mapped[str]
    level: Mapped[str]
    licence: Mapped[str]
    permissions: Mapped[str] = mapped_column(Text)
    requires: Mapped[str] = mapped_column(Text)
    changelog: Mapped[str] = mapped_column(Text)
    published_at: Mapped[int]
    revoked: Mapped[str] = mapped_column(Text, default="")
    revoked_at: Mapped[int] = mapped_column(default=0)


class PluginChecked(Base):
    """What a review found out by running the release that a plugin's page is about, as JSON."""

    __tablename__ = "plugin_checked"
    plugin_id: Mapped[int] = mapped_column(ForeignKey("plugin.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[str] = mapped_column(Text)


class SearchTerm(Base):
    """A word by which a plugin is found, and how much it counts."""

    __tablename__ = "search_term"
    __table_args__ = (Index("search_term_word", "word", "plugin_id", "weight"),)
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    plugin_id: Mapped[int] = mapped_column(ForeignKey("plugin.id", ondelete="CASCADE"), index=True)
    word: Mapped[str]
    weight: Mapped[int]


# What users of the catalogue leave behind; by the distribution's name, so that it outlives a rebuild


class Download(Base):
    """How often a file was fetched on a day (days since 1970). No addresses."""

    __tablename__ = "download"
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int]


class Rating(Base):
    """Stars of one verified install. ``receipt``: the hash of the receipt that paid for it."""

    __tablename__ = "rating"
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    stars: Mapped[int]
    receipt: Mapped[str] = mapped_column(unique=True)
    at: Mapped[int]


class Report(Base):
    """Abuse that somebody reports. ``state``: open or closed."""

    __tablename__ = "report"
    id: Mapped[int] = mapped_column(_Id, primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    reason: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[int]
    state: Mapped[str] = mapped_column(default="open")
    closed_by: Mapped[str] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(Text, default="")
