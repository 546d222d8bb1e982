"""``sserec completion``: the script that a shell's start-up file evaluates."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a shell's completion script.

    \b
    Example:  eval "$(sserec completion bash)"
    """
    from sserec.cli import cli

    script = get_completion_class(shell)
    assert script is not None
    click.echo(script(cli, {}, "sserec", "_SSEREC_COMPLETE").source())
