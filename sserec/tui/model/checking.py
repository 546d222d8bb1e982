"""``sserec check`` beside the viewer: in a process of its own, because it would take the interpreter from the screen.

Knows the command and its JSON; must not know rules. A job that is dropped ends its process.
"""

import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL, PIPE, TimeoutExpired
from typing import Any

import orjson

from sserec.records import Severity
from sserec.tui.model.findings import Finding
from sserec.tui.model.jobs import Job, Progress

POLL_S = 0.1
CLEAN, FOUND = 0, 1
"""Exit codes that come with a report."""


class Checking:
    """One run of check over a file."""

    def __init__(self, path: Path) -> None:
        self.findings: dict[int | None, list[Finding]] | None = None
        """By number of the exchange, None for the file; None as a whole until the run is over."""
        self._command = [sys.executable, "-m", "sserec", "check", "--json", str(path)]

    def run(self) -> Job:
        """Waits for the report, a tenth of a second a step."""
        with subprocess.Popen(self._command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL) as process:
            try:
                while (output := _report(process)) is None:
                    yield Progress(0, 1)
            finally:
                process.kill()
        if process.returncode in (CLEAN, FOUND):
            self.findings = _by_exchange(orjson.loads(output)["findings"])
        yield Progress(1, 1)


def _report(process: "subprocess.Popen[bytes]") -> bytes | None:
    try:
        return process.communicate(timeout=POLL_S)[0]
    except TimeoutExpired:
        return None


def _by_exchange(findings: list[dict[str, Any]]) -> dict[int | None, list[Finding]]:
    sorted_out: dict[int | None, list[Finding]] = {}
    for each in findings:
        event = None if each["event"] is None else each["event"] - 1
        finding = Finding(event, Severity(each["severity"]), each["rule"], each["message"])
        sorted_out.setdefault(each["exchange"], []).append(finding)
    return sorted_out
