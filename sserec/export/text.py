"""What a person would have read: the answer's text, thoughts and calls left out."""

from collections.abc import Iterator, Sequence

from sserec.export import Options
from sserec.export.subject import Subject, answers
from sserec.interactions import interaction_text


def texts(subjects: Sequence[Subject], options: Options) -> Iterator[bytes]:
    """Each answer as it was written, with a line end, a blank line between two; nothing of those without text."""
    written = (interaction_text(answer.interaction) for answer in answers(subjects))
    for position, text in enumerate(filter(None, written)):
        yield b"\n" * (position > 0) + text.encode() + b"\n" * (not text.endswith("\n"))
