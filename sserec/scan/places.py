"""Where in a JSON text a byte stands: ``steps[0].content[2].text``.

Knows the tokens of JSON, whole or cut; what is no JSON gives no path. One pass, and nothing is kept but the way down.
"""

import re

from sserec.concealment import TOKEN

NAME = re.compile(r"[A-Za-z_]\w{0,60}")
MAX_CHARS = 1 << 20
"""Beyond, nobody waits for a path."""


def path_at(text: str, offset: int) -> str | None:
    """The path of the value around ``offset``; None outside of every value."""
    beginning = re.search(r"[{\[]", text)
    if beginning is None or beginning.start() > offset or offset > MAX_CHARS:
        return None
    way: list[str | int] = []
    is_name = False
    for token in TOKEN.finditer(text, beginning.start()):
        if token.start() <= offset < token.end():
            return written(way) or None
        is_name = step(way, token[0], is_name)
    return None


def step(way: list[str | int], token: str, is_name: bool) -> bool:
    """Goes on by one token; whether the next one is the name of a member."""
    match token:
        case "{":
            way.append("")
            return True
        case "[":
            way.append(0)
        case "}" | "]":
            del way[-1:]
        case ",":
            if way and isinstance(way[-1], int):
                way[-1] += 1
            return bool(way) and isinstance(way[-1], str)
        case _ if is_name and way:
            way[-1] = token.strip('"')
    return False


def written(way: list[str | int]) -> str:
    """The way as people write it."""
    path = ""
    for part in way:
        if isinstance(part, int):
            path += f"[{part}]"
        elif NAME.fullmatch(part):
            path += f".{part}" if path else part
        elif part:
            path += f"[{part[:60]!r}]"
    return path
