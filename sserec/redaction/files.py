"""From one recording to another that can be given away.

What is replaced is what :mod:`sserec.scan` finds, and on request what was said. Invariants: the first file is never
touched; sizes, borders of chunks, times, ids, statuses and usage stay what they were; what cannot be read cannot be
cleaned, and is left out or overwritten as a whole, with a word.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from sserec.archive import ArchiveReader, ExchangeRecord, Mark, Meta
from sserec.archive.finalisation import refuse_existing, replacing
from sserec.archive.revision import Revision, revise
from sserec.errors import ArchiveError
from sserec.recording import Recording
from sserec.records import Chunk
from sserec.redact import PARAMETER, REDACTED
from sserec.redaction.secrets import patched, patches
from sserec.redaction.streams import Events, Whole, reworded
from sserec.redaction.wording import Wording
from sserec.scan.bodies import BodySearch, search, searched
from sserec.scan.heads import Heads
from sserec.scan.known import with_known
from sserec.scan.report import coding_of
from sserec.scan.search import ALL_SECRETS, Rules

OPEN_PARAMETERS = frozenset(
    {"alt", "stream", "starting_after", "last_event_id", "include_input", "api-version"}
)
"""Of a URL: they say how something is asked for, not what."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be replaced."""

    rules: Rules = ALL_SECRETS
    prompts: bool = False
    """Everything in requests, and the command line but for its program and options."""
    answers: bool = False
    drops_request_bodies: bool = False


@dataclass(slots=True)
class Replaced:
    """What was replaced."""

    secrets: Counter[str] = field(default_factory=Counter)
    """By rule."""
    remarks: list[str] = field(default_factory=list)
    """What could not be looked into, and what became of it."""


def redact(
    path: Path, out: Path, wanted: Wanted, *, overwrite: bool = False, name: str | None = None
) -> Replaced:
    """Writes the recording at ``path`` to ``out`` without what is not ``wanted`` in it.

    An archive becomes an archive, a plain event stream a plain event stream. ``name``: what messages call the
    recording, where that is not its path. Raises ArchiveError where ``out`` exists
    and ``overwrite`` was not asked for, DamagedArchive where the recording has to be repaired first.
    """
    with Recording.open(str(path)) as recording:
        wanted = replace(wanted, rules=with_known(recording, wanted.rules))
        if recording.archive is None:
            return redact_text(recording, path, out, wanted, overwrite=overwrite)
    redaction = Redaction(wanted)
    revise(path, out, redaction, overwrite=overwrite, name=name)
    return redaction.replaced


def redact_text(recording: Recording, path: Path, out: Path, wanted: Wanted, *, overwrite: bool) -> Replaced:
    """The same for a body alone."""
    if not overwrite:
        refuse_existing(out)
    elif out.exists() and out.samefile(path):
        raise ArchiveError(f"{out} is the recording itself, which is never changed: choose another name")
    (exchange,) = recording.exchanges
    replaced = Replaced()
    chunks = clean_chunks(
        wanted,
        replaced,
        exchange.chunks,
        exchange.body,
        is_stream=exchange.is_event_stream,
    )
    with replacing(out) as file:
        file.writelines(chunk.data for chunk in chunks)
    return replaced


def clean_chunks(
    wanted: Wanted,
    replaced: Replaced,
    chunks: Callable[[], Iterator[Chunk]],
    read: Callable[[int, int], bytes],
    *,
    is_stream: bool,
) -> Iterator[Chunk]:
    """A response's body, read twice: where are the secrets, and then without them."""
    hits = searched(chunks(), BodySearch(wanted.rules, read=read, is_event_stream=is_stream)).end()
    replaced.secrets.update(hit.rule for hit in hits)
    clean = patched(chunks(), patches(hits, read))
    if not (wanted.answers or wanted.prompts):
        return clean
    wording = Wording(answers=wanted.answers, prompts=wanted.prompts, is_request=False)
    return reworded(clean, Events(wording) if is_stream else Whole(wording))


class Redaction(Revision):
    """What becomes of an archive."""

    def __init__(self, wanted: Wanted) -> None:
        self.replaced = Replaced()
        self._wanted = wanted
        self._heads = Heads(wanted.rules)

    def meta(self, meta: Meta) -> Meta:
        clean = self._told(self._heads.meta(meta))
        wanted = self._wanted
        kinds = {
            "prompts": wanted.prompts,
            "answers": wanted.answers,
            "request bodies": wanted.drops_request_bodies,
        }
        redacted = ", ".join(["secrets", *(kind for kind, is_wanted in kinds.items() if is_wanted)])
        attributes = {**clean.attributes, "redacted": redacted}
        return replace(
            clean, attributes=attributes, command=shape_of(clean.command) if wanted.prompts else clean.command
        )

    def exchange(self, record: ExchangeRecord) -> ExchangeRecord:
        clean = self._told(self._heads.exchange(record))
        if self._wanted.prompts and clean.request is not None:
            return replace(clean, request=replace(clean.request, url=without_values(clean.request.url)))
        return clean

    def request_body(self, record: ExchangeRecord, body: bytes) -> bytes:
        wanted = self._wanted
        if wanted.drops_request_bodies:
            return b""
        coding = coding_of(record.request, body)
        if coding:
            self._remark(record, f"the request body is compressed ({coding}): overwritten as a whole")
            return b"*" * len(body)
        hits = search(body, wanted.rules, is_strict=True)
        self.replaced.secrets.update(hit.rule for hit in hits)
        (clean,) = patched([Chunk(0, 0, body)], patches(hits, lambda start, end: body[start:end]))
        wording = Wording(answers=False, prompts=wanted.prompts, is_request=True)
        return wording.text(clean.data.decode("latin-1")).encode("latin-1") if wanted.prompts else clean.data

    def chunks(self, record: ExchangeRecord, reader: ArchiveReader) -> Iterator[Chunk]:
        number = record.number
        undecoded_from = record.close.undecoded_from if record.close else None
        if undecoded_from is not None:
            self._remark(
                record, f"the response is compressed from byte {undecoded_from:,} on: overwritten from there"
            )
            return (overwritten(chunk, undecoded_from) for chunk in reader.chunks(number))
        return clean_chunks(
            self._wanted,
            self.replaced,
            lambda: reader.chunks(number),
            lambda start, end: reader.body(number, start, end),
            is_stream=reader.is_event_stream(number),
        )

    def note(self, note: Mapping[str, Any]) -> Mapping[str, Any]:
        clean: Mapping[str, Any] = self._told(self._heads.json("note", dict(note)))
        return clean

    def mark(self, mark: Mark) -> Mark:
        return self._told(self._heads.mark(mark))

    def _told(self, clean: Value) -> Value:
        """Counts what was taken out of a head."""
        self.replaced.secrets.update(told.rule for told in self._heads.told)
        self._heads.told.clear()
        return clean

    def _remark(self, record: ExchangeRecord, words: str) -> None:
        self.replaced.remarks.append(f"exchange {record.number}: {words}")


def overwritten(chunk: Chunk, offset: int) -> Chunk:
    """A chunk of which nothing is left from ``offset`` of the body on."""
    kept = chunk.data[: max(offset - chunk.offset, 0)]
    return replace(chunk, data=kept.ljust(len(chunk.data), b"*"))


def shape_of(command: tuple[str, ...]) -> tuple[str, ...]:
    """The program, the names of its options, and URLs: any other word may be a prompt, or a script with one."""
    return command[:1] + tuple(map(shape_of_argument, command[1:]))


def shape_of_argument(argument: str) -> str:
    if re.fullmatch(r"https?://[^\s?#]+(?:[?#]\S*)?", argument):
        return without_values(argument)
    option = re.match(r"--?[A-Za-z][\w-]*(?==|\Z)", argument)
    if option is None:
        return REDACTED
    return argument if option[0] == argument else f"{option[0]}={REDACTED}"


def without_values(url: str) -> str:
    """A URL whose parameters may say what was asked."""
    return PARAMETER.sub(
        lambda found: found[0] if found["name"].lower() in OPEN_PARAMETERS else found["keep"] + REDACTED, url
    )
