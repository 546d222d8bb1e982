"""A scripted HTTP server on loopback, over real TLS: what the tests record.

``Upstream`` plays a script for each path (see ``upstream_script``) over HTTP/1.1, HTTP/2 and plain HTTP, logs when it
wrote what, and ends as badly as the script asks. It runs in threads of the test's own process.

    with Upstream(TestAuthority(tmp_path)) as upstream:
        upstream.play("/v1/interactions", stream(body))
        subprocess.run(["curl", "--cacert", upstream.ca_file, upstream.https + "/v1/interactions"])
        served = upstream.wait_for(1)[0]
"""

import socket
import socketserver
import ssl
from contextlib import suppress
from http import HTTPStatus
from itertools import count
from threading import Condition, Lock, Thread
from types import TracebackType
from typing import Self

from upstream_http2 import Http2Connection
from upstream_script import Finish, Framing, Script, Served, coded, json_response
from upstream_wire import Gone, TestAuthority, Wire

NOT_FOUND = json_response(404, b'{"error":{"code":404,"message":"no script for this path"}}')
SHORTFALL_BYTES = 1000
"""What a cut response with a Content-Length promises beyond what comes."""
PATIENCE_S = 60.0


class Upstream:
    """The server. ``https`` and ``http`` are its base URLs; ``served`` what it was asked, in order."""

    def __init__(self, authority: TestAuthority, alpn: tuple[str, ...] = ("h2", "http/1.1")) -> None:
        self.ca_file = authority.ca_file
        self.served: list[Served] = []
        self._scripts: dict[str, list[Script]] = {}
        self._changed = Condition()
        self._numbers = count(1)
        self._secure = Listener(self, authority.server_context(alpn))
        self._plain = Listener(self, None)
        self.https = f"https://127.0.0.1:{self._secure.port}"
        self.http = f"http://127.0.0.1:{self._plain.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._secure.stop()
        self._plain.stop()

    def play(self, path: str, *scripts: Script) -> None:
        """Successive requests to ``path`` (its query aside) get successive scripts; the last one stays."""
        with self._changed:
            self._scripts[path] = list(scripts)

    def play_all(self, scripts: dict[str, Script]) -> None:
        for path, script in scripts.items():
            self.play(path, script)

    def wait_for(self, number: int) -> list[Served]:
        """The first ``number`` exchanges, once the server is done with them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.served) >= number, PATIENCE_S)
        asked = self.served[:number]
        assert all(served.done.wait(PATIENCE_S) for served in asked)
        return asked

    def next_connection(self) -> int:
        return next(self._numbers)

    def script_of(self, served: Served) -> Script:
        """Chooses the script and logs the exchange."""
        with self._changed:
            self.served.append(served)
            self._changed.notify_all()
            scripts = self._scripts.get(served.path.partition("?")[0], [NOT_FOUND])
            return scripts.pop(0) if len(scripts) > 1 else scripts[0]


class Listener(socketserver.ThreadingTCPServer):
    """One port; a thread a connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, upstream: Upstream, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self._upstream = upstream
        self._tls = tls
        self._open: set[Wire] = set()
        self._lock = Lock()
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        port = self.server_address[1]
        assert isinstance(port, int)
        return port

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        with self._lock:
            for wire in self._open:
                wire.abandon()

    def finish_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        wire = Wire(request, self._tls)
        with self._lock:
            self._open.add(wire)
        # A client that leaves in the middle is everyday business.
        with suppress(OSError, Gone):
            self._converse(wire)
        with self._lock:
            self._open.discard(wire)
        wire.close()

    def _converse(self, wire: Wire) -> None:
        number = self._upstream.next_connection()
        if wire.handshake() == "h2":
            Http2Connection(wire, number, self._upstream.script_of).serve()
        else:
            Http1Connection(wire, number, self._upstream).serve()


class Http1Connection:
    """Reads a request, plays its script, and so on while both sides keep the connection."""

    def __init__(self, wire: Wire, number: int, upstream: Upstream) -> None:
        self._wire = wire
        self._number = number
        self._upstream = upstream

    def serve(self) -> None:
        keep = True
        while keep:
            served = self._read_request()
            script = self._upstream.script_of(served)
            keep = self._answer(served, script)

    def _read_request(self) -> Served:
        method, path, version = self._wire.read_line().decode("latin-1").split(" ")
        headers = []
        while line := self._wire.read_line().decode("latin-1"):
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))
        served = Served(method, path, version, tuple(headers), b"", self._number)
        if served.header("expect"):
            self._wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        served.body = self._read_body(served)
        return served

    def _read_body(self, served: Served) -> bytes:
        if served.header("transfer-encoding") != "chunked":
            return self._wire.read_exactly(int(served.header("content-length") or 0))
        body = b""
        while size := int(self._wire.read_line(), 16):
            body += self._wire.read_exactly(size)
            self._wire.read_line()
        self._wire.read_line()
        return body

    def _answer(self, served: Served, script: Script) -> bool:
        """Returns whether the connection goes on."""
        try:
            self._play(served, script)
            if script.finish is Finish.HOLD:
                self._wire.hold()
                raise Gone
        except (OSError, Gone):
            served.gone()
            raise
        served.done.set()
        return self._finish(script)

    def _play(self, served: Served, script: Script) -> None:
        parts = list(coded(script))
        self._wire.send(head(script, sum(len(data) for _, data in parts)))
        for write, data in parts:
            self._wire.rest(write.delay_s)
            served.log(write.data)
            self._wire.send(
                b"%x\r\n%s\r\n" % (len(data), data) if script.framing is Framing.CHUNKED else data
            )

    def _finish(self, script: Script) -> bool:
        match script.finish:
            case Finish.CLEAN if script.framing is not Framing.EOF:
                if script.framing is Framing.CHUNKED:
                    self._wire.send(b"0\r\n\r\n")
                return True
            case Finish.CLEAN | Finish.CUT:
                self._wire.end_output(in_order=True)
            case Finish.BAD_CHUNK:
                self._wire.send(b"no number\r\n")
                self._wire.end_output(in_order=True)
            case Finish.RAGGED:
                self._wire.end_output(in_order=False)
            case Finish.RESET:
                self._wire.reset_on_close()
        return False


def head(script: Script, size_bytes: int) -> bytes:
    """The response head. A body that is to be cut is announced longer than it will be."""
    framing = {
        Framing.CHUNKED: "transfer-encoding: chunked\r\n",
        Framing.LENGTH: f"content-length: {size_bytes + SHORTFALL_BYTES * (script.finish is not Finish.CLEAN)}\r\n",
        Framing.EOF: "connection: close\r\n",
    }[script.framing]
    coding = f"content-encoding: {script.coding}\r\n" if script.coding else ""
    fields = "".join(f"{name}: {value}\r\n" for name, value in script.headers)
    status = f"HTTP/1.1 {script.status} {HTTPStatus(script.status).phrase}\r\n"
    return f"{status}{fields}{coding}{framing}\r\n".encode("latin-1")
