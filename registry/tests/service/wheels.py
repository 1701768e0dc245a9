"""Wheels to review, made by hand so that they can be wrong."""

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from sniper.index import Release


def digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def wheel(
    directory: Path,
    name: str = "sniper-strategy-turtle",
    version: str = "1.0.0",
    files: Mapping[str, str | bytes] | None = None,
    *,
    permissions: tuple[str, ...] = (),
    readme: str = "Trades channels.",
    licence: str = "Apache-2.0",
    record: bool = True,
) -> Path:
    """A plugin's wheel. ``files``: by path, before or in place of those that it has anyway."""
    package = name.replace("-", "_")
    info = f"{package}-{version}.dist-info"
    kind = name.split("-")[1]
    apps = (
        "from sniper import StrategySpec, hookimpl\n\n\n@hookimpl\ndef sniper_strategies():\n"
        f'    return [StrategySpec(name="turtle", summary="Buys", factory="{package}.turtle:Turtle",'
        f" permissions={permissions!r})]\n"
    )
    members: dict[str, bytes] = {
        f"{package}/__init__.py": apps.encode(),
        f"{package}/{kind}.py": b'"""Nothing much."""\n',
        f"{info}/METADATA": (
            f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nSummary: Buys what breaks out\n"
            f"License-Expression: {licence}\nRequires-Python: >=3.11\nRequires-Dist: sniper-core<0.2,>=0.1\n"
            f"\n{readme}\n"
        ).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[sniper.plugins]\nturtle = {package}\n".encode(),
    }
    given = {path.format(package=package, info=info): data for path, data in (files or {}).items()}
    own = {path: data.encode() if isinstance(data, str) else data for path, data in given.items()}
    members = {**own, **members, **own}
    if record:
        lines = [f"{path},{digest(data)},{len(data)}\n" for path, data in members.items()]
        members[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"]).encode()
    made = directory / f"{package}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return made


def broken(made: Path, member: str) -> Path:
    """The same wheel with a member whose bytes are no deflate stream; everything else can be read."""
    data = bytearray(made.read_bytes())
    with zipfile.ZipFile(made) as archive:
        entry = archive.getinfo(member)
    begin = entry.header_offset + 30 + len(entry.filename.encode())
    data[begin] = 0xFF  # a block of a type that there is not
    made.write_bytes(data)
    return made


def described(
    made: Path, *, permissions: tuple[str, ...] = (), licence: str = "Apache-2.0", changelog: str = "First."
) -> Release:
    """Its release, as a publisher describes it."""
    package, version = made.name.split("-")[:2]
    data = made.read_bytes()
    name = package.replace("_", "-")
    return Release(
        name=name,
        version=version,
        filename=made.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        publisher="ada",
        kind=name.split("-")[1],
        summary="Buys what breaks out",
        licence=licence,
        permissions=permissions,
        requires=(),
        published_at=1_700_000_000 * 10**9,
        changelog=changelog,
    )
