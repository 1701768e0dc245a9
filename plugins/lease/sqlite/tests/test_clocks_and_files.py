"""Clocks that jump, machines that restart, and files that are damaged, locked or gone."""

import sqlite3
from pathlib import Path

import pytest

from sniper.errors import SniperError
from sniper.lease import LeaseLost, LeaseTaken, LeaseUnreachable, LeaseUnusable
from sniper_lease_sqlite import keeper as module
from sniper_lease_sqlite.keeper import FILE, Sqlite

SECOND = 10**9
TTL_S = 60.0


class Machine:
    """Two clocks and a boot id, as a test sets them."""

    def __init__(self) -> None:
        self.up, self.wall, self.boot = 1000 * SECOND, 1_700_000_000 * SECOND, "first"

    def keeper(self, run: Path) -> Sqlite:
        made = Sqlite(lambda: self.up, lambda: self.wall, self.boot)
        made.open(run)
        return made


def test_a_wall_clock_that_is_set_ends_no_lease_and_keeps_none(tmp_path: Path) -> None:
    machine = Machine()
    keeper = machine.keeper(tmp_path)
    keeper.acquire("alice", "one", TTL_S)
    machine.wall += 10**6 * SECOND
    with pytest.raises(LeaseTaken):
        keeper.acquire("alice", "other", TTL_S)
    machine.wall -= 2 * 10**6 * SECOND
    machine.up += int(TTL_S) * SECOND
    keeper.acquire("alice", "other", TTL_S)


def test_a_lease_ends_exactly_when_it_says(tmp_path: Path) -> None:
    machine = Machine()
    keeper = machine.keeper(tmp_path)
    keeper.acquire("alice", "one", TTL_S)
    machine.up += int(TTL_S) * SECOND - 1
    with pytest.raises(LeaseTaken, match=r"0\.0 s"):
        keeper.acquire("alice", "other", TTL_S)
    machine.up += 1
    keeper.acquire("alice", "other", TTL_S)


def test_after_a_restart_of_the_machine_the_wall_clock_tells_what_is_left(tmp_path: Path) -> None:
    machine = Machine()
    keeper = machine.keeper(tmp_path)
    keeper.acquire("alice", "one", TTL_S)
    keeper.close()
    machine.boot, machine.up = "second", 5 * SECOND
    machine.wall += 20 * SECOND
    keeper = machine.keeper(tmp_path)
    with pytest.raises(LeaseTaken) as raised:
        keeper.acquire("alice", "other", TTL_S)
    assert raised.value.ends_in_s == 40
    machine.wall += 40 * SECOND
    keeper.acquire("alice", "other", TTL_S)


def test_tokens_go_on_where_the_file_was_deleted(tmp_path: Path) -> None:
    machine = Machine()
    keeper = machine.keeper(tmp_path)
    last = [keeper.acquire("alice", "one", TTL_S) for _ in range(5)][-1]
    keeper.close()
    for file in tmp_path.glob(f"{FILE}*"):
        file.unlink()
    machine.wall += 60 * SECOND
    keeper = machine.keeper(tmp_path)
    assert keeper.acquire("alice", "one", TTL_S).token > last.token
    with pytest.raises(LeaseLost):
        keeper.renew(last, TTL_S)


def test_a_damaged_file_says_that_it_can_be_deleted(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database at all" * 100)
    with pytest.raises(LeaseUnusable, match=r"damaged.*delete it"):
        Sqlite().open(tmp_path)


def test_a_directory_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(LeaseUnreachable, match=f"nowhere/{FILE}"):
        Sqlite().open(tmp_path / "nowhere")


def test_a_file_that_another_program_locks_is_unreachable_until_it_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    keeper = Machine().keeper(tmp_path)
    lease = keeper.acquire("alice", "one", TTL_S)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LeaseUnreachable, match="locked"):
        keeper.renew(lease, TTL_S)
    other.execute("ROLLBACK")
    other.close()
    keeper.renew(lease, TTL_S)


def test_a_keeper_that_is_not_open_says_so() -> None:
    with pytest.raises(SniperError, match="open"):
        Sqlite().acquire("alice", "one", TTL_S)
