"""The interaction as it stood after any event, in blocks that people read.

Knows how far the stream has been folded and what a step says; must not know how a fold goes or how a block is drawn.
Invariant: asking never takes longer than a checkpoint's worth of events; what lies further ahead is folded by a job,
and can be glimpsed meanwhile.
"""

import threading
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson

from sserec.display import size
from sserec.interactions import Assembly, End, History
from sserec.tui.model.glimpse import Glimpse, StepOf
from sserec.tui.model.jobs import Job, Progress
from sserec.tui.model.recent import Recent
from sserec.tui.model.tape import Tape

EVENTS_A_STEP = 1024
"""About 5 ms of folding."""

Json = dict[str, Any]


class Answer:
    """The interaction of one stream, at any of its events."""

    def __init__(self, tape: Tape, step_of: StepOf = lambda event: None) -> None:
        self.ready_to = 0
        """How many events have been folded so far."""
        self._tape = tape
        self._history = History(tape.events)
        self._glimpse = Glimpse(tape, step_of)
        self._lock = threading.Lock()
        self._recent: Recent[tuple[int, int | None], Assembly] = Recent(self._look_up, limit=1)

    def reach(self, folded: int) -> bool:
        """Whether :meth:`at` answers at once for so many events."""
        return folded <= self.ready_to + EVENTS_A_STEP

    def at(self, folded: int, last_steps: int | None = None) -> Assembly | None:
        """The assembly after the first ``folded`` events; None where :meth:`advance` has to go on before.

        ``last_steps`` leaves out the steps before these, which a screen does not show anyway.
        """
        if not self.reach(folded):
            return None
        with self._lock:
            self.ready_to = max(self.ready_to, folded)
            return self._recent[folded, last_steps]

    def glimpse(self, folded: int, last_steps: int | None = None) -> Assembly:
        """The end of what :meth:`at` will say once :meth:`advance` has come so far."""
        return self._glimpse.at(folded, last_steps)

    def advance(self, folded: int) -> Job:
        """Folds the first ``folded`` events."""
        while self.ready_to < folded:
            with self._lock:
                target = min(self.ready_to + EVENTS_A_STEP, folded)
                self._history.advance(target)
                self.ready_to = max(self.ready_to, target)
            yield Progress(self.ready_to, folded)

    def _look_up(self, asked: tuple[int, int | None]) -> Assembly:
        return self._history.at(*asked)


@dataclass(frozen=True, slots=True)
class Media:
    """A part that is no text."""

    mime_type: str
    data: str
    """Base64, as far as it has come; empty where there is only a link."""
    uri: str

    @property
    def size_bytes(self) -> int:
        """Of the decoded data."""
        return len(self.data) * 3 // 4 - self.data[-2:].count("=")

    def content(self) -> bytes:
        """The data. Raises binascii.Error where they are not base64."""
        return a2b_base64(self.data)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the answer that stands under a heading of its own."""

    index: int
    """Of the step, from 0."""
    type: str
    """The step's."""
    title: str
    text: str
    format: str = "text"
    """``markdown``, ``json``, ``text`` or ``media``: what the text is."""
    is_arriving: bool = False
    """More of it may come."""
    media: Media | None = None
    meta: tuple[str, ...] = ()
    """What else is worth a word in the heading."""


def blocks(assembly: Assembly) -> list[Block]:
    """What there is of an answer, in order; an error stands at its end."""
    interaction = assembly.interaction or {}
    steps = interaction.get("steps") or interaction.get("outputs")
    steps = steps if isinstance(steps, list) else []
    numbered = enumerate(steps, start=assembly.steps_before)
    found = [block for index, step in numbered for block in _step_blocks(index, step)]
    if found and assembly.end is End.OPEN and interaction.get("status") in (None, "in_progress"):
        found[-1] = replace(found[-1], is_arriving=True)
    if assembly.error is not None:
        found.append(
            Block(assembly.steps_before + len(steps), "error", "error", _pretty(assembly.error), "json")
        )
    return found


def _step_blocks(index: int, step: Any) -> Iterator[Block]:
    if not isinstance(step, dict):
        yield Block(index, "step", "step", _pretty(step), "json")
        return
    type_ = str(step.get("type") or "step")
    if type_ == "thought":
        yield from _parts(index, type_, step.get("summary"), _signature(step))
    elif type_ in ("model_output", "user_input"):
        yield from _parts(index, type_, step.get("content"), ())
    elif type_.endswith("_call"):
        yield _call(index, type_, step)
    elif type_.endswith("_result"):
        yield from _result(index, type_, step)
    else:
        yield from _parts(index, type_, [step], ())


def _parts(index: int, type_: str, parts: Any, meta: tuple[str, ...]) -> Iterator[Block]:
    """Texts that follow one another are one block; everything else is one of its own."""
    texts: list[str] = []
    given = parts if isinstance(parts, list) else []
    for part in given:
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            texts.append(part["text"])
            continue
        if texts:
            yield Block(index, type_, type_, "".join(texts), "markdown", meta=meta)
            texts = []
        yield _other_part(index, type_, part)
    if texts or not given:
        yield Block(index, type_, type_, "".join(texts), "markdown", meta=meta)


def _other_part(index: int, type_: str, part: Any) -> Block:
    if not isinstance(part, dict) or not ("data" in part or "uri" in part):
        return Block(index, type_, type_, _pretty(part), "json")
    media = Media(_word(part.get("mime_type")), _word(part.get("data")), _word(part.get("uri")))
    facts = [media.mime_type or "of no type", size(media.size_bytes) if media.data else media.uri]
    title = _word(part.get("type")) or type_
    return Block(index, type_, title, "\n".join(facts), "media", media=media)


def _call(index: int, type_: str, step: Json) -> Block:
    meta = tuple(f"{key} {step[key]}" for key in ("id", "call_id") if step.get(key))
    title = f"{type_} {step['name']}" if step.get("name") else type_
    arguments = step.get("arguments")
    if isinstance(arguments, str):
        return Block(index, type_, title, arguments, "text", meta=meta)
    if isinstance(arguments, dict) and isinstance(arguments.get("code"), str):
        return Block(index, type_, title, arguments["code"], "text", meta=meta)
    return Block(index, type_, title, "" if arguments is None else _pretty(arguments), "json", meta=meta)


def _result(index: int, type_: str, step: Json) -> Iterator[Block]:
    meta = tuple(f"for {step[key]}" for key in ("call_id",) if step.get(key))
    meta += ("failed",) if step.get("is_error") else ()
    title = f"{type_} {step['name']}" if step.get("name") else type_
    result = step.get("result")
    if isinstance(result, str):
        yield Block(index, type_, title, result, "text", meta=meta)
    elif isinstance(result, list):
        for block in _parts(index, type_, result, meta):
            yield replace(block, title=title) if block.media is None else block
    else:
        yield Block(index, type_, title, "" if result is None else _pretty(result), "json", meta=meta)


def _signature(step: Json) -> tuple[str, ...]:
    signature = step.get("signature")
    return (f"signature {size(len(signature))}",) if isinstance(signature, str) and signature else ()


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
