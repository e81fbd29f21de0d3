"""Answers that are a quote asked for itself, or its paragraph: nothing is searched for them."""

from __future__ import annotations

from assistant.answer import Answer, Citation, Finding, Searched
from assistant.conversation.record import question_about, told, unknown
from assistant.conversation.requests import Fact, Step
from assistant.filters import Filters
from assistant.reader import Strength

_STEPS: dict[Step, tuple[int, str]] = {
    "before": (-1, "the paragraph before"),
    "paragraph": (0, "the whole paragraph of"),
    "after": (1, "the paragraph after"),
}


def refused(line: str) -> Answer:
    """No answer, with the reason in a line."""
    return Answer("", "", False, 0.0, "none", (), (), Searched(0, 0, Filters()), record=line)


def fact_of(that: Citation, fact: Fact) -> Answer:
    """A quote with what its record says of it; a refusal where it does not say."""
    line = told(that.speech, fact)
    asked = question_about(that.quote, fact)
    return _shown(that, asked, line or unknown(fact), line is not None)


def paragraph_at(step: Step, that: Citation) -> Answer:
    """The paragraph of a quote, or the one before or after it."""
    ahead, words = _STEPS[step]
    number = that.paragraph + ahead
    paragraphs = that.speech.reading.paragraphs
    asked = f"Show {words} {that.reference}."
    if not 0 < number <= len(paragraphs):
        end = "first" if number < 1 else "last"
        line = f"There is none: paragraph {that.paragraph} is the {end} of this speech."
        return _shown(that, asked, line, answered=False)
    whole = Citation(that.speech, number, paragraphs[number - 1])
    return _shown(whole, asked, f"Paragraph {number} of {len(paragraphs)}.")


def _shown(citation: Citation, asked: str, line: str, answered: bool = True) -> Answer:
    finding = Finding(f"{citation.speech.id}#{citation.paragraph}.1", citation, 1.0, "strong")
    strength: Strength = "strong" if answered else "none"
    return Answer(
        question="",
        interpreted=asked,
        answered=answered,
        score=1.0 if answered else 0.0,
        strength=strength,
        findings=(finding,),
        related=() if answered else (finding,),
        searched=Searched(0, 0, Filters()),
        record=line,
    )
