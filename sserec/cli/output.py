"""What a command writes: its product to stdout, words for people to stderr.

Invariant: what is said on stderr holds nothing that a terminal would act on, be it a server's text or the name of a
file. A product is flushed line by line only where somebody watches: a flush a line is half of what listing a million
events costs.
"""

import codecs
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

from sserec.display import printable, printable_lines


def show(lines: Iterable[str]) -> None:
    """Lines of the product, as they come."""
    for line in lines:
        sys.stdout.write(line + "\n")


def show_json(document: object) -> None:
    """The product as one JSON document."""
    import orjson

    show_bytes([orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)])


def show_bytes(pieces: Iterable[bytes]) -> None:
    """The product as it is; to a terminal only what it would not act on (JSON escapes no C1 controls)."""
    sys.stdout.flush()
    sys.stdout.buffer.writelines(harmless(pieces) if sys.stdout.isatty() else pieces)
    sys.stdout.buffer.flush()


def harmless(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same text, however it was cut."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in pieces:
        yield printable_lines(decoder.decode(piece)).encode()
    yield decoder.decode(b"", final=True).encode()


def say(words: str) -> None:
    """One line for people, after what has been shown so far."""
    sys.stdout.flush()
    sys.stderr.write(f"sserec: {printable(' '.join(words.split()))}\n")
    sys.stderr.flush()


def terminal_width() -> int | None:
    """The columns of the terminal that the product goes to; None where it goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def open_streams() -> None:
    """Makes the standard streams fit to be written to, whatever the shell, the locale and a recording bring.

    One that was closed leads nowhere. What an encoding lacks is replaced; where that would be all but ASCII, the locale
    is taken for unset and not for a wish, as Python itself does (PEP 538).
    """
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout = fit(sys.stdout or open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    sys.stderr = fit(sys.stderr or open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def fit(stream: TextIO) -> TextIO:
    is_ascii = codecs.lookup(stream.encoding).name == "ascii"
    stream.reconfigure(encoding="utf-8" if is_ascii else None, errors="replace")  # type: ignore[attr-defined]
    return stream
