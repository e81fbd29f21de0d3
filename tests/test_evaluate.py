"""Measures, checked by hand."""

import pytest

from assistant.answer import Citation, Finding
from assistant.evaluate import auroc, is_right, token_f1
from assistant.questions import Gold
from assistant.speech import Speech
from assistant.text import Span, read_text


@pytest.mark.parametrize(
    ("one", "other", "value"),
    [
        ("a b c d", "a b c d", 1.0),
        ("a b", "c d", 0.0),
        ("a b c", "a b x", 2 / 3),
        ("the Drones.", "the drones", 1.0),
        ("", "a", 0.0),
    ],
)
def test_token_f1(one: str, other: str, value: float) -> None:
    assert token_f1(one, other) == pytest.approx(value)


def test_auroc_is_the_chance_to_score_above() -> None:
    assert auroc([0.9, 0.8], [0.1, 0.85]) == 0.75
    assert auroc([0.5], [0.5]) == 0.5
    assert auroc([], [0.1]) is None


def finding(quote: str, file: str = "a.txt") -> Finding:
    speech = Speech("a", file, "", read_text(quote))
    return Finding("a#1.1", Citation(speech, 1, Span(0, len(speech.text))), 0.5, "weak")


GOLD = [Gold("a.txt", "We sent four drones to the border last year.", "four drones")]


@pytest.mark.parametrize(
    ("quote", "file", "right"),
    [
        ("We sent four drones.", "a.txt", True),  # has the short span
        ("to the border last", "a.txt", True),  # lies within
        ("the border", "a.txt", False),  # too little of it
        ("We sent three drones to the border last year.", "a.txt", True),  # F1 8/9
        ("We sent nothing at all.", "a.txt", False),
        ("We sent four drones.", "b.txt", False),  # another speech
        ("four drones " + "and more " * 50, "a.txt", False),  # a page is no quote
    ],
)
def test_is_right(quote: str, file: str, right: bool) -> None:
    assert is_right(finding(quote, file), GOLD) is right
