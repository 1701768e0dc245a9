"""Every command of the core, in one place: what users type, where it is, and what it does. Plugins add theirs."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Entry(NamedTuple):
    """``target``: ``"module:attribute"``, imported when the command runs or its own help is asked for."""

    target: str
    summary: str


GROUPS: Final[Mapping[str, str]] = {
    "config": "Check and show the config file",
    "plugins": "See what is installed",
}
"""Groups and what their commands are about."""

COMMANDS: Final[Mapping[str, Entry]] = {
    "completion": Entry("sniper.cli.completion:completion", "Print the completion script of a shell"),
    "config check": Entry("sniper.cli.config:check", "Check a config file and the plugins that it names"),
    "config show": Entry("sniper.cli.config:show", "Show all settings with their defaults"),
    "doctor": Entry("sniper.cli.doctor:doctor", "Check this machine, the installation and the endpoints"),
    "init": Entry("sniper.cli.init:init", "Write a commented config file"),
    "plugins doctor": Entry("sniper.cli.plugins:diagnose", "Load every plugin and say what is wrong"),
    "plugins info": Entry("sniper.cli.plugins:info", "Show one plugin and its config keys"),
    "plugins list": Entry("sniper.cli.plugins:list_", "List the installed plugins"),
    "run": Entry("sniper.cli.run:run", "Trade until interrupted"),
}
"""Path of the command, its group first."""
