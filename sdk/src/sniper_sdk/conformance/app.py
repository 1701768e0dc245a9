"""What a command that joins the command line must hold."""

import re
from typing import ClassVar

import click
from click.testing import CliRunner

_KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class AppConformance:
    """Says what it does, in one line and for each option; refuses unknown options.

    class TestHello(AppConformance):
        command = hello
    """

    command: ClassVar[click.Command]

    def test_it_is_called_in_kebab_case(self) -> None:
        assert self.command.name, "the command has no name"
        assert _KEBAB.fullmatch(self.command.name), f"{self.command.name!r} is not kebab-case"

    def test_it_says_what_it_does(self) -> None:
        help_text = (self.command.help or "").strip()
        assert help_text, "the command has no docstring: it is the help"
        result = CliRunner().invoke(self.command, ["--help"])
        assert result.exit_code == 0, f"--help ends with {result.exit_code}: {result.output}"
        first_line = help_text.splitlines()[0].split(".")[0].split()
        assert " ".join(first_line) in " ".join(result.output.split()), "--help does not show the docstring"

    def test_each_option_has_a_help(self) -> None:
        for parameter in self.command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{parameter.opts[0]} has no help"
                assert any(option.startswith("--") for option in parameter.opts), f"{parameter.opts} has no long form"

    def test_it_refuses_options_that_there_are_not(self) -> None:
        result = CliRunner().invoke(self.command, ["--no-such-option"])
        assert result.exit_code == 2, f"an unknown option ends with {result.exit_code}, which must be 2"
