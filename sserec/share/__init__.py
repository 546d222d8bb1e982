"""A recording made ready for an issue: clean, small enough, and readable without sserec.

Joins what the floors below do: :mod:`sserec.redaction` cleans, :mod:`sserec.export.html` draws a page,
:mod:`~sserec.share.issue` writes the text, :mod:`~sserec.share.parcel` packs. Everything that is told or drawn is told
and drawn of the clean recording, never of the first one.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sserec.archive.finalisation import replacing
from sserec.archive.revision import Revision, revise
from sserec.display import size
from sserec.errors import ArchiveError, named
from sserec.export.html import page
from sserec.recording import Recording
from sserec.redaction import Replaced, Wanted, redact
from sserec.scan import Report, scan
from sserec.share.issue import issue
from sserec.share.parcel import OVERHEAD_BYTES, halves, pack, slices

ENDINGS = re.compile(r"(?:\.(?:zip|gz|zst|sse|ndjson|jsonl))+\Z", re.IGNORECASE)
OF_SEVERAL = r"(?:-page|-\d+of\d+|\.sse(?:\.zst)?\.part\d+of\d+)?\.zip"
"""How a zip of several is called behind the stem."""
UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(slots=True)
class Shared:
    """What was written."""

    files: list[Path] = field(default_factory=list)
    replaced: Replaced | None = None
    remarks: list[str] = field(default_factory=list)


class Excerpt(Revision):
    """Some exchanges, as they are."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = frozenset(numbers)

    def keeps(self, number: int) -> bool:
        return number in self._numbers


def examined(path: Path, wanted: Wanted) -> Report:
    """What would be given away."""
    with Recording.open(str(path)) as recording:
        return scan(recording, wanted.rules)


def share(
    path: Path, name: str, folder: Path, wanted: Wanted | None, *, limit_bytes: int, overwrite: bool = False
) -> Shared:
    """Writes the zips and the text of an issue into ``folder``. ``wanted``: None leaves everything as it stands.

    Raises ArchiveError where a file is there already, and where a secret would be left all the same.
    """
    with Recording.open(str(path)) as recording:
        is_archive = recording.archive is not None
    stem = stem_of(name)
    with TemporaryDirectory(prefix="sserec-") as workshop:
        clean = Path(workshop, stem + (".sse.zst" if is_archive else ".sse"))
        sharing = Sharing(folder, stem, clean, limit_bytes, first=Path(name), overwrite=overwrite)
        with named(workshop):
            if wanted is not None:
                sharing.shared.replaced = redact(path, clean, wanted, name=name)
                refuse_secrets(clean, wanted)
            elif is_archive:
                revise(path, clean, Revision(), name=name)
            else:
                clean.write_bytes(path.read_bytes())
            sharing.write()
        return sharing.shared


def refuse_secrets(path: Path, wanted: Wanted) -> None:
    """Nothing is given away that was found and not replaced."""
    found = examined(path, wanted).findings
    if found:
        raise ArchiveError(f"{found[0].part} still holds a secret ({found[0].rule}): nothing was written")


def stem_of(name: str) -> str:
    """A name for files that any system takes."""
    return UNSAFE.sub("-", ENDINGS.sub("", Path(name).name)).strip("-.") or "recording"


class Sharing:
    """The files of one recording."""

    def __init__(
        self, folder: Path, stem: str, clean: Path, limit_bytes: int, *, first: Path, overwrite: bool
    ) -> None:
        """``clean``: what is shared; ``first``: what it was made of, which is never changed."""
        self.shared = Shared()
        self._first = first
        self._folder = folder
        self._stem = stem
        self._clean = clean
        self._limit_bytes = limit_bytes
        self._overwrite = overwrite
        self._unix_ns = 0

    def write(self) -> None:
        """One zip, or as many as it takes, and the text beside them."""
        self._refuse(self._folder / f"{self._stem}.md")
        with Recording.open(str(self._clean)) as recording:
            self._unix_ns = recording.meta.anchor_unix_ns if recording.meta else 0
            drawn = "".join(page(recording)).encode()
            text = issue(recording, f"{self._stem}.zip", f"{self._stem}.html").encode()
            has_exchanges = recording.archive is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        recorded = self._clean.read_bytes()
        whole = {self._clean.name: recorded, f"{self._stem}.html": drawn, f"{self._stem}.md": text}
        if not self._fits(f"{self._stem}.zip", whole):
            self._say(
                f"{size(len(recorded))} of recording and {size(len(drawn))} of page are more than an issue takes"
            )
            self._separately(recorded, drawn, has_exchanges=has_exchanges)
            text = self._text_of_parts()
        self._keep(self._folder / f"{self._stem}.md", text)
        self._tell_of_others()

    def _tell_of_others(self) -> None:
        """An earlier zip of the same name may hold what is in these no more; it may as well be somebody's own."""
        ours = re.compile(re.escape(self._stem) + OF_SEVERAL)
        others = {path.name for path in self._folder.iterdir() if ours.fullmatch(path.name)}
        left = sorted(others - {file.name for file in self.shared.files})
        if left:
            self._say(f"there from before, and no part of this: {', '.join(left)}")

    def _text_of_parts(self) -> bytes:
        """The text, which names the first part of the recording and no page."""
        parts = (file.name for file in self.shared.files if file.name != f"{self._stem}-page.zip")
        with Recording.open(str(self._clean)) as recording:
            return issue(recording, next(parts), None).encode()

    def _separately(self, recorded: bytes, drawn: bytes, *, has_exchanges: bool) -> None:
        """The page in a zip of its own, and the recording in one or in parts."""
        if not self._fits(f"{self._stem}-page.zip", {f"{self._stem}.html": drawn}):
            self._say("the page does not fit: sserec export --format html draws it again")
        if not self._fits(f"{self._stem}.zip", {self._clean.name: recorded}):
            parts = self._parts() if has_exchanges else None
            if parts:
                self._exchanges(parts)
            else:
                self._pieces(recorded)

    def _parts(self) -> list[Path] | None:
        """Recordings of neighbouring exchanges that fit; None where one exchange alone does not."""
        sizes = self._sizes()
        waiting, parts = [list(sizes)], list[Path]()
        while waiting:
            numbers = waiting.pop(0)
            if sum(sizes[number] for number in numbers) <= self._limit_bytes:
                part = self._clean.with_name(f"part-{len(parts)}")
                revise(self._clean, part, Excerpt(numbers), overwrite=True)
                if part.stat().st_size + OVERHEAD_BYTES <= self._limit_bytes:
                    parts.append(part)
                    continue
            if len(numbers) == 1:
                return None
            waiting[:0] = halves(numbers, sizes)
        return parts

    def _sizes(self) -> dict[int, int]:
        """What each exchange takes of the file, about: its share of all bodies."""
        with Recording.open(str(self._clean)) as recording:
            bodies = {
                each.number: each.record.body_size_bytes + len(each.record.request_body()) + 1
                for each in recording.exchanges
            }
        packed = self._clean.stat().st_size / sum(bodies.values(), start=1)
        return {number: round(size_bytes * packed) for number, size_bytes in bodies.items()}

    def _exchanges(self, parts: list[Path]) -> None:
        """Parts that can be opened each by itself."""
        for position, part in enumerate(parts, start=1):
            stem = f"{self._stem}-{position}of{len(parts)}"
            self._fits(f"{stem}.zip", {f"{stem}.sse.zst": part.read_bytes()})
        self._say(
            f"in {len(parts)} parts between exchanges, each a recording of its own (sserec merge joins them)"
        )

    def _pieces(self, recorded: bytes) -> None:
        """Parts that have to be put together again."""
        cut = slices(recorded, self._limit_bytes)
        digits = len(str(len(cut)))
        for position, piece in enumerate(cut, start=1):
            part = f"{self._clean.name}.part{position:0{digits}}of{len(cut)}"
            self._fits(f"{part}.zip", {part: piece})
        self._say(
            f"an exchange is larger than that: in {len(cut)} pieces, which sserec says how to put together"
        )

    def _fits(self, name: str, members: dict[str, bytes]) -> bool:
        """Writes a zip, unless it would be too large."""
        target = self._folder / name
        self._refuse(target)
        temporary = self._clean.with_name(name)
        if pack(temporary, members, self._unix_ns) > self._limit_bytes:
            temporary.unlink()
            return False
        self._keep(target, temporary.read_bytes())
        temporary.unlink()
        return True

    def _keep(self, target: Path, data: bytes) -> None:
        self._refuse(target)
        with replacing(target) as file:
            file.write(data)
        self.shared.files.append(target)

    def _refuse(self, target: Path) -> None:
        if not target.exists():
            return
        if self._first.is_file() and target.samefile(self._first):
            raise ArchiveError(
                f"{target} is the recording itself, which is never changed: -o names another folder"
            )
        if not self._overwrite:
            raise ArchiveError(f"{target} exists already: -o names another folder, --overwrite replaces it")

    def _say(self, words: str) -> None:
        self.shared.remarks.append(words)
