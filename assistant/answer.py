"""A question to an answer: quotes with exact citations, or an honest refusal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from assistant.errors import QuestionError
from assistant.filters import Filters
from assistant.interpret import Interpreter
from assistant.library import Library
from assistant.passage import Passage
from assistant.reader import CrossReader, Reader, Reading, Strength
from assistant.retriever import PASSAGES_READ, Retriever
from assistant.speech import Speech, written_pages
from assistant.text import Span

LONGEST_QUESTION = 1000
"""Characters. A question beyond that is a text; the models read its first 160 tokens."""
_ANSWERS = 10
_RELATED = 3
_ALSO_FOUND = 4


@dataclass(frozen=True)
class Citation:
    """Some words of a speech. The words are sliced from the speech whenever they are asked for.

    Attributes:
        speech: Whose they are.
        paragraph: From 1.
        span: Offsets into `speech.text`.
    """

    speech: Speech
    paragraph: int
    span: Span

    @property
    def quote(self) -> str:
        return self.span.of(self.speech.text)

    @property
    def source(self) -> Span:
        """Where the words stand in the file, or a row's text, with universal newlines."""
        return self.speech.reading.source_span(self.span)

    @property
    def lines(self) -> tuple[int, int]:
        """First and last line in the file, or in a row's text, from 1, both included."""
        return self.speech.reading.lines(self.span)

    @property
    def pages(self) -> tuple[int, int] | None:
        """First and last page, from 1, both included; None for a file without pages."""
        return self.speech.pages_of(self.span)

    @property
    def place(self) -> str:
        """Paragraph and lines, after page or row: "para. 7, lines 69-75", "p. 3, para. 7, …"."""
        first, last = self.lines
        lines = f"line {first}" if first == last else f"lines {first}-{last}"
        page = f"{written_pages(self.pages)}, " if self.pages else ""
        row = "" if self.speech.row is None else f"row {self.speech.row}, "
        return f"{page}{row}para. {self.paragraph}, {lines}"

    @property
    def reference(self) -> str:
        """ "Mr. Umarov (Kazakhstan), S/PV.8349, 12 September 2018, para. 7, lines 69-75"."""
        return f"{self.speech.byline}, {self.speech.occasion}, {self.place}"


@dataclass(frozen=True)
class Finding:
    """A quote that may answer.

    Attributes:
        passage: Id of the passage it is from.
        citation: The quote.
        score: Estimated probability that it answers, 0 to 1.
        strength: The score in a word.
        short: The words inside the quote that answer, where the reader can tell.
        again: The same words elsewhere.
        parts: What the score is made of.
    """

    passage: str
    citation: Citation
    score: float
    strength: Strength
    short: Citation | None = None
    again: tuple[Citation, ...] = ()
    parts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Searched:
    """What a question was asked of."""

    speeches: int
    passages: int
    filters: Filters


SlotKind = Literal[
    "speaker", "person", "delegation", "period", "meeting", "speech", "topic", "quote"
]


@dataclass(frozen=True)
class Slot:
    """Something that a follow-up takes over from the conversation.

    Attributes:
        kind: What it is.
        value: As a reader sees it: "Mr. Umarov", "S/PV.8349", "unmanned aerial vehicles".
        turn: Number of the turn that it is taken from, from 1.
        filters: To what it holds the search; nothing for what is only written into the question.
    """

    kind: SlotKind
    value: str
    turn: int
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True)
class Answer:
    """What was asked and what the speeches say to it.

    Attributes:
        question: As asked.
        interpreted: As it was understood; of a follow-up the completed question.
        answered: Whether the first finding is offered as an answer.
        score: Of the first finding; 0 if there is none.
        strength: The score in a word; "none" for a refusal.
        findings: Best first, also when the answer is a refusal, so that ranking and refusing
            can be measured apart.
        related: Quotes near the question that are not offered as an answer: the nearest ones of
            a refusal, those after the findings of an answer.
        searched: What it was asked of.
        named: The speaker or delegation that the question names, and to whose words the search
            was held.
        slots: What a follow-up took over from the conversation.
        record: What the record says to a question about the first quote (who, when, in which
            meeting), or why there is no quote, in one line.
    """

    question: str
    interpreted: str
    answered: bool
    score: float
    strength: Strength
    findings: tuple[Finding, ...]
    related: tuple[Finding, ...]
    searched: Searched
    named: str | None = None
    slots: tuple[Slot, ...] = ()
    record: str | None = None

    @property
    def also_found(self) -> tuple[Finding, ...]:
        """The findings after the first that are likely to answer, too, as many as are shown."""
        likely = (f for f in self.findings[1:] if f.strength in ("moderate", "strong"))
        return tuple(likely)[:_ALSO_FOUND]

    @property
    def about_quote(self) -> bool:
        """Whether it is about a quote of the conversation, and nothing was searched for it."""
        return self.record is not None and any(slot.kind == "quote" for slot in self.slots)

    @property
    def shown(self) -> tuple[Finding, ...]:
        """The findings that a reader sees: the best and the others, or those related."""
        return (self.findings[0], *self.also_found) if self.answered else self.related

    @property
    def cited(self) -> tuple[Citation, ...]:
        """What is shown, in the order in which it is numbered: each quote, and it again."""
        return tuple(c for f in self.shown for c in (f.citation, *f.again))


class Assistant:
    """Answers questions from a library."""

    def __init__(self, library: Library, reader: Reader | None = None) -> None:
        self.library = library
        self.interpreter = Interpreter(library.speeches.one_of_each("country", "speaker"))
        self._retriever = Retriever(library)
        self._reader = reader or CrossReader.shipped(library)

    def ask(self, question: str, filters: Filters | None = None, interpret: bool = True) -> Answer:
        """Answer a question from the speeches that the filters leave.

        Args:
            question: In plain words.
            filters: What the speeches must meet.
            interpret: Whether a speaker or delegation named in the question is a filter, too.

        Raises:
            QuestionError: The question is empty or too long.
        """
        asked = checked(question)
        given = filters or Filters()
        filters = self.interpreter.filters(asked, given) if interpret else given
        found = self._retriever.retrieve(asked, filters, PASSAGES_READ)
        findings = tuple(self._findings(self._reader.read(found)))
        strength: Strength = findings[0].strength if findings else "none"
        answered = strength != "none"
        related = findings[_ANSWERS:] if answered else findings
        return Answer(
            question=question,
            interpreted=asked,
            answered=answered,
            score=findings[0].score if findings else 0.0,
            strength=strength,
            findings=findings[:_ANSWERS],
            # Not offered as an answer, so no words of it are marked as one.
            related=tuple(replace(finding, short=None) for finding in related[:_RELATED]),
            searched=Searched(found.speeches, found.passages, filters),
            named=None if filters == given else filters.speaker or filters.country,
        )

    def _findings(self, readings: Iterable[Reading]) -> list[Finding]:
        """Findings in order; the same words said again join the first that said them."""
        grouped: dict[str, list[Reading]] = {}
        for reading in readings:
            quote = reading.span.of(self.library.speech_of(reading.passage).text)
            grouped.setdefault(quote, []).append(reading)
        return [self._finding(first, again) for first, *again in grouped.values()]

    def _finding(self, reading: Reading, again: list[Reading]) -> Finding:
        short = self._citation(reading.passage, reading.short) if reading.short else None
        return Finding(
            passage=reading.passage.id,
            citation=self._citation(reading.passage, reading.span),
            score=reading.score,
            strength=reading.strength,
            short=short,
            again=tuple(self._citation(other.passage, other.span) for other in again),
            parts=reading.parts,
        )

    def _citation(self, passage: Passage, span: Span) -> Citation:
        return Citation(self.library.speech_of(passage), passage.paragraph, span)


def checked(question: str) -> str:
    """The question without needless white space.

    Raises:
        QuestionError: It is empty or too long, or there is no word in it.
    """
    asked = " ".join(question.split())
    if not any(char.isalnum() for char in asked):
        raise QuestionError("the question is empty; ask, for example: What was said about drones?")
    if not asked.isprintable() and any(0xD800 <= ord(char) <= 0xDFFF for char in asked):
        raise QuestionError("the question is not proper Unicode text; type it again")
    if len(asked) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question has {len(asked):,} characters; ask in at most {LONGEST_QUESTION:,}"
        )
    return asked
