"""The inks in which lines are drawn: a table of what each is for, mixed from the colours of the theme.

Knows colours; must not know widgets. An ink has a colour, a ground or a weight only where the table gives one, so that
the ground of a cursor shows through everything on its line. Where there is no colour, weight takes its place.

It is no style sheet because a style sheet finds out for each widget anew which rules hold, a quarter of the time to
the first frame.
"""

from collections.abc import Mapping
from typing import NamedTuple

from rich.style import Style
from textual.color import Color

BACKGROUND = "background"
HUES = {
    "thought": ("text-secondary", "secondary"),
    "input": ("foreground", "foreground"),
    "output": ("text-primary", "primary"),
    "media": ("text-accent", "accent"),
    "call": ("text-warning", "warning"),
    "result": ("text-success", "success"),
    "error": ("text-error", "error"),
    "other": ("foreground", "foreground"),
}
"""For each kind of step the colour of its letters and of its band."""


class Ink(NamedTuple):
    """How something is drawn. Colours are names of the theme; a strength says how much of one there is."""

    color: str = ""
    ground: str = ""
    weight: str = ""
    strength: float = 1.0
    ground_strength: float = 1.0
    without_color: str = ""
    """The weight where there are no colours."""


INKS = {
    "plain": Ink(),
    "quiet": Ink("foreground", strength=0.6),
    "time": Ink("text-accent"),
    "notice": Ink("foreground", weight="italic", strength=0.6),
    "stray": Ink("text-warning", weight="italic"),
    "mark": Ink("text-accent", weight="bold"),
    "stall": Ink("text-warning"),
    "trouble": Ink("text-error", weight="bold"),
    "cursor": Ink(ground="foreground", ground_strength=0.16, without_color="bold"),
    "cursor-focused": Ink(ground="primary", ground_strength=0.35, weight="bold", without_color="reverse"),
    "hit": Ink(ground="warning", ground_strength=0.4, weight="underline"),
    "hit-here": Ink(BACKGROUND, "warning", weight="bold underline", without_color="reverse"),
    "arriving": Ink("text-accent"),
    "json-key": Ink("text-primary"),
    "json-string": Ink("text-success"),
    "json-number": Ink("text-warning"),
    "json-literal": Ink("text-secondary", weight="bold"),
    "json-punctuation": Ink("foreground", strength=0.6),
    "heading": Ink("text-primary", weight="bold"),
    "label": Ink("text-accent", weight="bold"),
    "code": Ink("text-accent"),
    "link": Ink("text-primary", weight="underline"),
    "quote": Ink("foreground", strength=0.7),
    "bullet": Ink("text-warning"),
    "rule": Ink("foreground", strength=0.3),
    "changed": Ink("text-warning", weight="bold"),
    "only-a": Ink("text-error", weight="bold"),
    "only-b": Ink("text-success", weight="bold"),
    "moved": Ink("text-secondary", weight="bold"),
    "word-a": Ink("text-error", "error", ground_strength=0.25, without_color="bold underline"),
    "word-b": Ink("text-success", "success", ground_strength=0.25, without_color="bold underline"),
    "ahead": Ink("foreground", strength=0.3),
    "past": Ink("primary"),
    "needle": Ink(ground="foreground", weight="bold", ground_strength=0.3, without_color="reverse"),
    "needle-focused": Ink(BACKGROUND, "primary", weight="bold", without_color="reverse"),
    **{f"kind-{hue}": Ink(letters) for hue, (letters, _) in HUES.items()},
    **{f"band-{hue}": Ink(letters, band, ground_strength=0.3) for hue, (letters, band) in HUES.items()},
}


def mixed(variables: Mapping[str, str], *, has_color: bool) -> dict[str, Style]:
    """All inks in the colours of a theme: ``variables`` are those of the style sheet, by name."""
    ground = Color.parse(variables[BACKGROUND])
    return {name: mix(ink, variables, ground, has_color=has_color) for name, ink in INKS.items()}


def mix(ink: Ink, variables: Mapping[str, str], ground: Color, *, has_color: bool) -> Style:
    if not has_color:
        return Style.parse(ink.without_color or ink.weight or "none")
    style = Style.parse(ink.weight or "none")
    if ink.color:
        color = ground.blend(Color.parse(variables[ink.color]), ink.strength)
        style += Style(color=color.rich_color)
    if ink.ground:
        color = ground.blend(Color.parse(variables[ink.ground]), ink.ground_strength)
        style += Style(bgcolor=color.rich_color)
    return style
