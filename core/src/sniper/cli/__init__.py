"""The command line. Importing it is light; each command's module is imported when the command runs."""

import os
import sys
from collections.abc import Sequence

import click

from sniper.cli import exit_codes
from sniper.cli.root import root
from sniper.errors import SniperError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code (`sniper.cli.exit_codes`)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = root().main(words, prog_name="sniper", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return exit_codes.USAGE if isinstance(error, click.UsageError) else exit_codes.FAILURE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough of it. Without this the interpreter complains when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.FAILURE
    except SniperError as error:
        from sniper.cli.output import report

        report(error, as_json="--json" in words, traceback="--debug" in words)
        return exit_codes.of(error)
    return code if isinstance(code, int) else exit_codes.OK
