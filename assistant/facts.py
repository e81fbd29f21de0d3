"""Numbers, dates and names of a claim that a quote lacks: what a model of meaning overlooks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.metadata import plain
from assistant.speech import Speech, written_date

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_VALUES = {
    **{word: n for n, word in enumerate(_ONES)},
    **{word: 10 * n for n, word in enumerate(_TENS, start=2)},
    "dozen": 12,
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_NUMBER = re.compile(r"\d+(?:[,\u202f ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[a-z]+", re.IGNORECASE)
_NAME = re.compile(r"(?<=[\w,;:] )(?:[A-Z][\w’'-]*\w)")
_NO_NAMES = frozenset(
    "mr mrs ms dr the president minister ambassador council united nations state states member "
    "members secretary general government security resolution"
    .split()
)  # fmt: skip
_SAME_ROOT = 4
"""Letters that "Malian" and "Mali" share, and other names hardly do."""


def numbers(text: str) -> set[float]:
    """The values of the numbers in a text, in figures or in words ("two thousand", "10,000").

    "One" is left out, which is oftener a pronoun than a number.
    """
    found: set[float] = set()
    value: float | None = None
    for match in _NUMBER.finditer(text):
        word = match[0].lower()
        if word[0].isdigit():
            if value is not None:
                found.add(value)
            value = float(re.sub(r"[^\d.]", "", word))
        elif word in _SCALES and value is not None:
            value *= _SCALES[word]
        elif word in _VALUES:
            # "Twenty" and "two" are one number, "two" and "three" are two.
            whole = value is not None and value in range(20, 100, 10) and _VALUES[word] < 10
            if value is not None and not whole:
                found.add(value)
            value = (value or 0) + _VALUES[word] if whole else float(_VALUES[word])
        else:
            if value is not None:
                found.add(value)
            value = None
    if value is not None:
        found.add(value)
    return found - {1.0}


@dataclass(frozen=True)
class Missing:
    """What of a claim neither a quote nor its record has, as far as can be told from the words."""

    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def missing(claim: str, quote: str, speech: Speech) -> Missing:
    """Compare a claim with a quote and the record of its speech: speaker, date, meeting, topic."""
    record = " ".join(
        part
        for part in (
            speech.speaker, speech.country, speech.symbol, speech.topic,
            written_date(speech.date) if speech.date else None,
        )
        if part
    )  # fmt: skip
    numbers_missing = _missing_numbers(claim, f"{quote} {record}")
    return Missing(tuple(numbers_missing), tuple(_missing_names(claim, quote, record)))


def _missing_numbers(claim: str, among: str) -> list[str]:
    known = numbers(among)
    return [f"{value:,.10g}" for value in sorted(numbers(claim) - known)]


def _missing_names(claim: str, *among: str) -> list[str]:
    words = {plain(word) for text in among for word in re.findall(r"[\w’'-]+", text)}
    roots = {word[:_SAME_ROOT] for word in words}
    found = []
    for name in dict.fromkeys(_NAME.findall(claim)):
        key = plain(re.sub(r"['’]s?$", "", name))
        if key and key not in _NO_NAMES and key[:_SAME_ROOT] not in roots:
            found.append(name)
    return found
