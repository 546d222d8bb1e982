"""Makes the samples again: each is a real recording of curl talking to a local server over TLS.

    python samples/make.py [NAME…]

Needs curl. curl is told to connect to the local server under the API's own name, and sserec to trust that
server's certificate; everything else is as it would be against the API.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scenarios import PATH, Scenario, scenarios
from sserec.authority import Authority
from sserec.replay.server import performing

HERE = Path(__file__).parent
HOST = "generativelanguage.googleapis.com"
KEY = "AIzaSy-this-key-never-reaches-the-file"
CURL_CUT = 18
"""curl's exit code for a transfer that ended early (curl.1, EXIT CODES)."""


def main() -> None:
    chosen = set(sys.argv[1:])
    for scenario in scenarios():
        if not chosen or scenario.name in chosen:
            make(scenario)


def make(scenario: Scenario) -> None:
    authority = Authority()
    with (
        tempfile.TemporaryDirectory() as folder,
        performing(scenario.takes(), authority) as port,
    ):
        certificate = Path(folder, "server-ca.pem")
        certificate.write_bytes(authority.certificate_pem)
        archive = HERE / f"{scenario.name}.sse.zst"
        script = "\n".join(curl(request, port) for request in scenario.requests())
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "sserec",
                "record",
                "--overwrite",
                "-o",
                archive,
                "--upstream-ca",
                certificate,
                "--",
                "sh",
                "-c",
                script,
            ],
            stdout=subprocess.DEVNULL,
            env=without_curlrc(folder),
        )
    if done.returncode not in (0, CURL_CUT):
        sys.exit(f"{scenario.name}: the recorded command ended with {done.returncode}")


def curl(request: dict[str, object], port: int) -> str:
    body = json.dumps(request, ensure_ascii=False).replace("'", "'\\''")
    return (
        f"curl -sN --http1.1 --connect-to {HOST}:443:localhost:{port} https://{HOST}{PATH}"
        f" -H 'content-type: application/json' -H 'x-goog-api-key: {KEY}' -d '{body}'"
    )


def without_curlrc(folder: str) -> dict[str, str]:
    """The maker's own ~/.curlrc must not show in a sample."""
    return {**os.environ, "HOME": folder}


if __name__ == "__main__":
    main()
