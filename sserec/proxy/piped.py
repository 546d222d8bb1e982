"""A body that is piped in: ``curl -N … | sserec record --stdin``.

The coarsest way to record: there are no heads, no status, and no telling whether the pipe ended because the stream
did. Each read is a chunk.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from sserec import __version__
from sserec.archive import Meta
from sserec.proxy.clock import Clock
from sserec.proxy.destination import Destination, destination_path
from sserec.proxy.facts import Arrival, ExchangeSink, Sink
from sserec.proxy.outcome import Outcome, Tell, finish
from sserec.proxy.plan import Plan
from sserec.proxy.recorder import Recorder
from sserec.records import Close, Closer, Manner, Request

PIPE_SIZE_BYTES = 65536
"""What a pipe holds on Linux: one read takes all there is."""
BODY_ALONE = Request(method="", url="", http_version="")


MERGED_RATIO = 3
"""More blank lines a read than this, over a whole stream, and its times are those of somebody's buffer."""
MERGED_MIN_EVENTS = 10


def run(source: int, plan: Plan, say: Callable[[str], None], tell: Tell) -> Outcome:
    """Records what the descriptor ``source`` gives until its end. Raises RecordingError.

    ``tell`` hears how far the file is finished.
    """
    clock = Clock()
    destination = Destination(destination_path(plan), meta(clock), overwrite=plan.overwrite)
    recorder = Recorder(destination.writer, clock, max_body_bytes=plan.max_body_bytes)
    intake = Intake(source, recorder, clock)
    intake.run()
    if intake.is_merged:
        say(
            f"{intake.event_count} events came in {reads(intake)}: their times are not the server's (curl -N)"
        )
    return finish(recorder, destination, tell)


def meta(clock: Clock) -> Meta:
    return Meta(
        anchor_unix_ns=clock.epoch_unix_ns,
        clock=clock.name,
        software=f"sserec {__version__}",
        attributes={"mode": "stdin"},
    )


def reads(intake: "Intake") -> str:
    return "1 read" if intake.read_count == 1 else f"{intake.read_count} reads"


class Intake:
    """Reads the pipe into an exchange, which there is as soon as something has come."""

    def __init__(self, source: int, sink: Sink, clock: Clock) -> None:
        self.read_count = 0
        self.event_count = 0
        """Blank lines, roughly."""
        self._source = source
        self._sink = sink
        self._clock = clock
        self._exchange: ExchangeSink | None = None
        self._t_begun_ns = clock.now_ns()

    @property
    def is_merged(self) -> bool:
        """Whether whoever wrote into the pipe held events back, as curl does without -N."""
        return self.event_count >= max(MERGED_MIN_EVENTS, MERGED_RATIO * self.read_count)

    def run(self) -> None:
        with patient_with_interrupts():
            try:
                while data := os.read(self._source, PIPE_SIZE_BYTES):
                    self._take(data)
            except KeyboardInterrupt:
                close = Close(self._clock.now_ns(), Closer.RECORDER, Manner.STOP, framing_complete=False)
            else:
                close = Close(self._clock.now_ns(), Closer.UPSTREAM, Manner.END, framing_complete=True)
        if self._exchange is not None:
            self._exchange.close(close)

    def _take(self, data: bytes) -> None:
        arrival = Arrival(self._clock.now_ns())
        if self._exchange is None:
            self._exchange = self._sink.open_exchange(BODY_ALONE, None, self._t_begun_ns)
        self._exchange.chunk(data, arrival)
        self.read_count += 1
        self.event_count += data.count(b"\n\n") + data.count(b"\n\r\n")


@contextmanager
def patient_with_interrupts() -> Iterator[None]:
    """The first ^C is for the program that feeds the pipe, whose last bytes are still to come; the second is ours."""

    def first(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, first), signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
