"""The pinned packages: what is shipped, how they are installed, and what is said when they cannot be."""

import json
import os
import threading
from importlib.resources import files
from pathlib import Path

import pytest

from sniper.errors import SniperError
from sniper.evm.keccak import keccak256
from sniper_sdk import npm
from sniper_sdk.npm.artifacts import known_artifacts


def test_the_lock_file_pins_every_package_by_hash_and_names_no_place_to_download_from() -> None:
    locked = json.loads(files(npm).joinpath("package-lock.json").read_text())["packages"]
    packages = {path: entry for path, entry in locked.items() if path}
    assert packages
    assert all("resolved" not in entry for entry in packages.values())
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


@pytest.mark.parametrize("name", sorted(known_artifacts()))
def test_each_known_artifact_has_the_creation_code_whose_hash_is_kept(name: str) -> None:
    found = npm.artifact(name)
    assert keccak256(found.bytecode).hex() == known_artifacts()[name]["keccak"]
    assert found.abi


def test_a_changed_byte_of_creation_code_is_refused_with_both_hashes() -> None:
    whole = npm.artifact("WETH9")
    changed = npm.Artifact("WETH9", whole.abi, whole.bytecode[:-1] + bytes([whole.bytecode[-1] ^ 1]))
    with pytest.raises(npm.ArtifactMismatch, match=known_artifacts()["WETH9"]["keccak"]) as refusal:
        npm.checked(changed, known_artifacts()["WETH9"]["keccak"])
    assert keccak256(changed.bytecode).hex() in str(refusal.value)


def test_an_unknown_artifact_is_refused_with_the_names_that_are_known() -> None:
    with pytest.raises(npm.UnknownArtifact, match="UniswapV2Factory"):
        npm.artifact("UniswapV9Factory")


def test_what_many_want_at_once_is_made_once(tmp_path: Path) -> None:
    made: list[int] = []
    together = threading.Barrier(4)

    def make(draft: Path) -> None:
        made.append(1)
        draft.mkdir()
        (draft / "content").write_text("whole")

    def want() -> None:
        together.wait()
        assert (npm.made_once(tmp_path / "thing", make) / "content").read_text() == "whole"

    threads = [threading.Thread(target=want) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_what_failed_half_way_or_was_killed_leaves_nothing_and_is_made_by_the_next(tmp_path: Path) -> None:
    def fail(draft: Path) -> None:
        draft.mkdir()
        (draft / "half").write_text("half")
        raise OSError("disk full")

    def succeed(draft: Path) -> None:
        draft.mkdir()

    with pytest.raises(OSError, match="disk full"):
        npm.made_once(tmp_path / "thing", fail)
    assert not (tmp_path / "thing").exists()
    (tmp_path / "thing.draft").mkdir()
    (tmp_path / "thing.draft" / "half").write_text("left by a killed process")
    assert list(npm.made_once(tmp_path / "thing", succeed).iterdir()) == []


def test_without_node_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SNIPER_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(npm.NodeMissing, match=r"install Node\.js") as refusal:
        npm.packages()
    assert isinstance(refusal.value, SniperError)
    assert isinstance(refusal.value, FileNotFoundError)


def test_without_a_network_the_error_says_so_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SNIPER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")  # the discard port: nobody listens
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(npm.InstallFailed, match="could not reach its registry"):
        npm.packages()
    assert [name for name in os.listdir(tmp_path / "cache" / "npm") if not name.endswith(".lock")] == []


def test_a_failing_npm_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("npm", "node"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'npm error engine too old' >&2\nexit 3\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("SNIPER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(npm.InstallFailed, match=r"status 3: npm error engine too old"):
        npm.packages()


def test_an_operating_system_without_a_pinned_node_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Plan9")
    with pytest.raises(npm.PlatformUnsupported, match="plan9"):
        npm.anvil()
