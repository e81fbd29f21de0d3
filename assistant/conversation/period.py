"""Periods as follow-ups name them: "the 2004 one", "after 2015", "in May 2016"."""

from __future__ import annotations

import re

from assistant.conversation.language import plainly
from assistant.filters import Filters

_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_YEAR = r"(?:19[4-9]|20[0-4])\d"
_NOUN = r"(?:ones?|speech(?:es)?|statements?|meetings?|debates?)"
_PERIOD = re.compile(
    rf"(?:(?P<word>since|after|before|until|up to|by|in|during|of|for|from) )?(?:the )?"
    rf"(?:{_NOUN} (?:of |in |from )(?:the )?)?(?:year )?"
    rf"(?:(?P<month>{'|'.join(_MONTHS)}) )?(?P<year>{_YEAR})(?: {_NOUN})?"
)
_BETWEEN = re.compile(rf"(?:between |from )?({_YEAR}) ?(?:and|to|until|-|–) ?({_YEAR})")
_IN_QUESTION = re.compile(
    r"\s+(?:since|from|after|before|until|up to|in|during|of) "
    rf"(?:(?:{'|'.join(_MONTHS)}) )?{_YEAR}\b",
    re.IGNORECASE,
)


def period_of(text: str) -> tuple[str, Filters] | None:
    """A period and how it is told, if the text names one and nothing else."""
    plain = plainly(text)
    if between := _BETWEEN.fullmatch(plain):
        since, until = sorted(between.groups())
        return f"{since} to {until}", Filters(since=since, until=until)
    found = _PERIOD.fullmatch(plain)
    if found is None:
        return None
    year, month = int(found["year"]), found["month"]
    number = _MONTHS.index(month) + 1 if month else 0
    day = f"{year}-{number:02}" if month else str(year)
    told = f"{month.capitalize()} {year}" if month else str(year)
    word = found["word"]
    if word == "since":
        return f"since {told}", Filters(since=day)
    if word in ("until", "up to", "by"):
        return f"until {told}", Filters(until=day)
    if word == "after":
        later = f"{year + number // 12}-{number % 12 + 1:02}" if month else str(year + 1)
        return f"after {told}", Filters(since=later)
    if word == "before":
        earlier = f"{year - (number == 1)}-{(number - 2) % 12 + 1:02}" if month else str(year - 1)
        return f"before {told}", Filters(until=earlier)
    return told, Filters(since=day, until=day)


def without_period(question: str) -> str:
    """A question without the years it names: "What was said in 2016?"."""
    return _IN_QUESTION.sub("", question)
