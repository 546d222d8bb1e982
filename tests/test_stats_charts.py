"""Drawings of counts and times."""

import pytest

from sserec.cli.charts import (
    ASCII,
    BLOCKS,
    Span,
    axis,
    band_line,
    bars,
    density_line,
    ink,
    sparkline,
    stall_line,
)
from sserec.timeline import Band, Stall

SPAN = Span(0, 100, 20)


@pytest.mark.parametrize(
    ("encoding", "chosen"), [("utf-8", BLOCKS), ("latin-1", ASCII), ("ascii", ASCII), ("?", ASCII)]
)
def test_what_an_output_cannot_show_is_drawn_in_ascii(encoding: str, chosen: object) -> None:
    assert ink(encoding) is chosen


def test_a_column_is_as_high_as_its_count_and_only_nothing_is_blank() -> None:
    assert sparkline([0, 1, 4, 8, 100], BLOCKS) == " ▁▁▁█"
    assert sparkline([0, 1, 4, 8], ASCII) == " .=#"


def test_events_stand_where_they_came() -> None:
    assert density_line([0, 1, 50, 99, 99, 99, 100], SPAN, ASCII) == "=         :        #"


def test_a_stall_marks_every_column_it_touches() -> None:
    assert stall_line([Stall(1, 10, 15), Stall(2, 90, 10)], SPAN) == "  !!!!            !!"
    assert stall_line([], SPAN) == ""


def test_a_band_is_named_as_far_as_there_is_room_and_gives_way_to_the_next() -> None:
    bands = [Band("thought", 10, 20), Band("x", 30, 0), Band("model_output", 35, 60)]
    assert band_line(bands, SPAN, ASCII) == "  |tho||model_output"
    assert band_line([Band("a", 0, 60)], SPAN, ASCII) == "|a-----------"


def test_an_axis_counts_from_the_start_of_the_span() -> None:
    assert axis(Span(5_000_000_000, 7_000_000_000, 24)) == "0                 2.00 s"
    assert axis(Span(0, 2_000_000_000, 40)) == "0                   1.00 s        2.00 s"


def test_the_largest_bar_fills_the_width() -> None:
    lines = bars([("a", 10), ("bb", 5), ("c", 0)], 18, BLOCKS)
    assert lines == [" a  10  ██████████", "bb   5  █████", " c   0"]
    assert bars([], 18, BLOCKS) == []
