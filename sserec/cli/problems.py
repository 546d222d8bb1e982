"""Says on stderr what a file lost, so that no reader takes a part for the whole."""

from typing import TYPE_CHECKING

from sserec.cli.output import say

if TYPE_CHECKING:
    from sserec.recording import Recording

EXIT_FINDINGS = 1


def say_problems(recording: "Recording") -> int:
    """One line a problem; returns the exit code that they call for."""
    for problem in recording.problems:
        say(f"{recording.name}: {problem.message}")
    return EXIT_FINDINGS if recording.problems else 0
