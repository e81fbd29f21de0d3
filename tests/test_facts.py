"""Numbers and names that a claim has and a quote lacks."""

from __future__ import annotations

import pytest

from assistant.facts import missing, numbers
from assistant.speech import Speech
from assistant.text import read_text


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("two thousand troops", {2000}),
        ("10,000 troops and twenty-two officers", {10000, 22}),
        ("twenty, three", {23}),  # as spoken; a comma is no reason to part them
        ("1.5 million people", {1_500_000}),
        ("no one was there, one by one", set()),
        ("two or three of them", {2, 3}),
        ("on 12 September 2018", {12, 2018}),
        ("S/PV.8349", {8349}),
        ("a dozen States", {12}),
        ("three hundred", {300}),
    ],
)
def test_numbers(text: str, values: set[float]) -> None:
    assert set(numbers(text)) == values


SPEECH = Speech(
    "a", "a.txt", "0" * 64, read_text("…"), speaker="Mr. Ali", country="Niger",
    date="2016-05-31", topic="The situation in Mali",
)  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "lacks"),
    [
        ("Niger sent 2,000 troops.", []),
        ("Niger sent 3,000 troops.", ["3,000"]),
        ("In May 2016 Niger sent two thousand troops to Mali.", []),
        ("In 2017 Niger sent two thousand troops.", ["2017"]),
        ("Malian troops were sent.", []),
        ("The troops went to Chad.", ["Chad"]),
        ("Mr. Ali told the Council that troops were sent.", []),
    ],
)
def test_what_a_quote_lacks(claim: str, lacks: list[str]) -> None:
    found = missing(claim, "We sent two thousand troops.", SPEECH)
    assert [*found.numbers, *found.names] == lacks
