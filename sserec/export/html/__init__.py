"""A recording as one page for somebody who has only a browser: no network, no framework, nothing to install.

:func:`page` gives it piece by piece. What the page can do stands in ``page/``: one style, and scripts that the frame
joins. It holds the data as packed blocks (:mod:`~sserec.export.html.packed`) that are unpacked when they are looked at,
and the answer as what each event changed (:mod:`sserec.interactions.unfolding`), so that nothing is folded twice.

Invariant: every text of a recording stands in a packed block or is escaped; see :mod:`~sserec.export.html.frame`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

from sserec.check import Finding, check
from sserec.display import printable
from sserec.errors import UsageError
from sserec.export import Options
from sserec.export.answer import Json
from sserec.export.html import facts
from sserec.export.html.frame import closing, opening
from sserec.export.html.packed import Budget, block, written
from sserec.export.html.telling import Telling
from sserec.export.subject import Subject
from sserec.recording import Exchange, Recording

MAX_EVENTS_BYTES = 8 << 20
"""Of packed events, all exchanges together: an issue takes files of 25 MB."""
MAX_MEDIA_BYTES = 8 << 20


def pages(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """The page of the exchanges that the subjects are made of (:data:`sserec.export.FORMATS`)."""
    if options.recording is None:
        raise UsageError("a page tells of a file: there is none")
    exchanges = [exchange for subject in subjects for exchange in subject.exchanges]
    return (piece.encode() for piece in page(options.recording, exchanges))


class Room(NamedTuple):
    """How much a page may hold."""

    events_bytes: int = MAX_EVENTS_BYTES
    media_bytes: int = MAX_MEDIA_BYTES


def page(
    recording: Recording, exchanges: Sequence[Exchange] | None = None, room: Room | None = None
) -> Iterator[str]:
    """The page, in pieces; of all exchanges, or of those given.

    What there is no room for is described in its place: how many events, which file.
    """
    room = room or Room()
    events, media = Budget(room.events_bytes), Budget(room.media_bytes)
    findings = by_exchange(check(recording).findings)
    yield opening(title(recording), facts.headline(recording), facts.command(recording))
    summaries = []
    for exchange in recording.exchanges if exchanges is None else exchanges:
        found = findings.get(exchange.number, [])
        telling = Telling(exchange, events, media)
        yield from telling.blocks()
        figures = telling.figures()
        summaries.append(facts.summary(exchange, figures, found))
        told = telling.told() | facts.details(exchange, figures, found)
        yield block(f"exchange-{exchange.number}", written(told))
    yield block("recording", written(_whole(recording, summaries, findings.get(None, []))))
    yield closing()


def by_exchange(findings: Iterable[Finding]) -> dict[int | None, list[Finding]]:
    """The findings of each exchange; those of the whole file under None."""
    found: dict[int | None, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.exchange, []).append(finding)
    return found


def title(recording: Recording) -> str:
    """The file's name; in which folder it lay is nobody's business."""
    return printable(PurePath(recording.name).name)


def _whole(recording: Recording, summaries: list[Json], findings: Sequence[Finding]) -> Json:
    return {
        "name": title(recording),
        "exchanges": summaries,
        "problems": facts.lost(recording),
        "findings": list(map(facts.finding, findings)),
    }
