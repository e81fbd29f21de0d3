"""What each step of retrieval and reading brings: one row a step.

python tests/ablation.py LIBRARY JUDGED.jsonl [SPLIT]
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from assistant.answer import Assistant, Citation, Finding
from assistant.evaluate import auroc, is_right
from assistant.library import Library
from assistant.questions import Judged, read_judged
from assistant.retriever import without_shared_names
from embeddings.encoder import FloatArray
from embeddings.hybrid import LEXICAL_WEIGHT
from embeddings.lexical import LexicalIndex

PASSAGE_WEIGHT = 0.3
Score = Callable[[str], FloatArray]
"""A question to the score of every sentence."""


class Steps:
    """The sentences of a library, scored in the ways that are compared."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.places = [(p, s) for p in library.passages for s in p.sentences]
        counts = [len(passage.sentences) for passage in library.passages]
        self.passage_of = np.repeat(np.arange(len(counts)), counts)
        texts = [span.of(library.speech_of(p).text) for p, span in self.places]
        self.plain = LexicalIndex.build(texts)
        whole = [p.span.of(library.speech_of(p).text) for p in library.passages]
        self.plain_passages = LexicalIndex.build(whole)

    def rows(self) -> dict[str, Score]:
        return {
            "BM25 of the sentence": self.plain.coverage,
            "cosine of the sentence": self.dense,
            "both, reciprocal rank fusion": self.rank_fusion,
            "both, weighted sum": lambda q: self.dense(q) + LEXICAL_WEIGHT * self.plain.coverage(q),
            "+ the passage around it": self.with_passage,
            "+ who speaks as words": self.with_byline,
            "+ without names that all share": lambda q: self.with_byline(q, self.topic(q)),
        }

    def topic(self, question: str) -> str:
        return without_shared_names(question, self.library.speeches.values())

    def vector(self, question: str) -> FloatArray:
        return self.library.encoder.encode_questions([question])[0]

    def dense(self, question: str) -> FloatArray:
        return self.library.sentence_index.dense.vectors() @ self.vector(question)

    def passages(self, question: str) -> FloatArray:
        scores: FloatArray = self.library.passage_index.dense.vectors() @ self.vector(question)
        return scores[self.passage_of]

    def rank_fusion(self, question: str) -> FloatArray:
        parts = (self.dense(question), self.plain.coverage(question))
        return sum(1 / (60 + np.argsort(np.argsort(-part, kind="stable"))) for part in parts)

    def with_passage(self, question: str) -> FloatArray:
        words = self.plain_passages.coverage(question)[self.passage_of]
        sentence = self.dense(question) + LEXICAL_WEIGHT * self.plain.coverage(question)
        return sentence + PASSAGE_WEIGHT * (self.passages(question) + LEXICAL_WEIGHT * words)

    def with_byline(self, question: str, meaning: str | None = None) -> FloatArray:
        meaning = meaning or question
        words = self.library.sentence_index.lexical.coverage(question)
        around = self.library.passage_index.lexical.coverage(question)[self.passage_of]
        sentence = self.dense(meaning) + LEXICAL_WEIGHT * words
        return sentence + PASSAGE_WEIGHT * (self.passages(meaning) + LEXICAL_WEIGHT * around)

    def best(self, scores: FloatArray) -> list[Finding]:
        best = np.argsort(-scores, kind="stable")[:5]
        return [self.finding(int(row), float(scores[row])) for row in best]

    def finding(self, row: int, score: float) -> Finding:
        passage, span = self.places[row]
        return Finding(
            passage.id,
            Citation(self.library.speech_of(passage), passage.paragraph, span),
            score,
            "none",
        )


def row(name: str, judged: list[Judged], ask: Callable[[Judged], list[Finding]]) -> None:
    answers = [(question, ask(question)) for question in judged]
    can = [(q, found) for q, found in answers if q.answerable]
    hits = [
        np.mean([any(is_right(f, q.gold) for f in found[:k]) for q, found in can]) for k in (1, 5)
    ]
    scores = [[f[0].score for q, f in answers if q.answerable is side] for side in (True, False)]
    print(f"| {name} | {hits[0]:.3f} | {hits[1]:.3f} | {auroc(*scores) or float('nan'):.2f} |")


def main() -> None:
    library = Library.open(Path(sys.argv[1]))
    judged = read_judged(Path(sys.argv[2]), *sys.argv[3:])
    steps, assistant = Steps(library), Assistant(library)
    print("| step | hit@1 | hit@5 | AUROC |\n|---|---|---|---|")
    for name, score in steps.rows().items():
        row(name, judged, lambda q, score=score: steps.best(score(q.question)))
    for name, interpret in (
        ("+ neighbours quoted together", False),
        ("+ held to the speaker who is named", True),
    ):

        def ask(judged: Judged, interpret: bool = interpret) -> list[Finding]:
            return list(assistant.ask(judged.question, interpret=interpret).findings)

        row(name, judged, ask)


if __name__ == "__main__":
    main()
