"""A conversation of the page: what is kept of it, asked again and written to files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.answer import Answer, Assistant
from assistant.briefing import Briefer
from assistant.builder import build
from assistant.conversation.conversation import Conversation
from assistant.conversation.suggestions import suggestions
from assistant.dossier import Dossier
from assistant.errors import ExportError
from assistant.filters import Filters
from assistant.library import Library
from assistant.quotation.quotations import Quotations
from assistant.reader import CrossReader
from assistant.receipt import Verifier
from assistant.speech import corpus_hash
from tests.conftest import export_toy
from tests.test_briefing import toy_search
from tests.test_cli import toy_checker
from ui import contract, export
from ui.export import FORMATS
from ui.export.conversation import conversation_dossier
from ui.export.layout import numbered
from ui.export.record import read_json
from ui.page.desk import Desk, widened, without_slot
from ui.page.talk import Said, Talk, said_in, title_in

ALI = "What did Ali say about drones?"


@pytest.fixture
def desk(toy_library: Library, toy_reader: Callable[[Library], CrossReader]) -> Desk:
    assistant = Assistant(toy_library, toy_reader(toy_library))
    desk = Desk(assistant, toy_checker(toy_library), Quotations(toy_library))
    briefer = Briefer(toy_library, toy_search(toy_library))
    desk.briefings.__dict__["_briefer"] = briefer
    return desk


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
    numbers = [n for e in talk.entries for n in re.findall(r'data-n="(\d+)"', e.turn.html)]
    assert numbers == [str(n + 1) for n in range(len(talk.thread.quoted))]
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
    stored = json.loads(json.dumps(talk.named("Border").stored()))
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


# as documents


@pytest.fixture
def everything(desk: Desk) -> Talk:
    """A turn of every kind, under filters and without."""
    return said(
        desk,
        Said("ask", "What of drones?", ("", "", "2016", "")),
        "Who said that?",
        "What of *schools* | <in> Peru?",
        Said("check", "Drones help. The budget is small."),
        Said("check", "The budget is small."),
        Said("quote", "We thank you. … We thank you."),
        Said("quote", "We sent drones. The drones not watch the border.", ("Niger", "", "", "")),
        Said("quote", PARTLY),
        Said("brief", "budget; women", ("", "", "", "2017")),
        Said("ask", "Drones?", ("", "", "2030", "")),
        "?",
    )


PARTLY = (
    "We sent drones. The drones watch the border. Women lead our police. We thank you. "
    "Bananas are <b>cheap</b> in the harbour town."
)


def dossier_of(talk: Talk, library: Library) -> Dossier:
    return conversation_dossier(talk.name, talk.turns, library)


def test_a_document_has_the_quotes_and_the_numbers_of_the_page(
    everything: Talk, toy_library: Library
) -> None:
    dossier = dossier_of(everything, toy_library)
    assert dossier.citations == [c for entry in everything.entries for c in entry.turn.citations]
    numbers = [n for *_, entries in numbered(dossier) for one in entries for n, _ in one.sources]
    shown = [n for e in everything.entries for n in re.findall(r'data-n="(\d+)"', e.turn.html)]
    assert numbers == list(map(int, shown))


def test_what_a_document_says_beside_the_quotes(everything: Talk, toy_library: Library) -> None:
    told = {chapter.title: chapter for chapter in dossier_of(everything, toy_library).chapters}
    assert list(told)[1:3] == ["Who said that?", "What of *schools* | <in> Peru?"]
    first = told["What of drones?"]
    assert first.remarks == ("Filters: from 2016",)
    assert next(first.entries).note.endswith(" match")
    assert told["Who said that?"].remarks[-1] == "Said by Mr. Ali (Niger)."
    refused = told["What of *schools* | <in> Peru?"]
    assert refused.remarks[0] == "The speeches do not answer this."
    assert refused.remarks[-1] == "Related, not an answer:"
    assert told["Drones help. The budget is small."].remarks == ("2 claims, each checked below.",)
    assert {"supports", "contradicts", "related"} & {
        entry.note.split(";")[0] for entry in told["The budget is small."].entries
    }
    altered = told["We sent drones. The drones not watch the border."]
    assert altered.remarks[1:3] == (
        "Held against delegation Niger",
        "negation: “not” was put in",
    )
    assert told[PARTLY].remarks[-1].startswith("Found nowhere: “Bananas are <b>")
    assert [section.delegation for section in told["women"].sections] == ["Niger"]
    assert told["women"].remarks[-1] == "Filters: until 2017"
    assert told["Drones?"].remarks[1:] == ("No speech matches these filters.", "from 2030")
    assert told["?"].remarks[0].startswith("The question is empty")


def test_what_is_too_long_for_a_title_is_a_remark(desk: Desk, toy_library: Library) -> None:
    claim = "The budget is small, " + "very " * 50 + "small."
    talk = said(desk, Said("check", claim))
    (chapter,) = dossier_of(talk, toy_library).chapters
    assert len(chapter.title) < len(claim)
    assert chapter.title.endswith("…")
    assert chapter.remarks[0] == claim


@pytest.mark.parametrize("name", FORMATS)
def test_a_conversation_is_verified_in_every_format(
    everything: Talk, toy_library: Library, name: str, tmp_path: Path
) -> None:
    verifier = Verifier(toy_library.speeches, corpus_hash(toy_library.speeches.values()))
    dossier = dossier_of(everything, toy_library)
    path = tmp_path / f"talk{'.csl.json' if name == 'csl' else f'.{name}'}"
    export.write(dossier, name, path)
    verified = verifier.verify(export.read(path))
    assert verified.exact
    assert verified.same_library
    read = {(check.receipt.speech, check.receipt.span) for check in verified.checks}
    assert read >= {(c.speech.id, c.span) for c in dossier.citations}


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "docx"])
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("“The budget is small", "“The budget is large"),
        ("Ms. Bo", "Ms. Bu"),
        ("What of drones?", "What of wars?"),
    ],
)
def test_a_change_of_a_conversation_is_caught(
    everything: Talk, toy_library: Library, name: str, right: str, wrong: str, tmp_path: Path
) -> None:
    text = export.render(dossier_of(everything, toy_library), name).decode("utf-8")
    if name in ("csv", "json", "html"):
        right, wrong = right.strip("“"), wrong.strip("“")
    # The last is in the provenance, for what was asked is sealed there.
    changed = (
        wrong.join(text.rsplit(right, 1)) if name in ("md", "html") else text.replace(right, wrong)
    )
    assert changed != text
    path = tmp_path / f"talk{'.csl.json' if name == 'csl' else f'.{name}'}"
    path.write_text(changed, "utf-8")
    assert not Verifier(toy_library.speeches).verify(export.read(path)).exact


def test_programs_get_every_turn_as_the_contract_has_it(
    everything: Talk, toy_library: Library
) -> None:
    data = export.render(dossier_of(everything, toy_library), "json")
    record = json.loads(data)
    kinds = [turn["kind"] for turn in record["turns"]]
    assert kinds == [*["question"] * 3, *["claim"] * 2, *["quotation"] * 3, "briefing", "question",
                     "notice"]  # fmt: skip
    turns = everything.turns
    assert isinstance(turns[1].outcome, Answer)
    assert record["turns"][1] == {"kind": "question"} | contract.answer_record(turns[1].outcome)
    assert [sheet["topic"] for sheet in record["turns"][8]["topics"]] == ["budget", "women"]
    assert record["provenance"]["filters"] is None
    numbers = [
        one["number"]
        for chapter in record["chapters"]
        for section in chapter["sections"]
        for quote in section["quotes"]
        for one in (quote, *quote["again"])
    ]
    assert numbers == list(range(1, len(numbers) + 1))
    # What only a program sees is checked, too.
    of_program = record["turns"][3]["evidence"][-1]
    of_program["quote"] = of_program["quote"].replace("e", "a", 1)
    document = read_json(json.dumps(record).encode())
    assert not Verifier(toy_library.speeches).verify(document).exact


def test_there_is_no_document_of_nothing(toy_library: Library) -> None:
    with pytest.raises(ExportError, match="nothing was asked yet"):
        dossier_of(Talk(), toy_library)


def test_a_text_that_no_file_can_hold_is_written_with_what_stands_for_it(
    desk: Desk, toy_library: Library
) -> None:
    talk = said(desk, "\ud800 drones?")
    assert "## \ufffd drones?" in export.render(dossier_of(talk, toy_library), "md").decode()
    export.render(dossier_of(talk, toy_library), "json")


def test_the_fingerprint_of_a_library_is_of_its_speeches(
    tmp_path: Path, toy_library: Library
) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", toy_library.fingerprint)
    build(tmp_path / "smaller", list(toy_library.speeches.values())[:2], export_toy)
    smaller = Library.open(tmp_path / "smaller")
    assert smaller.fingerprint != toy_library.fingerprint
