"""What differs between any two runs and means nothing: the table of docs/diff.md, and how such values are set aside.

Knows paths and kinds; must not know what two sides hold. Invariant: masking never changes the value it is given, and
what is masked has the same form on both sides or is compared like anything else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from sserec.diff.paths import EACH, AnyDepth, Node, Path, Pattern, pattern

ROOTS = ("request", "response", "end", "interaction", "event", "bytes", "timing")
"""Where a path may begin; a pattern that begins with none of them may begin anywhere below."""


class Way(StrEnum):
    """What becomes of a volatile value."""

    PAIRED = "paired"
    """A value of A belongs to one of B: the same everywhere, or it is a difference."""
    SET_ASIDE = "set aside"
    """Any value is as good as any other of the same form."""
    IGNORED = "ignored"
    """As if it were not there; what ``--ignore`` does."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    kind: str
    """Values are paired within their kind."""
    way: Way
    paths: tuple[str, ...]
    empty_is_absent: bool = False


_STEP_IDS = tuple(
    f"{holder}.{key}"
    for holder in (
        "interaction.steps[*]",
        "interaction.outputs[*]",
        "event.data.step",
        "event.data.content",
        "event.data.delta",
        "event.data.interaction.steps[*]",
        "event.data.interaction.outputs[*]",
        "request.body.input[*]",
        "request.body.input[*].content[*]",
    )
    for key in ("id", "call_id")
)

RULES: tuple[Rule, ...] = (
    Rule(
        "id",
        Way.PAIRED,
        (
            *(
                f"{holder}.{key}"
                for holder in ("interaction", "event.data.interaction", "request.body")
                for key in ("id", "previous_interaction_id", "environment_id")
            ),
            "event.data.interaction_id",
            "request.interaction_id",
            *_STEP_IDS,
        ),
    ),
    Rule(
        "signature",
        Way.PAIRED,
        (
            "interaction.steps[*].signature",
            "interaction.outputs[*].signature",
            "event.data.step.signature",
            "event.data.content.signature",
            "event.data.delta.signature",
            "event.data.interaction.steps[*].signature",
            "event.data.interaction.outputs[*].signature",
            "request.body.input[*].signature",
            "request.body.input[*].content[*].signature",
        ),
        empty_is_absent=True,
    ),
    Rule(
        "event id", Way.PAIRED, ("event.data.event_id", "event.last_event_id", "request.query.last_event_id")
    ),
    Rule(
        "continuation token",
        Way.PAIRED,
        (
            "interaction.continuation_token",
            "event.data.continuation_token",
            "event.data.interaction.continuation_token",
            "request.body.continuation_token",
        ),
    ),
    Rule(
        "time",
        Way.SET_ASIDE,
        (
            *(
                f"{holder}.{key}"
                for holder in ("interaction", "event.data.interaction")
                for key in ("created", "updated")
            ),
            *(
                f"response.headers.{name}"
                for name in ("date", "expires", "last-modified", "age", "server-timing")
            ),
            *(
                f"response.headers.{name}"
                for name in ("openai-processing-ms", "x-envoy-upstream-service-time")
            ),
        ),
    ),
    Rule(
        "request id",
        Way.PAIRED,
        tuple(
            f"{holder}.headers.{name}"
            for holder in ("request", "response")
            for name in (
                "*request-id",
                "*requestid",
                "*correlation-id",
                "*trace-id",
                "x-cloud-trace-context",
                "x-guploader-uploadid",
                "x-amz-cf-id",
                "cf-ray",
                "idempotency-key",
                "x-stainless-idempotency-key",
            )
        ),
    ),
    Rule(
        "session",
        Way.SET_ASIDE,
        (
            "request.headers.traceparent",
            "request.headers.tracestate",
            "request.headers.cookie",
            "response.headers.set-cookie",
            "response.headers.etag",
            "response.headers.*ratelimit*",
        ),
    ),
    Rule(
        "id of another API",
        Way.PAIRED,
        (
            "event.data.id",
            "event.data.item_id",
            "event.data.message.id",
            "event.data.response.id",
            "event.data.item.id",
        ),
    ),
    Rule(
        "time of another API",
        Way.SET_ASIDE,
        ("event.data.created", "event.data.created_at", "event.data.response.created_at"),
    ),
)


Mark: TypeAlias = tuple[str, Path, str | int]
"""A volatile value that was set aside: its kind, where it stood, what it was. Plain, because there are so many."""


class Rules:
    """The rules of one comparison, as an automaton over paths."""

    def __init__(self, *, exact: bool = False, ignored: Iterable[str] = ()) -> None:
        table = [(Rule("ignored", Way.IGNORED, ()), anywhere(pattern(path))) for path in ignored]
        if not exact:
            table += [(rule, pattern(path)) for rule in RULES for path in rule.paths]
        self._rules = tuple(rule for rule, _ in table)
        self._root = Node.root(tuple(pattern for _, pattern in table))

    def at(self, *path: str | int) -> "Place":
        """The rules below ``path``."""
        node: Node | None = self._root
        for key in path:
            node = node.child(key) if node is not None else None
        return Place(self._rules, node)

    def ignores(self, *path: str) -> bool:
        """Whether what stands there, or around it, is ignored."""
        places = (self.at(*path[:length]) for length in range(1, len(path) + 1))
        return any(place.rule is not None and place.rule.way is Way.IGNORED for place in places)


def anywhere(path: Pattern) -> Pattern:
    """The pattern itself where it begins at a root, else one that may begin anywhere."""
    return path if path[0] in ROOTS or isinstance(path[0], AnyDepth) else (AnyDepth(), *path)


class Place:
    """The rules as they stand at one place."""

    __slots__ = (
        "_children",
        "_indexes",
        "_names",
        "_node",
        "_path",
        "_rules",
        "_shapes",
        "_stand_in",
        "rule",
    )

    def __init__(self, rules: tuple[Rule, ...], node: Node | None, path: Path = ()) -> None:
        self._rules = rules
        self._node = node
        self._path = path
        """From the place where masking begins."""
        self._names = node.names if node is not None else frozenset()
        self._indexes = node.indexes if node is not None else frozenset()
        self._children: dict[str | int, Place] = {}
        self._shapes: dict[tuple[str, ...], tuple[tuple[str, Place], ...]] = {}
        self.rule = None if node is None or node.met is None else rules[node.met]
        self._stand_in = "" if self.rule is None else f"<{self.rule.kind}>"

    def child(self, key: str | int) -> "Place":
        """The rules one key further. Places in a list share theirs, and a path, where no rule tells them apart."""
        place = self._children.get(key)
        if place is None and type(key) is int and key not in self._indexes:
            key = EACH
            place = self._children.get(key)
        if place is None:
            node = None if self._node is None else self._node.child(key)
            place = Place(self._rules, node, (*self._path, key))
            if len(self._children) < _KEPT_CHILDREN:
                self._children[key] = place
        return place

    def is_absent(self, value: Any) -> bool:
        """Whether the value counts as if it were not there."""
        rule = self.rule
        return rule is not None and (rule.way is Way.IGNORED or (rule.empty_is_absent and value == ""))

    def present(self, value: Any) -> Any:
        """The value, ABSENT where it counts as if it were not there."""
        return value if self.rule is None or not self.is_absent(value) else ABSENT

    def kind_of(self, value: Any) -> Rule | None:
        """The rule that sets this value aside: only strings and numbers can be, and not empty ones."""
        return self.rule if type(value) in (str, int) and value != "" else None

    def mask(self, value: Any, marks: list[Mark]) -> Any:
        """``value`` with what is volatile replaced by its kind, and each such value added to ``marks``.

        ABSENT where the value counts as if it were not there.
        """
        rule, type_ = self.rule, type(value)
        if rule is not None:
            if rule.way is Way.IGNORED or (rule.empty_is_absent and value == ""):
                return ABSENT
            if (type_ is str and value) or type_ is int:
                if rule.way is Way.PAIRED:
                    marks.append((rule.kind, self._path, value))
                return self._stand_in if type_ is str else {self._stand_in: None}
        if type_ is dict:
            return self._mask_object(value, marks)
        if type_ is list and self._node is not None:
            masked = (self.child(index).mask(item, marks) for index, item in enumerate(value))
            return [item for item in masked if item is not ABSENT]
        return value

    def _mask_object(self, value: dict[str, Any], marks: list[Mark]) -> dict[str, Any]:
        keys = tuple(value)
        shape = self._shapes.get(keys)
        if shape is None:
            shape = self._shape(keys)
        masked = value
        for key, place in shape:
            inner = value[key]
            new = place.mask(inner, marks)
            if new is not inner:
                masked = value.copy() if masked is value else masked
                if new is ABSENT:
                    del masked[key]
                else:
                    masked[key] = new
        return masked

    def _shape(self, keys: tuple[str, ...]) -> tuple[tuple[str, "Place"], ...]:
        """Of an object with these keys: those at or below which a rule can be met, sorted so that the marks of equal
        objects stand in the same order. Most objects have the shape of many others.
        """
        places = ((key, self.child(key)) for key in sorted(keys) if self._names is None or key in self._names)
        shape = tuple((key, place) for key, place in places if place._node is not None)
        if len(self._shapes) < _KEPT_SHAPES and len(keys) <= _KEPT_KEYS:
            self._shapes[keys] = shape
        return shape


ABSENT = object()
_KEPT_CHILDREN = 1024
_KEPT_SHAPES = 256
_KEPT_KEYS = 32
