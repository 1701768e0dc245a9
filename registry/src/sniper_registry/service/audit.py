"""The audit log: who did what, and when."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sniper_registry.service.tables import AuditEntry


def note(session: Session, at: int, account: str, action: str, detail: str = "") -> None:
    """Write one entry. ``detail`` never holds a secret."""
    session.add(AuditEntry(at=at, account=account, action=action, detail=detail))


def entries(session: Session, account: str, most: int = 100) -> list[AuditEntry]:
    """The newest entries of an account, newest first."""
    found = select(AuditEntry).where(AuditEntry.account == account).order_by(AuditEntry.id.desc()).limit(most)
    return list(session.scalars(found))
