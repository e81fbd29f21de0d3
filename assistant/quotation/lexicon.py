"""What a library's word index tells of words and phrases without reading every speech."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache, partial, reduce
from itertools import pairwise

import numpy as np
import Stemmer
from rapidfuzz.distance import Levenshtein

from assistant.library import Library
from assistant.quotation.words import Words, folded, opposed, privative, weighs
from embeddings.dense import Rows
from embeddings.lexical import STOP_WORDS

_WORDS_READ = 400
"""Speeches whose words are kept at hand; each takes some 200 kB."""
_CHUNK, _CHUNKS = 14, 16
"""Words of a quotation, at least, that are looked for together; most such parts of it."""
_RAREST = 8
_PASSAGES, _ROWS_RANKED = 8, 60
_LEADERS = 3
_ROWS_LOOKED_AT = 2000
_RARE = 20
_ROWS_READ = 200
_SLIP_PIECES = 3
_OFTEN = 3
# Letters that a scanner takes for each other. Not e and o, nor r and n, which part real words.
_ALIKE = ("ce", "co", "nu", "ilt", "hb", "ft")

_ALSO_INITIALS = frozenset("us aids un who it is car".split())


class Lexicon:
    """Looks words up in a library; made once for it."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._index = library.passage_index
        self._stem = Stemmer.Stemmer("english").stemWord
        self.words = lru_cache(maxsize=_WORDS_READ)(self._words)
        self._known = lru_cache(maxsize=1 << 14)(self._stands)
        self._one_piece = lru_cache(maxsize=1 << 14)(self._is_one_piece)

    def _words(self, speech: str) -> Words:
        return Words.of(self._library.speeches[speech].text)

    @cached_property
    def _speech_of_row(self) -> Rows:
        """Number of the speech that each passage is from."""
        return np.asarray(self._library.passages.speech_numbers, np.int64)

    # Speeches

    @cached_property
    def _first_rows(self) -> Rows:
        """The row of the first passage of each speech, and the number of rows at the end."""
        return np.searchsorted(self._speech_of_row, np.arange(len(self._library.speeches) + 1))

    def with_all(self, quotation: str) -> list[str]:
        """The speeches that have every word of a text, in order."""
        stems = dict.fromkeys(self._index.stems(quotation))
        if not stems:
            return []
        rarest, *others = sorted(map(self._index.rows_with, stems), key=len)
        found = np.unique(self._speech_of_row[rarest])
        for rows in others:
            # The first row of the word in or after each speech: is it in that speech?
            at = np.searchsorted(rows, self._first_rows[found])
            among = np.append(rows, self._first_rows[-1])[at]
            found = found[among < self._first_rows[found + 1]]
            if not found.size:
                break
        return [self._library.speeches.id_at(int(number)) for number in found]

    def with_letters(self, quotation: Words) -> list[str]:
        """The speeches with a passage that has the letters of a text, whatever its typography.

        For a short quotation that so many passages share the words of that it may stand in
        none of the nearest.
        """
        stems = dict.fromkeys(self._index.stems(quotation.text))
        if not stems:
            return []
        found = reduce(
            partial(np.intersect1d, assume_unique=True), map(self._index.rows_with, stems)
        )
        passages = [self._library.passages[row] for row in found[:_ROWS_READ]]
        return [
            passage.speech
            for passage in passages
            if quotation.letters
            in Words.of(passage.span.of(self._library.speech_of(passage).text)).letters
        ]

    def nearest(self, quotation: Words, most: int) -> list[str]:
        """The speeches with the passages that share most of the rare words, best first.

        Part by part, so that each part of a quotation from several places finds its own.
        """
        scores: dict[str, float] = {}
        for part in _parts(quotation):
            best: dict[str, float] = {}
            for speech, score in self._near(part):
                best[speech] = max(best.get(speech, 0), score)
            top = [speech for speech, score in best.items() if score >= max(best.values())]
            for speech, score in best.items():
                # The one best of a part comes before the second best of all parts together.
                leads = speech in top and len(top) <= _LEADERS
                scores[speech] = scores.get(speech, 0) + score * (3 if leads else 1)
        order = sorted(scores, key=lambda speech: (-scores[speech], self._place(speech)))
        return order[:most]

    def _place(self, speech: str) -> int | str:
        """Where a speech stands among all: what decides between equals."""
        return self._library.speeches.number(speech)

    def _near(self, text: str) -> Iterator[tuple[str, float]]:
        """The speeches of the passages that share most of the rare words of a text."""
        for row, score in self._nearest_rows(text):
            yield self._library.speeches.id_at(int(self._speech_of_row[row])), score

    def _nearest_rows(self, text: str) -> Iterator[tuple[int, float]]:
        stems = dict.fromkeys(self._index.stems(text))
        found = sorted(
            (rows for stem in stems if len(rows := self._index.rows_with(stem))), key=len
        )
        if not (found := found[:_RAREST]):
            return
        weights = [np.log(1 + len(self._index) / len(rows)) for rows in found]
        rows, places = np.unique(np.concatenate(found), return_inverse=True)
        shares = np.bincount(places, np.repeat(weights, [len(each) for each in found]))
        best = np.lexsort((rows, -shares))[:_ROWS_RANKED]
        # Many have the same common words; few have them side by side.
        pairs = [" ".join(pair) for pair in pairwise(text.casefold().split())]
        ranked = sorted(
            (-float(shares[place]) * (1 + self._share(pairs, int(rows[place]))), int(rows[place]))
            for place in best
        )
        for score, row in ranked[:_PASSAGES]:
            yield row, -score

    def _share(self, phrases: list[str], row: int) -> float:
        """How many of some phrases a passage has."""
        passage = self._library.passages[row]
        text = passage.span.of(self._library.speech_of(passage).text).casefold()
        return sum(phrase in text for phrase in phrases) / max(len(phrases), 1)

    # Words

    def known(self, word: str) -> bool:
        """Whether a word in lower case stands so anywhere in the library."""
        return word in STOP_WORDS or self._known(word, 1)

    def _stands(self, word: str, times: int) -> bool:
        """Whether it stands so at least so often, in the passages of its stem looked at."""
        pattern = re.compile(rf"(?<![\w'’]){re.escape(word)}(?![\w'’])")
        for text in self._texts_with(self._stem(word)):
            times -= len(pattern.findall(text))
            if times <= 0:
                return True
        return False

    def _texts_with(self, stem: str) -> Iterator[str]:
        """Passages that have a word of a stem."""
        for row in self._index.rows_with(stem)[:_ROWS_LOOKED_AT]:
            passage = self._library.passages[row]
            yield passage.span.of(self._library.speech_of(passage).text)

    def _count(self, stem: str) -> int:
        """How many passages have a word of a stem."""
        return len(self._index.rows_with(stem))

    def _is_one_piece(self, word: str) -> bool:
        """Whether the encoder reads it as one piece, as it does every common word."""
        return self._pieces(word) <= 1

    def _pieces(self, word: str) -> int:
        whole, empty = self._library.encoder.count_tokens([word, ""])
        return whole - empty

    def same_case(self, one: str, other: str) -> bool:
        """Whether case does not tell two words apart, as it does "US" and "us"."""
        if one == other or one.isupper() == other.isupper() or len(one) < 2:
            return True
        return one.lower() not in _ALSO_INITIALS and not self.known(one.lower())

    def may_be_joined(self, parts: list[str]) -> bool:
        """Whether words written as one are only badly spaced: "ofthe", but not "informal"."""
        joined = "".join(parts)
        if not joined.isalpha() or privative(parts) or self._one_piece(joined):
            return joined == "cannot"
        if parts[0] == "in" and "".join(parts[1:]) not in STOP_WORDS:
            return False
        return all(map(self.known, parts))

    def may_lose_hyphens(self, parts: list[str]) -> bool:
        """Whether words with hyphens are the same without: "peace-keeping", but not "re-sign"."""
        return parts[0] != "re" or not self._one_piece("".join(parts))

    def is_slip(self, record: str, quoted: str) -> bool:
        """Whether a word of the record is a misprint of the word that is quoted.

        It stands nowhere else, is one edit of the kind that scanners make away, and the encoder
        does not know it. One edit alone is not enough: of 621 words that 2,091 speeches have
        once, and that are one edit from a common word, most are words ("willed", "leaks").
        """
        if not (record.islower() and record.isalpha() and quoted.isalpha() and len(record) >= 4):
            return False
        word = folded(quoted)
        if weighs(record) or weighs(word) or not (quoted.islower() and self.known(word)):
            return False
        if opposed(record, word) or self._stem(record) == self._stem(word):
            return False
        return (
            _misread(record, word)
            and self._pieces(record) >= min(_SLIP_PIECES, len(record) - 2)
            and self._known(word, _OFTEN)
            and self._count(self._stem(record)) <= _RARE
            and not self._known(record, 2)
        )


def _parts(quotation: Words) -> Iterator[str]:
    count = min(max(len(quotation) // _CHUNK, 1), _CHUNKS)
    bounds = [len(quotation) * number // count for number in range(count + 1)]
    for start, end in pairwise(bounds):
        yield quotation.span(start, end).of(quotation.text)


def _misread(record: str, word: str) -> bool:
    """Whether one letter was taken for one like it, or one of a double letter lost or added."""
    edits = list(Levenshtein.editops(word, record))
    if len(edits) != 1:
        return False
    edit = edits[0]
    if edit.tag == "replace":
        pair = {word[edit.src_pos], record[edit.dest_pos]}
        return any(pair <= set(alike) for alike in _ALIKE)
    longer, shorter, at = (
        (word, record, edit.src_pos) if edit.tag == "delete" else (record, word, edit.dest_pos)
    )
    return longer[at] in (longer[at - 1 : at], longer[at + 1 : at + 2]) and len(shorter) >= 4
