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
_TENS_VALUES = frozenset(map(float, range(20, 100, 10)))
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


def numbers(text: str) -> dict[float, str]:
    """The values of the numbers in a text, in figures or in words, each as it is written there.

    "One" is left out, which is oftener a pronoun than a number.
    """
    found: dict[float, str] = {}
    value: float | None = None
    begin = end = 0

    def close() -> None:
        if value is not None:
            found.setdefault(value, text[begin:end])

    for match in _NUMBER.finditer(text):
        word = match[0].lower()
        if word in _SCALES and value is not None:
            value *= _SCALES[word]
        elif value in _TENS_VALUES and word in _ONES[1:10]:
            value += _VALUES[word]  # "twenty" and "two" are one number, "two" and "three" two
        else:
            close()
            begin = match.start()
            if word[0].isdigit():
                value = float(re.sub(r"[^\d.]", "", word))
            else:
                value = float(_VALUES[word]) if word in _VALUES else None
        end = match.end()
    close()
    found.pop(1.0, None)
    return found


@dataclass(frozen=True)
class Missing:
    """What of a claim neither a passage nor its record has, as the claim has it written."""

    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def missing(claim: str, passage: str, speech: Speech) -> Missing:
    """Compare a claim with a passage and its speech's record: speaker, date, meeting, topic."""
    record = " ".join(
        part
        for part in (
            speech.speaker, speech.country, speech.symbol, speech.topic,
            written_date(speech.date) if speech.date else None,
        )
        if part
    )  # fmt: skip
    known = numbers(f"{passage} {record}")
    lacking = (written for value, written in numbers(claim).items() if value not in known)
    return Missing(tuple(lacking), tuple(_missing_names(claim, passage, record)))


def _missing_names(claim: str, *among: str) -> list[str]:
    words = {plain(word) for text in among for word in re.findall(r"[\w’'-]+", text)}
    roots = {word[:_SAME_ROOT] for word in words}
    found = []
    for name in dict.fromkeys(_NAME.findall(claim)):
        key = plain(re.sub(r"['’]s?$", "", name))
        if key and key not in _NO_NAMES and key[:_SAME_ROOT] not in roots:
            found.append(name)
    return found
