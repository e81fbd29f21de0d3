"""A checked claim as HTML: the evidence, each with its stance, and the verdict on it."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.claims import CheckedClaim, Evidence
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
from ui.wording import filters_in_words, lacking, verdict

_SHOWN = 3
"""Statements shown at once, and at least all that take a stance; the others are collapsed."""


def claim_turn(text: str, checked: Sequence[CheckedClaim], turn: int, first: int) -> Turn:
    """A text with what the speeches say to each of its claims.

    Args:
        text: As typed.
        checked: Its claims.
        turn: Number of the turn in the conversation.
        first: Number of the first citation; the others follow.
    """
    numbers = Numbering(first)
    body = "".join(_claim(one, numbers, len(checked) > 1) for one in checked)
    return Turn(turn_html(text, turn, body), numbers.citations)


def _claim(checked: CheckedClaim, numbers: Numbering, one_of_several: bool) -> str:
    heading = f'<h3 class="stated">{shown(checked.claim)}</h3>' if one_of_several else ""
    telling = sum(one.stance != "related" for one in checked.evidence)
    at_once = max(_SHOWN, telling)
    html = "".join(_evidence(one, numbers) for one in checked.evidence[:at_once])
    if further := checked.evidence[at_once:]:
        more = "".join(_evidence(one, numbers) for one in further)
        summary = f"<summary>More that is related ({len(further)})</summary>"
        html += f'<details class="also">{summary}{more}</details>'
    return f"{heading}{_verdict(checked)}{html}"


def _verdict(checked: CheckedClaim) -> str:
    scope = filters_in_words(checked.searched.filters)
    told = f'<p class="scope">{shown(scope)}</p>' if scope else ""
    return (
        f'<div class="verdict-block" data-verdict="{checked.verdict}">'
        f'<p class="verdict">{shown(verdict(checked))}</p>{told}</div>'
    )


def _evidence(evidence: Evidence, numbers: Numbering) -> str:
    citation = evidence.citation
    number = numbers(citation)
    quote = marked(citation.speech.text, citation.span, [])
    lacks = f'<p class="lacks">{shown(lacking(evidence))}</p>' if evidence.missing else ""
    return (
        f'<article class="finding" data-stance="{evidence.stance}">'
        f'<p class="stance">{evidence.stance}</p>'
        f'<blockquote><span class="quote">{quote}</span>'
        f"{marker(citation, number)}</blockquote>"
        f'<p class="reference">{joined(reference(citation))}</p>'
        f"{lacks}{actions(citation)}</article>"
    )
