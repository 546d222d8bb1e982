"""The two ends of bench_proxy.py, each a process of its own: a server that stamps its events, a client that reads them.

    python proxy_load.py serve CERTIFICATE               prints its port
    python proxy_load.py events|first|bulk PORT CA PROXY N STREAMS GAP_MS    prints JSON

Stamps are CLOCK_MONOTONIC, which all processes of a machine share. PROXY is a URL, or ``-`` for a direct connection.
"""

import asyncio
import base64
import json
import ssl
import sys
import time
from collections.abc import AsyncIterator
from functools import cache
from urllib.parse import unquote, urlsplit

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
PAD = "x" * 150
LAST_CHUNK = b"\r\n0\r\n\r\n"
BULK_PIECE = b"data: " + b"x" * 16_000 + b"\n\n"

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event() -> bytes:
    return json.dumps({"t": time.monotonic_ns(), "text": PAD}).encode()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """``/COUNT/GAP_MS``: that many events; a gap below zero means bulk."""
    request = await reader.readuntil(b"\r\n\r\n")
    _, count, gap_ms = request.split(b" ")[1].split(b"/")
    writer.write(HEAD)
    gap_s = float(gap_ms) / 1000
    due_s = time.monotonic()
    for _ in range(int(count)):
        writer.write(chunk(BULK_PIECE if gap_s < 0 else b"data: " + event() + b"\n\n"))
        await writer.drain()
        due_s += max(gap_s, 0)
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
    writer.write(LAST_CHUNK[2:])
    await writer.drain()
    writer.close()


async def serve(certificate: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@cache
def trust(ca: str) -> ssl.SSLContext:
    """Loaded once: a bundle of a whole system's authorities takes longer than a handshake."""
    return ssl.create_default_context(cafile=ca)


async def connect(port: int, ca: str, proxy: str) -> Pair:
    context = trust(ca)
    if proxy == "-":
        return await asyncio.open_connection("127.0.0.1", port, ssl=context)
    url = urlsplit(proxy)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    target = f"127.0.0.1:{port}"
    pair = f"{unquote(url.username or '')}:{unquote(url.password or '')}".encode()
    field = b"Proxy-Authorization: Basic " + base64.b64encode(pair) + b"\r\n" if url.username else b""
    writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode() + field + b"\r\n")
    await reader.readuntil(b"\r\n\r\n")
    await writer.start_tls(context, server_hostname="127.0.0.1")
    return reader, writer


async def lines(pair: Pair, count: int, gap_ms: float) -> AsyncIterator[bytes]:
    reader, writer = pair
    writer.write(f"GET /{count}/{gap_ms} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    async for line in reader:
        yield line
        if line == b"0\r\n":
            break
    writer.close()


async def one_stream(port: int, ca: str, proxy: str, count: int, gap_ms: float) -> list[int]:
    """How late each event was, in nanoseconds."""
    pair = await connect(port, ca, proxy)
    return [
        time.monotonic_ns() - json.loads(line[6:])["t"]
        async for line in lines(pair, count, gap_ms)
        if line.startswith(b"data: ")
    ]


async def events(
    port: int, ca: str, proxy: str, count: int, streams: int, gap_ms: float
) -> dict[str, object]:
    trust(ca)
    all_late = await asyncio.gather(*(one_stream(port, ca, proxy, count, gap_ms) for _ in range(streams)))
    return {"late_ns": sorted(late for one in all_late for late in one)}


async def first(port: int, ca: str, proxy: str, count: int, streams: int, gap_ms: float) -> dict[str, object]:
    """From the first SYN to the first event, on ``count`` new connections in turn."""
    times = []
    trust(ca)
    for _ in range(count):
        start_ns = time.monotonic_ns()
        pair = await connect(port, ca, proxy)
        times += [
            time.monotonic_ns() - start_ns async for line in lines(pair, 1, 0) if line.startswith(b"data: ")
        ]
    return {"first_ns": sorted(times)}


async def bulk(port: int, ca: str, proxy: str, count: int, streams: int, gap_ms: float) -> dict[str, object]:
    reader, writer = await connect(port, ca, proxy)
    start_ns, size_bytes, tail = time.monotonic_ns(), 0, b""
    writer.write(f"GET /{count}/-1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    while not tail.endswith(LAST_CHUNK) and (data := await reader.read(1 << 20)):
        size_bytes += len(data)
        tail = tail[-len(LAST_CHUNK) :] + data
    writer.close()
    return {"bytes_per_s": size_bytes / (time.monotonic_ns() - start_ns) * 1e9}


def main(role: str, *arguments: str) -> None:
    if role == "serve":
        asyncio.run(serve(*arguments))
        return
    port, ca, proxy, count, streams, gap_ms = arguments
    measure = {"events": events, "first": first, "bulk": bulk}[role]
    result = asyncio.run(measure(int(port), ca, proxy, int(count), int(streams), float(gap_ms)))
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
