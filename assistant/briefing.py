"""Topics to a position sheet: what each delegation said on each, and who was not found to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz import fuzz

from assistant.answer import Citation, Searched, checked
from assistant.errors import QuestionError
from assistant.filters import Filters
from assistant.library import Library
from assistant.speech import Speech
from assistant.topics import Mention, TopicFinder, TopicSearch

MOST_TOPICS = 50
_ALIKE_IN_MEANING = 0.9
"""Cosine below which two quotes are not compared letter by letter."""
_ALIKE = 85
"""Per cent of the letters that two near-identical quotes share, in order."""


@dataclass(frozen=True)
class Delegation:
    """Whose position it is: a delegation, or a speaker who speaks for none.

    Attributes:
        country: None for a speaker without one, an official of the United Nations, say.
        speaker: None for a delegation, whoever spoke for it.
    """

    country: str | None
    speaker: str | None = None

    @classmethod
    def of(cls, speech: Speech) -> Delegation:
        return cls(speech.country) if speech.country else cls(None, speech.speaker)

    @property
    def name(self) -> str:
        return self.country or self.speaker or "Speaker unknown"


@dataclass(frozen=True)
class Quote:
    """A statement on a topic.

    Attributes:
        citation: The words.
        score: Estimated probability that their passage bears on the topic, 0 to 1.
        again: Where the same delegation said the same in the same or nearly the same words.
    """

    citation: Citation
    score: float
    again: tuple[Citation, ...] = ()

    @property
    def sources(self) -> tuple[Citation, ...]:
        return (self.citation, *self.again)


@dataclass(frozen=True)
class Position:
    """What a delegation said on a topic; quotes best first."""

    delegation: Delegation
    quotes: tuple[Quote, ...]

    @property
    def dated(self) -> tuple[Quote, ...]:
        """The quotes in order of date; those without one last."""
        return tuple(sorted(self.quotes, key=lambda quote: _day(quote.citation)))

    @property
    def first(self) -> Citation | None:
        """The earliest mention of which the date is known."""
        return min(self._known, key=_day, default=None)

    @property
    def latest(self) -> Citation | None:
        return max(self._known, key=_day, default=None)

    @property
    def mentions(self) -> int:
        """Statements, with those that were collapsed into others."""
        return sum(len(quote.sources) for quote in self.quotes)

    @property
    def _known(self) -> list[Citation]:
        return [c for quote in self.quotes for c in quote.sources if c.speech.date]


def _day(citation: Citation) -> tuple[str, str, int]:
    """For sorting: ISO 8601 dates of any precision sort as text, and unknown ones go last."""
    return citation.speech.date or "~", citation.speech.id, citation.span.start


@dataclass(frozen=True)
class Silent:
    """A delegation of whose speeches none was found to mention the topic.

    That is no statement on what it said: a mention may have been missed.
    """

    delegation: Delegation
    speeches: int


@dataclass(frozen=True)
class Sheet:
    """The positions on one topic: the delegations with most to say first."""

    topic: str
    positions: tuple[Position, ...]
    silent: tuple[Silent, ...]
    searched: Searched

    @property
    def quotes(self) -> int:
        return sum(len(position.quotes) for position in self.positions)


@dataclass(frozen=True)
class Briefing:
    """A sheet for each topic, asked of the same speeches."""

    sheets: tuple[Sheet, ...]
    filters: Filters

    @property
    def delegations(self) -> tuple[Delegation, ...]:
        """All that spoke, by name."""
        spoke = {p.delegation for sheet in self.sheets for p in sheet.positions}
        silent = {one.delegation for sheet in self.sheets for one in sheet.silent}
        return tuple(sorted(spoke | silent, key=lambda one: (one.country is None, one.name)))

    def position(self, delegation: Delegation, topic: int) -> Position | None:
        """What a delegation said on the topic of that number, from 0; a cell of the table."""
        among = self.sheets[topic].positions
        return next((one for one in among if one.delegation == delegation), None)


class Briefer:
    """Makes briefings from a library."""

    def __init__(self, library: Library, finder: TopicFinder) -> None:
        self.library = library
        self._finder = finder

    @classmethod
    def shipped(cls, library: Library) -> Briefer:
        """With the models that ship with Rapporteur.

        Raises:
            ModelError: Weights are incomplete or not what was shipped.
        """
        return cls(library, TopicSearch.shipped(library))

    def brief(
        self,
        topics: Sequence[str],
        filters: Filters | None = None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Briefing:
        """What was said on each topic in the speeches that the filters leave.

        Args:
            topics: Topics ("protection of civilians") or questions.
            filters: What the speeches must meet.
            progress: Told of each topic that is done, as (done, total).

        Raises:
            QuestionError: There is no topic, or one of them is empty or too long.
        """
        if not topics:
            raise QuestionError("no topic; name one, for example: protection of civilians")
        if len(topics) > MOST_TOPICS:
            raise QuestionError(f"{len(topics)} topics; brief on at most {MOST_TOPICS} at once")
        asked = [checked(topic) for topic in topics]
        chosen = filters or Filters()
        sheets = []
        for sheet in self._sheets(asked, chosen):
            sheets.append(sheet)
            progress(len(sheets), len(asked))
        return Briefing(tuple(sheets), chosen)

    def _sheets(self, topics: Sequence[str], filters: Filters) -> Iterator[Sheet]:
        numbers = self.library.speeches.matching(filters)
        speeches = [self.library.speeches.at(number) for number in numbers.tolist()]
        rows = self.library.rows_of(numbers)
        searched = Searched(len(speeches), len(rows), filters)
        for topic in topics:
            yield self.sheet(topic, self._finder.find(topic, rows), speeches, searched)

    def sheet(
        self,
        topic: str,
        mentions: Iterable[Mention],
        speeches: Iterable[Speech],
        searched: Searched,
    ) -> Sheet:
        """The positions that mentions of a topic amount to, and who of the speeches is silent."""
        said: dict[Delegation, list[Mention]] = {}
        for mention in mentions:
            speech = self.library.speech_of(self.library.passages[mention.row])
            said.setdefault(Delegation.of(speech), []).append(mention)
        positions = [Position(whose, self._quotes(of_one)) for whose, of_one in said.items()]
        positions.sort(key=lambda one: (-one.mentions, -one.quotes[0].score, one.delegation.name))
        spoke: dict[Delegation, int] = {}
        for speech in speeches:
            whose = Delegation.of(speech)
            spoke[whose] = spoke.get(whose, 0) + 1
        silent = sorted(
            (Silent(whose, number) for whose, number in spoke.items() if whose not in said),
            key=lambda one: (one.delegation.country is None, one.delegation.name),
        )
        return Sheet(topic, tuple(positions), tuple(silent), searched)

    def _quotes(self, mentions: Sequence[Mention]) -> tuple[Quote, ...]:
        """Quotes best first; those nearly identical to a better one join it."""
        rows = np.array([mention.sentence for mention in mentions], np.int64)
        quotes: list[Quote] = []
        leading: list[int] = []
        vectors = self.library.sentence_index.vectors(rows)
        for number, mention in enumerate(mentions):
            quote = Quote(self._citation(mention), mention.score)
            nearness = vectors[leading] @ vectors[number]
            alike = next(
                (
                    at
                    for at in np.flatnonzero(nearness >= _ALIKE_IN_MEANING)
                    if _alike(quotes[at].citation.quote, quote.citation.quote)
                ),
                None,
            )
            if alike is None:
                leading.append(number)
                quotes.append(quote)
            else:
                again = (*quotes[alike].again, quote.citation)
                quotes[alike] = replace(quotes[alike], again=tuple(sorted(again, key=_day)))
        return tuple(quotes)

    def _citation(self, mention: Mention) -> Citation:
        passage = self.library.passages[mention.row]
        return Citation(self.library.speech_of(passage), passage.paragraph, mention.span)


def _alike(one: str, other: str) -> bool:
    return fuzz.ratio(one.lower(), other.lower(), score_cutoff=_ALIKE) > 0
