"""The command line as a page: every command with its arguments, options and defaults, out of the click commands."""

import enum
import inspect
import re
from collections.abc import Iterator

import click

from sniper.catalogue import Catalogue
from sniper.cli import exit_codes
from sniper.cli.commands import GROUPS
from sniper.cli.invocation import Invocation
from sniper.cli.root import root

INTRODUCTION = """\
All commands, those of the first-party plugins included. `sniper COMMAND --help` says the same of what is installed.
Amounts are base units or text such as `"0.02 ether"`; most commands that show something take `--json`."""
ENVIRONMENT = {
    "SNIPER_CONFIG": "the config file, where `--config` is not given",
    "SNIPER_MARKET": "the directory of market data of `sniper data` and `sniper backtest`",
    "SNIPER_CACHE": "where the sdk keeps node and contracts of the development chain; else `~/.cache/sniper`",
    "SNIPER_PLUGINS": "where plugins that run in isolation are kept; else below `XDG_DATA_HOME`",
    "SNIPER_REGISTRIES": "where the registries that you trust are kept; else below `XDG_DATA_HOME`",
    "SNIPER_SECRET_": "and a name, as in `SNIPER_SECRET_ACME_KEY`: the secret `acme-key` that a plugin was granted",
    "XDG_CONFIG_HOME": "where `sniper/sniper.toml` is looked for; else `~/.config`",
    "XDG_CACHE_HOME": "where compiled code of routers is kept; else `~/.cache`",
    "XDG_DATA_HOME": "where `sniper/plugins` lies; else `~/.local/share`",
}
"""What the code reads from the environment, besides the ``${NAME}`` of endpoints."""


def command_reference() -> list[str]:
    """The sections of the page, without its heading."""
    top = root()
    context = click.Context(top, info_name="sniper", obj=Invocation(_survey=Catalogue.survey()))
    page = [INTRODUCTION, "## Options of sniper itself", "They stand before the command.", _parameters(top, context)]
    page += [_exit_codes(), _environment()]
    groups = []
    for name in top.list_commands(context):
        command = top.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            groups.append((name, command))
        else:
            page += _command(command, click.Context(command, context, info_name=name), 2)
    for name, group in groups:
        inner = click.Context(group, context, info_name=name)
        page += [f"## sniper {name}", GROUPS.get(name, (group.help or "").rstrip(".")) + "."]
        for one in group.list_commands(inner):
            command = group.get_command(inner, one)
            assert command is not None
            page += _nested(command, click.Context(command, inner, info_name=one))
    return page


def _nested(command: click.Command, context: click.Context) -> Iterator[str]:
    """A command of a group, or a group of a group with all that it holds."""
    yield from _command(command, context, 3)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _nested(inner, click.Context(inner, context, info_name=name))


def _command(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    yield f"{'#' * level} {context.command_path}"
    usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
    yield f"```text\n{usage}\n```"
    yield _prose(command.help or command.short_help or "")
    if table := _parameters(command, context):
        yield table


def _prose(text: str) -> str:
    """Help as prose; paragraphs that click must not fill are shown as they stand."""
    paragraphs = []
    for paragraph in inspect.cleandoc(text).replace("``", "`").split("\n\n"):
        if paragraph.startswith("\b"):
            paragraphs.append(f"```text\n{paragraph[1:].strip(chr(10))}\n```")
        else:
            paragraphs.append(_escaped(paragraph))
    return "\n\n".join(paragraphs)


def _escaped(text: str) -> str:
    return re.sub(r"(?<!`)<([\w-]+)>", r"`<\1>`", text)


def _parameters(command: click.Command, context: click.Context) -> str:
    rows = []
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            shown = parameter.make_metavar(context).strip("[]").replace("|", "/")
            rows.append((f"`{shown}`", "required" if parameter.required else "", ""))
        elif isinstance(parameter, click.Option) and not parameter.hidden:
            record = parameter.get_help_record(context)
            if record:
                meaning = (parameter.help or "").replace("|", "/").replace("\n", " ")
                variable = f" Environment: `{parameter.envvar}`." if parameter.envvar else ""
                rows.append((f"`{record[0].replace('|', '/')}`", _default(parameter, context), meaning + variable))
    if not rows:
        return ""
    lines = [f"| {name} | {default} | {_escaped(meaning)} |" for name, default, meaning in rows]
    return "\n".join(["| | default | meaning |", "| --- | --- | --- |", *lines])


def _default(option: click.Option, context: click.Context) -> str:
    if option.required:
        return "required"
    value = option.get_default(context, call=False)
    if value is None or callable(value) or isinstance(value, enum.Enum) or value is False or value == ():
        return ""
    if isinstance(value, (list, tuple)):
        value = ", ".join(str(one) for one in value)
    return "on" if value is True else f"`{value}`"


def _exit_codes() -> str:
    lines = re.findall(r"^(\d+) +(.+)$", exit_codes.__doc__ or "", re.MULTILINE)
    table = "\n".join(f"| {code} | {meaning} |" for code, meaning in lines)
    return f"## Exit codes\n\nThey never change their meaning.\n\n| code | meaning |\n| --- | --- |\n{table}"


def _environment() -> str:
    table = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in sorted(ENVIRONMENT.items()))
    told = "`${NAME}` in an endpoint is replaced by that variable as well."
    return f"## Environment\n\n| variable | what it says |\n| --- | --- |\n{table}\n\n{told}"
