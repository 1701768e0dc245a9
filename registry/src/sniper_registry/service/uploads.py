"""Releases on their way into the repository: received, reviewed by machine, decided by a person, published.

The service has no publisher's key: what arrives is signed as it will be published, and is published as it arrived.
"""

import json
import logging
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec
from packaging.version import Version
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import Key
from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from sniper.errors import said
from sniper.index import RegistryError, Release, ReleaseUnknown
from sniper_registry import names
from sniper_registry.errors import KeyUnusable, PublishRefused
from sniper_registry.places import is_wheel_of
from sniper_registry.repository.repository import LEVELS, Repository
from sniper_registry.repository.submission import Submission, described
from sniper_registry.repository.view import read_role
from sniper_registry.results.declared import ResultsError, from_wheel
from sniper_registry.review.archive import LARGEST_SOURCE
from sniper_registry.review.finding import Finding, Weight, ordered, refused
from sniper_registry.review.review import review
from sniper_registry.service import audit
from sniper_registry.service.accounts import Who
from sniper_registry.service.checks import CONFORMANCE, OPEN, RESULTS, Checks, Step
from sniper_registry.service.clock import SECOND, Clock
from sniper_registry.service.credentials import Credentials
from sniper_registry.service.database import Database
from sniper_registry.service.errors import Conflict, Forbidden, Invalid, Unknown
from sniper_registry.service.limits import Limiter
from sniper_registry.service.submissions import Staging
from sniper_registry.service.tables import Account, Upload
from sniper_registry.wheel import parse

_log = logging.getLogger(__name__)

UNDECIDED = ("received", "waiting", "publishing")


@dataclass(frozen=True)
class Shown:
    """An upload as pages show it. ``publisher``: the account's name, which is the publisher's."""

    id: int
    publisher: str
    name: str
    version: str
    sha256: str
    size: int
    state: str
    received_at: int
    decided_at: int
    decided_by: str
    note: str
    findings: tuple[Finding, ...]
    checks: tuple[Step, ...]

    def check(self, step: str) -> Step | None:
        """One of the steps that are run for it; None: it is none of its."""
        return next((each for each in self.checks if each.step == step), None)


class Uploads:
    """``published``: is told the name of each distribution that has a new release."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limiter: Limiter,
        credentials: Credentials,
        repository: Repository,
        staging: Staging,
        checks: Checks,
        published: Callable[[str], None],
    ) -> None:
        self._checks = checks
        self._database, self._clock, self._limiter = database, clock, limiter
        self._credentials, self._repository, self._staging = credentials, repository, staging
        self._published = published

    def receive(self, who: Who, distribution: str, submission: Submission, claim: bytes = b"") -> Shown:
        """Take an upload, and review it by machine. ``claim``: a level file, or nothing.

        Raises `Invalid`, `Forbidden`, `Conflict`, `TooManyAttempts`."""
        with self._database.writing() as session:
            self._limiter.take(session, "upload-account", who.name)
        try:
            wheel = parse(submission.filename, submission.wheel)
            release = msgspec.json.decode(submission.release, type=Release)
        except (RegistryError, msgspec.DecodeError, ValueError) as error:
            raise Invalid(f"this cannot be taken: {said(error)}") from None
        if not is_wheel_of(submission.filename, wheel.name, wheel.version):
            raise Invalid(f"{submission.filename[:200]!r} is no file name that a repository takes")
        if wheel.name != distribution:
            raise Invalid(f"this is a wheel of {wheel.name}, and was sent as {distribution}")
        if submission.publisher != who.name:
            raise Forbidden(f"you are {who.name}, and this is of {submission.publisher}")
        told = described(
            wheel,
            publisher=who.name,
            requires=release.requires,
            published_at=release.published_at,
            changelog=release.changelog,
        )
        if msgspec.json.encode(told) != submission.release:
            raise Invalid("the release is not described as its wheel says; make it anew with sniper registry submit")
        if abs(release.published_at - self._clock.now()) > 7 * 86_400 * SECOND:
            raise Invalid("the time of the release is more than a week away; is your clock right?")
        if not self._signing(who.id, submission):
            raise Forbidden("no key that you registered signed this; register it on your account page")
        self._demand_free(who.name, release)
        key = self._staging.put(submission, claim)
        now = self._clock.now()
        try:
            with self._database.writing() as session:
                # the account's row is locked, so that of two uploads at once one waits for the other
                session.scalar(select(Account).where(Account.id == who.id).with_for_update())
                waiting = select(Upload).where(Upload.account_id == who.id, Upload.state.in_(UNDECIDED))
                if (other := session.scalar(waiting)) is not None:
                    raise Conflict(
                        f"{other.name} {other.version} is undecided, and each release is signed on top of the one "
                        "before: wait for it, or withdraw it"
                    )
                upload = Upload(
                    account_id=who.id,
                    key=key,
                    name=release.name,
                    version=release.version,
                    wheel=submission.filename,
                    sha256=release.sha256,
                    size=release.size,
                    state="received",
                    received_at=now,
                )
                session.add(upload)
                session.flush()
                number = upload.id
                audit.note(session, now, who.name, f"uploaded {release.name} {release.version}", release.sha256)
        except BaseException:
            self._staging.drop(key)
            raise
        self._review(number, who.name)
        return self.shown(number)

    def resume(self) -> None:
        """Go on with what a killed process left: review what was received, see what became of what was published, and
        forget files that belong to nothing."""
        for number, name, state in self._rows("received", "publishing"):
            if state == "received":
                self._review(number, name)
            else:
                self._settle(number)
        for number, _, _ in self._rows("waiting"):  # of a service that ran nothing yet
            self._put_on_list(number)
        with self._database.reading() as session:
            keys = session.scalars(select(Upload.key).where(Upload.state.in_(UNDECIDED))).all()
        self._staging.sweep(keys)

    def queue(self) -> list[Shown]:
        """What waits for a person, oldest first."""
        return [self.shown(number) for number, _, _ in self._rows("waiting")]

    def of(self, who: Who, most: int = 20) -> list[Shown]:
        """The newest uploads of an account."""
        with self._database.reading() as session:
            numbers = session.scalars(
                select(Upload.id).where(Upload.account_id == who.id).order_by(Upload.id.desc()).limit(most)
            ).all()
        return [self.shown(number) for number in numbers]

    def shown(self, number: int) -> Shown:
        """One of them. Raises `Unknown`."""
        with self._database.reading() as session:
            found = session.execute(
                select(Upload, Account.name).join(Account, Account.id == Upload.account_id).where(Upload.id == number)
            ).one_or_none()
            if found is None:
                raise Unknown(f"there is no upload {number}")
            row, publisher = found
            return Shown(
                id=row.id,
                publisher=publisher,
                name=row.name,
                version=row.version,
                sha256=row.sha256,
                size=row.size,
                state=row.state,
                received_at=row.received_at,
                decided_at=row.decided_at,
                decided_by=row.decided_by,
                note=row.note,
                findings=tuple(Finding.of(each) for each in json.loads(row.report or "[]")),
                checks=self._checks.of(number),
            )

    def source(self, number: int) -> dict[str, str]:
        """The Python files of an upload that is undecided, for a reviewer to read. Raises `Unknown`."""
        with self._database.reading() as session:
            row = session.get(Upload, number)
            if row is None or row.state not in UNDECIDED:
                raise Unknown("the files of this upload are not kept")
            wheel = self._staging.wheel(row.key, row.wheel)
        with zipfile.ZipFile(wheel) as archive:
            return {
                each.filename: archive.read(each).decode(errors="replace")
                for each in archive.infolist()
                if each.filename.endswith(".py") and each.file_size <= LARGEST_SOURCE
            }

    def withdraw(self, who: Who, number: int) -> None:
        """Take back an upload of one's own. Raises `Unknown`, `Conflict`."""
        upload = self.shown(number)
        if upload.publisher != who.name:
            raise Unknown("you have no such upload")
        self._end(number, ("received", "waiting"), "withdrawn", who.name, "")

    def refuse(self, number: int, reviewer: Who, note: str) -> None:
        """Refuse an upload, with a reason that its publisher reads. Raises as `accept`."""
        self._demand_other(number, reviewer)
        if not note.strip():
            raise Invalid("say why: the publisher reads it", field="note")
        self._end(number, ("waiting",), "refused", reviewer.name, note.strip()[:2000])

    def accept(
        self,
        number: int,
        reviewer: Who,
        *,
        note: str = "",
        level: str = "",
        similar: bool = False,
        unchecked: bool = False,
    ) -> Shown:
        """Publish an upload as it was signed. A publisher who has published nothing yet is admitted.

        level      What the reviewer awards, having run the suites; empty: none.
        similar    Whether the reviewer allows a name that is like another one.
        unchecked  Whether they do without what is still to be run. Results are not waited for: they follow.

        Raises `Invalid`, `Forbidden`, `Unknown`, `Conflict` where it is decided or cannot be published any more.
        """
        self._demand_other(number, reviewer)
        if level not in LEVELS:
            raise Invalid(f"there is no level {level!r}", field="level")
        conformance = self.shown(number).check(CONFORMANCE)
        if not unchecked and (conformance is None or conformance.state in OPEN):
            raise Conflict(
                "its conformance was not run yet: wait for it (sniper registry work runs it), or accept it unchecked"
            )
        self._move(number, "waiting", "publishing", reviewer.name)
        with self._database.reading() as session:
            row = session.get_one(Upload, number)
            key, filename, account = row.key, row.wheel, session.get_one(Account, row.account_id)
            name, account_id = account.name, account.id
        try:
            submission = self._staging.get(key, name, filename)
            signing = self._signing(account_id, submission)
            if not signing:
                raise PublishRefused(f"the key that signed it is one of {name} no more")
            if name not in self._repository.publishers():
                self._repository.add_publisher(name, signing)
            release = self._repository.accept(submission, similar=similar)
        except (KeyUnusable, names.NameTooAlike) as error:  # nothing is wrong with the upload itself
            self._move(number, "publishing", "waiting", reviewer.name, note=said(error))
            raise Conflict(f"it waits on: {said(error)}") from None
        except PublishRefused as error:
            self._end(number, ("publishing",), "failed", reviewer.name, said(error))
            raise Conflict(f"it cannot be published: {said(error)}") from None
        except BaseException:
            self._settle(number)
            raise
        if level:
            self._repository.award(release.name, release.version, level)
        self._end(number, ("publishing",), "published", reviewer.name, note.strip()[:2000])
        self._published(release.name)
        self.record()
        return self.shown(number)

    def found(self, number: int, rule: str, findings: Iterable[Finding]) -> None:
        """Add what running a waiting upload brought to its report, once. What refuses ends it."""
        with self._database.writing() as session:
            row = session.get_one(Upload, number)
            if row.state != "waiting":
                return
            before = [Finding.of(each) for each in json.loads(row.report or "[]")]
            ran = [each for each in findings if each.rule == rule]
            kept = [each for each in before if each.rule != CONFORMANCE or rule != CONFORMANCE]
            report = ordered(tuple(dict.fromkeys([*kept, *ran])))
            row.report = json.dumps([each.plain() for each in report])
        if refused(ran):
            self._end(number, ("waiting",), "refused", "review", "the automated review refused it")

    def record(self) -> int:
        """Put on record, beside their releases, what was found of those that are published. Returns of how many steps.

        Raises as `Repository.award`; what is not on record is tried again the next time."""
        steps = self._checks.unpublished()
        for step in steps:
            results, checks = (step.document, None) if step.step == RESULTS else (None, step.document)
            try:
                self._repository.award(step.name, step.version, None, results, checks)
                self._published(step.name)
            except ReleaseUnknown:  # of a thief of a key, and gone
                pass
            self._checks.recorded(step)
        return len(steps)

    def _review(self, number: int, publisher: str) -> None:
        with self._database.reading() as session:
            row = session.get_one(Upload, number)
            key, filename = row.key, row.wheel
        submission = self._staging.get(key, publisher, filename)
        release = msgspec.json.decode(submission.release, type=Release)
        wheel, claim = self._staging.wheel(key, filename), self._staging.claim(key)
        before = self._before(release.name)
        try:
            found = list(review(wheel, release, before, claim))
        except Exception:  # whatever a stranger's files lead to must neither stop a start nor be reviewed for ever
            _log.exception("upload %d cannot be reviewed, and is refused", number)
            found = [Finding("unreadable", Weight.REFUSE, "the automated review cannot read it; ask the operator")]
        found += self._name(publisher, release.name)
        report = json.dumps([each.plain() for each in ordered(found)])
        now = self._clock.now()
        verdict = "refused" if refused(found) else "waiting"
        with self._database.writing() as session:
            row = session.get_one(Upload, number)
            if row.state != "received":  # withdrawn meanwhile
                return
            row.report, row.state = report, verdict
            if verdict == "refused":
                row.decided_at, row.decided_by, row.note = now, "review", "the automated review refused it"
                audit.note(session, now, publisher, f"{row.name} {row.version} was refused", "by the automated review")
        if verdict == "refused":
            self._staging.drop(key)
        else:
            self._put_on_list(number)

    def _put_on_list(self, number: int) -> None:
        """What is to be run for an upload that waits."""
        with self._database.writing() as session:
            row = session.get_one(Upload, number)
            try:
                from_wheel(self._staging.wheel(row.key, row.wheel))
                steps: tuple[str, ...] = (CONFORMANCE, RESULTS)
            except ResultsError:
                steps = (CONFORMANCE,)
            self._checks.due(session, number, steps)

    def _before(self, name: str) -> Release | None:
        try:
            releases = self._repository.releases(name)
        except ReleaseUnknown:
            return None
        bad = {(each.name, each.version) for each in self._repository.revoked()}
        good = [each for each in releases if (each.name, each.version) not in bad]
        return good[-1] if good else None

    def _name(self, publisher: str, name: str) -> list[Finding]:
        """What speaks against a name that is not the publisher's yet."""
        owners = self._repository.owners()
        if owners.get(name) == publisher:
            return []
        try:
            names.demand_free(name, publisher, owners)
        except names.NameTooAlike as error:
            return [Finding("name", Weight.LOOK, f"{said(error)}; whoever accepts it must allow that")]
        except PublishRefused as error:
            return [Finding("name", Weight.REFUSE, said(error))]
        return [Finding("name", Weight.NOTE, f"a new name, which becomes that of {publisher}")]

    def _demand_free(self, publisher: str, release: Release) -> None:
        """Raise `Conflict` for what can never be published."""
        owner = self._repository.owners().get(release.name)
        if owner is not None and owner != publisher:
            raise Conflict(f"{release.name} belongs to {owner}")
        if owner is not None:
            try:
                there = {Version(each.version) for each in self._repository.releases(release.name)}
            except ReleaseUnknown:
                there = set()
            if Version(release.version) in there:
                raise Conflict(f"{release.name} {release.version} is published, and a release never changes")

    def _signing(self, account: int, submission: Submission) -> list[Key]:
        """The account's keys that signed the submission."""
        try:
            metadata = read_role(submission.metadata)
        except ValueError as error:
            raise Invalid(f"its role cannot be read: {said(error)}") from None
        found = []
        for row in self._credentials.keys(account):
            key = Key.from_dict(row.keyid, json.loads(row.public))
            if (signature := metadata.signatures.get(row.keyid)) is not None:
                try:
                    key.verify_signature(signature, metadata.signed_bytes)
                except (UnverifiedSignatureError, VerificationError):
                    continue
                found.append(key)
        return found

    def _demand_other(self, number: int, reviewer: Who) -> None:
        """Raise `Forbidden` unless a reviewer decides on what is not their own."""
        if not reviewer.reviews:
            raise Forbidden("only reviewers decide")
        if self.shown(number).publisher == reviewer.name:
            raise Forbidden("nobody decides on uploads of their own")

    def _settle(self, number: int) -> None:
        """After a process was killed while it published: the repository says what became of it."""
        upload = self.shown(number)
        try:
            there = any(each.sha256 == upload.sha256 for each in self._repository.releases(upload.name))
        except ReleaseUnknown:
            there = False
        if there:
            self._end(number, ("publishing",), "published", upload.decided_by, upload.note)
            self._published(upload.name)
        else:
            self._move(number, "publishing", "waiting", upload.decided_by)

    def _move(self, number: int, old: str, new: str, by: str, note: str = "") -> None:
        """Raises `Conflict` where somebody else was faster."""
        with self._database.writing() as session:
            if not _moved(session, number, (old,), {"state": new, "decided_by": by, "note": note}):
                raise Conflict("it is decided already, or being published")

    def _end(self, number: int, old: tuple[str, ...], state: str, by: str, note: str) -> None:
        now = self._clock.now()
        with self._database.writing() as session:
            values = {"state": state, "decided_at": now, "decided_by": by, "note": note}
            if not _moved(session, number, old, values):
                raise Conflict("it is decided already, or being published")
            row = session.get_one(Upload, number)
            key, what = row.key, f"{row.name} {row.version}"
            audit.note(session, now, by, f"{what} was {state}", note)
        self._staging.drop(key)

    def _rows(self, *states: str) -> list[tuple[int, str, str]]:
        with self._database.reading() as session:
            found = session.execute(
                select(Upload.id, Account.name, Upload.state)
                .join(Account, Account.id == Upload.account_id)
                .where(Upload.state.in_(states))
                .order_by(Upload.id)
            )
            return [(number, name, state) for number, name, state in found]


def _moved(session: Session, number: int, old: tuple[str, ...], values: dict[str, object]) -> bool:
    """Whether the upload was in one of these states; of two who try, one."""
    result = session.execute(update(Upload).where(Upload.id == number, Upload.state.in_(old)).values(**values))
    assert isinstance(result, CursorResult)
    return bool(result.rowcount == 1)
