"""Sentences that answer: their order, and which neighbours are quoted with them."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from assistant.builder import build
from assistant.errors import ModelError
from assistant.filters import Filters
from assistant.library import Library
from assistant.reader import MOST_WORDS, Calibration, CrossReader, Reading, context_of
from assistant.retriever import Retriever


@pytest.fixture
def read(tmp_path: Path, read_texts, toy_export, toy_reader):
    """Readings of a question in a library of these texts, as (words, reading)."""

    def ask(question: str, *texts: str, k: int = 50) -> list[tuple[str, Reading]]:
        files = {f"{number}.txt": text for number, text in enumerate(texts)}
        build(tmp_path / "library", read_texts(files).speeches, toy_export)
        library = Library.open(tmp_path / "library")
        found = Retriever(library).retrieve(question, Filters(), k)
        readings = toy_reader(library).read(found)
        return [(r.span.of(library.speech_of(r.passage).text), r) for r in readings]

    return ask


def words(readings: list[tuple[str, Reading]]) -> list[str]:
    return [quote for quote, _ in readings]


def test_the_sentence_that_answers_comes_first(read) -> None:
    text = "We thank you. Women lead our schools and our police. Troops need training."
    assert words(read("women and police", text))[0] == "Women lead our schools and our police."


def test_a_score_is_a_probability_made_of_parts(read) -> None:
    readings = dict(read("drones watch", "Drones fly.", "Drones watch.", "Police walk."))
    best, half, none = (readings[w] for w in ("Drones watch.", "Drones fly.", "Police walk."))
    likely = pytest.approx(1 / (1 + math.exp(-4)))
    assert dict(best.parts)["sentence answers"] == dict(best.parts)["passage answers"] == likely
    assert dict(half.parts)["sentence answers"] == 0.5
    assert best.score == pytest.approx(1 / (1 + math.exp(-4)))
    assert half.score == pytest.approx(0.5)
    assert [r.strength for r in (best, half, none)] == ["strong", "weak", "none"]
    assert dict(best.parts)["words of the sentence"] > dict(half.parts)["words of the sentence"]


def test_the_short_answer_stands_in_the_best_sentence(read) -> None:
    text = "We thank you. The drones fly. The drones fly."
    quote, reading = read("drones fly", text)[0]
    assert quote == "The drones fly. The drones fly."
    assert reading.short.of(text) == "drones"
    assert reading.span.start <= reading.short.start < reading.short.end <= reading.span.end
    assert read("police", text)[0][1].short is None


def test_what_a_model_is_told_of_a_speech(toy_library, read_texts) -> None:
    assert context_of(toy_library.speeches["a"]) == "Mr. Ali (Niger), 2016, The situation in Mali"
    *_, unknown = read_texts({"x.txt": "We thank you."}).speeches
    assert context_of(unknown) == ""


def test_a_calibration_is_saved_and_loaded(tmp_path: Path) -> None:
    calibration = Calibration("toy", 2.5, 0.5, {"sentence answers": 0.7}, -1.5, 0.3, 0.5, 0.8)
    calibration.save(tmp_path)
    assert Calibration.load(tmp_path) == calibration
    assert calibration.probability({"sentence answers": 1.5 / 0.7}) == pytest.approx(0.5)
    assert calibration.probability({"sentence answers": 1e9}) > calibration.strong
    shares = (0.1, 0.3, 0.5, 0.8)
    assert [calibration.strength(p) for p in shares] == ["none", "weak", "moderate", "strong"]
    (tmp_path / "reader.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match=r"reader.json: cannot be read"):
        Calibration.load(tmp_path)


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
    reader = CrossReader.shipped(library)
    for question in ("Who pays?", "What of women and peace?", "drones", "training centre"):
        found = Retriever(library).retrieve(question, Filters(), 50)
        readings = reader.read(found)
        spans = sorted((r.passage.id, *r.span) for r in readings)
        for (one, _, end), (other, start, _) in pairwise(spans):
            assert one != other or end < start
        for reading in readings:
            starts = {s.start for s in reading.passage.sentences}
            ends = {s.end for s in reading.passage.sentences}
            assert reading.span.start in starts
            assert reading.span.end in ends


def test_the_short_answer_of_a_later_paragraph(read) -> None:
    text = "We thank you.\n\nPolice walk. The drones fly."
    quote, reading = read("drones fly", text)[0]
    assert quote == "The drones fly."
    assert reading.passage.paragraph == 2
    assert reading.short.of("We thank you.\nPolice walk. The drones fly.") == "drones"


def test_a_score_never_rises_down_the_ranks(toy_library) -> None:
    """The rank also knows the search, the probability here only the model."""

    class Contrary:
        def judge(self, question, reads):
            for read in reads:
                low = "drones" in read.text.lower()
                yield SimpleNamespace(
                    answers=0.0,
                    words=0.0,
                    sentences=np.full(len(read.sentences), -1.0 if low else 1.0),
                    short=lambda span: None,
                )

    calibration = Calibration("toy", 100.0, 0.0, {"sentence answers": 1.0}, 0.0, 0.1, 0.5, 0.9)
    found = Retriever(toy_library).retrieve("drones", Filters(), 50)
    readings = CrossReader(toy_library, Contrary(), calibration).read(found)
    texts = [r.span.of(toy_library.speech_of(r.passage).text) for r in readings]
    assert "rones" in texts[0]
    scores = [reading.score for reading in readings]
    assert scores == pytest.approx([1 / (1 + math.e)] * len(scores))
    assert not CrossReader(toy_library, Contrary(), calibration).calibrated
    own = replace(calibration, encoder=toy_library.encoder.fingerprint)
    assert CrossReader(toy_library, Contrary(), own).calibrated
