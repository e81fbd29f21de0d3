"""Sentences, and the passages that they fill."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.corpus import read_file
from assistant.passage import Passage, passages, sentences
from assistant.source import decode
from assistant.speech import Speech
from assistant.text import Span, read_text


def speech(text: str) -> Speech:
    return Speech("x", "x.txt", "", read_text(text))


def count_words(texts) -> list[int]:
    """The toy counter: words and two more."""
    return [len(text.split()) + 2 for text in texts]


def cut(text: str, limit: int = 64, count=count_words) -> list[Passage]:
    return list(passages(speech(text), count, limit))


@pytest.mark.parametrize(
    "text",
    [
        "We agree.|We do.",
        "Do we agree?|We do!|“Yes.”|So be it.",
        "I thank Mr. Umarov and Ms. Blakemore.|We agree.",
        "I met Mrs. Haley, Dr. Ba, Prof. Li and Gen. Ali.|We agree.",
        "The report of the Panel (see S/2000/809) is clear.|We agree.",
        "We read the report (S/2000/809).|We agree.",
        "We agree (see S/PV.8349, p. 4) with it.|We do.",
        "Mr. J. F. Kennedy and L. B. Pearson spoke.|We agree.",
        "The U.N. mission left.|We agree.",
        "We met at 10 a.m. and again at 3 p.m. in New York.|We agree.",
        "We asked why? and left.|We agree.",
        "“We agree.” he said.|We do.",
        "(So it is: “Peace.”) We agree.",
        "I thank Amb. Ba.|We agree.",
        "It grew by 3.5 per cent in 2018.|We agree.",
        "Resolution 2378 (2017) is a step.|We agree.",
        "See No. 5 and paras. 3 to 5 of it.|We agree.",
    ],
)
def test_sentences(text: str) -> None:
    told = text.replace("|", " ")
    found = sentences(told, Span(0, len(told)))
    assert [span.of(told) for span in found] == text.split("|")


def test_sentences_of_a_paragraph_count_from_the_text() -> None:
    text = "One. Two.\nThree 𝒜. Four."
    assert sentences(text, Span(10, len(text))) == [Span(10, 18), Span(19, 24)]


@pytest.mark.parametrize(
    ("stem", "number", "starts"),
    [
        ("000", 1, ["I would like", "I am also"]),
        ("001", 1, ["We thank the", "We thank Under-Secretary-General"]),
        ("001", 3, ["Today we are", "The effectiveness", "It is in"]),
        ("002", 9, ["Efforts to", "As indicated", "For such"]),
        ("004", 1, ["I commend", "We strongly", "We convey"]),
    ],
)
def test_sentences_of_the_seeds(seed_speeches, stem: str, number: int, starts: list[str]) -> None:
    record = next(s for s in seed_speeches.speeches if s.id.startswith(stem))
    found = sentences(record.text, record.reading.paragraphs[number - 1])
    assert [span.of(record.text)[: len(s)] for span, s in zip(found, starts, strict=True)] == starts


def test_paragraphs_that_fit_are_passages() -> None:
    found = cut("One. Two.\n\nThree.", limit=4)
    assert found == [
        Passage("x", 1, 1, Span(0, 9), (Span(0, 4), Span(5, 9))),
        Passage("x", 2, 1, Span(10, 16), (Span(10, 16),)),
    ]
    assert [passage.id for passage in found] == ["x#1.1", "x#2.1"]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (10, ["A b. C d. E f. G h."]),
        (9, ["A b. C d.", "E f. G h."]),  # evenly: not three sentences and one
        (6, ["A b. C d.", "E f. G h."]),
        (5, ["A b.", "C d.", "E f.", "G h."]),
        (3, ["A", "b.", "C", "d.", "E", "f.", "G", "h."]),
    ],
)
def test_a_longer_paragraph_is_parted_evenly(limit: int, expected: list[str]) -> None:
    text = "A b. C d. E f. G h."
    found = cut(text, limit, lambda texts: [len(t.split()) + 2 for t in texts])
    assert [passage.span.of(text) for passage in found] == expected
    assert [passage.id for passage in found] == [f"x#1.{n + 1}" for n in range(len(expected))]


def check(record: Speech, found: list[Passage], count, limit: int) -> None:
    """They fit, keep order, and leave nothing out but white space."""
    text = record.text
    assert all(n <= limit for n in count([passage.span.of(text) for passage in found]))
    spans = [sentence for passage in found for sentence in passage.sentences]
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(start < end for start, end in spans)
    gaps = zip([0, *(s.end for s in spans)], [*(s.start for s in spans), len(text)], strict=True)
    assert "".join(text[a:b] for a, b in gaps).strip() == ""
    for passage in found:
        whole = record.reading.paragraphs[passage.paragraph - 1]
        assert passage.span == (passage.sentences[0].start, passage.sentences[-1].end)
        assert whole.start <= passage.span.start < passage.span.end <= whole.end
    assert len({passage.id for passage in found}) == len(found)


def test_an_enormous_sentence_is_cut_between_words() -> None:
    text = " ".join(["word"] * 1000) + "."
    found = cut(text)
    check(speech(text), found, count_words, 64)
    # Halved until it fits: 125 words into 62, which do, and 63, which do not.
    assert [len(p.span.of(text).split()) for p in found] == [62, 31, 32] * 8


def test_an_enormous_word_is_cut_too() -> None:
    def letters(texts) -> list[int]:
        return [len(text) + 2 for text in texts]

    text = "x" * 1000
    found = cut(text, 64, letters)
    check(speech(text), found, letters, 64)
    assert [passage.span.end - passage.span.start for passage in found] == [62, 31, 32] * 8


WORDS = st.sampled_from(
    [
        *"We agree. Mr. (see 3.5 U.N. ) ” .”  ? 𝒜. 한국어 e\u0301. 👩‍🚀 \u200b “A -".split(" "),
        "\n\n",
        "\n",
    ]
)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(WORDS | st.text(max_size=3), max_size=60), limit=st.integers(3, 20))
def test_any_text_is_covered_by_passages_that_fit(words: list[str], limit: int) -> None:
    record = speech(" ".join(words).replace("\r", ""))
    found = list(passages(record, count_words, limit))
    check(record, found, count_words, limit)
    assert found == list(passages(record, count_words, limit))


@pytest.mark.model
def test_passages_of_the_seeds_are_never_truncated(library, seed_speeches) -> None:
    count, limit = library.encoder.count_tokens, library.encoder.max_tokens
    assert limit == 160
    for record in seed_speeches.speeches:
        for narrow in (limit, 40, 12):
            check(record, list(passages(record, count, narrow)), count, narrow)


@pytest.mark.model
@pytest.mark.parametrize(
    "text",
    [
        "유엔 평화유지 활동은 매우 중요하다. " * 12,
        "유엔평화유지활동은매우중요하다 " * 15,
        "平和維持活動は重要です。" * 40,
        "a,b;c.d-e/f" * 40,
        "ủ̀" * 300,
        "💬🕊" * 120,
    ],
    ids=["Korean", "Korean without stops", "Japanese", "punctuation", "accents", "emoji"],
)
def test_passages_fit_the_real_tokenizer_whatever_the_script(library, text: str) -> None:
    count, limit = library.encoder.count_tokens, library.encoder.max_tokens
    record = speech(text)
    check(record, list(passages(record, count, limit)), count, limit)


@pytest.mark.model
def test_passages_of_two_thousand_records_fit(library, shared_speeches, tmp_path) -> None:
    path = tmp_path / "x.txt"
    count, limit = library.encoder.count_tokens, library.encoder.max_tokens
    for _, data in shared_speeches[::10]:
        path.write_bytes(data)
        assert decode(data, path)
        (record,) = read_file(path)
        check(record, list(passages(record, count, limit)), count, limit)
