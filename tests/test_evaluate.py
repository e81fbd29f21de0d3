"""Measures, checked by hand."""

import pytest

from assistant.answer import Citation, Searched
from assistant.claims import CheckedClaim, Evidence, Verdict
from assistant.evaluate import ClaimOutcome, auroc, claim_scores, is_right, token_f1
from assistant.filters import Filters
from assistant.questions import Gold, JudgedClaim
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


def citation(quote: str, file: str = "a.txt") -> Citation:
    speech = Speech("a", file, "", read_text(quote))
    return Citation(speech, 1, Span(0, len(speech.text)))


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
    assert is_right(citation(quote, file), GOLD) is right


def claim(given: str, got: Verdict, quote: str = "We sent nothing at all.") -> ClaimOutcome:
    gold = () if given == "not_addressed" else tuple(GOLD)
    evidence = (Evidence("a#1.1", citation(quote), "related", 0.5),)
    searched = Searched(1, 1, Filters())
    judged = JudgedClaim("1", "They sent drones.", given, gold, Filters())
    return ClaimOutcome(judged, CheckedClaim("", got, 0.9, evidence, searched), 0.1)


def test_figures_of_claims() -> None:
    scores = claim_scores(
        [
            claim("supported", "supported", "We sent four drones."),
            claim("supported", "contradicted"),
            claim("contradicted", "contradicted", "We sent four drones."),
            claim("contradicted", "not_addressed"),
            claim("not_addressed", "not_addressed"),
        ]
    )
    assert scores.accuracy == 0.6
    assert scores.flips == 1
    assert scores.evidence3 == 0.5
    assert scores.confusion["supported"] == {
        "supported": 1, "contradicted": 1, "not_addressed": 0
    }  # fmt: skip
    assert (scores.precision("supported"), scores.recall("supported")) == (1.0, 0.5)
    assert (scores.precision("not_addressed"), scores.recall("not_addressed")) == (0.5, 1.0)
    assert scores.macro_f1 == pytest.approx((2 / 3 + 1 / 2 + 2 / 3) / 3)
    assert scores.p95_ms == pytest.approx(100)
    only = claim_scores([claim("not_addressed", "not_addressed")])
    assert (only.evidence3, only.precision("supported")) == (None, None)
