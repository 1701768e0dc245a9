"""A run and its leases: sure while they are renewed, quiet while they are not, ended where one is lost."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from running import CHAIN, Script, running
from structlog.testing import capture_logs

from sniper.errors import ConfigError, JournalError
from sniper.events import Started
from sniper.journal import Reader
from sniper.journal.lock import Lock
from sniper.journal.segments import Kind
from sniper.lease import Lease, LeaseKeeper, LeaseLost, LeaseTaken, LeaseUnreachable, LeaseUnusable
from sniper.runtime.control import status
from sniper.runtime.leases import LEAST_S, MARGIN_S, Leases, Terms, boottime, terms
from sniper.runtime.records import read_record
from sniper.runtime.run import Run

LOG = structlog.get_logger()
TERMS = Terms(100, 40)


class Keeper(LeaseKeeper):
    """Does what the test says. ``renewed`` is released with each renewal that was tried."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.token = 100
        self.holders: dict[str, Lease] = {}
        self.renewed = threading.Semaphore(0)

    def open(self, run: Path) -> None: ...

    def acquire(self, account: str, owner: str, ttl_s: float) -> Lease:
        if self.fails is not None:
            raise self.fails
        held = self.holders.get(account)
        if held is not None and held.owner != owner:
            raise LeaseTaken(account, held.owner, ttl_s)
        self.token += 1
        self.holders[account] = Lease(account=account, owner=owner, token=self.token)
        return self.holders[account]

    def renew(self, lease: Lease, ttl_s: float) -> None:
        try:
            if self.fails is not None:
                raise self.fails
        finally:
            self.renewed.release()

    def release(self, lease: Lease) -> None:
        if self.holders.get(lease.account) == lease:
            del self.holders[lease.account]

    def close(self) -> None: ...


class Now:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def leases(keeper: Keeper, now: Now, monkeypatch: pytest.MonkeyPatch) -> Iterator[Leases]:
    monkeypatch.setattr("sniper.runtime.leases.RENEWALS", 100_000)  # so the thread tries all the time
    made = Leases(keeper, ["bob", "alice"], TERMS, LOG, now)
    yield made
    made.close()


def test_an_owner_is_sure_until_what_it_signed_expires_with_its_lease(leases: Leases, now: Now) -> None:
    leases.acquire("me")
    assert leases.left_s() == 100 - 40 - MARGIN_S
    now.s += leases.left_s() - 0.001
    assert leases.fence("alice") == 101
    now.s += 0.001
    with pytest.raises(LeaseLost, match="alice, bob may end"):
        leases.fence("alice")
    assert leases.left_s() == 0


def test_time_is_counted_from_before_the_keeper_was_asked(leases: Leases, keeper: Keeper, now: Now) -> None:
    def slow(account: str, owner: str, ttl_s: float) -> Lease:
        now.s += 10
        return Keeper.acquire(keeper, account, owner, ttl_s)

    keeper.acquire = slow  # type: ignore[method-assign]
    leases.acquire("me")
    assert leases.left_s() == 100 - 40 - MARGIN_S - 20


def test_none_is_kept_where_one_is_taken(leases: Leases, keeper: Keeper) -> None:
    keeper.acquire("bob", "other", 1)
    with pytest.raises(LeaseTaken):
        leases.acquire("me")
    assert set(keeper.holders) == {"bob"}
    assert leases.fences == {}


async def test_an_unreachable_keeper_stops_the_owner_in_time_and_a_renewal_lets_it_go_on(
    leases: Leases, keeper: Keeper, now: Now
) -> None:
    leases.acquire("me")
    keeper.fails = LeaseUnreachable("no route to the server")
    leases.follow()
    await asyncio.to_thread(lambda: [keeper.renewed.acquire() for _ in range(3)])
    assert leases.left_s() > 0
    assert leases.reason == "no route to the server"
    now.s += 60
    with pytest.raises(LeaseLost, match="no route to the server"):
        leases.demand()
    waiting = asyncio.ensure_future(leases.until_sure())
    await asyncio.sleep(0)
    assert not waiting.done()
    keeper.fails = None
    async with asyncio.timeout(10):
        await waiting
    leases.demand()
    assert leases.reason == ""


async def test_a_lease_that_is_lost_stays_lost(leases: Leases, keeper: Keeper) -> None:
    leases.acquire("me")
    keeper.fails = LeaseLost("another run decides")
    leases.follow()
    await asyncio.to_thread(keeper.renewed.acquire)
    keeper.fails = None
    async with asyncio.timeout(10):
        while leases.left_s() and not leases.reason:  # noqa: ASYNC110  (another thread makes it so)
            await asyncio.sleep(0.001)
    with pytest.raises(LeaseLost, match="another run decides"):
        leases.demand()
    assert leases.reason == "another run decides"


def test_a_stopped_process_that_wakes_up_is_not_sure(leases: Leases, now: Now) -> None:
    leases.acquire("me")
    now.s += 1000
    assert "stopped" in leases.reason


async def test_a_run_that_is_not_sure_decides_nothing_says_why_and_goes_on_once_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as stage:
        await stage.block()
        leases = stage.run.leases

        def unreachable(lease: Lease, ttl_s: float) -> None:
            raise LeaseUnreachable("the cable is cut")

        monkeypatch.setattr(leases._keeper, "renew", unreachable)
        monkeypatch.setattr(leases, "_clock", lambda: boottime() + 10_000)
        monkeypatch.setattr(leases, "_reason", "the cable is cut")
        position = stage.run.writer.position
        await Script.batches.put([stage.next_block()])
        with capture_logs() as said:
            async with asyncio.timeout(10):
                while not any("nothing is decided" in line["event"] for line in said):  # noqa: ASYNC110  (see above)
                    await asyncio.sleep(0.001)
        assert stage.run.writer.position == position
        found = status(stage.run)["leases"]
        assert (found["sure_for_s"], found["not_renewed"]) == (0.0, "the cable is cut")
        with pytest.raises(LeaseLost):
            stage.run.leases.fence("main")
        monkeypatch.setattr(leases, "_clock", boottime)
        await stage.reaches(lambda: stage.run.kernel.market.chains[CHAIN].number == stage.number)
        assert stage.run.failure is None


async def test_a_run_that_lost_a_lease_ends_without_another_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as stage:
        await stage.block()
        position = stage.run.writer.position
        monkeypatch.setattr(stage.run.leases, "_lost", LeaseLost("another run decides for main"))
        await Script.batches.put([stage.next_block()])
        async with asyncio.timeout(10):
            with pytest.raises(LeaseLost, match="another run decides"):
                await stage.run.until_stopped()
        assert stage.run.writer.position == position


async def test_a_second_run_on_the_same_directory_is_refused_and_disturbs_nobody(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        second = Run(stage.run.resolved, stage.run.catalogue)
        with pytest.raises(JournalError, match=r"another process writes this journal.*--standby"):
            await second.start()
        await stage.block()
        stage.run.leases.demand()


async def test_each_start_is_on_record_under_a_higher_token_of_each_account(tmp_path: Path) -> None:
    for _ in range(3):
        async with running(tmp_path):
            pass
    with Reader(tmp_path / "data" / "journal") as reader:
        structs = [read_record(record) for _, record in reader.records() if record.kind == Kind.INPUT]
    started = [dict(struct.fences) for struct in structs if isinstance(struct, Started)]
    assert [sorted(each) for each in started] == [["main", "other"]] * 3
    for name in ("main", "other"):
        tokens = [each[name] for each in started]
        assert tokens == sorted(set(tokens))


async def test_a_token_that_does_not_grow_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as stage:
        fences = stage.run.leases.fences
    lock = Lock(tmp_path / "data" / "journal")
    lock.declare("somebody", {name: token + 10**6 for name, token in fences.items()})
    lock.close()
    with pytest.raises(LeaseUnusable, match="has lost some, or its clock was set back"):
        async with running(tmp_path):
            pass


@pytest.mark.parametrize(("lease_s", "fits"), [(None, True), (60 + LEAST_S, True), (59 + LEAST_S, False)])
async def test_orders_must_expire_before_another_run_can_take_over(
    tmp_path: Path, lease_s: int | None, fits: bool
) -> None:
    async with running(tmp_path) as stage:
        found = stage.run.resolved
    found = replace(found, runtime=found.runtime.model_copy(update={"lease_s": lease_s}))
    if not fits:
        with pytest.raises(ConfigError, match=rf"deadline_s = 60.*Set lease_s.*{60 + LEAST_S}.*or deadline_s.*59"):
            terms(found)
        return
    meant = terms(found)
    assert meant.ttl_s >= 60 + LEAST_S
    assert meant.sure_s + 60 + MARGIN_S == meant.ttl_s
