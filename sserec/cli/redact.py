"""``sserec redact``: a recording without its secrets, and without what was said in it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sserec.cli.options import FileName, recording_file
from sserec.cli.output import say
from sserec.cli.scan import chosen_rules, scan_rules
from sserec.display import count, path_text

if TYPE_CHECKING:
    from sserec.redaction import Replaced

MAX_TOLD = 8


@click.command()
@recording_file
@click.option(
    "-o", "--output", type=FileName(dir_okay=False), required=True, metavar="OUT", help="The new file."
)
@click.option("--overwrite", is_flag=True, help="Write OUT even if it exists.")
@click.option("--prompts", is_flag=True, help="Replace what was asked: requests, and the command's words.")
@click.option("--answers", is_flag=True, help="Replace what was answered: texts, arguments, files.")
@click.option("--drop-request-bodies", "drops", is_flag=True, help="Leave the bodies of requests out.")
@scan_rules
def redact(
    file: str,
    output: str,
    overwrite: bool,
    prompts: bool,
    answers: bool,
    drops: bool,
    more: tuple[str, ...],
    less: tuple[str, ...],
    emails: bool,
) -> None:
    """Write a recording without its secrets.

    What sserec scan finds is replaced by as many bytes, and with --prompts and --answers what was said as well. Sizes,
    chunks, times, ids, statuses and token counts stay, so that the stream still breaks where it broke. FILE is never
    changed.

    \b
    Example:  sserec redact file.sse.zst -o clean.sse.zst
              sserec redact --prompts --answers file.sse.zst -o shape.sse.zst
    """
    from sserec.redaction import Wanted, redact
    from sserec.sources import on_disk

    wanted = Wanted(chosen_rules(more, less, emails=emails), prompts, answers, drops)
    with on_disk(file) as (path, name):
        replaced = redact(path, Path(output), wanted, overwrite=overwrite, name=name)
    for remark in replaced.remarks:
        say(f"{name}: {remark}")
    say(f"{path_text(output)} written: {summary(replaced)}")


def summary(replaced: "Replaced") -> str:
    """``3 secrets replaced (2 google-api-key, 1 secret-field)``"""
    rules = replaced.secrets.most_common(MAX_TOLD)
    told = ", ".join(f"{number:,} {rule}" for rule, number in rules)
    words = f"{count(replaced.secrets.total(), 'secret')} replaced" if rules else "no secret in it"
    return f"{words} ({told})" if rules else words
