"""Sentences that answer: their order, and which neighbours are quoted with them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from assistant.builder import build
from assistant.filters import Filters
from assistant.library import Library
from assistant.reader import MOST_WORDS, PASSAGE_WEIGHT, Reading, SentenceReader
from assistant.retriever import Retriever


@pytest.fixture
def read(tmp_path: Path, read_texts, toy_export):
    """Readings of a question in a library of these texts, as (words, reading)."""

    def ask(question: str, *texts: str, k: int = 50) -> list[tuple[str, Reading]]:
        files = {f"{number}.txt": text for number, text in enumerate(texts)}
        build(tmp_path / "library", read_texts(files).speeches, toy_export)
        library = Library.open(tmp_path / "library")
        found = Retriever(library).retrieve(question, Filters(), k)
        readings = SentenceReader(library).read(found.query, found.hits)
        return [(r.span.of(library.speech_of(r.passage).text), r) for r in readings]

    return ask


def words(readings: list[tuple[str, Reading]]) -> list[str]:
    return [quote for quote, _ in readings]


def test_the_sentence_that_answers_comes_first(read) -> None:
    text = "We thank you. Women lead our schools and our police. Troops need training."
    assert words(read("women and police", text))[0] == "Women lead our schools and our police."


def test_a_score_is_made_of_sentence_and_passage(read) -> None:
    (reading,) = (r for _, r in read("drones", "Drones fly.", "Police walk.") if r.span.end == 11)
    parts = dict(reading.parts)
    assert parts["meaning of the sentence"] == parts["meaning of the passage"] == pytest.approx(1)
    assert parts["words of the sentence"] == parts["words of the passage"]
    best = 1 + 0.5 * parts["words of the sentence"]
    assert reading.score == pytest.approx(best + PASSAGE_WEIGHT * best)
    assert reading.short is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Equal neighbours are one quote, one that says less is its own.
        ("Drones fly. Drones fly.", ["Drones fly. Drones fly."]),
        ("Drones fly. Drones fly. Drones fly.", ["Drones fly. Drones fly. Drones fly."]),
        ("Drones fly. Police walk.", ["Drones fly.", "Police walk."]),
        # Not across something in between, nor across paragraphs.
        ("Drones fly. Mali, Niger. Drones fly.", ["Drones fly.", "Drones fly.", "Mali, Niger."]),
        ("Drones fly.\n\nDrones fly.", ["Drones fly.", "Drones fly."]),
    ],
)
def test_neighbours_that_are_as_good_are_quoted_together(
    read, text: str, expected: list[str]
) -> None:
    assert words(read("drones fly", text)) == expected


def test_a_quote_of_neighbours_has_a_length(read) -> None:
    sentence = "Drones fly " + "on and " * 12 + "on."  # 27 words
    quotes = words(read("drones fly", " ".join([sentence] * 2)))
    assert [len(quote.split()) for quote in quotes] == [54]
    sentence = sentence.replace("fly", "fly up and down, up and down")  # 33 words, twice are 66
    quotes = words(read("drones fly", " ".join([sentence] * 2)))
    assert [len(quote.split()) for quote in quotes] == [33, 33]
    assert 54 <= MOST_WORDS < 66


def test_only_what_was_found_is_read(read) -> None:
    texts = ["Drones fly.", "Police walk.", "Women lead."]
    assert words(read("police", *texts, k=1)) == ["Police walk."]
    assert read("police", *texts, k=0) == []


def test_readings_never_overlap(read) -> None:
    text = "Drones fly. Drones. Mali. Women fly. Drones, women. Peace. Drones fly. Fly. Niger."
    for question in ("drones fly", "women", "peace in mali", "nothing"):
        readings = read(question, text, f"{text}\n\n{text}")
        scores = [reading.score for _, reading in readings]
        assert scores == sorted(scores, reverse=True)
        spans = sorted((r.passage.id, *r.span) for _, r in readings)
        for (one, _, end), (other, start, _) in pairwise(spans):
            assert one != other or end < start
        covered = sum(len(quote.replace(" ", "")) for quote in words(readings))
        assert covered == 3 * len(text.replace(" ", ""))


@pytest.mark.model
def test_readings_of_the_seeds_never_overlap(library) -> None:
    for question in ("Who pays?", "What of women and peace?", "drones", "training centre"):
        found = Retriever(library).retrieve(question, Filters(), 50)
        readings = SentenceReader(library).read(found.query, found.hits)
        spans = sorted((r.passage.id, *r.span) for r in readings)
        for (one, _, end), (other, start, _) in pairwise(spans):
            assert one != other or end < start
        for reading in readings:
            starts = {s.start for s in reading.passage.sentences}
            ends = {s.end for s in reading.passage.sentences}
            assert reading.span.start in starts
            assert reading.span.end in ends
