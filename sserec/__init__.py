"""sserec records, replays and inspects LLM streams (Server-Sent Events).

    import sserec

    with sserec.open("file.sse.zst") as recording:
        for exchange in recording.exchanges:
            print(exchange.assembly().interaction)

docs/api.md is the tour. Importing this package loads nothing else until a name is used (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sserec.errors import SserecError as SserecError
    from sserec.interactions import Assembly as Assembly
    from sserec.recording import Exchange as Exchange
    from sserec.recording import RecordedEvent as RecordedEvent
    from sserec.recording import Recording as Recording
    from sserec.recording import open_recording as open
    from sserec.sse import Event as Event

__version__ = "0.1.0"

_HOMES = {
    "Assembly": "sserec.interactions:Assembly",
    "Event": "sserec.sse:Event",
    "Exchange": "sserec.recording:Exchange",
    "RecordedEvent": "sserec.recording:RecordedEvent",
    "Recording": "sserec.recording:Recording",
    "SserecError": "sserec.errors:SserecError",
    "open": "sserec.recording:open_recording",
}

__all__ = ["Assembly", "Event", "Exchange", "RecordedEvent", "Recording", "SserecError", "open"]


def __getattr__(name: str) -> Any:
    """Loads what ``name`` stands for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(import_module(module), attribute)
