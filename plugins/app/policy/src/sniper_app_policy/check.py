"""``sniper policy check``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import ValidationError

from sniper.errors import ConfigError
from sniper_app_policy.base import CedarPolicy, PolicyConfig
from sniper_app_policy.files import AddressList, packaged
from sniper_app_policy.law import Text, law
from sniper_app_policy.trade import laws

if TYPE_CHECKING:
    from sniper.cli.invocation import Invocation


@click.command()
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as", "kind", help="Whose policies the files hold, such as geo; else their names say it.")
@click.pass_obj
def check(invocation: "Invocation", files: tuple[Path, ...], kind: str | None) -> None:
    """Check FILES, or all policies and lists of the config file. Exit code 3 where something is wrong with one.

    A file that ends with .cedar holds policies, any other a list of addresses.
    """
    if not files:
        for name, policy in laws(invocation.resolved()):
            _tell(name, policy.config)
    mistakes: list[str] = []
    for file in files:
        try:
            click.echo(_policies(invocation, file, kind) if file.suffix == ".cedar" else _list(file))
        except ConfigError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ConfigError("\n".join(mistakes))


def _tell(name: str, config: PolicyConfig) -> None:
    rules = len(config.law.policies)
    click.echo(f"policy.{name}: in order, {rules} policies of {', '.join(file.name for file in config.policies)}")
    click.echo(f"    version {config.version}")
    for field in type(config).model_fields:
        value = getattr(config, field)
        for each in value if isinstance(value, tuple) else ():
            if isinstance(each, AddressList):
                click.echo(f"    {_told(each)}")


def _policies(invocation: "Invocation", file: Path, kind: str | None) -> str:
    name = kind or file.stem
    catalogue = invocation.catalogue()
    known = [spec.name for spec in catalogue.specs("risk")]
    cls = catalogue.load(catalogue.spec("risk", name)) if name in known else None
    if cls is None or not issubclass(cls, CedarPolicy):
        raise ConfigError(f"{file}: no Cedar policy is called {name!r}; say whose policies these are: --as geo")
    model = cls.__annotations__["config"]
    found = law(packaged(model.schema_file), (Text(str(file), _read(file)),))
    return f"{file}: in order, {len(found.policies)} policies for {name}"


def _list(file: Path) -> str:
    try:
        return f"{file}: in order, {_told(AddressList.model_validate(str(file.absolute())))}"
    except ValidationError as error:
        said = "; ".join(str(mistake["msg"]).removeprefix("Value error, ") for mistake in error.errors())
        raise ConfigError(f"{file}: {said}") from None


def _told(each: AddressList) -> str:
    assert each.date is not None  # a list without one is refused
    days = (datetime.now(UTC).date() - each.date).days
    return f"{len(each.listed)} addresses of {each.source}, {each.date} ({days} days old), sha256 {each.sha256}"


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
