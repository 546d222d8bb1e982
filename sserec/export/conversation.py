"""A recording's conversations: the facts that :mod:`sserec.conversations` wants, and its answers as subjects."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from sserec.conversations import (
    Answered,
    Call,
    Conversation,
    Facts,
    Part,
    Role,
    Span,
    Stitching,
    Turn,
    Visit,
    call_of,
    conversations,
    heard_of,
    mark_of,
    merge_hops,
    merge_turns,
    request_key,
    stitch,
)
from sserec.export.answer import Answer, Json, Remark, answer_of
from sserec.export.subject import given_by, request_body, request_json
from sserec.interactions import Assembler, Assembly, steps_of
from sserec.recording import Exchange, RecordedEvent, Recording
from sserec.records import Diagnostic, Severity

UNFINISHED = ("", "in_progress", "queued")
"""Statuses of a snapshot that was taken too early to be the answer."""
CONTINUES = "requires_continuation"


def conversations_of(recording: Recording) -> tuple[Conversation, ...]:
    """The conversations that the recording holds. Reads it all once."""
    facts = map(facts_of, recording.exchanges)
    return conversations(fact for fact in facts if fact is not None)


def facts_of(exchange: Exchange) -> Facts | None:
    """What a conversation needs to know of an exchange; None where it has nothing to do with interactions."""
    request, body = exchange.request, request_body(exchange)
    call, answer = _call(exchange), answer_of(exchange)
    if call.role is Role.ANSWER and answer is None:
        return None
    return Facts(
        exchange.number,
        call,
        exchange.response.status if exchange.response else None,
        heard_of(answer.interaction) if answer else None,
        request_key(request.method, request.url, body) if request and body is not None else "",
        exchange.record.t_open_ns,
        exchange.close.t_ns if exchange.close else None,
    )


class Streamed(NamedTuple):
    """The exchanges of an interaction that streamed, and how they make one stream."""

    exchanges: tuple[Exchange, ...]
    stitching: Stitching


class OneInteraction:
    """A subject: one interaction, stitched from all exchanges about it."""

    def __init__(self, turn: Turn, exchanges: Sequence[Exchange], checkpoint: str = "") -> None:
        self.turn = turn
        self._visited = tuple(zip(turn.visits, exchanges, strict=True))
        self._checkpoint = checkpoint

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Without those that failed and were tried again."""
        return tuple(exchange for visit, exchange in self._visited if visit.tried_again_by is None)

    @cached_property
    def given(self) -> list[Json]:
        if self.turn.link is not None and self.turn.link.is_continuation:
            return []
        return given_by(self._visited[0][1])

    def events(self) -> Iterator[tuple[int, RecordedEvent]]:
        exchanges, stitching = self._streamed
        for span in stitching.spans:
            exchange = exchanges[span.part]
            for recorded in islice(exchange.events(), span.start, span.stop):
                yield exchange.number, recorded

    @cached_property
    def answer(self) -> Answer | None:
        """The stream's, or what a later GET or a cancel returned, where the stream did not get as far."""
        streamed, snapshot = self._stitched(), self._snapshot()
        if streamed is None or (snapshot and not streamed.is_complete and _is_fuller(snapshot, streamed)):
            return snapshot
        return streamed

    @cached_property
    def _streamed(self) -> Streamed:
        streams = [(visit, exchange) for visit, exchange in self._visited if exchange.is_event_stream]
        parts = [_part(visit, exchange) for visit, exchange in streams]
        return Streamed(
            tuple(exchange for _, exchange in streams), stitch(parts, checkpoint=self._checkpoint)
        )

    def _stitched(self) -> Answer | None:
        exchanges, stitching = self._streamed
        assembly = fold(exchanges, stitching)
        if assembly.interaction is None:
            return None
        remarks = [
            *(_unknown_point(self.turn, point) for point in stitching.unknown_points),
            *(_located(diagnostic, exchanges, stitching.spans) for diagnostic in assembly.diagnostics),
        ]
        return Answer(
            tuple(dict.fromkeys(exchanges[span.part].number for span in stitching.spans)),
            assembly.interaction,
            tuple(remarks),
            (assembly.is_complete or stitching.reached_checkpoint) and not stitching.unknown_points,
        )

    def _snapshot(self) -> Answer | None:
        """The last whole object that was returned about it."""
        whole = (
            answer_of(exchange) for _, exchange in reversed(self._visited) if not exchange.is_event_stream
        )
        return next((answer for answer in whole if answer is not None), None)


class Merged:
    """A subject: the way from a conversation's first interaction to one of its last, as one interaction."""

    def __init__(self, path: Sequence[OneInteraction]) -> None:
        self._path = path

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(exchange for one in self._path for exchange in one.exchanges)

    @property
    def given(self) -> list[Json]:
        return self._path[0].given

    def events(self) -> Iterator[tuple[int, RecordedEvent]]:
        for one in self._path:
            yield from one.events()

    @cached_property
    def answer(self) -> Answer | None:
        answered = [one for one in self._path if one.answer is not None]
        answers = [one.answer for one in answered if one.answer is not None]
        if not answers:
            return None
        last = answers[-1]
        remarks = [remark for answer in answers for remark in answer.remarks]
        goes_on = last.interaction.get("status") == CONTINUES
        if goes_on:
            remarks.append(_not_continued(last))
        return Answer(
            tuple(number for answer in answers for number in answer.exchanges),
            merge_turns([_answered(hops) for hops in _by_turn(answered)]),
            tuple(remarks),
            all(answer.is_complete for answer in answers) and not goes_on,
        )


def interactions_of(recording: Recording, conversation: Conversation) -> list[OneInteraction]:
    """A conversation's interactions as subjects, in the order they began."""
    checkpoints = {
        turn.link.exchange: _call(recording.exchange(turn.exchange)).continuation_token
        for turn in conversation.turns
        if turn.link and turn.link.is_continuation
    }
    return [
        OneInteraction(
            turn, list(map(recording.exchange, turn.exchanges)), checkpoints.get(turn.exchange, "")
        )
        for turn in conversation.turns
    ]


def fold(exchanges: Sequence[Exchange], stitching: Stitching) -> Assembly:
    """What the stitched events come to. How the last exchange ended counts; the others were resumed."""
    assembler = Assembler()
    for span in stitching.spans:
        stream = exchanges[span.part].events()
        events = iter(stream)
        for recorded in islice(events, span.start, span.stop):
            assembler.feed(recorded.event)
    if not stitching.spans or stitching.reached_checkpoint or next(events, None) is not None:
        return assembler.assembly()
    return assembler.ended(stream.residue, stream.tail)


def _part(visit: Visit, exchange: Exchange) -> Part:
    return Part([mark_of(recorded.event) for recorded in exchange.events()], visit.last_event_id)


def _call(exchange: Exchange) -> Call:
    request = exchange.request
    asked = call_of(request.method, request.url, request_json(exchange)) if request else None
    return asked or Call(Role.ANSWER)


def _is_fuller(snapshot: Answer, streamed: Answer) -> bool:
    """Whether a returned object is the end of the story that a broken stream only began."""
    if snapshot.interaction.get("status", "") in UNFINISHED:
        return False
    return len(steps_of(snapshot.interaction)) >= len(steps_of(streamed.interaction))


def _by_turn(path: Iterable[OneInteraction]) -> list[list[OneInteraction]]:
    """The hops of each answer together."""
    turns: list[list[OneInteraction]] = []
    for one in path:
        if turns and one.turn.link is not None and one.turn.link.is_continuation:
            turns[-1].append(one)
        else:
            turns.append([one])
    return turns


def _answered(hops: Sequence[OneInteraction]) -> Answered:
    interactions = [hop.answer.interaction for hop in hops if hop.answer is not None]
    return Answered(hops[0].given, merge_hops(interactions))


def _located(diagnostic: Diagnostic, exchanges: Sequence[Exchange], spans: Sequence[Span]) -> Remark:
    """A remark on an event of the stitched stream, under the number it has in its exchange."""
    if diagnostic.event is None:
        return Remark(exchanges[spans[-1].part].number, diagnostic)
    position = diagnostic.event - 1
    for span in spans:
        if position < span.stop - span.start:
            break
        position -= span.stop - span.start
    event = span.start + position + 1
    return Remark(exchanges[span.part].number, replace(diagnostic, event=event))


def _unknown_point(turn: Turn, point: str) -> Remark:
    visit = next(visit for visit in turn.visits if visit.last_event_id == point)
    message = f"resumed after event {point}, which is not in this recording: events may be missing before it"
    return Remark(visit.exchange, Diagnostic("resume-point-unknown", Severity.ERROR, message))


def _not_continued(answer: Answer) -> Remark:
    message = "the answer goes on in another interaction, which is not in this recording"
    return Remark(answer.exchanges[-1], Diagnostic("continuation-missing", Severity.ERROR, message))
