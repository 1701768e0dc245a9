"""What is nested too deep to be read ends no process, whatever libraries did to Python's limit."""

import socket
import sys
from collections.abc import Iterator

import pytest

from sniper.depth import DEEPEST
from sniper.errors import CodecError
from sniper.isolation.channel import Channel
from sniper.isolation.packing import unpack

DEEP = b"\x91" * 60_000 + b"\xc0"


@pytest.fixture
def raised() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(before)


def test_a_limit_that_a_library_raised_is_lowered_before_a_message_is_read(raised: None) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        Channel(theirs, asks=False).send(DEEP)
        message = bytes(Channel(ours, asks=True).receive())
        assert sys.getrecursionlimit() <= DEEPEST
        with pytest.raises(CodecError):
            unpack(message)
