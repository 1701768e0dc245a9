"""What a trader types: which registries are trusted, and what they say."""

from pathlib import Path

import click

from sniper.cli.output import json_option, print_json, print_table


@click.command("add")
@click.argument("where")
@click.option(
    "--root", "root_file", type=click.Path(dir_okay=False, path_type=Path), help="The root to trust, as a file."
)
@click.option("--fingerprint", help="SHA-256 of the root to trust, from another source than the registry itself.")
@click.option("--name", default="", help="What to call it. Default: its host, or the directory's name.")
def add(where: str, root_file: Path | None, fingerprint: str | None, name: str) -> None:
    """Trust the registry at WHERE, an address or a directory, by its root.

    The root decides what is believed from then on, wherever it comes from; so it must come from somebody you trust, on
    another way than WHERE. With a root that is trusted already, its registry moves to WHERE, such as a mirror.
    """
    from sniper_registry.client.registries import Registries, located, root_of

    added = Registries().add(where, root=root_of(located(where), root_file, fingerprint), name=name)
    click.echo(f"{added.name} is trusted: {added.where}")


@click.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the registries that are trusted."""
    from sniper_registry.client.registries import Registries

    found = Registries().all()
    if as_json:
        print_json([{"name": each.name, "where": each.where, "root": each.root} for each in found])
        return
    print_table(("name", "where", "root"), ((each.name, each.where, each.root[:16]) for each in found))


@click.command("refresh")
@click.argument("name", required=False)
@json_option
@click.pass_context
def refresh(ctx: click.Context, name: str | None, as_json: bool) -> None:
    """Ask all registries, or that of NAME, what is new and what was revoked.

    What they say is kept: until it expires, installing and starting work without them. Exit code 1 where one of them
    cannot be reached or shows what must not be believed.
    """
    from sniper.index import RegistryError
    from sniper_registry.client.registries import Registries

    registries = Registries()
    rows: list[tuple[str, str, str]] = []
    for registry in (registries.get(name),) if name else registries.all():
        client = registries.client(registry)
        try:
            client.refresh()
            listed, revoked = len(client.search("")), len(client.revoked())
            rows.append(
                (
                    registry.name,
                    "ok",
                    f"{listed} plugins, {revoked} releases revoked; good until {client.expires:%Y-%m-%d %H:%M} UTC",
                )
            )
        except RegistryError as error:
            rows.append((registry.name, error.code, str(error)))
        finally:
            client.close()
    if as_json:
        print_json([{"name": each, "state": state, "says": says} for each, state, says in rows])
    else:
        print_table(("name", "state", "says"), rows)
    if any(state != "ok" for _, state, _ in rows):
        ctx.exit(1)


@click.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Trust the registry NAME no longer. What was installed from it stays; nobody tells of its revocations any more."""
    from sniper_registry.client.registries import Registries

    Registries().remove(name)
    click.echo(f"{name} is trusted no longer")
