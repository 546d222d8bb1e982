"""What is played for each request: takes at a pace, with faults where they were asked for. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import orjson

from sserec.errors import UsageError
from sserec.records import Response
from sserec.replay.asked import Asked
from sserec.replay.differences import LISTED
from sserec.replay.faults import Fault, reaches
from sserec.replay.repertoire import Miss, Repertoire
from sserec.replay.score import ORIGINAL, Finale, Head, Moment, Pace, Score
from sserec.replay.takes import Take

JSON = (("content-type", "application/json"), ("x-sserec", "miss"))


class Programme:
    """Turns requests into scores. ``missed`` is told of each request that nothing answers."""

    def __init__(
        self,
        repertoire: Repertoire,
        *,
        pace: Pace = ORIGINAL,
        faults: Iterable[Fault] = (),
        missed: Callable[[Miss], None] = lambda miss: None,
    ) -> None:
        self.repertoire = repertoire
        self._pace = pace
        self._faults = tuple(faults)
        self._missed = missed
        self._request_count = 0

    def score_for(self, asked: Asked) -> Score:
        """What is played for a request: its take, or an answer that says what is missing."""
        score = self.find(asked)
        return self.told(score) if isinstance(score, Miss) else score

    def find(self, asked: Asked) -> Score | Miss:
        """What is played for a request, if it is recorded; nobody is told if it is not."""
        answer = self.repertoire.answer(asked)
        if isinstance(answer, Miss):
            return answer
        score = self._pace.of(answer.take.score(answer.start))
        self._request_count += 1
        for fault in self._faults:
            score = fault.apply(score, self._request_count)
        return score

    def told(self, miss: Miss) -> Score:
        """The answer to a request that nothing answers; whoever wants to know is told as well."""
        self._missed(miss)
        return refusal(miss)


def check_places(faults: Iterable[Fault], takes: Sequence[Take]) -> None:
    """Raises UsageError for a fault behind the end of every stream: a client would cope with it by not meeting it."""
    for fault in faults:
        if takes and not any(reaches(take.score(), fault) for take in takes):
            raise UsageError(f"{fault} breaks nothing: no recorded stream has so many {fault.unit}s")


def refusal(miss: Miss) -> Iterator[Moment]:
    """404, in the API's own shape, so that SDKs show the words."""
    error = {"code": 404, "message": f"sserec: {miss.message}", "status": "NOT_FOUND"}
    document = {
        "error": error,
        "differences": [difference._asdict() for difference in miss.differences[:LISTED]],
    }
    body = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    yield Moment(0, Head(Response(404, "Not Found", "HTTP/1.1", JSON), len(body)))
    yield Moment(0, body)
    yield Moment(0, Finale.END)
