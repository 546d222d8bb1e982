"""Why a recording stayed empty, and what to try. Pure text from what is known at the end of a run."""

import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from sserec.proxy.plan import Plan
from sserec.proxy.remarks import Remarks
from sserec.redact import SECRETS

LINE_LENGTH = 160
"""What a command may take of a line of advice."""
FIXED_URL = re.compile(r"https?://")
"""In a command line: where it goes to is no matter of variables."""


def why_nothing(plan: Plan, remarks: Remarks) -> list[str]:
    """Lines for the person: the likely cause first, then what to try."""
    if not plan.command:
        return ["no request came to the base URL"]
    if plan.reverse:
        return [
            "no request came to the base URL: the command does not read its variable, or has a setting of its own",
            "try: the client's base-URL option with the URL that `sserec record --reverse URL` prints",
        ]
    if remarks.refused:
        return [refusal(remarks.refused), *to_be_believed(plan)]
    if plan.hosts.only and remarks.ignored:
        return [
            f"no request went to {listed(plan.hosts.only)}; those that were made went to {listed(remarks.ignored)}"
        ]
    if plan.isolate:
        cause = "the command made no request, or one to a port of its own machine that is not caught (--port)"
    else:
        cause = f"the command made no request, or {ignorant_client(plan.command)}"
    return [cause, *ways_round(plan)]


def refusal(servers: Iterable[str]) -> str:
    return (
        f"the command refused sserec's certificate for {listed(servers)}: "
        "it trusts authorities of its own (--cacert, --ca-certificate, or built in)"
    )


def to_be_believed(plan: Plan) -> list[str]:
    """A client that names its authorities need not, and one that has them built in can be told another URL."""
    return [
        "try: the command without its own authorities; sserec takes them instead, by --upstream-ca FILE",
        *by_base_url(plan),
    ]


def ways_round(plan: Plan) -> list[str]:
    isolated = [f"try: sserec record --isolate -- {restated(plan.command)}"]
    return [*(isolated if sys.platform == "linux" and not plan.isolate else []), *by_base_url(plan)]


def by_base_url(plan: Plan) -> list[str]:
    """A command whose URL stands in its own words takes none from a variable."""
    if any(FIXED_URL.search(word) for word in plan.command):
        return []
    return [f"try: sserec record --reverse https://API-HOST -- {restated(plan.command)}"]


def listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def restated(command: Sequence[str]) -> str:
    """The command as it can be shown: without its secrets, since logs keep what is said, and in one short line."""
    clean, _ = SECRETS.argv(command)
    words = shlex.join(clean)
    is_short = len(words) <= LINE_LENGTH and "\n" not in words
    return words if is_short else f"{shlex.quote(clean[0])} …"


def ignorant_client(command: Sequence[str]) -> str:
    """Which kind of client ignores the proxy variables, as far as the program's name tells."""
    match PurePath(command[0]).name:
        case "node" | "npm" | "npx":
            return "its client ignores HTTPS_PROXY (node:http2, an undici of its own)"
        case "curl":
            return "curl was told to go round proxies (--noproxy, --proxy, -q)"
        case name if name.startswith("python"):
            return "its client ignores HTTPS_PROXY (trust_env=False, a urllib3 PoolManager)"
    return "its client ignores HTTPS_PROXY"
