"""What a person asked ``sserec record`` for. Values only: cheap to import, and without an opinion."""

from dataclasses import dataclass, field
from pathlib import Path

from sserec.proxy.attention import Hosts


@dataclass(frozen=True, slots=True)
class Plan:
    """Empty and false where nothing was said."""

    command: tuple[str, ...] = ()
    inherited: tuple[int, ...] = ()
    """Descriptors that were opened for the command (:mod:`sserec.proxy.inherited`)."""
    is_exported: bool = False
    """The variables are printed for other shells, in place of being given to a command."""
    output: Path | None = None
    overwrite: bool = False
    reverse: tuple[str, ...] = ()
    """The servers to stand for, by URL."""
    variables: tuple[str, ...] = ()
    """Names for the base URLs of ``reverse``, in the same order; the vendors' own where they run out."""
    listen: tuple[str, int] = ("127.0.0.1", 0)
    hosts: Hosts = field(default_factory=Hosts)
    isolate: bool = False
    ports: tuple[int, ...] = ()
    """To catch besides the usual ones, when the command is isolated."""
    upstream_ca: Path | None = None
    insecure: bool = False
    max_body_bytes: int | None = None
    keep_secrets: bool = False
    redact_headers: tuple[str, ...] = ()
    redact_query: tuple[str, ...] = ()
    redact_json: tuple[str, ...] = ()
    """What is secret besides the tables of ``sserec.redact``."""
