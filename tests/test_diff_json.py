"""The document of ``sserec diff --json``, where texts differ."""

import json
import subprocess
import sys
from pathlib import Path

SAMPLES = Path(__file__).parent.parent / "samples"


def test_texts_that_differ_are_told_as_json() -> None:
    files = (SAMPLES / "text.sse.zst", SAMPLES / "thought-summaries.sse.zst")
    done = subprocess.run(
        [sys.executable, "-m", "sserec", "diff", "--json", *files], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert '"edits"' in json.dumps(json.loads(done.stdout))
