"""What ``sserec fuzz`` tries, and how it judges what came of it. Pure.

A client that was told an error has to say so; one that was told everything has to give everything. What it prints is
compared with what it prints when nothing is wrong.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from sserec.replay.faults import Fault, parse

SPLITS = 6
SLOW_TOTAL_MS = 2000
TRACE = re.compile(
    r"^(?:Traceback \(most recent call last\):|panic: |thread '.*' panicked|Exception in thread |"
    r"Uncaught |\s+at .+\(.+:\d+:\d+\)$|Unhandled exception)",
    re.MULTILINE,
)
"""The beginnings of what Python, Go, Rust, Java, Node and .NET print when nobody caught an error."""


@dataclass(frozen=True, slots=True)
class Size:
    """The stream that is to be broken."""

    event_count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of the client ended."""

    returncode: int | None
    """A signal's number below zero; None: it did not end in time."""
    stdout: bytes = b""
    stderr: bytes = b""


class Verdict(StrEnum):
    """What a run says about a client."""

    SAME = "same output"
    NOTICED = "noticed"
    OTHER = "other output, exit 0"
    CRASH = "CRASH"
    HANG = "HANG"
    SILENT = "SILENT"
    """It was told less than everything, and ended with success and without a word."""
    FAILED = "FAILED"
    """It was told everything, in an unusual way, and did not cope."""

    @property
    def is_finding(self) -> bool:
        return self.isupper()


def cases(size: Size, seed: int = 0) -> list[Fault]:
    """The whole list for a stream of this size; places are chosen by ``seed``."""
    return [parse(text, seed) for text in dict.fromkeys(specifications(size, Random(seed)))]


def specifications(size: Size, random: Random) -> Iterator[str]:
    last = max(size.event_count, 1)
    some = sorted({1, last, random.randint(1, last), random.randint(1, last)})
    early = sorted({0, *(number for number in some if number < last)})
    yield from ("rechunk:1", "random-chunks", "random-chunks:3")
    yield f"slow:{max(1, SLOW_TOTAL_MS // last)}"
    yield from (f"split@byte:{random.randint(1, max(size.size_bytes - 1, 1))}" for _ in range(SPLITS))
    yield from (f"unknown-event@event:{number}" for number in some)
    yield from (f"{name}@event:{number}" for name in ("cut", "reset", "end", "stall") for number in early)
    yield from (f"cut@byte:{random.randint(1, max(size.size_bytes - 1, 1))}" for _ in range(2))
    yield from (f"{name}@event:{number}" for name in ("error-event", "bare-error") for number in early[-2:])
    yield from (
        f"{name}@event:{number}" for name in ("drop", "duplicate", "swap", "corrupt") for number in some
    )
    yield from ("status:429", "status:503", "status-once:429", "status-once:503")


def judge(fault: Fault, whole: Outcome, broken: Outcome) -> Verdict:
    """What the run under ``fault`` says, beside the ``whole`` one that met none."""
    if broken.returncode is None:
        return Verdict.HANG
    if broken.returncode < 0 or (
        broken.returncode and TRACE.search(broken.stderr.decode("utf-8", "replace"))
    ):
        return Verdict.CRASH
    if broken.returncode:
        return Verdict.FAILED if fault.kind.is_harmless else Verdict.NOTICED
    if broken.stdout == whole.stdout:
        return Verdict.SAME
    if fault.kind.is_harmless:
        return Verdict.OTHER if fault.kind.is_addition else Verdict.FAILED
    return Verdict.NOTICED if broken.stderr != whole.stderr else Verdict.SILENT


def last_words(outcome: Outcome) -> str:
    """The last line that the client wrote to stderr."""
    lines = outcome.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
