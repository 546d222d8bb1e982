"""Makes the picture of docs/export.md from a sample, in Chromium.

PYTHONPATH=tests python docs/page_picture.py
"""

import tempfile
from pathlib import Path

import sserec
from chromium import browsing
from sserec.export.html import page

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "samples" / "google-search.sse.zst"
PICTURE = ROOT / "docs" / "pictures" / "page.png"
PLACE = "#1.22"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, browsing() as browser:
        file = Path(folder, "page.html")
        with sserec.open(SAMPLE) as recording:
            file.write_text("".join(page(recording)), encoding="utf-8")
        tab = browser.tab()
        tab.prefer(prefers_color_scheme="light")
        tab.resize(1360, 820)
        tab.open(file, PLACE)
        tab.settle()
        tab.picture(PICTURE)


if __name__ == "__main__":
    main()
