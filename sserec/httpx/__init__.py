"""Transports for httpx and httpx2: a recording instead of a network, and a network that is recorded.

    client = httpx.Client(transport=ReplayTransport("chat.sse.zst"))

Both serve sync and async clients, and both libraries: what they return is made of the library that the request comes
from. In a replay no socket is opened and, at the default pace, no time passes; the ends are those that were recorded,
as the exceptions that the library would raise.
"""

from sserec.httpx.recording import RecordingTransport
from sserec.httpx.replaying import ReplayTransport

__all__ = ["RecordingTransport", "ReplayTransport"]
