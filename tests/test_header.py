"""Who speaks is read from the record's header, and from nothing that only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.header import Header, header_at, interventions

HEADERS = [
    # header, speaker, country, language
    ("Mr. Umarov (Kazakhstan):", "Mr. Umarov", "Kazakhstan", None),
    (
        "Mr. Mukhtarov (Kazakhstan) (spoke in Russian):",
        "Mr. Mukhtarov",
        "Kazakhstan",
        "Russian",
    ),
    ("Mr. Ji (spoke in Chinese) (China):", "Mr. Ji", "China", "Chinese"),
    ("Mr. Mukhtarov (Kazakhstan) (Spoke in Russian):", "Mr. Mukhtarov", "Kazakhstan", "Russian"),
    ("Mr. Ba (Mali)\n(spoke in\nFrench):", "Mr. Ba", "Mali", "French"),
    ("Mr. De\nRivière (France) :", "Mr. De Rivière", "France", None),
    ("Mr. Ja'afari (Syrian Arab\nRepublic):", "Mr. Ja'afari", "Syrian Arab Republic", None),
    ("Mr. de La Sablière (France):", "Mr. de La Sablière", "France", None),
    ("Sir Mark Lyall Grant (United Kingdom):", "Sir Mark Lyall Grant", "United Kingdom", None),
    ("Mr. Fernandez-Taranco:", "Mr. Fernandez-Taranco", None, None),
    ("Ms. DiCarlo (interpretation from French):", "Ms. DiCarlo", None, "French"),
    ("The President (spoke in Chinese):", "The President", None, "Chinese"),
    ("The President:", "The President", None, None),
    ("The Acting President:", "The Acting President", None, None),
    ("The Secretary-General:", "The Secretary-General", None, None),
    ("The Deputy Secretary-General:", "The Deputy Secretary-General", None, None),
    ("Marc Pecsteen (Belgium):", "Marc Pecsteen", "Belgium", None),
    ("Hadiza (Youth Parliament of the Niger):", "Hadiza", "Youth Parliament of the Niger", None),
]


@pytest.mark.parametrize(("header", "speaker", "country", "language"), HEADERS)
def test_reads_a_header(
    header: str, speaker: str, country: str | None, language: str | None
) -> None:
    found = header_at(header + " We agree.", 0)
    titled = header.startswith(("Mr", "Ms", "Sir", "The "))
    assert found == Header(speaker, country, language, len(header), titled)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "We thank you.",
        "Mr. President: we thank you.",
        "Mr. Secretary-General: we thank you.",
        "Ms. Chairperson: we thank you.",
        "Mr. Umarov (Kazakhstan) said so.",
        "Let me say the following: we agree.",
        "The Council (see S/2000/809): we agree.",
        "There are three points: first, peace.",
        "In 2015 (two years ago): we agreed.",
        "(spoke in English)",
        ": nothing",
    ],
)
def test_no_header(text: str) -> None:
    assert header_at(text, 0) is None


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Guterres said it best: we must act.",
        "Mr. Lowcock told us yesterday: people starve.",
        "Mr. Special Representative: thank you.",
        "Mr. Foreign Minister: thank you.",
        "General remarks: we agree.",
        "General Assembly resolution 60/180: a commission was set up.",
        "Judge for yourselves: it failed.",
        "Finally (Article 51): we have a right.",
        "The report (S/2000/809): we agree.",
    ],
)
def test_a_sentence_that_only_looks_like_a_header_names_no_speaker(text: str) -> None:
    assert header_at(text, 0) is None


def test_words_misplaced_into_a_header_stay_words() -> None:
    source = "Mr. Ba (spoke I thank Mr. Lowcock for his briefing. in French): We agree."
    header = header_at(source, 0)
    assert header == Header("Mr. Ba", None, None, len("Mr. Ba "))
    assert source[header.end :].startswith("(spoke I thank Mr. Lowcock")


@pytest.mark.parametrize(
    ("speaker", "role"),
    [("The President", True), ("The Secretary-General", True), ("Mr. President Ba", False)],
)
def test_tells_an_office_from_a_person(speaker: str, role: bool) -> None:
    assert Header(speaker, None, None, 0).is_role is role


def parts(source: str) -> list[tuple[str | None, str]]:
    return [
        (part.header.speaker if part.header else None, source[part.start : part.end].strip())
        for part in interventions(source, 0)
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("We agree.\n\nSo we do.", [(None, "We agree.\n\nSo we do.")]),
        (
            "Mr. A (Mali): One.\n\nTwo.\n\nMs. B (Togo): Three.",
            [("Mr. A", "One.\n\nTwo."), ("Ms. B", "Three.")],
        ),
        (
            "Security Council\n\nMr. A (Mali): One.",
            [(None, "Security Council"), ("Mr. A", "One.")],
        ),
        ("Preface.\n \nMr. A (Mali):\nOne.", [(None, "Preface."), ("Mr. A", "One.")]),
        # At the head of a line a header needs a delegation; elsewhere it is words.
        ("Mr. A (Mali): One.\nMs. B (Togo): Two.", [("Mr. A", "One."), ("Ms. B", "Two.")]),
        ("Mr. A (Mali): One.\nMs. B: Two.", [("Mr. A", "One.\nMs. B: Two.")]),
        ("Mr. A (Mali): One. Ms. B (Togo): Two.", [("Mr. A", "One. Ms. B (Togo): Two.")]),
        # A heading, and the words of somebody who is quoted.
        (
            "Mr. A (Mali): One.\n\nSecond Pillar (Prevention): two.",
            [("Mr. A", "One.\n\nSecond Pillar (Prevention): two.")],
        ),
        (
            "Mr. A (Mali): One.\n\nMr. Kofi Annan: \u201cTwo.\u201d",
            [("Mr. A", "One.\n\nMr. Kofi Annan: \u201cTwo.\u201d")],
        ),
        # The one who speaks already parts nothing; a namesake of another delegation does.
        (
            "The President: One.\n\nThe President: Two.",
            [("The President", "One.\n\nThe President: Two.")],
        ),
        ("Mr. A (Mali): One.\n\nMr. A: Two.", [("Mr. A", "One.\n\nMr. A: Two.")]),
        ("Mr. A (Mali): 1.\n\nMr. A (Togo): 2.", [("Mr. A", "1."), ("Mr. A", "2.")]),
        ("Mr. A (Mali): One.\n\nMr. President: Two.", [("Mr. A", "One.\n\nMr. President: Two.")]),
    ],
)
def test_parts_a_file_by_speaker(source: str, expected: list[tuple[str | None, str]]) -> None:
    assert parts(source) == expected


def test_a_quotation_of_somebody_does_not_end_an_intervention() -> None:
    source = "Mr. A (Mali): One.\n\nMr. Guterres put it well last year: we must act.\n\nI agree."
    assert [speaker for speaker, _ in parts(source)] == ["Mr. A"]


BLOCKS = st.sampled_from(
    "Mr. A (Mali):|Ms. B (Togo) (spoke in French):|The President:|Applause.|Mr. A said:|We agree.|"
    "Security Council|S/PV.8349|Mr. President:|(spoke in French)|one (two):".split("|")
)


@settings(max_examples=300, deadline=None)
@given(
    pieces=st.lists(st.tuples(BLOCKS, st.sampled_from([" ", "\n", "\n\n", "\n \n\n"])), max_size=12)
)
def test_no_word_is_lost_between_interventions(pieces: list[tuple[str, str]]) -> None:
    """Between two of them stands the header of the second, and nothing else."""
    source = "".join(block + space for block, space in pieces)
    found = list(interventions(source, 0))
    assert found[-1].end == len(source)
    for part, before in zip(found, [0, *(one.end for one in found)], strict=False):
        assert before <= part.start <= part.end
        printed = source[before : part.start].strip()
        assert bool(printed) == (part.header is not None)
        assert "\n\n" not in printed.replace(" ", "")


def test_headers_of_the_seeds(seeds) -> None:
    found = [header_at(path.read_text("utf-8"), 0) for path in sorted(seeds.glob("*.txt"))]
    assert [(h.speaker, h.country, h.language) for h in found] == [
        ("Mr. Mukhtarov", "Kazakhstan", "Russian"),
        ("Mr. Umarov", "Kazakhstan", None),
        ("Mr. Kazykhanov", "Kazakhstan", None),
        ("Mr. Sadykov", "Kazakhstan", None),
        ("Mr. Abdrakhmanov", "Kazakhstan", None),
    ]
