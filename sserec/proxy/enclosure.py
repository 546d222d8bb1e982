"""Runs a command in a network of its own: a script, started by ``sserec.proxy.isolation``, alone in its process.

    python -I -S enclosure.py CONTROL-FD RESOLV-CONF BUNDLE PORTS COMMAND...

The network namespace holds nothing but a loopback interface, and a route by which every address of the world is on it:
whatever the command dials ends at a listener here. The listeners are handed to the recorder, which reads what comes.
No root is needed: a user namespace gives this process, and nobody else, the rights that it takes to build that.

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

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_SLAVE = 0x1000, 0x4000, 0x80000
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
RTM_NEWROUTE, NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE = 24, 0x1, 0x4, 0x400
RT_TABLE_LOCAL, RTPROT_BOOT, RT_SCOPE_HOST, RTN_LOCAL, RTA_OIF = 255, 3, 254, 2, 4

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
    route = struct.pack(
        "BBBBBBBBI", socket.AF_INET, 0, 0, 0, RT_TABLE_LOCAL, RTPROT_BOOT, RT_SCOPE_HOST, RTN_LOCAL, 0
    ) + struct.pack("HHi", 8, RTA_OIF, socket.if_nametoindex("lo"))
    flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.send(struct.pack("IHHII", 16 + len(route), RTM_NEWROUTE, flags, 1, 0) + route)
        (error,) = struct.unpack_from("i", sock.recv(4096), 16)
    if error:
        raise OSError(-error, os.strerror(-error))


def lay_over(pairs: "list[tuple[str, str]]") -> None:
    """Lays files over those of the system, for the command's eyes alone."""
    check(libc.mount(b"none", b"/", None, MS_REC | MS_SLAVE, None))
    for source, target in pairs:
        if os.path.exists(target):
            check(libc.mount(source.encode(), os.path.realpath(target).encode(), None, MS_BIND, None))


def listen(ports: "list[int]") -> "list[socket.socket]":
    """A listener a port, on every address; the last socket gets the questions for names."""
    sockets = [socket.create_server(("0.0.0.0", port), backlog=BACKLOG) for port in ports]
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    return [*sockets, names]


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
        os.execvp(command[0], command)
    except OSError as fault:
        control.send(b"E%d" % (fault.errno or errno.EPERM))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
