"""Options that every way to record by a proxy shares, and their types."""

import re
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from sserec.cli.options import FILE
from sserec.proxy.attention import Hosts
from sserec.proxy.inherited import inherited_files
from sserec.proxy.plan import Plan

Command = TypeVar("Command", bound=Callable[..., object])

HOST_NAME = re.compile(r"[^\s/:@?#\[\]]+")
UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "ki": 1024, "mi": 1024**2, "gi": 1024**3}


class Address(click.ParamType[Any]):
    """HOST:PORT, or :PORT on loopback."""

    name = "HOST:PORT"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        host, _, port = str(value).rpartition(":")
        if not port.isdecimal() or int(port) > 0xFFFF:
            self.fail(f"{value} is not HOST:PORT", param, ctx)
        return host.strip("[]") or "127.0.0.1", int(port)


class Host(click.ParamType[Any]):
    """A server's name or address, by which connections are told apart: no URL and no port."""

    name = "HOST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        host = str(value).lower().strip("[]")
        if not (HOST_NAME.fullmatch(host) or is_address(host)):
            named = host_of(str(value))
            hint = f": say {named}" if named and named != host else ""
            self.fail(f"{value or repr(value)} is not a host's name alone{hint}", param, ctx)
        return host


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def host_of(url: str) -> str | None:
    """The host in a URL or behind HOST:PORT."""
    try:
        return urlsplit(url if "://" in url else f"//{url}").hostname
    except ValueError:
        return None


class ServerUrl(click.ParamType[Any]):
    """http:// or https://, a host, and perhaps a port and a path: the rest is the client's to send."""

    name = "URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            parts = urlsplit(str(value))
            has_host = bool(parts.hostname) and parts.port != 0
        except ValueError:  # brackets of IPv6 that are not closed, a port beyond 65,535
            has_host = False
        if not has_host or parts.scheme not in ("http", "https"):
            self.fail(f"{value} is not an http:// or https:// URL", param, ctx)
        if parts.username or parts.query or parts.fragment:
            host = parts.netloc.rpartition("@")[2]
            bare = f"{parts.scheme}://{host}{parts.path}"
            self.fail(f"a base URL has no user, query or fragment: say {bare}", param, ctx)
        return str(value)


class SecretName(click.ParamType[Any]):
    """What is secret as well. An empty name, as of a variable that is not set, would leave it in the open."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not str(value).strip(" .$"):
            self.fail(f"{value!r} names nothing", param, ctx)
        return str(value)


class Variable(click.ParamType[Any]):
    """The name of an environment variable: POSIX allows anything but ``=`` in it."""

    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value or "=" in str(value):
            self.fail(f"{value!r} is no name of a variable: say NAME, its value is the URL", param, ctx)
        return str(value)


class Size(click.ParamType[Any]):
    """Bytes, with a unit or without: ``500k``, ``10MB``, ``1GiB``."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"(\d+)\s*([kmg]i?|)b?", str(value).lower())
        if match is None:
            self.fail(f"{value} is no size, such as 500k, 10MB or 1GiB", param, ctx)
        return int(match[1]) * UNITS[match[2]]


SECRETS = (
    click.option(
        "--redact", "redact_headers", multiple=True, type=SecretName("HEADER"), help="It is secret as well."
    ),
    click.option("--redact-query", multiple=True, type=SecretName("NAME"), help="So is this parameter."),
    click.option(
        "--redact-json",
        multiple=True,
        type=SecretName("PATH"),
        help="So is this, in JSON bodies: user.email",
    ),
    click.option("--keep-secrets", is_flag=True, help="Store keys, tokens and cookies as they are."),
)
OPTIONS = (
    click.option("--only", multiple=True, type=Host(), help="Record nothing else."),
    click.option("--passthrough", multiple=True, type=Host(), help="Do not open; record sizes and times."),
    click.option("--max-body", "max_body_bytes", type=Size(), help="Keep no more than this of a body."),
    click.option("--upstream-ca", type=FILE, help="Trust these authorities as well."),
    click.option("--insecure", is_flag=True, help="Verify no server's certificate."),
    *SECRETS,
    click.option("--reverse", multiple=True, type=ServerUrl(), help="Be a base-URL proxy for this server."),
    click.option("--env", "variables", multiple=True, type=Variable(), help="Set NAME to that base URL."),
    click.option("--listen", type=Address(), default="127.0.0.1:0", help="Default: a free port on loopback."),
)


def capture_options(command: Command) -> Command:
    return with_options(command, OPTIONS)


def secret_options(command: Command) -> Command:
    """--redact and its kin, and --keep-secrets."""
    return with_options(command, SECRETS)


def with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def plan_of(*, only: tuple[str, ...], passthrough: tuple[str, ...], **asked: Any) -> Plan:
    """The plan that the options of :func:`capture_options` describe, with what a command adds."""
    return Plan(**asked, inherited=inherited_files(), hosts=Hosts(frozenset(only), frozenset(passthrough)))


def contradiction(plan: Plan) -> str | None:
    """What of it makes no sense together."""
    if len(plan.variables) > len(plan.reverse):
        return "each --env names the variable of one --reverse, in the same order"
    if plan.keep_secrets and (plan.redact_headers or plan.redact_query or plan.redact_json):
        return "--keep-secrets keeps everything: it goes with no --redact"
    return None
