"""What stands for how two sides differ: a sign for each, and an ink beside it, never instead of it."""

from sserec.diff import Kind

SIGNS = {Kind.SAME: " ", Kind.CHANGED: "~", Kind.ONLY_A: "-", Kind.ONLY_B: "+", Kind.MOVED: ">"}
INKS = {
    Kind.SAME: "plain",
    Kind.CHANGED: "changed",
    Kind.ONLY_A: "only-a",
    Kind.ONLY_B: "only-b",
    Kind.MOVED: "moved",
}
WORDS = ("word-a", "word-b")
"""The inks of words that only A has, and only B."""
NAMES = ("A", "B")
SKIPPED = "⋯"
BORDER = " │ "
