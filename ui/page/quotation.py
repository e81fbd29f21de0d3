"""A checked quotation as HTML: the verdict, and the record's words with what was changed."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answer import Citation
from assistant.quotation.checked import CheckedQuotation, Source
from ui.page.turn import (
    Numbering,
    Turn,
    actions,
    joined,
    marked,
    marker,
    reference,
    shown,
    turn_html,
)
from ui.wording import change_in_words, counted, filters_in_words, quotation_verdict

_ALSO = 5
"""Further places of the same words that are listed."""
_TAGS = {"keep": "span", "delete": "del", "insert": "ins"}


def quotation_turn(check: CheckedQuotation, turn: int, first: int) -> Turn:
    """A quotation with what became of it.

    Args:
        check: To render.
        turn: Number of the turn in the conversation.
        first: Number of the first citation; the others follow.
    """
    numbers = Numbering(first)
    places = _parts(check, numbers) if check.parts else _sources(check, numbers)
    notes = "".join(f'<p class="lacks">{shown(note)}</p>' for note in check.notes)
    html = turn_html(check.quotation, turn, f"{_verdict(check)}{places}{notes}")
    return Turn(html, numbers.citations)


def _verdict(check: CheckedQuotation) -> str:
    asked = filters_in_words(check.searched.filters)
    held = f'<p class="scope">Held against {shown(asked)}</p>' if asked else ""
    told = "".join(f"<li>{shown(change_in_words(change))}</li>" for change in check.changes)
    changes = f'<ul class="changes">{told}</ul>' if told else ""
    return (
        f'<div class="verdict-block" data-verdict="{check.verdict}">'
        f'<p class="verdict">{shown(quotation_verdict(check))}</p>{held}{changes}</div>'
    )


def _parts(check: CheckedQuotation, numbers: Numbering) -> str:
    """The quotation's own words, part by part, each with where it stands."""
    pieces = []
    for part in check.parts:
        words = shown(part.span.of(check.quotation))
        if part.citation:
            pieces.append(_article(words, part.citation, numbers))
        else:
            pieces.append(
                '<article class="finding"><blockquote>'
                f'<del class="quote">{words}</del></blockquote>'
                '<p class="reference">found nowhere</p></article>'
            )
    return "".join(pieces)


def _sources(check: CheckedQuotation, numbers: Numbering) -> str:
    if not check.sources:
        return ""
    first, *others = check.sources
    words = _edited(check) if check.edits else _segments(first)
    return _article(words, first.citation, numbers) + _also(others, check.more, numbers)


def _edited(check: CheckedQuotation) -> str:
    """The record's words, with those the quotation lacks and those it puts in marked."""
    return " ".join(
        f"<{_TAGS[edit.kind]}>{shown(check.words(edit))}</{_TAGS[edit.kind]}>"
        for edit in check.edits
    )


def _segments(source: Source) -> str:
    return " … ".join(marked(c.speech.text, c.span, []) for c in source.citations)


def _article(words: str, citation: Citation, numbers: Numbering) -> str:
    return (
        f'<article class="finding"><blockquote><span class="quote">{words}</span>'
        f"{marker(citation, numbers(citation))}</blockquote>"
        f'<p class="reference">{joined(reference(citation))}</p>{actions(citation)}</article>'
    )


def _also(others: Sequence[Source], more: int, numbers: Numbering) -> str:
    if not others:
        return ""
    places = "".join(
        f"<li>{joined(reference(one.citation))}{marker(one.citation, numbers(one.citation))}</li>"
        for one in others[:_ALSO]
    )
    rest = more + len(others[_ALSO:])
    further = f"<li>and {counted(rest, 'more speech', 'more speeches')}</li>" if rest else ""
    return f'<div class="again"><p>also in</p><ul>{places}{further}</ul></div>'
