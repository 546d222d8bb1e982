"""The page around the data: head, style, script, and the rule that nothing else may run or load.

Knows the files in ``page/``; must not know recordings. The policy lets run the one script and the one style whose
hashes it names; nothing is fetched, and no text can become markup, as the browser refuses to parse any (Trusted Types).
A page that is saved, mailed or attached keeps the policy, because it stands in the page (CSP 3, section 3.3).
"""

from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template

SCRIPTS = (
    "words", "numbers", "packed", "fold", "json", "markdown", "query", "exchange",
    "list", "answer", "detail", "timeline", "player", "keys", "main",
)  # fmt: skip
"""In the order in which they build on each other; together they are one script."""


def opening(title: str, words: Sequence[str], command: str) -> str:
    """The page up to the data: it can be painted when this much has come."""
    html = Template(_file("page.html").partition("<!-- data -->")[0])
    return html.substitute(
        policy=escape(policy()),
        style=_style(),
        title=escape(title),
        words="".join(f"<li>{escape(word)}</li>" for word in words),
        command=escape(command),
        no_command="" if command else "hidden",
    )


def closing() -> str:
    """The page behind the data."""
    html = Template(_file("page.html").partition("<!-- data -->")[2])
    return html.substitute(script=_script())


@cache
def policy() -> str:
    """The content security policy."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(_script())}'",
            f"style-src '{_hash(_style())}'",
            "img-src data:",
            "media-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


@cache
def _script() -> str:
    return '"use strict";\n{\n' + "\n".join(_file(f"{name}.js") for name in SCRIPTS) + "}\n"


@cache
def _style() -> str:
    return _file("page.css")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _file(name: str) -> str:
    return files("sserec.export.html").joinpath("page", name).read_text(encoding="utf-8")
