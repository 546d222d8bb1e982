"""An interaction as a document: what was asked, thoughts, calls, results and the answer, a section each.

The model's text stands as it is, because models write Markdown. Everything else that comes from a recording is fenced
or quoted, so that a name or a URL cannot become a heading.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from sserec.display import seconds
from sserec.export import Options
from sserec.export.answer import Answer, Json
from sserec.export.media import Media, is_media, media_of
from sserec.export.subject import Subject
from sserec.interactions import steps_of
from sserec.recording import RecordedMark

BACKTICKS = re.compile(r"`+")
SPACE = re.compile(r"\s+")
NO_SUMMARY = "*no summary*"
NO_ARGUMENTS = "*no arguments*"
SIGNED = frozenset({"type", "signature", "id", "call_id", "name", "server_name", "is_error"})
"""Keys of a call or a result that its heading tells, or that nobody reads."""


def documents(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """A document for each subject that holds an interaction, a blank line between two."""
    separator = ""
    for subject in subjects:
        if subject.answer is not None:
            marked = [mark for exchange in subject.exchanges for mark in exchange.marks]
            blocks = (block for block in (*document(subject.answer, subject.given), *notes(marked)) if block)
            yield (separator + "\n\n".join(blocks) + "\n").encode()
            separator = "\n"


def document(answer: Answer, given: Sequence[Json]) -> Iterator[str]:
    """The blocks of one document."""
    interaction = answer.interaction
    yield f"# Interaction {code(interaction['id'])}" if interaction.get("id") else "# Interaction"
    yield facts(interaction)
    for step in given:
        yield from section(step, {})
    files = {(media.step, media.part): media for media in media_of(answer)}
    for number, step in enumerate(steps_of(interaction)):
        if isinstance(step, dict):
            yield from section(step, {part: media for (of, part), media in files.items() if of == number})


def notes(marks: Sequence[RecordedMark]) -> Iterator[str]:
    """What people noted while they looked at the recording."""
    if marks:
        yield "## Marks"
        yield "\n".join(f"- {where(mark)}{': ' + code(mark.text) if mark.text else ''}" for mark in marks)


def where(mark: RecordedMark) -> str:
    """``exchange 1, event 12, 7.412 s``."""
    event = [] if mark.event is None else [f"event {mark.event:,}"]
    time = [] if mark.t_ns is None else [f"{seconds(mark.t_ns)} s"]
    return ", ".join([f"exchange {mark.exchange}", *event, *time])


def facts(interaction: Json) -> str:
    """``gemini-3-flash-preview · completed · 123 tokens``."""
    usage = interaction.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    tokens = f"{total:,} tokens" if isinstance(total, int) else None
    names = [interaction.get("model") or interaction.get("agent"), interaction.get("status")]
    return " · ".join([*(code(name) for name in names if name), *([tokens] if tokens else [])])


def section(step: Json, files: dict[int, Media]) -> Iterator[str]:
    """The heading and the blocks of one step."""
    type_ = str(step.get("type") or "step")
    if type_ in _WRITERS:
        heading, write = _WRITERS[type_]
        yield f"## {heading}"
        yield from write(step, files)
    elif type_.endswith("_call"):
        yield f"## Call: {code(step.get('name') or type_.removesuffix('_call'))}"
        yield from called(step)
    elif type_.endswith("_result"):
        failed = " (failed)" if step.get("is_error") else ""
        yield f"## Result: {code(step.get('name') or type_.removesuffix('_result'))}{failed}"
        yield from returned(step, files)
    else:
        yield f"## {code(type_)}"
        yield fenced_json(step)


def content(step: Json, files: dict[int, Media]) -> Iterator[str]:
    """The parts of a step that speaks for itself, and below them what they cite."""
    yield from parts(step.get("content"), files)
    error = step.get("error")
    if error:
        yield fenced_json(error)


def output(step: Json, files: dict[int, Media]) -> Iterator[str]:
    """An output of the older revision, which is a part itself."""
    return parts([step], files)


def thought(step: Json, files: dict[int, Media]) -> Iterator[str]:
    yield from parts(step.get("summary"), files) if step.get("summary") else [NO_SUMMARY]


def called(step: Json) -> Iterator[str]:
    """A call's arguments; code as code."""
    match step.get("arguments"):
        case {"code": str(source), **rest}:
            yield fenced(source, str(rest.get("language") or ""))
        case str(unparsed):
            yield fenced(unparsed)
        case arguments:
            yield fenced_json(arguments) if arguments else NO_ARGUMENTS


def returned(step: Json, files: dict[int, Media]) -> Iterator[str]:
    """A result: text, parts, or an object; of a result without one, whatever else it says."""
    result = step.get("result")
    if isinstance(result, str):
        yield fenced(result)
    elif files or _are_texts(result):
        yield from parts(result, files)
    elif result is not None:
        yield fenced_json(result)
    elif rest := {key: step[key] for key in step if key not in SIGNED}:
        yield fenced_json(rest)


def parts(given: Any, files: dict[int, Media]) -> Iterator[str]:
    for place, part in enumerate(given if isinstance(given, list) else (), start=1):
        if place in files:
            yield linked(files[place])
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            yield part["text"].strip("\n")
            yield sources(part.get("annotations"))
        elif is_media(part):
            yield f"*{part['type']}, {code(part.get('mime_type') or 'of no type')}*"
        else:
            yield fenced_json(part)


def linked(media: Media) -> str:
    """A link to the file that ``--format media`` writes; a part that was not sent along is only named."""
    if media.uri is not None:
        return f"*{media.content['type']}, not sent along:* {code(media.uri)}"
    mark = "!" if media.content["type"] == "image" else ""
    return f"{mark}[{media.content['type']}]({media.name})"


def sources(annotations: Any) -> str:
    """The places that a text cites, each once."""
    cited = (source(each) for each in annotations) if isinstance(annotations, list) else ()
    lines = dict.fromkeys(f"- {line}" for line in cited if line)
    return "\n".join(["Sources:", "", *lines]) if lines else ""


def source(annotation: Any) -> str:
    match annotation:
        case {"url": str(url)} | {"uri": str(url)} | {"file_name": str(url)}:
            title = annotation.get("title") or annotation.get("name")
            return f"{code(title)}: {code(url)}" if title else code(url)
    return ""


def code(text: object) -> str:
    """A code span in one line, whatever the text holds (CommonMark, section 6.1)."""
    line = SPACE.sub(" ", str(text)).strip()
    if "`" not in line:
        return f"`{line}`"
    ticks = "`" * (1 + max(map(len, BACKTICKS.findall(line))))
    return f"{ticks} {line} {ticks}"


def fenced(text: str, language: str = "") -> str:
    """A fenced block, its fence longer than any in the text (CommonMark, section 4.5)."""
    ticks = "`" * max(3, 1 + max(map(len, BACKTICKS.findall(text)), default=0))
    info = language if language.isalnum() else ""
    return f"{ticks}{info}\n{text.rstrip(chr(10))}\n{ticks}"


def fenced_json(value: Any) -> str:
    return fenced(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode(), "json")


def _are_texts(result: Any) -> bool:
    texts = isinstance(result, list) and all(isinstance(part, dict) and "text" in part for part in result)
    return bool(result) and texts


_WRITERS: dict[str, tuple[str, Callable[[Json, dict[int, Media]], Iterator[str]]]] = {
    "user_input": ("Input", content),
    "model_output": ("Answer", content),
    "thought": ("Thought", thought),
    "text": ("Answer", output),
    "image": ("Answer", output),
    "audio": ("Answer", output),
    "video": ("Answer", output),
    "document": ("Answer", output),
}
