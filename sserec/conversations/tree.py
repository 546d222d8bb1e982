"""Exchanges put together: to interactions, and interactions to conversations.

Knows the facts of exchanges; must not know their bytes. An exchange belongs to the interaction that it created, asked
for, or tried to create; an interaction follows at most one other that began before it, so what comes out is a tree.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sserec.conversations.calls import Facts, MadeCall, Role


class Bond(StrEnum):
    """By what one interaction follows another."""

    TOKEN = "continuation_token"
    """The same answer goes on."""
    PREVIOUS = "previous_interaction_id"
    CALL = "call_id"
    """It brings the result of a function call."""


@dataclass(frozen=True, slots=True)
class Link:
    """What an interaction follows."""

    exchange: int
    """The exchange that opened the earlier interaction."""
    by: tuple[Bond, ...]
    call_ids: tuple[str, ...] = ()
    """The earlier one's calls that are answered."""

    @property
    def is_continuation(self) -> bool:
        """Both interactions are hops of one answer."""
        return Bond.TOKEN in self.by


@dataclass(frozen=True, slots=True)
class Visit:
    """One exchange of an interaction."""

    exchange: int
    role: Role
    last_event_id: str
    """From where a resume was asked; empty for all else."""
    http_status: int | None
    tried_again_by: int | None
    """The exchange that sent the same request again after this one had failed."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One interaction, or the attempt at one, and every exchange about it."""

    id: str
    """Empty with ``store: false``, and where none was created."""
    status: str
    """As last heard; empty where nothing was."""
    calls: tuple[MadeCall, ...]
    previous_interaction_id: str
    """What it says it follows, in this recording or not."""
    link: Link | None
    visits: tuple[Visit, ...]

    @property
    def exchange(self) -> int:
        """The exchange that opened it, by which a :class:`Link` names it."""
        return self.visits[0].exchange

    @property
    def exchanges(self) -> tuple[int, ...]:
        return tuple(visit.exchange for visit in self.visits)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Interactions that follow one another, in the order they began."""

    turns: tuple[Turn, ...]

    def path(self, turn: Turn) -> tuple[Turn, ...]:
        """From the first interaction to ``turn``."""
        by_exchange = {each.exchange: each for each in self.turns}
        path = [turn]
        while path[-1].link is not None:
            path.append(by_exchange[path[-1].link.exchange])
        return tuple(reversed(path))


def conversations(facts: Iterable[Facts]) -> tuple[Conversation, ...]:
    """The conversations of a recording, from the facts of its exchanges in the order of their numbers."""
    groups = list(_grouped(facts))
    turns = [_turn(group, link) for group, link in zip(groups, _links(groups), strict=True)]
    members: dict[int, list[Turn]] = {}
    for turn in turns:
        of_the_earlier = members[turn.link.exchange] if turn.link else []
        of_the_earlier.append(turn)
        members[turn.exchange] = of_the_earlier
    return tuple(Conversation(tuple(members[turn.exchange])) for turn in turns if turn.link is None)


@dataclass
class _Group:
    """The exchanges of one interaction, while they are gathered."""

    facts: list[Facts] = field(default_factory=list)
    tried_again_by: dict[int, int] = field(default_factory=dict)

    def last(self, key: str) -> str:
        """What an answer last said; empty where none did."""
        said = (getattr(fact.heard, key) for fact in reversed(self.facts) if fact.heard)
        return next(filter(None, said), "")

    @property
    def calls(self) -> tuple[MadeCall, ...]:
        made = (call for fact in self.facts if fact.heard for call in fact.heard.calls)
        return tuple(dict.fromkeys(made))

    @property
    def previous_interaction_id(self) -> str:
        return self.facts[0].call.previous_interaction_id or self.last("previous_interaction_id")


def _grouped(facts: Iterable[Facts]) -> Iterator[_Group]:
    """One group an interaction, yielded when all exchanges are known."""
    groups: list[_Group] = []
    by_id: dict[str, _Group] = {}
    failed: list[tuple[Facts, _Group]] = []
    for fact in facts:
        attempt = _failed_attempt(failed, fact)
        group = attempt[1] if attempt else by_id.get(fact.call.interaction_id)
        if group is None:
            groups.append(group := _Group())
        if attempt:
            failed.remove(attempt)
            group.tried_again_by[attempt[0].exchange] = fact.exchange
        if fact.may_be_tried_again:
            failed.append((fact, group))
        group.facts.append(fact)
        for interaction_id in (fact.call.interaction_id, fact.heard.id if fact.heard else ""):
            if interaction_id:
                by_id.setdefault(interaction_id, group)
    yield from groups


def _failed_attempt(failed: Sequence[tuple[Facts, _Group]], fact: Facts) -> tuple[Facts, _Group] | None:
    """The failure that ``fact`` repeats: the same request, sent after the failure was known."""
    return next((attempt for attempt in failed if _repeats(fact, attempt[0])), None)


def _repeats(fact: Facts, before: Facts) -> bool:
    if not fact.request_key or fact.request_key != before.request_key:
        return False
    return (
        fact.t_open_ns is not None and before.t_close_ns is not None and before.t_close_ns <= fact.t_open_ns
    )


def _links(groups: Sequence[_Group]) -> Iterator[Link | None]:
    """What each group follows. Only groups that began earlier are looked at."""
    by_id: dict[str, _Group] = {}
    by_token: dict[str, _Group] = {}
    by_call: dict[str, _Group] = {}
    for group in groups:
        yield _link(group, by_id, by_token, by_call)
        for fact in group.facts:
            if fact.heard and fact.heard.continuation_token:
                by_token[fact.heard.continuation_token] = group
        by_id[group.last("id") or group.facts[0].call.interaction_id] = group
        by_call |= {call.id: group for call in group.calls}


def _link(
    group: _Group, by_id: dict[str, _Group], by_token: dict[str, _Group], by_call: dict[str, _Group]
) -> Link | None:
    """The token goes before the id, the id before the calls, which a stateless input repeats from turn to turn."""
    call = group.facts[0].call
    found = {
        Bond.TOKEN: by_token.get(call.continuation_token) if call.continuation_token else None,
        Bond.PREVIOUS: by_id.get(group.previous_interaction_id) if group.previous_interaction_id else None,
        Bond.CALL: next((by_call[id_] for id_ in reversed(call.result_call_ids) if id_ in by_call), None),
    }
    earlier = next((each for each in found.values() if each is not None), None)
    if earlier is None:
        return None
    return Link(
        earlier.facts[0].exchange,
        tuple(bond for bond, each in found.items() if each is earlier),
        tuple(id_ for id_ in call.result_call_ids if by_call.get(id_) is earlier),
    )


def _turn(group: _Group, link: Link | None) -> Turn:
    return Turn(
        id=group.last("id") or group.facts[0].call.interaction_id,
        status=group.last("status"),
        calls=group.calls,
        previous_interaction_id=group.previous_interaction_id,
        link=link,
        visits=tuple(_visit(fact, group.tried_again_by.get(fact.exchange)) for fact in group.facts),
    )


def _visit(fact: Facts, tried_again_by: int | None) -> Visit:
    return Visit(fact.exchange, fact.call.role, fact.call.last_event_id, fact.http_status, tried_again_by)
