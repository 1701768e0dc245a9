"""An owner that was taken over has no effect any more, whatever it asks for and however often the signer restarts."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.signer import SignerRefused
from sniper.signing import durable
from sniper.signing.errors import LedgerError
from sniper.signing.fences import Fences


def test_a_lower_token_is_refused_and_an_equal_one_is_not(tmp_path: Path) -> None:
    kept = Fences(tmp_path / "f")
    kept.pass_("alice", 7)
    kept.pass_("alice", 7)
    with pytest.raises(SignerRefused) as caught:
        kept.pass_("alice", 6)
    assert caught.value.rule == "fence"
    assert caught.value.value == "token 6 of account 'alice'"
    assert caught.value.limit == "7 or higher"


def test_an_owner_without_a_lease_is_refused_once_there_was_one(tmp_path: Path) -> None:
    kept = Fences(tmp_path / "f")
    kept.pass_("alice", 0)
    assert not (tmp_path / "f").exists()
    kept.pass_("alice", 1)
    with pytest.raises(SignerRefused, match="token 0"):
        kept.pass_("alice", 0)


def test_accounts_are_fenced_apart(tmp_path: Path) -> None:
    kept = Fences(tmp_path / "f")
    kept.pass_("alice", 9)
    kept.pass_("bob", 1)


@pytest.mark.parametrize("token", [-1, 2**63])
def test_what_is_no_token_is_refused(tmp_path: Path, token: int) -> None:
    with pytest.raises(SignerRefused, match="fence"):
        Fences(tmp_path / "f").pass_("alice", token)


@given(steps=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.booleans()), max_size=20))
def test_nothing_below_what_was_ever_seen_passes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, bool]]
) -> None:
    path = tmp_path_factory.mktemp("fences") / "f"
    kept, highest = Fences(path), {"a": 0, "b": 0}
    for account, token, restart in steps:
        if restart:
            kept = Fences(path)
        if token < highest[account]:
            with pytest.raises(SignerRefused):
                kept.pass_(account, token)
        else:
            kept.pass_(account, token)
            highest[account] = token


def test_it_is_synced_before_it_passes_and_only_where_it_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    genuine = os.fsync
    monkeypatch.setattr(durable.os, "fsync", lambda descriptor: (synced.append(descriptor), genuine(descriptor))[1])
    kept = Fences(tmp_path / "f")
    kept.pass_("alice", 1)
    assert len(synced) == 2  # the file and its directory
    kept.pass_("alice", 1)
    assert len(synced) == 2


def test_a_token_that_cannot_be_kept_does_not_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Fences(tmp_path / "f")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(durable.os, "fsync", full)
        for _ in range(2):
            with pytest.raises(LedgerError, match="No space left"):
                kept.pass_("alice", 1)
    kept.pass_("alice", 1)


@pytest.mark.parametrize("content", [b"", b"{", b'{"alice": "x"}', b"[1]"])
def test_a_damaged_file_stops_the_start(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(LedgerError, match="fenced off"):
        Fences(tmp_path / "f")
