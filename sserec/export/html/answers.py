"""The answer as a page tells it: compact patches, an array for each event.

Knows how patches are written and what of a step a page does not repeat; must not know who wrote them. A text that goes
on where the last one stopped is the string alone, which is what nearly every event of a long stream does.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from sserec.export.html.packed import TAG, written
from sserec.export.media import is_media
from sserec.interactions.patches import Change, Patch, Path

CODES = {Change.APPEND: "+", Change.SET: "=", Change.REMOVE: "-", Change.CUT: "<", Change.ORDER: "~"}


class Patches:
    """Writes the patches of one exchange, event by event."""

    def __init__(self) -> None:
        self._growing: Path | None = None

    def write(self, patches: Sequence[Patch]) -> bytes:
        """``"text"`` goes on with the last text; else an array of ``[code, path, value]``."""
        if len(patches) == 1 and patches[0].change is Change.APPEND:
            _, path, value = patches[0]
            if path == self._growing:
                return orjson.dumps(value)
            self._growing = path
        elif patches:
            self._growing = None
        return written([[CODES[change], list(path), value] for change, path, value in patches])


def as_told(step: Any) -> Any:
    """A step in which base64 is only counted: images stand elsewhere on the page, once."""
    if type(step) is dict:
        kept = {key: as_told(value) for key, value in step.items()}
        return kept | {"data": {TAG: len(step["data"])}} if has_data(step) else kept
    if type(step) is list:
        return [as_told(value) for value in step]
    return step


def has_data(part: Any) -> bool:
    return is_media(part) and isinstance(part.get("data"), str)
