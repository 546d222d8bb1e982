"""Long work in small steps.

A job is a generator of progress. Whoever runs it may stop at any step; what it has found by then stands in the model,
and a job begun again goes on from there. A step takes some ten milliseconds at most, so that a thread that runs one
leaves the interpreter to the one that draws.
"""

from collections import deque
from collections.abc import Generator
from typing import NamedTuple, TypeAlias


class Progress(NamedTuple):
    """How far a job is, in whatever it counts."""

    done: int
    total: int

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return self.done / self.total if self.total else 1.0


Job: TypeAlias = Generator[Progress, None, None]


def run(job: Job) -> None:
    """Runs a job to its end."""
    deque(job, maxlen=0)
