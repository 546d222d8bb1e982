"""What can be exported: an exchange as it stands, or one interaction stitched from all exchanges about it."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Protocol

from sserec.conversations import new_input_steps
from sserec.errors import DamagedArchive
from sserec.export.answer import Answer, Json, answer_of
from sserec.interactions.events import parse_json
from sserec.recording import Exchange, RecordedEvent


class Subject(Protocol):
    """What one object of the output speaks of."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Those it was made from, in order."""

    @property
    def answer(self) -> Answer | None:
        """None where there is no interaction in it."""

    @property
    def given(self) -> list[Json]:
        """The steps that the caller gave; empty where the request tells none."""

    def events(self) -> Iterator[tuple[int, RecordedEvent]]:
        """Its events, each with the number of its exchange."""


class OneExchange:
    """An exchange as it stands."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchanges = (exchange,)

    @cached_property
    def answer(self) -> Answer | None:
        return answer_of(self.exchanges[0])

    @cached_property
    def given(self) -> list[Json]:
        return given_by(self.exchanges[0])

    def events(self) -> Iterator[tuple[int, RecordedEvent]]:
        exchange = self.exchanges[0]
        return ((exchange.number, recorded) for recorded in exchange.events())


def answers(subjects: Iterable[Subject]) -> list[Answer]:
    """The interactions of those that hold one."""
    return [subject.answer for subject in subjects if subject.answer is not None]


def request_body(exchange: Exchange) -> bytes | None:
    """The request's body; None where damage took a part of it."""
    try:
        return exchange.record.request_body()
    except DamagedArchive:
        return None


def request_json(exchange: Exchange) -> Json | None:
    """The request's JSON object; None where it is none."""
    try:
        value = parse_json((request_body(exchange) or b"").decode())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def given_by(exchange: Exchange) -> list[Json]:
    """What the request gave the model that it had not been given before."""
    return new_input_steps((request_json(exchange) or {}).get("input"))
