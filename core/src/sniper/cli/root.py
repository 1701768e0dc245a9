"""The ``sniper`` command: its options, and groups whose commands are imported only when they run."""

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from sniper.catalogue import Catalogue
from sniper.cli.commands import COMMANDS, GROUPS
from sniper.cli.invocation import Invocation
from sniper.errors import ConfigError, PluginError
from sniper.specs import AppSpec


class LazyGroup(click.Group):
    """Commands of the core's table and of the plugins' apps, listed by their summaries without importing them.

    path  ``""`` for ``sniper`` itself, else the group's name.
    """

    def __init__(self, path: str, **attributes: Any) -> None:  # Any: click's own parameters
        super().__init__(**attributes)
        self.path = path

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._summaries(ctx))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        path = f"{self.path} {cmd_name}".strip()
        if path in GROUPS:
            return LazyGroup(path, name=cmd_name, help=GROUPS[path] + ".", no_args_is_help=True)
        if path in COMMANDS:
            module, _, attribute = COMMANDS[path].target.partition(":")
            command: click.Command = getattr(import_module(module), attribute)
            return command
        app = self._apps(ctx).get(cmd_name)
        return self._catalogue(ctx).demand_sound().command(app) if app else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=self.list_commands(ctx), ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(self._summaries(ctx).items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:  # Any: click's CompletionItem
        from click.shell_completion import CompletionItem

        summaries = sorted(self._summaries(ctx).items())
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [CompletionItem(name, help=text) for name, text in summaries if name.startswith(incomplete)] + options

    def _summaries(self, ctx: click.Context) -> dict[str, str]:
        prefix = f"{self.path} " if self.path else ""
        known = {path: entry.summary for path, entry in COMMANDS.items()} | (dict(GROUPS) if not self.path else {})
        names = {path.removeprefix(prefix): text for path, text in known.items() if path.startswith(prefix)}
        own = {name: text for name, text in names.items() if " " not in name}
        return own | {name: app.summary for name, app in self._apps(ctx).items()}

    def _apps(self, ctx: click.Context) -> dict[str, AppSpec]:
        """Apps of this group. One that takes the place of a command, or joins no group, is left out with a warning."""
        found: dict[str, AppSpec] = {}
        for spec in self._catalogue(ctx).specs("app"):
            if not isinstance(spec, AppSpec):
                continue
            path = f"{spec.group} {spec.name}".strip()
            if spec.group not in GROUPS and spec.group:
                self._left_out(ctx, f"the command {path!r} joins a group that there is not")
            elif path in COMMANDS or path in GROUPS:
                self._left_out(ctx, f"the command {path!r} exists already in sniper itself")
            elif spec.group == self.path:
                found[spec.name] = spec
        return found

    def _catalogue(self, ctx: click.Context) -> Catalogue:
        try:
            return ctx.ensure_object(Invocation).survey()
        except ConfigError:
            # Help, and commands that need no config file, work beside a broken one.
            return Catalogue.survey()

    def _left_out(self, ctx: click.Context, why: str) -> None:
        warned: set[str] = ctx.find_root().meta.setdefault("sniper.cli.warned", set())
        if why not in warned and not ctx.resilient_parsing:
            warned.add(why)
            click.echo(f"warning: a plugin is left out: {why}; see sniper plugins list", err=True)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib_metadata import PackageNotFoundError, version

        try:
            click.echo(f"sniper {version('sniper-core')}")
        except PackageNotFoundError as error:
            raise PluginError("the distribution sniper-core is not installed; install it, or run make setup") from error
        ctx.exit()


def root() -> LazyGroup:
    """The whole command line."""

    @click.pass_context
    def start(ctx: click.Context, config: Path | None, debug: bool) -> None:
        invocation = ctx.ensure_object(Invocation)
        invocation.config = config
        invocation.debug = debug

    return LazyGroup(
        "",
        name="sniper",
        callback=start,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Trade launches and markets on chains and exchanges; every feature is a plugin.",
        epilog="Exit codes: 0 worked, 1 failed, 2 usage, 3 config, 4 journal, 5 signer, 6 plugin, 7 chain.",
        params=[
            click.Option(
                ["--config"],
                type=click.Path(dir_okay=False, path_type=Path),
                help="Config file. Default: $SNIPER_CONFIG, ./sniper.toml, or the one in your config directory.",
            ),
            click.Option(["--debug"], is_flag=True, help="Show the traceback of an error."),
            click.Option(
                ["--version"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_version,
                help="Show the version.",
            ),
        ],
    )
