"""What is known of a distribution: what of it is installed, and which releases the registries have."""

from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from sniper.catalogue import Catalogue
from sniper.cli.output import print_json, print_table
from sniper.environments.environment import Environment
from sniper.environments.news import indexes
from sniper.environments.shelf import Shelf
from sniper.errors import PluginError
from sniper.index import RegistryError, Release
from sniper.isolation.words import harmless
from sniper.types import SECOND


def show(catalogue: Catalogue, name: str, *, as_json: bool) -> None:
    """Print it. Raises `PluginError` where nobody knows the distribution."""
    environment = Shelf().find(name)
    held = [each for each in (*catalogue.extensions, *catalogue.disabled) if each.origin.distribution == name]
    releases, troubles = _releases(catalogue, name)
    if environment is None and not held and not releases:
        raise PluginError(f"nobody knows {name}; see sniper plugins search{''.join(f'; {each}' for each in troubles)}")
    trusted = any(each.environment and not each.origin.isolated for each in held)
    if as_json:
        print_json(
            {
                "distribution": name,
                "environment": _described(environment, trusted=trusted) if environment else None,
                "installed": held[0].origin.version if held else environment.version if environment else None,
                "extensions": [each.id for each in held],
                "releases": [msgspec.to_builtins(each) for each in releases],
                "not_asked": troubles,
            }
        )
        return
    for line in troubles:
        click.echo(f"warning: {line}", err=True)
    if environment:
        for label, value in _described(environment, trusted=trusted).items():
            click.echo(f"{label + ':':<13} {', '.join(value) if isinstance(value, list) else value}")
    elif held:
        click.echo(f"{held[0].origin} is installed in sniper's own environment")
    if releases:
        click.echo("\nReleases:")
        print_table(
            ("version", "published", "publisher", "level", "permissions", "changes"), map(_row, reversed(releases))
        )


def _releases(catalogue: Catalogue, name: str) -> tuple[tuple[Release, ...], list[str]]:
    """Those of the first index that has any, and what could not be asked."""
    troubles: list[str] = []
    for where, index in indexes(catalogue).items():
        try:
            return index.releases(name), troubles
        except RegistryError as error:
            troubles.append(f"{where}: {error}")
    return (), troubles


def _row(release: Release) -> tuple[str, ...]:
    published = f"{datetime.fromtimestamp(release.published_at / SECOND, UTC):%Y-%m-%d}"
    asks = ", ".join(release.permissions) or "none"
    changes = harmless(release.changelog, 60)
    return release.version, published, release.publisher, release.level, asks, changes


def _described(environment: Environment, *, trusted: bool) -> dict[str, Any]:
    """Any: JSON."""
    return {
        "distribution": environment.distribution,
        "version": environment.version,
        "sha256": environment.sha256,
        "source": environment.source,
        "publisher": environment.publisher,
        "level": environment.level,
        "licence": environment.licence,
        "permissions": list(environment.permissions),
        "dependencies": [line.partition(" ")[0] for line in environment.lock],
        "offers": [f"{spec.kind}.{spec.name}" for spec in (each.parsed() for each in environment.offered)],
        "runs": "in sniper itself: you trust it" if trusted else "isolated",
        "location": environment.path,
    }
