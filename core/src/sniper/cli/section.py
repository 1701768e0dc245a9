"""What commands tell in words: titles, and lines under them."""

from dataclasses import dataclass, field

GOOD, BAD, WARN, PALE, PLAIN = "green", "red", "yellow", "dim", ""


@dataclass(frozen=True)
class Line:
    """``depth``: how far it is indented. ``style``: of rich."""

    text: str
    style: str = PLAIN
    depth: int = 1


@dataclass
class Section:
    """A title and what is told under it."""

    title: str
    lines: list[Line] = field(default_factory=list)
