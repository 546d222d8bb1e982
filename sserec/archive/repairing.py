"""From a damaged file to a new one that holds everything that is left.

Never touches the damaged file: it may hold more than this version of sserec can find.
"""

import os
from pathlib import Path

from sserec.archive.finalisation import level_for, refuse_existing, replacing, rewrite
from sserec.archive.reader import ArchiveReader
from sserec.archive.values import Problem


def repair(
    path: str | os.PathLike[str], out: str | os.PathLike[str], *, name: str | None = None
) -> tuple[Problem, ...]:
    """Writes a final file with everything readable of ``path`` to the new file ``out``.

    ``name``: what messages call the file, where that is not its path.

    Returns what is missing from it; the same is noted in it. Raises ArchiveError when ``out`` exists or
    cannot be written, NotAnArchive when there is nothing to save.

    An index that is sound knows where bodies are even where the records beside them are damaged.
    """
    with ArchiveReader.open(path, name=name) as reader:
        refuse_existing(Path(out))
        with replacing(Path(out)) as file:
            return tuple(rewrite(reader, file, level_for(reader)))
