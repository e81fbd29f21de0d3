"""Questions with known answers to groups of passages that a model learns to tell apart."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from assistant.cross_encoder import ReaderInput
from assistant.library import Library
from assistant.passage import Passage, sentences
from assistant.reader import reader_input
from assistant.retriever import Hit, Retriever
from assistant.speech import Speech
from assistant.text import Span
from embeddings.dense import Rows
from embeddings.hybrid import Query
from embeddings.lexical import LexicalIndex

Record = dict[str, Any]
"""A question as a file of training questions has it."""


_LEAST_WORDS = 12
"""What is left of a passage without the sentences that answer is read if it has so many."""


@dataclass(frozen=True)
class Row(ReaderInput):
    """A passage to be read against a question, with what is known of it.

    Attributes:
        evidence: Numbers of the sentences that answer, from 0; none if the passage does not.
        short: Offsets of the words that answer, where they are known.
    """

    evidence: tuple[int, ...] = ()
    short: Span | None = None

    def sentence(self, number: int) -> str:
        return self.sentences[number].of(self.text)

    def without_evidence(self) -> Row | None:
        """What is left when the sentences that answer are taken out; None if hardly anything."""
        kept = [place for place in range(len(self.sentences)) if place not in self.evidence]
        words = [self.sentence(place) for place in kept]
        if sum(len(one.split()) for one in words) < _LEAST_WORDS:
            return None
        ends = list(accumulate(len(one) + 1 for one in words))
        starts = [end - len(one) - 1 for end, one in zip(ends, words, strict=True)]
        spans = (Span(start, end - 1) for start, end in zip(starts, ends, strict=True))
        return Row(self.context, " ".join(words), tuple(spans))

    def around(self, number: int, words: int, chance: random.Random) -> str:
        """A run of sentences with this one in it, of at most so many words if it allows."""
        run = _grown(self.text, self.sentences, number, words, chance)
        return self.text[run[0].start : run[-1].end]


def _grown(
    text: str, sentences: Sequence[Span], number: int, words: int, chance: random.Random
) -> Sequence[Span]:
    """Sentence `number` with neighbours, by chance before or after, as far as `words` allow."""
    first = last = number
    sides = [-1, 1]
    while sides:
        side = chance.choice(sides)
        a, b = (first - 1, last) if side < 0 else (first, last + 1)
        inside = a >= 0 and b < len(sentences)
        if inside and len(text[sentences[a].start : sentences[b].end].split()) <= words:
            first, last = a, b
        else:
            sides.remove(side)
    return sentences[first : last + 1]


@dataclass(frozen=True)
class Group:
    """A question with passages that answer it and passages that look as if they did.

    Attributes:
        positives: Passages with evidence; none when the question has no answer.
        near: Passages of the same speech, checked by whoever wrote the question not to answer.
        far: Passages of other speeches, found by search and not checked.
        source: The set it is from; empty for questions on speeches.
        label: Of a claim, which stands where others have a question: what the evidence says.
    """

    question: str
    positives: tuple[Row, ...]
    near: tuple[Row, ...] = ()
    far: tuple[Row, ...] = ()
    source: str = ""
    label: str = ""

    def drawn(self, negatives: int, chance: random.Random) -> list[tuple[Row, bool]]:
        """One positive and so many negatives, half of them near where there are both.

        Half the time a near one gives way to what is left of the positive without its evidence:
        on the very subject, and without the answer.

        A question without an answer comes with as many passages of the same speech: the one
        most like an answer, always, and others.

        Each row comes with whether its sentences are known not to answer but for the evidence.
        """
        if not self.positives:
            first, others = self.near[:1], self.near[1:]
            return [(row, True) for row in (*first, *draw_rows(others, negatives - 1, chance))]
        take_near = min(len(self.near), max(negatives - negatives // 2, negatives - len(self.far)))
        near = draw_rows(self.near, take_near, chance)
        far = draw_rows(self.far, negatives - take_near, chance)
        positive = chance.choice(self.positives)
        if near and chance.random() < 0.5 and (rest := positive.without_evidence()):
            near[-1] = rest
        return [(positive, True), *((row, True) for row in near), *((row, False) for row in far)]


def draw_rows(rows: Sequence[Row], count: int, chance: random.Random) -> list[Row]:
    """So many of the rows, the first twice as likely as the last: they teach more."""
    left = list(rows)
    drawn: list[Row] = []
    while left and len(drawn) < count:
        weights = [2 - place / len(left) for place in range(len(left))]
        drawn.append(left.pop(chance.choices(range(len(left)), weights)[0]))
    return drawn


# ---- from questions on speeches --------------------------------------------------------------

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
    retriever, finder = Retriever(library), _Finder(library)
    for question in questions:
        vector = library.encoder.encode_questions([question])[0]
        hits = retriever.hits(Query(question, vector), rows, _NEAR)
        yield Group(question, (), tuple(finder.row(hit.passage) for hit in hits))


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
        rows = [(self._finder.row(hit.passage), hit) for hit in here]
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
            tuple(map(self._finder.row, far)),
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

    def row(self, passage: Passage) -> Row:
        return Row(**vars(reader_input(self._library.speech_of(passage), passage)))

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
                row = replace(self.row(passage), evidence=evidence)
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


# ---- from sets with one paragraph to a question ------------------------------------------------

_LONGEST_PREMISE = 1200
_WORDS = 100
"""A longer paragraph is cut to the sentences around its answer."""


def from_paragraphs(path: Path, chance: random.Random, sources: set[str] | None) -> list[Group]:
    """Groups for questions that come with a paragraph (SQuAD, SQuADShifts, PolicyQA).

    Its negatives are paragraphs that share many words with the question; the one that shares
    most is left out, for it is often of the same text and may answer, too.

    Args:
        path: JSON Lines `{"source", "question", "context", "answer", "start"}`.
        chance: Decides how long paragraphs are cut.
        sources: Kept; None keeps all.
    """
    records = [r for r in read_records(path) if sources is None or r["source"] in sources]
    contexts = list(dict.fromkeys(record["context"] for record in records))
    index = LexicalIndex.build(contexts)
    groups = []
    for record in records:
        start, answer = record.get("start"), record.get("answer")
        short = None
        if answer and start is not None and start >= 0:
            stripped = len(answer) - len(answer.lstrip())
            short = Span(start + stripped, start + stripped + len(answer.strip()))
        own = _window(record["context"], short, chance)
        found, _ = index.search(record["question"], 5)
        others = [contexts[row] for row in found if contexts[row] != record["context"]]
        far = tuple(_window(text, None, chance) for text in others[1:4])
        if short is None:
            groups.append(Group(record["question"], (), (own,), far, record["source"]))
        elif own.evidence:
            groups.append(Group(record["question"], (own,), (), far, record["source"]))
    return groups


def from_pairs(records: Iterable[Record]) -> Iterator[Group]:
    """Groups for pairs of premise and hypothesis (NLI, FEVER): the premise is the evidence."""
    for record in records:
        text = record["premise"][:_LONGEST_PREMISE]
        row = Row("", text, (Span(0, len(text)),), (0,))
        yield Group(record["hypothesis"], (row,), source=record["source"], label=record["label"])


def _window(text: str, short: Span | None, chance: random.Random) -> Row:
    spans = sentences(text, Span(0, len(text)))
    if not spans:
        return Row("", text, ())
    answering = (n for n, span in enumerate(spans) if short and span.end > short.start)
    around = next(answering, 0) if short else chance.randrange(len(spans))
    chosen = _grown(text, spans, around, _WORDS, chance)
    start, end = chosen[0].start, chosen[-1].end
    shifted = tuple(Span(s.start - start, s.end - start) for s in chosen)
    if short is None or short.start < start or short.end > end:
        return Row("", text[start:end], shifted)
    inner = Span(short.start - start, short.end - start)
    evidence = tuple(
        n for n, s in enumerate(shifted) if s.start < inner.end and inner.start < s.end
    )
    return Row("", text[start:end], shifted, evidence, inner)


# ---- on disk -----------------------------------------------------------------------------------


def read_records(path: Path) -> Iterator[Record]:
    """JSON Lines, gzipped if the name ends in `.gz`."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def write_groups(groups: Iterable[Group], path: Path) -> int:
    """Write groups, one JSON object a line; say how many."""
    count = 0
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        for count, group in enumerate(groups, start=1):  # noqa: B007
            file.write(json.dumps(asdict(group), ensure_ascii=False) + "\n")
    partial.replace(path)
    return count


def read_groups(path: Path) -> list[Group]:
    return [
        Group(
            record["question"],
            positives=tuple(map(_row, record["positives"])),
            near=tuple(map(_row, record["near"])),
            far=tuple(map(_row, record["far"])),
            source=record["source"],
            label=record["label"],
        )
        for record in read_records(path)
    ]


def _row(record: Record) -> Row:
    return Row(
        record["context"],
        record["text"],
        tuple(Span(*span) for span in record["sentences"]),
        tuple(record["evidence"]),
        Span(*record["short"]) if record["short"] else None,
    )
