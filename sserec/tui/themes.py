"""Two themes of our own, beside Textual's.

Colours only ever repeat what a letter, a shape or a weight says already.
"""

from collections.abc import Mapping

from textual.theme import Theme

AUTO = "auto"
DARK, LIGHT = "sserec-dark", "sserec-light"
LIGHT_COLOURS = frozenset({"7", "15"})
"""Backgrounds in COLORFGBG (rxvt, Konsole, iTerm2) that are light."""

THEMES = (
    Theme(
        name=DARK,
        primary="#7aa2f7",
        secondary="#bb9af7",
        accent="#7dcfff",
        warning="#e0af68",
        error="#f7768e",
        success="#9ece6a",
        foreground="#c8d3f5",
        background="#16181f",
        surface="#1a1c25",
        panel="#252836",
        dark=True,
    ),
    Theme(
        name=LIGHT,
        primary="#2e5fb8",
        secondary="#7847bd",
        accent="#0f7a8a",
        warning="#8a5a00",
        error="#b3261e",
        success="#3d6b12",
        foreground="#22252e",
        background="#fbfbfd",
        surface="#f4f5f8",
        panel="#e3e6ee",
        dark=False,
    ),
)


def chosen_theme(name: str, environment: Mapping[str, str]) -> str:
    """The theme's name; for ``auto`` by what the terminal tells of its background."""
    if name != AUTO:
        return name
    background = environment.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT if background in LIGHT_COLOURS else DARK
