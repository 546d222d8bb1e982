"""Through time: steps, jumps and playback.

Knows the cursor's verbs; must not know how they find their way. A move that the person makes ends following, and
takes a running playback along.
"""

from time import monotonic_ns

from textual.timer import Timer

from sserec.errors import UsageError
from sserec.tui.commands import Place, parse_place
from sserec.tui.config import LARGEST
from sserec.tui.desk import DeskBase
from sserec.tui.event_list import EventList
from sserec.tui.exchanges import ExchangeList
from sserec.tui.model.playback import Playback
from sserec.tui.timeline import Timeline

NS = 1_000_000_000
FRAME_S = 1 / 30
NO_TIMES = "nobody knows when these events came"
SLOWEST, FASTEST = 1 / 64, 1024


class Moving(DeskBase):
    """Keys and commands that move the cursor."""

    _ticking: Timer | None = None

    def went(self, moved: bool, otherwise: str) -> None:
        """Follows a move that the person made; ``otherwise`` says why there was none."""
        if not moved:
            self.say(otherwise)
            return
        if self.playback is not None and self.cursor.t_ns is not None:
            self.playback.seek(monotonic_ns(), self.cursor.t_ns)
        self.notice = ""
        self.cursor_moved()

    def on_event_list_moved(self, _: EventList.Moved) -> None:
        self.went(True, "")

    def on_timeline_sought(self, sought: Timeline.Sought) -> None:
        self.went(self.cursor.to_event(sought.event + 1), "")

    def on_exchange_list_chosen(self, chosen: ExchangeList.Chosen) -> None:
        self.pause()
        self.show_stream(self.document.stream(chosen.number))

    def action_event(self, count: int) -> None:
        self.went(self.cursor.move(count), "the first event" if count < 0 else "the last event")

    def action_step(self, direction: int, kind: str | None = None) -> None:
        what = f"step {kind}" if kind else "step"
        self.went(self.cursor.step(direction, kind), f"no {what} {where(direction)}")

    def action_seconds(self, seconds: int) -> None:
        self.by_time(seconds * NS)

    def by_time(self, delta_ns: int) -> None:
        if not self.stream.is_timed:
            self.say(NO_TIMES)
            return
        self.went(self.cursor.by_time(delta_ns), f"no event {where(delta_ns)}")

    def action_tenth(self, tenths: int) -> None:
        last = max(len(self.stream) - 1, 1)
        self.action_percent(min(max(100 * self.cursor.event / last + 10 * tenths, 0), 100))

    def action_percent(self, percent: float) -> None:
        self.cursor.to_percent(percent)
        self.went(True, "")

    def action_finding(self, direction: int) -> None:
        """The nearer of the next finding and the next stall."""
        self.went(self.cursor.trouble(direction), f"no finding or stall {where(direction)}")

    def action_mark_jump(self, direction: int) -> None:
        self.went(self.cursor.mark(direction), f"no mark {where(direction)}")

    def action_exchange(self, direction: int) -> None:
        self.exchanges.move(direction)

    def action_follow(self) -> None:
        """To the end, and on with it; again: stays."""
        if self.cursor.following:
            self.cursor.following = False
            self.tell_status()
            return
        self.cursor.follow()
        self.cursor_moved()

    # playback

    def action_play(self) -> None:
        if self.playback is not None and self.playback.is_playing:
            self.pause()
        else:
            self.play()
        self.tell_status()

    def play(self) -> None:
        """From the cursor; from the start where it stands at the end."""
        player = self.player()
        if not player.can_play:
            reason = "no event" if self.stream.is_timed else NO_TIMES
            self.say(f"nothing to play: {reason}")
            return
        player.play(monotonic_ns())
        if self._ticking is None:
            self._ticking = self.set_interval(FRAME_S, self.play_on)

    def player(self) -> Playback:
        """The playback of this stream."""
        if self.playback is None:
            idle_s = self.config.idle_limit
            idle_ns = None if idle_s is None else round(idle_s * NS)
            self.playback = Playback(self.stream.tape.times, speed=self.config.speed, idle_ns=idle_ns)
            self.playback.seek(monotonic_ns(), self.cursor.t_ns or 0)
        return self.playback

    def pause(self) -> None:
        if self.playback is not None and self.playback.is_playing:
            self.playback.pause(monotonic_ns())
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None

    def play_on(self) -> None:
        """One frame."""
        playback = self.playback
        if playback is None:
            return
        count = playback.count(monotonic_ns())
        if count and count - 1 != self.cursor.event and self.cursor.to_event(count):
            self.cursor_moved()
        if count >= len(self.stream) and not self.document.is_live:
            self.pause()
        self.tell_status()

    def action_speed(self, factor: float) -> None:
        """``factor`` times as fast; 0: as it came."""
        self.set_speed(self.player().speed * factor if factor else 1.0)

    def set_speed(self, speed: float) -> None:
        if not SLOWEST <= speed <= FASTEST:
            self.say(f"the speed has to be from {SLOWEST:g} to {FASTEST:g}")
            return
        self.player().set_speed(monotonic_ns(), speed)
        self.say(f"speed ×{speed:g}")

    # commands

    def do_go(self, argument: str) -> None:
        place = parse_place(argument)
        if place.by_ns is not None:
            self.by_time(place.by_ns)
        else:
            self.went(self.go_to(place), f"already at {argument}")

    def go_to(self, place: Place) -> bool:
        if place.event is not None:
            return self.cursor.to_event(place.event)
        if place.percent is not None:
            return self.cursor.to_percent(place.percent)
        if not self.stream.is_timed:
            raise UsageError("plain text knows no times")
        assert place.t_ns is not None
        return self.cursor.to_time(place.t_ns)

    def do_step(self, argument: str) -> None:
        self.action_step(1, argument or None)

    def do_stall(self, _: str) -> None:
        self.went(self.cursor.stall(1), "no stall after this")

    def do_finding(self, _: str) -> None:
        self.went(self.cursor.finding(1), "no finding after this")

    def do_mark(self, _: str) -> None:
        self.action_mark_jump(1)

    def do_exchange(self, argument: str) -> None:
        if not argument.isdecimal() or not self.exchanges.choose_number(int(argument)):
            raise UsageError(f"no exchange {argument or 'without a number'}")

    def do_speed(self, argument: str) -> None:
        self.set_speed(number(argument, "a speed"))

    def do_idle(self, argument: str) -> None:
        idle_s = number(argument, "seconds") if argument else None
        self.player().set_idle(monotonic_ns(), None if idle_s is None else round(idle_s * NS))
        self.say(
            f"a longer silence is played in {idle_s:g} s" if idle_s else "silences are played as they were"
        )

    def do_follow(self, _: str) -> None:
        self.action_follow()


def where(direction: int) -> str:
    return "after this" if direction > 0 else "before this"


def number(text: str, what: str) -> float:
    """Raises UsageError for what is no positive number, and for one that is no time any more."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= LARGEST:
        raise UsageError(f"{text or 'nothing'} is not {what}: a number above 0 is")
    return value
