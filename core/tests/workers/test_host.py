"""The host's side of a worker: how long it waits, whatever the other side does, and what becomes of a lost process."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from time import monotonic, sleep

import pytest

from sniper.isolation.host import Ended, Worker, WorkerLost, WorkerRogue
from sniper.isolation.packing import pack
from sniper.isolation.place import Place

PATIENT_S = 30.0
SOURCE = """
    import os
    import time

    from sniper.config import Config
    from sniper.isolation.messages import Asked, written
    from sniper.isolation.packing import pack

    CHANNEL = 3

    class Acme:
        config: Config

        def __init__(self, config):
            self.calls = 0

        def fine(self, number):
            self.calls += 1
            return [self.calls, number]

        def reads_slowly(self, serial):
            message = Asked(serial=serial, what="much", arguments=pack())
            os.write(CHANNEL, b"\\0" + written(message))
            while True:
                time.sleep(0.2)
                os.read(CHANNEL, 70_000)

        def asks_on(self, serial):
            message = Asked(serial=serial, what="dear", arguments=pack())
            while True:
                os.write(CHANNEL, b"\\0" + written(message))
                os.read(CHANNEL, 70_000)

        def takes_what_it_gets(self, serial):
            return len(bytes(serial))
"""
GARBLED = """
    import os

    from sniper.isolation.messages import Raised, written

    os.write(3, b"\\0" + written(Raised(serial=0, text="half", kind="")).replace(b"half", b"\\xff" * 4))
"""


@pytest.fixture
def worker(tmp_path: Path) -> Callable[[float], Worker]:
    def start(within_s: float) -> Worker:
        (tmp_path / "acme.py").write_text(dedent(SOURCE))
        found = Worker(Place(name="acme", paths=(str(tmp_path),)), "acme:Acme", "{}", "main", within_s=within_s)
        assert found.wait(PATIENT_S), found.reason
        return found

    return start


def asked_of(worker: Worker, serve: Callable[[], bytes]) -> None:
    for _ in worker.call("asks", "asks_on", pack(1), read=bytes, serve=lambda *_: serve(), kept=b""):
        pass


def asked(worker: Worker, method: str, *given: object, kept: bytes | None = b"") -> tuple[list[bytes], Ended]:
    call = worker.call(
        "asks", method, pack(*given), read=bytes, serve=lambda what, arguments: pack(b"x" * 900_000), kept=kept
    )
    found: list[bytes] = []
    while True:
        try:
            found.append(next(call))
        except StopIteration as over:
            return found, over.value


def test_a_worker_answers_call_after_call(worker: Callable[[float], Worker]) -> None:
    one = worker(PATIENT_S)
    for number in range(1, 6):
        found, ended = asked(one, "fine", number, kept=b"" if number == 1 else None)
        assert (found, ended) == ([pack([number, number])], Ended(None, "", ""))
    assert one.account().calls == 5
    assert one.account().losses == 0


def test_a_long_message_that_is_read_piece_by_piece_takes_no_longer_than_the_deadline(
    worker: Callable[[float], Worker],
) -> None:
    """Its fifteen pieces would take three seconds at the pace at which it reads."""
    one = worker(0.5)
    began = monotonic()
    with pytest.raises(WorkerLost):
        asked(one, "reads_slowly", 1)
    assert monotonic() - began < 0.5 + 1


def test_a_long_message_that_nobody_reads_takes_no_longer_either(worker: Callable[[float], Worker]) -> None:
    one = worker(0.5)
    os.kill(one.pid, signal.SIGSTOP)
    began = monotonic()
    with pytest.raises(WorkerLost):
        asked(one, "takes_what_it_gets", b"x" * 900_000)
    assert monotonic() - began < 0.5 + 1


def test_questions_that_are_dear_to_answer_hold_the_host_no_longer_than_some_deadlines(
    worker: Callable[[float], Worker],
) -> None:
    one, answered = worker(0.5), 0

    def dear() -> bytes:
        nonlocal answered
        answered += 1
        sleep(0.4)
        return pack(1)

    with pytest.raises(WorkerRogue, match="it asked 7 questions in one call, which took"):
        asked_of(one, dear)
    assert answered == 7


def test_a_process_that_says_what_is_no_text_when_it_starts_is_lost_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sniper.isolation.host.FIRST_PAUSE_S", 0.02)
    (tmp_path / "acme.py").write_text(dedent(GARBLED))
    one = Worker(Place(name="acme", paths=(str(tmp_path),)), "acme:Acme", "{}", "main", within_s=1)
    assert not one.wait(PATIENT_S)
    assert "holds no text" in one.reason
    end = monotonic() + PATIENT_S
    while one.starts < 3 and monotonic() < end:
        sleep(0.01)
    assert one.starts >= 3
    one.close()


def test_a_long_message_arrives_whole(worker: Callable[[float], Worker]) -> None:
    found, _ = asked(worker(PATIENT_S), "takes_what_it_gets", b"x" * 900_000)
    assert found == [pack(900_000)]


def test_what_is_longer_than_any_message_may_be_is_not_sent(worker: Callable[[float], Worker]) -> None:
    with pytest.raises(WorkerRogue, match="at most 1048576"):
        asked(worker(PATIENT_S), "takes_what_it_gets", b"x" * 1_100_000)


def test_processes_that_are_lost_come_back_after_pauses_that_double(
    worker: Callable[[float], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sniper.isolation.host.FIRST_PAUSE_S", 0.02)
    one = worker(PATIENT_S)
    seen = []
    for lost in range(1, 4):
        pid = one.pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            asked(one, "fine", lost)
        began = monotonic()
        assert one.wait(PATIENT_S), one.reason
        seen.append(one.pid)
        assert one.pid != pid
        assert monotonic() - began >= 0.02 * 2 ** (lost - 1)
        assert (one.account().starts, one.account().losses) == (lost + 1, lost)
    assert len(set(seen)) == 3


def test_a_plugin_that_cannot_be_imported_says_why(tmp_path: Path) -> None:
    one = Worker(Place(name="acme", paths=(str(tmp_path),)), "nowhere:Acme", "{}", "main")
    assert not one.wait(PATIENT_S)
    assert "No module named 'nowhere'" in one.reason
    with pytest.raises(WorkerLost, match="No module named"):
        asked(one, "fine", 1)
