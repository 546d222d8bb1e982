"""Why a recording stayed empty, and what to try. Pure text from what is known at the end of a run."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import PurePath

from sserec.proxy.plan import Plan
from sserec.redact import SECRETS

DISTRUST = "did not accept sserec's certificate"
"""What the server says of a client that refused its certificate."""
LINE_LENGTH = 160
"""What a command may take of a line of advice."""


def why_nothing(plan: Plan, said: Sequence[str]) -> list[str]:
    """Lines for the person: the likely cause first, then what to try. ``said``: what the run complained of."""
    if not plan.command:
        return ["no request came to the base URL"]
    if plan.reverse:
        return [
            "no request came to the base URL: the command does not read its variable, or has a setting of its own",
            "try: the client's base-URL option with the URL that `sserec record --reverse URL` prints",
        ]
    if any(DISTRUST in line for line in said):
        cause = "the command refused sserec's certificate: it pins its own (--cacert, or roots built in)"
    elif plan.isolate:
        cause = "the command made no request to a port that is caught (80, 443, those of its URLs; --port)"
    elif plan.hosts.only:
        cause = f"no request went to {', '.join(sorted(plan.hosts.only))} by way of the proxy"
    else:
        cause = f"the command made no request, or {ignorant_client(plan.command)}"
    command = restated(plan.command)
    tries = [f"try: sserec record --reverse https://API-HOST -- {command}"]
    if sys.platform == "linux" and not plan.isolate:
        tries.insert(0, f"try: sserec record --isolate -- {command}")
    return [cause, *tries]


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
