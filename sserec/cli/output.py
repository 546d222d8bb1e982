"""What a command writes: its product to stdout, words for people to stderr.

Invariant: what is said on stderr holds nothing that a terminal would act on, be it a server's text or the name of a
file. A product is flushed line by line only where somebody watches: a flush a line is half of what listing a million
events costs.
"""

import codecs
import os
import sys
from collections.abc import Iterable
from typing import TextIO

from sserec.display import printable


def show(lines: Iterable[str]) -> None:
    """Lines of the product, as they come."""
    for line in lines:
        sys.stdout.write(line + "\n")


def show_json(document: object) -> None:
    """The product as one JSON document."""
    import orjson

    sys.stdout.flush()
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def say(words: str) -> None:
    """One line for people, after what has been shown so far."""
    sys.stdout.flush()
    sys.stderr.write(f"sserec: {printable(' '.join(words.split()))}\n")
    sys.stderr.flush()


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
