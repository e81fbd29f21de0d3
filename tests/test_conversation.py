"""Follow-ups: what they are completed to, and what they take over. No model."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from assistant.answer import Answer, Assistant, Citation, Finding, Searched
from assistant.conversation.conversation import Conversation
from assistant.conversation.language import topic_of, without_markers, without_small_talk
from assistant.conversation.period import period_of
from assistant.conversation.requests import (
    MoreRequest,
    PassageRequest,
    RecordRequest,
    request_in,
)
from assistant.errors import QuestionError
from assistant.filters import Filters
from assistant.interpret import Interpreter
from assistant.library import Library
from assistant.reader import CrossReader, Strength
from assistant.speech import Speech
from assistant.text import Span, read_text

TEXT = (
    "Ms. Amina Diallo and Mr. Jean Petit briefed us.\n\nWe sold the harbour cranes.\n\n"
    "We thank you."
)
SPEECHES = [
    Speech(id_, f"{id_}.txt", "0" * 64, read_text(TEXT), who, country, "English", symbol, date)
    for id_, who, country, symbol, date in (
        ("a", "Mr. Adeyemi", "Nigeria", "S/PV.100", "2015-03-10"),
        ("b", "Ms. Lind", "Sweden", "S/PV.101", "2017-05-02"),
        ("c", "Mr. Rossi", "Italy", None, "2019-11"),
    )
]


class FakeAssistant:
    """Answers with a sentence of the first speech that the filters leave."""

    def __init__(self) -> None:
        self.library = SimpleNamespace(speeches={speech.id: speech for speech in SPEECHES})
        self.interpreter = Interpreter(SPEECHES)
        self.refused: set[str] = set()
        self.asked: list[tuple[str, Filters]] = []

    def ask(self, question: str, filters: Filters | None = None, interpret: bool = True) -> Answer:
        given = filters or Filters()
        used = self.interpreter.filters(question, given) if interpret else given
        self.asked.append((question, used))
        found = [_finding(speech) for speech in SPEECHES if used.match(speech)]
        answered = bool(found) and question not in self.refused
        strength: Strength = "strong" if answered else "none"
        return Answer(
            question, question, answered, 0.8 if answered else 0.05, strength,
            tuple(found[:1]), () if answered else tuple(found[:1]),
            Searched(len(found), len(found), used),
            named=None if used == given else used.speaker or used.country,
        )  # fmt: skip


def _finding(speech: Speech) -> Finding:
    start = speech.text.index("We sold")
    quote = Citation(speech, 2, Span(start, start + len("We sold the harbour cranes.")))
    return Finding(f"{speech.id}#2.1", quote, 0.8, "strong")


def talk(*questions: str, fake: FakeAssistant | None = None, **options: object) -> Answer:
    """The answer to the last of these questions."""
    conversation = Conversation(fake or FakeAssistant())  # type: ignore[arg-type]
    for question in questions[:-1]:
        conversation.ask(question)
    return conversation.ask(questions[-1], **options)  # type: ignore[arg-type]


LIND = "What did Ms. Lind say about harbour cranes?"


@pytest.mark.parametrize(
    ("first", "then", "interpreted"),
    [
        # another topic
        (LIND, "and on women?", "What did Ms. Lind say about women?"),
        (LIND, "And fishing boats?", "What did Ms. Lind say about fishing boats?"),
        (LIND, "anything about ferries?", "What did Ms. Lind say about ferries?"),
        ("What is the harbour fund?", "and the crane fund?", "What is the crane fund?"),
        ("Who pays for the port?", "and for the bridge?", "Who pays for the bridge?"),
        # another speaker, delegation, person, place
        (LIND, "And Rossi?", "What did Rossi say about harbour cranes?"),
        (LIND, "according to Mr. Adeyemi?", "What did Mr. Adeyemi say about harbour cranes?"),
        (
            "What did Sweden say about harbour cranes?",
            "And Italy?",
            "What did Italy say about harbour cranes?",
        ),
        (
            "What did Sweden say about harbour cranes?",
            "what about the Italian one?",
            "What did Italy say about harbour cranes?",
        ),
        (
            "What did Sweden say about harbour cranes?",
            "and the French?",
            "What did France say about harbour cranes?",
        ),
        (
            "How many cranes were sold in Chad?",
            "and in Togo?",
            "How many cranes were sold in Togo?",
        ),
        ("Who is Amina Diallo?", "And Petit?", "Who is Petit?"),
        # another period
        (LIND, "and after 2016?", "What did Ms. Lind say about harbour cranes? (after 2016)"),
        (LIND, "what about the 2017 one?", "What did Ms. Lind say about harbour cranes? (2017)"),
        ("What was sold in 2015?", "And in May 2017?", "What was sold? (May 2017)"),
        # words that ask
        ("Should cranes be sold?", "why?", "Why should cranes be sold? (S/PV.100, 10 March 2015)"),
        (
            "Which cranes did Ms. Lind sell?",
            "why?",
            "Why did Ms. Lind sell cranes? (S/PV.101, 2 May 2017)",
        ),
        (LIND, "how many?", "How many harbour cranes? (Lind; S/PV.101, 2 May 2017)"),
        (
            "What did the port buy?",
            "since when?",
            "Since when did the port buy? (S/PV.100, 10 March 2015)",
        ),
        # people
        (
            "Who sold the cranes?",
            "What does he say about ferries?",
            "What does Mr. Adeyemi say about ferries? (S/PV.100, 10 March 2015)",
        ),
        (
            LIND,
            "Does she want new ones?",
            "Does Ms. Lind want new ones? (S/PV.101, 2 May 2017)",
        ),
        (
            LIND,
            "What is her view of ferries?",
            "What is Ms. Lind's view of ferries? (S/PV.101, 2 May 2017)",
        ),
        (
            "Who sold the cranes?",
            "What does the same speaker say about ferries?",
            "What does Mr. Adeyemi say about ferries? (S/PV.100, 10 March 2015)",
        ),
        ("Who is Amina Diallo?", "What does she want?", "What does Amina Diallo want?"),
        ("Who is Ambassador Okoro?", "What does he want?", "What does Ambassador Okoro want?"),
        (
            LIND,
            "Does she mention Togo?",
            "What did Ms. Lind say about Togo? (S/PV.101, 2 May 2017)",
        ),
        # things
        ("What are harbour cranes for?", "Who sold them?", "Who sold harbour cranes?"),
        ("What is the harbour fund?", "Who pays for it?", "Who pays for the harbour fund?"),
        (
            "Who runs the harbour fund?",
            "Is that fund audited?",
            "Is the harbour fund audited?",
        ),
        (
            "What did Sweden say about harbour cranes?",
            "Do they support ferries?",
            "Does Sweden support ferries?",
        ),
        (LIND, "Did Rossi say so?", "What did Rossi say about harbour cranes?"),
        (LIND, "Does Italy agree?", "What does Italy say about harbour cranes?"),
        (LIND, "What did Rossi say?", "What did Rossi say about harbour cranes?"),
        # where it was said
        (LIND, "What was the meeting about?", "What was the meeting about? (S/PV.101)"),
        (LIND, "Who briefed?", "Who briefed? (S/PV.101, 2 May 2017)"),
        (
            "What did Rossi say about cranes?",
            "How does that speech end?",
            "How does that speech end? (November 2019)",
        ),
        (LIND, "So what are the cranes good for, then?", "What are the cranes good for? (Lind)"),
    ],
)
def test_a_follow_up_is_completed(first: str, then: str, interpreted: str) -> None:
    assert talk(first, then).interpreted == interpreted


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (LIND, "Who won the World Cup in 2014?"),
        (LIND, "What did Sweden say about icebreakers?"),
        (LIND, "What did Mr. Rossi say about bridges?"),
        (LIND, "How much does the Lagos bridge cost?"),
        (LIND, "What is the capital of France?"),
        ("What did Sweden say about cranes?", "Which countries signed the Ottawa treaty?"),
    ],
)
def test_a_question_that_stands_on_its_own_inherits_nothing(first: str, then: str) -> None:
    answer = talk(first, then)
    assert (answer.interpreted, answer.slots) == (then, ())


def test_small_talk_ahead_of_a_question_is_ignored() -> None:
    answer = talk(LIND, "Thanks! And one more: what's the weather like in Oslo?")
    assert answer.slots == ()
    assert talk(LIND, "great, thank you! and on women?").interpreted == (
        "What did Ms. Lind say about women?"
    )
    thanked = talk(LIND, "Thank you so much!")
    assert (thanked.answered, thanked.findings) == (False, ())


def test_what_is_taken_over_is_data() -> None:
    answer = talk(LIND, "And what about ferries?", "Does she mention Togo?")
    assert [(slot.kind, slot.value, slot.turn) for slot in answer.slots] == [
        ("speaker", "Ms. Lind", 2),
        ("speech", "S/PV.101, 2 May 2017", 2),
    ]
    assert answer.searched.filters == Filters(
        country="Sweden", speaker="Ms. Lind", symbol="S/PV.101",
        since="2017-05-02", until="2017-05-02",
    )  # fmt: skip


def test_slots_can_be_left_out_one_by_one() -> None:
    asked = "and on women?"
    without = talk(LIND, asked, without=frozenset({"speaker"}))
    assert (without.interpreted, without.slots) == ("What was said about women?", ())
    assert without.searched.filters == Filters()
    him = "What does she say about ferries?"
    wider = talk(LIND, him, without=frozenset({"speech"}))
    assert wider.interpreted == "What does Ms. Lind say about ferries?"
    assert "speaker" not in [s.kind for s in talk(LIND, him, without=frozenset({"speaker"})).slots]


def test_a_turn_is_asked_again_as_it_was_asked_first() -> None:
    conversation = Conversation(FakeAssistant())  # type: ignore[arg-type]
    conversation.ask(LIND)
    conversation.ask("and on women?")
    conversation.ask("What did Mr. Rossi say about bridges?")
    again = conversation.ask("and on women?", without=frozenset({"speech"}), at=2)
    assert again.interpreted == "What did Ms. Lind say about women?"
    assert conversation.thread.turns == 4


def test_filters_of_the_user_come_before_what_is_taken_over() -> None:
    answer = talk(LIND, "and on women?", filters=Filters(country="Italy"))
    assert answer.searched.filters == Filters(country="Italy")
    later = talk(LIND, "Who briefed?", filters=Filters(since="2016"))
    assert later.searched.filters.since == "2016"
    assert later.searched.filters.until is None


@pytest.mark.parametrize(
    ("asked", "record"),
    [
        ("Who said that?", "Said by Ms. Lind (Sweden)."),
        ("whose words are these?", "Said by Ms. Lind (Sweden)."),
        ("Which country does she represent?", "Said for Sweden."),
        ("When?", "Said on 2 May 2017."),
        ("In which meeting was that?", "Said in meeting S/PV.101 on 2 May 2017."),
        ("In what language did she speak?", "Delivered in English."),
        ("who said [1]?", "Said by Ms. Lind (Sweden)."),
    ],
)
def test_the_record_answers_who_when_and_where(asked: str, record: str) -> None:
    fake = FakeAssistant()
    answer = talk(LIND, asked, fake=fake)
    assert answer.answered
    assert answer.record == record
    assert answer.findings[0].citation.quote == "We sold the harbour cranes."
    assert "We sold the harbour cranes." in answer.interpreted
    assert len(fake.asked) == 1  # nothing was searched


def test_what_the_record_does_not_say_stays_unknown() -> None:
    asked = "What did Rossi say about cranes?"
    assert talk(asked, "When?").record == "Said in November 2019."
    assert talk(asked, "in which meeting?").record == (
        "Said in November 2019; the record does not give the number of the meeting."
    )
    assert talk("And?", "who said [7]?").record == "There is no [7] in this conversation."


def test_a_question_about_a_quote_leaves_the_topic_as_it_was() -> None:
    assert talk(LIND, "Who said that?", "And ferries?").interpreted == (
        "What did Ms. Lind say about ferries?"
    )


def test_paragraphs_around_a_quote() -> None:
    before = talk(LIND, "show me the paragraph before")
    assert before.findings[0].citation.paragraph == 1
    assert before.findings[0].citation.quote.startswith("Ms. Amina Diallo")
    assert talk(LIND, "and after [1]").findings[0].citation.quote == "We thank you."
    nothing = talk(LIND, "next paragraph", "next paragraph")
    assert not nothing.answered
    assert nothing.record == "There is none: paragraph 3 is the last of this speech."


def test_more_is_what_was_not_quoted_yet() -> None:
    more = talk(LIND, "anything else?")
    assert (more.answered, more.findings) == (False, ())
    # All that the speech has was quoted, so it goes on where that ended.
    following = talk(LIND, "more from [1]")
    assert following.findings[0].citation.paragraph == 3
    others = talk("What was said about cranes?", "who else?")
    assert others.interpreted == "Others: What was said about cranes?"
    assert not others.answered


def test_after_a_refusal_the_related_quote_is_the_one_meant() -> None:
    fake = FakeAssistant()
    fake.refused.add("What is sold?")
    assert talk("What is sold?", "Who said that?", fake=fake).record == (
        "Said by Mr. Adeyemi (Nigeria)."
    )


def test_an_unanswerable_follow_up_is_refused() -> None:
    fake = FakeAssistant()
    fake.refused.add("What did Ms. Lind say about women?")
    assert not talk(LIND, "and on women?", fake=fake).answered


def test_numbers_run_on_through_the_conversation() -> None:
    conversation = Conversation(FakeAssistant())  # type: ignore[arg-type]
    conversation.ask(LIND)
    conversation.ask("What did Mr. Rossi say about bridges?")
    conversation.ask("Who said that?")
    assert [one.turn for one in conversation.thread.quoted] == [1, 2, 3]
    assert conversation.ask("who said [1]?").record == "Said by Ms. Lind (Sweden)."


def test_a_question_that_cannot_be_asked_leaves_the_conversation_as_it_was() -> None:
    conversation = Conversation(FakeAssistant())  # type: ignore[arg-type]
    with pytest.raises(QuestionError):
        conversation.ask(" ")
    assert conversation.thread.turns == 0


@pytest.mark.parametrize(
    ("question", "request_"),
    [
        ("Who raised it?", RecordRequest("who")),
        ("by whom?", RecordRequest("who")),
        ("what date was that?", RecordRequest("when")),
        ("When did she say so?", RecordRequest("when")),
        ("source?", RecordRequest("meeting")),
        ("where was [3] said?", RecordRequest("meeting", 3)),
        ("the previous paragraph", PassageRequest("before")),
        ("show me [2]", PassageRequest("paragraph", 2)),
        ("go on", PassageRequest("after")),
        ("more from [2]", MoreRequest("speech", 2)),
        ("more like that", MoreRequest("any")),
        ("who else said that?", MoreRequest("others")),
        ("When was this announced?", RecordRequest("when")),
        ("Which speaker brought that up?", RecordRequest("who")),
        ("Who pays?", None),
        ("When will they sell it?", None),
        ("What did he say?", None),
        ("Where are the cranes?", None),
        ("Who said the cranes were sold?", None),
    ],
)
def test_what_is_asked_of_a_quote_itself(question: str, request_: object) -> None:
    assert request_in(question) == request_


@pytest.mark.parametrize(
    ("question", "names", "topic"),
    [
        ("What was said about women in peacekeeping?", (), "women in peacekeeping"),
        ("What dilemma do ports face?", (), "the dilemma ports face"),
        ("Did Chad pay its dues for 2017?", ("Chad",), "dues for 2017"),
        ("What is Lind's harbour plan?", ("Lind",), "the harbour plan"),
        ("How are drones used?", (), "drones"),
        ("Who held the chair when Lind spoke?", ("Lind",), "the chair"),
        ("Which states oppose the ban?", (), "the ban"),
        ("What did Mr. Rossi say?", ("Mr. Rossi", "Rossi"), ""),
    ],
)
def test_the_topic_of_a_question(question: str, names: tuple[str, ...], topic: str) -> None:
    assert topic_of(question, names) == topic


@pytest.mark.parametrize(
    ("text", "told", "filters"),
    [
        ("the 2004 one", "2004", Filters(since="2004", until="2004")),
        ("since May 2016", "since May 2016", Filters(since="2016-05")),
        ("after December 2016", "after December 2016", Filters(since="2017-01")),
        ("before January 2016", "before January 2016", Filters(until="2015-12")),
        ("between 2018 and 2014", "2014 to 2018", Filters(since="2014", until="2018")),
    ],
)
def test_periods(text: str, told: str, filters: Filters) -> None:
    assert period_of(text) == (told, filters)
    assert period_of("women") is None


def test_words_around_a_question() -> None:
    assert without_small_talk("Hi there, can you tell me who said that?") == "who said that?"
    assert without_small_talk("No peacekeepers died?") == "No peacekeepers died?"
    assert without_small_talk("ok thanks") == ""
    assert without_markers("So who pays, then?") == ("who pays?", True)
    assert without_markers("Sober ports?") == ("Sober ports?", False)


@pytest.fixture
def toy_conversation(
    toy_library: Library, toy_reader: Callable[[Library], CrossReader]
) -> Conversation:
    return Conversation(Assistant(toy_library, toy_reader(toy_library)))


def test_the_better_of_two_completions_is_kept(toy_conversation: Conversation) -> None:
    toy_conversation.ask("What did Ali say about drones?")
    answer = toy_conversation.ask("And women?")
    assert answer.interpreted == "What did Ali say about women?"
    assert answer.findings[0].citation.quote == "Women lead our police."


def test_who_mentioned_something_is_told_from_the_records(toy_conversation: Conversation) -> None:
    answer = toy_conversation.ask("Who spoke about the mandate?")
    assert answer.interpreted == "What was said about the mandate?"
    assert answer.record == "Said by Mr. Cho (Guinea-Bissau)."
    assert not toy_conversation.ask("Does he mention schools?").answered


def test_without_a_past_it_answers_as_the_assistant_does(toy_conversation: Conversation) -> None:
    alone = toy_conversation.assistant.ask("Is the budget small?")
    assert toy_conversation.ask("Is the budget small?") == alone
