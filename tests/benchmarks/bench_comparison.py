"""Measures two recordings side by side through a real pseudo-terminal: what a person waits for.

    python tests/benchmarks/bench_comparison.py [--events N] [--size 120x40] [CASE…]

The cases are those of bench_diff. *First frame*: from the start of the process to the first event's number on the
terminal. *Compared*: until the list of differences is there. *Key to screen* and *scrubbing* as in bench_viewer, while
it compares and afterwards.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from bench_diff import CASES, record
from bench_viewer import Screen, key_to_screen_ms, scrub_frames, spread, told

DEFAULT_CASES = (
    "text: 5 % edited",
    "text: two other texts",
    "events: 5 % edited",
    "events: lacks its middle",
)
FIRST_ROW = b"0.0"
COMPARED = b"by alignment"
WHILE_COMPARING = 6
"""Keys that are pressed while it compares."""


def measure(name: str, events: int, size: tuple[int, int], folder: Path) -> None:
    paths = [
        record(folder / f"{side}.sse", made) for side, made in zip("ab", CASES[name](events), strict=True)
    ]
    command = [sys.executable, "-m", "sserec", "diff", "--view", *paths]
    print(name)
    screen = Screen(command, *size)
    screen.read_until(FIRST_ROW)
    told("  key to screen while comparing", spread(key_to_screen_ms(screen, [b"."] * WHILE_COMPARING)))
    screen.quit()
    screen = Screen(command, *size)
    told(
        "  first frame", f"{screen.read_until(FIRST_ROW) - screen.begun:.2f} s, {screen.cpu_s():.2f} s of CPU"
    )
    told("  memory at the first frame", f"{screen.peak_mb():.0f} MB")
    told("  compared", f"{screen.read_until(COMPARED) - screen.begun:.2f} s, {screen.cpu_s():.2f} s of CPU")
    screen.settle()
    screen.press(b"g")  # from the first difference, which may be at the end
    screen.settle()
    told("  key to screen, next line", spread(key_to_screen_ms(screen, [b"."] * 40)))
    told("  key to screen, page", spread(key_to_screen_ms(screen, [b"\x06"] * 40)))
    jumps = [b"5", b"9", b"1", b"G", b"g", b"3", b"8", b"2", b"7", b"4"] * 2
    told("  key to screen, jump", spread(key_to_screen_ms(screen, jumps)))
    told("  key to screen, next difference", spread(key_to_screen_ms(screen, [b"}", b"{"] * 20)))
    screen.press(b"5")
    screen.settle()
    told("  scrubbing by lines", scrub_frames(screen, b"."))
    told("  scrubbing by pages", scrub_frames(screen, b"\x06"))
    screen.press(b"T")
    screen.settle()
    told("  key to screen, by time", spread(key_to_screen_ms(screen, [b"."] * 40)))
    told("  memory, peak", f"{screen.peak_mb():.0f} MB")
    screen.quit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("cases", nargs="*", default=DEFAULT_CASES, help="parts of names")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--size", default="120x40")
    options = parser.parse_args()
    columns, _, rows = options.size.partition("x")
    for name in CASES:
        if any(part in name for part in options.cases):
            with tempfile.TemporaryDirectory() as folder:
                measure(name, options.events, (int(columns), int(rows)), Path(folder))


if __name__ == "__main__":
    main()
