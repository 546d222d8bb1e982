"""The files that whoever started sserec opened for its command, ``<(...)`` of a shell among them.

Must be asked before a second thread runs: OpenSSL opens trust stores without close-on-exec, and a command that was
started at such a moment would get that file too.
"""

import os

DESCRIPTORS = "/dev/fd"
STANDARD = range(3)


def inherited_files() -> tuple[int, ...]:
    """The descriptors above standard error that an exec would hand on; none where the system lists none."""
    if not os.path.isdir(DESCRIPTORS):
        return ()
    return tuple(sorted(number for number in map(int, os.listdir(DESCRIPTORS)) if is_inherited(number)))


def is_inherited(number: int) -> bool:
    """Whether it is open still, the listing's own descriptor not being so, and meant to be handed on."""
    try:
        return number not in STANDARD and os.get_inheritable(number)
    except OSError:
        return False
