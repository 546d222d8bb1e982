"""A score on a stage: each cue at its time, no faster than the client reads."""

from collections.abc import Sequence
from typing import Protocol

from sserec.replay.asked import Question
from sserec.replay.clock import Clock
from sserec.replay.programme import Programme
from sserec.replay.repertoire import Miss
from sserec.replay.score import Cue, Score

TOGETHER_BYTES = 64 * 1024
"""What is due at once is sent with one system call, up to this size."""


class Stage(Protocol):
    """One answer on one connection."""

    def play(self, cues: Sequence[Cue]) -> None:
        """Sends the cues, each as a piece of its own."""

    async def ready(self) -> None:
        """Returns when the client has taken most of what was sent."""


class Fallback(Protocol):
    """Answers what was not recorded, in whatever way."""

    async def __call__(self, question: Question, miss: Miss, stage: Stage) -> None: ...

    async def aclose(self) -> None:
        """Called once, when the server has stopped."""


class Performer:
    """Answers requests by a programme, and what is not in it by a fallback, where there is one."""

    def __init__(self, programme: Programme, clock: Clock, fallback: Fallback | None = None) -> None:
        self._programme = programme
        self._clock = clock
        self._fallback = fallback

    async def answer(self, question: Question, stage: Stage, waited_ns: int = 0) -> None:
        """Plays the answer to its end. Times count from when the request came in, which was ``waited_ns`` ago."""
        begin_ns = self._clock.now_ns() - waited_ns
        score = self._programme.find(question.asked)
        if not isinstance(score, Miss):
            await perform(score, stage, self._clock, begin_ns)
        elif self._fallback is not None:
            await self._fallback(question, score, stage)
        else:
            await perform(self._programme.told(score), stage, self._clock, begin_ns)


async def perform(score: Score, stage: Stage, clock: Clock, begin_ns: int) -> None:
    """Plays the score to its end; its times count from ``begin_ns``.

    The next cue is read from the recording while the one before is on its way, not when it is due.
    """
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
