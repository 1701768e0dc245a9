"""What a rule found: the unit of every judgement."""

from typing import Literal

from sniper.plugin import Frozen
from sniper.retry import Retry

Value = int | str | bool
Sure = Literal["measured", "confirmed", "inferred"]


class Finding(Frozen):
    """One rule, what was found and what was asked for: the unit of ``sniper why``.

    sure           How it is known: ``measured`` (read from the chain or computed from what was read), ``confirmed``
                   (found in code, or forecast, and carried out in a simulation), or ``inferred`` (from code or by a
                   model alone).
    evidence       What anyone can check: one pointer a line, such as ``"mint(address,uint256) 0x40c10f19, pc
                   0x1a2-0x1f0, guard slot 5"``.
    retry_after_s  When it fails: seconds after which the same intent may fare better, such as where a cooldown ends.
    retry          When it fails: the block, the event or the time with which it may (`sniper.retry`), where that says
                   more than seconds. With neither, it will not.
    """

    rule: str
    ok: bool
    found: Value
    limit: Value | None = None
    unit: str = ""
    note: str = ""
    severity: Literal["warn", "deny"] = "deny"
    retry_after_s: int | None = None
    sure: Sure = "measured"
    evidence: tuple[str, ...] = ()
    retry: Retry | None = None


def at_most(
    rule: str,
    found: int,
    limit: int,
    *,
    unit: str = "",
    note: str = "",
    retry_after_s: int | None = None,
    retry: Retry | None = None,
) -> Finding:
    """Deny when found > limit."""
    return Finding(
        rule=rule,
        ok=found <= limit,
        found=found,
        limit=limit,
        unit=unit,
        note=note,
        retry_after_s=retry_after_s,
        retry=retry if found > limit else None,
    )


def at_least(
    rule: str,
    found: int,
    limit: int,
    *,
    unit: str = "",
    note: str = "",
    retry_after_s: int | None = None,
    retry: Retry | None = None,
) -> Finding:
    """Deny when found < limit."""
    return Finding(
        rule=rule,
        ok=found >= limit,
        found=found,
        limit=limit,
        unit=unit,
        note=note,
        retry_after_s=retry_after_s,
        retry=retry if found < limit else None,
    )


def must(
    rule: str, holds: bool, *, note: str = "", retry_after_s: int | None = None, retry: Retry | None = None
) -> Finding:
    """Deny unless holds."""
    again = None if holds else retry
    return Finding(rule=rule, ok=holds, found=holds, note=note, retry_after_s=retry_after_s, retry=again)
