"""Material that stands beside a checkout on some machines: real streams and conformance cases."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parent.parent.parent / "shared"

needs_shared = pytest.mark.skipif(not (SHARED / "streams").is_dir(), reason="../shared is not here")
