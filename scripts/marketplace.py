"""From an idea to a published plugin, to a stranger's bot, and away again: ``make marketplace``.

An author writes an AMM from the template, changes it, tests it and publishes it to a local registry. A trader, with a
home and a Python environment of their own, installs it and lets it price the pools of the demo, where it runs in a
worker. Then the registry revokes it, and the trader's next start refuses it. Each line that begins with a name and a
``$`` is a command that was run.
"""

import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
UV: Final = ROOT / ".venv/bin/uv"
KEPT: Final = ("UV_CACHE_DIR", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "HTTPS_PROXY", "SSL_CERT_FILE")
"""Of the caller's environment: how packages are reached on this machine."""
NAME: Final = "harbor"
DISTRIBUTION: Final = f"sniper-amm-{NAME}"
PACKAGE: Final = f"sniper_amm_{NAME}"
VERSION: Final = "0.1.0"
REASON: Final = "prices pools of zero reserves"

CHANGES: Final = (
    ("paid = max(amount_in, 0) * (BPS - self.config.fee_bps)", "paid = max(amount_in, 0) * self._kept()"),
    (
        "x * amount_out * BPS // ((y - amount_out) * (BPS - self.config.fee_bps)) + 1",
        "x * amount_out * BPS // ((y - amount_out) * self._kept()) + 1",
    ),
    ("Fraction(y * (BPS - self.config.fee_bps), x * BPS)", "Fraction(y * self._kept(), x * BPS)"),
    (
        "    def _sides(self,",
        "    def _kept(self) -> int:\n"
        '        """Of the amount in after the fee, bps (UniswapV2Library)."""\n'
        "        return BPS - self.config.fee_bps\n\n"
        "    def _sides(self,",
    ),
)
"""What the author changes: the fee in one place, with its source."""


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return f"{self.out}\n{self.err}"


class Person:
    """Somebody with a home of their own, and with a Python environment of their own where they install something."""

    def __init__(self, name: str, home: Path, *, installs: bool) -> None:
        self.name = name
        self.home = home / name
        self.home.mkdir()
        environment = ROOT / ".venv"
        if installs:
            # The same files under other names: what one of them installs, the others do not have.
            subprocess.run(["cp", "-al", str(environment), str(self.home / "venv")], check=True)
            environment = self.home / "venv"
        self.python = environment / "bin/python"
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment = {
            **kept,
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        }

    def sniper(self, *words: str, fails: bool = False) -> Ran:
        """Run a command of sniper. Ends the script where it fails, or where it does not and should."""
        return self.run(str(self.python), "-m", "sniper", *words, shown=("sniper", *words), fails=fails)

    def run(self, *command: str, shown: tuple[str, ...] = (), fails: bool = False) -> Ran:
        said = shlex.join(shown or command).replace(f"{self.home.parent}/", "").replace(f"{ROOT}/", "")
        print(f"{self.name}$ {said}", flush=True)
        done = subprocess.run(
            command, cwd=self.home, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )
        ran = Ran(done.returncode, done.stdout.strip(), done.stderr.strip())
        if bool(ran.code) != fails:
            sys.exit(f"exit code {ran.code}\n{ran.said}")
        return ran


def main() -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sniper-marketplace-") as directory:
        home = Path(directory)
        author, trader = Person("author", home, installs=True), Person("trader", home, installs=True)
        operator = Person("operator", home, installs=False)
        wheel = written(author)
        fingerprint = published(author, operator, wheel)
        with served(operator) as address:
            installed(trader, address, fingerprint)
            refused(trader, operator)
    used = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    print(f"\nall of it held: {used:.0f} s of processor time in {time.monotonic() - began:.0f} s")


def written(author: Person) -> Path:
    """A plugin from the template, changed, tested, and built."""
    author.sniper("plugins", "new", "amm", NAME)
    project = author.home / DISTRIBUTION
    module = project / "src" / PACKAGE / "pool.py"
    text = module.read_text()
    for old, new in CHANGES:
        if text.count(old) != 1:
            sys.exit(f"{module.name} of the template has {old!r} {text.count(old)} times; correct this script")
        text = text.replace(old, new)
    module.write_text(text)
    install = (
        "pip",
        "install",
        "--quiet",
        "--offline",
        "--no-deps",
        "--no-build-isolation",
        "--editable",
        DISTRIBUTION,
    )
    author.run(str(UV), *install, "--python", str(author.python))
    author.sniper("plugins", "test", DISTRIBUTION, "--write", "level.json")
    print(indented(f"level {json.loads((author.home / 'level.json').read_text())['level']}"))
    author.run(str(author.python), "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", DISTRIBUTION)
    [wheel] = (author.home / "dist").glob("*.whl")
    return wheel


def published(author: Person, operator: Person, wheel: Path) -> str:
    """A repository with its keys, a publisher in it, and the release under both. The fingerprint of its root."""
    made = operator.sniper("registry", "init", "repository", "--no-password").out
    public = author.sniper("registry", "key", "author.key", "--no-password").out
    operator.sniper("registry", "publisher", "repository", "ada", "--key", public)
    # A publisher reaches a repository through the marketplace's service; here it lies on the same disk.
    words = ("--repository", str(operator.home / "repository"), "--key", "author.key", "--level", "level.json")
    print(indented(author.sniper("registry", "publish", str(wheel), *words).out))
    return made.split()[-1]


@contextmanager
def served(operator: Person) -> Iterator[str]:
    """The repository's address, as long as it is served."""
    command = (str(operator.python), "-m", "sniper", "registry", "serve", "repository", "--port", "0")
    print("operator$ sniper registry serve repository --port 0", flush=True)
    with subprocess.Popen(
        command, cwd=operator.home, env=operator.environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def installed(trader: Person, address: str, fingerprint: str) -> None:
    """Found, looked at, installed, and at work in the demo without being imported into it."""
    trader.sniper("registry", "add", address, "--fingerprint", fingerprint, "--name", "local")
    print(indented(trader.sniper("plugins", "search", NAME).out))
    print(indented(trader.sniper("plugins", "install", DISTRIBUTION, "--dry-run").out))
    print(indented(trader.sniper("plugins", "install", DISTRIBUTION, "--accept-permissions").out))
    if "isolated" not in trader.sniper("plugins", "list", "--kind", "amm").out.partition(NAME)[2].partition("\n")[0]:
        sys.exit(f"{DISTRIBUTION} is not listed as isolated")
    ran = trader.sniper("demo", "--amm", NAME, "--json", "--directory", "demo")
    summary = json.loads(ran.out)
    differences = summary["reconciliation"]["differences"] or "none"
    print(indented(f"{summary['orders']} orders, {summary['fills']} fills, differences from the chain: {differences}"))


def refused(trader: Person, operator: Person) -> None:
    """Revoked by the operator: neither a start nor an installation takes it any more."""
    operator.sniper("registry", "revoke", "repository", DISTRIBUTION, VERSION, "--reason", REASON)
    for words in (("--config", "demo/sniper.toml", "run"), ("plugins", "install", DISTRIBUTION, "--reinstall")):
        ran = trader.sniper(*words, fails=True)
        told = [line for line in ran.said.splitlines() if REASON in line]
        if told:
            print(indented(told[0]))
        else:
            sys.exit(f"it was refused for another reason than {REASON!r}:\n{ran.said}")


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


if __name__ == "__main__":
    main()
