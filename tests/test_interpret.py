"""The speaker whom a question names."""

import pytest

from assistant.answer import Assistant
from assistant.filters import Filters
from assistant.interpret import Interpreter
from assistant.speech import Speech
from assistant.text import read_text

NAMES = ("Mr. Umarov", "Mr. Sadykov", "Ms. de la Cruz", "The President", "Mr. May", "Mr. Mali")
SPEECHES = [
    Speech(str(n), f"{n}.txt", "", read_text("We agree."), name, "Mali")
    for n, name in enumerate(NAMES)
]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What did Umarov say about drones?", "Umarov"),
        ("Sadykov on drones?", "Sadykov"),
        ("What is Mr. Umarov's view?", "Umarov"),
        ("What did Ms. de la Cruz (Mali) want?", "Cruz"),
        ("What did Umarov say to Sadykov?", None),  # which of the two is meant?
        ("What did umarov say?", None),  # a word like any other
        ("What did the President say?", None),
        ("May peacekeepers be used?", None),
        ("What was said of Mali?", None),  # a delegation
        ("What was said of drones?", None),
    ],
)
def test_named_speaker(question: str, name: str | None) -> None:
    assert Interpreter(SPEECHES).named_speaker(question) == name


def test_what_the_user_chose_is_kept() -> None:
    chosen = Filters(speaker="Sadykov")
    assert Interpreter(SPEECHES).filters("What did Umarov say?", chosen) is chosen


def test_a_question_that_names_a_speaker_is_held_to_what_that_speaker_said(
    toy_library, toy_reader
) -> None:
    assistant = Assistant(toy_library, toy_reader(toy_library))
    answer = assistant.ask("What did Ali say of the budget?")
    assert (answer.named, answer.searched.speeches) == ("Ali", 1)
    assert {finding.citation.speech.id for finding in answer.findings} == {"a"}
    widened = assistant.ask("What did Ali say of the budget?", interpret=False)
    assert (widened.named, widened.searched.speeches) == (None, 3)
