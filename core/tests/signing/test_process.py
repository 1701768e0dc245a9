"""What a signer's process does to itself, and what is left of its keys when it ends."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

PROGRAM = """
import os, signal, socket, sys, threading
from pathlib import Path

from sniper.signing.hardening import seal
from sniper.signing.key import LocalKey
from sniper.signing.process import Process
from sniper.signing.rules import parse_rules
from sniper.signing.secret import SecretBuffer
from sniper.signing.source import KeySource

given = SecretBuffer(32)
given.view[:] = bytes.fromhex("46" * 32)
secret = SecretBuffer(8)
secret.view[:] = b"password"


class One(KeySource, frozen=True):
    secret = "Password"

    def keys(self, secret):
        assert bytes(secret.view) == b"password"
        return [LocalKey(given)]


def kilobytes(name):
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name + ":"))
    return int(line.split()[1])


seal()
ours, theirs = socket.socketpair()
process = Process(
    source=One(),
    socket_path=Path(sys.argv[1]) / "s",
    kill_switch=Path(sys.argv[1]) / "kill-switch",
    rules=parse_rules({"accounts": {}, "chains": {}}, "here"),
    operator="",
    secret=secret,
    lifeline=theirs,
)
print(process.memory, kilobytes("VmLck"), kilobytes("VmRSS"), bytes(secret.view).hex(), bytes(given.view).hex())
if sys.argv[2] == "lifeline":
    ours.close()
else:
    # By another thread, once the loop looks at its sockets and has its handlers: a connection that it takes proves it.
    def end():
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.connect(sys.argv[1] + "/s")
            connection.send(b"no request")
            connection.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end).start()
try:
    process.serve()
finally:
    print(bytes(given.view).hex(), flush=True)
"""


@pytest.fixture
def run() -> Iterator[str]:
    with TemporaryDirectory(prefix="signer-", dir="/tmp") as name:
        yield name


def lines(run: str, end: str) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, run, end], capture_output=True, text=True, check=True, timeout=60
    )
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.parametrize("end", ["lifeline", "SIGTERM"])
def test_the_key_is_zeroed_when_the_process_ends_and_the_password_once_it_is_open(run: str, end: str) -> None:
    (_, _, _, password, key), (left,) = lines(run, end)
    assert password == "00" * 8
    assert key == "46" * 32
    assert left == "00" * 32
    assert not (Path(run) / "s").exists()


def test_memory_is_locked_as_far_as_the_system_allows_and_what_is_said_of_it_is_so(run: str) -> None:
    said, locked, resident = lines(run, "lifeline")[0][:3]
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
        assert said == "all"
    if said == "all":
        assert int(locked) >= int(resident) // 2
    elif said == "keys":
        assert int(locked) > 0
    else:
        assert said == "none"
