"""What `sniper plugins check-compat` tells of a wheel: a sound one, and one for each thing that can be wrong."""

import json
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from click.testing import CliRunner

from sniper.cli import exit_codes
from sniper.errors import PluginError
from sniper_sdk.compat.check import problems
from sniper_sdk.compat.command import check_compat
from sniper_sdk.compat.model import Api
from sniper_sdk.compat.reading import installed_api
from sniper_sdk.compat.stable import Deprecated
from sniper_sdk.compat.wheel import read_wheel
from sniper_sdk.templates.package import KINDS, package_files

API = installed_api()
PACKAGE = "sniper_risk_hours"
INFO = f"{PACKAGE}-0.1.0.dist-info"
CODE = f"{PACKAGE}/check.py"
IMPORT = "import sniper.types"
ASYNC = "    async def judge_roundtrip(self, intent, view): return\n"
SOUND: Mapping[str, str] = {
    f"{INFO}/METADATA": (
        "Metadata-Version: 2.4\nName: sniper-risk-hours\nVersion: 0.1.0\n"
        "Requires-Python: >=3.11\nRequires-Dist: sniper-core<0.2,>=0.1\nRequires-Dist: pydantic>=2\n"
    ),
    f"{INFO}/entry_points.txt": f"[sniper.plugins]\nrisk-hours = {PACKAGE}\n",
    f"{INFO}/RECORD": "",
    f"{PACKAGE}/__init__.py": (
        "from sniper import RiskCheckSpec, hookimpl\n\n\n@hookimpl\ndef sniper_risk_checks():\n"
        f'    return [RiskCheckSpec(name="hours", summary="Hours", factory="{PACKAGE}.check:Hours")]\n'
    ),
    CODE: (
        "import sniper.types\nfrom sniper import types\nfrom sniper.risk import Config, Entry, Findings, KillLevel\n"
        "from sniper.risk import RiskCheck, View, at_most\n\n\n"
        "class Hours(RiskCheck):\n    config: Config\n\n"
        "    def judge(self, intent: Entry, view: View) -> Findings:\n"
        '        yield at_most("hours", 1, 2, unit="h", note=str(KillLevel.FLATTEN))\n'
        '        yield at_most("days", sniper.types.DAY, types.SECOND)\n'
    ),
}


def wheel(root: Path, files: Mapping[str, str] = SOUND, name: str = f"{PACKAGE}-0.1.0-py3-none-any.whl") -> Path:
    file = root / name
    with ZipFile(file, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return file


def edited(root: Path, path: str, was: str, now: str) -> Path:
    assert was in SOUND[path]
    return wheel(root, {**SOUND, path: SOUND[path].replace(was, now)})


def told(file: Path, *deprecated: Deprecated, api: Api = API) -> list[tuple[str, str, str]]:
    return [(each.severity, each.code, each.place) for each in problems(read_wheel(file), api, deprecated)]


def test_a_sound_wheel_has_no_problems(tmp_path: Path) -> None:
    assert told(wheel(tmp_path)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_template_uses_nothing_but_the_api(tmp_path: Path, kind: str) -> None:
    files = package_files(kind, "mine")
    package = next(path.split("/")[1] for path in files if path.startswith("src/"))
    packed = {path.removeprefix("src/"): text for path, text in files.items() if path.startswith("src/")}
    points = f"[sniper.plugins]\nmine = {package}\n"
    metadata = "Name: x\nRequires-Dist: sniper-core<0.2,>=0.1\n"
    info = {f"{package}-0.1.0.dist-info/{name}": text for name, text in
            (("METADATA", metadata), ("entry_points.txt", points))}  # fmt: skip
    assert told(wheel(tmp_path, {**packed, **info}, f"{package}-0.1.0-py3-none-any.whl")) == []


@pytest.mark.parametrize(
    ("path", "was", "now", "found"),
    [
        ("METADATA", "Requires-Dist: sniper-core<0.2,>=0.1\n", "", ("error", "no-core", "METADATA")),
        ("METADATA", "<0.2,>=0.1", ">=0.7,<0.8", ("error", "core", "METADATA")),
        ("METADATA", "<0.2,>=0.1", ">=0.1", ("warning", "unbounded", "METADATA")),
        ("METADATA", ">=3.11", "<3", ("error", "python", "METADATA")),
        ("METADATA", ">=3.11", "newest", ("error", "python", "METADATA")),
        ("METADATA", "pydantic>=2", "pydantic>>2", ("error", "requirement", "METADATA")),
        ("entry_points.txt", "sniper.plugins", "console_scripts", ("error", "no-entry-point", "entry_points.txt")),
        ("entry_points.txt", f"= {PACKAGE}", "= elsewhere", ("error", "entry-point", "entry_points.txt")),
        ("__init__.py", "sniper_risk_checks", "sniper_risk_check", ("error", "hook", "__init__.py:5")),
        ("__init__.py", ":Hours", ":Hour", ("error", "factory", "__init__.py:6")),
        ("__init__.py", "check:Hours", "checks:Hours", ("error", "factory", "__init__.py:6")),
        ("__init__.py", "summary=", "summery=", ("error", "argument", "__init__.py:6")),
        ("__init__.py", "RiskCheckSpec", "RiskCheckSpecs", ("error", "internal", "__init__.py:1")),
        ("check.py", "RiskCheck, View, at_most", "RiskCheck, View, at_most, at_mos", ("error", "name", "check.py:4")),
        ("check.py", IMPORT, f"import sniper.kernel.book\n{IMPORT}", ("error", "internal", "check.py:1")),
        ("check.py", IMPORT, f"from sniper.kernel import book\n{IMPORT}", ("error", "internal", "check.py:1")),
        ("check.py", "types.SECOND", "types.SECONDS", ("error", "name", "check.py:12")),
        ("check.py", "sniper.types.DAY", "sniper.types.DAYS", ("error", "name", "check.py:12")),
        ("check.py", "KillLevel.FLATTEN", "KillLevel.FLAT", ("error", "member", "check.py:11")),
        ("check.py", "unit=", "units=", ("error", "argument", "check.py:11")),
        ("check.py", "1, 2, unit", "1, 2, 3, 4, unit", ("error", "argument", "check.py:11")),
        ("check.py", "intent: Entry, view: View)", "intent: Entry)", ("error", "override", "check.py:10")),
        ("check.py", "view: View)", "view: View, more: int)", ("error", "override", "check.py:10")),
        ("check.py", "    def judge", f"{ASYNC}    def judge", ("error", "override", "check.py:10")),
        ("check.py", "class Hours", "class Hours Hours", ("error", "syntax", "check.py")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, path: str, was: str, now: str, found: tuple[str, str, str]
) -> None:
    full = f"{INFO if path in ('METADATA', 'entry_points.txt') else PACKAGE}/{path}"
    severity, code, place = found
    place = f"{PACKAGE}/{place}" if place.partition(":")[0].endswith(".py") else place
    assert (severity, code, place) in told(edited(tmp_path, full, was, now))


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (IMPORT, f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import sniper.kernel.book\n{IMPORT}"),
        (IMPORT, f"try:\n    from sniper.risk import later\nexcept ImportError:\n    later = None\n{IMPORT}"),
        ("view: View)", "view: View, *rest: object, more: int = 0)"),
        ("1, 2, unit", "*(1, 2), unit"),
        ("    def judge", "    def own(self, anything): ...\n    def judge"),
    ],
)  # fmt: skip
def test_what_may_well_work_is_not_refused(tmp_path: Path, was: str, now: str) -> None:
    assert told(edited(tmp_path, CODE, was, now)) == []


def test_an_iterator_may_be_given_by_a_generator(tmp_path: Path) -> None:
    feed = (
        "from sniper.feed import Feed\n\nclass Hours(Feed):\n    async def events(self):\n        yield []\n"
        "    async def close(self): ...\n"
    )
    assert told(wheel(tmp_path, {**SOUND, CODE: feed})) == []
    returns = feed.replace("        yield []\n", "        return []\n")
    assert ("error", "override", f"{CODE}:4") in told(wheel(tmp_path, {**SOUND, CODE: returns}))


def test_internals_may_be_used_of_one_exact_version(tmp_path: Path) -> None:
    files = {
        **SOUND,
        f"{INFO}/METADATA": SOUND[f"{INFO}/METADATA"].replace("<0.2,>=0.1", f"=={API.version}"),
        CODE: f"import sniper.kernel.book\n{SOUND[CODE]}",
    }
    assert told(wheel(tmp_path, files)) == [("warning", "internal", f"{CODE}:1")]


def test_what_will_go_is_told_and_what_may_be_gone_is_an_error(tmp_path: Path) -> None:
    goes = Deprecated(name="sniper.finding.at_most", since="0.1.0", goes="0.2.0", instead="sniper.risk.no_more")
    member = Deprecated(name="sniper.risk.KillLevel.FLATTEN", since="0.1.0", goes="0.2.0", instead="FREEZE")
    file = wheel(tmp_path)
    assert told(file, goes) == [("warning", "deprecated", f"{CODE}:4")]
    assert told(file, member) == [("warning", "deprecated", f"{CODE}:11")]
    (late,) = (
        each for each in problems(read_wheel(file), Api("0.2.0", API.modules), (goes,)) if each.code == "deprecated"
    )
    assert late.severity == "error"
    assert "use sniper.risk.no_more" in late.message


def test_files_that_isolation_refuses_are_told(tmp_path: Path) -> None:
    files = {**SOUND, "evil.pth": "import os", "other/__init__.py": "", f"{PACKAGE}-0.1.0.data/scripts/run": "#!"}
    assert [(code, place) for _, code, place in told(wheel(tmp_path, files))] == [
        ("pth", "evil.pth"),
        ("outside", "other/__init__.py"),
        ("outside", f"{PACKAGE}-0.1.0.data/scripts/run"),
    ]


def test_what_an_older_core_lacks_is_told(tmp_path: Path) -> None:
    older = {
        name: {key: value for key, value in names.items() if key != "at_most"} for name, names in API.modules.items()
    }
    file = wheel(tmp_path)
    found = problems(read_wheel(file), Api("0.1.0", older))
    assert [(each.code, each.place) for each in found] == [("name", f"{CODE}:4")]


def test_nothing_of_it_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w').close()\n"
    told(
        wheel(
            tmp_path,
            {**SOUND, CODE: code + SOUND[CODE], f"{PACKAGE}/__init__.py": code + SOUND[f"{PACKAGE}/__init__.py"]},
        )
    )
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (f"{PACKAGE}.whl", "", "not called as a wheel"),
        (f"{PACKAGE}-0.1.0-py3-none-any.whl", "no zip", "cannot be read as a wheel"),
    ],
)
def test_what_is_no_wheel_is_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(PluginError, match=says):
        read_wheel(tmp_path / name)


def test_a_wheel_without_metadata_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="has no METADATA"):
        read_wheel(wheel(tmp_path, {CODE: ""}))


def test_a_wheel_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    file = tmp_path / f"{PACKAGE}-0.1.0-py3-none-any.whl"
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr(CODE, b" " * (65 << 20))
    assert file.stat().st_size < 1 << 20
    with pytest.raises(PluginError, match="more than 64 MiB"):
        read_wheel(file)


def test_the_command_tells_it_as_data_and_by_its_exit_code(tmp_path: Path) -> None:
    good = CliRunner().invoke(check_compat, [str(wheel(tmp_path)), "--json"])
    assert good.exit_code == 0
    assert json.loads(good.stdout) == {
        "distribution": "sniper-risk-hours", "version": "0.1.0", "core": API.version, "works": True, "problems": []
    }  # fmt: skip
    warned = str(edited(tmp_path, f"{INFO}/METADATA", "<0.2,>=0.1", ">=0.1"))
    assert CliRunner().invoke(check_compat, [warned]).exit_code == 0
    assert CliRunner().invoke(check_compat, [warned, "--strict"]).exit_code == exit_codes.FAILURE
    bad = CliRunner().invoke(check_compat, [str(edited(tmp_path, CODE, "unit=", "units="))])
    assert bad.exit_code == exit_codes.FAILURE
    assert f"{CODE}:11: sniper.risk.at_most takes no argument units; did you mean unit? [argument]" in bad.output
    assert "does not work with sniper-core" in bad.output


def test_a_version_that_is_not_kept_is_an_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(check_compat, [str(wheel(tmp_path)), "--against", "9.9"])
    assert isinstance(result.exception, PluginError)
