"""Widgets that draw lines themselves, in the colours of the style sheet.

Knows component classes; must not know what is drawn. An ink is read once, not once a line, and has colour, ground and
weight only where the style sheet gives them, so that the ground of a cursor shows through everything on its line.
"""

from rich.style import Style
from textual.widget import Widget


class Inked(Widget):
    """Gives :meth:`ink`; subclasses name their component classes."""

    _inks: dict[str, Style] | None = None

    def ink(self, name: str) -> Style:
        """What the component class ``name`` adds to the widget's own style."""
        if self._inks is None:
            self._inks = {}
        ink = self._inks.get(name)
        if ink is None:
            ink = self._inks[name] = self._read_ink(name)
        return ink

    def _read_ink(self, name: str) -> Style:
        """Colours mixed with what they stand on, as only the whole style has them."""
        own, mixed = (self.get_component_rich_style(name, partial=partial) for partial in (True, False))
        color = mixed.color if own.color is not None else None
        ground = mixed.bgcolor if own.bgcolor is not None else None
        return own + Style(color=color, bgcolor=ground)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks = None
