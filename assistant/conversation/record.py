"""What the record of a speech says of it, in one line."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.conversation.requests import Fact
from assistant.speech import Speech, written_date

_ASKED: dict[Fact, str] = {
    "who": "Who said ‘{quote}’?",
    "delegation": "For which delegation was ‘{quote}’ said?",
    "when": "When was ‘{quote}’ said?",
    "meeting": "In which meeting was ‘{quote}’ said?",
    "language": "In which language was ‘{quote}’ said?",
}
_QUOTED = 8
"""Words of a quote that tell it from others in a question about it."""


def question_about(quote: str, fact: Fact) -> str:
    """A question about a quote, completed: "Who said ‘We must avoid …’?"."""
    found = quote.split()
    begins = " ".join(found[:_QUOTED]) + (" …" if len(found) > _QUOTED else "")
    return _ASKED[fact].format(quote=begins)


def told(speech: Speech, fact: Fact) -> str | None:
    """The line; None where the record does not say."""
    if fact == "who":
        return _who(speech)
    if fact == "delegation":
        return f"Said for {speech.country}." if speech.country else None
    if fact == "when":
        return f"Said {_day(speech)}." if speech.date else None
    if fact == "language":
        return f"Delivered in {speech.language}." if speech.language else None
    if not (speech.symbol or speech.date):
        return None
    topic = f", on “{speech.topic}”" if speech.topic else ""
    when = f" {_day(speech)}" if speech.date else ""
    if speech.symbol:
        return f"Said in meeting {speech.symbol}{when}{topic}."
    return f"Said{when}{topic}; the record does not give the number of the meeting."


def unknown(fact: Fact) -> str:
    """That a record does not say."""
    what = {"who": "who spoke", "delegation": "for whom it was said", "when": "when it was said"}
    return f"The record does not say {what.get(fact, f'in which {fact} it was said')}."


def _who(speech: Speech) -> str | None:
    if not (speech.speaker or speech.country):
        return None
    capacity = f", {speech.told_capacity}" if speech.capacity else ""
    return f"Said by {speech.byline}{capacity}."


def said_by(speeches: Sequence[Speech]) -> str | None:
    """Who said what is quoted, of several speeches."""
    names = list(dict.fromkeys(s.byline for s in speeches if s.speaker or s.country))
    if not names:
        return None
    if len(names) == 1:
        return f"Said by {names[0]}."
    return f"Said by {', '.join(names[:-1])} and {names[-1]}."


def _day(speech: Speech) -> str:
    date = speech.date or ""
    return f"{'on' if len(date) > len('2018-09') else 'in'} {written_date(date)}"
