"""What each step of retrieval and reading brings: one row a step.

python tests/ablation.py LIBRARY JUDGED.jsonl [SPLIT]

The rows of the search are those of the encoder that the library was built with.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from assistant.answer import Assistant, Citation, Finding
from assistant.cross_encoder import CrossEncoder
from assistant.evaluate import auroc, is_right
from assistant.library import Library
from assistant.questions import Judged, read_judged
from assistant.reader import WEIGHTS, Calibration, CrossReader
from assistant.retriever import without_shared_names
from embeddings.encoder import FloatArray
from embeddings.hybrid import LEXICAL_WEIGHT
from embeddings.lexical import LexicalIndex

PASSAGE_WEIGHT = 0.3
Score = Callable[[str], FloatArray]
"""A question to the score of every sentence."""


class Search:
    """The sentences of a library, scored without the reader."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.places = [(p, s) for p in library.passages for s in p.sentences]
        texts = [span.of(library.speech_of(p).text) for p, span in self.places]
        self.plain = LexicalIndex.build(texts)

    def rows(self) -> dict[str, Score]:
        return {
            "BM25 of the sentence": self.plain.coverage,
            "cosine of the sentence": self.dense,
            "both, reciprocal rank fusion": self.rank_fusion,
            "both, weighted sum": lambda q: self.dense(q) + LEXICAL_WEIGHT * self.plain.coverage(q),
            "+ the passage around it, who speaks, no shared names": self.hybrid,
        }

    def vector(self, question: str) -> FloatArray:
        return self.library.encoder.encode_questions([question])[0]

    def dense(self, question: str) -> FloatArray:
        return self.library.sentence_index.vectors(np.arange(len(self.places))) @ self.vector(
            question
        )

    def rank_fusion(self, question: str) -> FloatArray:
        parts = (self.dense(question), self.plain.coverage(question))
        return sum(1 / (60 + np.argsort(np.argsort(-part, kind="stable"))) for part in parts)

    def hybrid(self, question: str) -> FloatArray:
        library = self.library
        topic = without_shared_names(question, library.speeches.values())
        words = library.sentence_index.lexical.coverage(question)
        around = library.passage_index.lexical.coverage(question)
        passages = library.passage_index.vectors(np.arange(len(library.passages))) @ self.vector(
            topic
        )
        sentence = self.dense(topic) + LEXICAL_WEIGHT * words
        whole = (passages + LEXICAL_WEIGHT * around)[library.passage_of_sentence]
        return sentence + PASSAGE_WEIGHT * whole

    def best(self, scores: FloatArray) -> list[Finding]:
        best = np.argsort(-scores, kind="stable")[:5]
        return [self.finding(int(row), float(scores[row])) for row in best]

    def finding(self, row: int, score: float) -> Finding:
        passage, span = self.places[row]
        citation = Citation(self.library.speech_of(passage), passage.paragraph, span)
        return Finding(passage.id, citation, score, "weak")


def row(name: str, judged: list[Judged], ask: Callable[[Judged], list[Finding]]) -> None:
    answers = [(question, ask(question)) for question in judged]
    right = {
        k: [any(is_right(f.citation, q.gold) for f in found[:k]) for q, found in answers]
        for k in (1, 5)
    }
    can = [question.answerable for question in judged]
    hits = [np.mean(np.array(right[k])[can]) for k in (1, 5)]
    scores = [[f[0].score for q, f in answers if q.answerable is side] for side in (True, False)]
    done = [
        (found[0].strength != "none" and first) if q.answerable else found[0].strength == "none"
        for (q, found), first in zip(answers, right[1], strict=True)
    ]
    separated = auroc(*scores)
    told = "" if separated is None else f"{separated:.2f}"
    print(f"| {name} | {hits[0]:.3f} | {hits[1]:.3f} | {told} | {np.mean(done):.3f} |")


def main() -> None:
    library = Library.open(Path(sys.argv[1]))
    judged = read_judged(Path(sys.argv[2]), *sys.argv[3:])
    search = Search(library)
    print("| step | hit@1 | hit@5 | AUROC | end to end |\n|---|---|---|---|---|")
    for name, score in search.rows().items():
        row(name, judged, lambda q, score=score: search.best(score(q.question)))
    model, calibration = CrossEncoder.open(WEIGHTS), Calibration.load(WEIGHTS)
    never_refusing = replace(calibration, refuse=0.0)
    alone = replace(never_refusing, similarity=0, surroundings=0)
    for name, used, interpret in (
        ("reader alone", alone, False),
        ("reader and search", never_refusing, False),
        ("+ held to the speaker who is named", never_refusing, True),
        ("+ refusing", calibration, True),
    ):
        assistant = Assistant(library, CrossReader(library, model, used))

        def ask(
            judged: Judged, assistant: Assistant = assistant, interpret: bool = interpret
        ) -> list[Finding]:
            return list(assistant.ask(judged.question, judged.filters, interpret).findings)

        row(name, judged, ask)


if __name__ == "__main__":
    main()
