"""The interaction of a stream, told event by event as what each of them changed.

For readers that cannot fold themselves: the assembler remains the one authority, and this says what it did. Knows how
to ask it for no more than an event may have changed; must not know who reads the patches.

Invariant: after the patches of the first ``k`` events the reader holds :func:`state_of` the assembly of ``k`` events.
Pieces of a text follow each other by the ten thousand, and to compare the whole text for each would be quadratic. So
where one piece was seen to do nothing but make a text longer that was not empty, the next ones of the same step and
type do the same, until an event that is no such piece changes that step or any other.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import orjson

from sserec.interactions.assembler import Assembler, Assembly, Standing, can_change
from sserec.interactions.events import Json, Parsed
from sserec.interactions.fragments import Fragment, fragment_of
from sserec.interactions.patches import Change, Patch, Path, in_array, patches
from sserec.sse import Event, Residue, Tail

Shown: TypeAlias = Callable[[Any], Any]
_Place: TypeAlias = tuple[str, int, str]
"""What pieces of one text have in common: the event's type, the step's index, the delta's type."""

LISTS = ("steps", "outputs")


def state_of(assembly: Assembly | Standing, shown: Shown = lambda step: step) -> Json:
    """What a reader is told of an assembly: the interaction, the API's error, and by what it ended.

    ``shown`` makes of each step what is to be told of it.
    """
    interaction = assembly.interaction
    if interaction is not None:
        lists = {key: interaction[key] for key in LISTS if isinstance(interaction.get(key), list)}
        interaction = interaction | {key: [shown(step) for step in steps] for key, steps in lists.items()}
    return {"interaction": interaction, "error": assembly.error, "end": str(assembly.end)}


NOTHING: Json = state_of(Assembler().standing())
"""What a reader holds before the first patch."""


class Unfolding:
    """One stream, event by event."""

    def __init__(self, shown: Shown = lambda step: step) -> None:
        self._assembler = Assembler()
        self._shown = shown
        self._state: Json = NOTHING | {}
        self._growing: dict[_Place, Path] = {}
        """Where the next piece of each text goes."""
        self._grown: dict[Path, list[str]] = {}
        """Pieces that the state does not hold yet."""
        self._is_behind = False
        self.compared_bytes = 0
        """Of JSON that was compared so far: what it cost. A text that is cited in its middle over and over is compared
        over and over; whoever reads a hostile stream skips events when that gets out of hand."""

    @property
    def interaction(self) -> Json | None:
        """What all events come to, as it is and not as it is shown."""
        return self._assembler.standing().interaction

    def feed(self, event: Event, parsed: Parsed) -> list[Patch]:
        """Folds the next event; what it changed."""
        self._assembler.fold(event, parsed)
        if not can_change(parsed):
            return []
        place, piece = _piece(parsed)
        path = self._growing.get(place) if place else None
        if path is not None and piece is not None:
            self._grown.setdefault(path, []).append(piece.text)
            return [Patch(Change.APPEND, path, piece.text)]
        return self._compared(place, piece, self._assembler.reach(parsed))

    def skip(self, event: Event, parsed: Parsed) -> None:
        """Folds the next event, and leaves what it changed to whoever asks next."""
        self._assembler.fold(event, parsed)
        self._is_behind = True
        self._growing.clear()

    def ended(self, residue: Iterable[Residue] = (), tail: Tail | None = None) -> list[Patch]:
        """What there is to tell once no event will follow (:meth:`Assembler.ended`)."""
        return self._told(self._assembler.ended(residue, tail))

    def _compared(self, place: _Place | None, piece: Fragment | None, reach: int | None) -> list[Patch]:
        self._catch_up()
        told = self._told(self._assembler.standing(None if self._is_behind else reach))
        self._is_behind = False
        if (
            place
            and piece
            and [(patch.change, patch.value) for patch in told] == [(Change.APPEND, piece.text)]
        ):
            self._growing[place] = told[0].path
        else:
            self._growing.clear()
        return told

    def _told(self, assembly: Assembly | Standing) -> list[Patch]:
        """The way from the state to that of the assembly, of which the first steps may be left out."""
        self._catch_up()
        before, after, first = self._state, state_of(assembly, self._shown), assembly.steps_before
        old, new = before["interaction"], after["interaction"]
        key = next((key for key in LISTS if first and new and key in new), None)
        if key is None:
            self._state = after
            self.compared_bytes += len(orjson.dumps(after))
            return list(patches(before, after))
        steps, last = old[key], new[key]
        self.compared_bytes += len(orjson.dumps(last))
        new[key] = steps  # the same list on both sides: of it there is nothing to compare
        told = [*patches(before, after), *in_array(steps[first:], last, ("interaction", key), first)]
        steps[first:] = last
        self._state = after
        return told

    def _catch_up(self) -> None:
        """Writes the pieces that came since the last look into the state."""
        for path, pieces in self._grown.items():
            holder: Any = self._state
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] += "".join(pieces)
        self._grown.clear()


def _piece(parsed: Parsed) -> tuple[_Place, Fragment] | tuple[None, None]:
    """The piece of text that an event is, and what it is a piece of; nothing where it may be more than that."""
    piece, index = fragment_of(parsed), parsed.payload.get("index")
    if piece is None or type(index) is not int or index < 0 or "metadata" in parsed.payload:
        return None, None
    return (parsed.type, index, piece.type), piece
