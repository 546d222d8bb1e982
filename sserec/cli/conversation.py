"""``sserec info --conversation``: what the exchanges were to one another, drawn as a tree or as JSON."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from sserec.display import count, duration, printable

if TYPE_CHECKING:
    from sserec.conversations import Conversation, Turn, Visit
    from sserec.recording import Exchange, Recording

NO_ID = "no id"
Json = dict[str, object]


@dataclass
class Node:
    """A line of the tree, and what stands below it."""

    line: str
    below: "list[Node]" = field(default_factory=list)


def document(recording: "Recording", conversations: "Sequence[Conversation]") -> Json:
    """The JSON document: conversations as lists of their interactions, and the exchanges that belong to none."""
    return {
        "file": recording.name,
        "conversations": [{"interactions": list(map(asdict, one.turns))} for one in conversations],
        "other_exchanges": others(recording, conversations),
    }


def others(recording: "Recording", conversations: "Sequence[Conversation]") -> list[int]:
    known = {number for one in conversations for turn in one.turns for number in turn.exchanges}
    return [exchange.number for exchange in recording.exchanges if exchange.number not in known]


def lines(recording: "Recording", conversations: "Sequence[Conversation]") -> Iterator[str]:
    """A tree for each conversation, and a line about the rest."""
    exchanges = {exchange.number: exchange for exchange in recording.exchanges}
    for number, conversation in enumerate(conversations, start=1):
        visited = sum(len(turn.visits) for turn in conversation.turns)
        heading = f"conversation {number}: {count(len(conversation.turns), 'interaction')}"
        root = Node(f"{heading}, {count(visited, 'exchange')}", nodes(conversation, exchanges))
        yield from drawn(root)
    rest = others(recording, conversations)
    if rest:
        yield f"no part of a conversation: {count(len(rest), 'exchange')} ({', '.join(map(str, rest))})"


def nodes(conversation: "Conversation", exchanges: "Mapping[int, Exchange]") -> list[Node]:
    """A chain of interactions stays on one level; where several follow the same one, each hangs below it."""
    top: list[Node] = []
    turns = {turn.exchange: turn for turn in conversation.turns}
    followers = Counter(turn.link.exchange for turn in conversation.turns if turn.link)
    made: dict[int, Node] = {}
    level: dict[int, list[Node]] = {}
    for turn in conversation.turns:
        made[turn.exchange] = node = turn_node(turn, turns, exchanges)
        if turn.link is None:
            level[turn.exchange] = top
        elif followers[turn.link.exchange] == 1:
            level[turn.exchange] = level[turn.link.exchange]
        else:
            made[turn.link.exchange].below.append(node)
            level[turn.exchange] = node.below
            continue
        level[turn.exchange].append(node)
    return top


def turn_node(turn: "Turn", turns: "Mapping[int, Turn]", exchanges: "Mapping[int, Exchange]") -> Node:
    parts = [turn.id or NO_ID, turn.status, *calls(turn), *follows(turn, turns)]
    line = " · ".join(printable(part) for part in parts if part)
    return Node(line, [Node(visit_line(visit, exchanges[visit.exchange])) for visit in turn.visits])


def calls(turn: "Turn") -> Iterator[str]:
    """The function calls that the model made."""
    if turn.calls:
        yield "calls " + ", ".join(f"{call.name or 'a function'} ({call.id})" for call in turn.calls)


def follows(turn: "Turn", turns: "Mapping[int, Turn]") -> Iterator[str]:
    """What it follows, and how that is known."""
    if turn.link is None:
        if turn.previous_interaction_id:
            yield f"follows {turn.previous_interaction_id}, which is not here"
        return
    name = turns[turn.link.exchange].id or f"exchange {turn.link.exchange}"
    if turn.link.is_continuation:
        yield f"continues {name}"
    elif turn.link.call_ids:
        yield f"answers {', '.join(turn.link.call_ids)} of {name}"
    else:
        yield f"follows {name}"


def visit_line(visit: "Visit", exchange: "Exchange") -> str:
    """``2  resume after v1_MF90 · 200 · 14 events · 1.20 s · complete``."""
    what = f"{visit.role} after {visit.last_event_id}" if visit.last_event_id else str(visit.role)
    took = exchange.duration_ns
    parts = [
        what,
        "no response" if visit.http_status is None else str(visit.http_status),
        count(exchange.event_count, "event") if exchange.is_event_stream else "",
        "" if took is None else duration(took),
        exchange.ending or "",
        "with an error event" if exchange.error_said else "",
        "" if visit.tried_again_by is None else f"tried again by {visit.tried_again_by}",
    ]
    return f"{visit.exchange}  " + " · ".join(printable(part) for part in parts if part)


def drawn(root: Node) -> Iterator[str]:
    """The lines of a tree, in box characters. A branch may hang as deep as a recording is long: no recursion."""
    waiting = [(root, "", "")]
    while waiting:
        node, lead, below_lead = waiting.pop()
        yield lead + node.line
        for child in reversed(node.below):
            is_last = child is node.below[-1]
            mark, bar = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
            waiting.append((child, below_lead + mark, below_lead + bar))
