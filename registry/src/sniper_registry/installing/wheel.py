"""Inspect a wheel before anything of it is unpacked: it may hold one package, what describes it, and nothing else.

What is in it decides nothing of where it lands or what runs: no ``.pth`` file that every interpreter would execute, no
script, no file outside of its own package, no second name. Formats: PEP 427 (wheel), PEP 376 and 627 (RECORD), the core
metadata specification, PEP 621 (entry points).
"""

import configparser
import csv
import hashlib
import io
import re
import sys
from base64 import urlsafe_b64encode
from email.parser import Parser
from pathlib import Path
from typing import Any, Final

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from sniper.catalogue import CONTRACTS, DRIVERS, GROUP
from sniper.plugin import Frozen
from sniper_registry.installing.archive import Archive, File
from sniper_registry.installing.refused import WheelRefused

NAME: Final = re.compile(r"sniper-([a-z0-9]+)-[a-z0-9]+(-[a-z0-9]+)*")
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_INFO: Final = re.compile(
    r"METADATA|WHEEL|RECORD|entry_points\.txt|top_level\.txt|((LICEN[CS]E|COPYING|NOTICE|AUTHORS)[^/]*)"
    r"|licen[cs]es/.+|sboms/.+"
)
"""What may lie in the ``.dist-info`` directory. Not there: what only an installer writes (``direct_url.json``)."""
_NATIVE_NAME: Final = re.compile(r".*\.(so(\.\d+)*|pyd|dll|dylib|exe|a|o|lib)", re.IGNORECASE)
_NATIVE_BYTES: Final = (
    b"\x7fELF",
    b"MZ\x90\x00",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
_SCRIPTS: Final = ("console_scripts", "gui_scripts")
_DIGESTS: Final = ("sha256", "sha384", "sha512")


class Wheel(Frozen, kw_only=True, array_like=False):
    """What an inspected wheel is.

    path             Of the file; ``sha256`` and ``size`` are of the whole file.
    distribution     Normal name (PEP 503); ``package`` is the one top-level package that it brings.
    modules          What its entry points in ``sniper.plugins`` name.
    requires         Its ``Requires-Dist``, as written. ``requires_python``: a specifier, or empty.
    native           Whether it holds machine code, which its tags say.
    files            Hex SHA-256 by path in the archive.
    """

    path: str
    sha256: str
    size: int
    distribution: str
    version: str
    package: str
    modules: tuple[str, ...]
    requires: tuple[str, ...]
    requires_python: str
    summary: str
    licence: str
    native: bool
    files: dict[str, str]

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"

    @property
    def filename(self) -> str:
        return Path(self.path).name


def inspect(path: Path) -> Wheel:
    """Read a wheel without unpacking it. Raises `WheelRefused` with the reason."""
    return _Inspection(path).wheel()


class _Inspection:
    """One pass over a wheel; each step relies on those before it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        try:
            name, version, _, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename as error:
            raise self._refused(
                f"is no file name of a wheel ({error}); it must be NAME-VERSION-PYTHON-ABI-PLATFORM.whl"
            ) from error
        self.name, self.version, self.tags = str(name), version, tags
        self._named()
        self.archive = Archive(self.path)
        self.info = self._info()

    def wheel(self) -> Wheel:
        self._contents()
        self._record()
        native = self._native()
        metadata = self._metadata()
        requires_python = self._runs_here(metadata)
        with self.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Wheel(
            path=str(self.path),
            sha256=digest,
            size=self.path.stat().st_size,
            distribution=self.name,
            version=str(self.version),
            package=self.package,
            modules=self._modules(),
            requires=self._requires(metadata),
            requires_python=requires_python,
            summary=_one_line(metadata.get("summary", "")),
            licence=_one_line(metadata.get("license_expression") or metadata.get("license") or ""),
            native=native,
            files={name: file.sha256 for name, file in self.archive.files.items()},
        )

    @property
    def package(self) -> str:
        return self.name.replace("-", "_")

    def _refused(self, why: str) -> WheelRefused:
        return WheelRefused(f"{self.path.name}: {why}")

    def _named(self) -> None:
        match = NAME.fullmatch(self.name)
        if not match or match[1] not in CONTRACTS:
            raise self._refused(
                f"{self.name!r} is no name of a plugin; it must be sniper-<kind>-<name>, with one of the kinds "
                f"{', '.join(sorted(CONTRACTS))}"
            )

    def _info(self) -> str:
        found = sorted({name.partition("/")[0] for name in self.archive.files if ".dist-info/" in name})
        if len(found) != 1:
            raise self._refused(f"holds {len(found)} .dist-info directories ({', '.join(found)}), not one")
        name, _, version = found[0].removesuffix(".dist-info").rpartition("-")
        try:
            same = canonicalize_name(name) == self.name and Version(version) == self.version
        except InvalidVersion:
            same = False
        if not same:
            raise self._refused(f"{found[0]} in it is of another release than its file name")
        return found[0]

    def _contents(self) -> None:
        for name in self.archive.files:
            top, _, rest = name.partition("/")
            if name.endswith(".pth"):
                raise self._refused(f"{name} would be executed by every interpreter that starts; plugins bring no .pth")
            if top == self.info:
                if not _INFO.fullmatch(rest):
                    raise self._refused(f"{name} is not for a wheel to bring; installers write it, or nobody")
                continue
            if top.endswith(".data"):
                part = rest.partition("/")[0]
                what = "a script" if part == "scripts" else f"a file for the directory {part!r} of the installation"
                raise self._refused(f"{name} is {what}; plugins bring their package alone")
            module = top.partition(".")[0]
            if top != self.package and module in {*sys.stdlib_module_names, "sniper", "sniper_sdk", "sniper_registry"}:
                whose = "sniper" if module.startswith("sniper") else "the standard library"
                raise self._refused(f"{name} would take the place of {module} of {whose}")
            if top != self.package or not rest:
                raise self._refused(f"{name} lies outside of its package {self.package}; keep everything inside")
            if name.endswith((".pyc", ".pyo")):
                raise self._refused(f"{name} is compiled; plugins bring sources, which can be read")
        if f"{self.package}/__init__.py" not in self.archive.files:
            raise self._refused(
                f"there is no {self.package}/__init__.py in it; the package is named as the distribution"
            )

    def _record(self) -> None:
        rows: dict[str, tuple[str, str]] = {}
        try:
            lines = list(csv.reader(io.StringIO(self._text("RECORD"))))
        except csv.Error as error:
            raise self._refused(f"RECORD cannot be read: {error}") from error
        for row in lines:
            if len(row) != 3:
                raise self._refused(f"RECORD has a line that is no path, hash and size: {row!r}")
            if rows.setdefault(row[0], (row[1], row[2])) != (row[1], row[2]):
                raise self._refused(f"RECORD lists {row[0]} twice")
        own = f"{self.info}/RECORD"
        if stray := sorted(rows.keys() - self.archive.files.keys()):
            raise self._refused(f"RECORD lists {stray[0]}, which is not in it")
        for name, file in self.archive.files.items():
            if name == own:
                continue
            if name not in rows:
                raise self._refused(f"{name} is not listed in RECORD")
            self._recorded(name, file, *rows[name])

    def _recorded(self, name: str, file: File, said: str, size: str) -> None:
        algorithm, _, value = said.partition("=")
        if algorithm not in _DIGESTS:
            raise self._refused(f"RECORD says no hash of {name} by {', '.join(_DIGESTS)}")
        found = bytes.fromhex(file.sha256)
        if algorithm != "sha256":
            found = hashlib.new(algorithm, self.archive.read(name, file.size)).digest()
        if urlsafe_b64encode(found).rstrip(b"=").decode() != value.rstrip("="):
            raise self._refused(f"{name} is not the file that RECORD lists: the hash differs")
        if size and size != str(file.size):
            raise self._refused(f"{name} has {file.size} bytes and RECORD says {size}")

    def _native(self) -> bool:
        """Whether there is machine code, and the tags say so."""
        about = Parser().parsestr(self._text("WHEEL"))
        if not str(about.get("Wheel-Version", "")).startswith("1."):
            raise self._refused(f"its wheel version is {about.get('Wheel-Version')!r}; this sniper reads 1")
        said = {str(tag) for tag in about.get_all("Tag", [])}
        if said != {str(tag) for tag in self.tags}:
            raise self._refused(f"its file name has other tags than WHEEL in it, which says {', '.join(sorted(said))}")
        pure = str(about.get("Root-Is-Purelib", "")).strip().lower() == "true"
        found = [
            name
            for name, file in self.archive.files.items()
            if _NATIVE_NAME.fullmatch(name) or file.begins.startswith(_NATIVE_BYTES)
        ]
        if found and (pure or any(tag.platform == "any" for tag in self.tags)):
            raise self._refused(
                f"{found[0]} is machine code, though the wheel says that it has none (pure, any platform)"
            )
        return bool(found)

    def _metadata(self) -> RawMetadata:
        raw, rest = parse_email(self._text("METADATA"))
        if bad := sorted({"name", "version", "requires-dist", "requires-python"} & rest.keys()):
            raise self._refused(f"METADATA says {bad[0]} in a way that cannot be read, or twice")
        name, version = raw.get("name", ""), raw.get("version", "")
        try:
            same = canonicalize_name(name) == self.name and Version(version) == self.version
        except InvalidVersion:
            same = False
        if not same:
            raise self._refused(f"METADATA in it is of {name} {version}, another release than its file name")
        return raw

    def _runs_here(self, metadata: RawMetadata) -> str:
        if not self.tags & set(sys_tags()):
            raise self._refused(
                f"was built for {', '.join(sorted(map(str, self.tags)))}, which this machine does not run"
            )
        requires = metadata.get("requires_python", "")
        version = ".".join(map(str, sys.version_info[:3]))
        try:
            fits = SpecifierSet(requires).contains(version, prereleases=True)
        except InvalidSpecifier as error:
            raise self._refused(f"METADATA asks for Python {requires!r}, which is no specifier") from error
        if not fits:
            raise self._refused(f"needs Python {requires}, and this is {version}")
        return requires

    def _requires(self, metadata: RawMetadata) -> tuple[str, ...]:
        lines = tuple(metadata.get("requires_dist", ()))
        for line in lines:
            try:
                requirement = Requirement(line)
            except InvalidRequirement as error:
                raise self._refused(f"METADATA requires {line!r}, which cannot be read") from error
            if requirement.url:
                raise self._refused(
                    f"it requires {requirement.name} from {requirement.url}; name a version, not a place"
                )
        return lines

    def _modules(self) -> tuple[str, ...]:
        name = f"{self.info}/entry_points.txt"
        if name not in self.archive.files:
            raise self._refused(f"it has no entry point in {GROUP}, so it is no plugin")
        read = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=True)
        read.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
        try:
            read.read_string(self._text("entry_points.txt"))
        except configparser.Error as error:
            raise self._refused(f"entry_points.txt cannot be read: {error}") from error
        allowed = {GROUP, *DRIVERS.values()}
        for group in (*read.sections(), *(["DEFAULT"] if read.defaults() else [])):
            if group in _SCRIPTS:
                raise self._refused(f"it brings scripts ({', '.join(read[group])}); a command is an app of sniper")
            if group not in allowed:
                raise self._refused(f"it has entry points for {group}, which is not sniper's")
            for target in read[group].values():
                module = target.partition(":")[0].strip()
                if not _MODULE.fullmatch(module) or module.partition(".")[0] != self.package:
                    raise self._refused(f"its entry point {target!r} lies outside of its package {self.package}")
        modules = tuple(dict.fromkeys(read[GROUP].values())) if read.has_section(GROUP) else ()
        if not modules or any(":" in module for module in modules):
            raise self._refused(f"it has no entry point in {GROUP} that names a module, so it is no plugin")
        return modules

    def _text(self, name: str) -> str:
        try:
            return self.archive.read(f"{self.info}/{name}").decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._refused(f"{name} is not UTF-8 at byte {error.start}") from error


def _one_line(text: Any) -> str:
    """What is shown to the trader holds no control characters. Any: what METADATA gave."""
    return "".join(each if each.isprintable() else " " for each in str(text)).strip()[:200]
