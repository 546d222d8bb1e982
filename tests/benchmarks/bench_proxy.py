"""What the recorder adds to a stream, against a direct connection and against mitmdump, interleaved in one run.

    pip install sserec[test]; pip install mitmproxy    (in an environment of its own)
    python tests/benchmarks/bench_proxy.py [PATH-OF-MITMDUMP] [ROUNDS]

Every variant gets the same server and the same client, in turn, round by round; a figure is the median of its rounds.
TLS on both sides, and both proxies write what they see to a file: sserec every byte and its time, mitmdump (with
stream_large_bodies=1, without which it holds a stream back until its end) the heads alone. What counts are the ratios.
"""

import json
import os
import re
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from upstream_wire import TestAuthority

LOAD = str(Path(__file__).with_name("proxy_load.py"))

ONE_STREAM = ("events", 400, 1, 5.0)
MANY_STREAMS = ("events", 150, 200, 20.0)
FIRST = ("first", 30, 1, 0.0)
BULK = ("bulk", 8_000, 1, 0.0)  # 128 MB


@dataclass(frozen=True)
class Variant:
    """A way from the client to the server."""

    name: str
    proxy: str
    ca_file: Path
    pid: int | None = None

    def cpu_s(self) -> float:
        """What its process has used so far, threads and all."""
        if self.pid is None:
            return 0.0
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def peak_mb(self) -> float:
        if self.pid is None:
            return 0.0
        match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert match
        return int(match[1]) / 1000


def direct(ca_file: Path) -> Variant:
    return Variant("direct", "-", ca_file)


@contextmanager
def sserec(folder: Path, ca_file: Path) -> Iterator[Variant]:
    words = [sys.executable, "-m", "sserec", "proxy", "-q", "-d", str(folder / "recordings")]
    with subprocess.Popen(
        [*words, "--upstream-ca", str(ca_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        exported = {}
        while "https_proxy" not in exported or "SSL_CERT_FILE" not in exported:
            name, _, value = process.stdout.readline().removeprefix("export ").partition("=")
            exported[name] = shlex.split(value)[0]
        yield Variant("sserec", exported["https_proxy"], Path(exported["SSL_CERT_FILE"]), process.pid)
        process.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def mitmdump(program: str, folder: Path, ca_file: Path) -> Iterator[Variant]:
    port, settings = free_port(), folder / "mitm"
    words = [program, "-q", "--listen-host", "127.0.0.1", "-p", str(port), "-w", str(folder / "flows")]
    for setting in (
        f"confdir={settings}",
        "stream_large_bodies=1",
        f"ssl_verify_upstream_trusted_ca={ca_file}",
    ):
        words += ["--set", setting]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        certificate = settings / "mitmproxy-ca-cert.pem"
        while not certificate.exists():
            time.sleep(0.1)
        time.sleep(2)
        yield Variant("mitmdump", f"http://127.0.0.1:{port}", certificate, process.pid)
        process.terminate()


@contextmanager
def server(folder: Path) -> Iterator[int]:
    command = [sys.executable, LOAD, "serve", str(folder / "test-server.pem")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.kill()


Figures = dict[str, list[float]]


def measure(variant: Variant, port: int, load: tuple[str, int, int, float], figures: Figures) -> None:
    role, count, streams, gap_ms = load
    words = [sys.executable, LOAD, role, str(port), str(variant.ca_file), variant.proxy]
    cpu_s = variant.cpu_s()
    done = subprocess.run(
        [*words, str(count), str(streams), str(gap_ms)], capture_output=True, check=True, text=True
    )
    cpu_s = variant.cpu_s() - cpu_s
    result = json.loads(done.stdout)
    if role == "bulk":
        figures["bulk MB/s"].append(result["bytes_per_s"] / 1e6)
    elif role == "first":
        figures["first event ms"].append(statistics.median(result["first_ns"]) / 1e6)
    else:
        late_ns, name = result["late_ns"], "1 stream" if streams == 1 else f"{streams} streams"
        figures[f"{name}: p50 ms"].append(late_ns[len(late_ns) // 2] / 1e6)
        figures[f"{name}: p99 ms"].append(late_ns[len(late_ns) * 99 // 100] / 1e6)
        figures[f"{name}: CPU us/event"].append(cpu_s / len(late_ns) * 1e6)
        figures[f"{name}: events lost"].append(count * streams - len(late_ns))


def report(figures: dict[str, Figures]) -> None:
    names = list(figures)
    print(f"{'':28}" + "".join(f"{name:>12}" for name in names) + f"{'÷ mitmdump':>14}{'added ÷':>10}")
    for row in figures["direct"]:
        values = {name: statistics.median(figures[name][row]) for name in names}
        print(
            f"{row:28}" + "".join(f"{values[name]:12.3f}" for name in names) + ratios(row, values), flush=True
        )


def ratios(row: str, values: dict[str, float]) -> str:
    if "mitmdump" not in values or not values["mitmdump"]:
        return ""
    added = {name: value - values["direct"] for name, value in values.items()}
    over = f"{added['sserec'] / added['mitmdump']:10.2f}" if row.endswith("ms") and added["mitmdump"] else ""
    return f"{values['sserec'] / values['mitmdump']:14.2f}{over}"


def main(program: str | None = None, rounds: str = "5") -> None:
    figures: dict[str, Figures] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        ca_file = TestAuthority(folder).ca_file
        port = stack.enter_context(server(folder))
        variants = [direct(ca_file), stack.enter_context(sserec(folder, ca_file))]
        if program:
            variants.append(stack.enter_context(mitmdump(program, folder, ca_file)))
        print(f"load average at the start: {os.getloadavg()}")
        for load in (ONE_STREAM, FIRST, MANY_STREAMS, BULK):
            for _ in range(int(rounds)):
                for variant in variants:
                    measure(variant, port, load, figures[variant.name])
        for variant in variants:
            figures[variant.name]["peak memory MB"].append(variant.peak_mb())
        print(f"load average at the end: {os.getloadavg()}")
        report(figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
