"""A conversation as a document: what was typed, what came of it, and every quote of it.

The quotes are those that the page shows, in its order, so they have the numbers they had there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.answer import Answer
from assistant.briefing import Briefing
from assistant.claims import CheckedClaim, Evidence
from assistant.dossier import Chapter, Dossier, Entry, Section, Turn, of_briefing, provenance
from assistant.errors import ExportError
from assistant.filters import Filters
from assistant.library import Library
from assistant.quotation.checked import CheckedQuotation
from ui.wording import (
    change_in_words,
    counted,
    filters_in_words,
    interpreted,
    lacking,
    narrowed,
    no_mention,
    quotation_verdict,
    refusal,
    sheet_scope,
    verdict,
)

MOST = 5
"""Quotes of each delegation in a briefing, beside its first and latest mention."""
_LONGEST_TITLE = 160
_HALVES = re.compile(r"[\ud800-\udfff]")


def conversation_dossier(title: str, turns: Sequence[Turn], library: Library) -> Dossier:
    """A conversation as a document.

    Args:
        title: Its name; empty if it has none.
        turns: In order.
        library: That was asked.

    Raises:
        ExportError: There is no turn.
    """
    if not turns:
        raise ExportError("nothing was asked yet, so there is nothing to write")
    # No encoding can carry half of a surrogate pair, which only a refused text can have.
    turns = [replace(turn, text=_HALVES.sub("\ufffd", turn.text)) for turn in turns]
    chapters = tuple(chapter for turn in turns for chapter in _chapters(turn, library))
    searched = (turn.searched for turn in turns)
    asked = tuple(" ".join(turn.text.split()) for turn in turns)
    made = provenance(library, asked, *(one for one in searched if one))
    return Dossier(_HALVES.sub("\ufffd", title) or "Conversation", chapters, made, tuple(turns))


def _chapters(turn: Turn, library: Library) -> Iterator[Chapter]:
    """One for a turn; of several claims or topics one for each, under what was typed."""
    match turn.outcome:
        case Answer():
            yield _chapter(turn.text, _answer_remarks(turn.outcome), _answer(turn.outcome))
        case CheckedQuotation():
            yield _chapter(turn.text, _quotation_remarks(turn.outcome), _quotation(turn.outcome))
        case Briefing():
            yield from _briefing(turn.outcome, library)
        case str():
            yield _chapter(turn.text, (turn.outcome,))
        case (claim,):
            yield _claim(turn.text, claim)
        case claims:
            yield _chapter(turn.text, (f"{counted(len(claims), 'claim')}, each checked below.",))
            yield from (_claim(claim.claim, claim) for claim in claims)


def _chapter(text: str, remarks: Sequence[str], entries: Sequence[Entry] = ()) -> Chapter:
    """What was typed is the title, or a remark where it is too long for one."""
    title = " ".join(text.split())
    if len(title) > _LONGEST_TITLE:
        remarks = (title, *remarks)
        title = title[: _LONGEST_TITLE - 1].rstrip() + "…"
    sections = (Section("", tuple(entries)),) if entries else ()
    return Chapter(title, sections, tuple(remarks))


def _held(filters: Filters) -> list[str]:
    told = filters_in_words(filters)
    return [f"Filters: {told}"] if told else []


# questions


def _answer_remarks(answer: Answer) -> list[str]:
    told = [f"Interpreted as “{answer.interpreted}”"] if interpreted(answer) else []
    if answer.answered:
        told += _held(answer.searched.filters)
        told += [narrowed(answer.named)] if answer.named else []
    if answer.record:
        told.append(answer.record)
    elif not answer.answered:
        told += [line for line in refusal(answer.searched) if line]
    if not answer.answered and answer.related:
        told.append("Related, not an answer:")
    return told


def _answer(answer: Answer) -> list[Entry]:
    """The quotes; the strength of a match is told for the first, for which it was measured."""
    entries = [Entry(finding.citation, finding.again) for finding in answer.shown]
    if answer.answered and not answer.about_quote:
        entries[0] = replace(entries[0], note=f"{answer.strength} match")
    return entries


# claims


def _claim(text: str, checked: CheckedClaim) -> Chapter:
    remarks = [verdict(checked), *_held(checked.searched.filters)]
    return _chapter(text, remarks, [_evidence(one) for one in checked.evidence])


def _evidence(evidence: Evidence) -> Entry:
    told = (evidence.stance, lacking(evidence))
    return Entry(evidence.citation, note="; ".join(filter(None, told)))


# quotations


def _quotation_remarks(check: CheckedQuotation) -> list[str]:
    asked = filters_in_words(check.searched.filters)
    more = counted(check.further, "more speech", "more speeches")
    return [
        quotation_verdict(check),
        *([f"Held against {asked}"] if asked else []),
        *map(change_in_words, check.changes),
        *(
            f"Found nowhere: “{part.span.of(check.quotation)}”"
            for part in check.parts
            if not part.citation
        ),
        *([f"It is in {more}, too."] if check.also and check.further else []),
        *check.notes,
    ]


def _quotation(check: CheckedQuotation) -> list[Entry]:
    also = tuple(source.citation for source in check.also)
    if len(check.shown) == 1:
        return [Entry(check.shown[0], also)]
    return [*map(Entry, check.shown), *(Entry(citation, note="also here") for citation in also)]


# briefings


def _briefing(briefing: Briefing, library: Library) -> Iterator[Chapter]:
    made = of_briefing(briefing, library, sheet_scope, no_mention, MOST)
    for chapter, sheet in zip(made.chapters, briefing.sheets, strict=True):
        yield replace(chapter, remarks=(*chapter.remarks, *_held(sheet.searched.filters)))
