"""Which exchanges, or which conversation, ``sserec export`` speaks of; and what to say where there is nothing."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sserec.display import size
from sserec.errors import NothingFound, UsageError
from sserec.export import Needs

if TYPE_CHECKING:
    from sserec.conversations import Conversation
    from sserec.export.conversation import OneInteraction
    from sserec.export.subject import Subject
    from sserec.recording import Exchange, Recording

MAX_TOLD = 3
REPEATABLE = ("http://", "https://")


class Choice(NamedTuple):
    """What was asked for."""

    needs: Needs
    number: int | None = None
    every: bool = False
    conversation: bool = False
    stitched: bool = False

    @property
    def is_many(self) -> bool:
        """Whether the answer is a list, of one too."""
        return self.every or (self.conversation and not self.stitched)


def chosen(recording: "Recording", choice: Choice) -> "list[Subject]":
    """What to write, in order.

    Raises NothingFound where there is nothing, and UsageError for a wish that contradicts itself.
    """
    if choice.every and choice.number is not None:
        raise UsageError("--all and --exchange exclude each other (sserec export --help)")
    if choice.stitched and choice.needs is Needs.REQUEST:
        raise UsageError("requests cannot be stitched: --conversation gives them all (sserec export --help)")
    if choice.needs is Needs.EXCHANGE and (choice.conversation or choice.stitched):
        raise UsageError(
            "exchanges are shown as they are: no --conversation, no --stitched (sserec export --help)"
        )
    if choice.conversation or choice.stitched:
        return of_conversations(recording, choice)
    return of_exchanges(recording, choice)


def of_exchanges(recording: "Recording", choice: Choice) -> "list[Subject]":
    """Each as it stands: the one that was asked for, all that will do, or the last; a format of exchanges takes all."""
    from sserec.export.subject import OneExchange

    exchanges = list(recording.exchanges) if choice.number is None else [recording.exchange(choice.number)]
    subjects = list(map(OneExchange, exchanges))
    if choice.every or choice.number is not None or choice.needs is Needs.EXCHANGE:
        found: list[Subject] = [subject for subject in subjects if will_do(subject, choice.needs)]
    else:
        found = last(subjects, choice.needs)
    if not found:
        raise NothingFound(f"{recording.name} holds no {choice.needs}, but {found_instead(exchanges)}")
    return found


def last(subjects: "Sequence[Subject]", needs: Needs) -> "list[Subject]":
    """The last one that holds an interaction; where none does, the last that will do."""
    for must_answer in (True, False):
        for subject in reversed(subjects):
            if (subject.answer is not None or not must_answer) and will_do(subject, needs):
                return [subject]
    return []


def will_do(subject: "Subject", needs: Needs) -> bool:
    """Whether there is something in it to write."""
    if needs is Needs.EXCHANGE:
        return True
    if needs is Needs.INTERACTION:
        return subject.answer is not None
    if needs is Needs.EVENTS:
        return any(exchange.is_event_stream for exchange in subject.exchanges)
    requests = (exchange.request for exchange in subject.exchanges)
    return any(request is not None and request.url.startswith(REPEATABLE) for request in requests)


def of_conversations(recording: "Recording", choice: Choice) -> "list[Subject]":
    """The interactions of the conversations that were asked for, or each conversation as one."""
    from sserec.export.conversation import conversations_of, interactions_of

    conversations = [one for one in conversations_of(recording) if is_asked_for(one, choice)]
    if choice.number is None and not choice.every:
        conversations = sorted(conversations, key=lambda one: max(exchanges_heard(one), default=0))[-1:]
    found: list[Subject] = []
    for conversation in conversations:
        interactions = interactions_of(recording, conversation)
        if choice.stitched:
            found += merged(conversation, interactions, choice.number)
        else:
            found += (one for one in interactions if will_do(one, choice.needs))
    if not found:
        instead = found_instead(list(recording.exchanges))
        raise NothingFound(f"{recording.name} holds no conversation with an {choice.needs}, but {instead}")
    return found


def is_asked_for(conversation: "Conversation", choice: Choice) -> bool:
    return choice.number is None or any(choice.number in turn.exchanges for turn in conversation.turns)


def exchanges_heard(conversation: "Conversation") -> list[int]:
    """The exchanges of those of its interactions that were answered."""
    return [number for turn in conversation.turns if turn.id or turn.status for number in turn.exchanges]


def merged(
    conversation: "Conversation", interactions: "Sequence[OneInteraction]", number: int | None
) -> "Iterator[Subject]":
    """The way to the interaction of exchange ``number``, or to the last one; none where that was not answered."""
    from sserec.export.conversation import Merged

    by_exchange = {one.turn.exchange: one for one in interactions}
    for one in reversed(interactions):
        if one.answer is not None and (number is None or number in one.turn.exchanges):
            yield Merged([by_exchange[turn.exchange] for turn in conversation.path(one.turn)])
            return


def found_instead(exchanges: "Sequence[Exchange]") -> str:
    """What the exchanges hold, the first few of them."""
    if not exchanges:
        return "nothing at all (sserec verify)"
    told = "; ".join(map(tell, exchanges[:MAX_TOLD]))
    more = len(exchanges) - MAX_TOLD
    return f"{told} (sserec check)" if more <= 0 else f"{told}; and {more} more (sserec info)"


def tell(exchange: "Exchange") -> str:
    response = exchange.response
    if response:
        head = f"{response.status}, {response.header('content-type') or 'no content type'}"
    else:
        head = "no response head" if exchange.is_timed else "plain text"
    said = "" if exchange.is_event_stream else beginning_words(exchange)
    return f"exchange {exchange.number}: {head}, {size(exchange.record.body_size_bytes)}{said}"


def beginning_words(exchange: "Exchange") -> str:
    """``: 503: UNAVAILABLE``: what a body that is no stream has to say; nothing where it is empty."""
    from sserec.check.head import beginning, words_of

    return f": {words_of(beginning(exchange))}" if exchange.record.body_size_bytes else ""
