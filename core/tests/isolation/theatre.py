"""A host with something to steal, and an attacker beside it: plays the attacks of ``hostile`` and says which succeeded.

Run as a script, by any user, in a process of its own. Arguments: the secret; "cage", "open", or the one layer that is
there; "numpy" or ""; names of attacks, all where there are none. It prints a JSON object: by attack, whether it
succeeded, and how it ended.
"""

import contextlib
import ctypes
import importlib.util
import json
import os
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path
from typing import Any, NamedTuple

from hostile import ATTACKS, stage  # noqa: F401  the stage lists all attacks

from sniper.isolation import interpreter
from sniper.isolation.launch import launch
from sniper.isolation.place import Place
from sniper.isolation.words import words

HERE = Path(__file__).parent
ENTRY = "hostile.stage:main"
STOLEN = 57
"""The host's descriptor of its keys, which can be inherited."""
_FIONREAD = 0x541B

_ONE_LAYER = """
import ctypes, importlib.util, json, os, resource, sys
layer, entrance = {layer!r}, {entrance!r}
spec = importlib.util.spec_from_file_location("enter", entrance)
enter = importlib.util.module_from_spec(spec)
spec.loader.exec_module(enter)
plan = json.loads(sys.argv.pop())
enter.end_with_parent(plan["parent"])
ruleset = enter.keep_only(plan["channel"], plan["landlock"])
if layer == "limits":
    for which, value in plan["limits"]:
        resource.setrlimit(which, (value, value))
if layer == "capabilities":
    enter.give_up_capabilities()
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
if layer == "landlock":
    enter.restrict_files(ruleset)
if layer == "seccomp":
    enter.restrict_calls(bytes.fromhex(plan["seccomp"]))
enter.run(plan)
"""

_OPEN = """
import os, sys
channel, mine = sys.argv[1:]
os.dup2(int(channel), 3)
sys.path.insert(0, mine)
from hostile.stage import main
main(3)
"""


class Outcome(NamedTuple):
    succeeded: bool
    how: str


class Theatre:
    def __init__(self, directory: Path, secret: str) -> None:
        self._secret = secret
        self.directory = directory
        for name in ("home", "other", "mine", "outbox", "leftovers"):
            (directory / name).mkdir()
        keys = directory / "home" / "keys.json"
        keys.write_text(secret)
        keys.chmod(0o600)
        (directory / "home" / f"{secret}.wallet").touch()
        (directory / "other" / "other_plugin.py").write_text(f"SECRET = {secret!r}\n")
        (directory / "leftovers" / "leftover.py").write_text(f"SECRET = {secret!r}\n")
        self._shared = Path(f"/dev/shm/sniper-attacks-{os.getpid()}")
        self._shared.write_text(secret)
        os.environ["PYTHONPATH"] = str(directory / "leftovers")
        os.chdir(directory / "home")
        os.dup2(os.open(keys, os.O_RDONLY), STOLEN, inheritable=True)
        shutil.copytree(HERE / "hostile", directory / "mine" / "hostile", ignore=shutil.ignore_patterns("__pycache__"))
        numpy = importlib.util.find_spec("numpy")
        assert numpy is not None
        assert numpy.origin is not None
        self._numpy = Path(numpy.origin).resolve().parent
        (directory / "mine" / "numpy").symlink_to(self._numpy)
        self._victim = directory / "home" / "positions.json"
        self._memory = ctypes.create_string_buffer(secret.encode())
        self._board = ctypes.create_string_buffer(b"untouched", 64)
        self.signals = 0
        signal.signal(signal.SIGUSR1, self._signalled)
        self._sibling = self._start_sibling()
        self._open_doors()

    def play(self, name: str, mode: str, numpy: bool) -> Outcome:
        """One attack, in a process of its own."""
        self._lay_out()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs:
            process = self._start(name, mode, theirs)
            theirs.close()
            try:
                return self._watched(name, ours, process, numpy)
            finally:
                process.kill()
                process.wait()
                if process.stderr is not None:
                    process.stderr.close()

    def end(self) -> None:
        self._sibling.kill()
        self._sibling.wait()
        self._shared.unlink()

    def _watched(self, name: str, ours: socket.socket, process: subprocess.Popen[bytes], numpy: bool) -> Outcome:
        ours.send(json.dumps({"attack": name, "scene": self._scene(), "numpy": numpy}).encode())
        if name == "receive-a-descriptor":
            socket.send_fds(ours, [b"x"], [STOLEN])
        ours.settimeout(60)
        try:
            said = ours.recv(1 << 16)
        except ConnectionResetError:  # it ended before it read what was sent
            said = b""
        effect = name in WITNESSES and WITNESSES[name](self, process)
        left = sorted(each.name for each in (self.directory / "outbox").iterdir())
        if not said:
            code = process.wait(60)
            return Outcome(False, f"ended with {code}: {' '.join(words(process)[-1:])}")
        try:
            answer = json.loads(said)
        except ValueError:
            answer = {"got": said.decode(errors="replace")}
        got = answer.get("got", "")
        looted = got == "done" or self._secret in got
        how = answer.get("refused") or ("succeeded" if looted else "got nothing")
        # What the host sees counts, where there is something to see: an attacker may fail after it did its harm.
        return Outcome(effect if name in WITNESSES else looted or bool(left), how)

    def _start(self, name: str, mode: str, theirs: socket.socket) -> subprocess.Popen[bytes]:
        if mode == "open":
            theirs.set_inheritable(True)
            reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            command = [interpreter.executable(), "-B", "-c", _OPEN, str(theirs.fileno()), str(self.directory / "mine")]
            process = subprocess.Popen(command, close_fds=False, stdout=writing, stderr=writing)
            os.close(writing)
            process.stderr = open(reading, "rb", buffering=0)  # noqa: SIM115  closed by play
            return process
        mine = str(self.directory / "mine")
        paths = (mine, str(self._numpy), *(str(each) for each in self._numpy.parent.glob("numpy.libs")))
        place = Place(**{"name": "acme", "paths": paths, **ATTACKS[name].place})  # type: ignore[arg-type]
        if mode == "cage":
            return launch(place, theirs, ENTRY)
        layer = self.directory / "layer.py"
        entrance = interpreter.entrance()
        layer.write_text(_ONE_LAYER.format(layer=mode, entrance=entrance))
        interpreter.entrance = lambda: str(layer)
        try:
            return launch(place, theirs, ENTRY)
        finally:
            interpreter.entrance = lambda: entrance

    def _scene(self) -> dict[str, Any]:
        return {
            "host": os.getpid(),
            "sibling": self._sibling.pid,
            "home": str(self.directory / "home"),
            "keys": str(self.directory / "home" / "keys.json"),
            "victim": str(self._victim),
            "other": str(self.directory / "other"),
            "mine": str(self.directory / "mine"),
            "outbox": str(self.directory / "outbox"),
            "installed": str(self._numpy.parent),
            "shared": str(self._shared),
            "descriptor": STOLEN,
            "address": ctypes.addressof(self._memory),
            "length": len(self._memory),
            "board": ctypes.addressof(self._board),
            "tcp": self._tcp.getsockname()[1],
            "udp": self._udp.getsockname()[1],
            "unix": self._unix.getsockname(),
            "abstract": self._abstract.getsockname()[1:].decode(),
            "mailbox": self._mailbox.getsockname(),
        }

    def _lay_out(self) -> None:
        """What an earlier attack may have changed."""
        with contextlib.suppress(FileNotFoundError):
            self._victim.unlink()
        self._victim.write_text("precious")
        self._victim.chmod(0o600)
        os.utime(self._victim, (1000, 1000))
        for left in (self.directory / "outbox").iterdir():
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        self.signals = 0
        self._board.raw = b"untouched".ljust(64, b"\0")
        while select.select([self._mailbox], [], [], 0)[0]:
            self._mailbox.recv(1000)

    def _start_sibling(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([interpreter.executable(), "-c", "import signal; signal.pause()"])

    def _signalled(self, *_: object) -> None:
        self.signals += 1

    def _open_doors(self) -> None:
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._udp = socket.socket(type=socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._unix = socket.socket(socket.AF_UNIX)
        self._unix.bind(str(self.directory / "home" / "socket"))
        self._unix.listen()
        self._abstract = socket.socket(socket.AF_UNIX)
        self._abstract.bind("")  # the kernel chooses a name
        self._abstract.listen()
        self._mailbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._mailbox.bind(str(self.directory / "home" / "mailbox"))
        doors = selectors.DefaultSelector()
        for each in (self._tcp, self._udp, self._unix, self._abstract):
            doors.register(each, selectors.EVENT_READ)
        threading.Thread(target=self._serve, args=(doors,), daemon=True).start()

    def _serve(self, doors: selectors.BaseSelector) -> None:
        """Tells the secret to whoever gets here."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})  # is the main thread's, which looks at it
        secret = self._secret.encode()
        while True:
            for key, _ in doors.select():
                door = key.fileobj
                assert isinstance(door, socket.socket)
                if door is self._udp:
                    door.sendto(secret, door.recvfrom(1000)[1])
                    continue
                with door.accept()[0] as guest, contextlib.suppress(OSError):
                    guest.recv(1000)
                    guest.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + secret)

    # What attacks change, as the host sees it.

    def victim_changed(self, _: object) -> bool:
        try:
            stat = self._victim.stat()
        except FileNotFoundError:
            return True
        found = (self._victim.read_text(), stat.st_mode & 0o777, stat.st_mtime, os.listxattr(self._victim))
        return found != ("precious", 0o600, 1000, [])

    def signalled(self, _: object) -> bool:
        return self.signals > 0

    def mail(self, _: object) -> bool:
        return bool(select.select([self._mailbox], [], [], 0)[0])

    def board_changed(self, _: object) -> bool:
        return not self._board.raw.startswith(b"untouched")

    def sibling_is_traced(self, _: object) -> bool:
        return "TracerPid:\t0\n" not in Path(f"/proc/{self._sibling.pid}/status").read_text()

    def sibling_changed(self, _: object) -> bool:
        """Whether it is gone, slower, bound or held to less than its host; if so, there is a new one."""
        pid = self._sibling.pid
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        changed = state in "ZX" or (
            os.getpriority(os.PRIO_PROCESS, pid) != os.getpriority(os.PRIO_PROCESS, 0)
            or os.sched_getaffinity(pid) != os.sched_getaffinity(0)
            or Path(f"/proc/{pid}/limits").read_text() != Path("/proc/self/limits").read_text()
        )
        if changed:
            self._sibling.kill()
            self._sibling.wait()
            self._sibling = self._start_sibling()
        return changed

    def log_is_forged(self, process: subprocess.Popen[bytes]) -> bool:
        """Of what the host would log, whether a character is no text."""
        assert process.stderr is not None
        if isinstance(process.args, list) and "-I" in process.args:
            return not all(line.isprintable() for line in words(process))
        return b"\x1b" in (process.stderr.read(4096) or b"")

    def log_is_long(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.stderr is not None
        waiting = ctypes.c_int()
        ioctl(process.stderr, _FIONREAD, waiting)
        return waiting.value > 4096


WITNESSES: dict[str, Callable[[Theatre, subprocess.Popen[bytes]], bool]] = {
    "empty-a-file": Theatre.victim_changed,
    "delete-a-file": Theatre.victim_changed,
    "rename-a-file": Theatre.victim_changed,
    "open-up-the-keys": Theatre.victim_changed,
    "change-times": Theatre.victim_changed,
    "hide-attributes": Theatre.victim_changed,
    "signal-the-host": Theatre.signalled,
    "signal-a-thread": Theatre.signalled,
    "signal-by-handle": Theatre.signalled,
    "signal-by-owner": Theatre.signalled,
    "datagrams-of-a-pair": Theatre.mail,
    "change-the-hosts-memory": Theatre.board_changed,
    "trace-another": Theatre.sibling_is_traced,
    "kill-a-sibling": Theatre.sibling_changed,
    "slow-another": Theatre.sibling_changed,
    "bind-another": Theatre.sibling_changed,
    "lower-another": Theatre.sibling_changed,
    "forge-a-line": Theatre.log_is_forged,
    "flood-the-log": Theatre.log_is_long,
}


@contextlib.contextmanager
def opened(secret: str) -> Iterator[Theatre]:
    directory = Path(tempfile.mkdtemp(prefix="sniper-attacks-")).resolve()
    theatre = Theatre(directory, secret)
    try:
        yield theatre
    finally:
        theatre.end()
        os.chdir("/")
        shutil.rmtree(directory)


def main() -> None:
    secret, mode, numpy, *names = sys.argv[1:]
    found = {}
    with opened(secret) as theatre:
        for name in names or ATTACKS:
            found[name] = theatre.play(name, mode, bool(numpy))._asdict()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
