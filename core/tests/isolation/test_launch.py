"""What a worker finds around itself. What it cannot break out of is in test_attacks.py."""

import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from sniper.errors import IsolationError, PluginError
from sniper.isolation import interpreter, landlock, seccomp
from sniper.isolation.accounting import used
from sniper.isolation.launch import available, launch
from sniper.isolation.place import MIB, Place
from sniper.isolation.words import harmless, words

Start = Callable[..., Any]  # of conftest.py, which cannot be imported


def test_this_machine_has_what_workers_need() -> None:
    available()


def test_a_worker_computes_with_what_the_host_provides(worker: Start) -> None:
    run = worker()
    assert run.ask("__import__('sniper.strategy').strategy.Strategy.__name__") == "Strategy"
    assert run.ask("__import__('pydantic').BaseModel.__name__") == "BaseModel"
    assert run.ask("__import__('msgspec').msgpack.decode(b'\\x92\\x01\\x02')") == "[1, 2]"


def test_what_is_installed_beside_the_provided_packages_is_out_of_sight(worker: Start) -> None:
    run = worker()
    assert run.ask("__import__('click')") == "ModuleNotFoundError: No module named 'click'"
    beside = Path(click.__file__)
    assert "Permission denied" in run.ask(f"open({str(beside)!r})")
    assert "Permission denied" in run.ask(f"os.listdir({str(beside.parent.parent)!r})")


def test_a_worker_has_four_descriptors_and_nothing_of_the_environment(
    worker: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_PASSWORD", "hunter2")
    inherited = os.open("/etc/passwd", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    try:
        run = worker()
    finally:
        os.close(inherited)
    inheritable = [run.ask(f"os.get_inheritable({descriptor})") for descriptor in range(64)]
    assert inheritable == ["True"] * 3 + ["False"] + ["OSError: [Errno 9] Bad file descriptor"] * 60
    assert set(run.ask("sorted(os.environ)")[1:-1].split(", ")) == {
        "'LANG'", "'MKL_NUM_THREADS'", "'NUMEXPR_NUM_THREADS'", "'OMP_NUM_THREADS'", "'OPENBLAS_NUM_THREADS'"
    }  # fmt: skip
    assert (run.ask("os.getcwd()"), run.ask("sys.argv"), run.ask("sys.stdin.read()")) == ("/", "['']", "")


def test_the_worker_sees_its_place_and_what_it_may_read_and_no_more(worker: Start, tmp_path: Path) -> None:
    for name in ("prices", "keys"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(f"of {name}")
    run = worker(permissions=(f"read:{tmp_path}/prices",))
    assert run.ask(f"open('{tmp_path}/prices/file').read()") == "of prices"
    assert run.ask(f"os.listdir('{tmp_path}/prices')") == "['file']"
    assert "Permission denied" in run.ask(f"open('{tmp_path}/keys/file')")
    assert "Permission denied" in run.ask(f"os.listdir('{tmp_path}')")
    assert "not permitted" in run.ask(f"open('{tmp_path}/prices/file', 'a')")


def test_a_link_out_of_what_may_be_read_leads_nowhere(worker: Start, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("secret")
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "link").symlink_to(tmp_path / "keys")
    assert "Permission denied" in worker(permissions=(f"read:{tmp_path}/prices",)).ask(
        f"open('{tmp_path}/prices/link')"
    )


def test_what_cannot_be_granted_starts_nothing(worker: Start, tmp_path: Path) -> None:
    for fields, error in (
        ({"permissions": (f"read:{tmp_path}/absent",)}, PluginError),
        ({"permissions": ("read:/etc",)}, PluginError),
        ({"permissions": ("fly",)}, PluginError),
        ({"paths": ("relative",)}, IsolationError),
        ({"paths": (f"{tmp_path}/absent",)}, IsolationError),
    ):
        with pytest.raises(error):
            worker(**fields)


def test_what_goes_wrong_on_the_way_in_ends_the_worker_and_is_told(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, launch(Place(name="acme", paths=(str(tmp_path),)), theirs, "absent:main") as process:
        assert process.wait() == 1
        assert words(process)[-1] == "ModuleNotFoundError: No module named 'absent'"
    assert process.stderr is not None
    assert process.stderr.closed


def test_what_a_worker_writes_is_cut_and_made_harmless(worker: Start) -> None:
    run = worker()
    run.ask(r"print('\x1b[2J\x1b[31m\r\u202eevil\x07\nsecond')")
    run.ask(r"print('third', file=sys.stderr)")
    assert words(run.process) == (r"\x1b[2J\x1b[31m\r\u202eevil\x07", "second", "third")
    assert words(run.process) == ()
    run.ask("print('x' * 10_000_000)")
    run.ask("[print('line') for _ in range(100_000)]")
    found = words(run.process)
    assert len(found) <= 20
    assert max(map(len, found)) <= 200
    assert harmless("é日", 10) == "é日"


def test_limits_end_what_takes_too_much(worker: Start) -> None:
    greedy = worker(memory=256 * MIB)
    assert greedy.ask("bytearray(1 << 30)").startswith("MemoryError")
    assert len(greedy.ask("'x' * 1000")) == 1000
    busy = worker(cpu_s=1)
    assert busy.ask("any(iter(int, 1))") == ""  # it is gone
    assert busy.process.wait() == -signal.SIGKILL


def test_a_worker_ends_with_its_host(tmp_path: Path) -> None:
    (tmp_path / "deaf.py").write_text("import time\n\ndef main(channel):\n    time.sleep(3600)\n")
    host = f"""
import socket, sys
from sniper.isolation.launch import launch
from sniper.isolation.place import Place
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
print(launch(Place(name="acme", paths=({str(tmp_path)!r},)), theirs, "deaf:main").pid, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", host], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        handle = os.pidfd_open(pid)
        process.kill()
    ended, _, _ = select.select([handle], [], [], 30)
    os.close(handle)
    assert ended, "the worker outlived its host"


def test_use_is_counted_while_it_lives(worker: Start) -> None:
    run = worker()
    run.ask("sys.modules.update(kept=bytearray(64 << 20))")
    before = used(run.process.pid)
    run.ask("sum(range(3_000_000))")
    after = used(run.process.pid)
    assert after.memory > 64 * MIB
    assert after.peak >= after.memory
    assert after.cpu_ns > before.cpu_ns > 0
    run.end()
    with pytest.raises(ProcessLookupError):
        used(run.process.pid)


@pytest.mark.parametrize(("code", "said"), [(95, "lsm= parameter"), (38, "offers no Landlock"), (0, "has version 3")])
def test_a_kernel_without_landlock_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, code: int, said: str
) -> None:
    class Libc:
        @staticmethod
        def syscall(*_: object) -> int:
            ctypes.set_errno(code)
            return -1 if code else 3

    monkeypatch.setattr(landlock, "_libc", Libc)
    available.cache_clear()
    with pytest.raises(IsolationError, match=said):
        available()


def test_a_machine_whose_calls_are_not_listed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp, "ARCHITECTURES", {})
    available.cache_clear()
    with pytest.raises(IsolationError, match="workers run on"):
        available()


def test_only_the_base_interpreter_runs() -> None:
    assert Path(interpreter.executable()).is_file()
    assert not Path(interpreter.executable()).is_relative_to(sys.prefix) or sys.prefix == sys.base_prefix
