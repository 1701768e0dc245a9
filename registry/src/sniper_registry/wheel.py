"""What a wheel says of itself. Nothing in it is run or imported: the text is read."""

import ast
import configparser
import email.parser
import hashlib
import io
import lzma
import re
import struct
import zipfile
import zlib
from email.message import Message
from pathlib import Path
from typing import Final, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from sniper.catalogue import CONTRACTS, CORE, GROUP
from sniper.environments.licences import KEY_FILE
from sniper.errors import said
from sniper_registry.errors import PublishRefused
from sniper_registry.places import LONGEST_NOTE, LONGEST_WHEEL

UNPACKING: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
"""What `zipfile` raises of archives that are damaged, encrypted or of another kind."""
_LONGEST_UNPACKED: Final = 1 << 30
_MOST_FILES: Final = 20_000
_KEY: Final = re.compile(r"[0-9a-fA-F]{64}")


class Wheel(NamedTuple):
    """A plugin's wheel.

    metadata     The file METADATA, as PEP 658 serves it.
    permissions  All that its specs ask for, sorted.
    requires     Its own requirements without the core's.
    licence_key  By which its licences are verified, hex; empty: it is free.
    """

    filename: str
    content: bytes
    metadata: bytes
    name: str
    version: str
    kind: str
    summary: str
    licence: str
    requires_python: str
    permissions: tuple[str, ...]
    requires: tuple[str, ...]
    licence_key: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def read(file: Path) -> Wheel:
    """The wheel in ``file``. Raises `PublishRefused` where it is no wheel of a plugin or says too little of itself."""
    try:
        content = file.read_bytes() if file.stat().st_size <= LONGEST_WHEEL else b""
    except OSError as error:
        raise PublishRefused(f"{file} cannot be read: {error.strerror}") from error
    if not content:
        raise PublishRefused(
            f"{file} is empty or has more than {LONGEST_WHEEL >> 20} MiB; a release is one wheel below that"
        )
    return parse(file.name, content)


def parse(filename: str, content: bytes) -> Wheel:
    """The same of bytes in memory."""
    try:
        name, version, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise PublishRefused(
            f"{filename} is no name of a wheel: {said(error)}; build it with python -m build"
        ) from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _wheel(filename, content, archive, name, str(version))
    except PublishRefused:
        raise
    except UNPACKING as error:
        raise PublishRefused(f"{filename} is damaged: {said(error)}; build it anew") from error


def _wheel(filename: str, content: bytes, archive: zipfile.ZipFile, name: str, version: str) -> Wheel:
    files = archive.infolist()
    if len(files) > _MOST_FILES or sum(each.file_size for each in files) > _LONGEST_UNPACKED:
        raise PublishRefused(f"{filename} unpacks to more than {_MOST_FILES} files or {_LONGEST_UNPACKED >> 30} GiB")
    infos = {each.filename.split("/")[0] for each in files if each.filename.split("/")[0].endswith(".dist-info")}
    if len(infos) != 1:
        raise PublishRefused(f"{filename} holds {len(infos)} folders .dist-info instead of one; build it anew")
    info = infos.pop()
    metadata = _text(archive, f"{info}/METADATA")
    told = email.parser.BytesParser().parsebytes(metadata, headersonly=True)
    if (canonicalize_name(str(told["Name"])), str(told["Version"])) != (name, version):
        raise PublishRefused(f"{filename} says within that it is {told['Name']} {told['Version']}; build it anew")
    kind = _kind(name)
    requires = _requires(told, filename)
    if CORE not in {canonicalize_name(each.name) for each in requires}:
        raise PublishRefused(f"{name} does not require {CORE}; add '{CORE}>=0.1,<0.2' to its dependencies")
    points = _entry_points(_text(archive, f"{info}/entry_points.txt").decode())
    if len(points) != 1:
        raise PublishRefused(f"{name} has {len(points)} entry points in {GROUP}; a plugin has one")
    return Wheel(
        filename=filename,
        content=content,
        metadata=metadata,
        name=name,
        version=version,
        kind=kind,
        summary=_line(told, "Summary", name),
        licence=_line(told, "License-Expression", name),
        requires_python=str(told["Requires-Python"] or ""),
        permissions=_permissions(archive, points[0], name),
        requires=tuple(str(each) for each in requires if canonicalize_name(each.name) != CORE),
        licence_key=_licence_key(archive, name),
    )


def requires_python(metadata: bytes) -> str:
    """What Python a wheel's METADATA asks for; empty: any."""
    return str(email.parser.BytesParser().parsebytes(metadata, headersonly=True)["Requires-Python"] or "")


def _kind(name: str) -> str:
    parts = name.split("-")
    if len(parts) < 3 or parts[0] != "sniper" or parts[1] not in CONTRACTS:
        raise PublishRefused(
            f"{name} is no name of a plugin: call it sniper-<kind>-<name>; kinds: {', '.join(CONTRACTS)}"
        )
    return parts[1]


def _line(told: Message, field: str, name: str) -> str:
    line = str(told[field] or "").strip()
    if not line or len(line) > 200 or not line.isprintable():
        remedy = {"Summary": "description", "License-Expression": "license"}[field]
        raise PublishRefused(f"{name} has no {field} of one line; say it as {remedy} in its pyproject.toml")
    return line


def _requires(told: Message, filename: str) -> list[Requirement]:
    try:
        found = [Requirement(str(line)) for line in told.get_all("Requires-Dist", [])]
    except InvalidRequirement as error:
        raise PublishRefused(f"{filename} has a requirement that is none: {said(error)}") from error
    if remote := [each.name for each in found if each.url]:
        raise PublishRefused(f"{filename} requires {remote[0]} by an address; name a version of it instead")
    return [each for each in found if not _for_an_extra(each)]


def _for_an_extra(requirement: Requirement) -> bool:
    """Whether only who asks for an extra needs it. What is for other platforms is in a lock for all of them."""
    marker = requirement.marker
    return marker is not None and "extra" in str(marker) and not marker.evaluate({"extra": ""})


def _entry_points(text: str) -> list[str]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise PublishRefused(f"its entry_points.txt cannot be read: {said(error)}; build it anew") from error
    return list(parser[GROUP].values()) if parser.has_section(GROUP) else []


def _permissions(archive: zipfile.ZipFile, module: str, name: str) -> tuple[str, ...]:
    """What stands as ``permissions=`` in the module that returns the specs. It must be written there as it is: who
    reads it before installing runs nothing."""
    path = module.partition(":")[0].strip().replace(".", "/")
    names = set(archive.namelist())
    file = next((each for each in (f"{path}/__init__.py", f"{path}.py") if each in names), None)
    if file is None:
        raise PublishRefused(f"{name} has an entry point {module}, which is not in the wheel; build it anew")
    try:
        tree = ast.parse(_text(archive, file))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise PublishRefused(f"{file} of {name} is no Python: {said(error)}") from error
    found: set[str] = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for keyword in call.keywords:
            if keyword.arg == "permissions":
                found |= set(_literal(keyword.value, file))
            elif keyword.arg is None:
                raise PublishRefused(
                    f"{file}:{call.lineno} hands over ** arguments; write each argument of a spec by its name"
                )
    return tuple(sorted(found))


def _licence_key(archive: zipfile.ZipFile, name: str) -> str:
    """What stands in the file that a start looks for, in the plugin's package."""
    file = f"{name.replace('-', '_')}/{KEY_FILE}"
    if file not in archive.namelist():
        return ""
    key = _text(archive, file).decode(errors="replace").strip()
    if not _KEY.fullmatch(key):
        raise PublishRefused(f"{file} is no key of licences; write what sniper registry licence-key printed into it")
    return key


def _literal(value: ast.expr, file: str) -> tuple[str, ...]:
    try:
        found = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        found = None
    if isinstance(found, tuple | list) and all(isinstance(each, str) and each.isprintable() for each in found):
        return tuple(found)
    raise PublishRefused(f"{file}:{value.lineno} does not write its permissions out; write a tuple of texts")


def _text(archive: zipfile.ZipFile, path: str) -> bytes:
    try:
        info = archive.getinfo(path)
    except KeyError as error:
        raise PublishRefused(f"the wheel has no {path}; build it anew") from error
    if info.file_size > LONGEST_NOTE:
        raise PublishRefused(f"{path} has {info.file_size} bytes; {LONGEST_NOTE} are the most")
    return archive.read(info)
