"""Between the page's fields and the assistant: what is typed in, turns out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import get_args

from assistant.answer import Answer, Assistant, SlotKind
from assistant.briefing import Briefing
from assistant.claims import ClaimChecker
from assistant.conversation.conversation import Conversation
from assistant.conversation.suggestions import suggestions
from assistant.dossier import Dossier, Outcome
from assistant.errors import ExportError, RapporteurError
from assistant.filters import Filters
from assistant.quotation.checked import CheckedQuotation
from assistant.quotation.quotations import Quotations
from ui import export
from ui.export.conversation import conversation_dossier
from ui.page.briefing import Briefings
from ui.page.claim import claim_turn
from ui.page.documents import document_file
from ui.page.quotation import quotation_turn
from ui.page.talk import Entry, Said, Talk
from ui.page.turn import Turn, answer_turn, notice_turn, shown, suggested
from ui.wording import FILTER_WORDS, counted

FIELDS = ("country", "speaker", "since", "until", "symbol", "topic", "language", "role")
"""The filters that the page offers, in the order of its fields; browsers keep them in it."""

Field = str | list[str] | None
"""What a field of the page holds."""

_REMEMBERED = 1000
_NARROWING: tuple[SlotKind, ...] = ("speaker", "delegation", "period", "meeting", "speech")
_UPDATED = (
    '<section class="turn"><p class="notice">The library was updated; what follows is from the '
    "speeches that it has now.</p></section>"
)
_log = logging.getLogger(__name__)


class Remembering(Assistant):
    """An assistant that searches for an answer once: a page that is reloaded asks all again."""

    def __init__(self, assistant: Assistant) -> None:
        self.library = assistant.library
        self.interpreter = assistant.interpreter
        self._answer = lru_cache(_REMEMBERED)(assistant.ask)

    def ask(self, question: str, filters: Filters | None = None, interpret: bool = True) -> Answer:
        return self._answer(question, filters, interpret)


class Desk:
    """Takes questions, claims, quotations and topics from the page; adds them to a conversation."""

    def __init__(self, assistant: Assistant, checker: ClaimChecker, quotations: Quotations) -> None:
        self.library = assistant.library
        self._assistant = Remembering(assistant)
        self._checker = checker
        self._quotations = quotations
        self.briefings = Briefings(assistant.library)

    def add(self, said: Said, talk: Talk) -> Talk:
        """The conversation with one more turn: an outcome, or why there is none."""
        first = len(talk.thread.quoted) + 1
        conversation = Conversation(self._assistant, talk.thread)
        try:
            outcome = self._outcome(said, conversation)
        except RapporteurError as error:
            outcome = _sentence(error)
        except Exception:  # the page is the outermost layer: the traceback goes to the log
            _log.exception("a turn could not be answered")
            outcome = "Something went wrong inside Rapporteur; its log says more."
        turn = self._rendered(said, outcome, talk.thread.turns + 1, first)
        if talk.entries and talk.library != self.library.fingerprint:
            turn = replace(turn, html=_UPDATED + turn.html)
        thread = conversation.thread
        if not isinstance(outcome, Answer):
            thread = thread.noted(turn.citations)
        return replace(
            talk,
            entries=(*talk.entries, Entry(said, outcome, turn)),
            thread=thread,
            library=self.library.fingerprint,
        )

    def _outcome(self, said: Said, conversation: Conversation) -> Outcome:
        chosen = filters(*said.fields)
        if said.way == "check":
            return tuple(self._checker.check(said.text, chosen))
        if said.way == "quote":
            return self._quotations.check(said.text, filters=chosen)
        if said.way == "brief":
            return self.briefings.brief(said.text, chosen)
        return conversation.ask(
            said.text,
            chosen,
            interpret=said.interpret,
            without=frozenset(said.without),
            at=said.at,
        )

    def _rendered(self, said: Said, outcome: Outcome, turn: int, first: int) -> Turn:
        if isinstance(outcome, Answer):
            return answer_turn(outcome, turn, first)
        if isinstance(outcome, CheckedQuotation):
            return quotation_turn(outcome, turn, first)
        if isinstance(outcome, Briefing):
            return self.briefings.turn(outcome, turn, first)
        if isinstance(outcome, str):
            return notice_turn(said.text, turn, outcome)
        return claim_turn(said.text, outcome, turn, first)

    def restore(self, turns: Sequence[Said], title: str) -> Talk:
        """A conversation from its turns, every one of them asked again."""
        talk = Talk(title)
        for said in turns:
            talk = self.add(said, talk)
        return talk

    def document(self, talk: Talk, format_: str) -> str:
        """The conversation as a document that the browser saves; its quotes must be the library's.

        Args:
            talk: The conversation.
            format_: Name of the format.
        """

        def make() -> tuple[str, str, Dossier]:
            name = export.chosen_format(format_, Path(talk.name))
            held = self.library.speeches
            for number, quoted in enumerate(talk.thread.quoted, start=1):
                if quoted.citation.speech != held.get(quoted.citation.speech.id):
                    raise ExportError(
                        f"the library has changed: the speech of [{number}] is gone or is not what "
                        "it was; reload the page, which asks everything again"
                    )
            return talk.name, name, conversation_dossier(talk.name, talk.turns, self.library)

        return document_file(make)

    def suggestions(self, talk: Talk) -> str:
        """Follow-ups to the latest turn that have answers, as HTML; empty after a refusal."""
        latest = talk.entries[-1] if talk.entries else None
        if latest is None or not isinstance(latest.outcome, Answer):
            return ""
        chosen = filters(*latest.said.fields)
        try:
            return suggested(suggestions(self._assistant, talk.thread, chosen), len(talk.entries))
        except Exception:  # an offer that fails must not disturb the answer
            _log.exception("no follow-up could be suggested")
            return ""

    def left(self, *fields: Field) -> str:
        """The filters that are set, as chips, and how much of the library they leave."""
        shown_chips = chips(*fields)
        if not shown_chips:
            return ""
        library = self._assistant.library
        try:
            scope = library.scope(filters(*fields))
        except RapporteurError as error:
            return f'{shown_chips}<p class="left" role="status">{shown(_sentence(error))}</p>'
        among = counted(len(library.speeches), "speech", "speeches")
        told = f"{scope.speeches:,} of {among}, {counted(scope.passages, 'passage')}"
        return f'{shown_chips}<p class="left" role="status">{told}</p>'


def without_slot(talk: Talk, turn: int, kind: str) -> Said | None:
    """A turn as it is asked again without something that it took over."""
    if not 0 < turn <= len(talk.entries) or kind not in get_args(SlotKind):
        return None
    said = talk.entries[turn - 1].said
    dropped = tuple(k for k in get_args(SlotKind) if k == kind or k in said.without)
    return replace(said, without=dropped, at=said.at or turn)


def widened(talk: Talk, turn: int) -> Said | None:
    """A turn as it is asked again of all speeches."""
    if not 0 < turn <= len(talk.entries):
        return None
    said = talk.entries[turn - 1].said
    dropped = tuple(k for k in get_args(SlotKind) if k in {*_NARROWING, *said.without})
    return replace(said, fields=(), interpret=False, without=dropped, at=said.at or turn)


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


def texts(fields: Sequence[Field]) -> tuple[str, ...]:
    """What the fields say, as text."""
    return tuple(field.strip() if isinstance(field, str) else "" for field in fields)


def _stated(fields: tuple[Field, ...]) -> dict[str, str]:
    return {name: text for name, text in zip(FIELDS, texts(fields), strict=False) if text}


def _sentence(error: RapporteurError) -> str:
    words = str(error)
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?")) else ".")
