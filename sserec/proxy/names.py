"""Names for a network that has no servers: a stub resolver that gives each name an address of its own. Sans I/O.

A connection tells its destination's address and not its name, so every name that is asked for gets one that stands for
it alone, out of 198.18.0.0/15, which no server on the Internet has (RFC 2544, appendix C.2.2). The wire format is that
of RFC 1035, sections 4.1.1 to 4.1.3.
"""

import ipaddress
from dataclasses import dataclass
from itertools import count

FIRST = int(ipaddress.IPv4Address("198.18.0.1"))
HEADER_BYTES = 12
TYPE_A = 1
ANSWER_FLAGS = 0x8180
"""A response, recursion desired and available."""
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3
LIFE_S = 30


@dataclass(frozen=True, slots=True)
class Question:
    """The one question of a query."""

    id: bytes
    name: str
    kind: int
    section: bytes
    """As it stood in the query."""


class Names:
    """The addresses that were given out."""

    def __init__(self) -> None:
        self._numbers = count(FIRST)
        self._addresses: dict[str, str] = {}
        self._hosts: dict[str, str] = {}

    def address(self, name: str) -> str:
        """The address that stands for ``name``, the same one each time."""
        if name not in self._addresses:
            address = str(ipaddress.IPv4Address(next(self._numbers)))
            self._addresses[name], self._hosts[address] = address, name
        return self._addresses[name]

    def host(self, address: str) -> str:
        """The name that ``address`` stands for; itself where it is a real one."""
        return self._hosts.get(address, address)


def question(query: bytes) -> Question | None:
    """What is asked, or None where the query cannot be read."""
    labels, at = [], HEADER_BYTES
    while at < len(query) and 0 < (size := query[at]) < 64:
        labels.append(query[at + 1 : at + 1 + size].decode("latin-1").lower())
        at += 1 + size
    end = at + 5
    if end > len(query) or query[at] or not labels:
        return None
    kind = int.from_bytes(query[at + 1 : at + 3], "big")
    return Question(query[:2], ".".join(labels), kind, query[HEADER_BYTES:end])


def answer(asked: Question, address: str | None, code: int = NO_ERROR) -> bytes:
    """A response; without an ``address`` it says that there is none of this kind, or what ``code`` means."""
    counts = (1, 1 if address else 0, 0, 0)
    head = asked.id + b"".join(number.to_bytes(2, "big") for number in (ANSWER_FLAGS | code, *counts))
    return head + asked.section + (record(address) if address else b"")


def record(address: str) -> bytes:
    """An A record for the name in the question, which stands 12 bytes into the message."""
    fields = (b"\xc0\x0c", TYPE_A.to_bytes(2, "big"), b"\x00\x01", LIFE_S.to_bytes(4, "big"), b"\x00\x04")
    return b"".join(fields) + ipaddress.IPv4Address(address).packed
