"""What a proxy noticed that no recording tells, and that says why one may have stayed empty. Values only."""

from dataclasses import dataclass, field

MAX_SERVERS = 20
"""Of each kind, by name: enough for a line of advice."""


@dataclass(frozen=True, slots=True)
class Remarks:
    """Grows while the proxy runs."""

    refused: set[str] = field(default_factory=set)
    """Servers in whose place sserec was not believed: the client refused its certificate, or left at its sight."""
    ignored: set[str] = field(default_factory=set)
    """Servers that were left out, because a person named others."""

    def refuse(self, server: str) -> None:
        note(self.refused, server)

    def ignore(self, server: str) -> None:
        note(self.ignored, server)


def note(servers: set[str], server: str) -> None:
    if len(servers) < MAX_SERVERS:
        servers.add(server)
