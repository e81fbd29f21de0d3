"""Between the page's fields and the assistant: questions and filters in, turns out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from assistant.answer import Assistant
from assistant.claims import ClaimChecker
from assistant.errors import RapporteurError
from assistant.filters import Filters
from assistant.quotation.quotations import Quotations
from ui.page.briefing import Briefings
from ui.page.claim import claim_turn
from ui.page.quotation import quotation_turn
from ui.page.turn import Turn, answer_turn, notice_turn, shown
from ui.wording import FILTER_WORDS

FIELDS = ("country", "speaker", "since", "until")
"""The filters that the page offers, in the order of its fields."""

Field = str | list[str] | None
"""What a field of the page holds."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Conversation:
    """What a session knows of its past: how many turns and citations there were."""

    turns: int = 0
    citations: int = 0


Replied = tuple[str, str, Conversation]
"""The turn as HTML, what stays in the question box, and the conversation after it."""


class Desk:
    """Takes questions, claims and quotations from the page and brings the turn back."""

    def __init__(self, assistant: Assistant, checker: ClaimChecker, quotations: Quotations) -> None:
        self._assistant = assistant
        self._checker = checker
        self._quotations = quotations
        self.briefings = Briefings(assistant.library)

    def ask(
        self, question: str, past: Conversation, *fields: Field, interpret: bool = True
    ) -> Replied:
        """Answer, refuse, or say in one line why the question could not be asked."""

        def reply(turn: int, first: int) -> Turn:
            answer = self._assistant.ask(question, filters(*fields), interpret)
            return answer_turn(answer, turn, first)

        return _replied(question, past, reply)

    def check(self, claim: str, past: Conversation, *fields: Field) -> Replied:
        """Check a claim, or say in one line why it could not be checked."""

        def reply(turn: int, first: int) -> Turn:
            return claim_turn(claim, self._checker.check(claim, filters(*fields)), turn, first)

        return _replied(claim, past, reply)

    def quote(self, quotation: str, past: Conversation, *fields: Field) -> Replied:
        """Check a quotation, said to be from what the filters say."""

        def reply(turn: int, first: int) -> Turn:
            check = self._quotations.check(quotation, filters=filters(*fields))
            return quotation_turn(check, turn, first)

        return _replied(quotation, past, reply)

    def brief(self, topics: str, past: Conversation, *fields: Field) -> Replied:
        """Brief on topics, or say in one line why that cannot be done."""

        def reply(turn: int, first: int) -> Turn:
            return self.briefings.turn(topics, filters(*fields), turn, first)

        return _replied(topics, past, reply)


def _replied(text: str, past: Conversation, reply: Callable[[int, int], Turn]) -> Replied:
    """The turn that `reply` makes of its number and that of its first citation."""
    past = replace(past, turns=past.turns + 1)
    try:
        turn = reply(past.turns, past.citations + 1)
    except RapporteurError as error:
        return notice_turn(text, past.turns, _sentence(error)).html, text, past
    except Exception:  # the page is the outermost layer: the traceback goes to the log
        _log.exception("a question could not be answered")
        notice = "Something went wrong inside Rapporteur; its log says more."
        return notice_turn(text, past.turns, notice).html, text, past
    return turn.html, "", replace(past, citations=past.citations + turn.citations)


def filters(*fields: Field) -> Filters:
    """The filters that the fields state.

    Raises:
        FilterError: A period that cannot be understood.
    """
    return Filters(**_stated(fields))


def chips(*fields: Field) -> str:
    """The filters that are set, each a button that removes it."""
    return "".join(
        f'<button type="button" class="chip" data-filter="{name}"'
        f' aria-label="Remove filter: {FILTER_WORDS[name]} {shown(text)}">'
        f'{FILTER_WORDS[name]} <b>{shown(text)}</b><span aria-hidden="true">×</span></button>'
        for name, text in _stated(fields).items()
    )


def _stated(fields: tuple[Field, ...]) -> dict[str, str]:
    texts = [field.strip() if isinstance(field, str) else "" for field in fields]
    return {name: text for name, text in zip(FIELDS, texts, strict=False) if text}


def _sentence(error: RapporteurError) -> str:
    words = str(error)
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?")) else ".")
