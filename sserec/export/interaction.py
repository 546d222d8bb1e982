"""The default export, the interaction object that ``stream:false`` would have returned, and its steps alone."""

from collections.abc import Iterable, Iterator, Sequence

import orjson

from sserec.annotations import with_characters
from sserec.export import Options
from sserec.export.answer import Answer, Json
from sserec.export.subject import Subject, answers
from sserec.interactions import steps_of


def interactions(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """One object, or an array of them."""
    documents = [
        _document(subject.answer, subject, options) for subject in subjects if subject.answer is not None
    ]
    return _written(documents, options)


def steps(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """One array of steps, or an array of them. The older revision calls them outputs."""
    return _written([steps_of(_interaction(answer, options)) for answer in answers(subjects)], options)


def _document(answer: Answer, subject: Subject, options: Options) -> Json:
    """The interaction itself, or an object that holds it beside its diagnostics and what people noted on it."""
    interaction = _interaction(answer, options)
    if not options.with_diagnostics:
        return interaction
    return {
        "exchange": answer.exchanges[-1],
        "exchanges": answer.exchanges,
        "interaction": interaction,
        "complete": answer.is_complete,
        "diagnostics": list(_diagnostics(answer)),
        "marks": [mark._asdict() for exchange in subject.exchanges for mark in exchange.marks],
    }


def _diagnostics(answer: Answer) -> Iterator[Json]:
    for remark in answer.remarks:
        said = remark.diagnostic
        yield {
            "exchange": remark.exchange,
            "id": said.id,
            "severity": said.severity,
            "message": said.message,
            "event": said.event,
            "offset": said.offset,
        }


def _interaction(answer: Answer, options: Options) -> Json:
    return with_characters(answer.interaction) if options.annotation_characters else answer.interaction


def _written(documents: Sequence[object], options: Options) -> Iterator[bytes]:
    """As JSON, with a line end; a float that JSON lacks cannot occur, as none was parsed."""
    chosen: Iterable[object] = [documents] if options.many else documents
    for document in chosen:
        yield orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
