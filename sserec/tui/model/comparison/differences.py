"""The list of differences: all that a comparison found, in one order, and where each stands in the events.

Knows stretches and values; must not know how a line of it is drawn. Invariant: what a difference of events is called
is found out when its line is looked at, so that a hundred thousand of them cost nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from sserec.diff import Difference, ExchangeDiff, Span
from sserec.diff.told import of_stretch
from sserec.tui.model.recent import Recent

KEPT = 1024


@dataclass(frozen=True, slots=True)
class Section:
    """The differences of one pair of exchanges; those that only one recording has stand in the last one."""

    pair: int | None
    """The place of the pair."""
    compared: ExchangeDiff | None
    alone: tuple[Difference, ...] = ()

    @property
    def count(self) -> int:
        return len(self.alone) + (self.compared.count if self.compared is not None else 0)

    @property
    def event_count(self) -> int:
        """How many of them are differences of events."""
        events = self.compared.events if self.compared is not None else None
        return len(events.stretches) if events is not None else 0

    @property
    def around_count(self) -> int:
        """How many stand before those of events."""
        return len(self.compared.around) if self.compared is not None else 0

    def difference(self, place: int) -> Difference:
        """What differs; of events without what changed in them."""
        if self.compared is None:
            return self.alone[place]
        around, events = self.compared.around, self.compared.events
        if place < len(around):
            return around[place]
        if events is not None and place < len(around) + len(events.stretches):
            return of_stretch(events, events.stretches[place - len(around)], in_full=False)
        return self.compared.below[place - len(around) - self.event_count]

    def rows(self, place: int) -> range | None:
        """The rows of a difference of events; None for any other."""
        at = place - self.around_count
        if self.compared is None or self.compared.events is None or not 0 <= at < self.event_count:
            return None
        return self.compared.events.stretches[at].rows

    def at_row(self, row: int) -> int | None:
        """The difference that a row belongs to."""
        place = self.before_row(row + 1) - 1
        rows = self.rows(place)
        return place if rows is not None and row in rows else None

    def before_row(self, row: int) -> int:
        """How many differences there are before a row."""
        events = self.compared.events if self.compared is not None else None
        if events is None:
            return self.around_count
        return self.around_count + bisect_left(events.stretches, row, key=lambda stretch: stretch.rows.start)


class Entry(NamedTuple):
    """A line of the list."""

    section: Section
    difference: Difference | None
    """None for a heading, which stands above each section where there are several."""


class DifferenceList:
    """All of them, with the headings between."""

    def __init__(self, sections: list[Section]) -> None:
        self._sections = [section for section in sections if section.count or len(sections) == 1]
        self._headings = int(len(sections) > 1)
        heights = (section.count + self._headings for section in self._sections)
        self._starts = [0, *accumulate(heights)]
        self._entries: Recent[int, Entry] = Recent(self._entry, KEPT)

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def count(self) -> int:
        """How many differences there are."""
        return len(self) - self._headings * len(self._sections)

    def __getitem__(self, line: int) -> Entry:
        return self._entries[line]

    def number(self, line: int) -> int:
        """Which difference a line is, from 1; of a heading, that below it."""
        section = self._section_at(line)
        headings = self._headings * (section + 1)
        return line + 1 - headings + (self._place(section, line) < 0)

    def rows(self, line: int) -> range | None:
        """The rows that a line is about; None where it is not about events."""
        section = self._section_at(line)
        place = self._place(section, line)
        return self._sections[section].rows(place) if place >= 0 else None

    def at_row(self, pair: int, row: int) -> int | None:
        """The line of the difference that a row belongs to."""
        for start, section in self._of(pair):
            place = section.at_row(row)
            return None if place is None else start + place
        return None

    def next(self, line: int | None, pair: int, row: int | None, direction: int) -> int | None:
        """The next difference, or the one before: from a line of the list, or from a row where none is chosen."""
        if line is None:
            line = self._beside(pair, row or 0, direction)
        else:
            line += direction
        while 0 <= line < len(self):
            if self[line].difference is not None:
                return line
            line += direction
        return None

    def _beside(self, pair: int, row: int, direction: int) -> int:
        for start, section in self._of(pair):
            before = start + section.before_row(row)
            return before if direction > 0 else before - 1
        return len(self)

    def _of(self, pair: int) -> Iterator[tuple[int, Section]]:
        """The section of a pair, and the line of its first difference."""
        for start, section in zip(self._starts, self._sections, strict=False):
            if section.pair == pair:
                yield start + self._headings, section

    def _entry(self, line: int) -> Entry:
        number = self._section_at(line)
        section, place = self._sections[number], self._place(number, line)
        return Entry(section, section.difference(place) if place >= 0 else None)

    def _section_at(self, line: int) -> int:
        return bisect_right(self._starts, line) - 1

    def _place(self, section: int, line: int) -> int:
        """Which difference of its section a line is, from 0; -1 for the heading."""
        return line - self._starts[section] - self._headings


def numbers(span: Span | None) -> str:
    """``7``, ``7–13``; empty for no events."""
    if span is None:
        return ""
    return f"{span.first:,}" if span.first == span.last else f"{span.first:,}–{span.last:,}"
