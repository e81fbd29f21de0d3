"""Groups for sets in which a question or a hypothesis comes with one paragraph."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from assistant.passage import sentences
from assistant.text import Span
from assistant.training.groups import Group, Record, Row, grown, read_records
from embeddings.lexical import LexicalIndex

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
    chosen = grown(text, spans, around, _WORDS, chance)
    start, end = chosen[0].start, chosen[-1].end
    shifted = tuple(Span(s.start - start, s.end - start) for s in chosen)
    if short is None or short.start < start or short.end > end:
        return Row("", text[start:end], shifted)
    inner = Span(short.start - start, short.end - start)
    evidence = tuple(
        n for n, s in enumerate(shifted) if s.start < inner.end and inner.start < s.end
    )
    return Row("", text[start:end], shifted, evidence, inner)
