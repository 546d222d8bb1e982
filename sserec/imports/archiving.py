"""An import as a whole: the bytes of a file in, an archive out, or none at all.

Knows the destination and what META says of an import; must not know the formats.
"""

import time
from pathlib import Path
from typing import NamedTuple

from sserec import __version__
from sserec.archive import Meta
from sserec.errors import NotAnArchive, RecordingError
from sserec.imports import FORMATS
from sserec.imports.found import Findings
from sserec.imports.recognition import recognised
from sserec.imports.taking import Taker, in_order, origin_ns
from sserec.proxy.destination import Destination
from sserec.records import Unknown
from sserec.redact import Policy

MODE = "import"
CLOCK = "wall"
UNDATED = "unknown"


class Imported(NamedTuple):
    """What became of it."""

    tool: str
    unknown: list[frozenset[Unknown]]
    """What is not known of each exchange, in their order."""
    remarks: list[str]


def import_bytes(
    data: bytes, path: Path, *, format: str | None = None, policy: Policy, overwrite: bool = False
) -> Imported:
    """Makes an archive of what ``data`` holds; ``format`` spares the look at its content.

    Raises NotAnArchive where there is nothing to import, RecordingError where the archive cannot be written; no file
    is left then, and one that was to be overwritten is there still.
    """
    findings = FORMATS[format or recognised(data)].load()(data)
    exchanges = in_order(findings)
    if not exchanges:
        raise NotAnArchive("it holds no exchange")
    refuse(path, overwrite=overwrite)
    destination = Destination(beside(path), meta(findings), overwrite=False)
    try:
        taker = Taker(destination.writer, policy, origin_ns(findings) or 0)
        for found in exchanges:
            taker.take(found)
        if trouble := destination.keep():
            raise RecordingError(trouble)
        destination.path.replace(path)
    except BaseException:  # ^C among them
        destination.discard()
        raise
    return Imported(findings.tool, [found.unknown for found in exchanges], findings.remarks)


def refuse(path: Path, *, overwrite: bool) -> None:
    """Raises RecordingError where the archive must not take this place."""
    if not path.parent.is_dir():
        raise RecordingError(f"{path}: cannot be created: there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise RecordingError(f"{path} is no file: choose another name with -o")
    if path.exists() and not overwrite:
        raise RecordingError(f"{path} exists already: choose another name with -o, or say --overwrite")


def beside(path: Path) -> Path:
    """Where the archive is until it is whole; what a killed import left there is of no use."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    return temporary


def meta(findings: Findings) -> Meta:
    """Where the date is not known, the archive counts from now, and says so."""
    origin = origin_ns(findings)
    is_dated = findings.is_dated and origin is not None
    dated = {} if is_dated else {"date": UNDATED}
    return Meta(
        anchor_unix_ns=origin if is_dated and origin is not None else time.time_ns(),
        clock=CLOCK,
        software=f"sserec {__version__}",
        attributes={"mode": MODE, "imported_from": findings.tool, **dated},
    )
