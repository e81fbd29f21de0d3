"""Documents before they are written: dropping, ordering, annotating and adding quotes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Citation, Searched
from assistant.briefing import Briefer
from assistant.corpus import Corpus
from assistant.dossier import (
    BASKET,
    Chapter,
    Dossier,
    Entry,
    Provenance,
    Section,
    of_briefing,
    provenance,
)
from assistant.filters import Filters
from assistant.library import Library
from assistant.passage import sentences
from assistant.speech import Speech, corpus_hash
from assistant.text import Span, read_text
from tests.test_briefing import EveryPassage, toy_search
from ui.wording import no_mention, sheet_scope

PROVENANCE = Provenance(
    program="rapporteur 0.1.0",
    library="0123456789abcdef",
    models="fedcba9876543210",
    asked=("drones", "women"),
    filters=Filters(country="Kazakhstan", since="2004"),
    speeches=5,
    passages=54,
    made="2026-01-02T03:04:05Z",
)


def speech(text: str, id_: str = "s", **known: str | None) -> Speech:
    return Speech(id_, f"{id_}.txt", "0" * 64, read_text(text), **known)


def cited(one: Speech, number: int = 0) -> Citation:
    """The sentence of that number in a speech, from 0."""
    spans = [
        (paragraph, span)
        for paragraph, whole in enumerate(one.reading.paragraphs, start=1)
        for span in sentences(one.text, whole)
    ]
    paragraph, span = spans[number]
    return Citation(one, paragraph, span)


def dossier_of(*citations: Citation, again: tuple[Citation, ...] = ()) -> Dossier:
    entries = (Entry(citations[0], again), *(Entry(citation) for citation in citations[1:]))
    delegation = citations[0].speech.country or citations[0].speech.speaker or "Speaker unknown"
    chapter = Chapter("drones", (Section(delegation, entries),), ("Searched 5 speeches.",))
    return Dossier("Briefing: drones", (chapter,), PROVENANCE)


@pytest.fixture(scope="module")
def four() -> Dossier:
    one = speech("First things. Second things. Third things. Fourth things.", country="Niger")
    return dossier_of(*(cited(one, n) for n in range(4)))


def words(dossier: Dossier) -> list[str]:
    return [entry.citation.quote.split()[0] for entry in dossier.entries]


def test_dropping_and_the_section_that_is_left_empty(four: Dossier) -> None:
    keys = four.keys()
    assert keys[0] == "1/s/0-13"
    assert words(four.drop(keys[1])) == ["First", "Third", "Fourth"]
    empty = four
    for key in keys:
        empty = empty.drop(key)
    assert (empty.chapters[0].sections, empty.entries) == ((), [])
    assert words(four) == ["First", "Second", "Third", "Fourth"]
    with pytest.raises(KeyError):
        empty.drop(keys[0])


@pytest.mark.parametrize(
    ("places", "order"),
    [
        (1, "First Third Second Fourth"),
        (-1, "Second First Third Fourth"),
        (9, "First Third Fourth Second"),
        (-9, "Second First Third Fourth"),
    ],
)
def test_moving(four: Dossier, places: int, order: str) -> None:
    assert words(four.move(four.keys()[1], places)) == order.split()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-4, 4)), max_size=8))
def test_moving_never_loses_a_quote(moves: list[tuple[int, int]]) -> None:
    one = speech("First things. Second things. Third things. Fourth things.", country="Niger")
    dossier = dossier_of(*(cited(one, n) for n in range(4)))
    whole = sorted(dossier.keys())
    for which, places in moves:
        dossier = dossier.move(dossier.keys()[which], places)
    assert sorted(dossier.keys()) == whole


def test_notes_are_one_line(four: Dossier) -> None:
    key = four.keys()[2]
    noted = four.annotate(key, " see\n the\tannex ")
    assert [entry.note for entry in noted.entries] == ["", "", "see the annex", ""]
    assert noted.annotate(key, "") == four


def test_a_passage_is_added_to_the_basket_once(four: Dossier) -> None:
    other = cited(speech("From elsewhere.", "t"))
    more = four.add(other, "found in the conversation")
    assert more.add(other) == more
    assert [chapter.title for chapter in more.chapters] == ["drones", BASKET]
    assert more.keys()[-1] == "2/t/0-15"
    assert words(more.add(cited(four.entries[0].citation.speech, 1)))[-2:] == ["From", "Second"]
    assert words(more.drop("2/t/0-15")) == words(four)


def test_the_period_of_a_section() -> None:
    days = ("2018-09-12", "2004", None)
    entries = tuple(Entry(cited(speech("Words.", str(n), date=day))) for n, day in enumerate(days))
    assert Section("Niger", entries).period == ("2004", "2018-09-12")
    assert Section("Niger", entries[2:]).period is None


def test_the_hash_of_a_library_tells_of_text_and_metadata(seed_speeches: Corpus) -> None:
    speeches = seed_speeches.speeches
    told = corpus_hash(speeches)
    assert re.fullmatch(r"[0-9a-f]{16}", told)
    assert corpus_hash(reversed(speeches)) == told
    for change in ({"date": "2018-09-13"}, {"speaker": "Mr. X"}, {"reading": read_text("Other.")}):
        assert corpus_hash([replace(speeches[0], **change), *speeches[1:]]) != told


def test_a_briefing_becomes_a_document(toy_library: Library) -> None:
    briefing = Briefer(toy_library, toy_search(toy_library)).brief(["budget", "women"])
    dossier = of_briefing(briefing, toy_library, sheet_scope, no_mention)
    assert dossier.title == "Briefing: budget; women"
    names = [[section.delegation for section in chapter.sections] for chapter in dossier.chapters]
    assert names == [["Guinea-Bissau", "Nigeria"], ["Niger"]]
    assert dossier.chapters[0].remarks == (
        "Searched 3 speeches, 5 passages; 2 quotes of 2 delegations.",
    )
    assert dossier.chapters[0].closing == (
        "No mention found in what these said: Niger (1 speech).",
    )
    made = dossier.provenance
    assert (made.asked, made.speeches, made.passages) == (("budget", "women"), 3, 5)
    assert made.library == corpus_hash(toy_library.speeches.values())


def test_the_best_quotes_of_each_delegation(toy_library: Library) -> None:
    briefing = Briefer(toy_library, EveryPassage(toy_library)).brief(["border"])
    dossier = of_briefing(briefing, toy_library, sheet_scope, no_mention, most=1)
    sections = dossier.chapters[0].sections
    assert [(len(section.entries), section.mentions) for section in sections] == [
        (1, 2),
        (1, 2),
        (1, 1),
    ]
    assert dossier.chapters[0].remarks[1] == (
        "Given are the best 1 of each delegation, its first and its latest."
    )


def test_provenance_says_what_was_always_the_same(toy_library: Library) -> None:
    niger, since = (
        Searched(1, 2, Filters(country="Niger")),
        Searched(2, 3, Filters(since="2016-06")),
    )
    for searched, told in (
        ((), (3, 5, Filters())),
        ((niger, niger), (1, 2, niger.filters)),
        ((niger, since), (3, 5, None)),
        ((niger, replace(niger, speeches=0)), (3, 5, niger.filters)),
    ):
        made = provenance(toy_library, ("drones",), *searched)
        assert (made.speeches, made.passages, made.filters) == told


def test_a_span_that_is_no_slice_is_not_cited() -> None:
    one = speech("Some words.")
    with pytest.raises(ValueError, match="no such slice"):
        _ = Citation(one, 1, Span(5, 99)).source
