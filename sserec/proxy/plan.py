"""What a person asked ``sserec record`` for. Values only: cheap to import, and without an opinion."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """Empty and false where nothing was said."""

    command: tuple[str, ...] = ()
    output: Path | None = None
    overwrite: bool = False
    reverse: tuple[str, ...] = ()
    """The servers to stand for, by URL."""
    variables: tuple[str, ...] = ()
    """Names for the base URLs of ``reverse``, in the same order; the vendors' own where they run out."""
    listen: tuple[str, int] = ("127.0.0.1", 0)
    only: frozenset[str] = frozenset()
    upstream_ca: Path | None = None
    keep_secrets: bool = False
