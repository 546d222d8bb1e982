"""Runs ``sserec record`` on real commands, as a person would."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from upstream import Upstream

SSEREC = (sys.executable, "-m", "sserec")
GENAI = (sys.executable, str(Path(__file__).with_name("genai_client.py")))
CURL = ("curl", "-sN", "--http1.1")
CURL_BY_VERSION = {"HTTP/1.1": CURL, "HTTP/2": ("curl", "-sN", "--http2")}
BODY = b"event: a\ndata: 1\n\ndata: 2\n\nevent: done\ndata: [DONE]\n\n"
FAULT = 125
PATIENCE_S = 60


@dataclass(frozen=True)
class Recorder:
    """A place to record in, with an environment of its own: no proxy, no authorities, no files of the user's."""

    folder: Path
    upstream: Upstream

    @property
    def file(self) -> Path:
        return self.folder / "recording.sse.zst"

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: os.environ[name]
            for name in ("PATH", "LANG", "COVERAGE_PROCESS_START")
            if name in os.environ
        }
        return {**kept, "HOME": str(self.folder), "TMPDIR": str(self.folder)}

    @property
    def trust(self) -> dict[str, str]:
        """What makes a client trust the test upstream without sserec."""
        return dict.fromkeys(("SSL_CERT_FILE", "CURL_CA_BUNDLE"), str(self.upstream.ca_file))

    def words(self, *command: str, options: tuple[str, ...] = ()) -> list[str]:
        """The command line of a recording that trusts the test upstream."""
        trust = ("--upstream-ca", str(self.upstream.ca_file))
        return [
            *SSEREC,
            "record",
            "-o",
            str(self.file),
            *trust,
            *options,
            *(("--", *command) if command else ()),
        ]

    def record(
        self, *command: str, options: tuple[str, ...] = (), variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Records ``command`` to its end."""
        return self.run(*self.words(*command, options=options), variables=variables)

    def direct(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        """Runs ``command`` without sserec; it trusts the test upstream."""
        return self.run(*command, variables=self.trust)

    def run(
        self, *command: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        environment = {**self.environment, **(variables or {})}
        return subprocess.run(
            command,
            env=environment,
            cwd=self.folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_S,
        )
