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
        units = sentences(speech.text, span)
        units = [
            part for unit in units for part in _fitting(speech.text, unit, count_tokens, limit)
        ]
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


_WORD = re.compile(r"\S+")


def _fitting(text: str, unit: Span, count_tokens: CountTokens, limit: int) -> list[Span]:
    """The unit itself, or the parts it is halved into until each fits."""
    if len(unit.of(text)) + 8 <= limit or count_tokens([unit.of(text)])[0] <= limit:
        return [unit]
    words = [Span(m.start(), m.end()) for m in _WORD.finditer(text, unit.start, unit.end)]
    if len(words) > 1:
        middle = len(words) // 2
        halves = [
            Span(words[0].start, words[middle - 1].end),
            Span(words[middle].start, words[-1].end),
        ]
    else:  # one word longer than the encoder reads
        middle = (unit.start + unit.end) // 2
        halves = [Span(unit.start, middle), Span(middle, unit.end)]
    return [part for half in halves for part in _fitting(text, half, count_tokens, limit)]


def _packed(
    text: str, units: list[Span], count_tokens: CountTokens, limit: int
) -> Iterator[list[Span]]:
    """Group neighbours into as few passages as hold them, of about equal length."""
    special = count_tokens([""])[0]
    lengths = [count - special for count in count_tokens([unit.of(text) for unit in units])]
    room = limit - special
    passages_needed = -(-sum(lengths) // room)
    fair = sum(lengths) / passages_needed if passages_needed else 0
    group: list[Span] = []
    used = 0
    for unit, length in zip(units, lengths, strict=True):
        joined = Span(group[0].start, unit.end).of(text) if group else ""
        full = used >= fair or used + length > room
        # Tokens of a whole are not quite the sum of its parts for every tokenizer.
        if group and (full or (used + length > room - 8 and count_tokens([joined])[0] > limit)):
            yield group
            group, used = [], 0
        group.append(unit)
        used += length
    if group:
        yield group
