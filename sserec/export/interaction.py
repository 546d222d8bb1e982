"""The default export: the interaction object that ``stream:false`` would have returned."""

from dataclasses import dataclass
from typing import Any

import orjson

from sserec.errors import DamagedArchive
from sserec.recording import Exchange
from sserec.records import Diagnostic

Json = dict[str, Any]

MAX_UNARY_BYTES = 256 << 20
"""A whole response is parsed at once; the largest known ones, with images, have a tenth of this."""


@dataclass(frozen=True, slots=True)
class ExportedInteraction:
    """An exchange's interaction and all there is to say about it."""

    exchange: int
    interaction: Json
    diagnostics: tuple[Diagnostic, ...]
    is_complete: bool

    def document(self, *, with_diagnostics: bool) -> Json:
        """The interaction itself, or an object that holds it beside its diagnostics."""
        if not with_diagnostics:
            return self.interaction
        return {
            "exchange": self.exchange,
            "interaction": self.interaction,
            "complete": self.is_complete,
            "diagnostics": self.diagnostics,
        }


def export_interaction(exchange: Exchange) -> ExportedInteraction | None:
    """The exchange's interaction, streamed or not; None where it holds none."""
    if exchange.is_event_stream:
        return _assembled(exchange)
    return _unary(exchange)


def _assembled(exchange: Exchange) -> ExportedInteraction | None:
    assembly = exchange.assembly()
    if assembly.interaction is None:
        return None
    return ExportedInteraction(
        exchange.number, assembly.interaction, assembly.diagnostics, assembly.is_complete
    )


def _unary(exchange: Exchange) -> ExportedInteraction | None:
    """A response that was never streamed passes through as it is."""
    if exchange.record.body_size_bytes > MAX_UNARY_BYTES:
        return None
    try:
        interaction = orjson.loads(exchange.body())
    except (orjson.JSONDecodeError, DamagedArchive):
        return None
    if not isinstance(interaction, dict) or interaction.get("object") != "interaction":
        return None
    return ExportedInteraction(exchange.number, interaction, (), is_complete=True)
