"""Ways to cut one byte stream into reads: what a sans-I/O reader says may not depend on them."""

import random
from collections.abc import Iterator


def splits(data: bytes, *, seed: int = 0) -> Iterator[list[bytes]]:
    """Whole, byte by byte, every split in two, and some at random."""
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]
    chance = random.Random(seed)
    for _ in range(20):
        yield at_random(data, chance)


def at_random(data: bytes, chance: random.Random) -> list[bytes]:
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 8)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """One to three flips, cuts or repetitions somewhere in ``data``."""
    for _ in range(chance.randrange(1, 4)):
        at, size = chance.randrange(len(data) or 1), chance.randrange(1, 9)
        match chance.randrange(4):
            case 0:
                data = data[:at] + chance.randbytes(1) + data[at + 1 :]
            case 1:
                data = data[:at] + data[at + size :]
            case 2:
                data = data[:at] + data[at : at + size] + data[at:]
            case 3:
                data = data[:at] + chance.randbytes(size) + data[at:]
    return data
