"""Words as a quotation and a record are compared by: what is typography, and what is meaning."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

from assistant.text import Span
from embeddings.lexical import STOP_WORDS

_INVISIBLE = "\u00ad\u200b-\u200d\u2060\ufeff"
_LETTERS = rf"[\w\u0300-\u036f{_INVISIBLE}]*"
# Digits with what binds them ("1,325", "2.5", "2017-2018", "-5") are one word, and so is a word
# with its apostrophes. Signs that are not punctuation count as words: "$", "%", "/".
_WORD = re.compile(
    rf"(?:(?<!\S)[-\u2212\u2013])?\d+(?:[.,:/\u2010-\u2015\u2212-]\d+)*{_LETTERS}"
    rf"|\w{_LETTERS}(?:['\u2019\u02bc]\w{_LETTERS})*"
    rf"|[^\w\s.,;:!?'\"“”‘’‚„«»‹›`´()\[\]…\u2010-\u2015\u2212·•\u0300-\u036f{_INVISIBLE}-]"
)
_DROPPED = re.compile(rf"[\u0300-\u036f{_INVISIBLE}]")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d.,]?\d)")
_DASH = re.compile(r"[\u2010-\u2015\u2212]")
_HYPHEN = re.compile(rf"\s*[-\u2010\u2011{_INVISIBLE}]\s*")
_FOLDED = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "æ": "ae",
     "œ": "oe", "Æ": "AE", "Œ": "OE", "\u2019": "'", "\u02bc": "'"}
)  # fmt: skip


@lru_cache(maxsize=1 << 16)
def folded(word: str) -> str:
    """A word without case, accents and ligatures.

    Not NFKC, for which "10²" is "102". A stroke that stands alone is an I in these records.
    """
    if word == "|":
        return "i"
    if word[0] in "-−–" or word[0].isdigit():
        word = _DASH.sub("-", _THOUSANDS.sub(lambda found: found[0].replace(",", ""), word))
    decomposed = unicodedata.normalize("NFD", word.translate(_FOLDED))
    return _DROPPED.sub("", decomposed).casefold()


@dataclass(frozen=True)
class Words:
    """The words of a text, `keys` folded, with where each stands in it."""

    text: str
    spans: tuple[tuple[int, int], ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Words:
        # The records print an underscore for a dash.
        spans = tuple([found.span() for found in _WORD.finditer(text.replace("_", " "))])
        return cls(text, spans, tuple([folded(text[start:end]) for start, end in spans]))

    def __len__(self) -> int:
        return len(self.keys)

    def word(self, number: int) -> str:
        start, end = self.spans[number]
        return self.text[start:end]

    def span(self, start: int, end: int) -> Span:
        """Where words `start` to `end`, half open, stand."""
        return Span(self.spans[start][0], self.spans[end - 1][1])

    def joined(self, span: Span) -> str:
        """The keys of some words as one."""
        return "".join(self.keys[span.start : span.end])

    def surface(self, span: Span) -> str:
        """Some words as they are written, as one."""
        return "".join(map(self.word, range(span.start, span.end)))

    def between(self, number: int) -> str:
        """What parts a word from the one before it."""
        return self.text[self.spans[number - 1][1] : self.spans[number][0]]

    def cuts(self, start: int, end: int) -> bool:
        """Whether words `start` to `end` leave out half of a word that means something else.

        "aligned" of "non-aligned", "terrorism" of "counter-terrorism", "5" of "$5".
        """
        before = start > 0 and (
            not self.between(start)
            or (self.hyphenated(start) and self.keys[start - 1] in _REVERSING)
        )
        after = end < len(self) and (
            not self.between(end) or (self.hyphenated(end) and self.keys[end] in _EMPTYING)
        )
        return before or after

    def hyphenated(self, number: int) -> bool:
        """Whether a hyphen, and space at most, parts a word from the one before it."""
        return _HYPHEN.fullmatch(self.between(number)) is not None

    def ends_sentence(self, number: int) -> bool:
        """Whether a sentence ends after this word."""
        if number + 1 >= len(self):
            return True
        between = self.between(number + 1)
        return "\n" in between or (
            bool(set(".?!") & set(between)) and self.word(number + 1)[0].isupper()
        )

    def within(self, span: Span) -> Span | None:
        """Numbers, half open, of the words in a slice; None if it begins or ends inside one."""
        begin = bisect_left(self.spans, (span.start, 0))
        end = bisect_left(self.spans, (span.end, 0))
        if begin > 0 and self.spans[begin - 1][1] > span.start:
            return None
        if end > 0 and self.spans[end - 1][1] > span.end:
            return None
        return Span(begin, end) if begin < end else None

    @cached_property
    def is_capitals(self) -> bool:
        """Whether the text has no small letter, so that capitals tell nothing."""
        return self.text.isupper()

    @cached_property
    def letters(self) -> str:
        """The keys without the spaces between them."""
        return "".join(self.keys)

    @cached_property
    def bounds(self) -> tuple[int, ...]:
        """Where each word begins in `letters`, and their length at the end."""
        return tuple(accumulate(map(len, self.keys), initial=0))

    @cached_property
    def at_bound(self) -> dict[int, int]:
        """Number of the word that begins at an offset of `letters`."""
        return {offset: number for number, offset in enumerate(self.bounds)}

    @cached_property
    def pairs(self) -> dict[tuple[str, ...], list[int]]:
        """Numbers of the words at which each pair of neighbours begins."""
        found: dict[tuple[str, ...], list[int]] = {}
        for number in range(len(self) - 1):
            found.setdefault(self.keys[number : number + 2], []).append(number)
        return found


NEGATIONS = frozenset(
    "not no never none nor neither without cannot nothing nobody nowhere hardly scarcely "
    "unless".split()
)
MODALS = frozenset("must should may shall can will would could might ought cannot".split())
_NUMBERS = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
    "ninety hundred thousand million billion trillion hundreds thousands millions billions first "
    "second third fourth fifth half quarter dozen dozens once twice double triple".split()
)
_NEGATING = ("un", "in", "im", "il", "ir", "non", "dis", "a", "anti", "mis")
_REVERSING = frozenset(
    "non anti counter ex pre post un de dis mis sub semi quasi pseudo half vice under deputy no "
    "not never near former".split()
)
_EMPTYING = frozenset("free proof less like".split())
# "A political", "apolitical": a space makes the opposite of it.
_PRIVATIVE = frozenset(
    "moral political typical symmetric symmetrical symmetry historical social sexual theist".split()
)


def is_content(key: str) -> bool:
    return key not in STOP_WORDS and key[0].isalnum()


def negates(key: str) -> bool:
    return key in NEGATIONS or key.endswith("n't")


def counts(key: str) -> bool:
    return key in _NUMBERS or any(char.isdigit() for char in key)


def weighs(key: str) -> bool:
    """Whether so much hangs on a word that it is never taken for a slip."""
    return negates(key) or counts(key) or key in MODALS


def opposed(one: str, other: str) -> bool:
    """Whether one word is the other with a negating prefix."""
    return any(one == prefix + other or other == prefix + one for prefix in _NEGATING)


def privative(parts: Sequence[str]) -> bool:
    """Whether two words, written as one, would be the opposite of the second."""
    first, second = parts[0], "".join(parts[1:])
    return (first in _NEGATING and first not in ("a", "in")) or (
        first == "a" and second in _PRIVATIVE
    )
