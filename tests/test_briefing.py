"""Topics to position sheets, on the toy library with toy models, and on the seeds with ours."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.briefing import Briefer, Delegation, Silent
from assistant.builder import build
from assistant.errors import ModelError, QuestionError
from assistant.filters import Filters
from assistant.library import Library
from assistant.questions import Raised, read_topics
from assistant.topics import (
    PASSAGES_READ,
    Mention,
    Topic,
    TopicSearch,
    TopicWeights,
    without,
)
from assistant.vocabulary import Vocabulary
from embeddings.dense import Rows
from tests.conftest import ToyEncoder, ToyModel, WriteTexts, export_toy
from tests.test_claims import ToyStance
from ui import batch
from ui.contract import sheet_record

WORDS = TopicWeights(
    searched={"words": 8.0, "bias": -4.0},
    read={"words": 8.0, "bias": -4.0},
    threshold=0.5,
    rise=0.0,
)
"""A passage is a mention when it has more than half of the topic's words, by weight."""


def toy_search(library: Library) -> TopicSearch:
    return TopicSearch(library, ToyModel(), ToyStance(), WORDS)


@pytest.fixture
def briefer(toy_library: Library) -> Briefer:
    return Briefer(toy_library, toy_search(toy_library))


def every_row(library: Library) -> Rows:
    return np.arange(len(library.passages))


# words


def encode(texts: Sequence[str]) -> np.ndarray:
    return ToyEncoder().encode_questions(texts)


def test_a_word_is_near_itself_and_as_near_to_others_as_their_cosine_cubed() -> None:
    vocabulary = Vocabulary(["small budget", "women march", ""], encode)
    # Toy vectors: "budget" and "women" (1, 1)/√2 in planes of their own, other words (1, 0).
    near = vocabulary.nearness(["budget"], np.arange(3))
    assert near[0] == pytest.approx([1.0, 0.5**1.5, 0.0], abs=1e-6)


def test_words_of_some_passages_only() -> None:
    vocabulary = Vocabulary(["drones fly", "women march", "drones march"], encode)
    rows = np.array([2, 1])
    assert vocabulary.frequency(["drone", "march", "war"], rows).tolist() == [1, 2, 0]
    assert vocabulary.nearness(["march"], rows).tolist() == [[1.0, 1.0]]
    assert vocabulary.nearness([], rows).shape == (0, 2)
    assert vocabulary.nearness(["march"], np.arange(0)).shape == (1, 0)


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("training of peacekeepers", ["peacekeepers"], "training"),
        ("the peacekeepers' training", ["peacekeepers"], "training"),
        ("reform of United Nations peacekeeping", ["United", "Nations", "peacekeeping"], "reform"),
        ("What of women?", ["women"], "What of ?"),
        ("peace", ["peace"], "peace"),
        ("Peace, and war", ["Peace"], "war"),
    ],
)
def test_words_taken_out_leave_nothing_dangling(text: str, words: list[str], left: str) -> None:
    assert without(text, words) == left


def test_words_that_most_passages_have_are_left_out_of_what_is_compared(
    toy_library: Library,
) -> None:
    rows = toy_library.rows({"c"})  # one passage: drones, need, mandate, budget
    search = toy_search(toy_library)
    assert search.topic("mandate of drones", rows) == Topic(*["mandate of drones"] * 2)
    assert search.topic("women of drones", rows).focus == "women"
    assert Topic("What of drones?", "drones?").question == "drones?"
    assert Topic("drones", "drones").question == "What is said about drones?"


# search


def test_every_passage_with_the_words_is_found_best_first(toy_library: Library) -> None:
    found = toy_search(toy_library).find("budget", every_row(toy_library))
    assert [toy_library.passages[mention.row].id for mention in found] == ["b#1.1", "c#1.1"]
    assert all(0.5 <= mention.score <= 1 for mention in found)


def test_the_models_decide_on_passages_near_the_threshold(toy_library: Library) -> None:
    weights = TopicWeights(
        {"words": 1.0, "bias": -0.5}, {"passage answers": 1.0, "bias": 0.0}, 0.5, 0.0
    )
    search = TopicSearch(toy_library, ToyModel(), ToyStance(), weights)
    (found,) = search.find("the small budget?", every_row(toy_library))
    # The toy reader gives 8 times the share of the question's words, less 4: 4 for all of them.
    assert toy_library.passages[found.row].id == "b#1.1"
    assert found.score == pytest.approx(1 / (1 + np.exp(-4)))
    assert len(toy_library.passages) <= PASSAGES_READ


def test_the_bar_rises_with_the_number_of_passages() -> None:
    weights = TopicWeights({"bias": 0}, {"bias": 0}, threshold=0.25, rise=0.5)
    assert weights.bar(5) == weights.bar(50) == pytest.approx(np.log(1 / 3))
    assert weights.bar(5000) == pytest.approx(np.log(1 / 3) + 1.0)


def test_weights_are_saved_and_damaged_ones_told(tmp_path: Path) -> None:
    WORDS.save(tmp_path)
    assert TopicWeights.load(tmp_path) == WORDS
    (tmp_path / "topics.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot be read"):
        TopicWeights.load(tmp_path)


# sheets


def test_a_sheet_has_positions_and_who_was_not_found_to_speak_on_it(briefer: Briefer) -> None:
    (sheet,) = briefer.brief(["budget"]).sheets
    names = [position.delegation.name for position in sheet.positions]
    assert names == ["Guinea-Bissau", "Nigeria"]
    assert sheet.silent == (Silent(Delegation("Niger"), 1),)
    assert (sheet.searched.speeches, sheet.searched.passages) == (3, 5)
    (quote,) = sheet.positions[1].quotes
    assert quote.citation.quote == "The budget is small."
    assert (sheet.positions[1].first, sheet.positions[1].latest) == (quote.citation,) * 2


def test_quotes_are_slices_and_whole_sentences(briefer: Briefer) -> None:
    for sheet in briefer.brief(["women and budget", "women", "thank"]).sheets:
        for position in sheet.positions:
            for quote in position.quotes:
                citation = quote.citation
                assert citation.quote == citation.speech.text[slice(*citation.span)]
                assert citation.quote.endswith(".")


def test_filters_and_their_denominators(briefer: Briefer) -> None:
    (sheet,) = briefer.brief(["budget"], Filters(until="2016")).sheets
    assert sheet.searched.speeches == 2
    assert [position.delegation.name for position in sheet.positions] == ["Nigeria"]
    (none,) = briefer.brief(["drones"], Filters(country="France")).sheets
    assert (none.positions, none.silent, none.searched.speeches) == ((), (), 0)


def test_several_topics_make_a_table(briefer: Briefer) -> None:
    told: list[tuple[int, int]] = []
    briefing = briefer.brief(
        ["women", "budget"], progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 2), (2, 2)]
    names = [delegation.name for delegation in briefing.delegations]
    assert names == ["Guinea-Bissau", "Niger", "Nigeria"]
    cells = [[briefing.position(d, n) for n in (0, 1)] for d in briefing.delegations]
    assert [[cell is not None for cell in row] for row in cells] == [
        [False, True],
        [True, False],
        [False, True],
    ]


@pytest.mark.parametrize(
    ("topics", "message"), [([], "no topic"), ([" "], "empty"), (["war"] * 51, "at most 50")]
)
def test_topics_that_cannot_be_briefed_on(
    briefer: Briefer, topics: list[str], message: str
) -> None:
    with pytest.raises(QuestionError, match=message):
        briefer.brief(topics)


class EveryPassage:
    """Finds every passage, in order, all of it."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def find(self, topic: str, rows: Rows) -> list[Mention]:
        return [
            Mention(
                int(row),
                self._library.passages[row].span,
                self._library.sentence_rows(int(row))[0],
                1 - int(row) / 100,
            )
            for row in rows
        ]


def test_near_identical_statements_collapse_and_keep_every_source(
    tmp_path: Path, read_texts: WriteTexts
) -> None:
    texts = {
        "a.txt": "Mr. Ali (Niger): We want more drones for the long border with Mali.\n",
        "b.txt": "Mr. Ali (Niger): We want more drones for the long border with Mali now.\n",
        "c.txt": "Ms. Bo (Mali): We want more drones for the long border with Mali.\n",
        "d.txt": "Mr. Ali (Niger): Women police the border.\n",
        "speeches.csv": "filename,date\na.txt,2018-05\nb.txt,2016\nd.txt,\n",
    }
    build(tmp_path / "library", read_texts(dict(texts)).speeches, export_toy)
    library = Library.open(tmp_path / "library")
    (sheet,) = Briefer(library, EveryPassage(library)).brief(["drones"]).sheets
    niger = next(p for p in sheet.positions if p.delegation.name == "Niger")
    assert [(q.citation.speech.id, [c.speech.id for c in q.again]) for q in niger.quotes] == [
        ("a", ["b"]),
        ("d", []),
    ]
    assert niger.mentions == 3
    assert niger.first is not None
    assert niger.latest is not None
    assert (niger.first.speech.id, niger.latest.speech.id) == ("b", "a")
    assert [quote.citation.speech.id for quote in niger.dated] == ["a", "d"]
    # Another delegation's same words are its own position.
    assert next(p for p in sheet.positions if p.delegation.name == "Mali").mentions == 1


def test_speakers_without_a_delegation_stand_for_themselves() -> None:
    assert Delegation(None, "Mr. Lowcock").name == "Mr. Lowcock"
    assert Delegation(None).name == "Speaker unknown"


# batches, the contract


def test_a_sheet_as_json_follows_the_contract(briefer: Briefer) -> None:
    (sheet,) = briefer.brief(["women"]).sheets
    record = sheet_record(sheet, "t1")
    assert list(record) == ["id", "topic", "positions", "silent", "searched"]
    (first,) = record["positions"]
    assert (first["country"], first["speaker"], first["mentions"]) == ("Niger", "Mr. Ali", 1)
    assert (first["first"], first["latest"]) == ("2016-05-31", "2016-05-31")
    assert list(first["quotes"][0]) == ["quote", "score", "citation", "again"]
    assert record["silent"] == [
        {"country": "Guinea-Bissau", "speaker": None, "speeches": 1},
        {"country": "Nigeria", "speaker": None, "speeches": 1},
    ]
    assert record["searched"] == {"speeches": 3, "passages": 5, "filters": {}}


def test_a_batch_of_topics(briefer: Briefer, tmp_path: Path) -> None:
    given, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = (
        {"id": "1", "topic": "women", "filters": {"country": "Niger"}},
        {"id": "2", "topic": "?"},
        {"id": "3", "question": "drones"},
    )
    given.write_text("\n".join(map(json.dumps, lines)))
    problems = batch.brief(briefer, given, out, Filters(), lambda done, total: None)
    first, second = map(json.loads, out.read_text().splitlines())
    assert [position["country"] for position in first["positions"]] == ["Niger"]
    assert (second["positions"], "the question is empty" in second["error"]) == ([], True)
    assert len(problems) == 2
    assert problems[0].endswith("line 3: no topic")


def test_a_line_of_a_batch(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"topic": "war", "filters": {"year": 2018}}')
    assert list(read_topics(path)) == [Raised("1", "war", Filters(since="2018", until="2018"))]


# the models that ship


@pytest.mark.model
def test_topics_on_the_seeds(library: Library) -> None:
    briefing = Briefer.shipped(library).brief(["drones and digital technology", "KAZCENT"])
    drones, centre = briefing.sheets
    files = {(q.citation.speech.id[:3], q.citation.paragraph) for q in drones.positions[0].quotes}
    assert {("000", 9), ("004", 7)} <= files
    assert len(files) <= 6
    found = {(q.citation.speech.id[:3], q.citation.paragraph) for q in centre.positions[0].quotes}
    assert {("001", 10), ("003", 6)} <= found


@pytest.mark.model
def test_weights_of_topics_are_checked_when_they_are_loaded(
    library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from assistant import topics

    for name in os.listdir(topics.WEIGHTS):
        (tmp_path / name).write_bytes((topics.WEIGHTS / name).read_bytes())
    (tmp_path / "topics.json").write_text("{}")
    monkeypatch.setattr(topics, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match="not the file that was shipped"):
        TopicSearch.shipped(library)


# fitting


def test_fitting_and_measuring_on_judged_topics(toy_library: Library, tmp_path: Path) -> None:
    from assistant.training.topics import fit, judged, measure

    lines = (
        {"topic": "budget", "relevant": [
            {"doc": "b.txt", "quote": "The budget is small"},
            {"doc": "c.txt", "quote": "Drones need a mandate"},
        ]},
        {"topic": "women", "speeches": ["a.txt"], "relevant": [
            {"doc": "a.txt", "quote": "Women lead"}
        ]},
    )  # fmt: skip
    path = tmp_path / "judged.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    topics = list(judged(path, [toy_search(toy_library)]))
    assert [topic.relevant.sum() for topic in topics] == [2, 1]
    assert len(topics[1].rows) == 2
    assert measure(topics) == (1.0, 1.0)
    weights = fit(topics)
    assert weights.searched["words"] > 0
    assert set(weights.read) == {*weights.searched, "passage answers", "sentence answers", "bears"}
