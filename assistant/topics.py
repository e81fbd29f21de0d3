"""Which passages bear on a topic: all of them, and not only the best few."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.claims import WEIGHTS as STANCE_WEIGHTS
from assistant.claims import PassageJudge
from assistant.cross_encoder import opened
from assistant.fitted import Fitted
from assistant.library import Library
from assistant.reader import MOST_WORDS, NEARLY, PassageModel, reader_input
from assistant.reader import WEIGHTS as READER_WEIGHTS
from assistant.stance import StanceModel
from assistant.text import Span
from assistant.vocabulary import Vocabulary
from embeddings.dense import Rows
from embeddings.encoder import FloatArray
from embeddings.shipped import verified

WEIGHTS = Path(__file__).parent / "weights" / "topics"
SEARCHED = ("words", "words above the usual", "part", "passage", "sentence")
READ = ("passage answers", "sentence answers", "bears")
PASSAGES_READ = 16
"""Passages of a topic that the models read: those of which the search is least sure. Reading 60
of them changes no figure in the second place; `docs/quality.md`."""
_FEW = 50
_SHARED = 1 / 3
"""A word that more of the passages searched have tells none of them apart."""
_BEARING = (-12.0, 8.0)
_SENTENCE = 40.0
"""Weight of a sentence's cosine beside the reader's logit: as in the rank of an answer."""


@dataclass(frozen=True)
class Mention:
    """A passage that bears on a topic, and its sentences that do so most.

    Attributes:
        row: Of the passage in the library.
        span: Of the sentences, in `Speech.text`.
        sentence: Row of the best sentence.
        score: Estimated probability that the passage bears on the topic.
    """

    row: int
    span: Span
    sentence: int
    score: float


@dataclass(frozen=True)
class TopicWeights(Fitted):
    """How signals become a probability that a passage bears on a topic.

    Fitted by `python -m assistant.training.topics`; `docs/quality.md`.

    Attributes:
        searched: Of the signals of the search, by name, and "bias".
        read: The same, when the models have read the passage as well.
        threshold: From this probability on a passage is a mention, among `_FEW` passages.
        rise: How much higher that is, in log-odds, for every ten times as many.
    """

    file = "topics.json"

    searched: dict[str, float]
    read: dict[str, float]
    threshold: float
    rise: float

    def bar(self, passages: int) -> float:
        """The log-odds from which on one of so many passages is a mention.

        Among many speeches fewer bear on a topic, and more come near it by chance.
        """
        more = max(0.0, math.log10(max(passages, 1) / _FEW))
        return math.log(self.threshold / (1 - self.threshold)) + self.rise * more


@dataclass(frozen=True)
class Topic:
    """A topic as it is searched for.

    Attributes:
        text: As given.
        focus: Without the words that most of the passages searched have, "training" of
            "training of peacekeepers" among speeches that all are on peacekeeping.
    """

    text: str
    focus: str

    @property
    def question(self) -> str:
        """What the reader is asked."""
        return self.focus if self.text.endswith("?") else f"What is said about {self.focus}?"


@dataclass(frozen=True)
class Signals:
    """What is known of passages.

    Attributes:
        topic: That was searched for.
        rows: Of the passages in the library.
        values: (n,) each, by name.
        cosines: Of every sentence of the library with the topic.
        logits: What the reader says of each sentence of a passage, by row, where it read one.
    """

    topic: Topic
    rows: Rows
    values: dict[str, FloatArray]
    cosines: FloatArray
    logits: dict[int, FloatArray] = field(default_factory=dict)

    def log_odds(self, weights: dict[str, float]) -> FloatArray:
        """(n,) log-odds that each passage bears on the topic."""
        logit = np.full(len(self.rows), weights["bias"], np.float32)
        for name, weight in weights.items():
            if name != "bias":
                logit += np.float32(weight) * self.values[name]
        return logit


@dataclass(frozen=True)
class Extent:
    """Of passages that are more than those at hand: they are the best of a search in a store.

    Attributes:
        passages: How many there are.
        having: How many of them have each of some stems.
        usual: Passages of them, chosen without regard to any topic.
    """

    passages: int
    having: Callable[[Sequence[str]], npt.NDArray[np.int64]]
    usual: Vocabulary


class TopicFinder(Protocol):
    """Finds the passages that bear on a topic."""

    def find(self, topic: str, rows: Rows) -> list[Mention]: ...


class TopicSearch:
    """Weighs what the search says of every passage, and reads those it leaves in doubt.

    The search compares word by word (`Vocabulary`) and by meaning. Reading every passage would
    take minutes; it decides only on those nearest to the threshold.
    """

    def __init__(
        self,
        library: Library,
        reader: PassageModel,
        judge: PassageJudge,
        weights: TopicWeights,
        vocabulary: Vocabulary | None = None,
        extent: Extent | None = None,
    ) -> None:
        """Search a library.

        Args:
            library: Where the passages are.
            reader: Reads those that the search leaves in doubt.
            judge: Does so, too.
            weights: Of the signals.
            vocabulary: Of the library, if it was read before.
            extent: Of what these passages are the best, if they are not all.
        """
        self.library = library
        self._extent = extent
        self._reader = reader
        self._judge = judge
        self._weights = weights
        self._vocabulary = vocabulary or Vocabulary.of(library)

    @classmethod
    def shipped(cls, library: Library) -> TopicSearch:
        """With the models that ship with Rapporteur.

        Raises:
            ModelError: Weights are incomplete or not what was shipped.
        """
        return cls(library, *cls.models(), TopicWeights.load(verified(WEIGHTS)))

    @staticmethod
    def models() -> tuple[PassageModel, PassageJudge]:
        """The reader and the stance model that ship."""
        reader = opened(verified(READER_WEIGHTS))
        return reader, StanceModel(opened(verified(STANCE_WEIGHTS)))

    def find(self, topic: str, rows: Rows) -> list[Mention]:
        """The passages among `rows` that bear on a topic, best first."""
        if not len(rows):
            return []
        signals = self.searched(topic, rows)
        logits = signals.log_odds(self._weights.searched)
        bar = self._weights.bar(self._size(rows))
        doubtful = np.lexsort((rows, np.abs(logits - bar)))[:PASSAGES_READ]
        read = self.read(signals, rows[doubtful])
        logits[doubtful] = read.log_odds(self._weights.read)
        order = np.lexsort((rows, -logits))
        return [
            self._mention(read, int(rows[at]), float(logits[at]))
            for at in order
            if logits[at] >= bar
        ]

    def searched(self, text: str, rows: Rows) -> Signals:
        """The signals of the search for passages, which `rows` are."""
        topic = self.topic(text, rows)
        vector = self.library.encoder.encode_questions([topic.focus])[0]
        words, part = self._words(text, rows)
        index = self.library.sentence_index
        cosines = index.cosines(vector, np.arange(len(index)))
        starts = self.library.passages.sentence_starts[:-1]
        values = {
            "words": words,
            "words above the usual": words - np.float32(np.median(self._usual(text, words, rows))),
            "part": part,
            "passage": self.library.passage_index.cosines(vector, rows),
            "sentence": np.maximum.reduceat(cosines, starts)[rows],
        }
        return Signals(topic, rows, values, cosines)

    def read(self, searched: Signals, rows: Rows) -> Signals:
        """The signals of the search and of both models for some of its passages."""
        places = {int(row): at for at, row in enumerate(searched.rows)}
        at = [places[int(row)] for row in rows]
        passages = [self.library.passages[row] for row in rows]
        inputs = [reader_input(self.library.speech_of(passage), passage) for passage in passages]
        answers = self._reader.judge(searched.topic.question, inputs)
        stances = self._judge.judge(searched.topic.focus, inputs)
        bears = [max(map(one.bearing, range(len(one.sentences)))) for one in stances]
        values = {name: searched.values[name][at] for name in SEARCHED} | {
            "passage answers": np.array([one.answers for one in answers], np.float32),
            "sentence answers": np.array([one.sentences.max() for one in answers], np.float32),
            "bears": np.clip(np.array(bears, np.float32), *_BEARING),
        }
        logits = {int(row): one.sentences for row, one in zip(rows, answers, strict=True)}
        return Signals(searched.topic, rows, values, searched.cosines, logits)

    def topic(self, text: str, rows: Rows) -> Topic:
        """The topic as it is searched for among `rows`."""
        words = {stem: word for word in _WORD.findall(text) for stem in self._stems(word)}
        counts = self._having(list(words), rows)
        common = [
            word
            for word, count in zip(words.values(), counts, strict=True)
            if count > _SHARED * self._size(rows)
        ]
        if not common or len(common) == len(words):
            return Topic(text, text)
        return Topic(text, without(text, common))

    def _stems(self, text: str) -> list[str]:
        return self._vocabulary.stems(text)

    def _words(self, text: str, rows: Rows) -> tuple[FloatArray, FloatArray]:
        """How much of the topic's words, and of its best part, each passage has: 0 to 1."""
        stems = list(dict.fromkeys(self._stems(text)))
        if not stems:
            return np.zeros(len(rows), np.float32), np.zeros(len(rows), np.float32)
        near = self._vocabulary.nearness(stems, rows)
        weight = self._weight(stems, rows)
        whole = weight @ near / weight.sum()
        parts = np.zeros(len(rows), np.float32)
        for part in _PARTING.split(text):
            chosen = [stems.index(stem) for stem in dict.fromkeys(self._stems(part))]
            if chosen:
                share = weight[chosen] @ near[chosen] / weight[chosen].sum()
                parts = np.maximum(parts, share * weight[chosen].max() / weight.max())
        return whole, parts

    def _usual(self, text: str, words: FloatArray, rows: Rows) -> FloatArray:
        """How much of the topic's words passages have that were not chosen for it."""
        stems = list(dict.fromkeys(self._stems(text)))
        if self._extent is None or not stems:
            return words
        usual = self._extent.usual
        weight = self._weight(stems, rows)
        every = usual.nearness(stems, np.arange(len(usual)))
        share: FloatArray = weight @ every / weight.sum()
        return share

    def _weight(self, stems: Sequence[str], rows: Rows) -> FloatArray:
        """Inverse document frequency, as BM25 has it: rare words tell more."""
        found = self._having(stems, rows)
        weight = np.log(1 + (self._size(rows) - found + 0.5) / (found + 0.5))
        return np.asarray(weight, np.float32)

    def _size(self, rows: Rows) -> int:
        """How many passages are searched."""
        return self._extent.passages if self._extent else len(rows)

    def _having(self, stems: Sequence[str], rows: Rows) -> npt.NDArray[np.int64]:
        """How many of them have each stem."""
        if self._extent:
            return self._extent.having(stems)
        return self._vocabulary.frequency(stems, rows)

    def _mention(self, read: Signals, row: int, logit: float) -> Mention:
        rank = _SENTENCE * read.cosines[np.array(self.library.sentence_rows(row))]
        if row in read.logits:
            rank = rank + read.logits[row]
        best = int(np.argmax(rank))
        span = self._run(row, rank, best)
        sentence = self.library.sentence_rows(row)[best]
        return Mention(row, span, sentence, 1 / (1 + math.exp(-logit)))

    def _run(self, row: int, rank: FloatArray, best: int) -> Span:
        """The best sentence with neighbours that are nearly as good."""
        passage = self.library.passages[row]
        text = self.library.speech_of(passage).text
        first = last = best
        while True:
            beside = [at for at in (first - 1, last + 1) if 0 <= at < len(rank)]
            beside = [at for at in beside if rank[at] >= rank[best] - NEARLY]
            if not beside:
                break
            one = max(beside, key=lambda at: (rank[at], -at))
            wider = (min(first, one), max(last, one))
            span = _span(passage.sentences, *wider)
            if len(span.of(text).split()) > MOST_WORDS:
                break
            first, last = wider
        return _span(passage.sentences, first, last)


def _span(sentences: Sequence[Span], first: int, last: int) -> Span:
    return Span(sentences[first].start, sentences[last].end)


_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_PARTING = re.compile(r"[,:;]|\b(?:and|or)\b")
_LINKS = r"(?:of|in|the|for|and|or|by|to|on|from|with|between)"
_DANGLING = re.compile(rf"^(?:{_LINKS}\b\W*|\W+)+|(?:\W*\b{_LINKS}|[^\w?]+)+$", re.IGNORECASE)


def without(text: str, words: Sequence[str]) -> str:
    """The text without some words, and without what then dangles at its ends."""
    pattern = rf"\b(?:{'|'.join(map(re.escape, words))})(?:['’]s?)?(?!\w)"
    left = " ".join(re.sub(pattern, " ", text).split())
    return _DANGLING.sub("", left) or text
