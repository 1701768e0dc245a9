"""What a keeper of leases must hold."""

import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sniper.errors import SniperError
from sniper.lease import Lease, LeaseKeeper, LeaseLost, LeaseTaken, LeaseUnusable

LONG_S = 3600.0
SHORT_S = 0.2
T = TypeVar("T")

STEPS = st.lists(st.tuples(st.sampled_from(("acquire", "renew", "release")), st.sampled_from("abc")), max_size=30)


class LeaseConformance:
    """One owner at a time, by the keeper's own clock; tokens that only grow; what was lost stays lost.

        class TestSqlite(LeaseConformance):
            def make(self) -> LeaseKeeper:
                return Sqlite()

    patience_s  How long a lease of `SHORT_S` may take to end on a slow machine.
    """

    patience_s: ClassVar[float] = 20

    _accounts: ClassVar[Iterator[int]] = count()

    @abstractmethod
    def make(self) -> LeaseKeeper:
        """A keeper that is not open. All that are opened for one run keep the same leases."""

    def account(self) -> str:
        """An account that no other test has."""
        return f"account-{time.time_ns()}-{next(self._accounts)}"

    def test_a_token_is_higher_than_every_earlier_one_of_its_account(self, tmp_path: Path) -> None:
        account, tokens = self.account(), []
        with self._open(tmp_path) as keeper:
            for owner in ("one", "other", "one"):
                lease = keeper.acquire(account, owner, LONG_S)
                assert (lease.account, lease.owner) == (account, owner)
                tokens.append(lease.token)
                keeper.release(lease)
        assert tokens == sorted(set(tokens)), f"tokens were {tokens}"

    def test_the_first_token_is_the_keepers_time_in_seconds(self, tmp_path: Path) -> None:
        before = int(time.time()) - 60
        with self._open(tmp_path) as keeper:
            token = keeper.acquire(self.account(), "one", LONG_S).token
        assert before <= token <= before + 180, (
            f"the first token is {token}; one of a keeper that forgot must be higher"
        )

    def test_who_comes_second_hears_who_holds_it_and_how_long(self, tmp_path: Path) -> None:
        account = self.account()
        with self._open(tmp_path) as keeper, self._open(tmp_path) as second:
            keeper.acquire(account, "one", LONG_S)
            with pytest.raises(LeaseTaken) as raised:
                second.acquire(account, "other", LONG_S)
        assert raised.value.owner == "one"
        assert 0 < raised.value.ends_in_s <= LONG_S
        assert account in str(raised.value)

    def test_an_owner_may_take_its_own_again_and_the_older_lease_is_lost(self, tmp_path: Path) -> None:
        account = self.account()
        with self._open(tmp_path) as keeper:
            older = keeper.acquire(account, "one", LONG_S)
            newer = keeper.acquire(account, "one", LONG_S)
            assert newer.token > older.token
            with pytest.raises(LeaseLost):
                keeper.renew(older, LONG_S)
            keeper.release(older)
            keeper.renew(newer, LONG_S)

    def test_it_ends_by_itself_and_the_old_owner_has_lost_it(self, tmp_path: Path) -> None:
        account = self.account()
        with self._open(tmp_path) as keeper, self._open(tmp_path) as second:
            old = keeper.acquire(account, "one", SHORT_S)
            new = self._until(lambda: second.acquire(account, "other", LONG_S))
            assert new.token > old.token
            with pytest.raises(LeaseLost):
                keeper.renew(old, LONG_S)
            keeper.release(old)
            with pytest.raises(LeaseTaken):
                keeper.acquire(account, "one", LONG_S)

    def test_one_that_is_renewed_does_not_end(self, tmp_path: Path) -> None:
        account, marker = self.account(), self.account()
        with self._open(tmp_path) as keeper, self._open(tmp_path) as second:
            lease = keeper.acquire(account, "one", SHORT_S)
            keeper.renew(lease, LONG_S)
            keeper.acquire(marker, "one", SHORT_S)
            self._until(lambda: second.acquire(marker, "other", LONG_S))  # so the first ttl is over
            with pytest.raises(LeaseTaken):
                second.acquire(account, "other", LONG_S)

    def test_one_that_ended_may_be_renewed_while_nobody_took_it(self, tmp_path: Path) -> None:
        account, marker = self.account(), self.account()
        with self._open(tmp_path) as keeper:
            lease = keeper.acquire(account, "one", SHORT_S)
            keeper.acquire(marker, "one", SHORT_S)
            self._until(lambda: keeper.acquire(marker, "other", LONG_S))
            keeper.renew(lease, LONG_S)
            with pytest.raises(LeaseTaken):
                keeper.acquire(account, "other", LONG_S)

    def test_a_released_one_is_free_at_once_and_cannot_be_renewed(self, tmp_path: Path) -> None:
        account = self.account()
        with self._open(tmp_path) as keeper, self._open(tmp_path) as second:
            lease = keeper.acquire(account, "one", LONG_S)
            keeper.release(lease)
            keeper.release(lease)
            with pytest.raises(LeaseLost):
                keeper.renew(lease, LONG_S)
            assert second.acquire(account, "other", LONG_S).token > lease.token

    def test_accounts_have_leases_of_their_own(self, tmp_path: Path) -> None:
        with self._open(tmp_path) as keeper:
            first = keeper.acquire(self.account(), "one", LONG_S)
            keeper.acquire(self.account(), "other", LONG_S)
            keeper.renew(first, LONG_S)

    def test_the_clients_clock_does_not_matter(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        account = self.account()
        with self._open(tmp_path) as keeper, self._open(tmp_path) as second:
            keeper.acquire(account, "one", LONG_S)
            year = 365 * 86_400
            real, real_ns = time.time, time.time_ns
            monkeypatch.setattr(time, "time", lambda: real() + year)
            monkeypatch.setattr(time, "time_ns", lambda: real_ns() + year * 10**9)
            with pytest.raises(LeaseTaken):
                second.acquire(account, "other", LONG_S)

    def test_what_is_closed_still_holds_and_can_be_opened_again(self, tmp_path: Path) -> None:
        account = self.account()
        with self._open(tmp_path) as keeper:
            lease = keeper.acquire(account, "one", LONG_S)
        with pytest.raises(SniperError):
            keeper.renew(lease, LONG_S)
        keeper.open(tmp_path)
        keeper.renew(lease, LONG_S)
        with pytest.raises(LeaseTaken):
            keeper.acquire(account, "other", LONG_S)
        keeper.close()
        keeper.close()

    @pytest.mark.parametrize(
        ("account", "owner", "ttl_s"),
        [
            ("", "one", 1.0),
            ("a\n", "one", 1.0),
            ("a" * 300, "one", 1.0),
            ("a", "", 1.0),
            ("a", "o\x00", 1.0),
            ("a", "one", 0.0),
            ("a", "one", -1.0),
            ("a", "one", float("nan")),
            ("a", "one", float("inf")),
        ],
    )
    def test_names_and_times_that_make_no_sense_are_refused(
        self, tmp_path: Path, account: str, owner: str, ttl_s: float
    ) -> None:
        with self._open(tmp_path) as keeper, pytest.raises(LeaseUnusable):
            keeper.acquire(account, owner, ttl_s)

    def test_of_many_who_ask_at_once_one_gets_it(self, tmp_path: Path) -> None:
        account, together = self.account(), threading.Barrier(6)
        got: list[Lease | LeaseTaken] = []

        def ask(owner: str) -> None:
            with self._open(tmp_path) as keeper:
                together.wait(self.patience_s)
                try:
                    got.append(keeper.acquire(account, owner, LONG_S))
                except LeaseTaken as taken:
                    got.append(taken)

        threads = [threading.Thread(target=ask, args=(f"owner-{n}",)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 6, "somebody who asked heard neither yes nor no"
        winners = [each for each in got if isinstance(each, Lease)]
        assert len(winners) == 1, f"{len(winners)} hold it at once"
        assert {each.owner for each in got} == {winners[0].owner}, "those who were refused heard of somebody else"

    def test_it_agrees_with_a_model(self, tmp_path: Path) -> None:
        with self._open(tmp_path) as keeper:

            @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
            @given(STEPS)
            def agree(steps: list[tuple[str, str]]) -> None:
                _play(keeper, self.account(), steps)

            agree()

    def _until(self, acquire: Callable[[], T]) -> T:
        """Its lease, as soon as the other one's has ended."""
        give_up = time.monotonic() + self.patience_s
        while True:
            try:
                return acquire()
            except LeaseTaken:
                assert time.monotonic() < give_up, f"a lease of {SHORT_S} s has not ended after {self.patience_s} s"
                time.sleep(SHORT_S / 10)

    @contextmanager
    def _open(self, run: Path) -> Iterator[LeaseKeeper]:
        keeper = self.make()
        keeper.open(run)
        try:
            yield keeper
        finally:
            keeper.close()


def _play(keeper: LeaseKeeper, account: str, steps: list[tuple[str, str]]) -> None:
    held: Lease | None = None
    last: dict[str, Lease] = {}
    highest = 0
    for step, owner in steps:
        mine = last.get(owner)
        if step == "acquire":
            if held is not None and held.owner != owner:
                _refused(LeaseTaken, keeper.acquire, account, owner, LONG_S)
                continue
            held = last[owner] = keeper.acquire(account, owner, LONG_S)
            assert held.token > highest, f"token {held.token} came after {highest}"
            highest = held.token
        elif mine is None:
            continue
        elif step == "renew":
            if mine == held:
                keeper.renew(mine, LONG_S)
            else:
                _refused(LeaseLost, keeper.renew, mine, LONG_S)
        else:
            keeper.release(mine)
            held = None if mine == held else held


def _refused(error: type[SniperError], do: Callable[..., object], *arguments: Any) -> None:  # Any: as the method takes
    with pytest.raises(error):
        do(*arguments)
