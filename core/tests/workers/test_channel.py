"""Messages over one socket, with and without a limit, looked for and waited for."""

import socket
import threading
from collections.abc import Iterator

import pytest

from sniper.isolation import channel as channels
from sniper.isolation.channel import PIECE, Broken, Budget, Channel, Gone, Late

Ends = tuple[Channel, Channel]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asking, answering = Channel(ours, asks=True), Channel(theirs, asks=False)
    yield asking, answering
    asking.close()
    answering.close()


def echo(answering: Channel) -> threading.Thread:
    def run() -> None:
        try:
            while True:
                answering.send(bytes(answering.receive()))
        except Gone:
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("soon_ns", [0, 50_000, 10**9])
def test_each_question_gets_its_own_answer_however_long_is_looked(
    ends: Ends, soon_ns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "SOON_NS", soon_ns)
    asking, answering = ends
    thread = echo(answering)
    asking.within(30)
    for number in range(300):
        asking.send(b"%d" % number)
        assert asking.receive() == b"%d" % number
    asking._socket.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 5 * PIECE + 7])
def test_a_message_of_any_length_arrives_whole(ends: Ends, size: int) -> None:
    asking, answering = ends
    echo(answering)
    asking.within(30)
    message = bytes(each % 251 for each in range(size))
    asking.send(message, Budget(30))
    assert asking.receive(Budget(30)) == message


@pytest.mark.parametrize("seconds", [0.000_001, 0.005, 0.05])
def test_where_nothing_comes_the_wait_ends(ends: Ends, seconds: float) -> None:
    asking, _ = ends
    asking.within(seconds)
    with pytest.raises(Late, match=f"no answer within {seconds:g} s"):
        asking.receive()


@pytest.mark.parametrize("seconds", [0.005, 0.05])
def test_what_is_there_is_received_although_no_time_is_left(ends: Ends, seconds: float) -> None:
    asking, answering = ends
    answering.send(b"here")
    asking.within(seconds)
    assert asking.receive() == b"here"


@pytest.mark.parametrize("seconds", [0.005, 0.05])
def test_one_that_does_not_listen_is_not_waited_for_for_ever(ends: Ends, seconds: float) -> None:
    asking, _ = ends
    asking.within(seconds)

    def talk() -> None:
        for _ in range(1000):
            asking.send(b"x" * PIECE)

    with pytest.raises(Late):
        talk()


def test_a_closed_end_is_told_from_a_late_one(ends: Ends) -> None:
    asking, answering = ends
    answering.close()
    asking.within(0.05)
    with pytest.raises(Gone):
        asking.receive()
    with pytest.raises(Gone):
        asking.send(b"x")


def test_a_message_in_small_pieces_is_refused(ends: Ends) -> None:
    asking, answering = ends
    answering._socket.send(b"\1" + b"x")
    asking.within(1)
    with pytest.raises(Broken, match="pieces"):
        asking.receive()


def test_looking_in_vain_makes_the_next_waits_sleep_at_once(ends: Ends) -> None:
    asking, answering = ends
    asking.within(0.005)
    looked = []
    for _ in range(40):
        asking._came = 2**62  # as if the last answer had come a moment ago
        slept = asking._sleeps
        with pytest.raises(Late):
            asking.receive()
        looked.append(not slept)
    assert [at for at, each in enumerate(looked) if each] == [0, 3, 8, 17, 34]

    asking._sleeps = 0
    answering.send(b"x")
    asking._came = 2**62
    assert asking.receive() == b"x"
    assert asking._vain == 0
