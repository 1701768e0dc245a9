"""The commands, as operator, publisher and trader type them one after the other."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sniper.cli.root import root
from sniper.errors import SniperError
from sniper_sdk.conformance.index import plugin_wheel
from sniper_sdk.levels.statement import contents_of_wheel

DUSK = "sniper-exit-dusk"


class Shell:
    """Types commands in one directory, with registries of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.chdir(folder)
        monkeypatch.setenv("SNIPER_REGISTRIES", str(folder / "registries"))

    def __call__(self, line: str) -> str:
        result = self.result(line)
        assert result.exit_code == 0, f"{line}: {result.output} {result.exception!r}"
        return result.output

    def result(self, line: str) -> Result:
        return CliRunner().invoke(root(), ["registry", *line.split()])

    def refused(self, line: str) -> str:
        result = self.result(line)
        assert isinstance(result.exception, SniperError), f"{line}: {result.output} {result.exception!r}"
        return str(result.exception)

    def wheel(self, version: str) -> str:
        name = f"sniper_exit_dusk-{version}-py3-none-any.whl"
        (self.folder / name).write_bytes(plugin_wheel(DUSK, version, "Sells when the day ends"))
        return name


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path, monkeypatch)
    made = shell("init repo --no-password")
    assert "fingerprint" in made
    public = shell("key acme.key --no-password").strip()
    shell(f"publisher repo acme --key {public}")
    shell(f"publish {shell.wheel('1.0.0')} --repository repo --key acme.key")
    return shell


def test_a_plugin_is_published_found_and_revoked(shell: Shell) -> None:
    shell("add repo --root repo/metadata/1.root.json")
    assert "1 plugins, 0 releases revoked" in shell("refresh")
    shell(f"publish {shell.wheel('1.1.0')} --repository repo --key acme.key")
    assert f"{DUSK} 1.1.0 is revoked" in shell(f"revoke repo {DUSK} 1.1.0 --reason bad")
    assert "1 plugins, 1 releases revoked" in shell("refresh")
    assert [each["name"] for each in json.loads(shell("list --json"))] == ["repo"]
    shell("remove repo")
    assert json.loads(shell("list --json")) == []


def test_nothing_is_trusted_unseen(shell: Shell) -> None:
    assert "nothing is trusted unseen" in shell.refused("add repo")
    assert "no root with the fingerprint" in shell.refused(f"add repo --fingerprint {'0' * 64}")
    assert json.loads(shell("list --json")) == []
    assert not (shell.folder / "registries" / "repo").exists()


def test_a_root_of_another_registry_is_refused_and_nothing_is_kept(shell: Shell) -> None:
    shell("init other --no-password")
    assert "not signed by whom" in shell.refused("add repo --root other/metadata/1.root.json")
    assert json.loads(shell("list --json")) == []


def test_the_same_root_at_another_address_moves_the_registry_and_forgets_nothing(shell: Shell) -> None:
    shell("add repo --root repo/metadata/1.root.json")
    old = shell("mirror repo old --root repo/metadata/1.root.json")
    assert "1 plugins" in old
    shell(f"publish {shell.wheel('1.1.0')} --repository repo --key acme.key")
    shell("refresh")
    assert "older state" in shell.refused("add old --root repo/metadata/1.root.json")
    shell("mirror repo old")
    shell("add old --root repo/metadata/1.root.json")
    (registry,) = json.loads(shell("list --json"))
    assert (registry["name"], Path(registry["where"]).name) == ("repo", "old")


def test_keys_are_rotated_and_a_publisher_is_recovered_by_commands(shell: Shell) -> None:
    shell("add repo --root repo/metadata/1.root.json")
    for role in ("timestamp", "snapshot", "targets", "index", "root"):
        assert "destroy it" in shell(f"rotate repo {role}")
    shell("rotate repo root --renew")
    shell(f"publish {shell.wheel('6.6.6')} --repository repo --key acme.key")
    assert "signed by the operator" in shell(f"recover repo acme --bad {DUSK}==6.6.6")
    assert "this key is one of no publisher" in shell.refused(
        f"publish {shell.wheel('6.6.7')} --repository repo --key acme.key"
    )
    shell("key new.key --no-password")
    shell("rotate repo acme --key new.key")
    shell(f"publish {shell.wheel('1.1.0')} --repository repo --key new.key")
    assert "repo is whole" in shell("verify repo --root repo/metadata/1.root.json")
    assert "1 plugins, 1 releases revoked" in shell("refresh")


def test_a_publisher_of_several_keys_signs_with_all_that_it_needs(shell: Shell) -> None:
    for name in ("one", "two"):
        shell(f"key {name}.key --no-password")
    shell("publisher repo duo --key one.key --key two.key --threshold 2")
    (shell.folder / "sniper_risk_twins-1.0-py3-none-any.whl").write_bytes(
        plugin_wheel("sniper-risk-twins", "1.0", "Wants two")
    )
    line = "publish sniper_risk_twins-1.0-py3-none-any.whl --repository repo"
    assert "not signed by the keys of duo" in shell.refused(f"{line} --key one.key")
    assert "not all are of one" in shell.refused(f"{line} --key one.key --key acme.key")
    assert "published by duo" in shell(f"{line} --key one.key --key two.key")


def test_what_a_publisher_signed_is_renewed_with_the_same_key(shell: Shell) -> None:
    assert "the old ones sign nothing" in shell("rotate repo acme --key acme.key")
    shell(f"publish {shell.wheel('1.1.0')} --repository repo --key acme.key")
    assert "is whole" in shell("verify repo")


def test_a_marketplace_is_not_written_to(shell: Shell) -> None:
    assert "registry submit" in shell.refused(
        f"publish {shell.wheel('2.0')} --repository http://x.example --key acme.key"
    )


def test_verify_names_faults_and_fails(shell: Shell) -> None:
    (shell.folder / "repo" / "simple" / "index.html").write_text("other")
    result = shell.result("verify repo --json")
    assert result.exit_code == 1
    assert [each["where"] for each in json.loads(result.output)] == ["simple/index.html"]


def test_a_level_file_of_other_code_is_refused(shell: Shell) -> None:
    wheel = shell.folder / shell.wheel("1.1.0")
    told: dict[str, Any] = {"distribution": DUSK, "version": "1.1.0", "level": "gold", "contents": "0" * 64}
    level = shell.folder / "level.json"
    level.write_text(json.dumps(told))
    line = f"publish {wheel.name} --repository repo --key acme.key --level level.json"
    assert "of other code" in shell.refused(line)
    level.write_text(json.dumps({**told, "contents": contents_of_wheel(wheel)}))
    assert "level        gold" in shell(line)


def test_encrypted_keys_take_their_passwords_from_descriptors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def descriptor(text: bytes) -> int:
        reading, writing = os.pipe()
        os.write(writing, text)
        os.close(writing)
        return reading

    shell = Shell(tmp_path, monkeypatch)
    shell(f"init repo --password-fd {descriptor(b'operator')}")
    shell(f"key acme.key --password-fd {descriptor(b'publisher')}")
    shell(f"publisher repo acme --key acme.key --password-fd {descriptor(b'operator')}")
    line = f"publish {shell.wheel('1.0.0')} --repository repo --key acme.key"
    wrong = f"{line} --password-fd {descriptor(b'wrong')} --operator-fd {descriptor(b'operator')}"
    assert "password" in shell.refused(wrong)
    shell(f"{line} --password-fd {descriptor(b'publisher')} --operator-fd {descriptor(b'operator')}")
    for file in (tmp_path / "repo-keys").glob("*.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "private" not in json.loads(file.read_text())
