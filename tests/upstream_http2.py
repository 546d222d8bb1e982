"""The test upstream's HTTP/2: one reading thread a connection, one playing thread a stream."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Condition, Thread

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from upstream_script import Finish, Script, Served, coded
from upstream_wire import Wire


class Http2Connection:
    """Plays scripts over one HTTP/2 connection, within the client's flow-control windows."""

    def __init__(self, wire: Wire, number: int, script_of: Callable[[Served], Script]) -> None:
        self._wire = wire
        self._number = number
        self._script_of = script_of
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._changed = Condition()
        self._asked: dict[int, Served] = {}
        self._gone: set[int] = set()

    def serve(self) -> None:
        with self._changed:
            self._h2.initiate_connection()
            self._flush()
        try:
            while data := self._wire.receive():
                self._take(data)
        finally:  # a client may leave by reset
            self._end(self._asked)

    def _take(self, data: bytes) -> None:
        with self._changed:
            for event in self._h2.receive_data(data):
                self._handle(event)
            self._flush()
            self._changed.notify_all()

    def _handle(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=int(stream), headers=list(headers)):
                self._asked[stream] = self._served(
                    [(k.decode("latin-1"), v.decode("latin-1")) for k, v in headers]
                )
            case h2.events.DataReceived(stream_id=int(stream)):
                self._asked[stream].body += event.data or b""
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, stream)
            case h2.events.StreamEnded(stream_id=int(stream)):
                Thread(target=self._answer, args=(stream, self._asked[stream]), daemon=True).start()
            case h2.events.StreamReset(stream_id=int(stream)):
                self._end([stream])

    def _served(self, fields: list[tuple[str, str]]) -> Served:
        pseudo = dict(field for field in fields if field[0].startswith(":"))
        headers = tuple(field for field in fields if not field[0].startswith(":"))
        return Served(pseudo[":method"], pseudo[":path"], "HTTP/2", headers, b"", self._number)

    def _answer(self, stream: int, served: Served) -> None:
        script = self._script_of(served)
        # The connection or the stream may be over at any write: then there is nobody to tell.
        with suppress(OSError, h2.exceptions.ProtocolError):
            self._play(stream, served, script)
            if script.finish is not Finish.HOLD:
                served.done.set()
            self._finish(stream, script.finish)

    def _play(self, stream: int, served: Served, script: Script) -> None:
        coding = (("content-encoding", script.coding),) if script.coding else ()
        with self._changed:
            self._h2.send_headers(stream, [(":status", str(script.status)), *script.headers, *coding])
            self._flush()
        for write, data in coded(script):
            self._rest(stream, write.delay_s)
            served.log(write.data)
            self._send(stream, data)

    def _rest(self, stream: int, seconds: float) -> None:
        t_end_s = time.monotonic() + seconds
        with self._changed:
            while (left_s := t_end_s - time.monotonic()) > 0 and stream not in self._gone:
                self._changed.wait(left_s)

    def _send(self, stream: int, data: bytes) -> None:
        with self._changed:
            while data:
                self._changed.wait_for(lambda: stream in self._gone or self._window(stream) > 0)
                size = self._window(stream)
                self._h2.send_data(stream, data[:size])
                self._flush()
                data = data[size:]

    def _window(self, stream: int) -> int:
        return min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)

    def _finish(self, stream: int, finish: Finish) -> None:
        with self._changed:
            match finish:
                case Finish.CLEAN:
                    self._h2.end_stream(stream)
                case Finish.RST_STREAM:
                    self._h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
            self._flush()
        match finish:
            case Finish.CUT | Finish.RAGGED:
                self._wire.end_output(in_order=finish is Finish.CUT)
            case Finish.RESET:
                self._wire.reset_on_close()

    def _end(self, streams: Iterable[int]) -> None:
        """The client is gone from these streams."""
        with self._changed:
            for stream in set(streams) - self._gone:
                self._gone.add(stream)
                self._asked[stream].gone()
            self._changed.notify_all()

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._wire.send(data)
