"""Runs a command in a network of its own: a script, started by ``sserec.proxy.isolation``, alone in its process.

    python -I -S enclosure.py CONTROL-FD RESOLV-CONF BUNDLE PORTS COMMAND...

The network namespace holds nothing but a loopback interface, and routes by which every address of the world is on it:
whatever the command dials ends at a listener here. Rules of nftables lead every port to one listener; where the kernel
has none, PORTS get a listener each. The recorder is handed the listeners, and reads what comes. No root is needed:
a user namespace gives this process, and nobody else, the rights that it takes to build that.

It is a process of its own since only a process of one thread may enter a user namespace, and since after the last step
it becomes the command. Standard library only, and nothing of sserec. Invariant: the command is started in the
namespace or not at all; what failed is told by the control socket, whose end alone means that the command runs.
"""

import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct
import sys
from contextlib import suppress

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_SLAVE = 0x1000, 0x4000, 0x80000
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
RTM_NEWROUTE, NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE = 24, 0x1, 0x4, 0x400
RT_TABLE_LOCAL, RTPROT_BOOT, RTN_LOCAL, RTA_OIF = 255, 3, 2, 4
RT_SCOPES = {socket.AF_INET: 254, socket.AF_INET6: 0}
"""Of a local route: RT_SCOPE_HOST, and the one that IPv6 knows."""

NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES, NFNL_BATCH_BEGIN, NFNL_BATCH_END = 12, 10, 0x10, 0x11
NFT_NEWTABLE, NFT_NEWCHAIN, NFT_NEWRULE, NLM_F_APPEND = 0, 3, 6, 0x800
NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6 = 1, 2, 10
NF_INET_LOCAL_OUT, DSTNAT_PRIORITY, NFT_RETURN = 3, -100, -5
META_NFPROTO, META_L4PROTO = 15, 16
NETWORK_HEADER, TRANSPORT_HEADER = 1, 2
"""linux/netfilter/nf_tables.h and linux/netfilter/nfnetlink.h."""
DNS_PORT = 53

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
BACKLOG = 256
libc = ctypes.CDLL(None, use_errno=True)


def check(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def enter_namespaces() -> None:
    """Root does without a user namespace, in which all other users of the system would be missing."""
    user_id, group_id = os.getuid(), os.getgid()
    if user_id == 0 and libc.unshare(CLONE_NEWNET | CLONE_NEWNS) == 0:
        return
    check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS))
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{user_id} {user_id} 1")
    write("/proc/self/gid_map", f"{group_id} {group_id} 1")


def write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def raise_loopback() -> None:
    """``ip link set lo up; ip route add local 0.0.0.0/0 dev lo table local``, where there may be no ``ip``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP | IFF_RUNNING))
    claim_every_address(socket.AF_INET)
    with suppress(OSError):  # a system without IPv6
        claim_every_address(socket.AF_INET6)


def claim_every_address(family: socket.AddressFamily) -> None:
    route = struct.pack(
        "BBBBBBBBI", family, 0, 0, 0, RT_TABLE_LOCAL, RTPROT_BOOT, RT_SCOPES[family], RTN_LOCAL, 0
    ) + struct.pack("HHi", 8, RTA_OIF, socket.if_nametoindex("lo"))
    netlink(0, [message(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE, route)])


def message(kind: int, flags: int, payload: bytes) -> bytes:
    """A request of netlink(7)."""
    return struct.pack("IHHII", 16 + len(payload), kind, NLM_F_REQUEST | flags, 1, 0) + payload


def netlink(protocol: int, messages: "list[bytes]") -> None:
    """Sends ``messages``, of which the last that asks for an answer gets one. Raises OSError for what fails."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as sock:
        sock.send(b"".join(messages))
        (error,) = struct.unpack_from("i", sock.recv(4096), 16)
    if error:
        raise OSError(-error, os.strerror(-error))


def attribute(kind: int, *parts: bytes) -> bytes:
    value = b"".join(parts)
    return struct.pack("HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def number(value: int) -> bytes:
    return struct.pack(">i", value)


def nft(kind: int, flags: int, *attributes: bytes) -> bytes:
    family = struct.pack(">BBH", NFPROTO_INET, 0, 0)
    return message(NFNL_SUBSYS_NFTABLES << 8 | kind, flags, family + b"".join(attributes))


def expression(name: bytes, *attributes: bytes) -> bytes:
    return attribute(1, attribute(1, name + b"\0"), attribute(2, *attributes))


def is_equal(value: bytes) -> bytes:
    return expression(
        b"cmp", attribute(1, number(1)), attribute(2, number(0)), attribute(3, attribute(1, value))
    )


def meta_is(key: int, value: int) -> bytes:
    load = expression(b"meta", attribute(2, number(key)), attribute(1, number(1)))
    return load + is_equal(bytes([value]))


def header_is(base: int, offset: int, value: bytes) -> bytes:
    place = (number(1), number(base), number(offset), number(len(value)))
    return expression(b"payload", *map(attribute, (1, 2, 3, 4), place)) + is_equal(value)


def redirect(port: int) -> bytes:
    load = expression(
        b"immediate", attribute(1, number(1)), attribute(2, attribute(1, struct.pack(">H", port)))
    )
    return load + expression(b"redir", attribute(1, number(1)))


def leave() -> bytes:
    verdict = attribute(2, attribute(2, attribute(1, number(NFT_RETURN))))
    return expression(b"immediate", attribute(1, number(0)), verdict)


def rules(ports: "list[int]", listener_port: int) -> "list[bytes]":
    """What the command dials on its own loopback is its own, but for ``ports``; its questions for names are ours."""
    tcp, udp = meta_is(META_L4PROTO, socket.IPPROTO_TCP), meta_is(META_L4PROTO, socket.IPPROTO_UDP)
    named = [tcp + header_is(TRANSPORT_HEADER, 2, struct.pack(">H", port)) for port in ports]
    own = [
        meta_is(META_NFPROTO, NFPROTO_IPV4) + header_is(NETWORK_HEADER, 16, b"\x7f"),
        meta_is(META_NFPROTO, NFPROTO_IPV6)
        + header_is(NETWORK_HEADER, 24, socket.inet_pton(socket.AF_INET6, "::1")),
    ]
    return [
        udp + header_is(TRANSPORT_HEADER, 2, struct.pack(">H", DNS_PORT)) + redirect(DNS_PORT),
        *(match + redirect(listener_port) for match in named),
        *(match + leave() for match in own),
        tcp + redirect(listener_port),
    ]


def divert(ports: "list[int]", listener_port: int) -> None:
    """Leads every connection to ``listener_port``. Raises OSError where the kernel has no nftables to do so."""
    table, chain = attribute(1, b"sserec\0"), b"divert\0"
    hook = attribute(4, attribute(1, number(NF_INET_LOCAL_OUT)), attribute(2, number(DSTNAT_PRIORITY)))
    begin, end = (
        message(kind, 0, struct.pack(">BBH", 0, 0, NFNL_SUBSYS_NFTABLES))
        for kind in (NFNL_BATCH_BEGIN, NFNL_BATCH_END)
    )
    appended = [
        nft(NFT_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, table, attribute(2, chain), attribute(4, rule))
        for rule in rules(ports, listener_port)
    ]
    appended[-1] = acknowledged(appended[-1])
    created = [
        nft(NFT_NEWTABLE, NLM_F_CREATE, table),
        nft(NFT_NEWCHAIN, NLM_F_CREATE, table, attribute(3, chain), hook, attribute(7, b"nat\0")),
    ]
    netlink(NETLINK_NETFILTER, [begin, *created, *appended, end])


def acknowledged(request: bytes) -> bytes:
    """The same, asking to hear of success as well. What fails before it is told instead."""
    size, kind, flags = struct.unpack_from("IHH", request)
    return struct.pack("IHH", size, kind, flags | NLM_F_ACK) + request[8:]


def lay_over(pairs: "list[tuple[str, str]]") -> None:
    """Lays files over those of the system, for the command's eyes alone."""
    check(libc.mount(b"none", b"/", None, MS_REC | MS_SLAVE, None))
    for source, target in pairs:
        if os.path.exists(target):
            check(libc.mount(source.encode(), os.path.realpath(target).encode(), None, MS_BIND, None))


def listen(ports: "list[int]") -> "list[socket.socket]":
    """One listener for all ports, or one for each of ``ports``; the last socket gets the questions for names."""
    everything = listener(0)
    try:
        divert(ports, everything.getsockname()[1])
        sockets = [everything]
    except OSError:
        everything.close()
        sockets = [listener(port) for port in ports]
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", DNS_PORT))
    return [*sockets, names]


def listener(port: int) -> socket.socket:
    """On every address, of IPv6 too where there is such a thing."""
    if not socket.has_dualstack_ipv6():
        return socket.create_server(("0.0.0.0", port), backlog=BACKLOG)
    return socket.create_server(("::", port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True)


def enclose(control: socket.socket, resolv_conf: str, bundle: str, ports: "list[int]") -> None:
    """Builds the namespace and hands out its listeners; returns when the recorder has them."""
    enter_namespaces()
    raise_loopback()
    lay_over([(resolv_conf, "/etc/resolv.conf"), *((bundle, path) for path in SYSTEM_BUNDLES)])
    sockets = listen(ports)
    socket.send_fds(control, [b"L"], [sock.fileno() for sock in sockets])
    for sock in sockets:
        sock.close()
    if not control.recv(1):
        raise SystemExit(1)  # the recorder is gone


def main() -> None:
    number, resolv_conf, bundle, ports, *command = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    control = socket.socket(fileno=int(number))
    control.set_inheritable(False)
    try:
        enclose(control, resolv_conf, bundle, [int(port) for port in ports.split(",")])
        for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored_by_python, signal.SIG_DFL)
        if not command[0]:
            raise OSError(errno.ENOENT, "")  # in Python's words a ValueError
        os.execvp(command[0], command)
    except OSError as fault:
        control.send(b"E%d" % (fault.errno or errno.EPERM))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
