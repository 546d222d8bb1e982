"""The viewer. :mod:`sserec.tui.model` knows everything and draws nothing; the rest paints it with Textual."""
