"""An answer as HTML: one turn of the conversation on the page.

Whatever comes from a speech or from the user goes through `shown`. A quotation is sliced from
its speech here, at the moment of rendering.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from urllib.parse import urlencode

from assistant.answer import Answer, Citation, Finding, Slot
from assistant.speech import Speech, written_date
from assistant.text import Span
from ui.wording import counted, interpreted, narrowed, refusal

_LONGEST_SHOWN = 1000
_EDITION = 12

# C0 and C1 without white space, and halves of surrogate pairs, which no encoding can carry.
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Turn:
    """One turn as HTML, and the citations that were numbered in it, in order."""

    html: str
    citations: tuple[Citation, ...] = ()


class Numbering:
    """Gives citations their numbers and keeps them in that order."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._numbered: list[Citation] = []

    def __call__(self, citation: Citation) -> int:
        self._numbered.append(citation)
        return self._first + len(self._numbered) - 1

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(self._numbered)


def shown(text: str) -> str:
    """Text as it may stand in HTML, between tags or in a quoted attribute."""
    return escape(_UNSHOWABLE.sub("\ufffd", text))


def address(speech: Speech, span: Span | None = None) -> str:
    """What names a speech, and a span of it, after the # of the page's address.

    A span comes with the edition of the text that it is of: in another it is other words.
    """
    words = {"speech": speech.id}
    if span is None:
        return urlencode(words)
    places = {"start": str(span.start), "end": str(span.end), "text": edition(speech)}
    return urlencode(words | places)


def edition(speech: Speech) -> str:
    """Tells a text from what it was before it was changed: digits of its SHA-256."""
    return sha256(speech.text.encode("utf-8", "surrogatepass")).hexdigest()[:_EDITION]


def marked(text: str, span: Span, marks: Sequence[Span]) -> str:
    """`text[span]` with what of the marks lies inside it in `<mark>`; marks in order, apart."""
    pieces: list[str] = []
    position = span.start
    for mark in marks:
        start, end = max(mark.start, position), min(mark.end, span.end)
        if start < end:
            pieces += [shown(text[position:start]), f"<mark>{shown(text[start:end])}</mark>"]
            position = end
    return "".join([*pieces, shown(text[position : span.end])])


def answer_turn(answer: Answer, turn: int, first: int) -> Turn:
    """A question with its answer or its refusal.

    Args:
        answer: To render.
        turn: Number of the turn in the conversation.
        first: Number of the first citation; the others follow.
    """
    numbers = Numbering(first)
    body = _answered(answer, numbers) if answer.answered else _refused(answer, turn, numbers)
    html = turn_html(answer.question, turn, _interpreted(answer, turn) + body)
    return Turn(html, numbers.citations)


def notice_turn(question: str, turn: int, notice: str) -> Turn:
    """A question that could not be asked, with one line that says why."""
    return Turn(turn_html(question, turn, f'<p class="notice">{shown(notice)}</p>'))


def turn_html(question: str, turn: int, body: str) -> str:
    """What was asked, over what came of it."""
    text = question if len(question) <= _LONGEST_SHOWN else question[:_LONGEST_SHOWN] + " …"
    asked = f'<h2 class="asked">{shown(text)}</h2>' if question.strip() else ""
    return f'<section class="turn" data-turn="{turn}">{asked}{body}</section>'


def _interpreted(answer: Answer, turn: int) -> str:
    """The completed question, and what it takes over, each with a way to take it away."""
    html = ""
    if interpreted(answer):
        html = f'<p class="interpreted">Interpreted as “{shown(answer.interpreted)}”</p>'
    if answer.slots:
        html += f'<p class="slots">{"".join(_slot(slot, turn) for slot in answer.slots)}</p>'
    if answer.named and answer.answered:
        told = shown(narrowed(answer.named))
        html += f'<p class="interpreted">{told} {_widen(answer, turn, "plain")}</p>'
    return html


def _slot(slot: Slot, turn: int) -> str:
    told = f"{slot.kind} {shown(slot.value)}"
    return (
        f'<button type="button" class="chip" data-drop="{slot.kind}" data-turn="{turn}"'
        f' aria-label="Ask again without {told}">'
        f'{slot.kind} <b>{shown(slot.value)}</b><span aria-hidden="true">×</span></button>'
    )


def _answered(answer: Answer, numbers: Numbering) -> str:
    best, others = answer.findings[0], answer.also_found
    strength = None if answer.about_quote else answer.strength
    html = f'<p class="record">{shown(answer.record)}</p>' if answer.record else ""
    html += _finding(best, numbers, strength)
    if not others:
        return html
    further = "".join(_finding(finding, numbers) for finding in others)
    summary = f"<summary>Also found ({len(others)})</summary>"
    return f'{html}<details class="also">{summary}{further}</details>'


def _refused(answer: Answer, turn: int, numbers: Numbering) -> str:
    verdict, scope = (answer.record, "") if answer.record else refusal(answer.searched)
    widen = _widen(answer, turn) if answer.searched.filters.stated() else ""
    searched = f'<p class="scope">{shown(scope)}</p>' if scope else ""
    told = f'<p class="verdict">{shown(verdict)}</p>{searched}{widen}'
    nearest = "".join(_finding(finding, numbers) for finding in answer.related)
    related = f'<h3 class="related">Related, not an answer</h3>{nearest}' if nearest else ""
    return f'<div class="refusal">{told}</div>{related}'


def suggested(questions: Sequence[str], turn: int) -> str:
    """Follow-ups of a turn, to be asked by a click; empty if there are none."""
    if not questions:
        return ""
    rows = "".join(
        f'<li><button type="button" class="plain" data-ask="{shown(question)}">'
        f"{shown(question)}</button></li>"
        for question in questions
    )
    return f'<div class="suggested" data-after="{turn}"><p>Ask next</p><ul>{rows}</ul></div>'


def _widen(answer: Answer, turn: int, look: str = "widen") -> str:
    return (
        f'<button type="button" class="{look}" data-widen="{shown(answer.question)}"'
        f' data-turn="{turn}">'
        "Search all speeches</button>"
    )


def _finding(finding: Finding, numbers: Numbering, strength: str | None = None) -> str:
    """A quote; its strength is told for the first only, for which it was measured."""
    citation = finding.citation
    number = numbers(citation)
    marks = [finding.short.span] if finding.short else []
    quote = marked(citation.speech.text, citation.span, marks)
    match = [f"{strength} match"] if strength else []
    return (
        f'<article class="finding"><blockquote><span class="quote">{quote}</span>'
        f"{marker(citation, number)}</blockquote>"
        f'<p class="reference">{joined([*reference(citation), *match])}</p>'
        f"{actions(citation, _why(finding))}{_again(finding, numbers)}</article>"
    )


def marker(citation: Citation, number: int) -> str:
    """The `[n]` button, and the card that hovering or focusing it shows."""
    speech = citation.speech
    label = ", ".join([speech.speaker or "Speaker unknown", *_delegation(speech), speech.occasion])
    return (
        f'<sup><button type="button" class="marker" data-n="{number}"'
        f' data-source="{shown(address(speech, citation.span))}" aria-describedby="card-{number}"'
        f' aria-label="Show citation {number}: {shown(label)}">[{number}]</button></sup>'
        f"{_card(citation, number)}"
    )


def _card(citation: Citation, number: int) -> str:
    details = [*reference(citation), *_delivery(citation.speech)]
    return (
        f'<span class="card" id="card-{number}" role="tooltip" hidden>'
        f'<span class="card-quote">{shown(citation.quote)}</span>'
        f'<span class="card-source">{joined(details)}</span></span>'
    )


def reference(citation: Citation) -> list[str]:
    """Who, for whom, where, when, and which lines; what is unknown is left out."""
    speech = citation.speech
    return [
        speech.speaker or "Speaker unknown",
        *_delegation(speech),
        *occasion(speech),
        citation.place,
    ]


def _delegation(speech: Speech) -> list[str]:
    return [speech.country] if speech.country else []


def occasion(speech: Speech) -> list[str]:
    """Meeting and day; the file where neither is known."""
    known = [speech.symbol, written_date(speech.date) if speech.date else None]
    return [part for part in known if part] or [speech.file]


def _delivery(speech: Speech) -> list[str]:
    return [f"delivered in {speech.language}"] if speech.language else []


def joined(parts: Sequence[str]) -> str:
    """Parts of a line, each kept together where it can be."""
    # A part breaks from its neighbours before it breaks inside.
    return " · ".join(f'<span class="part">{shown(part)}</span>' for part in parts)


def actions(citation: Citation, more: str = "") -> str:
    """Buttons to copy the quote with its reference and to open it, and what else there is."""
    copied = shown(f"“{citation.quote}” — {citation.reference}")
    place = shown(address(citation.speech, citation.span))
    return (
        '<div class="actions">'
        f'<button type="button" class="plain" data-copy="{copied}">Copy</button>'
        f'<button type="button" class="plain"'
        f' data-source="{place}">Open</button>'
        f'<button type="button" class="plain" data-basket="{place}">Add to briefing</button>'
        f"{more}</div>"
    )


def _why(finding: Finding) -> str:
    if not finding.parts:
        return ""
    rows = "".join(
        f"<div><dt>{shown(name)}</dt><dd>{value:.2f}</dd></div>" for name, value in finding.parts
    )
    return f'<details class="why"><summary>Why this match</summary><dl>{rows}</dl></details>'


def _again(finding: Finding, numbers: Numbering) -> str:
    if not finding.again:
        return ""
    places = "".join(
        f"<li>{joined(reference(citation))}{marker(citation, numbers(citation))}</li>"
        for citation in finding.again
    )
    said = f"said again in {counted(len(finding.again), 'other place')}"
    return f'<div class="again"><p>{said}</p><ul>{places}</ul></div>'
