"""A score on a stage: each cue at its time, no faster than the client reads."""

from collections.abc import Sequence
from typing import Protocol

from sserec.replay.clock import Clock
from sserec.replay.score import Cue, Score

TOGETHER_BYTES = 64 * 1024
"""What is due at once is sent with one system call, up to this size."""


class Stage(Protocol):
    """One answer on one connection."""

    def play(self, cues: Sequence[Cue]) -> None:
        """Sends the cues, each as a piece of its own."""

    async def ready(self) -> None:
        """Returns when the client has taken most of what was sent."""


async def perform(score: Score, stage: Stage, clock: Clock) -> None:
    """Plays the score to its end. The request has just come in.

    The next cue is read from the recording while the one before is on its way, not when it is due.
    """
    begin_ns = clock.now_ns()
    due: list[Cue] = []
    size_bytes = 0
    for t_ns, cue in score:
        if size_bytes >= TOGETHER_BYTES or begin_ns + t_ns > clock.now_ns():
            stage.play(due)
            due, size_bytes = [], 0
            await stage.ready()
            await clock.sleep_until(begin_ns + t_ns)
        due.append(cue)
        size_bytes += len(cue) if isinstance(cue, bytes) else 0
    stage.play(due)
