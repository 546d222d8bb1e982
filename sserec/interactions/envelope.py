"""The interaction around its steps: what created it, what it last said of itself, what completed it.

Knows keys and their order; must not know steps. Its parts are replaced, never changed, so a shallow copy is a
full one.
"""

import copy
from typing import Any

from sserec.interactions.events import Json
from sserec.interactions.parts import copied


class Envelope:
    """An interaction's keys but for its steps."""

    def __init__(self) -> None:
        self._first: Json | None = None
        self._created: Json | None = None
        """The latest created interaction; a replay creates it again."""
        self._completed: Json | None = None
        self._heard: Json = {}
        """The last word of the events in between: id, status, usage, continuation_token."""

    @property
    def is_created(self) -> bool:
        return self._created is not None

    @property
    def is_known(self) -> bool:
        """Any event spoke of the interaction."""
        return self._created is not None or self._completed is not None or bool(self._heard)

    @property
    def is_completed(self) -> bool:
        return self._completed is not None

    @property
    def status(self) -> str | None:
        """The status as last heard."""
        status = self._keys().get("status")
        return status if isinstance(status, str) else None

    def create(self, interaction: Json) -> None:
        self._first = self._first if self._first is not None else interaction
        self._created = interaction

    def complete(self, interaction: Json) -> None:
        self._completed = interaction

    def hear(self, **said: Any) -> None:
        """A status update, or usage that came along with a delta."""
        news = {key: value for key, value in said.items() if value is not None}
        if news:
            self._heard = self._heard | news

    def carried(self, key: str) -> list[Any]:
        """The steps or outputs that the final event carried itself; empty mostly."""
        carried = (self._completed or {}).get(key)
        return carried if isinstance(carried, list) else []

    def fork(self) -> "Envelope":
        return copy.copy(self)

    def value(self, steps: list[Json], outputs: list[Json]) -> Json:
        """The whole interaction: completed's keys, or those known so far, with the steps in their place.

        Steps stand before ``object``, outputs before ``usage``; what is empty is absent.
        """
        value: Json = copied(self._keys())
        if steps:
            value = _inserted(value, "steps", steps, ("object",))
        if outputs:
            value = _inserted(value, "outputs", outputs, ("usage", "role", "object"))
        return value

    def _keys(self) -> Json:
        created = (self._first or {}) | (
            self._created or {}
        )  # where a replay is silent, the first word stands
        known = created | _newer(created, self._heard)
        if self._completed is None:
            return _in_order(known)
        known.pop("continuation_token", None)  # of a checkpoint before the end, so no longer true
        return self._completed | {key: known[key] for key in known if key not in self._completed}


def _newer(created: Json, heard: Json) -> Json:
    """What updates say, but an empty id never replaces one (``store: false`` sends empty ones)."""
    return {key: heard[key] for key in heard if key != "id" or heard["id"] or "id" not in created}


def _in_order(known: Json) -> Json:
    """Usage and token before ``object``, as the finished interaction has them."""
    late = {key: known[key] for key in ("usage", "continuation_token") if key in known}
    value = {key: known[key] for key in known if key not in late}
    for key in late:
        value = _inserted(value, key, late[key], ("object",))
    return value


def _inserted(value: Json, key: str, inserted: Any, before: tuple[str, ...]) -> Json:
    rest = {name: value[name] for name in value if name != key}
    place = next((name for name in before if name in rest), None)
    if place is None:
        return rest | {key: inserted}
    at = list(rest).index(place)
    items = list(rest.items())
    return dict([*items[:at], (key, inserted), *items[at:]])
