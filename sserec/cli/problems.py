"""Says on stderr what a file lost, so that no reader takes a part for the whole."""

from typing import TYPE_CHECKING

import click

from sserec.display import printable

if TYPE_CHECKING:
    from sserec.recording import Recording

EXIT_FINDINGS = 1


def say_problems(recording: "Recording") -> int:
    """One line a problem; returns the exit code that they call for."""
    for problem in recording.problems:
        click.echo(f"sserec: {recording.name}: {printable(problem.message)}", err=True)
    return EXIT_FINDINGS if recording.problems else 0
