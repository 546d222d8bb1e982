"""``sserec slice``: a part of a recording as an archive."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sserec.cli.options import FILE, nanoseconds, recording_file
from sserec.cli.output import say
from sserec.cli.unknown import which
from sserec.display import argument
from sserec.errors import UsageError

if TYPE_CHECKING:
    from sserec.archive import ArchiveReader
    from sserec.archive.composing import Excerpt
    from sserec.recording import Recording


class Numbers(click.ParamType[Any]):
    """``1,3-5``."""

    name = "N[,M-…]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[int]:
        numbers: set[int] = set()
        for part in str(value).split(","):
            span = re.fullmatch(r"([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?", part.strip())
            if span is None or int(span[2] or span[1]) - int(span[1]) > 1_000_000:
                self.fail(f"{value} is no list of exchanges, such as 1,3-5", param, ctx)
            if int(span[2] or span[1]) < int(span[1]):
                self.fail(f"{part.strip()} ends before it begins", param, ctx)
            numbers.update(range(int(span[1]), int(span[2] or span[1]) + 1))
        return frozenset(numbers)


class Span(click.ParamType[Any]):
    """``10..20``, ``10..``, ``..20``, ``10``."""

    name = "A..B"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int | None]:
        span = re.fullmatch(r"([1-9]\d{0,8})?(\.\.)?([1-9]\d{0,8})?", str(value))
        if span is None or not (span[1] or span[3]):
            self.fail(f"{value} is no span of events, such as 10..20", param, ctx)
        first = int(span[1] or 1)
        last = (int(span[3]) if span[3] else None) if span[2] else first
        if last is not None and last < first:
            self.fail(f"{value} ends before it begins", param, ctx)
        return first, last


@click.command("slice")
@recording_file
@click.option("-o", "--output", type=FILE, required=True, metavar="OUT", help="The new archive.")
@click.option("--exchange", "exchanges", type=Numbers(), help="Only these exchanges.")
@click.option("--events", type=Span(), help="Only these events of one exchange; A.. and ..B too.")
@click.option(
    "--from",
    "from_ns",
    type=float,
    callback=nanoseconds,
    metavar="SECONDS",
    help="Only what came then or later.",
)
@click.option(
    "--to",
    "to_ns",
    type=float,
    callback=nanoseconds,
    metavar="SECONDS",
    help="Only what came then or earlier.",
)
@click.option("--overwrite", is_flag=True, help="Replace OUT where it exists.")
def slice_(
    file: str,
    *,
    output: Path,
    exchanges: frozenset[int] | None,
    events: tuple[int, int | None] | None,
    from_ns: int | None,
    to_ns: int | None,
    overwrite: bool,
) -> None:
    """Write a part of a recording as an archive.

    Exchanges, events of one, or what came within a time, counted in seconds from the recording's start as sserec
    events does. Times, borders of chunks and marks stay what they were. An exchange that is cut before its end gets
    an end that says so (sliced), and one that is cut after its beginning gets no time to a first event.

    \b
    Example:  sserec slice long.sse.zst --exchange 3 --events 120..140 -o short.sse.zst
              sserec slice long.sse.zst --from 60 --to 90 -o minute.sse.zst
    """
    from sserec.archive.composing import compose
    from sserec.excerpts import slicing
    from sserec.recording import Recording

    if events is not None and not (from_ns is None and to_ns is None):
        raise UsageError("--events and times exclude each other (sserec slice --help)")
    if from_ns is not None and to_ns is not None and to_ns < from_ns:
        raise UsageError("--to lies before --from (sserec slice --help)")
    refuse_source(output, [file])
    with Recording.open(file) as recording:
        reader = archive_of(recording)
        selection = slicing.Selection(exchanges, events, from_ns, to_ns)
        parts = slicing.excerpts(reader, recording.name, selection)
        about = slicing.meta(reader, Path(recording.name))
        compose(output, parts, about, slicing.notes(reader, parts), overwrite=overwrite)
        say(f"{output}: {summary(parts)} of {recording.name}")


def refuse_source(output: Path, files: "Sequence[str]") -> None:
    """Raises UsageError where the new archive would take the place of what it is made of."""
    for file in files:
        if output.exists() and Path(file).exists() and output.samefile(file):
            raise UsageError(f"{output} is the recording itself, which is never changed: choose another name")


def archive_of(recording: "Recording") -> "ArchiveReader":
    """The archive below a recording. Raises UsageError for plain text."""
    if recording.archive is None:
        name = recording.name
        hint = f"sserec import {argument(name)} -o OUT makes one of it"
        raise UsageError(f"{name} is plain text, no archive ({hint})")
    return recording.archive


def summary(parts: "Sequence[Excerpt]") -> str:
    """``events 120 to 140 of exchange 3`` or ``exchanges 2 to 4 (4 cut)``."""
    from sserec.excerpts.slicing import event_span

    numbers = which([part.number for part in parts])
    cut = [part for part in parts if part.is_cut or part.start]
    if len(parts) == 1 and cut:
        first, last = event_span(parts[0])
        return f"events {first:,} to {last:,} of {numbers}" if last >= first else f"a part of {numbers}"
    return f"{numbers} ({which([part.number for part in cut])} in part)" if cut else numbers
