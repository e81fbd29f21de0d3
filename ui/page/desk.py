"""Between the page's fields and the assistant: questions and filters in, turns out."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from assistant.answer import Assistant
from assistant.errors import RapporteurError
from assistant.filters import Filters
from ui.page.turn import answer_turn, notice_turn, shown
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
    """Takes questions from the page to the assistant and brings the turn back."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def ask(
        self, question: str, past: Conversation, *fields: Field, interpret: bool = True
    ) -> Replied:
        """Answer, refuse, or say in one line why the question could not be asked."""
        past = replace(past, turns=past.turns + 1)
        try:
            answer = self._assistant.ask(question, filters(*fields), interpret)
        except RapporteurError as error:
            return notice_turn(question, past.turns, _sentence(error)).html, question, past
        except Exception:  # the page is the outermost layer: the traceback goes to the log
            _log.exception("a question could not be answered")
            notice = "Something went wrong inside Rapporteur; its log says more."
            return notice_turn(question, past.turns, notice).html, question, past
        turn = answer_turn(answer, past.turns, past.citations + 1)
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
