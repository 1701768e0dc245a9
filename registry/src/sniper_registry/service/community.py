"""What traders leave behind: ratings, reports, and how often a wheel was fetched."""

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sniper_registry.service import audit
from sniper_registry.service.clock import DAY, Clock
from sniper_registry.service.database import Database
from sniper_registry.service.errors import Conflict, Invalid, TooManyAttempts, Unknown
from sniper_registry.service.limits import Limiter
from sniper_registry.service.receipts import Receipts
from sniper_registry.service.tables import Download, Plugin, PluginRelease, Rating, Report

REASONS = {
    "malware": "It does harm",
    "name": "Its name imitates another one",
    "licence": "It breaks a licence",
    "broken": "It does not work",
    "other": "Something else",
}
LONGEST_REPORT = 4000


class Community:
    """Each in a transaction of its own."""

    def __init__(self, database: Database, clock: Clock, limiter: Limiter, receipts: Receipts) -> None:
        self._database, self._clock, self._limiter, self._receipts = database, clock, limiter, receipts

    def rate(self, receipt: str, stars: int, address: str) -> str:
        """Give stars to the plugin of a receipt, or others than before. Returns its name.

        Raises `Invalid`, `Unknown`, `TooManyAttempts`."""
        if not 1 <= stars <= 5:
            raise Invalid("a rating has 1 to 5 stars", field="stars")
        paid = self._receipts.checked(receipt)
        now = self._clock.now()
        try:
            with self._database.writing() as session:
                self._limiter.take(session, "rate-address", address)
                _demand(session, paid.name, paid.version)
                rating = session.scalar(select(Rating).where(Rating.receipt == paid.digest))
                if rating is None:
                    session.add(Rating(name=paid.name, version=paid.version, stars=stars, receipt=paid.digest, at=now))
                else:
                    rating.stars, rating.at = stars, now
        except IntegrityError:
            raise Conflict("this receipt is rating at the same time; try again") from None
        return paid.name

    def report(self, name: str, version: str, reason: str, text: str, address: str) -> None:
        """Tell the reviewers of something. ``version``: empty for all.

        Raises `Invalid`, `Unknown`, `TooManyAttempts`."""
        if reason not in REASONS:
            raise Invalid("say what the report is about", field="reason")
        text = text.strip()
        if not 10 <= len(text) <= LONGEST_REPORT:
            raise Invalid(f"say what is wrong in 10 to {LONGEST_REPORT} characters", field="text")
        with self._database.writing() as session:
            _demand(session, name, version)
            self._limiter.take(session, "report-address", address)
            session.add(Report(name=name, version=version, reason=reason, text=text, at=self._clock.now()))

    def reports(self, state: str = "open") -> list[Report]:
        """Oldest first."""
        with self._database.reading() as session:
            return list(session.scalars(select(Report).where(Report.state == state).order_by(Report.id)))

    def close(self, number: int, by: str, answer: str) -> None:
        """End a report. Raises `Unknown`, `Invalid`."""
        if not answer.strip():
            raise Invalid("say what was done", field="answer")
        with self._database.writing() as session:
            report = session.get(Report, number)
            if report is None or report.state != "open":
                raise Unknown("there is no such open report")
            report.state, report.closed_by, report.answer = "closed", by, answer.strip()[:LONGEST_REPORT]
            audit.note(session, self._clock.now(), by, f"closed report {number}", f"of {report.name}")

    def fetched(self, name: str, filename: str, address: str) -> None:
        """Count a download: of an address one a day for each file. What is no release's is not counted."""
        day = self._clock.now() // DAY
        with self._database.writing() as session:
            version = session.scalar(
                select(PluginRelease.version)
                .join(Plugin, Plugin.id == PluginRelease.plugin_id)
                .where(Plugin.name == name, PluginRelease.filename == filename)
            )
            if version is None:
                return
            try:
                self._limiter.take(session, "download-address", address, f" {filename}")
            except TooManyAttempts:
                return
            key = (Download.name == name, Download.version == version, Download.day == day)
            if session.scalar(select(Download).where(*key)) is None:
                session.add(Download(name=name, version=version, day=day, count=0))
                session.flush()
            session.execute(update(Download).where(*key).values(count=Download.count + 1))


def _demand(session: Session, name: str, version: str) -> None:
    found = select(PluginRelease.id).join(Plugin, Plugin.id == PluginRelease.plugin_id).where(Plugin.name == name)
    if version:
        found = found.where(PluginRelease.version == version)
    if session.scalar(found.limit(1)) is None:
        raise Unknown(f"there is no {name} {version}".strip())
