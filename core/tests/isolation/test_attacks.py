"""What a hostile plugin tries, against a worker and against a process that nobody holds back.

An attack counts as stopped only because the same code succeeds in the open, for the same user.
"""

import json
import os
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
USERS = ("root", "nobody") if os.geteuid() == 0 else ("this user",)


class Outcome(NamedTuple):
    succeeded: bool
    how: str


class Attack(NamedTuple):
    name: str
    story: str
    power: str


def attacks() -> tuple[Attack, ...]:
    code = (
        "import json; from hostile import ATTACKS, stage; "
        "print(json.dumps([(name, each.story, each.power) for name, each in ATTACKS.items()]))"
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


def _successes(outcomes: dict[str, Outcome]) -> dict[str, str]:
    assert outcomes.keys() == {each.name for each in attacks()}
    return {name: each.how for name, each in outcomes.items() if each.succeeded}
