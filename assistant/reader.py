"""Reading the passages that were found: which sentences answer, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Literal, Protocol

from assistant.cross_encoder import Judgement, ReaderInput, opened
from assistant.fitted import Fitted
from assistant.library import Library
from assistant.passage import Passage
from assistant.retriever import Hit, Retrieval
from assistant.speech import Speech
from assistant.text import Span
from embeddings.hybrid import Match
from embeddings.shipped import verified

WEIGHTS = Path(__file__).parent / "weights" / "reader"

Strength = Literal["strong", "moderate", "weak", "none"]


@dataclass(frozen=True)
class Reading:
    """A sentence, or adjoining sentences of one passage, that may answer a question.

    Attributes:
        passage: Where they stand.
        span: All of them, in `Speech.text`.
        score: Estimated probability that they answer, 0 to 1; comparable across questions. It
            is fitted on first quotes, and never above that of a reading ranked higher.
        strength: The score in a word; "none" if it is too low for an answer.
        short: The words inside the span that answer.
        parts: What the score is made of, by name, for those who want to know.
    """

    passage: Passage
    span: Span
    score: float
    strength: Strength
    short: Span | None = None
    parts: tuple[tuple[str, float], ...] = ()


_CLEAR = 0.18
"""A cosine this far above chance says no more by being higher."""


def chance_level(passages: int) -> float:
    """Cosine of a question from elsewhere and the nearest sentence of so many passages.

    The more there are, the nearer the nearest is: 0.16 on average among 54 passages, 0.26
    among 866, 0.33 among 11,412 (150 questions on products, policies and games).
    """
    return 0.034 + 0.073 * math.log10(max(passages, 2))


_MOST_PASSAGES = 11_412
"""Of the libraries that the weight of the following was fitted on."""


def too_near_chance(cosine: float, passages: int) -> float:
    """How far a sentence falls short of being clearly nearer than one is by chance; 0 if it is.

    It says more the more passages there are: a handful may well word an answer in a way that
    is far from the question, while among thousands some sentence is nearer, if there is an answer.
    """
    size = math.log10(min(max(passages, 2), _MOST_PASSAGES))
    return size * max(0.0, chance_level(passages) + _CLEAR - cosine)


LOGITS = ("sentence answers", "passage answers", "words answer")
"""Parts of a score that are told as probabilities."""


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


class Reader(Protocol):
    """Picks the sentences that answer out of passages."""

    def read(self, found: Retrieval) -> list[Reading]:
        """Readings of the hits, best first, none overlapping another."""


class PassageModel(Protocol):
    """What `CrossEncoder` does."""

    def judge(self, question: str, reads: Sequence[ReaderInput]) -> list[Judgement]: ...


@dataclass(frozen=True)
class Calibration(Fitted):
    """How the signals of one model become a rank and a probability.

    Fitted by `python -m assistant.training calibrate`; `docs/quality.md`.

    Attributes:
        encoder: Fingerprint of the encoder whose libraries it was fitted on.
        similarity: Of the hybrid score of the sentence in its rank, beside the model's logits.
        surroundings: Of the hybrid score of the passage.
        weights: Of the signals in the logit of the probability, by name.
        bias: Of that logit.
        refuse: Below this probability nothing is offered as an answer.
        moderate, strong: From these on an answer is called so.
    """

    file = "reader.json"

    encoder: str
    similarity: float
    surroundings: float
    weights: dict[str, float]
    bias: float
    refuse: float
    moderate: float
    strong: float

    def probability(self, signals: dict[str, float]) -> float:
        logit = self.bias + sum(w * signals[name] for name, w in self.weights.items())
        return _sigmoid(logit)

    def strength(self, probability: float) -> Strength:
        if probability < self.refuse:
            return "none"
        if probability < self.moderate:
            return "weak"
        return "moderate" if probability < self.strong else "strong"


NEARLY = 2.5
"""A sentence this little below its better neighbour, in rank, is quoted with it."""
MOST_WORDS = 60
"""A quote of neighbours is not made longer than this."""
_BEST = 40
"""Sentences that are looked at for joining; more than ever are shown."""
_TOPIC_WORDS = 12


def context_of(speech: Speech) -> str:
    """Who speaks, when and on what, as a model is told: "Mr. Umarov (Kazakhstan), 2018, Mali".

    Empty where nothing is known.
    """
    who = speech.byline if speech.speaker or speech.country else None
    year = speech.date[:4] if speech.date else None
    topic = " ".join(speech.topic.split()[:_TOPIC_WORDS]) if speech.topic else None
    return ", ".join(part for part in (who, year, topic) if part)


def reader_input(speech: Speech, passage: Passage) -> ReaderInput:
    """A passage of a speech as a model is given it."""
    start = passage.span.start
    return ReaderInput(
        context_of(speech),
        passage.span.of(speech.text),
        tuple(Span(s.start - start, s.end - start) for s in passage.sentences),
    )


class CrossReader:
    """Reads every passage beside the question and ranks its sentences.

    The rank of a sentence is the sum of what the model says of it and of its passage and of
    what the search said of both, weighted: `docs/quality.md` has what each brings.
    """

    def __init__(self, library: Library, model: PassageModel, calibration: Calibration) -> None:
        self._library = library
        self._model = model
        self._calibration = calibration

    @classmethod
    def shipped(cls, library: Library) -> CrossReader:
        """The reader that ships with Rapporteur.

        Raises:
            ModelError: Its weights are incomplete or not what was shipped.
        """
        folder = verified(WEIGHTS)
        return cls(library, opened(folder), Calibration.load(folder))

    @property
    def calibrated(self) -> bool:
        """Whether its probabilities were fitted on libraries with this library's encoder."""
        return self._calibration.encoder == self._library.encoder.fingerprint

    def read(self, found: Retrieval) -> list[Reading]:
        inputs = [reader_input(self._library.speech_of(h.passage), h.passage) for h in found.hits]
        judgements = self._model.judge(found.question, inputs)
        sentences = [
            _Sentence(hit, judgement, number, self._calibration, found.passages)
            for hit, judgement in zip(found.hits, judgements, strict=True)
            for number in range(len(hit.sentences))
        ]
        sentences.sort(key=lambda sentence: (-sentence.rank, sentence.match.row))
        runs: list[_Run] = []
        for sentence in sentences[:_BEST]:
            if not any(run.take(sentence, self._library) for run in runs):
                runs.append(_Run(sentence))
        # A rank has parts that a probability has not: now and then the two disagree.
        scores = accumulate((run.probability(self._calibration) for run in runs), min)
        return [
            run.reading(score, self._calibration.strength(score))
            for run, score in zip(runs, scores, strict=True)
        ]


@dataclass(frozen=True)
class _Sentence:
    hit: Hit
    judgement: Judgement
    number: int
    calibration: Calibration
    searched: int

    @property
    def match(self) -> Match:
        return self.hit.sentences[self.number]

    @property
    def rank(self) -> float:
        return (
            float(self.judgement.sentences[self.number])
            + self.judgement.answers
            + self.calibration.similarity * self.match.score
            + self.calibration.surroundings * self.hit.match.score
        )

    @cached_property
    def signals(self) -> dict[str, float]:
        """What a probability is made of."""
        return {
            "sentence answers": float(self.judgement.sentences[self.number]),
            "passage answers": self.judgement.answers,
            "words answer": self.judgement.words,
            "meaning of the sentence": self.match.cosine,
            "words of the sentence": self.match.coverage,
            "meaning of the passage": self.hit.match.cosine,
            "words of the passage": self.hit.match.coverage,
            "meaning too near chance": too_near_chance(self.match.cosine, self.searched),
        }


class _Run:
    """Adjoining sentences of one passage, the best of them first taken."""

    def __init__(self, best: _Sentence) -> None:
        self._best = best
        self._first = self._last = best.number

    def take(self, sentence: _Sentence, library: Library) -> bool:
        """Add a sentence that is next to these and nearly as good; say whether it was."""
        if sentence.hit is not self._best.hit:
            return False
        first, last = min(self._first, sentence.number), max(self._last, sentence.number)
        beside = last - first == self._last - self._first + 1
        if not beside or sentence.rank < self._best.rank - NEARLY:
            return False
        text = library.speech_of(self._best.hit.passage).text
        if len(self._span(first, last).of(text).split()) > MOST_WORDS:
            return False
        self._first, self._last = first, last
        return True

    def _span(self, first: int, last: int) -> Span:
        sentences = self._best.hit.passage.sentences
        return Span(sentences[first].start, sentences[last].end)

    def probability(self, calibration: Calibration) -> float:
        return calibration.probability(self._best.signals)

    def reading(self, score: float, strength: Strength) -> Reading:
        best, passage = self._best, self._best.hit.passage
        start = passage.span.start
        sentence = passage.sentences[best.number]
        short = best.judgement.short(Span(sentence.start - start, sentence.end - start))
        return Reading(
            passage,
            self._span(self._first, self._last),
            score,
            strength,
            Span(short.start + start, short.end + start) if short else None,
            tuple(
                (name, _sigmoid(value) if name in LOGITS else value)
                for name, value in best.signals.items()
            ),
        )
