"""Widgets that draw their lines themselves, in inks (:mod:`sserec.tui.inks`)."""

from weakref import WeakKeyDictionary

from rich.style import Style
from textual.app import App
from textual.widget import Widget

from sserec.tui.inks import mixed

_inks: "WeakKeyDictionary[App[object], tuple[str, dict[str, Style]]]" = WeakKeyDictionary()
"""For each application the theme's name, and the inks in its colours."""


class Inked(Widget):
    """Gives :meth:`ink`."""

    def ink(self, name: str) -> Style:
        """What ``name`` adds to the widget's own style."""
        app = self.app
        theme, inks = _inks.get(app, ("", {}))
        if theme != app.theme:
            inks = mixed(app.theme_variables, has_color=not app.no_color)
            _inks[app] = app.theme, inks
        return inks[name]
