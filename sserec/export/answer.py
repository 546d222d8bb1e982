"""What an exchange was answered with: the interaction, and all there is to say about it."""

from dataclasses import dataclass
from typing import Any

from sserec.errors import DamagedArchive
from sserec.interactions.events import parse_json
from sserec.recording import Exchange
from sserec.records import Diagnostic

Json = dict[str, Any]

MAX_UNARY_BYTES = 256 << 20
"""A whole response is parsed at once; the largest known ones, with images, have a tenth of this."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A diagnostic, and the exchange that it speaks of."""

    exchange: int
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Answer:
    """An interaction as it was answered, by one exchange or by several."""

    exchanges: tuple[int, ...]
    interaction: Json
    remarks: tuple[Remark, ...]
    is_complete: bool
    """Nothing of the interaction is missing."""


def answer_of(exchange: Exchange) -> Answer | None:
    """The exchange's interaction, streamed or not; None where it holds none."""
    return _assembled(exchange) if exchange.is_event_stream else _unary(exchange)


def _assembled(exchange: Exchange) -> Answer | None:
    assembly = exchange.assembly()
    if assembly.interaction is None:
        return None
    remarks = tuple(Remark(exchange.number, diagnostic) for diagnostic in assembly.diagnostics)
    return Answer((exchange.number,), assembly.interaction, remarks, assembly.is_complete)


def _unary(exchange: Exchange) -> Answer | None:
    """A response that was never streamed passes through as it is."""
    if exchange.record.body_size_bytes > MAX_UNARY_BYTES:
        return None
    try:
        interaction = parse_json(exchange.body().decode())
    except (ValueError, DamagedArchive):
        return None
    if not isinstance(interaction, dict) or interaction.get("object") != "interaction":
        return None
    return Answer((exchange.number,), interaction, (), is_complete=True)
