"""What a review finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Weight(StrEnum):
    """REFUSE  The upload is refused at once, without a person.
    LOOK    A person must look there before anybody can install it.
    NOTE    Worth knowing; nothing speaks against it.
    """

    REFUSE = "refuse"
    LOOK = "look"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """``rule``: its stable name; ``text``: what and why; ``file``, ``line``: where; empty and 0: everywhere."""

    rule: str
    weight: Weight
    text: str
    file: str = ""
    line: int = 0

    def plain(self) -> dict[str, Any]:  # Any: JSON
        return {"rule": self.rule, "weight": self.weight.value, "text": self.text, "file": self.file, "line": self.line}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> "Finding":
        return cls(plain["rule"], Weight(plain["weight"]), plain["text"], plain["file"], plain["line"])


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The gravest first, then by place."""
    weights = list(Weight)
    return tuple(sorted(findings, key=lambda each: (weights.index(each.weight), each.file, each.line, each.rule)))


def refused(findings: Sequence[Finding]) -> bool:
    """Whether one of them refuses the upload."""
    return any(each.weight is Weight.REFUSE for each in findings)
