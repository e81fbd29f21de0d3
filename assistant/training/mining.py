"""Groups for questions on speeches, with passages that the search itself takes for answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from assistant.library import Library
from assistant.passage import Passage
from assistant.reader import reader_input
from assistant.retriever import Hit, Retriever
from assistant.speech import Speech
from assistant.text import Span
from assistant.training.groups import Group, Record, Row
from embeddings.dense import Rows
from embeddings.hybrid import Query

_NEAR, _FAR = 5, 16
_CLEARLY = 0.9
"""A passage of another speech is taken as wrong when the cosine of its nearest sentence is below
this share of that of the sentence that answers: nearer ones often answer as well."""


def kept_for_judging(records: Iterable[Record], *others: Iterable[str]) -> set[str]:
    """Speeches that nothing may be trained on: of other splits than "train", and the others."""
    kept = {record["speech"] for record in records if record["split"] != "train"}
    return kept.union(*others)


def from_speeches(
    library: Library,
    records: Iterable[Record],
    excluded: Callable[[str], bool],
) -> Iterator[Group]:
    """Groups for questions on speeches.

    Negatives are what the library's own search finds for the question in the same speech and,
    unless it is nearly as near as the answer, in all others. For a question without an answer
    there is nothing to compare with, and only what is very near is left out.

    Args:
        library: Of the speeches.
        records: As in `unsc_questions.jsonl.gz`.
        excluded: Whether a speech, by id, must not be used (it is kept for judging).
    """
    speeches = {name: speech for name, speech in library.speeches.items() if not excluded(name)}
    miner = _Miner(library, speeches)
    for record in records:
        speech = speeches.get(str(record["speech"]))
        if speech and (group := miner.group(speech, record)):
            yield group


def from_elsewhere(
    library: Library, questions: Iterable[str], excluded: Callable[[str], bool]
) -> Iterator[Group]:
    """Groups for questions that have nothing to do with speeches, with what search finds there."""
    rows = library.rows({name for name in library.speeches if not excluded(name)})
    retriever = Retriever(library)
    for question in questions:
        vector = library.encoder.encode_questions([question])[0]
        hits = retriever.hits(Query(question, vector), rows, _NEAR)
        yield Group(question, (), tuple(row_of(library, hit.passage) for hit in hits))


def row_of(library: Library, passage: Passage) -> Row:
    """The passage as the reader gets it."""
    return Row(**vars(reader_input(library.speech_of(passage), passage)))


class _Miner:
    """Finds passages that look as if they answered a question."""

    def __init__(self, library: Library, speeches: dict[str, Speech]) -> None:
        self._library = library
        self._retriever = Retriever(library)
        self._finder = _Finder(library)
        self._anywhere = library.rows(set(speeches))
        self._rows: dict[str, Rows] = {}

    def group(self, speech: Speech, record: Record) -> Group | None:
        """None when the words that answer cannot be found in the speech."""
        positives = self._finder.positives(speech, record)
        if record["answerable"] and not positives:
            return None
        vector = self._library.encoder.encode_questions([record["question"]])[0]
        query = Query(record["question"], vector)

        of_speech = self._rows_of(speech)
        here = self._retriever.hits(query, of_speech, len(of_speech))
        gold = {row.text for row in positives}
        rows = [(row_of(self._library, hit.passage), hit) for hit in here]
        best = max((_nearest(hit) for row, hit in rows if row.text in gold), default=1.0)
        far = [
            hit.passage
            for hit in self._retriever.hits(query, self._anywhere, _FAR)
            if hit.passage.speech != speech.id and _nearest(hit) < _CLEARLY * best
        ]
        return Group(
            record["question"],
            tuple(positives),
            tuple(row for row, _ in rows if row.text not in gold)[:_NEAR],
            tuple(row_of(self._library, passage) for passage in far),
            label=record.get("label", ""),
        )

    def _rows_of(self, speech: Speech) -> Rows:
        if speech.id not in self._rows:
            self._rows[speech.id] = self._library.rows({speech.id})
        return self._rows[speech.id]


def _nearest(hit: Hit) -> float:
    """Cosine of the question and the sentence nearest to it."""
    return max(sentence.cosine for sentence in hit.sentences)


class _Finder:
    """Finds gold sentences among the passages of a library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._passages: dict[str, list[Passage]] = {}
        for passage in library.passages:
            self._passages.setdefault(passage.speech, []).append(passage)
        self._letters: dict[str, tuple[str, list[int]]] = {}

    def positives(self, speech: Speech, record: Record) -> list[Row]:
        """The passages that hold gold sentences, with these marked."""
        gold = [span for one in record["gold"] if (span := self._gold(speech, one))]
        short = self._short(speech, gold, record.get("short"))
        found = []
        for passage in self._passages[speech.id]:
            evidence = tuple(
                place
                for place, sentence in enumerate(passage.sentences)
                if any(_half_inside(sentence, span) for span in gold)
            )
            if evidence:
                row = replace(row_of(self._library, passage), evidence=evidence)
                if short and passage.span.start <= short.start and short.end <= passage.span.end:
                    shift = passage.span.start
                    row = replace(row, short=Span(short.start - shift, short.end - shift))
                found.append(row)
        return found

    def _short(self, speech: Speech, gold: Sequence[Span], words: str | None) -> Span | None:
        if words:
            pattern = r"\s*".join(re.escape(word) for word in words.split())
            for span in gold:
                if place := re.search(pattern, span.of(speech.text), re.IGNORECASE):
                    return Span(span.start + place.start(), span.start + place.end())
        return None

    def _gold(self, speech: Speech, record: Record) -> Span | None:
        """Where gold stands: its text is given, or its offsets in the reading text."""
        if "text" in record:
            return self._find(speech, record["text"])
        return Span(int(record["start"]), int(record["end"]))

    def _find(self, speech: Speech, quote: str) -> Span | None:
        """Where a quote stands, letters and digits alone being compared."""
        if speech.id not in self._letters:
            self._letters[speech.id] = _letters(speech.text)
        letters, places = self._letters[speech.id]
        # Gold of a first paragraph begins with the record's header, which is no speech.
        for wording in (quote, re.sub(r"^[^:]{0,120}:\s", "", quote)):
            wanted, _ = _letters(wording)
            start = letters.find(wanted)
            if wanted and start >= 0:
                return Span(places[start], places[start + len(wanted) - 1] + 1)
        return None


def _letters(text: str) -> tuple[str, list[int]]:
    kept = [(char.lower(), place) for place, char in enumerate(text) if char.isalnum()]
    return "".join(char[0] for char, _ in kept), [place for _, place in kept]


def _half_inside(sentence: Span, gold: Span) -> bool:
    common = min(sentence.end, gold.end) - max(sentence.start, gold.start)
    shorter = min(sentence.end - sentence.start, gold.end - gold.start)
    return common > 0 and common * 2 >= shorter
