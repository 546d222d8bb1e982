"""A line for each part that ``sserec export --format media`` saved, or could not."""

from pathlib import PurePath

from sserec.display import printable, size
from sserec.export.media import Saved

NO_TYPE = "no type"


def media_line(saved: Saved, folder: str) -> str:
    """``shots/exchange1-step2-part1.png  image/png  3.1 kB``."""
    media = saved.media
    type_ = printable(media.mime_type or NO_TYPE)
    if saved.size_bytes is not None:
        return f"{printable(str(PurePath(folder, media.name)))}  {type_}  {size(saved.size_bytes)}"
    place = f"exchange {media.exchange}, step {media.step}, part {media.part}"
    if saved.problem is not None:
        return f"{place}  {type_}  not written: {printable(saved.problem)}"
    return f"{place}  {type_}  not fetched: {printable(media.uri or 'neither data nor uri')}"
