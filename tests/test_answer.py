"""Questions to answers: the right words, cited exactly, or a refusal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answer import Assistant, Citation, checked
from assistant.builder import build
from assistant.errors import QuestionError
from assistant.filters import Filters
from assistant.library import Library
from assistant.speech import Speech
from assistant.text import Span, read_text


@pytest.fixture(scope="module")
def assistant(library) -> Assistant:
    return Assistant(library)


FIRST = [
    # question, first quote, reference
    (
        "What has Kazakhstan said about using drones?",
        "The introduction of new technologies such as unmanned aerial vehicles, used solely for "
        "surveillance purposes, situational awareness and life-saving purposes for both United "
        "Nations personnel and local populations, has shown beneficial and lasting results.",
        "Mr. Abdrakhmanov (Kazakhstan), S/PV.7802, 7 November 2016, para. 7, lines 65-70",
    ),
    (
        "Are peacekeepers fit for counter-terrorism?",
        "Fifthly, since peacekeeping contingents are not appropriate mechanisms for "
        "counter-terrorism operations, we want to point out that regional forces are generally "
        "better able to combat terrorist groups, as many such cases have shown.",
        "Mr. Mukhtarov (Kazakhstan), S/PV.8218, 28 March 2018, para. 8, lines 88-92",
    ),
    (
        "What about women in peacekeeping?",
        "The participation of women in all stages and at all levels of our peacekeeping "
        "activities will make them more effective.",
        "Mr. Mukhtarov (Kazakhstan), S/PV.8218, 28 March 2018, para. 9, lines 101-103",
    ),
    (
        "Has Kazakhstan paid its contributions to the peacekeeping budget?",
        "This year Kazakhstan has fully paid its outstanding contributions to the peacekeeping "
        "operations budget and intends to regularly meet its financial obligations in the future.",
        "Mr. Kazykhanov (Kazakhstan), S/PV.4970, 17 May 2004, para. 2, lines 9-12",
    ),
    (
        "Which resolution was recently adopted by the Security Council?",
        "The Security Council's recent adoption of resolution 2378 (2017) is a great step "
        "forward in the efforts to improve United Nations peacekeeping.",
        "Mr. Sadykov (Kazakhstan), October 2017, para. 5, lines 67-70",
    ),
]


@pytest.mark.model
@pytest.mark.parametrize(("question", "quote", "reference"), FIRST)
def test_first_quote_and_its_reference(
    assistant: Assistant, question: str, quote: str, reference: str
) -> None:
    answer = assistant.ask(question)
    best = answer.findings[0].citation
    assert (best.quote, best.reference) == (quote, reference)
    assert answer.answered
    assert answer.strength in ("weak", "moderate", "strong")
    assert answer.score == answer.findings[0].score > 0


@pytest.mark.model
@pytest.mark.parametrize(
    "question",
    [
        "What is the best recipe for apple pie?",
        "How tall is Mount Everest?",
        "Who won the World Cup in 1998?",
    ],
)
def test_a_question_of_something_else_is_refused(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert (answer.answered, answer.strength) == (False, "none")
    assert answer.score < 0.2
    assert (answer.searched.speeches, answer.searched.passages) == (5, 54)
    assert len(answer.related) == 3


VARIED = """
Who spoke in Russian?|drones|What of women?|peace|What is the role of regional organizations?
What did Mr. Umarov say about performance?|Which missions face asymmetric threats?|KAZCENT
What about the Brahimi report (S/2000/809)?|resolution 1325 (2000)|S/2015/446|A/58/1
What does "one United Nations" mean?|troop- and police-contributing countries|Côte d'Ivoire?
How should the safety of peacekeepers be improved?|country-specific approaches|Togo & Mali
What is a multi-stakeholder intervention?|anti-improvised-explosive-device training|TCCs
When was the Joint United Nations-African Union Framework signed?|Lebanon, India|Africa
Who was thanked?|What should be done about sexual exploitation?|climate change and water
What are the causes of conflict?|mandates|unmanned aerial vehicles|money|What is essential?
Who is Ms. Fatimata Toure?|media|standby arrangements|What is measured?|loss of life
How many contributions?|human security|Kazakhstan|the the the|100 %|loss oflife|¿Qué?
"""
QUESTIONS = [q for line in VARIED.strip().splitlines() for q in line.split("|")]


def citations(answer) -> list[Citation]:
    """Everything an answer shows."""
    found = [c for f in answer.findings for c in (f.citation, f.short, *f.again) if c]
    return found + [related.citation for related in answer.related]


@pytest.mark.model
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_citation_is_exact(assistant: Assistant, seeds: Path, exact, question: str) -> None:
    answer = assistant.ask(question)
    assert len(answer.findings) == 10
    for citation in citations(answer):
        speech = citation.speech
        source = (seeds / speech.file).read_text("utf-8")
        assert citation.quote == speech.text[slice(*citation.span)]
        assert citation.quote == citation.quote.strip() != ""
        exact.slice(source, speech.reading, citation.span)
        assert citation.source == speech.reading.source_span(citation.span)
        paragraph = speech.reading.paragraphs[citation.paragraph - 1]
        assert paragraph.start <= citation.span.start < citation.span.end <= paragraph.end
    if answer.answered:
        assert not set(answer.related) & set(answer.findings)
    else:
        assert answer.related == tuple(replace(f, short=None) for f in answer.findings[:3])
    for finding in answer.findings:
        if finding.short:
            quoted, short = finding.citation.span, finding.short.span
            assert quoted.start <= short.start < short.end <= quoted.end
            assert finding.short.quote in finding.citation.quote
    scores = [finding.score for finding in answer.findings]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)


def test_there_are_forty_questions() -> None:
    assert len(set(QUESTIONS)) == len(QUESTIONS) >= 40


@pytest.mark.model
def test_the_same_question_has_the_same_answer(assistant: Assistant, library) -> None:
    first = [assistant.ask(question) for question in QUESTIONS[:8]]
    assert [assistant.ask(question) for question in QUESTIONS[:8]] == first
    assert [Assistant(library).ask(question) for question in QUESTIONS[:8]] == first


@pytest.mark.model
@pytest.mark.parametrize(
    ("filters", "speeches", "who"),
    [
        (Filters(speaker="Umarov"), 1, {"Mr. Umarov"}),
        (Filters(symbol="4970"), 1, {"Mr. Kazykhanov"}),
        (Filters(since="2018"), 2, {"Mr. Umarov", "Mr. Mukhtarov"}),
        (Filters(since="2017-10-15", until="2017"), 1, {"Mr. Sadykov"}),
        (Filters(language="Russian"), 1, {"Mr. Mukhtarov"}),
        (Filters(topic="asymmetrical"), 1, {"Mr. Abdrakhmanov"}),
        (Filters(country="Togo"), 0, set()),
    ],
)
def test_only_the_speeches_that_filters_leave_answer(
    assistant: Assistant, filters: Filters, speeches: int, who: set[str]
) -> None:
    answer = assistant.ask("What should peacekeepers do?", filters)
    assert {citation.speech.speaker for citation in citations(answer)} == who
    assert answer.searched.speeches == speeches
    assert answer.searched.filters == filters
    if not who:
        assert (answer.answered, answer.score, answer.strength) == (False, 0, "none")
        assert (answer.findings, answer.related) == ((), ())


# --- small libraries -------------------------------------------------------------------------


def test_words_said_again_collapse_and_keep_every_source(
    tmp_path: Path, read_texts, toy_export, toy_reader
) -> None:
    said = "Drones watch\nthe border."
    texts = {
        "a.txt": f"Mr. A (Mali): Police walk. {said}\n\nWomen lead.\n\nDrones watch the border.",
        "b.txt": f"Ms. B (Togo):\n\n{said}",
        "c.txt": "Ms. C (Togo): Drones watch the border!",
    }
    build(tmp_path / "library", read_texts(texts).speeches, toy_export)
    library = Library.open(tmp_path / "library")
    answer = Assistant(library, toy_reader(library)).ask("drones")
    quotes = [finding.citation.quote for finding in answer.findings]
    assert len(set(quotes)) == len(quotes)
    (found,) = (f for f in answer.findings if f.citation.quote == "Drones watch the border.")
    places = {(c.speech.byline, c.paragraph, c.lines) for c in (found.citation, *found.again)}
    assert places == {
        ("Mr. A (Mali)", 1, (1, 2)),
        ("Mr. A (Mali)", 3, (6, 6)),
        ("Ms. B (Togo)", 1, (3, 4)),
    }
    assert {citation.quote for citation in found.again} == {"Drones watch the border."}


def test_related_passages_are_those_that_no_finding_is_from(
    tmp_path: Path, read_texts, toy_export, toy_reader
) -> None:
    text = "\n\n".join(f"Drones number {n} fly." for n in range(20))
    build(tmp_path / "library", read_texts({"a.txt": text}).speeches, toy_export)
    library = Library.open(tmp_path / "library")
    answer = Assistant(library, toy_reader(library)).ask("drones")
    assert [f.citation.paragraph for f in answer.findings] == list(range(1, 11))
    assert [related.citation.paragraph for related in answer.related] == [11, 12, 13]
    assert answer.related[0].citation.quote == "Drones number 10 fly."


@pytest.mark.parametrize(
    ("known", "reference"),
    [
        (
            {"speaker": "Mr. A", "country": "Mali", "symbol": "S/PV.1", "date": "2018-09-02"},
            "Mr. A (Mali), S/PV.1, 2 September 2018, para. 1, lines 2-3",
        ),
        ({"speaker": "Mr. A", "date": "2018-09"}, "Mr. A, September 2018, para. 1, lines 2-3"),
        ({"symbol": "S/PV.1"}, "Speaker unknown, S/PV.1, para. 1, lines 2-3"),
        ({"country": "Mali"}, "Speaker unknown (Mali), x.txt, para. 1, lines 2-3"),
    ],
)
def test_reference_says_what_is_known(known: dict[str, str], reference: str) -> None:
    source = "Mr. A:\nOne\ntwo three."
    speech = Speech("x", "x.txt", "", read_text(source, 6), **known)
    citation = Citation(speech, 1, Span(0, 7))
    assert citation.quote == "One two"
    assert (citation.source, citation.source.of(source)) == ((7, 14), "One\ntwo")
    assert citation.reference == reference
    assert Citation(speech, 1, Span(4, 7)).place == "para. 1, line 3"


@pytest.mark.parametrize("question", ["", " \n\t", "?!", "…", "\u200b", "👍"])
def test_an_empty_question(question: str) -> None:
    with pytest.raises(QuestionError, match=r"^the question is empty; ask, for example: .*\?$"):
        checked(question)


def test_a_question_as_it_is_understood(toy_library, toy_reader) -> None:
    answer = Assistant(toy_library, toy_reader(toy_library)).ask("  What of\n drones? ")
    assert (answer.question, answer.interpreted) == ("  What of\n drones? ", "What of drones?")
    assert checked("x" * 1000) == "x" * 1000
    assert checked("x" + " " * 5000) == "x"
    with pytest.raises(QuestionError, match=r"1,001 characters; ask in at most 1,000$"):
        checked("x" * 1001)
