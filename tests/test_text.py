"""Unwrapping, and the map from the reading text back to the file."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.corpus import read_file
from assistant.source import decode
from assistant.text import Segment, Span, read_text

FULL = "A line that is about as long as the others\n"  # the usual line of the texts below


def paragraphs(source: str) -> list[str]:
    reading = read_text(source)
    return [span.of(reading.text) for span in reading.paragraphs]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", []),
        (" \n\t\n", []),
        ("one\ntwo", ["one two"]),
        ("one  \n   two", ["one two"]),
        ("one \t two\u00a0three\u2028four", ["one two three four"]),
        ("One.\n\nTwo.", ["One.", "Two."]),
        ("One.\n \t \nTwo.", ["One.", "Two."]),
        ("troop-\ncontributing", ["troop-contributing"]),
        ("Secretary-\nGeneral", ["Secretary-General"]),
        ("anti-improvised-\nexplosive-device", ["anti-improvised-explosive-device"]),
        ("United Nations-\nAfrican Union", ["United Nations-African Union"]),
        ("troop-\n\ncontributing", ["troop-contributing"]),
        ("troop- and\npolice-contributing", ["troop- and police-contributing"]),
        ("troop-\nand police-contributing", ["troop- and police-contributing"]),
        ("short- \n or long-term", ["short- or long-term"]),
        ("the \u2010\nsign", ["the \u2010 sign"]),
        ("a dash -\nlike this", ["a dash - like this"]),
        ("peace\u00ad\nkeeping", ["peacekeeping"]),
        ("peace\u00adkeeping", ["peace\u00adkeeping"]),
        # A broken word is mended only where the file itself writes it whole.
        ("peace-\nkeeping", ["peace-keeping"]),
        ("peace-\nkeeping. Peacekeeping.", ["peacekeeping. Peacekeeping."]),
        (
            "co-\noperation, cooperation, co-operation",
            ["co-operation, cooperation, co-operation"],
        ),
    ],
)
def test_unwraps_lines(source: str, expected: list[str]) -> None:
    assert paragraphs(source) == expected


@pytest.mark.parametrize("name", ["COVID-\n19", "18-\nmonth", "F-\n16"])
def test_keeps_a_hyphen_before_or_after_a_number_without_a_space(name: str) -> None:
    assert paragraphs(f"the {name} plan") == [f"the {name.replace(chr(10), '')} plan"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("We met the combined challenge of combating", "asymmetrical threats."),
        ("and this was said to the whole of the", "Security Council today."),
        ("which came after the resolution of the year", "2017 was adopted."),
    ],
)
def test_joins_what_a_page_break_cut(before: str, after: str) -> None:
    assert paragraphs(f"{FULL}{before}\n\n{after}")[0].endswith(f"{before} {after}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("This line runs to the edge and is finished.", "asymmetrical threats follow."),
        ("This line runs to the edge, finished.”", "Security Council members agree."),
        ("This line runs to the edge and lists these:", "first, the mandate"),
        ("Peace and security", "The Council met."),
        ("This line that ran to the very edge", "(spoke in English)"),
        ("This line that ran to the very edge", "“The Council decides"),
        ("This line that ran to the very edge", "The President: I thank him."),
        ("This line that ran to the very edge", "Mr. Ali (Niger): I thank him."),
        ("Argentina, China, Togo", "Against"),
    ],
)
def test_does_not_join_what_begins_anew(before: str, after: str) -> None:
    assert paragraphs(f"{FULL}{before}\n\n{after}")[-1] == after


def test_does_not_join_the_parts_of_a_vote() -> None:
    """Even when the last line of a list runs to the edge."""
    vote = f"{FULL}A vote was taken by show of hands.\n\nIn favour:\nArgentina, China, Estonia, "
    vote += "France, Germany,\nIndonesia, Niger, South Africa, Togo, Viet Nam\n\nAgainst:\nNone"
    vote += "\n\nAbstaining:\nTunisia"
    assert paragraphs(vote)[-2:] == ["Against: None", "Abstaining: Tunisia"]


@pytest.mark.parametrize(
    ("stem", "number", "sentence", "lines"),
    [
        (
            "000",
            7,
            "That demands increased situational awareness with the potential for rapid responses "
            "in combating asymmetrical challenges and threats.",
            (83, 86),
        ),
        (
            "004",
            1,
            "We convey our heartfelt condolences to the Governments of Mali and Togo in "
            "connection with this tragic loss oflife.",
            (8, 11),
        ),
        (
            "003",
            5,
            "Kazakhstan would like to emphasize the importance of strengthening triangular "
            "consultations between the Security Council, troop- and police-contributing "
            "countries and the Secretariat,",
            (70, 73),
        ),
    ],
)
def test_sentences_of_the_seeds_come_out_whole(
    seed_speeches, stem: str, number: int, sentence: str, lines: tuple[int, int]
) -> None:
    reading = next(s for s in seed_speeches.speeches if s.id.startswith(stem)).reading
    at = reading.text.index(sentence)
    span = Span(at, at + len(sentence))
    holder = next(i for i, p in enumerate(reading.paragraphs, 1) if p.start <= at < p.end)
    assert (holder, reading.lines(span)) == (number, lines)


def test_every_hyphen_at_a_line_end_of_the_seeds_stays(seed_speeches) -> None:
    text = " ".join(speech.text for speech in seed_speeches.speeches)
    for word in (
        "country-specific",
        "Secretary-General's plan",
        "security-development nexus",
        "indicator-driven",
        "troop-contributing countries (TCCs)",
        "emergency-response",
        "United Nations-African Union missions",
        "anti-improvised-explosive-device training",
    ):
        assert word in text
    assert "- " in text  # "troop- and police-contributing"
    assert text.count("- ") == 1


def test_map_of_a_small_text_by_hand() -> None:
    reading = read_text("Mr. A:\none  two\n\nThree", start=6)
    assert reading.text == "one two\nThree"
    assert reading.paragraphs == (Span(0, 7), Span(8, 13))
    assert reading.segments == (Segment(0, 7, 3, 2), Segment(4, 12, 3, 2), Segment(8, 17, 5, 4))
    assert reading.source_span(Span(4, 13)) == (12, 22)
    assert reading.lines(Span(4, 13)) == (2, 4)


@pytest.mark.parametrize("span", [(0, 0), (3, 2), (-1, 2), (0, 99), (3, 5), (0, 4), (7, 9)])
def test_no_source_for_an_empty_slice_or_one_that_ends_on_a_wrap(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"offset|slice"):
        read_text("one\ntwo\n\nThree").source_span(Span(*span))


PIECES = st.one_of(
    st.sampled_from("one two Peace keeping peacekeeping The troop and Mr. (spoke None.".split()),
    st.sampled_from("-\n|- \n|\u2010\n|\u00ad\n|-\n\n|-|-and|\u00ad|\u2011".split("|")),
    st.sampled_from([" ", "  ", "\n", "\n\n", " \n ", "\n \t\n", "\t", "\v", "\f", "\x1c", "\x85"]),
    st.sampled_from(["\u2028", "\u2029", "\u00a0", "\u3000", "\u200b", "\ufeff", "\x07", "\x1b"]),
    st.sampled_from(["e\u0301", "\u0301", "𝒜", "👩‍🚀", "한국", "٣", "19", "“", "”", ":", ".", "?"]),
    st.text(max_size=4).map(lambda text: text.replace("\r", "")),
)
SOURCES = st.lists(PIECES, max_size=40).map("".join)


def dark(text: str) -> list[int]:
    """Offsets that are not white space."""
    return [offset for offset, char in enumerate(text) if not char.isspace()]


@settings(max_examples=400, deadline=None)
@given(source=SOURCES, data=st.data())
def test_any_text_is_kept_and_mapped_exactly(exact, source: str, data) -> None:
    start = data.draw(st.integers(0, len(source)), label="start")
    reading = read_text(source, start)
    exact.whole(source, reading, start)
    if edges := dark(reading.text):
        first = data.draw(st.sampled_from(edges), label="first")
        last = data.draw(st.sampled_from([e for e in edges if e >= first]), label="last")
        exact.slice(source, reading, Span(first, last + 1))


@given(source=SOURCES)
@settings(deadline=None)
def test_only_hyphens_at_line_ends_are_ever_lost(source: str) -> None:
    kept = "".join(read_text(source).text.split())
    lost = list("".join(source.split()))
    for char in kept:
        while lost[0] != char:
            assert lost.pop(0) in "-\u2010\u00ad"
        lost.pop(0)
    assert set(lost) <= set("-\u2010\u00ad")


def slices(text: str, count: int, seed: int) -> list[Span]:
    chance, edges = random.Random(seed), dark(text)
    pairs = (sorted(chance.choices(edges, k=2)) for _ in range(count))
    return [Span(first, last + 1) for first, last in pairs]


def test_random_slices_of_the_seeds(exact, seeds, seed_speeches) -> None:
    for speech in seed_speeches.speeches:
        source = (seeds / speech.file).read_text("utf-8")
        exact.whole(source, speech.reading, speech.reading.segments[0].source)
        for span in slices(speech.text, 300, seed=1):
            exact.slice(source, speech.reading, span)


def test_random_slices_of_two_thousand_records(exact, shared_speeches, tmp_path) -> None:
    path = tmp_path / "speech.txt"
    for number, (_, data) in enumerate(shared_speeches):
        path.write_bytes(data)
        source = decode(data, path)
        speech, *more = read_file(path)
        assert not more
        exact.whole(source, speech.reading, speech.reading.segments[0].source)
        for span in slices(speech.text, 3, seed=number):
            exact.slice(source, speech.reading, span)
