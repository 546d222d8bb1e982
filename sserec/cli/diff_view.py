"""``sserec diff --view``: two files side by side in the viewer, one screen instead of lines."""

from sserec.cli.view import needs_terminal, prepare_process, settings, whole_terminal
from sserec.diff import Options
from sserec.diff.volatile import Rules

EXIT_DIFFERENT = 1
EXIT_TROUBLE = 2


def view(a: str, b: str, options: Options, numbers: tuple[int, int] | None) -> int:
    """Shows them until the person leaves. The exit code is that of the comparison, 2 where it was not over by then.

    Raises UsageError for a path that is none, an exchange that is not there, and where there is no terminal.
    """
    Rules(exact=options.exact, ignored=options.ignored)
    prepare_process()
    config = settings()
    needs_terminal()
    from sserec.tui.comparison.app import ComparisonViewer
    from sserec.tui.model.comparison.duo import Duo

    with Duo.open(a, b, options, numbers) as duo:
        viewer = ComparisonViewer(duo, config)
        with whole_terminal():
            viewer.run()
        if viewer.return_code:
            return viewer.return_code
        if duo.found is None:
            return EXIT_TROUBLE
        return 0 if duo.found.comparison.is_same else EXIT_DIFFERENT
