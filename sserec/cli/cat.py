"""``sserec cat``: the recorded bodies, byte for byte."""

import click

from sserec.cli.options import one_exchange, recording_file
from sserec.cli.output import show_bytes
from sserec.cli.problems import say_problems


@click.command()
@recording_file
@one_exchange
def cat(file: str, number: int | None) -> None:
    """Write the recorded bodies, byte for byte.

    All bodies in the order of the exchanges, or one; a terminal gets control characters as pictures. Where bytes
    are lost, the others are written, what is missing is said, and the exit code is 1.

    \b
    Example:  sserec cat file.sse.zst | head
    """
    from sserec.recording import Recording

    with Recording.open(file) as recording:
        exchanges = list(recording.exchanges) if number is None else [recording.exchange(number)]
        show_bytes(chunk.data for exchange in exchanges for chunk in exchange.chunks())
        raise SystemExit(say_problems(recording))
