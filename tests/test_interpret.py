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


COUNTRIES = ("China", "France", "Syrian Arab Republic", "United States of America", "Niger")
DELEGATIONS = [Speech(c, f"{c}.txt", "", read_text("We agree."), country=c) for c in COUNTRIES]


@pytest.mark.parametrize(
    ("question", "country"),
    [
        ("Which abilities should be taught, said China in the small arms debate?", "China"),
        ("What did France reiterate its call for?", "France"),
        ("Which group did the United States name in 2020?", "United States of America"),
        ("How many words, by Syria's ambassador's count?", "Syrian Arab Republic"),
        ("What is China\u2019s position on sanctions?", "China"),
        ("According to the US, who is to blame?", "United States of America"),
        ("Does China want sanctions lifted?", "China"),
        ("What was said about China?", None),
        ("What happened in France?", None),
        ("Did China say what France says?", "China"),
        ("Did China agree with what Syria's ambassador said?", "Syrian Arab Republic"),
        ("What do China and France want?", None),
        ("Does China see what, according to France, is wrong?", None),  # which of the two?
        ("Was France attacked?", None),
        ("What did Nigeria say?", None),  # not of Niger
        ("did china say so?", None),  # a word like any other
    ],
)
def test_named_delegation(question: str, country: str | None) -> None:
    assert Interpreter(DELEGATIONS).named_delegation(question) == country


def test_a_delegation_that_all_share_is_no_filter() -> None:
    assert Interpreter(DELEGATIONS[:1]).named_delegation("What did China say?") is None
    assert Interpreter([]).named_delegation("What did China say?") is None


def test_a_question_that_names_a_delegation_is_held_to_what_it_said(
    toy_library, toy_reader
) -> None:
    assistant = Assistant(toy_library, toy_reader(toy_library))
    answer = assistant.ask("What did Niger say of the budget?")
    assert (answer.named, answer.searched.speeches) == ("Niger", 1)
    assert answer.searched.filters == Filters(country="Niger")
    chosen = Filters(country="Nigeria")
    assert assistant.ask("What did Niger say?", chosen).searched.filters == chosen


@pytest.mark.parametrize(
    ("claim", "country"),
    [
        ("China opposes sanctions.", "China"),
        ("The United States has never accepted the annexation.", "United States of America"),
        ("Russia denied any part in it.", "Russian Federation"),
        ("According to France the talks failed.", "France"),
        ("China's delegation left the talks.", "China"),
        ("Troops left China in 2014.", None),
        ("China was attacked by pirates.", None),
        ("Sanctions hurt China.", None),
    ],
)
def test_who_a_claim_says_holds_it(claim: str, country: str | None) -> None:
    speeches = [
        Speech(name, f"{name}.txt", "0" * 64, read_text("…"), country=name)
        for name in ("China", "France", "Russian Federation", "United States of America")
    ]
    assert Interpreter(speeches).claimed_by(claim, Filters()).country == country


def test_a_claim_without_whom_it_names() -> None:
    interpreter = Interpreter([*SPEECHES, *DELEGATIONS])
    assert interpreter.unattributed("Mr. Umarov said so.") == "The speaker said so."
    assert interpreter.unattributed("China says so.") == "The speaker says so."
    assert interpreter.unattributed("Drones help.") == "Drones help."
    chosen = Filters(country="France")
    assert interpreter.claimed_by("China opposes it.", chosen) is chosen
