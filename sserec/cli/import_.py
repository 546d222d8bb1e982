"""``sserec import``: another tool's recording as an archive."""

from pathlib import Path

import click

from sserec.cli.capture import secret_options
from sserec.cli.options import FILE, FileName
from sserec.cli.output import say
from sserec.cli.unknown import unknown_lines
from sserec.display import count
from sserec.errors import NotAnArchive, UsageError
from sserec.imports import FORMATS

MAX_FILE_BYTES = 1 << 30
"""A file is read as a whole."""
TOLD_REMARKS = 10
EPILOG = "\b\nFormats:\n" + "\n".join(f"  {name:<11}{format.summary}" for name, format in FORMATS.items())


@click.command("import", epilog=EPILOG)
@click.argument("file", metavar="FILE", type=FileName(readable=False))
@click.option("-o", "--output", type=FILE, required=True, metavar="OUT", help="The archive.")
@click.option(
    "--from", "name", type=click.Choice(list(FORMATS)), metavar="FORMAT", help="FILE's format: see below."
)
@click.option("--overwrite", is_flag=True, help="Replace OUT where it exists.")
@secret_options
def import_(
    file: str,
    *,
    output: Path,
    name: str | None,
    overwrite: bool,
    redact_headers: tuple[str, ...],
    redact_query: tuple[str, ...],
    redact_json: tuple[str, ...],
    keep_secrets: bool,
) -> None:
    """Make an archive of another tool's recording.

    FILE's own content tells its format. What that format does not carry (when bytes came, which came together, how a
    response ended) is said on stderr and listed in the archive; no command makes it up. Secrets are replaced as
    sserec record does.

    \b
    Example:  sserec import chat.har -o chat.sse.zst
              sserec import --from curl trace.txt -o chat.sse.zst
    """
    from sserec.imports.archiving import import_bytes
    from sserec.redact import KEEP_SECRETS, SECRETS
    from sserec.sources import on_disk

    if keep_secrets and (redact_headers or redact_query or redact_json):
        raise UsageError("--keep-secrets keeps everything: it goes with no --redact")
    policy = KEEP_SECRETS if keep_secrets else SECRETS.with_names(redact_headers, redact_query, redact_json)
    with on_disk(file) as (path, shown):
        data = content(path, shown)
    try:
        done = import_bytes(data, output, format=name, policy=policy, overwrite=overwrite)
    except NotAnArchive as fault:
        raise NotAnArchive(f"{shown}: {fault}") from fault
    exchanges = list(enumerate(done.unknown, start=1))
    say(f"{output}: {count(len(exchanges), 'exchange')} from {done.tool}")
    for line in [*unknown_lines(exchanges), *told(done.remarks)]:
        say(f"{output}: {line}")


def content(path: Path, shown: str) -> bytes:
    """The whole file. Raises OSError, and UsageError where it is too large."""
    with path.open("rb") as opened:
        data = opened.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(f"{shown}: more than {MAX_FILE_BYTES >> 30} GiB; import a part of it")
    return data


def told(remarks: list[str]) -> list[str]:
    """The first few of them."""
    more = len(remarks) - TOLD_REMARKS
    return remarks if more <= 0 else [*remarks[:TOLD_REMARKS], f"and {more:,} more remarks"]
