"""What is run for an upload, and what came of it: taken by one process at a time, and again where that died."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from sniper_registry.service.clock import SECOND, Clock
from sniper_registry.service.database import Database
from sniper_registry.service.tables import Check, Upload

CONFORMANCE: Final = "conformance"
RESULTS: Final = "results"
LEASE_S: Final = 120
"""After so many seconds without a word a process that runs a step is taken for dead."""
MOST_TRIES: Final = 3
"""A step that takes its process along so often is given up."""
OPEN: Final = ("due", "running")
WANTED: Final = ("waiting", "publishing", "published")
"""States of uploads for which a step is worth running."""


@dataclass(frozen=True)
class Step:
    """``state``: due, running, done, or failed: there is nothing to show, and ``document`` says why."""

    upload: int
    name: str
    version: str
    sha256: str
    wheel: str
    key: str
    step: str
    state: str
    tries: int
    document: Mapping[str, Any]  # Any: JSON


class Checks:
    """The steps of all uploads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def due(self, session: Session, upload: int, steps: tuple[str, ...]) -> None:
        """Put steps of an upload on the list, where they are not on it."""
        there = set(session.scalars(select(Check.step).where(Check.upload_id == upload)))
        session.add_all(Check(upload_id=upload, step=step) for step in steps if step not in there)

    def of(self, upload: int) -> tuple[Step, ...]:
        """All steps of an upload, conformance first."""
        with self._database.reading() as session:
            return _steps(session, Check.upload_id == upload)

    def take(self) -> Step | None:
        """A step to run now, which no other process runs; conformance of any upload comes before results."""
        now = self._clock.now()
        free = or_(Check.state == "due", (Check.state == "running") & (Check.until < now))
        with self._database.writing() as session:
            for found in _steps(session, free & Upload.state.in_(WANTED)):
                row = (Check.upload_id == found.upload) & (Check.step == found.step)
                values = {"state": "running", "until": now + LEASE_S * SECOND, "tries": found.tries + 1}
                done = session.execute(update(Check).where(row, free).values(**values))
                if isinstance(done, CursorResult) and done.rowcount == 1:
                    return found
        return None

    def alive(self, step: Step) -> bool:
        """Say that it is still run. Whether it is still wanted."""
        with self._database.writing() as session:
            row = session.get_one(Check, (step.upload, step.step))
            row.until = self._clock.now() + LEASE_S * SECOND
            return session.get_one(Upload, step.upload).state in WANTED

    def back(self, step: Step) -> None:
        """Leave it to another process: this one was told to stop."""
        self._set(step, {"state": "due", "tries": step.tries})

    def end(self, step: Step, state: str, document: Mapping[str, Any]) -> None:
        """It is ``done`` or ``failed``."""
        self._set(step, {"state": state, "document": json.dumps(document, sort_keys=True)})

    def unpublished(self) -> tuple[Step, ...]:
        """What is done of uploads that are published, and not yet put on record beside their release."""
        with self._database.reading() as session:
            return _steps(session, (Check.state == "done") & ~Check.recorded & (Upload.state == "published"))

    def recorded(self, step: Step) -> None:
        """It is on record."""
        self._set(step, {"recorded": True})

    def computing(self, session: Session, name: str, version: str) -> bool:
        """Whether results of a published release are on their way."""
        wanted = (Upload.name == name) & (Upload.version == version) & (Upload.state == "published")
        return bool(_steps(session, wanted & (Check.step == RESULTS) & Check.state.in_(OPEN)))

    def _set(self, step: Step, values: dict[str, Any]) -> None:
        with self._database.writing() as session:
            row = (Check.upload_id == step.upload) & (Check.step == step.step)
            session.execute(update(Check).where(row).values(**values))


def _steps(session: Session, where: Any) -> tuple[Step, ...]:  # Any: an expression
    found = session.execute(
        select(Check, Upload).join(Upload, Upload.id == Check.upload_id).where(where).order_by(Check.step, Upload.id)
    )
    return tuple(
        Step(
            upload=upload.id,
            name=upload.name,
            version=upload.version,
            sha256=upload.sha256,
            wheel=upload.wheel,
            key=upload.key,
            step=row.step,
            state=row.state,
            tries=row.tries,
            document=json.loads(row.document or "{}"),
        )
        for row, upload in found
    )
