"""Static checks of the wheel itself: which files it may hold, and whether they are what its own list says.

No member is written to a disk; sizes are capped before anything is unpacked.
"""

import ast
import base64
import csv
import hashlib
import io
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from sniper.errors import said
from sniper_registry.review.finding import Finding, Weight
from sniper_registry.review.heuristics import findings
from sniper_registry.review.source import Source
from sniper_registry.wheel import UNPACKING

LARGEST_MEMBER: Final = 32 << 20
LARGEST_SOURCE: Final = 1 << 20
LARGEST_WHOLE: Final = 256 << 20
MOST_MEMBERS: Final = 5_000
_AT_START: Final = frozenset({"sitecustomize.py", "usercustomize.py", "setup.py", "conftest.py"})
_NATIVE: Final = re.compile(r"\.(so|pyd|dll|dylib|exe|bin|o|a|wasm)(\.\d+)*$", re.IGNORECASE)
_INFO_FILES: Final = frozenset(
    {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt", "INSTALLER", "REQUESTED"}
)


def reviewed(wheel: Path, permissions: tuple[str, ...]) -> Iterator[Finding]:
    """All findings about the wheel's files."""
    try:
        archive = zipfile.ZipFile(wheel)
    except UNPACKING as error:
        yield Finding("unreadable", Weight.REFUSE, f"the wheel cannot be opened: {error}")
        return
    with archive:
        members = archive.infolist()
        sound = True
        for finding in _shape(members):
            sound = sound and finding.weight is not Weight.REFUSE
            yield finding
        if not sound:  # what lies about its shape is not unpacked
            return
        yield from _layout(wheel, members)
        try:
            yield from _recorded(archive, members)
            for member in members:
                if member.filename.endswith(".py"):
                    yield from _source(archive, member, permissions)
        except (*UNPACKING, csv.Error) as error:
            yield Finding("unreadable", Weight.REFUSE, f"the wheel is damaged or encrypted: {said(error)}")


def _shape(members: list[zipfile.ZipInfo]) -> Iterator[Finding]:
    if len(members) > MOST_MEMBERS:
        yield Finding("too-much", Weight.REFUSE, f"the wheel has {len(members)} files; {MOST_MEMBERS} are the most")
    if sum(each.file_size for each in members) > LARGEST_WHOLE:
        yield Finding("too-much", Weight.REFUSE, f"the wheel unpacks to more than {LARGEST_WHOLE >> 20} MiB")
    seen: dict[str, str] = {}
    for each in members:
        path = PurePosixPath(each.filename)
        folded = unicodedata.normalize("NFKC", each.filename).casefold()
        if path.is_absolute() or ".." in path.parts or "\\" in each.filename or not each.filename.isprintable():
            yield Finding("path", Weight.REFUSE, "its path leads out of the wheel or cannot be read", each.filename)
        if folded in seen:
            yield Finding(
                "path", Weight.REFUSE, f"it is the same file as {seen[folded]} on some systems", each.filename
            )
        seen[folded] = each.filename
        mode = each.external_attr >> 16
        if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield Finding("path", Weight.REFUSE, "it is a link or a device, not a file", each.filename)
        if each.file_size > LARGEST_MEMBER:
            yield Finding("too-much", Weight.REFUSE, f"it has more than {LARGEST_MEMBER >> 20} MiB", each.filename)


def _layout(wheel: Path, members: list[zipfile.ZipInfo]) -> Iterator[Finding]:
    distribution, version = [*wheel.name.split("-"), ""][:2]
    package, info = distribution, f"{distribution}-{version}.dist-info"
    for each in members:
        if each.is_dir():
            continue
        top, _, rest = each.filename.partition("/")
        name = each.filename.rpartition("/")[2]
        if name.endswith(".pth") or name in _AT_START:
            yield Finding("at-start", Weight.REFUSE, "Python, or a tool, runs it without being asked to", each.filename)
        elif top.endswith(".data"):
            yield Finding("outside", Weight.REFUSE, "it would be installed outside of the package", each.filename)
        elif top == info:
            if rest not in _INFO_FILES and not rest.startswith("licenses/"):
                yield Finding("metadata", Weight.LOOK, "an unusual file among the metadata", each.filename)
        elif top != package:
            yield Finding("outside", Weight.REFUSE, f"it is not in the package {package}", each.filename)
        if _NATIVE.search(name):
            yield Finding(
                "binary", Weight.LOOK, "machine code: nobody can read it, and no rule here does", each.filename
            )
        elif name.endswith((".pyc", ".pyo")):
            yield Finding(
                "binary", Weight.REFUSE, "compiled Python runs in place of the source that is read", each.filename
            )


def _recorded(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Iterator[Finding]:
    """Whether RECORD lists each file with its hash, and nothing else."""
    record = next((each.filename for each in members if re.fullmatch(r"[^/]+\.dist-info/RECORD", each.filename)), None)
    if record is None:
        yield Finding("record", Weight.REFUSE, "the wheel has no RECORD; build it with python -m build")
        return
    text = archive.read(record).decode(errors="replace")
    listed = {row[0]: row[1] for row in csv.reader(io.StringIO(text)) if len(row) >= 2}
    files = {each.filename: each for each in members if not each.is_dir()}
    for name in sorted(listed.keys() ^ files.keys()):
        yield Finding("record", Weight.REFUSE, "it is in RECORD or in the wheel, but not in both", name)
    for name in sorted(listed.keys() & files.keys() - {record}):
        digest = base64.urlsafe_b64encode(hashlib.sha256(archive.read(files[name])).digest()).rstrip(b"=").decode()
        if listed[name] != f"sha256={digest}":
            yield Finding("record", Weight.REFUSE, "it is not the file that RECORD lists", name)


def _source(archive: zipfile.ZipFile, member: zipfile.ZipInfo, permissions: tuple[str, ...]) -> Iterator[Finding]:
    if member.file_size > LARGEST_SOURCE:
        yield Finding("unreadable", Weight.REFUSE, "a source of more than a MiB is read by nobody", member.filename)
        return
    try:
        text = archive.read(member).decode("utf-8")
        tree = ast.parse(text)
    except UnicodeDecodeError:  # Python would read another encoding by a comment, and show another text than is read
        yield Finding("unreadable", Weight.REFUSE, "it is not UTF-8", member.filename)
        return
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield Finding("unreadable", Weight.REFUSE, f"it is no Python that can be read: {error}", member.filename)
        return
    declared = re.search(r"coding[:=]\s*([-\w.]+)", "\n".join(text.splitlines()[:2]))
    if declared and declared[1].lower() not in ("utf-8", "utf8"):
        what = f"Python reads it as {declared[1]}, and people do not"
        yield Finding("unreadable", Weight.REFUSE, what, member.filename, 1)
    try:
        yield from findings(Source(member.filename, text, tree, permissions))
    except RecursionError:
        yield Finding("unreadable", Weight.REFUSE, "it is nested too deeply to be read", member.filename)
