"""Each thing that no plugin may bring is refused, with the reason, before anything is unpacked."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from small_wheels import NAME, sha256, wheel

from sniper_registry.installing import archive
from sniper_registry.installing.refused import WheelRefused
from sniper_registry.installing.wheel import inspect

PACKAGE = "sniper_strategy_breakout"
INFO = f"{PACKAGE}-1.0.dist-info"
ELF = b"\x7fELF\x02\x01\x01" + bytes(57)


def test_a_sound_wheel_is_read(tmp_path: Path) -> None:
    path = wheel(tmp_path, permissions=["network:api.acme.com"], requires=["sniper-core>=0.1", "numpy>=2"])
    found = inspect(path)
    assert (found.distribution, found.version, found.package) == (NAME, "1.0", PACKAGE)
    assert found.sha256 == sha256(path)
    assert found.modules == (PACKAGE,)
    assert found.requires == ("sniper-core>=0.1", "numpy>=2")
    assert (found.summary, found.licence, found.native) == ("Buys what rises", "MIT", False)
    assert f"{PACKAGE}/strategy.py" in found.files


def with_file(path: str, content: bytes | str = "x = 1\n") -> Callable[[Path], Path]:
    return lambda directory: wheel(directory, files={path: content})


def with_entry(name: str, mode: int = 0o100644, content: bytes = b"x = 1\n") -> Callable[[Path], Path]:
    """An entry of the archive itself, as no tool for wheels would write it."""

    def build(directory: Path) -> Path:
        path = wheel(directory)
        with zipfile.ZipFile(path, "a") as opened:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            opened.writestr(entry, content)
        return path

    return build


def broken_stream(directory: Path) -> Path:
    path, name = wheel(directory), f"{PACKAGE}/strategy.py"
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as opened:
        begins = opened.getinfo(name).header_offset + 30 + len(name)
    content[begins] = 0xFF  # a block of a type that there is not
    path.write_bytes(content)
    return path


def around(before: bytes, behind: bytes) -> Callable[[Path], Path]:
    def build(directory: Path) -> Path:
        path = wheel(directory)
        path.write_bytes(before + path.read_bytes() + behind)
        return path

    return build


def commented(directory: Path) -> Path:
    path = wheel(directory)
    with zipfile.ZipFile(path, "a") as opened:
        opened.comment = b"another archive could lie here"
    return path


def renamed_within(directory: Path) -> Path:
    """One name where the file lies, another one in the list at the end."""
    path = wheel(directory)
    content = path.read_bytes()
    path.write_bytes(content.replace(f"{PACKAGE}/strategy.py".encode(), f"{PACKAGE}/strategx.py".encode(), 1))
    return path


def with_metadata(text: str) -> Callable[[Path], Path]:
    return lambda directory: wheel(directory, metadata=text)


def with_entry_points(text: str) -> Callable[[Path], Path]:
    return lambda directory: wheel(directory, entry_points=text)


def patched(old: bytes, new: bytes) -> Callable[[Path], Path]:
    def build(directory: Path) -> Path:
        path = wheel(directory)
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new))
        return path

    return build


def overlapping(directory: Path) -> Path:
    """Many names for the same compressed bytes: the archive is small, and so is each file."""
    path = wheel(directory, files={f"{PACKAGE}/data.bin": bytes(range(256)) * 64})
    with zipfile.ZipFile(path, "a") as opened:
        shared = opened.getinfo(f"{PACKAGE}/data.bin")
        for number in range(50):
            again = zipfile.ZipInfo(f"{PACKAGE}/data{number}.bin")
            for attribute in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
                setattr(again, attribute, getattr(shared, attribute))
            opened.filelist.append(again)
            opened.NameToInfo[again.filename] = again
        opened._didModify = True  # type: ignore[attr-defined]  # so that the directory is written anew
    return path


GOOD = "Metadata-Version: 2.4\nName: sniper-strategy-breakout\nVersion: 1.0\n"
POINTS = f"[sniper.plugins]\nbreakout = {PACKAGE}\n"

ATTACKS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a .pth file beside the package": (with_file("run.pth", "import os\n"), r"run\.pth would be executed by every"),
    "a .pth file in the package": (with_file(f"{PACKAGE}/run.pth"), r"run\.pth would be executed"),
    "sitecustomize": (with_file("sitecustomize.py"), r"sitecustomize\.py lies outside of its package"),
    "a script": (with_file(f"{PACKAGE}-1.0.data/scripts/ls", "#!/bin/sh\n"), "is a script"),
    "data files": (with_file(f"{PACKAGE}-1.0.data/data/etc/passwd"), "for the directory 'data' of the installation"),
    "headers": (with_file(f"{PACKAGE}-1.0.data/headers/a.h"), "for the directory 'headers'"),
    "purelib by another way": (with_file(f"{PACKAGE}-1.0.data/purelib/os.py"), "for the directory 'purelib'"),
    "a second package": (with_file("acme/__init__.py"), r"acme/__init__\.py lies outside of its package"),
    "another plugin's package": (
        with_file("sniper_risk_limits/__init__.py"),
        "sniper_risk_limits/__init__.py lies outside of its package",
    ),
    "a module of the standard library": (
        with_file("json/__init__.py"),
        "take the place of json of the standard library",
    ),
    "a module of sniper": (with_file("sniper/strategy.py"), "take the place of sniper of sniper"),
    "a single module": (with_file("socket.py"), "take the place of socket of the standard library"),
    "compiled code alone": (with_file(f"{PACKAGE}/hidden.pyc", b"\x00"), "compiled; plugins bring sources"),
    "machine code in a pure wheel": (with_file(f"{PACKAGE}/fast.so", ELF), "is machine code, though the wheel says"),
    "machine code of another name": (with_file(f"{PACKAGE}/table.dat", ELF), "is machine code, though the wheel says"),
    "an installer's file": (with_file(f"{INFO}/direct_url.json", "{}"), "is not for a wheel to bring"),
    "path traversal": (with_entry("../../evil.py"), "leads out of the directory"),
    "path traversal inside of the package": (with_entry(f"{PACKAGE}/../../evil.py"), "leads out of the directory"),
    "an absolute path": (with_entry("/etc/cron.d/evil"), "leads out of the directory"),
    "a backslash": (with_entry(f"{PACKAGE}\\..\\evil.py"), "is no plain path"),
    "a drive": (with_entry("C:/evil.py"), "is no plain path"),
    "a control character": (with_entry(f"{PACKAGE}/a\x1b[2Jb.py"), "is no plain path"),
    "an empty part": (with_entry(f"{PACKAGE}//evil.py"), "leads out of the directory"),
    "a symbolic link": (with_entry(f"{PACKAGE}/keys", 0o120777, b"/root/.ssh"), "is a symbolic link"),
    "a device": (with_entry(f"{PACKAGE}/null", 0o020666), "is a special file"),
    "a name twice": (with_entry(f"{PACKAGE}/strategy.py"), "are one file on some disks"),
    "a name twice but for case": (with_entry(f"{PACKAGE}/Strategy.py"), "are one file on some disks"),
    "what RECORD does not list": (with_entry(f"{PACKAGE}/extra.py"), "is not listed in RECORD"),
    "a zip bomb": (with_file(f"{PACKAGE}/zeros.bin", bytes(8 << 20)), "unpacks to 8,388,608 bytes .* a zip bomb"),
    "overlapping files": (overlapping, "overlap within the archive: a zip bomb"),
    "bytes before the archive": (around(b"#!/bin/sh\n", b""), "holds bytes before or behind the archive"),
    "two archives in one file": (
        lambda directory: around(wheel(directory / "other", version="1.0").read_bytes(), b"")(directory),
        "holds bytes before or behind the archive",
    ),
    "bytes behind the archive": (commented, "holds bytes before or behind the archive"),
    "bytes behind its end": (around(b"", b"more"), "holds bytes before or behind the archive"),
    "two names for one file": (renamed_within, "is no sound zip file: File name in directory"),
    "a wrong hash": (
        lambda directory: wheel(directory, record={f"{PACKAGE}/strategy.py": f"{PACKAGE}/strategy.py,sha256=AAAA,"}),
        "is not the file that RECORD lists",
    ),
    "a weak hash": (
        lambda directory: wheel(directory, record={f"{PACKAGE}/strategy.py": f"{PACKAGE}/strategy.py,md5=AAAA,"}),
        "RECORD says no hash of",
    ),
    "no hash": (
        lambda directory: wheel(directory, record={f"{PACKAGE}/strategy.py": f"{PACKAGE}/strategy.py,,"}),
        "RECORD says no hash of",
    ),
    "a file that is not there": (
        lambda directory: wheel(directory, record={"x": f"{PACKAGE}/gone.py,sha256=AAAA,1"}),
        r"RECORD lists .*gone\.py, which is not in it",
    ),
    "another name in METADATA": (
        with_metadata(GOOD.replace("breakout", "other")),
        "METADATA in it is of sniper-strategy-other",
    ),
    "another version in METADATA": (with_metadata(GOOD.replace("1.0", "2.0")), "breakout 2.0, another release"),
    "two names in METADATA": (with_metadata(GOOD + "Name: sniper-strategy-other\n"), "says name in a way that cannot"),
    "another release's dist-info": (
        lambda directory: wheel(directory, filename=f"{PACKAGE}-2.0-py3-none-any.whl"),
        "is of another release than its file name",
    ),
    "two dist-infos": (with_file("sniper_risk_x-1.0.dist-info/METADATA"), "holds 2 .dist-info directories"),
    "a dependency from a place": (
        with_metadata(GOOD + "Requires-Dist: acme @ https://acme.example/acme.whl\n"),
        "requires acme from https://acme.example",
    ),
    "a command": (with_entry_points(POINTS + f"[console_scripts]\nls = {PACKAGE}:main\n"), r"brings scripts \(ls\)"),
    "an entry point of pytest": (
        with_entry_points(POINTS + f"[pytest11]\nx = {PACKAGE}\n"),
        "entry points for pytest11",
    ),
    "an entry point elsewhere": (with_entry_points("[sniper.plugins]\nx = os\n"), "'os' lies outside of its package"),
    "a driver elsewhere": (
        with_entry_points(POINTS + "[sniper.signers]\nkeystore = sniper_signer_keystore.signer:Signer\n"),
        "lies outside of its package",
    ),
    "no entry point": (
        with_entry_points("[sniper.signers]\nx = sniper_strategy_breakout.x:X\n"),
        "no entry point in sniper.plugins",
    ),
    "entry points that are none": (with_entry_points("nonsense"), "entry_points.txt cannot be read"),
    "a name of no kind": (lambda directory: wheel(directory, name="sniper-wallet-drainer"), "is no name of a plugin"),
    "the core's name": (lambda directory: wheel(directory, name="sniper-core"), "is no name of a plugin"),
    "a foreign name": (lambda directory: wheel(directory, name="numpy"), "is no name of a plugin"),
    "another Python": (lambda directory: wheel(directory, requires_python=">=4"), "needs Python >=4, and this is"),
    "another machine": (
        lambda directory: wheel(directory, tag="cp311-cp311-win_arm64", pure=False),
        "which this machine does not run",
    ),
    "tags that differ": (
        lambda directory: wheel(directory, filename=f"{PACKAGE}-1.0-py2.py3-none-any.whl"),
        "other tags than WHEEL",
    ),
    "a name that is no wheel's": (
        lambda directory: wheel(directory, filename="breakout.whl"),
        "no file name of a wheel",
    ),
    "a file that is no deflate stream": (broken_stream, "is no sound zip file"),
    "a RECORD that cannot be read": (
        lambda directory: wheel(directory, record={"x": "x" * 131_073}),
        "RECORD cannot be read: field larger than",
    ),
    "a damaged file": (patched(b"PK\x03\x04", b"PK\x03\x05"), "is no sound zip file"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")  # by zipfile, while the attack is written
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_no_plugin_may_bring_is_refused_with_the_reason(tmp_path: Path, attack: str) -> None:
    build, says = ATTACKS[attack]
    path = build(tmp_path)
    with pytest.raises(WheelRefused, match=says) as raised:
        inspect(path)
    assert path.name in str(raised.value)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", str(raised.value))


def test_machine_code_that_the_tags_name_is_read_and_said(tmp_path: Path) -> None:
    from packaging.tags import sys_tags

    tag = str(next(each for each in sys_tags() if each.platform != "any"))
    assert inspect(wheel(tmp_path, tag=tag, pure=False, files={f"{PACKAGE}/fast.so": ELF})).native


def test_more_files_or_bytes_than_a_plugin_needs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = wheel(tmp_path)
    monkeypatch.setattr(archive, "MOST_FILES", 5)
    with pytest.raises(WheelRefused, match="holds 6 files, more than 5"):
        inspect(path)
    monkeypatch.setattr(archive, "MOST_FILES", 6)
    monkeypatch.setattr(archive, "LARGEST", 100)
    with pytest.raises(WheelRefused, match="bytes unpacked, more than 100"):
        inspect(path)


def test_a_size_that_the_archive_does_not_keep_is_refused(tmp_path: Path) -> None:
    """The sizes that an archive names decide what is read, so a bomb cannot hide behind a small one."""
    path = wheel(tmp_path, files={f"{PACKAGE}/data.txt": "abc" * 1000})
    with zipfile.ZipFile(path) as opened:
        entry = opened.getinfo(f"{PACKAGE}/data.txt")
    content = bytearray(path.read_bytes())
    size = (3000).to_bytes(4, "little")
    for at in (entry.header_offset + 22, content.rindex(f"{PACKAGE}/data.txt".encode()) - 46 + 24):
        assert content[at : at + 4] == size
        content[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(WheelRefused, match="is no sound zip file: Bad CRC-32"):
        inspect(path)


def test_nothing_is_unpacked_on_the_way(tmp_path: Path) -> None:
    path = wheel(tmp_path / "wheels", files={f"{PACKAGE}/data.txt": "x"})
    inspect(path)
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == [path.name]
