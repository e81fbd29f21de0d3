"""Cited quotes to hand in: chosen, ordered and annotated, with where all of it comes from.

Briefings and conversations become a `Dossier`; every document is made from one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version

from assistant.answer import Answer, Citation, Searched
from assistant.briefing import Briefing, Position, Sheet
from assistant.claims import WEIGHTS as STANCE_WEIGHTS
from assistant.claims import CheckedClaim
from assistant.filters import Filters
from assistant.library import Library
from assistant.quotation.checked import CheckedQuotation
from assistant.reader import WEIGHTS as READER_WEIGHTS
from assistant.speech import Speech
from assistant.topics import WEIGHTS as TOPIC_WEIGHTS
from embeddings.shipped import SUMS_FILE

BASKET = "Added passages"
"""Chapter of the passages that a user adds."""
_HASH = 16
"""Hexadecimal digits that are told of a hash."""


@dataclass(frozen=True)
class Provenance:
    """Where a document comes from: what a reader needs to make it, or check it, again.

    Attributes:
        program: Name and version.
        library: Hash of the speeches and what is known of them.
        models: Hash of the encoder's and the readers' weights.
        asked: Topics or questions.
        filters: What the speeches had to meet; None where that was not always the same, and each
            chapter says its own.
        speeches, passages: How many were searched.
        made: When, ISO 8601 in UTC.
    """

    program: str
    library: str
    models: str
    asked: tuple[str, ...]
    filters: Filters | None
    speeches: int
    passages: int
    made: str


@dataclass(frozen=True)
class Entry:
    """A quote in a document.

    Attributes:
        citation: The words.
        again: Further sources of the same, or nearly the same, words.
        note: Written beside it: by the user, or how it bears on what was asked.
    """

    citation: Citation
    again: tuple[Citation, ...] = ()
    note: str = ""

    @property
    def sources(self) -> tuple[Citation, ...]:
        return (self.citation, *self.again)


@dataclass(frozen=True)
class Section:
    """Quotes under the name of the delegation whose they all are.

    Attributes:
        delegation: Empty where they are not all of one.
        entries: In order.
        found: Mentions that were found, where the document has not all of them.
    """

    delegation: str
    entries: tuple[Entry, ...]
    found: int | None = None

    @property
    def mentions(self) -> int:
        """How many were found."""
        if self.found is not None:
            return self.found
        return sum(len(entry.sources) for entry in self.entries)

    @property
    def period(self) -> tuple[str, str] | None:
        """Dates of the first and the latest mention, as far as dates are known."""
        return period(citation.speech for entry in self.entries for citation in entry.sources)


def period(speeches: Iterable[Speech]) -> tuple[str, str] | None:
    """The first and the last date, ISO 8601; None if none is known."""
    known = sorted(speech.date for speech in speeches if speech.date)
    return (known[0], known[-1]) if known else None


@dataclass(frozen=True)
class Chapter:
    """A topic or a question with its quotes.

    Attributes:
        title: The topic or the question.
        sections: By delegation, or one.
        remarks: What else to know, before the quotes: what was searched.
        closing: After them: who was not found to speak on it.
    """

    title: str
    sections: tuple[Section, ...]
    remarks: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()

    @property
    def entries(self) -> Iterator[Entry]:
        for section in self.sections:
            yield from section.entries


Outcome = Answer | tuple[CheckedClaim, ...] | CheckedQuotation | Briefing | str
"""What came of what was typed; a text is the reason why nothing did."""


@dataclass(frozen=True)
class Turn:
    """What was typed in a conversation, and what came of it."""

    text: str
    outcome: Outcome

    @property
    def searched(self) -> Searched | None:
        """What it was asked of; None where nothing was searched."""
        match self.outcome:
            case Answer(searched=searched, record=record):
                return None if record and not searched.speeches else searched
            case CheckedQuotation(searched=searched):
                return searched
            case Briefing(sheets=(first, *_)) | (CheckedClaim() as first, *_):
                return first.searched
        return None

    @property
    def citations(self) -> Iterator[Citation]:
        """All that the outcome cites, in any order, whether or not a reader was shown it."""
        match self.outcome:
            case Answer(findings=findings, related=related):
                for finding in (*findings, *related):
                    yield from (finding.citation, *finding.again)
            case CheckedQuotation(sources=sources, parts=parts):
                for source in sources:
                    yield from source.citations
                yield from (part.citation for part in parts if part.citation)
            case Briefing(sheets=sheets):
                for sheet in sheets:
                    for position in sheet.positions:
                        for quote in position.quotes:
                            yield from quote.sources
            case tuple(claims):
                for claim in claims:
                    yield from (evidence.citation for evidence in claim.evidence)


Change = Callable[[tuple[Entry, ...], int], tuple[Entry, ...]]
"""Entries of a section, and the place of one, to the entries after a change."""


@dataclass(frozen=True)
class Dossier:
    """A document before it is written. Changing it makes another; nothing is rewritten.

    Attributes:
        title: Of the whole.
        chapters: In order.
        provenance: Where it comes from.
        turns: Of a conversation, as programs want them.
    """

    title: str
    chapters: tuple[Chapter, ...]
    provenance: Provenance
    turns: tuple[Turn, ...] = ()

    @property
    def entries(self) -> list[Entry]:
        return [entry for chapter in self.chapters for entry in chapter.entries]

    @property
    def citations(self) -> list[Citation]:
        """Of all entries, in order; the first has number 1."""
        return [citation for entry in self.entries for citation in entry.sources]

    @property
    def speeches(self) -> dict[str, Speech]:
        """By id, those that are cited, by an entry or by what came of a turn."""
        cited = (citation for turn in self.turns for citation in turn.citations)
        return {citation.speech.id: citation.speech for citation in (*self.citations, *cited)}

    def keys(self) -> list[str]:
        """What names each entry: number of the chapter, speech and offsets."""
        return [
            key_of(number, entry)
            for number, chapter in enumerate(self.chapters, start=1)
            for entry in chapter.entries
        ]

    def drop(self, key: str) -> Dossier:
        """Without an entry, and without the section that it leaves empty."""
        return self._changed(key, lambda entries, at: entries[:at] + entries[at + 1 :])

    def move(self, key: str, places: int) -> Dossier:
        """With an entry so many places further down in its section; up if negative."""

        def moved(entries: tuple[Entry, ...], at: int) -> tuple[Entry, ...]:
            left = [*entries[:at], *entries[at + 1 :]]
            left.insert(min(max(at + places, 0), len(left)), entries[at])
            return tuple(left)

        return self._changed(key, moved)

    def annotate(self, key: str, note: str) -> Dossier:
        """With a note on an entry, white space collapsed; empty to take it away."""
        words = " ".join(note.split())

        def noted(entries: tuple[Entry, ...], at: int) -> tuple[Entry, ...]:
            return (*entries[:at], replace(entries[at], note=words), *entries[at + 1 :])

        return self._changed(key, noted)

    def add(self, citation: Citation, note: str = "") -> Dossier:
        """With a passage in the chapter of added ones, which comes last; once only."""
        others = [chapter for chapter in self.chapters if chapter.title != BASKET]
        added = (chapter for chapter in self.chapters if chapter.title == BASKET)
        basket = [entry for chapter in added for entry in chapter.entries]
        if all(entry.citation != citation for entry in basket):
            basket.append(Entry(citation, note=" ".join(note.split())))
        chapter = Chapter(BASKET, (Section("", tuple(basket)),))
        return replace(self, chapters=(*others, chapter))

    def _changed(self, key: str, change: Change) -> Dossier:
        """Raises KeyError when no entry has this key."""
        if key not in self.keys():
            raise KeyError(key)
        chapters = (
            replace(chapter, sections=tuple(_changed(chapter.sections, number, key, change)))
            for number, chapter in enumerate(self.chapters, start=1)
        )
        return replace(self, chapters=tuple(chapters))


def _changed(
    sections: Iterable[Section], chapter: int, key: str, change: Change
) -> Iterator[Section]:
    for section in sections:
        keys = [key_of(chapter, entry) for entry in section.entries]
        if key in keys:
            section = replace(section, entries=change(section.entries, keys.index(key)))
        if section.entries:
            yield section


def key_of(chapter: int, entry: Entry) -> str:
    """What names an entry of a chapter, whose number counts from 1."""
    start, end = entry.citation.span
    return f"{chapter}/{entry.citation.speech.id}/{start}-{end}"


# from a briefing


def of_briefing(
    briefing: Briefing,
    library: Library,
    remark: Callable[[Sheet], str],
    close: Callable[[Sheet], str],
    most: int | None = None,
) -> Dossier:
    """A briefing as a document.

    Args:
        briefing: To hand in.
        library: That it is from.
        remark: What is said of a sheet before its quotes.
        close: What is said after them; nothing if that is empty.
        most: Quotes of each delegation that are kept, the best, beside its first and latest
            mention; None for all.
    """
    topics = tuple(sheet.topic for sheet in briefing.sheets)
    chapters = []
    for sheet in briefing.sheets:
        remarks = [remark(sheet)]
        if most and any(len(position.quotes) > most for position in sheet.positions):
            remarks.append(
                f"Given are the best {most} of each delegation, its first and its latest."
            )
        sections = tuple(_section(position, most) for position in sheet.positions)
        closing = (close(sheet),) if close(sheet) else ()
        chapters.append(Chapter(sheet.topic, sections, tuple(remarks), closing))
    searched = briefing.sheets[0].searched
    title = f"Briefing: {'; '.join(topics)}"
    return Dossier(title, tuple(chapters), provenance(library, topics, searched))


def _section(position: Position, most: int | None) -> Section:
    kept = list(position.quotes[:most])
    for end in (position.first, position.latest):
        days = {citation.speech.date for quote in kept for citation in quote.sources}
        if end is not None and end.speech.date not in days:
            kept.append(next(quote for quote in position.quotes if end in quote.sources))
    entries = tuple(Entry(quote.citation, quote.again) for quote in kept)
    return Section(position.delegation.name, entries, position.mentions)


# provenance


def provenance(library: Library, asked: tuple[str, ...], *searched: Searched) -> Provenance:
    """Of a document that is made now.

    Args:
        library: That it is from.
        asked: Topics or questions.
        searched: What they were asked of; the whole library is told where that was not always
            the same.
    """
    whole = Searched(len(library.speeches), len(library.passages), Filters())
    of = searched[0] if len(set(searched)) == 1 else whole
    filters = {one.filters for one in searched} or {whole.filters}
    return Provenance(
        program=f"rapporteur {version('rapporteur')}",
        library=library.corpus_hash(),
        models=_model_hash(library),
        asked=asked,
        filters=next(iter(filters)) if len(filters) == 1 else None,
        speeches=of.speeches,
        passages=of.passages,
        made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _model_hash(library: Library) -> str:
    told = hashlib.sha256(library.encoder.fingerprint.encode())
    for folder in (READER_WEIGHTS, STANCE_WEIGHTS, TOPIC_WEIGHTS):
        told.update((folder / SUMS_FILE).read_bytes())
    return told.hexdigest()[:_HASH]
