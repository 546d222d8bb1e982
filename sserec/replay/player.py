"""A recording that is watched: where it stands, how fast it goes, and what keys do to that. Pure.

Knows times and pieces; must not know terminals or clocks: whoever has them says what time it is. A stream of any
length is watched with one piece in hand.
"""

from collections.abc import Iterable

from sserec.export.showing import Frame, limited

PAUSE, STEP, QUIT, NORMAL = " ", ".", ("q", "\x1b"), "="
FASTER, SLOWER = ("+", ">"), ("-", "<")
SPEEDS = (1 / 16, 64.0)


class Player:
    """Hands out frames when they are due. ``speed`` is what ``=`` returns to."""

    def __init__(
        self, frames: Iterable[Frame], *, now_ns: int, speed: float = 1.0, idle_limit_ns: int | None = None
    ) -> None:
        self.is_paused = False
        self.was_quit = False
        self.speed = speed
        self._normal = speed
        self._frames = limited(frames, idle_limit_ns)
        self._next = next(self._frames, None)
        self._position_ns = 0
        """Where it stood in the recording's time at the last look at the clock."""
        self._now_ns = now_ns

    @property
    def is_over(self) -> bool:
        """Everything was shown, or the person has had enough."""
        return self.was_quit or self._next is None

    def wait_ns(self) -> int | None:
        """How long until the next frame is due; None while it waits for a key."""
        if self.is_paused or self._next is None:
            return None
        return max(0, int((self._next.t_ns - self._position_ns) / self.speed))

    def due(self, now_ns: int) -> list[bytes]:
        """What is to be shown by now; nothing while it is paused, even of what came together."""
        self._look_at(now_ns)
        shown = []
        while not self.is_paused and self._next is not None and self._next.t_ns <= self._position_ns:
            shown.append(self._take())
        return shown

    def press(self, key: str, now_ns: int) -> list[bytes]:
        """What a key does: space pauses, ``.`` shows the next frame, + and - change the speed, = undoes that."""
        shown = self.due(now_ns)
        if key == PAUSE:
            self.is_paused = not self.is_paused
        elif key == STEP and self._next is not None:
            self.is_paused = True
            self._position_ns = max(self._position_ns, self._next.t_ns)
            shown.append(self._take())
        elif key in FASTER or key in SLOWER:
            factor = 2.0 if key in FASTER else 0.5
            self.speed = min(max(self.speed * factor, SPEEDS[0]), SPEEDS[1])
        elif key == NORMAL:
            self.speed = self._normal
        elif key in QUIT:
            self.was_quit = True
        return shown

    def _look_at(self, now_ns: int) -> None:
        if not self.is_paused:
            self._position_ns += int((now_ns - self._now_ns) * self.speed)
        self._now_ns = now_ns

    def _take(self) -> bytes:
        assert self._next is not None
        data = self._next.data
        self._next = next(self._frames, None)
        return data
