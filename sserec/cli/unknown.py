"""What a file does not tell of its exchanges, in words."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from sserec.records import Unknown

WORDS: dict[Unknown, str] = {
    Unknown.REQUEST: "what was asked for",
    Unknown.TIMES: "when anything happened",
    Unknown.ARRIVALS: "when the bytes of the body came",
    Unknown.CHUNKS: "which bytes came together",
    Unknown.BYTES: "how the events were written",
    Unknown.BODY: "what the body held",
    Unknown.BEGINNING: "how the body began",
    Unknown.END: "how it ended",
}


def unknown_lines(exchanges: Iterable[tuple[int, frozenset[Unknown]]]) -> Iterator[str]:
    """``exchanges 1 to 3: not known: which bytes came together, how it ended``; nothing where all is known."""
    numbers: dict[frozenset[Unknown], list[int]] = {}
    for number, unknown in exchanges:
        if unknown:
            numbers.setdefault(unknown, []).append(number)
    for unknown, these in numbers.items():
        yield f"{which(these)}: not known: {in_words(unknown)}"


def in_words(unknown: frozenset[Unknown]) -> str:
    """``which bytes came together, how it ended``."""
    return ", ".join(words for name, words in WORDS.items() if name in unknown)


def span(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first}, {last}" if last == first + 1 else f"{first} to {last}"


def which(numbers: Sequence[int]) -> str:
    """``exchange 4``, ``exchanges 1 to 3, 7``."""
    runs = [[numbers[0], numbers[0]]]
    for before, number in pairwise(numbers):
        if number == before + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    told = ", ".join(span(first, last) for first, last in runs)
    return f"exchange {told}" if len(numbers) == 1 else f"exchanges {told}"
