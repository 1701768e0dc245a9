"""Who follows a page: does what each of its blocks says, in order, and compares what is printed with what is shown.

What a block is, a person sees as well (docs/tutorials/index.md says it to them):

- ``sh``: commands, each of which must end with code 0;
- ``console``: commands behind ``$ ``, and what they print; ``…`` stands for anything, on a line of its own for any
  lines. One that is followed by ``$ echo $?`` may fail;
- any other whose first line is a comment with a path: a file, which is written where the shell is;
- everything else is only shown.
"""

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pages import Block

DEADLINE_S: Final = 120.0
"""For one command. Far more than any takes: it only ends a test that would hang."""

_FILE = re.compile(r"(?:#|//) ([\w./-]+\.(?:py|toml|sol|md|csv))\n")
_MARK = "\x01"
_LOOP = f"""
while IFS= read -r -d '' -u 3 command; do
    (exit "${{last:-0}}"); eval "$command" 3<&-
    last=$?
    printf '{_MARK}%s{_MARK}' "$last"
done
"""
_SCRIPT = """#!{python}
import sys
from {module} import {function}
sys.exit({function}())
"""
_PROGRAMS = {"sniper": ("sniper.cli", "main"), "pip": ("pip._internal.cli.main", "main"), "pytest": ("pytest", "main")}


class Departed(AssertionError):
    """A step of a page did something else than the page says."""


@dataclass(frozen=True)
class Step:
    """A command, and what it prints; None: nobody says."""

    command: str
    shown: str | None
    may_fail: bool = False


def steps(block: Block) -> list[Step]:
    """The commands of a block."""
    if block.language == "console":
        parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
        told = [_prompted(part) for part in parts]
        return [
            Step(command, shown, may_fail=index + 1 < len(told) and told[index + 1][0] == "echo $?")
            for index, (command, shown) in enumerate(told)
        ]
    return [Step(command, None) for command in _commands(block.text)]


def _prompted(part: str) -> tuple[str, str]:
    lines = part.splitlines()
    end = 1
    while lines[end - 1].endswith("\\"):
        end += 1
    return "\n".join(lines[:end]), "\n".join(lines[end:])


def _commands(text: str) -> Iterator[str]:
    """One for each line, together with the lines that it goes on on."""
    waiting, until = "", ""
    for line in text.splitlines():
        waiting += line + "\n"
        if until:
            until = "" if line == until else until
        elif heredoc := re.search(r"<<'?(\w+)'?", line):
            until = heredoc[1]
        if not until and not line.endswith("\\"):
            if waiting.strip() and not waiting.startswith("#"):
                yield waiting.strip()
            waiting = ""


def agrees(shown: str, printed: str) -> bool:
    """Whether what was printed is what a page shows."""
    pattern = ""
    for line in shown.strip("\n").splitlines():
        pattern += r"(?:.*\n)*?" if line.strip() == "…" else r"[^\n]*".join(map(re.escape, line.split("…"))) + r" *\n"
    return re.fullmatch(pattern, printed.strip("\n") + "\n" if printed.strip() else "") is not None


class Reader:
    """One shell in `directory`, on a machine where sniper is installed in an environment of its own, as the guide says.
    Nothing that it installs is seen elsewhere, and no package index is asked.
    """

    def __init__(self, directory: Path) -> None:
        environment = _environment(directory)
        commands, told = os.pipe()
        moved = "" if commands == 3 else f"exec 3<&{commands} {commands}<&-"
        self._commands = os.fdopen(told, "w")
        self._shell = subprocess.Popen(
            ["bash", "--norc", "-c", f"{moved}\n{_LOOP}"],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(commands,),
            start_new_session=True,
        )
        os.close(commands)
        self.written: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the shell and all that was started in it."""
        self._commands.close()
        self._end(signal.SIGTERM, 5.0)
        self._end(signal.SIGKILL, 5.0)
        self._shell.wait()
        assert self._shell.stdout is not None
        self._shell.stdout.close()

    def _end(self, how: signal.Signals, within_s: float) -> None:
        """Send a signal to the shell and what it started, and wait until nothing of that runs any more."""
        until, told = time.monotonic() + within_s, set[int]()
        while (group := _running(self._shell.pid)) and time.monotonic() < until:
            for pid in set(group) - told:
                with suppress(ProcessLookupError):
                    os.kill(pid, how)
            told |= set(group)
            self._shell.poll()
            time.sleep(0.02)

    def follow(self, block: Block) -> None:
        """Do what a block says. Raises `Departed`."""
        if block.language in {"sh", "console"}:
            for step in steps(block):
                self._do(block, step)
        elif named := _FILE.match(block.text):
            file = Path(os.readlink(f"/proc/{self._shell.pid}/cwd")) / named[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text[named.end() :])
            self.written.append(file)

    def _do(self, block: Block, step: Step) -> None:
        printed, code = self._run(step.command)
        if code and not step.may_fail:
            raise Departed(f"{block}: `{step.command}` ended with code {code}:\n{printed}")
        if step.shown is not None and not agrees(step.shown, printed):
            raise Departed(f"{block}: `{step.command}` is shown to print\n{step.shown}\n\nand printed\n{printed}")

    def _run(self, command: str) -> tuple[str, int]:
        self._commands.write(command + "\0")
        self._commands.flush()
        assert self._shell.stdout is not None
        out, until = b"", time.monotonic() + DEADLINE_S
        mark = re.compile(f"{_MARK}(\\d+){_MARK}".encode())
        with selectors.DefaultSelector() as selector:
            selector.register(self._shell.stdout, selectors.EVENT_READ)
            while (found := mark.search(out)) is None:
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise Departed(f"`{command}` did not end in {DEADLINE_S:g} s; it printed\n{out.decode()}")
                piece = os.read(self._shell.stdout.fileno(), 1 << 16)
                if not piece:
                    raise Departed(f"`{command}` ended the shell; it printed\n{out.decode()}")
                out += piece
        return out[: found.start()].decode(), int(found[1])


def _running(session: int) -> list[int]:
    """The processes of a session, those left out that ended and were not waited for."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            state, _, _, of = stat.read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state != "Z":
                found.append(int(stat.parent.name))
    return found


def _environment(directory: Path) -> dict[str, str]:
    """Variables of the shell; makes ``.home/venv`` below `directory`, which sees what the tests' environment has."""
    venv = directory / ".home/venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (packages,) = venv.glob("lib/python*/site-packages")
    outer = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "outer.pth").write_text(f"import site; site.addsitedir({outer!r})\n")
    for name, (module, function) in _PROGRAMS.items():
        script = venv / "bin" / name
        script.write_text(_SCRIPT.format(python=venv / "bin/python", module=module, function=function))
        script.chmod(0o755)
    cache = os.environ.get("SNIPER_CACHE") or str(Path.home() / ".cache/sniper")
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
    return {
        **kept,
        "PATH": os.pathsep.join([str(venv / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(directory / ".home"),
        "VIRTUAL_ENV": str(venv),
        "SNIPER_CACHE": cache,
        "COLUMNS": "120",
        "NO_COLOR": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "false",  # pip's own way to say that the build backend is here already
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_OFFLINE": "1",
    }
