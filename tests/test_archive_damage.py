"""Damaged files: 0 silently wrong bytes, 0 silent loss, no exception that is not sserec's own."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from archive_support import EVENT_STREAM, REQUEST, Model, close, damaged_copies, open_writer
from sserec.archive import finalise

STATES = ("journal", "final")


def write_conversation(path: Path, exchanges: int = 6, seed: int = 3) -> None:
    """Interleaved streams with heads, bodies and a few kilobytes each."""
    rng = random.Random(seed)
    with open_writer(path) as writer:
        numbers = []
        t_ns = 0
        for _ in range(exchanges):
            numbers.append(writer.open_exchange(REQUEST, t_ns))
            writer.request_body(numbers[-1], rng.randbytes(40).hex().encode())
            writer.response(numbers[-1], EVENT_STREAM, t_ns)
        for step in range(120):
            t_ns += rng.randrange(1, 9_000_000)
            text = rng.randbytes(rng.randrange(1, 40)).hex()
            writer.chunk(rng.choice(numbers), f"event: e{step % 3}\ndata: {text}\n\n".encode(), t_ns)
        for number in numbers:
            writer.close_exchange(number, close(t_ns))


@pytest.fixture(scope="module", params=STATES)
def conversation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording in either state."""
    path = tmp_path_factory.mktemp("conversation") / "whole.sse.zst"
    write_conversation(path)
    if request.param == "final":
        finalise(path)
    return path


@pytest.mark.parametrize("use_index", [True, False], ids=["by index", "by scan"])
def test_a_damaged_file_never_gives_a_wrong_byte_and_never_hides_a_loss(
    conversation: Path, tmp_path: Path, use_index: bool
) -> None:
    model = Model.of(conversation)
    damaged = tmp_path / "damaged.sse.zst"
    for kind, data in damaged_copies(conversation.read_bytes(), 250, seed=11):
        damaged.write_bytes(data)
        try:
            model.missing_from(damaged, use_index=use_index)
        except Exception as error:
            error.add_note(kind)
            (tmp_path / "kept.sse.zst").write_bytes(data)
            raise
