"""A conversation of the page: what is kept of it, asked again and written to files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from assistant.answer import Answer, Assistant
from assistant.conversation.conversation import Conversation
from assistant.conversation.suggestions import suggestions
from assistant.filters import Filters
from assistant.library import Library
from assistant.quotation.quotations import Quotations
from assistant.reader import CrossReader
from tests.test_cli import toy_checker
from ui import transcript
from ui.page.desk import Desk, widened, without_slot
from ui.page.talk import Said, Talk, said_in, title_in

ALI = "What did Ali say about drones?"


@pytest.fixture
def desk(toy_library: Library, toy_reader: Callable[[Library], CrossReader]) -> Desk:
    assistant = Assistant(toy_library, toy_reader(toy_library))
    return Desk(assistant, toy_checker(toy_library), Quotations(toy_library))


def said(desk: Desk, *turns: Said | str) -> Talk:
    talk = Talk()
    for turn in turns:
        talk = desk.add(Said("ask", turn) if isinstance(turn, str) else turn, talk)
    return talk


def interpreted(talk: Talk) -> str:
    outcome = talk.entries[-1].outcome
    assert isinstance(outcome, Answer)
    return outcome.interpreted


def test_the_three_ways_share_one_thread_and_its_numbers(desk: Desk) -> None:
    talk = said(
        desk,
        ALI,
        Said("check", "The budget is small."),
        Said("quote", "Women lead our police."),
        "Who said that?",
    )
    firsts = [entry.first for entry in talk.entries]
    counts = [len(entry.turn.citations) for entry in talk.entries]
    assert firsts == [1 + sum(counts[:n]) for n in range(4)]
    last = talk.entries[-1].outcome
    assert isinstance(last, Answer)
    assert last.record == "Said by Mr. Ali (Niger)."
    assert last.findings[0].citation.quote == "Women lead our police"


def test_what_is_numbered_on_the_page_is_what_the_thread_counts(desk: Desk) -> None:
    talk = said(desk, "Whom do we thank?", "What of schools?", "And the budget?")
    quoted = [one.citation for one in talk.thread.quoted]
    assert quoted == [c for entry in talk.entries for c in entry.turn.citations]
    for entry in talk.entries:
        assert isinstance(entry.outcome, Answer)
        assert entry.turn.citations == entry.outcome.cited


def test_what_a_follow_up_takes_over_is_shown_as_chips(desk: Desk) -> None:
    talk = said(desk, ALI, "And women?")
    html = talk.entries[-1].turn.html
    assert "Interpreted as “What did Ali say about women?”" in html
    assert 'data-drop="speaker" data-turn="2" aria-label="Ask again without speaker Ali"' in html
    assert "data-drop" not in talk.entries[0].turn.html


def test_a_chip_asks_again_without_its_slot(desk: Desk) -> None:
    talk = said(desk, ALI, "And women?", "Is the budget small?")
    again = without_slot(talk, 2, "speaker")
    assert again == Said("ask", "And women?", without=("speaker",), at=2)
    talk = desk.add(again, talk)
    assert interpreted(talk) == "What was said about women?"
    # What was dropped stays dropped when another chip is used.
    further = without_slot(talk, 4, "topic")
    assert further is not None
    assert (further.without, further.at) == (("speaker", "topic"), 2)
    assert without_slot(talk, 9, "speaker") is None
    assert without_slot(talk, 2, "no kind") is None


def test_a_question_is_widened_in_its_place(desk: Desk) -> None:
    talk = said(desk, ALI, "And women?")
    wider = widened(talk, 2)
    assert wider is not None
    assert (wider.interpret, wider.at) == (False, 2)
    outcome = desk.add(wider, talk).entries[-1].outcome
    assert isinstance(outcome, Answer)
    assert outcome.searched.filters == Filters()
    assert widened(talk, 0) is None


def test_a_conversation_survives_as_what_was_typed(desk: Desk) -> None:
    talk = said(desk, ALI, "And women?", Said("quote", "We thank you.", ("", "", "2016", "")), "?")
    stored = json.loads(json.dumps(talk.named("Border").stored("print")))
    assert "watch the border" not in json.dumps(stored)
    again = desk.restore(said_in(stored), title_in(stored))
    assert [entry.turn for entry in again.entries] == [entry.turn for entry in talk.entries]
    assert again.name == "Border"


@pytest.mark.parametrize(
    "stored",
    [
        None, [], "x", {}, {"turns": "x"}, {"turns": [None, 3, {}]},
        {"turns": [{"way": "steal", "text": "x", "fields": [], "without": []}]},
        {"turns": [{"way": "ask", "text": 3, "fields": [], "without": []}]},
        {"turns": [{"way": "ask", "text": "x" * 9999, "fields": [], "without": []}]},
        {"turns": [{"way": "ask", "text": "x", "fields": None, "without": []}]},
    ],
)  # fmt: skip
def test_what_a_browser_brings_back_is_not_trusted(stored: object) -> None:
    assert said_in(stored) == []
    assert title_in(stored) == ""


def test_odd_values_in_a_stored_turn_are_left_out() -> None:
    turn = {"way": "ask", "text": "x", "fields": [3, "Niger"], "without": ["speaker", "x"]}
    (found,) = said_in({"turns": [turn | {"at": -1}]})
    assert found == Said("ask", "x", ("", "Niger"), without=("speaker",))


def test_a_conversation_has_a_name(desk: Desk) -> None:
    talk = said(desk, ALI)
    assert talk.name == ALI
    assert talk.named(ALI).title == ""
    assert talk.named(" Drones  on borders ").name == "Drones on borders"
    assert len(said(desk, "drones " * 40).name) <= 60
    assert Talk().name == ""


def test_suggested_follow_ups_have_answers(desk: Desk) -> None:
    talk = said(desk, "What do drones need?")
    assistant = desk._assistant
    offered = suggestions(assistant, talk.thread, Filters())
    assert "Show me the paragraph after [1]" not in offered  # there is none
    for question in offered:
        assert Conversation(assistant, talk.thread).ask(question).answered
    assert suggestions(assistant, Talk().thread, Filters()) == []
    assert desk.suggestions(said(desk, "What of schools in Peru?")) == ""


def test_suggestions_are_escaped_and_say_what_they_follow(desk: Desk) -> None:
    html = desk.suggestions(said(desk, ALI))
    assert 'data-after="1"' in html
    assert 'data-ask="Show me the paragraph after [1]"' in html


def turns(talk: Talk) -> list[transcript.Turn]:
    return [
        transcript.Turn(entry.said.text, entry.outcome, entry.turn.citations, entry.first)
        for entry in talk.entries
    ]


NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_conversation_as_markdown(desk: Desk, toy_library: Library) -> None:
    talk = said(
        desk, ALI, "Who said that?", "What of *schools*?", Said("check", "Drones help."), "?"
    )
    made = transcript.as_markdown(
        "On <drones>", turns(talk), transcript.Provenance.of(toy_library, NOW)
    )
    assert made.startswith(f"# On \\<drones>\n\n## 1. {ALI}\n\nSearched: speaker Ali\n\n")
    assert "> The drones watch the border." in made
    assert "[2] Mr. Ali (Niger), S/PV.1, 31 May 2016, para. 1, line 1" in made
    assert "Said by Mr. Ali (Niger)." in made
    assert "## 3. What of \\*schools\\*?" in made
    assert "The speeches do not answer this." in made
    assert "on 2026-01-02T03:04:05+00:00 from a library of 3 speeches, 5 passages." in made
    assert toy_library.fingerprint in made
    numbers = re.findall(r"^\[(\d+)\]", made, re.MULTILINE)
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    assert len(numbers) == len(talk.thread.quoted)


def test_a_conversation_as_json(desk: Desk, toy_library: Library) -> None:
    talk = said(desk, ALI, "And women?", Said("quote", "Women lead our police."), "?")
    provenance = transcript.Provenance.of(toy_library, NOW)
    record = json.loads(transcript.as_json("Drones", turns(talk), provenance))
    assert record["provenance"]["library"] == toy_library.fingerprint
    assert record["provenance"]["time"] == "2026-01-02T03:04:05+00:00"
    kinds = [turn["kind"] for turn in record["turns"]]
    assert kinds == ["question", "question", "quotation", "notice"]
    assert record["turns"][1]["slots"] == [{"kind": "speaker", "value": "Ali", "turn": 1}]
    cited = [cited for turn in record["turns"] for cited in turn["cited"]]
    assert [one["number"] for one in cited] == list(range(1, len(cited) + 1))
    for one in cited:
        at = one["citation"]
        text = toy_library.speeches[at["speech"]].text
        assert text[at["start"] : at["end"]] == one["quote"]


def test_the_fingerprint_of_a_library_is_of_its_speeches(toy_library: Library) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", toy_library.fingerprint)
    speeches = dict(list(toy_library.speeches.items())[:2])
    smaller = Library(
        speeches, [], toy_library.passage_index, toy_library.sentence_index, toy_library.encoder
    )
    assert smaller.fingerprint != toy_library.fingerprint
