"""A recorded image as coloured cells: two dots a cell, one above the other.

Knows Pillow, where it is installed, and how little a recording is to be believed; must not know a terminal. Invariant:
whatever the bytes are, nothing is decoded of which the head says that it takes more than :data:`MAX_DOTS`, and what
cannot be shown says why.
"""

import warnings
from binascii import Error as NotBase64
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from typing import Any, NamedTuple

from sserec.display import size
from sserec.errors import UsageError
from sserec.tui.model.answer import Media

MAX_BYTES = 32 << 20
MAX_DOTS = 1 << 24
"""4096 × 4096, which takes 64 MB while it is made smaller."""
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
"""What models make and are shown. Pillow reads forty others, some by programs that it starts."""
HINT = 'pip install "sserec[images]" shows it'


class CannotShow(UsageError):
    """No picture comes of these bytes."""


Color = tuple[int, int, int]


class Cell(NamedTuple):
    """Two dots."""

    upper: Color
    lower: Color


class Room(NamedTuple):
    """How large a picture may become, in cells, and what shines through it."""

    columns: int
    rows: int
    ground: Color


class Picture(NamedTuple):
    """An image in cells."""

    rows: tuple[tuple[Cell, ...], ...]
    width: int
    """In dots, as it was sent."""
    height: int


def is_image(media: Media) -> bool:
    """Whether it may become a picture."""
    return bool(media.data) and media.mime_type.startswith("image/")


def can_draw() -> bool:
    """Whether Pillow is here."""
    return find_spec("PIL") is not None


def picture(media: Media, room: Room) -> Picture:
    """The image as large as there is room, and no larger than it is. Raises CannotShow."""
    if media.size_bytes > MAX_BYTES:
        raise CannotShow(f"{size(media.size_bytes)} are too much to be shown here")
    try:
        data = media.content()
    except NotBase64:
        raise CannotShow("its data are not base64") from None
    return drawn(data, room)


def drawn(data: bytes, room: Room) -> Picture:
    """The same of the bytes of a file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(data), formats=FORMATS)
        width, height = image.size
        if width * height > MAX_DOTS:
            raise CannotShow(f"{width:,} × {height:,} dots are too many to be shown here")
        return Picture(tuple(rows_of(shrunk(image, room))), width, height)
    except CannotShow:
        raise
    except UnidentifiedImageError:
        raise CannotShow(f"it is none of {', '.join(FORMATS)}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise CannotShow("it says of itself to be too large to be shown") from None
    except (
        Exception
    ) as fault:  # a decoder that is fed by a server raises what it likes, struct.error among them
        raise CannotShow(f"it cannot be read: {fault}") from fault


def shrunk(image: Any, room: Room) -> Any:
    """Without transparency, in an even number of rows of dots."""
    from PIL import Image

    if image.mode == "P":  # of a palette no colour between two can be taken
        image = image.convert("RGBA")
    image.thumbnail((room.columns, room.rows * 2))
    small = image.convert("RGBA")
    flat = Image.new("RGBA", (small.width, small.height + small.height % 2), (*room.ground, 255))
    flat.alpha_composite(small)
    return flat.convert("RGB")


def rows_of(image: Any) -> Iterator[tuple[Cell, ...]]:
    data, row_bytes = image.tobytes(), image.width * 3
    for start in range(0, len(data), 2 * row_bytes):
        upper, lower = data[start : start + row_bytes], data[start + row_bytes : start + 2 * row_bytes]
        yield tuple(Cell(*dots) for dots in zip(colors(upper), colors(lower), strict=True))


def colors(row: bytes) -> Iterator[Color]:
    red, green, blue = row[0::3], row[1::3], row[2::3]
    return zip(red, green, blue, strict=True)
