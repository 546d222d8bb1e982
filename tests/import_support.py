"""Files of other tools, and what comes of importing them."""

import subprocess
import sys
from pathlib import Path

from sserec.imports.archiving import Imported, import_bytes
from sserec.redact import SECRETS, Policy

FILES = Path(__file__).parent / "imports"
KEY = b"not-a-real-key"
SESSION = b"0123456789"
TYPES = [
    "interaction.created",
    "step.start",
    "step.delta",
    "step.delta",
    "step.stop",
    "interaction.completed",
    "done",
]
"""Of the stream that all of them hold."""


def imported(data: bytes, path: Path, *, format: str | None = None, policy: Policy = SECRETS) -> Imported:
    return import_bytes(data, path, format=format, policy=policy)


def sserec(*arguments: str | Path, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sserec", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, check=False)
