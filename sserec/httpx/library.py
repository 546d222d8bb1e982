"""What httpx and httpx2 have in common: they are one library under two names, and insist on their own classes."""

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from sserec.records import Headers


class Body:
    """A response's stream in both kinds of client. Its subclasses are streams to their library as well."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        async_chunks: AsyncGenerator[bytes],
        closed: Callable[[], object],
        closing: Any = None,
    ) -> None:
        self._chunks = chunks
        self._async_chunks = async_chunks
        self._closed = closed
        self._closing = closing

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._async_chunks

    def close(self) -> None:
        self._closed()
        if self._closing is not None:
            self._closing.close()

    async def aclose(self) -> None:
        self._closed()
        await self._async_chunks.aclose()
        if self._closing is not None:
            await self._closing.aclose()


def library_of(request: Any) -> ModuleType:
    """httpx or httpx2, whichever made the request."""
    return sys.modules[type(request).__module__.partition(".")[0]]


@cache
def stream_class(library: ModuleType) -> type[Body]:
    """A body that the library accepts as its own: clients insist on that."""
    return type("Body", (Body, library.SyncByteStream, library.AsyncByteStream), {})


def fields_of(headers: Any) -> Headers:
    """Names and values as they were written."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw)


def raw_fields(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
