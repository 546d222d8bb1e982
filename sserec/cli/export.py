"""``sserec export``: the interaction that ``stream:false`` would have returned."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from sserec.cli.display import printable, size
from sserec.cli.options import one_exchange, recording_file
from sserec.cli.problems import say_problems
from sserec.errors import NothingFound, UsageError

if TYPE_CHECKING:
    from sserec.export.interaction import ExportedInteraction
    from sserec.recording import Exchange, Recording
    from sserec.records import Diagnostic

EXIT_FINDINGS = 1
MAX_TOLD = 3


@click.command()
@recording_file
@one_exchange
@click.option("--all", "every", is_flag=True, help="Every exchange's interaction, as a JSON array.")
@click.option(
    "--with-diagnostics", is_flag=True, help="Wrap the interaction and the diagnostics in one object."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False), metavar="OUT", help="Write to OUT, not to stdout."
)
def export(file: str, number: int | None, every: bool, with_diagnostics: bool, output: str | None) -> None:
    """Write the interaction that stream:false would have returned.

    The last exchange that holds an interaction, streamed or not, or the one asked for. What there is to say about
    the stream goes to stderr. A stream that was cut, failed or had no end gives what there was, and exit code 1.

    \b
    Example:  sserec export file.sse.zst | jq '.steps[].type'
    """
    from sserec.recording import Recording

    if every and number is not None:
        raise UsageError("--all and --exchange exclude each other (sserec export --help)")
    with Recording.open(file) as recording:
        exported = chosen(recording, number, every=every)
        documents = [one.document(with_diagnostics=with_diagnostics) for one in exported]
        write(documents if every else documents[0], output)
        say_diagnostics(recording, exported)
        incomplete = not all(one.is_complete for one in exported)
        raise SystemExit(max(say_problems(recording), EXIT_FINDINGS if incomplete else 0))


def chosen(recording: "Recording", number: int | None, *, every: bool) -> "list[ExportedInteraction]":
    """What to write, in order. Raises NothingFound where there is nothing."""
    from sserec.export.interaction import export_interaction

    exchanges = list(recording.exchanges) if number is None else [recording.exchange(number)]
    found = (one for one in map(export_interaction, reversed(exchanges)) if one is not None)
    exported = list(found if every else islice(found, 1))[::-1]
    if not exported:
        raise NothingFound(f"{recording.name} holds no interaction, but {found_instead(exchanges)}")
    return exported


def found_instead(exchanges: "list[Exchange]") -> str:
    """What the exchanges hold, the first few of them."""
    if not exchanges:
        return "nothing at all (sserec verify)"
    told = "; ".join(map(tell, exchanges[:MAX_TOLD]))
    return (
        told if len(exchanges) <= MAX_TOLD else f"{told}; and {len(exchanges) - MAX_TOLD} more (sserec info)"
    )


def tell(exchange: "Exchange") -> str:
    response = exchange.response
    kind = printable(response.header("content-type") or "no content type") if response else "no response head"
    status = f"{response.status}, " if response else ""
    return f"exchange {exchange.number}: {status}{kind}, {size(exchange.record.body_size_bytes)}"


def write(document: object, output: str | None) -> None:
    """As JSON, with a line end; a float that JSON lacks cannot occur, as none was parsed."""
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if output is None:
        click.echo(text, nl=False)
    else:
        Path(output).write_bytes(text)


def say_diagnostics(recording: "Recording", exported: "Iterable[ExportedInteraction]") -> None:
    """One line each on stderr."""
    for one in exported:
        for diagnostic in one.diagnostics:
            where = f"{recording.name}: exchange {one.exchange}" + place(diagnostic)
            click.echo(f"sserec: {where}: {diagnostic.severity}: {printable(diagnostic.message)}", err=True)


def place(diagnostic: "Diagnostic") -> str:
    return "" if diagnostic.event is None else f", event {diagnostic.event}"
