"""``sserec share``: a recording made ready for an issue."""

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sserec.cli.options import FileName, recording_file
from sserec.cli.output import say, show
from sserec.cli.problems import EXIT_FINDINGS
from sserec.cli.redact import summary
from sserec.cli.scan import chosen_rules, people_lines, scan_rules
from sserec.display import count, path_text, printable, size
from sserec.errors import UsageError

if TYPE_CHECKING:
    from sserec.scan import Report

MB = 1_000_000
LIMIT_MB = 25
"""GitHub's for a .zip."""


def finite(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Raises BadParameter for what ``float`` takes for a number and is no size."""
    if not isfinite(value):
        raise click.BadParameter(f"{value} is no size")
    return value


@click.command()
@recording_file
@click.option(
    "-o",
    "--output",
    type=FileName(file_okay=False),
    default=".",
    metavar="DIR",
    help="Where to. Default: here.",
)
@click.option("--redact", "redacts", is_flag=True, help="Replace the secrets that are found.")
@click.option("--as-is", is_flag=True, help="Share the secrets that are found.")
@click.option("--prompts", is_flag=True, help="Replace what was asked; implies --redact.")
@click.option("--answers", is_flag=True, help="Replace what was answered; implies --redact.")
@click.option("--drop-request-bodies", "drops", is_flag=True, help="Leave them out; implies --redact.")
@scan_rules
@click.option(
    "--max-size",
    type=click.FloatRange(min=0.01),
    default=LIMIT_MB,
    callback=finite,
    metavar="MB",
    help="Of a file. Default: 25.",
)
@click.option("--overwrite", is_flag=True, help="Write files even if they exist.")
def share(
    file: str,
    output: str,
    redacts: bool,
    as_is: bool,
    prompts: bool,
    answers: bool,
    drops: bool,
    more: tuple[str, ...],
    less: tuple[str, ...],
    emails: bool,
    max_size: float,
    overwrite: bool,
) -> None:
    """Make a recording ready to be attached to an issue.

    Writes DIR/NAME.zip, which issue trackers take and every sserec command opens, with the recording and a page for any
    browser in it, and DIR/NAME.md, a text for the issue: versions, command, request, how it ended, measures, findings,
    events. With secrets in it nothing is written, and exit code 1 says so, unless --redact or --as-is is given. What is
    larger than an issue takes comes in parts.

    \b
    Example:  sserec share file.sse.zst
              sserec share --redact --prompts --answers -o out file.sse.zst
    """
    from sserec.redaction import Wanted
    from sserec.share import examined, share
    from sserec.sources import on_disk

    redacts = redacts or prompts or answers or drops
    if redacts and as_is:
        raise UsageError("--as-is replaces nothing: it does not go with the others (sserec share --help)")
    wanted = Wanted(chosen_rules(more, less, emails=emails), prompts, answers, drops)
    with on_disk(file) as (path, name):
        if not (redacts or as_is):
            refuse_secrets(name, examined(path, wanted))
        shared = share(
            path,
            name,
            Path(output),
            None if as_is else wanted,
            limit_bytes=round(max_size * MB),
            overwrite=overwrite,
        )
    if shared.replaced is not None:
        remarks = [*shared.replaced.remarks, summary(shared.replaced)]
        shared.remarks[:0] = remarks
    for remark in shared.remarks:
        say(f"{name}: {remark}")
    show(printable(path_text(str(written))) for written in shared.files)
    sizes = ", ".join(f"{written.name} {size(written.stat().st_size)}" for written in shared.files)
    say(f"to attach, and to paste: {sizes}")


def refuse_secrets(name: str, report: "Report") -> None:
    """Says what would be given away, and how to share the rest; nothing where there is nothing."""
    if report.is_clean:
        return
    for line in people_lines(printable(name), report):
        say(line)
    say(
        f"{name}: {count(report.finding_count, 'finding')}, so nothing was written: --redact replaces them,"
        " --as-is shares them"
    )
    raise SystemExit(EXIT_FINDINGS)
