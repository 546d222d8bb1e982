"""Both recordings played at once, from their requests on: a race.

Knows the cursor's clock and a playback; must not know what the panes show of a moment. It goes by time, whatever way
both sides went together before.
"""

from collections.abc import Sequence
from time import monotonic_ns

from textual.timer import Timer

from sserec.tui.comparison.table import Table
from sserec.tui.kinds import PLAYING
from sserec.tui.model.comparison.cursor import Together
from sserec.tui.model.playback import Playback
from sserec.tui.moving import FASTEST, FRAME_S, NO_TIMES, NS, SLOWEST


class Playing(Table):
    """Keys that play."""

    _playback: Playback | None = None
    _played: Sequence[int] = ()
    """The times that are played."""
    _ticking: Timer | None = None

    def action_play(self) -> None:
        """From the cursor on; again: pauses."""
        if self._ticking is not None:
            self.pause()
        elif self.cursor is None or not self.cursor.knows_times:
            self.say(NO_TIMES)
        else:
            self.start("times", self.duo.using(self.cursor.load_times()))

    def play(self) -> None:
        """Once all times are known."""
        cursor = self.cursor
        if cursor is None or self._ticking is not None:
            return
        if cursor.together is not Together.TIME:
            self.change_together()
        playback, now_ns = self.player(cursor.times), monotonic_ns()
        playback.seek(now_ns, cursor.t_ns or 0)
        playback.play(now_ns)
        self._ticking = self.set_interval(FRAME_S, self.play_on)

    def player(self, times: Sequence[int]) -> Playback:
        """The playback of these times."""
        if self._playback is None or self._played is not times:
            idle_s = self.config.idle_limit
            idle_ns = None if idle_s is None else round(idle_s * NS)
            self._played, self._playback = times, Playback(times, speed=self.config.speed, idle_ns=idle_ns)
        return self._playback

    def pause(self) -> None:
        if self._ticking is not None and self._playback is not None:
            self._playback.pause(monotonic_ns())
            self._ticking.stop()
            self._ticking = None
            self.tell_status()

    def play_on(self) -> None:
        """One frame."""
        playback, cursor, now_ns = self._playback, self.cursor, monotonic_ns()
        if playback is not None and cursor is not None:
            cursor.play_to(playback.t_ns(now_ns))
            super().cursor_moved()
            if playback.is_over(now_ns):
                self.pause()

    def cursor_moved(self) -> None:
        """The person moved it, and takes the playback along."""
        if self._ticking is not None and self._playback is not None and self.cursor is not None:
            self._playback.seek(monotonic_ns(), self.cursor.t_ns or 0)
        super().cursor_moved()

    def show_pair(self, place: int) -> None:
        self.pause()
        super().show_pair(place)

    def action_together(self) -> None:
        """By time instead of by alignment, and back."""
        self.pause()
        self.change_together()

    def action_speed(self, factor: float) -> None:
        """``factor`` times as fast; 0: as it came."""
        if self._playback is None:
            self.say("nothing has been played yet")
            return
        speed = self._playback.speed * factor if factor else 1.0
        if not SLOWEST <= speed <= FASTEST:
            self.say(f"the speed has to be from {SLOWEST:g} to {FASTEST:g}")
            return
        self._playback.set_speed(monotonic_ns(), speed)
        self.say(f"speed ×{speed:g}")

    def status_words(self) -> list[str]:
        words = super().status_words()
        if self._ticking is not None and self._playback is not None:
            words[:0] = [f"{PLAYING} ×{self._playback.speed:g}"]
        return words
