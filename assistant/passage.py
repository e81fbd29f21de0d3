"""Speeches to passages: runs of whole sentences of one paragraph that the encoder reads whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sentencex import get_sentence_boundaries

from assistant.speech import Speech
from assistant.text import Span

CountTokens = Callable[[Sequence[str]], list[int]]
"""Tokens of each text, special ones included, as `Encoder.count_tokens` gives them."""


@dataclass(frozen=True)
class Passage:
    """Where a passage stands: offsets into `Speech.text`, and nothing copied from it.

    Attributes:
        speech: Id of the speech.
        paragraph: Number of the paragraph, from 1.
        number: Number of the passage in its paragraph, from 1.
        span: All of it.
        sentences: Its sentences in order; they cover it but for the spaces between them.
    """

    speech: str
    paragraph: int
    number: int
    span: Span
    sentences: tuple[Span, ...]

    @property
    def id(self) -> str:
        """`<speech>#<paragraph>.<number>`: the same whenever the same file is read."""
        return f"{self.speech}#{self.paragraph}.{self.number}"


def passages(speech: Speech, count_tokens: CountTokens, limit: int) -> Iterator[Passage]:
    """Cut a speech into passages of at most `limit` tokens that together cover its words.

    A paragraph that fits is one passage; a longer one is parted between sentences, as evenly
    as they allow. Only a sentence that alone exceeds the limit is cut, between words.
    """
    for paragraph, span in enumerate(speech.reading.paragraphs, start=1):
        units = _fitting(speech.text, sentences(speech.text, span), count_tokens, limit)
        groups = _packed(speech.text, units, count_tokens, limit)
        for number, group in enumerate(groups, start=1):
            whole = Span(group[0].start, group[-1].end)
            yield Passage(speech.id, paragraph, number, whole, tuple(group))


_ABBREVIATED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Messrs|Dr|Prof|St|Gen|Lt|Col|Hon|Rev|Amb|No|Nos|para|paras|art|cf|pp)\.$"
)
_LANGUAGE = "en"


def sentences(text: str, span: Span) -> list[Span]:
    """Sentences of `text[span]` without the space around them, in order.

    sentencex (Wikimedia, kept up, offsets, 80 million characters a second) was chosen among
    four, compared on the seeds, where all agree, and on 4,636 paragraphs of 2,091 records:
    pysbd errs least, 34 false ends, but reads 0.23 million characters a second, slower than
    some encoders; blingfire has wheels for few machines and broke after "Mr."; syntok begins
    sentences at colons. sentencex alone breaks after "Ms." and before some lower-case words;
    undoing both leaves fewer false ends than pysbd.
    """
    found: list[Span] = []
    for boundary in get_sentence_boundaries(_LANGUAGE, span.of(text)):
        start = span.start + boundary["start_index"]
        words = text[start : span.start + boundary["end_index"]]
        if not words.strip():
            continue
        start += len(words) - len(words.lstrip())
        end = start + len(words.strip())
        if found and _false_end(text, found[-1], start):
            found[-1] = Span(found[-1].start, end)
        else:
            found.append(Span(start, end))
    return found


def _false_end(text: str, sentence: Span, following: int) -> bool:
    if text[following].islower() or text[following] in ")]”’":
        return True
    return (
        _ABBREVIATED.search(text, max(sentence.start, sentence.end - 8), sentence.end) is not None
    )


@dataclass(frozen=True)
class _Unit:
    """A sentence, or a part of one that is too long, with the length of its text in tokens."""

    span: Span
    tokens: int


def _fitting(text: str, spans: list[Span], count_tokens: CountTokens, limit: int) -> list[_Unit]:
    """The spans, each halved until its parts fit."""
    counts = count_tokens([span.of(text) for span in spans])
    units: list[_Unit] = []
    for span, tokens in zip(spans, counts, strict=True):
        if tokens <= limit or span.end - span.start == 1:
            units.append(_Unit(span, tokens))
        else:
            units += _fitting(text, _halves(text, span), count_tokens, limit)
    return units


_WORD = re.compile(r"\S+")


def _halves(text: str, span: Span) -> list[Span]:
    words = [Span(found.start(), found.end()) for found in _WORD.finditer(text, *span)]
    if len(words) == 1:  # one word longer than the encoder reads
        middle = (span.start + span.end) // 2
        return [Span(span.start, middle), Span(middle, span.end)]
    half = len(words) // 2
    return [Span(words[0].start, words[half - 1].end), Span(words[half].start, words[-1].end)]


_SLACK = 8


def _packed(
    text: str, units: list[_Unit], count_tokens: CountTokens, limit: int
) -> Iterator[list[Span]]:
    """Group neighbours into as few passages as hold them, of about equal length."""
    special = count_tokens([""])[0]
    room = max(limit - special, 1)
    total = sum(unit.tokens - special for unit in units)
    fair = total / -(-total // room) if total else 0
    group: list[Span] = []
    used = 0
    for unit in units:
        length = unit.tokens - special
        whole = Span(group[0].start if group else unit.span.start, unit.span.end)
        # The tokens of a whole are not quite the sum of its parts for every tokenizer.
        close = used + length > room - _SLACK
        full = used + length > room or (close and count_tokens([whole.of(text)])[0] > limit)
        if group and (used >= fair or full):
            yield group
            group, used = [], 0
        group.append(unit.span)
        used += length
    if group:
        yield group
