"""Words that the terminal and the page share."""

from __future__ import annotations

from assistant.answer import Searched
from assistant.filters import Filters

FILTER_WORDS = {
    "country": "delegation",
    "speaker": "speaker",
    "symbol": "meeting",
    "topic": "topic",
    "language": "language",
    "since": "from",
    "until": "until",
}


def counted(number: int, one: str, many: str | None = None) -> str:
    """ "1 speech", "2,091 speeches"."""
    return f"1 {one}" if number == 1 else f"{number:,} {many or one + 's'}"


def filters_in_words(filters: Filters) -> str:
    """ "delegation Kazakhstan · from 2017"; empty if none is set."""
    return " · ".join(f"{FILTER_WORDS[name]} {value}" for name, value in filters.stated().items())


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
