"""Which take answers a request. Pure.

Takes of equal requests are performed in recorded order, then the last one again and again: a client that asks twice
what was asked once gets the same answer. A stream can be asked for from an event on, whether or not anybody did so
when it was recorded.
"""

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sserec.replay.asked import Asked
from sserec.replay.differences import BODY, LISTED, Difference, differences, distance
from sserec.replay.takes import START, Place, Take

HOST_AND_PORT = re.compile(r"([\w.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
"""RFC 3986, section 3.2, as far as an https URL of a server has it."""
COMPARED_TAKES = 200
"""How many recorded requests are searched for the nearest one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A take, and where in it to begin."""

    take: Take
    start: Place = START


@dataclass(frozen=True, slots=True)
class Miss:
    """Nothing recorded answers the request."""

    asked: Asked
    nearest: Take | None = None
    differences: Sequence[Difference] = ()
    reason: str | None = None
    """What is missing, where a difference of requests is not the point."""

    @property
    def message(self) -> str:
        """In one line; what is secret in the request is replaced."""
        words = f"nothing recorded answers {self.asked.name}"
        if self.reason:
            return f"{words}: {self.reason}"
        if self.nearest is None:
            return words
        places = ", ".join(difference.place for difference in self.differences[:3])
        more = ", …" if len(self.differences) > 3 else ""
        return f"{words}; {self.nearest.name} is nearest and differs in {places}{more}"


def place_for_anyone(take: Take, event_id: str | None) -> Place:
    """A stream of which nobody knows who asked for it can be resumed too, where it has the event."""
    if take.asked is not None or not event_id:
        return START
    return take.place_after(event_id) or START


class Repertoire:
    """The takes of a recording, and which of them were performed.

    ``any_body``: requests are told apart by method, path and query alone. ``loop``: after the last take of a kind
    comes the first again.
    """

    def __init__(self, takes: Iterable[Take], *, any_body: bool = False, loop: bool = False) -> None:
        self.takes = list(takes)
        self._any_body = any_body
        self._loop = loop
        self._performed: set[int] = set()
        self._next: dict[Hashable, int] = {}
        self._by_key: dict[Hashable, list[int]] = {}
        self._for_anyone: list[int] = []
        self._authorities: list[str | None] = []
        for index, take in enumerate(self.takes):
            self._learn(index, take)

    @property
    def unused(self) -> list[Take]:
        """The takes that answered nothing so far."""
        return [take for index, take in enumerate(self.takes) if index not in self._performed]

    @property
    def servers(self) -> list[str]:
        """The URLs of the servers that were recorded."""
        named = (authority for authority in dict.fromkeys(self._authorities) if authority)
        return [f"https://{authority}" for authority in named if HOST_AND_PORT.fullmatch(authority)]

    def answer(self, asked: Asked) -> Answer | Miss:
        """The take for the request, and its place is used up."""
        exact = self._perform(asked)
        if exact is not None:
            return Answer(exact, place_for_anyone(exact, asked.last_event_id))
        if asked.last_event_id:
            return self._resumed(asked, asked.last_event_id)
        whole = self._by_interaction(asked)
        return Answer(whole) if whole is not None else self._nearest(asked)

    def _learn(self, index: int, take: Take) -> None:
        """Reads a recorded request now, so that the first client does not wait for that; its body is not kept."""
        asked = take.asked() if take.asked is not None else None
        self._authorities.append(None if asked is None else asked.authority)
        group = self._for_anyone if asked is None else self._by_key.setdefault(self._key(asked), [])
        group.append(index)

    def _perform(self, asked: Asked) -> Take | None:
        """The next take of exactly this request."""
        key = self._key(asked)
        group = self._group(key, asked.authority)
        if not group:
            return None
        turn = self._next.get((key, asked.authority), 0)
        self._next[key, asked.authority] = turn + 1
        index = group[turn % len(group) if self._loop else min(turn, len(group) - 1)]
        self._performed.add(index)
        return self.takes[index]

    def _group(self, key: Hashable, authority: str | None) -> list[int]:
        group = self._by_key.get(key, self._for_anyone)
        return group if authority is None else [index for index in group if self._is_for(index, authority)]

    def _is_for(self, index: int, authority: str) -> bool:
        """A client that names its server gets no other server's answer."""
        return self._authorities[index] in (None, authority)

    def _resumed(self, asked: Asked, event_id: str) -> Answer | Miss:
        bare = asked.from_the_start()
        group = self._group(self._key(bare), bare.authority)
        take = self.takes[group[0]] if group else self._by_interaction(bare)
        if take is None:
            return self._nearest(asked)
        place = take.place_after(event_id)
        if place is None:
            known = ", ".join(take.event_ids()[:LISTED]) or "no event ids at all"
            reason = f"{take.name} has no event {event_id}; it has {known}"
            return Miss(asked, take, reason=reason)
        self._performed.add(self.takes.index(take))
        return Answer(take, place)

    def _by_interaction(self, asked: Asked) -> Take | None:
        """``GET /interactions/ID?stream=true``: the stream that a POST began, as the API would replay it."""
        if asked.method != "GET" or ("stream", "true") not in asked.query:
            return None
        index = self._streams.get(asked.path.rpartition("/")[2])
        if index is None:
            return None
        self._performed.add(index)
        return self.takes[index]

    def _nearest(self, asked: Asked) -> Answer | Miss:
        """The take whose request differs in secrets only, or what the nearest one differs in."""
        candidates = [(take, take.asked()) for take in self.takes[-COMPARED_TAKES:] if take.asked is not None]
        if not candidates:
            return Miss(asked)
        take, recorded = min(candidates, key=lambda candidate: distance(candidate[1], asked))
        found = [
            one for one in differences(recorded, asked) if not (self._any_body and one.place.startswith(BODY))
        ]
        if not found and (same := self._perform(recorded)) is not None:
            return Answer(same)
        return Miss(asked, take, found)

    def _key(self, asked: Asked) -> Hashable:
        digest = None if self._any_body else asked.digest
        return asked.method, asked.resource, asked.query, digest, asked.last_event_id

    @cached_property
    def _streams(self) -> dict[str, int]:
        """The first take of each interaction, by its id."""
        ids = ((take.interaction_id(), index) for index, take in reversed(list(enumerate(self.takes))))
        return {id: index for id, index in ids if id is not None}
