"""Two recordings compared: which exchange is compared with which, and what holds over all of them.

Knows recordings by their exchanges; must not know files. Exchanges are aligned by what they asked of which address, so
one more of them does not change all behind it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sserec.diff.difference import Aspect, Difference
from sserec.diff.exchanges import ExchangeDiff, Options, Where, compare_exchanges
from sserec.diff.pairing import Pairing
from sserec.diff.rows import Keys, Kind, rows
from sserec.diff.told import of_change
from sserec.diff.values import Change
from sserec.diff.volatile import Rules
from sserec.readable import ReadableExchange

ASPECTS = list(Aspect)
"""In the order in which they are told."""

Pair: TypeAlias = tuple[ReadableExchange | None, ReadableExchange | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two recordings."""

    exchanges: tuple[ExchangeDiff, ...]
    unpaired: tuple[Difference, ...]
    """Exchanges that only one of them has."""

    @property
    def is_same(self) -> bool:
        return not self.unpaired and all(exchange.is_same for exchange in self.exchanges)

    @property
    def count(self) -> int:
        """How many differences there are."""
        return len(self.unpaired) + sum(exchange.count for exchange in self.exchanges)


def pairs_of(a: Sequence[ReadableExchange], b: Sequence[ReadableExchange]) -> list[Pair]:
    """Which exchange belongs to which; None where one has no counterpart."""
    keys = [Keys([_key(one) for one in side], ["" for _ in side]) for side in (a, b)]
    pairs: list[Pair] = []
    for row in rows(*keys):
        if row.kind is Kind.MOVED and row.a is None:
            continue
        of_b = row.twin if row.kind is Kind.MOVED else row.b
        pairs.append((None if row.a is None else a[row.a], None if of_b is None else b[of_b]))
    return pairs


def compare_pairs(
    pairs: Sequence[Pair], options: Options | None = None, tell: Callable[[int], None] = lambda count: None
) -> Comparison:
    """Compares exchanges pair by pair. ``tell`` is told how many events were read, some at a time.

    Raises UsageError for a path that is none.
    """
    options = options or Options()
    rules = Rules(exact=options.exact, ignored=options.ignored)
    pairing: Pairing[Where] = Pairing()
    compared = [
        compare_exchanges(a, b, options, rules, pairing, tell)
        for a, b in pairs
        if a is not None and b is not None
    ]
    _tell_misfits(pairing)
    return Comparison(tuple(compared), tuple(_unpaired(pairs)))


def _tell_misfits(pairing: Pairing[Where]) -> None:
    """Adds the volatile values that are not the same everywhere, each to the exchange where it was first seen."""
    for misfit in pairing.misfits():
        exchange, aspect, path, b_path = misfit.where
        change = Change(Kind.CHANGED, path, b_path, misfit.a, misfit.b, misfit.count)
        exchange.around.append(of_change(aspect, change))
        exchange.around.sort(key=lambda difference: ASPECTS.index(difference.aspect))


def _unpaired(pairs: Sequence[Pair]) -> Iterator[Difference]:
    for a, b in pairs:
        if b is None and a is not None:
            yield Difference(Aspect.EXCHANGE, Kind.ONLY_A, f"exchange[{a.number}]", a=_called(a))
        elif a is None and b is not None:
            yield Difference(Aspect.EXCHANGE, Kind.ONLY_B, f"exchange[{b.number}]", b=_called(b))


def _key(exchange: ReadableExchange) -> bytes:
    request, opaque = exchange.request, exchange.record.opaque
    if request is None:
        return b"" if opaque is None else f"opaque {opaque.target}".encode()
    return f"{request.method} {request.url.partition('?')[0]}".encode()


def _called(exchange: ReadableExchange) -> str:
    request, opaque = exchange.request, exchange.record.opaque
    if request is None:
        return "no request" if opaque is None else f"a connection to {opaque.target} that could not be read"
    return f"{request.method} {request.url}"
