"""In which capacity a speech says that it is made: rather nothing than something wrong."""

from __future__ import annotations

import pytest

from assistant.capacity import OPENING, derived_capacity
from ui.contract import speech_record
from ui.page.source import speech_html


@pytest.mark.parametrize(
    ("text", "capacity"),
    [
        ("I shall now make a statement in my national capacity.", "national capacity"),
        ("Malta aligns itself with the statement of the European Union and I would like to add a "
         "few remarks in my national capacity.", "national capacity"),
        ("I thank Mr. Lowcock for his briefing. I shall now make a statement in my capacity as the "
         "representative of Viet Nam. We thank", "representative of Viet Nam"),
        ("I have the honour to brief the Council in my capacity as Chair of the Committee pursuant "
         "to resolution 751 (1992), concerning Somalia.",
         "Chair of the Committee pursuant to resolution 751 (1992)"),
        ("I have the honour to speak on behalf of the European Union (EU) and its member States.",
         "on behalf of the European Union"),
        ("I deliver this statement on behalf of the Group of 77 and China at this meeting.",
         "on behalf of the Group of 77 and China"),
        ("I will now make a statement in my capacity as representative of South Africa and on "
         "behalf of the African members of the Council.",
         "representative of South Africa and on behalf of the African members of the Council"),
        ("I am honoured to address the Council as the Chair of The Elders at this debate.",
         "Chair of The Elders"),
    ],
)  # fmt: skip
def test_what_the_opening_says(text: str, capacity: str) -> None:
    assert derived_capacity(text) == capacity


@pytest.mark.parametrize(
    "text",
    [
        "We align ourselves with the statement made on behalf of the Non-Aligned Movement.",
        "I thank the representative of Greece, who spoke on behalf of the European Union.",
        "I thank you, Sir, in your capacity as Chair of the Committee.",
        "I give the floor to Mr. A, in his capacity as Chair of the Committee.",
        "I would like to make a statement on behalf of my delegation.",
        "I have the honour to speak on behalf of the people of Mali.",
        "On behalf of the Council, I welcome the Minister.",
        "I wish to express, on behalf of the Nordic countries, our condolences.",
        "I shall not comment on that in my capacity as President.",
        "Last year I spoke here in my capacity as Chair of the Committee, and it was cold.",
        "Ms. DiCarlo will brief the Council on behalf of the Secretariat.",
        "States must build capacity, and act on behalf of the international community.",
        "We agree. " * 200 + "I now speak in my national capacity.",
    ],
)
def test_what_is_said_of_others_or_later_gives_nothing(text: str) -> None:
    assert derived_capacity(text) is None


def test_speaking_for_ones_own_state_is_no_capacity() -> None:
    text = "It is a privilege to speak today on behalf of the United States."
    assert derived_capacity(text, "United States of America") is None


def test_metadata_are_not_overwritten_and_what_is_derived_says_so(read_texts) -> None:
    words = "I shall now make a statement in my national capacity."
    corpus = read_texts(
        {
            "a.txt": f"The President: {words}",
            "b.txt": f"The President: {words}",
            "speeches.csv": "filename,capacity\na.txt,Minister\n",
        }
    )
    known, derived = corpus.speeches
    assert (known.capacity, known.capacity_derived) == ("Minister", False)
    assert (derived.capacity, derived.capacity_derived) == ("national capacity", True)
    assert derived.told_capacity == "national capacity (derived from the opening words)"
    assert [speech_record(s)["capacity_derived"] for s in corpus.speeches] == [False, True]
    assert "national capacity (derived from the opening words)" in speech_html(derived)


def test_a_derived_capacity_is_words_of_the_opening(shared_speeches) -> None:
    from assistant.text import read_text

    texts = [read_text(data.decode("utf-8")).text for _, data in shared_speeches]
    found = [(text, derived_capacity(text)) for text in texts]
    assert all(capacity in text[:OPENING] for text, capacity in found if capacity)
    assert sum(capacity is not None for _, capacity in found) > 50
