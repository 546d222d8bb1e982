"""Content codings, decoded chunk by chunk as they become readable (RFC 9110, section 8.4), sans I/O.

Knows gzip, deflate, br and zstd and how heads name them; must not know exchanges or files. A coding that is unknown,
breaks in the middle or blows up beyond a bound is kept as it came from there on: bytes that nobody could decode are
better evidence than none.
"""

import zlib
from collections.abc import Callable
from typing import Protocol

from sserec.proxy.http1 import list_field
from sserec.records import Headers

MAX_DECODED_BYTES = 16 * 1024 * 1024
"""What one chunk (at most 64 KiB on the wire) may decode to: gzip expands real text some 10 times, zeros 1030 times."""
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
RAW_DEFLATE = -zlib.MAX_WBITS
ZSTD_MAX_WINDOW_BYTES = 8 * 1024 * 1024
"""What a decoder of the content coding has to support, and no more (RFC 9659, section 3)."""
ZSTD_SLICE_BYTES = 64
"""The library has no limit for output, and a zstd block of 4 bytes may decode to 128 KiB: so it gets little a call."""


class CodingError(Exception):
    """The bytes are not of this coding, or too much comes out of them."""


class Decoder(Protocol):
    """One coding of one body."""

    def feed(self, data: bytes) -> bytes:
        """The content that ``data`` makes readable; raises CodingError."""


class GzipDecoder:
    """gzip, with as many members as there are."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(GZIP_OR_ZLIB)

    def feed(self, data: bytes) -> bytes:
        decoded = b""
        while data:
            decoded += inflate(self._member, data, MAX_DECODED_BYTES - len(decoded))
            data = self._member.unused_data
            if self._member.eof:
                self._member = zlib.decompressobj(GZIP_OR_ZLIB)
        return decoded


class DeflateDecoder:
    """deflate in the zlib wrapper that RFC 9110 demands, or without it, as some servers send it."""

    def __init__(self) -> None:
        self._beginning = b""
        self._stream: zlib._Decompress | None = None

    def feed(self, data: bytes) -> bytes:
        if self._stream is None:
            data = self._beginning = self._beginning + data
            if len(data) < 2:
                return b""
            self._stream = zlib.decompressobj(GZIP_OR_ZLIB if is_zlib(data) else RAW_DEFLATE)
        return inflate(self._stream, data, MAX_DECODED_BYTES)


class BrotliDecoder:
    def __init__(self) -> None:
        import brotli  # here and not at the top: few recordings need it

        self._stream = brotli.Decompressor()
        self._error: type[Exception] = brotli.error

    def feed(self, data: bytes) -> bytes:
        try:
            decoded: bytes = self._stream.process(data, output_buffer_limit=MAX_DECODED_BYTES)
        except self._error as error:
            raise CodingError(str(error)) from error
        if len(decoded) >= MAX_DECODED_BYTES:
            raise too_much()
        return decoded


class ZstdDecoder:
    """zstd, with as many frames as there are."""

    def __init__(self) -> None:
        import zstandard

        self._context = zstandard.ZstdDecompressor(max_window_size=ZSTD_MAX_WINDOW_BYTES)
        self._error: type[Exception] = zstandard.ZstdError
        self._frame = self._context.decompressobj()

    def feed(self, data: bytes) -> bytes:
        decoded = bytearray()
        for start in range(0, len(data), ZSTD_SLICE_BYTES):
            decoded += self._slice(data[start : start + ZSTD_SLICE_BYTES])
            if len(decoded) > MAX_DECODED_BYTES:
                raise too_much()
        return bytes(decoded)

    def _slice(self, data: bytes) -> bytes:
        decoded = b""
        while data:
            try:
                decoded += self._frame.decompress(data)
            except self._error as error:
                raise CodingError(str(error)) from error
            data = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = self._context.decompressobj()
        return decoded


DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": GzipDecoder,
    "x-gzip": GzipDecoder,
    "deflate": DeflateDecoder,
    "br": BrotliDecoder,
    "zstd": ZstdDecoder,
}


class BodyDecoder:
    """All codings of one body, the last applied one first."""

    def __init__(self, headers: Headers) -> None:
        self.fault: str | None = None
        """Why bytes are now kept as they come: the first reason there was."""
        names = codings(headers)
        unknown = [name for name in names if name not in DECODERS]
        if unknown:
            self.fault = f"unknown content coding {', '.join(unknown)}"
        self.is_coded = bool(names) and not unknown
        """Content is decoded, so that its size on the wire is another one."""
        self._decoders = [DECODERS[name]() for name in reversed(names)] if self.is_coded else []

    def feed(self, data: bytes) -> bytes:
        """The content that ``data`` makes readable, or ``data`` itself after a fault. Never raises."""
        if self.fault is not None:
            return data
        content = data
        try:
            for decoder in self._decoders:
                content = decoder.feed(content)
        except CodingError as error:
            self.fault = f"content coding broken: {error}"
            return data
        return content


def codings(headers: Headers) -> list[str]:
    """What a body went through in the order of application; chunked is framing and not among them."""
    names = list_field(headers, "content-encoding") + list_field(headers, "transfer-encoding")
    return [name.lower() for name in names if name.lower() not in ("identity", "chunked")]


def inflate(stream: "zlib._Decompress", data: bytes, limit: int) -> bytes:
    try:
        decoded = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise CodingError(str(error)) from error
    if len(decoded) > limit:
        raise too_much()
    return decoded


def is_zlib(data: bytes) -> bool:
    """The header of RFC 1950, section 2.2: method 8 and a check on 31."""
    return data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0


def too_much() -> CodingError:
    return CodingError(f"more than {MAX_DECODED_BYTES:,} bytes out of one chunk")
