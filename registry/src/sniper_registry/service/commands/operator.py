"""What the operator of a marketplace types: ``service``, ``rebuild``, ``review``, ``account``."""

import contextlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sniper.errors import ConfigError, told
from sniper_registry.commands.passwords import password_for, password_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sniper_registry.service.accounts import Who
    from sniper_registry.service.marketplace import Marketplace

FILE = "service.toml"
_LOOK_S = 3.0
"""Seconds between looks for something to do."""
_KEYS = {"origin": str, "repository": str, "database": str, "title": str, "keys": str, "receipt_age_s": int}
_directory = click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))


def opened(directory: Path, descriptor: int | None = None, *, signs: bool = False) -> "Marketplace":
    """The marketplace of a directory, as its ``service.toml`` says. Raises `ConfigError`, `Unavailable`.

    signs  Whether it will sign, so that the operator's keys are unlocked.
    """
    from sniper_registry.repository.repository import Repository
    from sniper_registry.service.clock import WallClock
    from sniper_registry.service.marketplace import Marketplace, Settings

    values = _settings(directory / FILE)
    repository = directory / str(values.pop("repository"))
    keys = values.pop("keys", None)
    settings = Settings(
        directory=directory, repository=repository, keys=directory / str(keys) if keys else None, **values
    )
    password = None
    if signs:
        folder = Repository(repository, keys=settings.keys).keys
        password = password_for(sorted(folder.glob("*.key")), descriptor)
    return Marketplace(settings, WallClock(), password=password)


def _settings(file: Path) -> dict[str, Any]:  # Any: TOML
    try:
        found = tomllib.loads(file.read_text())
    except OSError as error:
        raise ConfigError(
            f'{file} cannot be read: {error.strerror}; write origin = "https://plugins.example" and repository = '
            '"../repository" into it'
        ) from error
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error
    for key, value in found.items():
        if key not in _KEYS:
            raise ConfigError(f"{file}: there is no {key}; there are {', '.join(_KEYS)}")
        if type(value) is not _KEYS[key]:
            raise ConfigError(f"{file}: {key} is {value!r} instead of a {_KEYS[key].__name__}")
    for key in ("origin", "repository"):
        if not found.get(key):
            raise ConfigError(f"{file} does not say its {key}")
    return found


@click.command("service")
@_directory
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on.")
@click.option("--behind", default="", help="Address of a proxy in front, whose word on who asks is taken.")
@click.option(
    "--no-work", is_flag=True, help="Run nothing of uploads: sniper registry work does, elsewhere or as somebody else."
)
@password_option
def service(directory: Path, host: str, port: int, behind: str, no_work: bool, password_fd: int | None) -> None:
    """Serve the marketplace of DIRECTORY: accounts, uploads, reviews and the catalogue.

    DIRECTORY holds service.toml, which says its origin and where the signed repository is. The catalogue follows the
    repository within half a minute, whoever changes it.
    """
    import uvicorn

    from sniper_registry.service.following import following
    from sniper_registry.service.web.app import application

    market = opened(directory, password_fd, signs=True)
    try:
        market.uploads.resume()
        with (
            following(market, lambda error: click.echo(f"the catalogue stays as it was: {told(error)}", err=True)),
            contextlib.nullcontext() if no_work else _working(directory),
        ):
            uvicorn.run(
                application(market),
                host=host,
                port=port,
                log_level="warning",
                server_header=False,
                proxy_headers=bool(behind),
                forwarded_allow_ips=behind or None,
            )
    finally:
        market.close()


@contextlib.contextmanager
def _working(directory: Path) -> "Iterator[None]":
    """``sniper registry work`` beside what the body does."""
    import signal
    import subprocess
    import sys

    # The server raises anew what ended it, once it is done: that must lead through here instead of ending us at once.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    process = subprocess.Popen([sys.executable, "-m", "sniper", "registry", "work", str(directory)])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@click.command("work")
@_directory
@click.option("--once", is_flag=True, help="End when nothing is left to do.")
def work(directory: Path, once: bool) -> None:
    """Run what the reviews of DIRECTORY run: conformance, and results of strategies.

    Each runs in a process of its own, and the code of a release in workers of that. It needs no key of the operator,
    and goes on with what another process left. Several may run at once.
    """
    import signal
    from threading import Event

    from sqlalchemy.exc import SQLAlchemyError

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    market = opened(directory)
    reviewer = market.reviewer()
    try:
        while not stop.is_set():
            try:
                worked = reviewer.work(stop)
            except (SQLAlchemyError, OSError) as error:  # the database is away: its step is begun anew
                if once:
                    raise
                click.echo(f"nothing is run for now: {told(error)}", err=True)
                worked = False
            if not worked:
                if once:
                    return
                stop.wait(_LOOK_S)
    finally:
        market.close()


@click.command("rebuild")
@_directory
def rebuild(directory: Path) -> None:
    """Fill the catalogue of DIRECTORY from the signed repository again. Accounts and ratings stay."""
    market = opened(directory)
    try:
        click.echo(f"{market.rebuild()} releases")
    finally:
        market.close()


@click.group("review")
def review() -> None:
    """See and decide what waits for a person."""


@review.command("list")
@_directory
def list_(directory: Path) -> None:
    """List uploads that wait, and open reports."""
    market = opened(directory)
    try:
        for each in market.uploads.queue():
            looks = sum(found.weight == "look" for found in each.findings)
            click.echo(f"upload {each.id}  {each.name} {each.version}  by {each.publisher}  {looks} to look at")
        for report in market.community.reports():
            click.echo(f"report {report.id}  {report.name} {report.version}  {report.reason}")
    finally:
        market.close()


@review.command("show")
@_directory
@click.argument("number", type=int)
def show(directory: Path, number: int) -> None:
    """Show one upload with all findings."""
    market = opened(directory)
    try:
        upload = market.uploads.shown(number)
        click.echo(f"{upload.name} {upload.version} by {upload.publisher}: {upload.state}\nsha256 {upload.sha256}")
        if upload.note:
            click.echo(upload.note)
        for step in upload.checks:
            click.echo(f"{step.step}: {step.state}")
        for each in upload.findings:
            place = f" {each.file}:{each.line}" if each.file else ""
            click.echo(f"{each.weight:<7} {each.rule}{place}: {each.text}")
    finally:
        market.close()


@review.command("accept")
@_directory
@click.argument("number", type=int)
@click.option("--note", default="", help="For the publisher.")
@click.option("--level", default="", help="What you award, having run the suites.")
@click.option("--similar", is_flag=True, help="You looked at the name: it may be like one of another publisher.")
@click.option("--unchecked", is_flag=True, help="You do without its conformance, which was not run yet.")
@password_option
def accept(
    directory: Path, number: int, note: str, level: str, similar: bool, unchecked: bool, password_fd: int | None
) -> None:
    """Publish an upload as its publisher signed it."""
    market = opened(directory, password_fd, signs=True)
    try:
        shown = market.uploads.accept(number, operator(), note=note, level=level, similar=similar, unchecked=unchecked)
        click.echo(f"{shown.name} {shown.version} is {shown.state}")
    finally:
        market.close()


@review.command("refuse")
@_directory
@click.argument("number", type=int)
@click.option("--note", required=True, help="Why. The publisher reads it.")
def refuse(directory: Path, number: int, note: str) -> None:
    """Refuse an upload."""
    market = opened(directory)
    try:
        market.uploads.refuse(number, operator(), note)
        click.echo(f"upload {number} is refused")
    finally:
        market.close()


@click.group("account")
def account() -> None:
    """Make reviewers, and help publishers who lost their second factor."""


@account.command("grant")
@_directory
@click.argument("name")
@click.argument("role", type=click.Choice(["publisher", "reviewer"]))
def grant(directory: Path, name: str, role: str) -> None:
    """Make somebody a reviewer, or a mere publisher again."""
    market = opened(directory)
    try:
        market.accounts.grant(name, role, by="operator")
        click.echo(f"{name} is a {role}")
    finally:
        market.close()


@account.command("reset")
@_directory
@click.argument("name")
def reset(directory: Path, name: str) -> None:
    """Take the second factor of an account away, once its owner proved who they are."""
    market = opened(directory)
    try:
        market.accounts.reset_second_factor(name, by="operator")
        click.echo(f"{name} has no second factor; all sessions ended, and tokens wait for a new one")
    finally:
        market.close()


def operator() -> "Who":
    """Whoever can open the service's directory: no account, and no upload is theirs."""
    from sniper_registry.service.accounts import Who

    return Who(id=0, name="operator", role="reviewer", strong=True, enrolled=True)
