"""The recorder's side of a command in a network of its own (``record --isolate``; Linux).

Knows the enclosure's control socket, its listeners and its questions for names. A name exists for the command when it
exists for this machine, so that a misspelt one fails as it always does; but it stands for an address of ours, so that
the connection comes here. What is dialled by a number goes to that number, this machine's loopback included.
"""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sserec.errors import RecordingError
from sserec.proxy.child import Child, allow_many_files, attending, cannot_start
from sserec.proxy.names import NO_SUCH_NAME, SERVER_FAILURE, TYPE_A, Names, Question, answer, question
from sserec.proxy.outward import OutwardProxies
from sserec.proxy.routing import Route
from sserec.proxy.server import ProxyServer

HELPER = Path(__file__).with_name("enclosure.py")
RESOLV_CONF = b"nameserver 127.0.0.1\n"
RESOLV_CONF_FILE = "resolv.conf"

PORTS = frozenset({80, 443, 1234, 8000, 8080, 8443, 11434})
"""Where servers of APIs listen: HTTP and its usual other ports, LM Studio, Ollama."""
NAMED_PORT = re.compile(r"(?:://[^/\s\"'?#]*|\blocalhost|\b127\.0\.0\.1):(\d{1,5})(?!\d)")
MAX_SOCKETS = 253
"""SCM_MAX_FD of the kernel: so many descriptors fit into one message."""
MAX_QUERY_BYTES = 4096
SO_ORIGINAL_DST, SOCKADDR_BYTES = 80, 28
"""linux/netfilter_ipv4.h; the number is the same for IPv6, and so much is its sockaddr."""
MAPPED = "::ffff:"
"""IPv4 as a socket of both families writes it (RFC 4291, section 2.5.5.2)."""


class CannotIsolate(RecordingError):
    """This system allows no network namespace; the text says why."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What to start: ``folder`` holds the file with the resolver, ``bundle`` the authorities to trust."""

    command: Sequence[str]
    files: Sequence[int]
    variables: Mapping[str, str]
    folder: Path
    bundle: Path
    ports: frozenset[int]

    def words(self, control: socket.socket) -> list[str]:
        resolv_conf = self.folder / RESOLV_CONF_FILE
        ports = ",".join(map(str, sorted(self.ports)[: MAX_SOCKETS - 1]))
        settings = (str(control.fileno()), str(resolv_conf), str(self.bundle), ports)
        return [sys.executable, "-I", "-S", str(HELPER), *settings, *self.command]


def ports_to_catch(
    command: Iterable[str], variables: Mapping[str, str], named: Iterable[int]
) -> frozenset[int]:
    """The usual ports, those that URLs of the command line and of the environment name, and those asked for."""
    texts = (*command, *variables.values())
    in_urls = {int(port) for text in texts for port in NAMED_PORT.findall(text)}
    return frozenset(port for port in {*PORTS, *in_urls, *named} if 0 < port < 65_536)


async def run_isolated(enclosure: Enclosure, server: ProxyServer, outward: OutwardProxies) -> int:
    """Runs the command to its end, everything that it dials diverted to ``server``.

    Raises CannotIsolate before the command has started, and CannotStart as without isolation.
    """
    if not hasattr(socket, "AF_NETLINK"):
        raise CannotIsolate("only Linux has network namespaces")
    (enclosure.folder / RESOLV_CONF_FILE).write_bytes(RESOLV_CONF)
    control, theirs = socket.socketpair()
    with control, theirs, attending() as attend:
        child = Child(start(enclosure, theirs))
        allow_many_files()
        attend(child)
        theirs.close()
        try:
            *listeners, queries = await asyncio.to_thread(receive_listeners, control)
        except CannotIsolate:
            if (ended := await child.wait()) < 0:
                return ended  # a ^C that came before the command was meant for it, and forbids nothing
            raise
        with queries:
            resolver = Resolver(queries, outward)
            for listener in listeners:
                server.divert(listener, resolver.route)
            control.send(b"G")
            if fault := await asyncio.to_thread(control.recv, 16):
                await child.wait()
                raise cannot_start(enclosure.command[0], error_of(fault))
            try:
                return await child.wait()
            finally:
                resolver.close()


def start(enclosure: Enclosure, control: socket.socket) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        enclosure.words(control), env=dict(enclosure.variables), pass_fds=(*enclosure.files, control.fileno())
    )


def receive_listeners(control: socket.socket) -> list[socket.socket]:
    message, descriptors, _, _ = socket.recv_fds(control, 16, MAX_SOCKETS)
    if not descriptors:
        raise CannotIsolate(error_of(message).strerror if message else "its helper did not start")
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def error_of(message: bytes) -> OSError:
    """What the enclosure reported: ``E`` and an error number."""
    number = int(message[1:])
    return OSError(number, os.strerror(number))


def original_destination(sock: socket.socket) -> tuple[str, int]:
    """What the command dialled: as nftables remembers it, or, where nothing was redirected, what was reached."""
    address, port = sock.getsockname()[:2]
    is_mapped = address.startswith(MAPPED)
    family, level = (socket.AF_INET6, socket.IPPROTO_IPV6)
    if is_mapped or sock.family == socket.AF_INET:
        family, level = socket.AF_INET, socket.IPPROTO_IP
    with suppress(OSError):
        found = sock.getsockopt(level, SO_ORIGINAL_DST, SOCKADDR_BYTES)
        start, size = (4, 4) if family == socket.AF_INET else (8, 16)
        return socket.inet_ntop(family, found[start : start + size]), int.from_bytes(found[2:4], "big")
    return address.removeprefix(MAPPED), port


class Resolver:
    """Answers the questions for names on the event loop, and knows afterwards who was meant."""

    def __init__(self, sock: socket.socket, outward: OutwardProxies) -> None:
        self._sock = sock
        self._outward = outward
        self._names = Names()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        sock.setblocking(False)
        self._loop.add_reader(sock, self._receive)

    def close(self) -> None:
        self._loop.remove_reader(self._sock)
        for task in self._tasks:
            task.cancel()

    def route(self, sock: socket.socket) -> Route:
        """Where an accepted connection was to lead."""
        address, port = original_destination(sock)
        return Route("https", self._names.host(address), port)

    def _receive(self) -> None:
        query, client = self._sock.recvfrom(MAX_QUERY_BYTES)
        if asked := question(query):
            task = asyncio.create_task(self._answer(asked, client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, asked: Question, client: tuple[str, int]) -> None:
        code = await self._code(asked.name)
        address = self._names.address(asked.name) if asked.kind == TYPE_A and not code else None
        self._sock.sendto(answer(asked, address, code), client)

    async def _code(self, name: str) -> int:
        """Whether the name exists. Behind a proxy only that one knows, and will say so."""
        if self._outward.towards(Route("https", name, 443)):
            return 0
        try:
            await self._loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except socket.gaierror as fault:
            return SERVER_FAILURE if fault.errno == socket.EAI_AGAIN else NO_SUCH_NAME
        except (OSError, UnicodeError):
            return NO_SUCH_NAME
        return 0
