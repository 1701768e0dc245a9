"""What a hostile plugin tries, against a worker and against a process that nobody holds back.

An attack counts as stopped only because the same code succeeds in the open, for the same user. Run as a script, by
root, this writes docs/attacks.md.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pytest

import sniper

HERE = Path(__file__).parent
NOBODY = 65534
DOCS = HERE.parents[2] / "docs"
LAYERS = {
    "start": "clean start",
    "limits": "limits",
    "capabilities": "no capabilities",
    "landlock": "Landlock",
    "seccomp": "seccomp",
}
TITLES = {
    "files": "Files",
    "memory": "Memory, environment and descriptors of others",
    "processes": "Processes and signals",
    "network": "Network and sockets",
    "kernel": "The kernel's own doors",
    "resources": "Resources",
    "deceit": "Deceit",
}
HEAD = """\
# Attacks on a worker

What a hostile plugin was made to try: {attacks} attacks, each refused in a worker, and each successful when the same
code runs outside of one, by the same user; {cases} of them need powers of root there. They run as root and as an
ordinary user, with and without numpy loaded (`core/tests/isolation`). The right column says which layers stop it with
all others switched off, for root; "clean start" (descriptors, environment, standard output) is there with each of them.
What attacks the protocol between host and worker is in [isolation.md](isolation.md), what the layers are in
[security.md](security.md)."""
USERS = ("root", "nobody") if os.geteuid() == 0 else ("this user",)


class Outcome(NamedTuple):
    succeeded: bool
    how: str


class Attack(NamedTuple):
    name: str
    group: str
    story: str
    power: str


def attacks() -> tuple[Attack, ...]:
    code = (
        "import json; from hostile import ATTACKS, stage; "
        "print(json.dumps([(name, each.group, each.story, each.power) for name, each in ATTACKS.items()]))"
    )
    listed = subprocess.run([sys.executable, "-B", "-c", code], cwd=HERE, check=True, capture_output=True).stdout
    return tuple(Attack(*each) for each in json.loads(listed))


@pytest.fixture
def stage() -> Iterator[Path]:
    """A directory that every user can reach."""
    with tempfile.TemporaryDirectory(prefix="sniper-attacks-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def played(stage: Path, user: str, mode: str, *, numpy: bool = False) -> dict[str, Outcome]:
    """How all attacks end: by a user, in a "cage", in the "open", or against one layer."""
    secret = f"secret-{secrets.token_hex(8)}"
    installed = {Path(module.__file__ or "").resolve().parent.parent for module in (sniper, msgspec, np)}
    script = (str(HERE / "theatre.py"), secret, mode, "numpy" if numpy else "")
    base = os.path.realpath(sys._base_executable)  # type: ignore[attr-defined]  # CPython has it
    as_user = (str(HERE / "as_user.py"), str(NOBODY), str(stage)) if user == "nobody" else ()
    ran = subprocess.run(
        [base, "-B", *as_user, *script],
        env={
            "ACME_API_KEY": secret,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": ":".join(map(str, sorted(installed))),
        },
        stdout=subprocess.PIPE,
        start_new_session=True,  # what is aimed at the host stays away from the tests
        check=True,
    )
    return {name: Outcome(**each) for name, each in json.loads(ran.stdout).items()}


def test_there_are_more_than_forty_attacks() -> None:
    assert len(attacks()) > 100


@pytest.mark.parametrize("user", USERS)
def test_no_attack_succeeds_in_a_worker_with_numpy(stage: Path, user: str) -> None:
    assert _successes(played(stage, user, "cage", numpy=True)) == {}


@pytest.mark.long
@pytest.mark.parametrize("user", USERS)
def test_no_attack_succeeds_in_a_worker(stage: Path, user: str) -> None:
    assert _successes(played(stage, user, "cage")) == {}


@pytest.mark.parametrize("user", USERS)
def test_each_attack_succeeds_in_the_open(stage: Path, user: str) -> None:
    """But those that need a power which the user does not have anyway."""
    beyond = set() if user == "root" else {each.name for each in attacks() if each.power}
    failed = {name: each.how for name, each in played(stage, user, "open").items() if not each.succeeded}
    assert failed.keys() == beyond, failed


@pytest.mark.long
def test_each_layer_alone_stops_what_the_page_says(stage: Path) -> None:
    told = re.findall(r"^\| .* `(.*)` \| (.*) \|$", (DOCS / "attacks.md").read_text(), re.MULTILINE)
    stopped = stopped_by(stage)
    assert sorted(name for name, _ in told) == sorted(stopped)
    for name, layers in told:
        assert set(layers.split(", ")) <= stopped[name], name


def stopped_by(stage: Path) -> dict[str, set[str]]:
    """By attack, the layers that stop it, each being the only one."""
    outcomes = {words: played(stage, USERS[0], layer) for layer, words in LAYERS.items()}
    return {
        each.name: {words for words, found in outcomes.items() if not found[each.name].succeeded} for each in attacks()
    }


def page(stopped: dict[str, set[str]]) -> str:
    listed = attacks()
    lines = [HEAD.format(attacks=len(listed), cases=sum(bool(each.power) for each in listed))]
    for group, title in TITLES.items():
        lines.append(f"\n## {title}\n\n| attack | stopped by each of these alone |\n| --- | --- |")
        for each in listed:
            if each.group == group:
                found = [words for words in LAYERS.values() if words in stopped[each.name]]
                layers = "clean start" if "clean start" in found else ", ".join(found)
                mark = " (as root)" if each.power else ""
                lines.append(f"| {each.story}{mark} `{each.name}` | {layers} |")
    lines.append("\n## How many each layer stops\n\n| layer alone | stops |\n| --- | --- |")
    alone = {words: sum(words in found for found in stopped.values()) for words in LAYERS.values()}
    lines += [f"| {words} | {count} of {len(stopped)} |" for words, count in alone.items()]
    lines.append(f"| all together | {len(stopped)} of {len(stopped)} |")
    return "\n".join(lines)


def _successes(outcomes: dict[str, Outcome]) -> dict[str, str]:
    assert outcomes.keys() == {each.name for each in attacks()}
    return {name: each.how for name, each in outcomes.items() if each.succeeded}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        print(page(stopped_by(Path(directory))))
