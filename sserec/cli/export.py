"""``sserec export``: a recording in the forms that others read."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sserec.cli.export_choice import Choice, chosen
from sserec.cli.options import FileName, idle_limit, one_exchange, recording_file
from sserec.cli.output import say, show, show_bytes
from sserec.cli.problems import EXIT_FINDINGS, say_problems
from sserec.display import argument
from sserec.errors import NothingFound, UsageError, named
from sserec.export import FORMATS, MEDIA, Needs, Options

if TYPE_CHECKING:
    from sserec.export.answer import Remark
    from sserec.export.subject import Subject
    from sserec.recording import Recording

DEFAULT = "interaction"
GOES_WITH = {
    "--with-diagnostics": (DEFAULT,),
    "--annotation-characters": ("interaction", "steps"),
    "--text": ("asciicast",),
    "--idle-limit": ("asciicast",),
    "--with-content": ("otlp",),
}
"""The formats to which an option says something."""
EPILOG = "\b\nFormats:\n" + "\n".join(f"  {name:<13}{format.summary}" for name, format in FORMATS.items())


@click.command(epilog=EPILOG)
@recording_file
@one_exchange
@click.option(
    "--format", "name", type=click.Choice(list(FORMATS)), metavar="FORMAT", default=DEFAULT, help="See below."
)
@click.option("--all", "every", is_flag=True, help="Every exchange's; JSON as an array.")
@click.option("--conversation", is_flag=True, help="The conversation's interactions, each one whole.")
@click.option("--stitched", is_flag=True, help="The conversation as one interaction.")
@click.option(
    "--with-diagnostics", is_flag=True, help="Wrap the interaction and the diagnostics in one object."
)
@click.option(
    "--annotation-characters", is_flag=True, help="Check annotations' byte offsets, add those in characters."
)
@click.option("--text", "as_text", is_flag=True, help="Into a cast: only what a person would have read.")
@idle_limit
@click.option("--with-content", is_flag=True, help="Into spans: prompts and answers as well.")
@click.option("-o", "--output", type=FileName(), metavar="OUT", help="Write to OUT, not to stdout.")
def export(
    file: str,
    number: int | None,
    name: str,
    every: bool,
    conversation: bool,
    stitched: bool,
    with_diagnostics: bool,
    annotation_characters: bool,
    as_text: bool,
    idle_limit_ns: int | None,
    with_content: bool,
    output: str | None,
) -> None:
    """Write the interaction that stream:false would have returned.

    The last exchange that holds an interaction, streamed or not, or the one asked for. What there is to say about
    the stream goes to stderr. A stream that was cut, failed or had no end gives what there was, and exit code 1.

    \b
    Example:  sserec export file.sse.zst | jq '.steps[].type'
              sserec export --format curl file.sse.zst | sh
              sserec export --format html -o page.html file.sse.zst
    """
    from sserec.recording import Recording

    refuse_misplaced(
        name,
        {
            "--with-diagnostics": with_diagnostics,
            "--annotation-characters": annotation_characters,
            "--text": as_text,
            "--idle-limit": idle_limit_ns is not None,
            "--with-content": with_content,
        },
    )
    choice = Choice(FORMATS[name].needs, number, every, conversation, stitched)
    refuse_itself(file, output)
    with Recording.open(file) as recording:
        options = Options(choice.is_many, with_diagnostics, annotation_characters, recording)
        options = options._replace(as_text=as_text, idle_limit_ns=idle_limit_ns, with_content=with_content)
        subjects = chosen(recording, choice)
        if name == MEDIA:
            code = write_media(recording.name, subjects, output, choice)
        else:
            code = 0
            write(FORMATS[name].load()(subjects, options), output)
        if choice.needs not in (Needs.REQUEST, Needs.EXCHANGE):
            code = max(code, say_remarks(recording, subjects, options))
        raise SystemExit(max(say_problems(recording), code))


def refuse_misplaced(name: str, given: Mapping[str, bool]) -> None:
    """Raises UsageError for an option that says nothing to the format."""
    for option, formats in GOES_WITH.items():
        if given[option] and name not in formats:
            raise UsageError(
                f"{option} goes with --format {' and '.join(formats)} alone (sserec export --help)"
            )


def refuse_itself(file: str, output: str | None) -> None:
    """Raises UsageError where the recording would be overwritten by what is made of it."""
    if output is not None and Path(file).is_file() and Path(output).is_file() and Path(output).samefile(file):
        raise UsageError(f"{output} is the recording itself, which is never changed: choose another name")


def write(pieces: Iterable[bytes], output: str | None) -> None:
    """To a file or to stdout."""
    remaining = iter(pieces)
    whole = chain([next(remaining, b"")], remaining)  # so that a fault leaves a file alone
    if output is None:
        show_bytes(whole)
    else:
        write_file(whole, output)


def write_file(pieces: Iterable[bytes], output: str) -> None:
    """To a file, which is whole or as it was before. A device and a pipe take what comes."""
    from sserec.archive.finalisation import replacing

    target = Path(output).resolve() if Path(output).is_symlink() else Path(output)
    is_new = not target.exists()
    if is_new or target.is_file():
        with replacing(target, 0o666 if is_new else target.stat().st_mode & 0o777) as out:
            out.writelines(pieces)
        return
    with named(output), target.open("wb") as out:
        out.writelines(pieces)


def write_media(name: str, subjects: "Iterable[Subject]", output: str | None, choice: Choice) -> int:
    """Saves the files, and says of each part what became of it. Raises NothingFound where there is none."""
    from sserec.cli.export_media import media_line
    from sserec.export.media import media_of, save
    from sserec.export.subject import answers

    if output is None:
        raise UsageError("--format media writes files: -o FOLDER says where")
    code = None
    for saved in save((media for answer in answers(subjects) for media in media_of(answer)), Path(output)):
        show([media_line(saved, output)])
        code = EXIT_FINDINGS if saved.problem else code or 0
    if code is None:
        is_all = choice.every or choice.number is not None
        hint = f"sserec info {argument(name)}" if is_all else "sserec export --all"
        raise NothingFound(f"{name}: no image, audio, video or document in what is exported ({hint})")
    return code


def say_remarks(recording: "Recording", subjects: "Iterable[Subject]", options: Options) -> int:
    """One line each on stderr; returns the exit code that they and the streams' ends call for."""
    code = 0
    for subject in subjects:
        answer = subject.answer
        misplaced = list(misplaced_annotations(subject)) if options.annotation_characters else []
        for remark in [*(answer.remarks if answer else ()), *misplaced]:
            say(f"{recording.name}: {said(remark)}")
        if misplaced or not is_whole(subject):
            code = EXIT_FINDINGS
    return code


def is_whole(subject: "Subject") -> bool:
    """Whether nothing is missing; of a stream of another API only the transport knows."""
    if subject.answer is not None:
        return subject.answer.is_complete
    endings = (exchange.ending for exchange in subject.exchanges)
    return all(ending is None or ending.is_clean for ending in endings)


def misplaced_annotations(subject: "Subject") -> "Iterator[Remark]":
    from sserec.annotations import findings
    from sserec.export.answer import Remark

    if subject.answer is not None:
        for finding in findings(subject.answer.interaction):
            yield Remark(subject.answer.exchanges[-1], finding)


def said(remark: "Remark") -> str:
    diagnostic = remark.diagnostic
    event = "" if diagnostic.event is None else f", event {diagnostic.event:,}"
    return f"exchange {remark.exchange}{event}: {diagnostic.severity}: {diagnostic.message}"
