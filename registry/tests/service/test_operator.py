"""What the operator of a marketplace types, in real processes."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner, Result

from sniper.errors import ConfigError
from sniper_registry.repository import keys
from sniper_registry.repository.submission import described, prepared
from sniper_registry.service import possession
from sniper_registry.service.clock import SECOND, WallClock
from sniper_registry.service.commands.operator import account, opened, rebuild, review
from sniper_registry.service.errors import Conflict, Unknown
from sniper_registry.service.marketplace import Marketplace
from sniper_registry.wheel import read

from .conftest import HERE, PASSWORD
from .served import Answer, Browser, free_port
from .wheels import wheel

NAME = "sniper-strategy-tortoise"


def sniper(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("sniper")), "registry", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A marketplace's directory beside an empty repository."""
    made = sniper("init", tmp_path / "repository", "--no-password")
    assert made.returncode == 0, made.stderr
    (tmp_path / "market").mkdir(mode=0o700)
    (tmp_path / "market/service.toml").write_text('origin = "http://127.0.0.1:1"\nrepository = "../repository"\n')
    return tmp_path / "market"


@pytest.fixture
def market(directory: Path) -> Iterator[Marketplace]:
    found = opened(directory)
    yield found
    found.close()


def uploaded(market: Marketplace, folder: Path) -> int:
    """A release of ada's waits."""
    accounts = market.accounts
    cookie = accounts.register("ada", PASSWORD, HERE)
    seed, _ = accounts.propose_second_factor(accounts.demand(cookie))
    strong, codes = accounts.enrol(cookie, pyotp.TOTP(seed).at(time.time()), HERE)
    who = accounts.demand(strong)
    keys.create(folder / "ada.key", None)
    signer = keys.load(folder / "ada.key", None)
    public = keys.public_text(signer.public_key)
    challenge = market.credentials.challenge(who, public)
    proof = possession.prove(signer, challenge)
    market.credentials.add_key(who, public, "laptop", challenge, proof, codes[0], HERE)
    made = read(wheel(folder, NAME))
    now = WallClock().now()
    release = described(made, publisher="ada", requires=(), published_at=now)
    return market.uploads.receive(who, NAME, prepared(None, made, release, [signer], now / SECOND)).id


def run(command: object, *words: str | Path) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])  # type: ignore[arg-type]


def test_the_queue_is_worked_off_on_the_command_line(market: Marketplace, directory: Path) -> None:
    number = uploaded(market, directory.parent)
    listed = run(review, "list", directory)
    assert f"upload {number}  {NAME} 1.0.0  by ada" in listed.output
    shown = run(review, "show", directory, str(number)).output
    assert "sha256 " in shown
    assert "note    licence: the licence is Apache-2.0" in shown
    assert isinstance(run(review, "show", directory, "77").exception, Unknown)
    done = run(review, "accept", directory, str(number), "--level", "bronze", "--unchecked")
    assert done.output == f"{NAME} 1.0.0 is published\n"
    assert run(review, "list", directory).output == ""
    assert run(rebuild, directory).output == "1 releases\n"
    assert market.uploads.shown(number).decided_by == "operator"


def test_what_reviews_run_is_run_by_a_process_of_its_own(market: Marketplace, directory: Path) -> None:
    number = uploaded(market, directory.parent)
    assert isinstance(run(review, "accept", directory, str(number)).exception, Conflict)
    done = sniper("work", directory, "--once")
    assert (done.returncode, done.stderr) == (0, "")
    shown = run(review, "show", directory, str(number)).output
    assert "conformance: done" in shown
    assert "refuse  conformance: nobody can install it" in shown, "it offers a class of a module that it has not"


def test_an_upload_is_refused_on_the_command_line_with_a_reason(market: Marketplace, directory: Path) -> None:
    number = uploaded(market, directory.parent)
    assert run(review, "refuse", directory, str(number)).exit_code != 0
    assert run(review, "refuse", directory, str(number), "--note", "It trades backwards.").exit_code == 0
    assert market.uploads.shown(number).note == "It trades backwards."


def test_reviewers_are_made_and_second_factors_taken_away(market: Marketplace, directory: Path) -> None:
    uploaded(market, directory.parent)
    assert run(account, "grant", directory, "ada", "reviewer").output == "ada is a reviewer\n"
    assert "no second factor" in run(account, "reset", directory, "ada").output
    who = market.accounts.demand(market.accounts.sign_in("ada", PASSWORD, HERE))
    assert (who.role, who.enrolled) == ("reviewer", False)
    assert isinstance(run(account, "grant", directory, "bob", "reviewer").exception, Unknown)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not say its origin"),
        ('origin = "x"', "does not say its repository"),
        ("origin = 1", "instead of a str"),
        ("colour = 1", "there is no colour"),
        ("origin", "service.toml"),
    ],
)
def test_a_wrong_service_toml_is_told(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "service.toml").write_text(text)
    with pytest.raises(ConfigError, match=why):
        opened(tmp_path)


def test_a_missing_service_toml_is_told_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'origin = "https://plugins\.example"'):
        opened(tmp_path)


def test_the_service_is_started_serves_what_is_published_and_stops_when_told(directory: Path) -> None:
    with free_port() as listening:
        port = listening.getsockname()[1]
    toml = directory / "service.toml"
    toml.write_text(toml.read_text().replace("127.0.0.1:1", f"127.0.0.1:{port}"))
    market = opened(directory)
    number = uploaded(market, directory.parent)
    run(review, "accept", directory, str(number), "--unchecked")
    market.close()
    command = [
        str(Path(sys.executable).with_name("sniper")),
        "registry",
        "service",
        str(directory),
        "--port",
        str(port),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        browser = Browser(f"http://127.0.0.1:{port}")
        assert NAME in _once_there(browser, process).text
        assert browser.get("/repository/metadata/timestamp.json").status == 200
        assert "server" not in browser.get("/").headers
    finally:
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert "Traceback" not in said


def _once_there(browser: Browser, process: subprocess.Popen[str]) -> Answer:
    """The home page, as soon as it is answered."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[1]
        try:
            page = browser.get("/")
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
            continue
        return page
    raise AssertionError("the service does not answer")
