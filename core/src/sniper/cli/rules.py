"""``sniper keys rules``: see what the signer's process may sign, and change it by a file that the operator signed."""

from pathlib import Path

import click

from sniper.cli.invocation import Invocation
from sniper.cli.keys import FILE, password_option, socket_of
from sniper.errors import SignerError

socket_option = click.option("--socket", type=FILE, help="Where the signer listens. Default: the one of the config.")


@click.group("rules")
def rules() -> None:
    """See what the signer may sign, and change it.

    The signer's process obeys a rules file that the operator's key has signed, and only one with a higher version than
    all before. The operator's key is a key file like any other (sniper keys new), kept where no bot runs.
    """


@rules.command("show")
@socket_option
@click.pass_obj
def show(invocation: Invocation, socket: Path | None) -> None:
    """Print the rules that are in force in the running signer."""
    _told(socket or socket_of(invocation), None)


@rules.command("sign")
@click.argument("file", type=FILE)
@click.option("--key", type=FILE, required=True, help="Key file of the operator.")
@password_option
def sign(file: Path, key: Path, password_fd: int | None) -> None:
    """Check the rules in FILE and sign them: the signature becomes the last line of FILE."""
    from sniper.signing.durable import write
    from sniper.signing.hardening import seal
    from sniper.signing.password import from_descriptor, from_prompt
    from sniper.signing.rulebook import read, signed, unsigned
    from sniper.signing.rules import load_rules, read_rules
    from sniper.signing.unlock import unlock

    seal()
    load_rules(file)  # what is wrong with them is said before a password is asked for
    content = unsigned(read_rules(file))
    password = from_prompt("Password of the operator's key: ") if password_fd is None else from_descriptor(password_fd)
    try:
        operator = unlock(key, password)
    finally:
        password.wipe()
    try:
        text = signed(content, operator, str(file))
    finally:
        operator.wipe()
    write(file, text)
    click.echo(f"{file}: version {read(text, str(file)).rules.version}, signed by {operator.address}")


@rules.command("apply")
@click.argument("file", type=FILE)
@socket_option
@click.pass_obj
def apply(invocation: Invocation, file: Path, socket: Path | None) -> None:
    """Have the running signer judge by the signed rules in FILE from now on."""
    from sniper.signing.rules import read_rules

    _told(socket or socket_of(invocation), read_rules(file))


def _told(path: Path, content: bytes | None) -> None:
    from sniper.signer import SignerRefused
    from sniper.signing.asking import ask
    from sniper.signing.wire import FailedAnswer, RefusedAnswer, RulesAnswer, RulesAsk

    match ask(path, RulesAsk(0, content)):
        case RulesAnswer(version=version, operator=operator, text=text):
            click.echo(f"# version {version}, changed by what {operator or 'nobody'} signs", err=True)
            click.echo(text, nl=False)
        case RefusedAnswer(rule=rule, value=value, limit=limit, remedy=remedy):
            raise SignerRefused(rule, value, limit, remedy)
        case FailedAnswer(message=message):
            raise SignerError(message)
        case other:
            raise SignerError(f"the signer at {path} answered with {type(other).__name__}; start it again")
