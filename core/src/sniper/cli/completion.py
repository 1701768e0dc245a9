"""``sniper completion``: the script that makes a shell complete commands."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    Bash: put  eval "$(sniper completion bash)"  into ~/.bashrc; zsh the same in ~/.zshrc; fish:
    sniper completion fish > ~/.config/fish/completions/sniper.fish
    """
    script = get_completion_class(shell)
    assert script is not None  # click knows the shells of the choice above
    click.echo(script(ctx.find_root().command, {}, "sniper", "_SNIPER_COMPLETE").source())
