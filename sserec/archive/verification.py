"""Whether a file is whole, by reading all of it.

Knows every redundancy of the format and compares: checksums of blocks, SHA-256 of bodies, the index with the
blocks, the tables of events with the bodies, the seek table with the frames. Invariant: it never raises for
what a file holds.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sserec.archive.finalisation import damage_of
from sserec.archive.frames import DATA_MAGIC, content_size, frame_end, seek_table, skippable_end
from sserec.archive.reader import ArchiveReader
from sserec.archive.source import Source
from sserec.archive.tables import EventTable
from sserec.archive.values import ExchangeRecord, Flaw, Problem
from sserec.display import argument, count
from sserec.errors import DamagedArchive, NotAnArchive, UnsupportedVersion

_INDEX_KNOWS_BETTER = frozenset({Flaw.DAMAGED_RECORDS, Flaw.MISSING_HEAD, Flaw.GAP})
"""What follows from records that cannot be read, where they are all there is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found."""

    code: Literal[0, 1, 2]
    """0 whole, 1 damaged but readable, 2 not an archive that this version can read."""
    state: Literal["journal", "final"] | None
    problems: tuple[Problem, ...]
    message: str
    """One line for a person."""


def verify(path: str | os.PathLike[str], *, name: str | None = None) -> Verdict:
    """Reads all of a file and says whether it is whole. Raises ArchiveError when it cannot be opened.

    ``name``: what messages call the file, where that is not its path.
    """
    try:
        reader = ArchiveReader.open(path, use_index=False, name=name)
    except (NotAnArchive, UnsupportedVersion) as error:
        return Verdict(2, None, (), str(error).removeprefix(f"{name or path}: "))
    with reader:
        problems = _read_all(reader)
        if any(problem.flaw == Flaw.DAMAGED_RECORDS for problem in problems):
            with ArchiveReader.open(path, name=name) as indexed:
                if indexed.is_indexed:
                    return _verdict(indexed, _problems_by_index(indexed, problems))
        if reader.state == "final":
            problems += _compare_with_index(reader)
            problems += _compare_with_seek_table(reader)
        return _verdict(reader, problems)


def _verdict(reader: ArchiveReader, problems: list[Problem]) -> Verdict:
    return Verdict(1 if problems else 0, reader.state, tuple(problems), _message(reader, problems))


def _problems_by_index(indexed: ArchiveReader, scanned: list[Problem]) -> list[Problem]:
    """What is lost where a sound index still finds bodies whose own blocks tell nothing of them any more."""
    seen_alike = [problem for problem in scanned if problem.flaw not in _INDEX_KNOWS_BETTER]
    _read_all(indexed)
    for number in indexed.numbers:
        indexed.chunk_table(number).t_ns.array()
        indexed.event_table(number)
    return list(dict.fromkeys([*seen_alike, *indexed.problems])) or scanned


def _read_all(reader: ArchiveReader) -> list[Problem]:
    for number in reader.numbers:
        _read_exchange(reader, number)
    return list(reader.problems)


def _read_exchange(reader: ArchiveReader, number: int) -> None:
    digest = hashlib.sha256()
    for piece in reader.pieces(number):
        digest.update(piece.data)
    for gap in reader.gaps(number):
        reader.report_gap(number, gap)
    reader.compare_checksum(number, digest.hexdigest())


def _compare_with_index(scanned: ArchiveReader) -> Iterator[Problem]:
    """What opening by the index tells otherwise than reading everything."""
    with ArchiveReader.open(scanned.path) as indexed:
        if not indexed.is_indexed:
            yield from (problem for problem in indexed.problems if problem.flaw == Flaw.UNUSABLE_INDEX)
            return
        if list(indexed.numbers) != list(scanned.numbers):
            yield Problem(Flaw.UNUSABLE_INDEX, "the index lists other exchanges than the file holds")
            return
        for number in scanned.numbers:
            yield from _compare_exchange(scanned, indexed, number)
        yield from (problem for problem in indexed.problems if problem not in scanned.problems)


def _compare_exchange(scanned: ArchiveReader, indexed: ArchiveReader, number: int) -> Iterator[Problem]:
    a, b = scanned.chunk_table(number), indexed.chunk_table(number)
    if a.end.array() != b.end.array() or a.t_ns.array() != b.t_ns.array():
        message = f"exchange {number}: the index finds other chunks than the file holds"
        yield Problem(Flaw.UNUSABLE_INDEX, message, exchange=number)
    try:
        is_same = _same(indexed.event_table(number), indexed.derived_table(number))
    except DamagedArchive:
        is_same = False
    if not is_same:
        message = f"exchange {number}: the table of events is not the one that follows from the body"
        yield Problem(Flaw.UNUSABLE_EVENTS, message, exchange=number)


def _same(a: EventTable, b: EventTable) -> bool:
    return (
        a.end.array() == b.end.array()
        and a.chunk.array() == b.chunk.array()
        and all(x == y for x, y in zip(map(a.type, range(len(a))), map(b.type, range(len(b))), strict=True))
    )


def _compare_with_seek_table(reader: ArchiveReader) -> Iterator[Problem]:
    """Whether the table at the end lists the frames that are there."""
    with Source(reader.path) as source:
        position = 0
        for coded_size, raw_size in seek_table(source.read, source.size):
            head = source.read(position, 18)
            is_data = head.startswith(DATA_MAGIC)
            end = frame_end(source.read, position) if is_data else skippable_end(head, position)
            if end != position + coded_size or raw_size != (content_size(head) if is_data else 0):
                message = f"the seek table is wrong about the frame at byte {position:,}"
                yield Problem(Flaw.UNUSABLE_INDEX, message, position)
                return
            position = end


def _message(reader: ArchiveReader, problems: list[Problem]) -> str:
    open_count = sum(exchange.close is None for exchange in reader.exchanges)
    facts = [count(len(reader.numbers), "exchange")] + ([f"{open_count:,} not closed"] if open_count else [])
    if cut_count := sum(map(is_cut, reader.exchanges)):
        facts.append(f"{cut_count:,} not recorded in full")
    if problems:
        found = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems, the first"
        facts.append(f"{found}: {problems[0].message}")
        hint = f" (sserec repair {argument(reader.name)} -o OUT)" if damage_of(problems) else ""
        return f"damaged but readable {reader.state}: {', '.join(facts)}{hint}"
    if reader.live:
        return f"whole so far, being recorded: {', '.join(facts)}"
    if reader.state == "journal":
        return f"whole, but not finalised: the recorder did not end: {', '.join(facts)}"
    return f"whole: {', '.join(facts)}"


def is_cut(exchange: ExchangeRecord) -> bool:
    """Some of its bytes could not be recorded, or should not, which is no damage to the file."""
    close = exchange.close
    return close is not None and bool(close.lost_bytes or close.lost_request_bytes)
