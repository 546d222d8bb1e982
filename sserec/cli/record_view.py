"""``sserec record --view``: the recording in a process of its own, and the viewer before it.

The viewer has the terminal, so the command gets nothing to read, and what it writes is printed once the viewer has
ended. The exit code is the command's, as without --view.
"""

from collections.abc import Sequence
from pathlib import Path

from sserec.cli.view import needs_terminal, prepare_process, settings, whole_terminal


def record_and_view(arguments: Sequence[str], path: Path) -> int:
    """Runs ``sserec record`` with ``arguments``, which writes to ``path``, and views it. Returns how it ended."""
    needs_terminal()
    prepare_process()
    from sserec.tui.companion import Companion, identity

    config = settings()
    before = identity(path)
    companion = Companion(arguments)
    try:
        from sserec.tui.app import Viewer
        from sserec.tui.model.document import Document

        if companion.wait_for(path, before):
            with Document.open(str(path)) as document, whole_terminal():
                Viewer(document, config, follow=True, companion=companion).run()
    finally:
        returncode = companion.stop()
        companion.print_all()
    return returncode
