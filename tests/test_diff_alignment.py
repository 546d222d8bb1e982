"""The alignment: right, as large as can be, the same from either side, and never slow."""

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sserec.diff.alignment import Pair
from sserec.diff.alignment import align as blocks_of
from sserec.diff.rows import Keys, Kind, Row, rows
from sserec.diff.text import edits, words

FEW = st.lists(st.sampled_from("abc"), max_size=30)
MANY = st.lists(st.integers(0, 40).map(str), max_size=60)
LISTS = st.one_of(FEW, MANY)
MIRRORED = {Kind.ONLY_A: Kind.ONLY_B, Kind.ONLY_B: Kind.ONLY_A}

HOSTILE = 20_000
CPU_S = 8.0
"""Some eighty times what a machine at rest takes; what is quadratic takes minutes."""


def align(a: list[str], b: list[str]) -> list[Pair]:
    """The indexes of corresponding elements."""
    return [(i + place, j + place) for i, j, size in blocks_of(a, b) for place in range(size)]


def longest(a: list[str], b: list[str]) -> int:
    """The length of the longest common subsequence, by the textbook."""
    row = [0] * (len(b) + 1)
    for x in a:
        before, row = row, [0]
        for place, y in enumerate(b):
            row.append(before[place] + 1 if x == y else max(before[place + 1], row[place]))
    return row[-1]


@given(LISTS, LISTS)
def test_no_alignment_pairs_more(a: list[str], b: list[str]) -> None:
    pairs = align(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert len(pairs) == longest(a, b)


@given(LISTS, LISTS)
def test_blocks_are_as_long_as_can_be(a: list[str], b: list[str]) -> None:
    blocks = blocks_of(a, b)
    assert all(block.size > 0 for block in blocks)
    assert all((x.a + x.size, x.b + x.size) != (y.a, y.b) for x, y in pairwise(blocks))


@given(LISTS, LISTS)
def test_it_is_the_same_from_either_side(a: list[str], b: list[str]) -> None:
    assert align(b, a) == [(j, i) for i, j in align(a, b)]


def numbered(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def of_two(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [rng.choice("ab") for _ in range(count)]


N = HOSTILE
PAIRS: dict[str, tuple[list[str], list[str]]] = {
    "all equal": (["a"] * N, ["a"] * (N - 7)),
    "all different": (numbered(N), [f"x{number}" for number in range(N)]),
    "reversed": (numbered(N), numbered(N)[::-1]),
    "shuffled": (numbered(N), random.Random(1).sample(numbered(N), N)),
    "lacking the middle": (numbered(N), numbered(N)[: N // 3] + numbered(N)[2 * N // 3 :]),
    "two words": (of_two(N, 1), of_two(N, 2)),
    "two words, lacking the middle": (of_two(N, 1), of_two(N, 1)[: N // 3] + of_two(N, 1)[2 * N // 3 :]),
    "periods": (["a", "b"] * (N // 9) + ["x"] + ["a", "b"] * N, ["a", "b"] * N + ["y"] + ["a", "b"] * (N // 9)),
    "every other": ([n if int(n) % 2 else "q" + n for n in numbered(N)], numbered(N)),
    "blocks backwards": (numbered(N), [n for at in range(N - 10, -10, -10) for n in numbered(N)[at : at + 10]]),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_nothing_makes_it_slow(name: str) -> None:
    a, b = PAIRS[name]
    began = time.thread_time()
    pairs = align(a, b)
    assert time.thread_time() - began < CPU_S
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("all equal", N - 7),
        ("all different", 0),
        ("reversed", 1),
        ("every other", N // 2),
        ("blocks backwards", 10),
    ],
)
def test_it_is_minimal_where_that_can_be_counted(name: str, count: int) -> None:
    assert len(align(*PAIRS[name])) == count


def test_what_lacks_its_middle_is_paired_whole() -> None:
    for name in ("lacking the middle", "two words, lacking the middle"):
        a, b = PAIRS[name]
        assert len(align(a, b)) == len(b)


def test_few_edits_in_a_long_sequence_are_found_exactly() -> None:
    a = of_two(N, 5)
    rng = random.Random(6)
    b = list(a)
    for place in rng.sample(range(N), 40):
        b[place] = "n"
    assert len(align(a, b)) == N - 40


KEYED = st.lists(st.sampled_from([b"a1", b"a2", b"b1", b"b2", b"c1"]), max_size=14)


def keys(exact: list[bytes]) -> Keys:
    return Keys(exact, [key[:1].decode() for key in exact])


@given(KEYED, KEYED)
def test_every_element_stands_in_one_row_and_in_order(a: list[bytes], b: list[bytes]) -> None:
    laid = rows(keys(a), keys(b))
    assert [row.a for row in laid if row.a is not None] == list(range(len(a)))
    assert [row.b for row in laid if row.b is not None] == list(range(len(b)))


@given(KEYED, KEYED)
def test_rows_say_what_is_so(a: list[bytes], b: list[bytes]) -> None:
    for kind, i, j, twin in rows(keys(a), keys(b)):
        match kind:
            case Kind.SAME:
                assert i is not None
                assert j is not None
                assert a[i] == b[j]
            case Kind.CHANGED:
                assert i is not None
                assert j is not None
                assert a[i] != b[j]
                assert a[i][:1] == b[j][:1]
            case Kind.MOVED:
                assert twin is not None
                assert (a[i] == b[twin]) if i is not None else (j is not None and b[j] == a[twin])
            case Kind.ONLY_A | Kind.ONLY_B:
                assert twin is None
                assert (i is None) == (kind is Kind.ONLY_B)


@given(KEYED, KEYED)
def test_rows_are_the_same_from_either_side(a: list[bytes], b: list[bytes]) -> None:
    mirrored = {Row(MIRRORED.get(kind, kind), j, i, twin) for kind, i, j, twin in rows(keys(b), keys(a))}
    assert mirrored == set(rows(keys(a), keys(b)))


def test_a_moved_element_has_a_row_on_either_side_and_counts_once() -> None:
    a, b = [b"a1", b"b1", b"c1"], [b"b1", b"c1", b"a1"]
    laid = rows(keys(a), keys(b))
    assert list(laid) == [
        Row(Kind.MOVED, 0, None, 2),
        Row(Kind.SAME, 1, 0),
        Row(Kind.SAME, 2, 1),
        Row(Kind.MOVED, None, 2, 0),
    ]
    assert laid.counts() == {Kind.SAME: 2, Kind.MOVED: 1}


@given(KEYED, KEYED)
def test_weights_change_neither_order_nor_sides(a: list[bytes], b: list[bytes]) -> None:
    """As if what is called ``b`` were steps."""

    def weighed(exact: list[bytes]) -> Keys:
        return keys(exact)._replace(weights=[4 if key.startswith(b"b") else 1 for key in exact])

    laid = rows(weighed(a), weighed(b))
    assert [row.a for row in laid if row.a is not None] == list(range(len(a)))
    assert [row.b for row in laid if row.b is not None] == list(range(len(b)))
    mirrored = {
        Row(MIRRORED.get(kind, kind), j, i, twin) for kind, i, j, twin in rows(weighed(b), weighed(a))
    }
    assert mirrored == set(laid)


def test_what_is_left_as_often_on_both_sides_has_moved() -> None:
    laid = rows(keys([b"a1", b"a1", b"b1", b"b2", b"c1"]), keys([b"b1", b"b2", b"c1", b"a1", b"a1"]))
    assert laid.counts() == {Kind.SAME: 3, Kind.MOVED: 2}


TEXTS = st.text(st.sampled_from("ab .,\n語é1"), max_size=40)


@given(st.text())
def test_words_joined_are_the_text(text: str) -> None:
    assert "".join(words(text)) == text


@given(TEXTS, TEXTS)
def test_edits_make_one_text_of_the_other(a: str, b: str) -> None:
    made, place = [], 0
    for a_start, a_end, b_start, b_end in edits(a, b):
        made += [a[place:a_start], b[b_start:b_end]]
        place = a_end
    assert "".join([*made, a[place:]]) == b


@given(TEXTS, TEXTS)
def test_edits_are_the_same_from_either_side(a: str, b: str) -> None:
    assert [(b0, b1, a0, a1) for a0, a1, b0, b1 in edits(b, a)] == [tuple(edit) for edit in edits(a, b)]


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("the quick fox", "the slow fox", [("quick ", "slow ")]),
        ("one two", "one two three", [("two", "two three")]),
        ("a, b", "a; b", [(", ", "; ")]),
        ("今日は雨です", "今日は雪です", [("雨", "雪")]),
        ("ราคา", "ราคี", [("า", "ี")]),
        ("same", "same", []),
    ],
)
def test_texts_differ_by_word(a: str, b: str, found: list[tuple[str, str]]) -> None:
    assert [(a[a0:a1], b[b0:b1]) for a0, a1, b0, b1 in edits(a, b)] == found
