"""Questions and passages to token ids, and token scores to sentences and short answers."""

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer

from assistant.cross_encoder import (
    LONGEST,
    UNREAD,
    CrossEncoder,
    Judgement,
    Prepared,
    ReaderInput,
    prepare,
)
from assistant.reader import WEIGHTS
from assistant.text import Span


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    made = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


TEXT = "We thank you. Côte d\u2019Ivoire sent 1,200 troops; they stay."
READ = ReaderInput("Mr. Ali (Niger), 2016", TEXT, (Span(0, 13), Span(14, len(TEXT))))


@pytest.mark.parametrize("context", ["", "Mr. Ali (Niger), 2016", "Ms. Zoë \u2014 \u4e2d"])
def test_offsets_lead_back_to_the_passage(tokenizer: Tokenizer, context: str) -> None:
    read = ReaderInput(context, TEXT, READ.sentences)
    prepared = prepare(tokenizer, "Who sent troops?", read)
    assert len(prepared.ids) == len(prepared.types) == len(prepared.offsets)
    joined = "".join(Span(*offset).of(TEXT) for offset in prepared.offsets)
    assert joined == TEXT.replace(" ", "")
    for span, (first, last) in zip(read.sentences, prepared.sentences, strict=True):
        part = "".join(Span(*offset).of(TEXT) for offset in prepared.offsets[first:last])
        assert part == span.of(TEXT).replace(" ", "")
    question = [n for n, kind in enumerate(prepared.types) if kind == 0]
    assert all(prepared.offsets[n] == (0, 0) for n in question)


def test_what_is_too_long_is_cut_and_its_sentences_are_not_read(tokenizer: Tokenizer) -> None:
    text = "It rains. " * 300
    spans = tuple(Span(n * 10, n * 10 + 9) for n in range(300))
    prepared = prepare(tokenizer, "Does it rain?", ReaderInput("", text, spans))
    assert len(prepared.ids) == LONGEST
    assert prepared.sentences[0][1] > prepared.sentences[0][0] > 0
    assert prepared.sentences[-1] == (0, 0)
    (judgement,) = CrossEncoder.open(WEIGHTS).judge("Does it rain?", [ReaderInput("", text, spans)])
    assert judgement.sentences[0] > judgement.sentences[-1] == UNREAD
    assert judgement.short(spans[-1]) is None


def judged(starts: dict[int, float], ends: dict[int, float]) -> Judgement:
    """Of "a b c d e f", one token a letter, with these start and end scores."""
    tokens = np.zeros((6, 3), np.float32)
    for place, score in starts.items():
        tokens[place, 1] = score
    for place, score in ends.items():
        tokens[place, 2] = score
    offsets = [(2 * n, 2 * n + 1) for n in range(6)]
    return Judgement(
        0, np.zeros(1, np.float32), tokens, Prepared("a b c d e f", [0] * 6, [1] * 6, offsets, [])
    )


@pytest.mark.parametrize(
    ("starts", "ends", "inside", "expected"),
    [
        ({1: 9}, {3: 9}, Span(0, 11), Span(2, 7)),
        ({3: 9}, {1: 8}, Span(0, 11), Span(6, 7)),  # never backwards
        ({0: 9, 3: 5}, {4: 9}, Span(4, 11), Span(6, 9)),  # never outside
        ({2: 9}, {2: 9}, Span(0, 11), Span(4, 5)),
    ],
)
def test_short(
    starts: dict[int, float], ends: dict[int, float], inside: Span, expected: Span
) -> None:
    found = judged(starts, ends).short(inside)
    assert found == expected


@pytest.mark.parametrize(
    ("text", "inside", "expected"),
    [
        ("They sent 1,200 troops.", "200 troops", "1,200 troops"),
        ("It grew by 3.5 per cent.", "5", "3.5"),
        ("A country-specific plan.", "specific", "country-specific"),
        ("Peacekeepers came.", "keepers", "Peacekeepers"),
        ("It came in 2018.", "2018", "2018"),
    ],
)
def test_a_short_answer_is_of_whole_words(text: str, inside: str, expected: str) -> None:
    start = text.index(inside)
    offsets = [(0, start), (start, start + len(inside)), (start + len(inside), len(text))]
    tokens = np.zeros((3, 3), np.float32)
    tokens[1, 1:] = 9
    found = Judgement(
        0, np.zeros(1, np.float32), tokens, Prepared(text, [0] * 3, [1] * 3, offsets, [])
    ).short(Span(0, len(text)))
    assert found is not None
    assert found.of(text) == expected


def test_a_short_answer_has_a_length() -> None:
    text = "a " * 40
    tokens = np.zeros((40, 3), np.float32)
    tokens[0, 1] = tokens[39, 2] = 9
    offsets = [(2 * n, 2 * n + 1) for n in range(40)]
    judgement = Judgement(
        0, np.zeros(1, np.float32), tokens, Prepared(text, [0] * 40, [1] * 40, offsets, [])
    )
    found = judgement.short(Span(0, 79))
    assert found is not None
    assert len(found.of(text).split()) <= 24


@pytest.mark.parametrize("question", ["why " * 250, "“" * 1000, "什么" * 500])
def test_a_long_question_leaves_the_passage_its_room(tokenizer: Tokenizer, question: str) -> None:
    read = ReaderInput("Mr. Ali " * 200, TEXT, READ.sentences)
    prepared = prepare(tokenizer, question, read)
    assert len(prepared.ids) < 300
    assert prepared.sentences[-1][1] == len(prepared.ids) - 1


def test_a_judgement_does_not_depend_on_what_else_is_read() -> None:
    model = CrossEncoder.open(WEIGHTS)
    other = ReaderInput("", "The sea was calm that day, and the ships lay still.", (Span(0, 51),))
    alone = model.judge("Who sent troops?", [READ])[0]
    among = model.judge("Who sent troops?", [other, READ, other])[1]
    assert alone.answers == among.answers
    assert alone.sentences.tolist() == among.sentences.tolist()
    assert alone.sentences[1] > alone.sentences[0]
    assert alone.short(READ.sentences[1]) is not None
