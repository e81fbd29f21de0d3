"""A question to passages: names that tell nothing apart, and filters."""

from __future__ import annotations

import pytest

from assistant.filters import Filters
from assistant.retriever import Retriever, without_shared_names
from assistant.speech import Speech
from assistant.text import read_text


def by(speaker: str | None, country: str | None) -> Speech:
    return Speech("x", "x.txt", "", read_text("We agree."), speaker=speaker, country=country)


ALI, BO = by("Mr. Ali", "Niger"), by("Ms. Bo", "Niger")
WU = by("Mr. Wu Haitao", "China")


@pytest.mark.parametrize(
    ("question", "speeches", "expected"),
    [
        ("What is Niger's view on drones?", [ALI, BO], "What is view on drones?"),
        ("What is NIGER’s view on drones?", [ALI, BO], "What is view on drones?"),
        ("What did Niger say about drones?", [ALI], "What did say about drones?"),
        ("What did Mr. Ali say about drones?", [ALI], "What did say about drones?"),
        ("What did Mr Ali say of drones?", [ALI], "What did say of drones?"),
        ("What did Ali of Niger say about drones?", [ALI], "What did of say about drones?"),
        ("What did Mr. Wu Haitao say of drones?", [WU], "What did say of drones?"),
        ("Does the Niger delegation like drones?", [ALI], "Does the delegation like drones?"),
        # Shared by none, or by some.
        ("What did Mr. Ali say about drones?", [ALI, BO], "What did Mr. Ali say about drones?"),
        ("What is Niger's view on drones?", [ALI, WU], "What is Niger's view on drones?"),
        ("What is Niger's view on drones?", [], "What is Niger's view on drones?"),
        ("What is Niger's view on drones?", [by(None, None)], "What is Niger's view on drones?"),
        # Part of another word.
        ("What is Nigeria's view on drones?", [ALI], "What is Nigeria's view on drones?"),
        ("What is the view of Alistair on it?", [ALI], "What is the view of Alistair on it?"),
        ("Is Guinea-Bissau safe now?", [by(None, "Guinea")], "Is Guinea-Bissau safe now?"),
        # Too little would be left.
        ("Niger on drones?", [ALI], "Niger on drones?"),
        ("Niger", [ALI], "Niger"),
    ],
)
def test_names_that_all_speeches_share_are_left_out(
    question: str, speeches: list[Speech], expected: str
) -> None:
    assert without_shared_names(question, speeches) == expected


def test_names_with_signs_of_patterns() -> None:
    odd = by("Mr. (A*", "Bolivia (Plurinational State of)")
    question = "What did Bolivia (Plurinational State of) say of drones?"
    assert without_shared_names(question, [odd]) == "What did say of drones?"


def ids(library, question: str, filters: Filters = Filters(), k: int = 9) -> list[str]:  # noqa: B008
    return [hit.passage.id for hit in Retriever(library).retrieve(question, filters, k).hits]


def test_best_passages_come_first(toy_library) -> None:
    assert [passage.id for passage in toy_library.passages] == [
        "a#1.1", "a#2.1", "b#1.1", "b#2.1", "c#1.1",
    ]  # fmt: skip
    assert ids(toy_library, "drones", k=2) == ["a#1.1", "c#1.1"]
    assert ids(toy_library, "police women", k=1) == ["a#2.1"]
    assert ids(toy_library, "a budget", k=2)[0] == "b#1.1"


@pytest.mark.parametrize(
    ("filters", "expected", "speeches", "passages"),
    [
        (Filters(country="Nigeria"), ["b#2.1"], 1, 2),
        (Filters(country="Guinea-Bissau"), ["c#1.1"], 1, 1),
        (Filters(since="2017"), ["c#1.1"], 1, 1),
        (Filters(until="2016-05"), ["a#1.1"], 1, 2),
        (Filters(since="2016-06-30"), ["c#1.1"], 2, 3),
        (Filters(topic="The situation"), ["a#1.1"], 2, 3),
        (Filters(country="Guinea"), [], 0, 0),
        (Filters(), ["a#1.1"], 3, 5),
    ],
)
def test_filters_come_before_the_best_are_taken(
    toy_library, filters: Filters, expected: list[str], speeches: int, passages: int
) -> None:
    found = Retriever(toy_library).retrieve("drones", filters, 1)
    assert [hit.passage.id for hit in found.hits] == expected
    assert (found.speeches, found.passages) == (speeches, passages)


def test_who_speaks_is_found_by_words(toy_library) -> None:
    assert ids(toy_library, "Bo", k=2) == ["b#2.1", "b#1.1"]  # the shorter one first
    found = Retriever(toy_library).retrieve("Nigeria", Filters(), 9)
    covered = {hit.passage.id for hit in found.hits if hit.match.coverage > 0}
    assert covered == {"b#1.1", "b#2.1"}
