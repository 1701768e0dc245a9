"""Lists of addresses: text, CSV or JSON, as the file's ending says, each with the day and the source that it is of.

* text: an address a line; ``#`` begins a comment, and ``# date: 2026-11-20`` and ``# source: …`` say what they say
* CSV: the same comment lines, then a header with a column ``address``
* JSON: ``{"date": "2026-11-20", "source": "…", "addresses": ["0x…"]}``

A line that is no address makes the whole list unusable: half of a list is not a list.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

import msgspec

_ADDRESS = re.compile(r"0[xX][0-9a-fA-F]{40}")
_STATED = re.compile(r"#\s*(date|source)\s*[:=]\s*(.+?)\s*", re.IGNORECASE)


class Listed(NamedTuple):
    """What a file says. ``addresses``: lower case; at least one."""

    date: date | None
    source: str
    addresses: frozenset[str]


def addresses(name: str, text: str) -> Listed:
    """Read a list. ``name``: of the file, whose ending says the format. Raises `ValueError` with a mistake's line."""
    found = _json(name, text) if name.lower().endswith(".json") else _lines(name, text)
    if not found.addresses:
        raise ValueError(f"{name} lists no address at all; was it cut off, or is it another file?")
    return found


def _lines(name: str, text: str) -> Listed:
    stated: dict[str, str] = {}
    rows: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        comment = _STATED.fullmatch(line.strip())
        if comment:
            stated.setdefault(comment[1].lower(), comment[2])
        elif line.strip() and not line.lstrip().startswith("#"):
            rows.append((number, line))
    entries = _csv(name, rows) if name.lower().endswith(".csv") else ((n, line.partition("#")[0]) for n, line in rows)
    return Listed(_date(name, stated.get("date")), stated.get("source", ""), _checked(name, entries))


def _csv(name: str, rows: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    if not rows:
        return
    header = [column.strip().lower() for column in next(csv.reader([rows[0][1]]))]
    if "address" not in header:
        raise ValueError(f"{name}:{rows[0][0]}: has no column called address, but {', '.join(header)}")
    place = header.index("address")
    for number, line in rows[1:]:
        cells = next(csv.reader([line]))
        yield number, cells[place] if place < len(cells) else ""


class _Document(msgspec.Struct):
    addresses: list[str]
    date: str | None = None
    source: str = ""


def _json(name: str, text: str) -> Listed:
    try:
        document = msgspec.json.decode(text, type=_Document)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f'{name}: is no JSON table with a list of "addresses": {error}') from None
    checked = _checked(name, enumerate(document.addresses, 1))
    return Listed(_date(name, document.date), document.source, checked)


def _checked(name: str, entries: Iterable[tuple[int, str]]) -> frozenset[str]:
    found = set()
    for number, text in entries:
        address = text.strip()
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"{name}:{number}: {address[:80]!r} is no address of an EVM chain; take such lines out")
        found.add(address.lower())
    return frozenset(found)


def _date(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name}: the date {text[:40]!r} is none; write it as 2026-11-20") from None
