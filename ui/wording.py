"""Words that the terminal and the page share."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answer import Answer, Searched
from assistant.briefing import Position, Sheet
from assistant.claims import CheckedClaim, Evidence
from assistant.filters import Filters
from assistant.quotation.alignment import Change
from assistant.quotation.checked import CheckedQuotation
from assistant.speech import written_date

FILTER_WORDS = {
    "country": "delegation",
    "speaker": "speaker",
    "symbol": "meeting",
    "topic": "topic",
    "language": "language",
    "role": "role",
    "since": "from",
    "until": "until",
}


def counted(number: int, one: str, many: str | None = None) -> str:
    """ "1 speech", "2,091 speeches"."""
    return f"1 {one}" if number == 1 else f"{number:,} {many or one + 's'}"


def filters_in_words(filters: Filters) -> str:
    """ "delegation Kazakhstan · from 2017"; empty if none is set."""
    return " · ".join(f"{FILTER_WORDS[name]} {value}" for name, value in filters.stated().items())


def interpreted(answer: Answer) -> bool:
    """Whether a question was understood otherwise than it was typed."""
    return answer.interpreted != " ".join(answer.question.split())


def narrowed(named: str) -> str:
    """That a search was held to one speaker, because the question names one."""
    return f"Searched only what {named} said, as the question names {named}."


def refusal(searched: Searched) -> tuple[str, str]:
    """That there is no answer, and what was searched for one."""
    filters = filters_in_words(searched.filters)
    if not searched.speeches:
        return "No speech matches these filters.", filters
    speeches = counted(searched.speeches, "speech", "speeches")
    scope = f"Searched {speeches}, {counted(searched.passages, 'passage')}"
    return "The speeches do not answer this.", f"{scope} · {filters}" if filters else scope


def verdict(checked: CheckedClaim) -> str:
    """What the speeches searched say to a claim, and never more than that."""
    searched = counted(checked.searched.speeches, "speech", "speeches")
    if not checked.searched.speeches:
        return "No speech matches these filters."
    if checked.said_by_other:
        other = said(checked.evidence[0])
        if checked.verdict == "contradicted":
            return f"That is what {other}. Nothing like it was found in what {checked.named} said."
        return f"Not found in what {checked.named} said here. It is what {other}."
    if checked.verdict == "not_addressed":
        among = f"{'this' if checked.searched.speeches == 1 else 'these'} {searched}"
        whose = f" by {checked.named}" if checked.named else ""
        return f"No statement in {among}{whose} clearly supports or contradicts this."
    basis = "Supported" if checked.verdict == "supported" else "Contradicted"
    return f"{basis} by what {said(checked.evidence[0])}."


def said(evidence: Evidence) -> str:
    """ "Mr. Umarov said on 12 September 2018", as far as it is known."""
    speech = evidence.citation.speech
    when = ""
    if speech.date:
        when = f" {'on' if len(speech.date) > len('2018-09') else 'in'} {written_date(speech.date)}"
    return f"{speech.speaker or speech.country or 'a speaker not named in the record'} said{when}"


def lacking(evidence: Evidence) -> str:
    """What a statement does not say of what the claim does; empty if nothing was found."""
    return f"does not mention {', '.join(evidence.missing)}" if evidence.missing else ""


_VERDICTS = {
    "exact": "Exact: these words stand so in the record.",
    "typographic": "But for typography, these words stand so in the record.",
    "altered": "Altered: the record reads otherwise.",
    "partial": "Partial: the record has only a part of this.",
}


def quotation_verdict(check: CheckedQuotation) -> str:
    """What became of a quotation, as a sentence."""
    if check.verdict == "absent":
        speeches = check.searched.speeches
        return (
            f"Absent: not in {'this speech' if speeches == 1 else f'these {speeches:,} speeches'}."
        )
    if check.verdict == "misattributed":
        speech = check.sources[0].speech
        asked = " · ".join(check.searched.filters.stated().values())
        return f"Misattributed: said by {speech.byline}, {speech.occasion}; not: {asked}."
    if check.verdict == "partial" and all(part.citation for part in check.parts):
        return "Partial: the record has all of this, but not in one place."
    if check.verdict == "typographic" and len(check.sources[0].citations) > 1:
        return "But for what is marked as left out, these words stand so in the record."
    return _VERDICTS[check.verdict]


def change_in_words(change: Change) -> str:
    """ "number: “25” became “250”"."""
    if not change.record:
        return f"{change.kind}: “{change.quoted}” was put in"
    if not change.quoted:
        return f"{change.kind}: “{change.record}” was left out"
    return f"{change.kind}: “{change.record}” became “{change.quoted}”"


def sheet_scope(sheet: Sheet) -> str:
    """What was searched for a topic, and how many spoke to it."""
    if not sheet.searched.speeches:
        return "No speech matches these filters."
    speeches = counted(sheet.searched.speeches, "speech", "speeches")
    found = counted(sheet.quotes, "quote")
    of = f" of {counted(len(sheet.positions), 'delegation')}" if sheet.positions else ""
    return f"Searched {speeches}, {counted(sheet.searched.passages, 'passage')}; {found}{of}."


def no_mention(sheet: Sheet, most: int | None = None) -> str:
    """Who spoke without a mention being found, never that they said nothing; empty if nobody.

    Args:
        sheet: Of the topic.
        most: Delegations that are named; the others are counted.
    """
    if not sheet.silent:
        return ""
    spoke = [
        f"{one.delegation.name} ({counted(one.speeches, 'speech', 'speeches')})"
        for one in sheet.silent
    ]
    return f"No mention found in what these said: {some_of(spoke, most)}."


def some_of(names: Sequence[str], most: int | None) -> str:
    """Names in a row, those beyond the first `most` as a number."""
    kept = "; ".join(names[:most])
    further = len(names) - len(names[:most])
    return f"{kept}; and {further:,} more" if further else kept


def mentions(position: Position) -> str:
    """ "4 mentions, 2004 to 12 September 2018"."""
    number = counted(position.mentions, "mention")
    if position.first is None or position.latest is None:
        return number
    first, latest = (written_date(c.speech.date or "") for c in (position.first, position.latest))
    return f"{number}, {first}" + (f" to {latest}" if latest != first else "")
