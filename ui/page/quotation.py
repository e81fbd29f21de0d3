"""A checked quotation as HTML: the verdict, and the record's words with what was changed."""

from __future__ import annotations

from assistant.answer import Citation
from assistant.quotation.checked import CheckedQuotation
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
            pieces.append(_article(_quoted(words, part.citation, numbers), part.citation))
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
    first = check.sources[0]
    if check.edits:
        words = _quoted(_edited(check), first.citation, numbers)
    else:
        words = " … ".join(
            _quoted(marked(c.speech.text, c.span, []), c, numbers) for c in first.citations
        )
    return _article(words, first.citation) + _also(check, numbers)


def _edited(check: CheckedQuotation) -> str:
    """The record's words, with those the quotation lacks and those it puts in marked."""
    return " ".join(
        f"<{_TAGS[edit.kind]}>{shown(check.words(edit))}</{_TAGS[edit.kind]}>"
        for edit in check.edits
    )


def _quoted(words: str, citation: Citation, numbers: Numbering) -> str:
    """Words of the record as HTML, and the number of where they stand."""
    return f'<span class="quote">{words}</span>{marker(citation, numbers(citation))}'


def _article(words: str, citation: Citation) -> str:
    return (
        f'<article class="finding"><blockquote>{words}</blockquote>'
        f'<p class="reference">{joined(reference(citation))}</p>{actions(citation)}</article>'
    )


def _also(check: CheckedQuotation, numbers: Numbering) -> str:
    if not check.also:
        return ""
    places = "".join(
        f"<li>{joined(reference(one.citation))}{marker(one.citation, numbers(one.citation))}</li>"
        for one in check.also
    )
    rest = check.further
    further = f"<li>and {counted(rest, 'more speech', 'more speeches')}</li>" if rest else ""
    return f'<div class="again"><p>also in</p><ul>{places}{further}</ul></div>'
