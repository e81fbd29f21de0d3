"""Meeting records as PDF: who said what on which page, and what is refused."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answer import Citation
from assistant.builder import build
from assistant.corpus import read_corpus, read_file, source_text
from assistant.errors import ExportError, SourceError
from assistant.library import Library
from assistant.passage import sentences
from assistant.receipt import Verifier
from assistant.records.pdf import MOST_PAGES
from assistant.speech import Speech, corpus_hash
from assistant.text import Span
from embeddings.encoder import OnnxEncoder
from tests.conftest import ROOT, Exactness
from tests.pdf_writer import COVER, Page, body, column, cover, pdf
from tests.test_dossier import PROVENANCE, cited, dossier_of
from tests.test_export import ENDINGS, text_of, with_text
from ui import contract, export
from ui.cli import main
from ui.export import FORMATS
from ui.page.source import speech_html

LEFT = (
    "\t*The meeting was called to order at 10 a.m.*",
    "",
    "**Adoption of the agenda**",
    "",
    "\t*The agenda was adopted.*",
    "",
    "\t**The President**: The Council will now begin its",
    "consideration of the item. Drones have changed the",
    "region, and the counter-",
    "terrorism missions with it.",
    "",
    "\tI now give the floor to the representative of",
    "Malta.",
    "",
    "\t**Ms. Borg** (Malta) (*spoke in French*): Malta pays",
    "tribute to the troops. We are deter-",
    "mined, and determined we shall stay, with the",
)
RIGHT = (
    "women of the region, to train the police.",
    "",
    "\tLet me quote what was agreed:",
    "",
    "\t“The mandate is clear, and",
    "\tit is binding on all of us.”",
    "",
    "*(spoke in English)*",
    "",
    "\tI end with a word on the budget. It must grow",
    "before the end of the year, or the mission will not",
)
THIRD_LEFT = (
    "reach the villages that need it.",
    "",
    "\t**Father Okello**: I speak for those who fled.",
    "",
    "\t**Mr. Van den Berg** (United Kingdom of Great",
    "Britain and Northern Ireland) (*spoke in*",
    "*Dutch*): We shall vote in favour.",
)
THIRD_RIGHT = (
    "\t*A vote was taken by show of hands.*",
    "",
    "*In favour*:",
    "\tBrazil, China, Malta",
    "",
    "*Abstaining*:",
    "\tNone",
    "",
    "\t**The President**: The draft is adopted.",
    "",
    "\t*The meeting rose at noon.*",
)
PAGES = (cover(), body(2, 3, LEFT, RIGHT), body(3, 3, THIRD_LEFT, THIRD_RIGHT))

Read = Callable[..., list[Speech]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The speeches of a PDF, and what was told of it in `read.told`."""

    def speeches(pages: tuple[Page, ...] = PAGES, name: str = "S_PV.9001.pdf") -> list[Speech]:
        (tmp_path / name).write_bytes(pdf(pages))
        return read_file(tmp_path / name, warn=told.append)

    told: list[str] = []
    speeches.told = told  # type: ignore[attr-defined]
    return speeches


def who(speeches: list[Speech]) -> list[tuple[str | None, str | None, str | None]]:
    return [(one.speaker, one.country, one.language) for one in speeches]


def test_a_speech_for_each_intervention(read: Read) -> None:
    speeches = read()
    assert who(speeches) == [
        ("The President", "Brazil", None),
        ("Ms. Borg", "Malta", "French"),
        ("Father Okello", None, None),
        ("Mr. Van den Berg", "United Kingdom of Great Britain and Northern Ireland", "Dutch"),
        ("The President", "Brazil", None),
    ]
    assert [one.id for one in speeches] == ["S_PV.9001", *(f"S_PV.9001~{n}" for n in range(2, 6))]
    assert {(one.symbol, one.date, one.topic, one.file) for one in speeches} == {
        (
            "S/PV.9001",
            "2024-03-06",
            "The situation in the Great Lakes region",
            "S_PV.9001.pdf",
        )
    }
    assert {one.capacity for one in speeches} == {None}
    assert read.told == []  # type: ignore[attr-defined]


def test_the_words_and_nothing_but_the_words(read: Read) -> None:
    """Columns and pages are joined; headings, directions, votes, heads and feet are nobody's."""
    assert [one.text for one in read()] == [
        "The Council will now begin its consideration of the item. Drones have changed the "
        "region, and the counter-terrorism missions with it.\n"
        "I now give the floor to the representative of Malta.",
        "Malta pays tribute to the troops. We are determined, and determined we shall stay, with "
        "the women of the region, to train the police.\n"
        "Let me quote what was agreed:\n"
        "“The mandate is clear, and it is binding on all of us.”\n"
        "I end with a word on the budget. It must grow before the end of the year, or the mission "
        "will not reach the villages that need it.",
        "I speak for those who fled.",
        "We shall vote in favour.",
        "The draft is adopted.",
    ]


def test_every_sentence_stands_in_the_text_of_the_record(
    read: Read, exact: Exactness, tmp_path: Path
) -> None:
    speeches = read()
    source = source_text(tmp_path / "S_PV.9001.pdf")
    for speech in speeches:
        for paragraph in speech.reading.paragraphs:
            exact.slice(source, speech.reading, paragraph)
            for sentence in sentences(speech.text, paragraph):
                exact.slice(source, speech.reading, sentence)
    assert source.count("\f") == 2
    assert [source[start - 1] for start in speeches[0].pages[1:]] == ["\f", "\f"]
    assert "24-00001" not in source[speeches[0].pages[1] :]  # no foot inside a sentence


def test_a_quote_has_its_page_and_both_if_it_goes_on(read: Read) -> None:
    president, malta, father, *_ = read()
    assert cited(president).pages == (2, 2)
    assert cited(president).reference == (
        "The President (Brazil), S/PV.9001, 6 March 2024, p. 2, para. 1, lines 22-23"
    )
    last = cited(malta, 5)
    assert last.quote.startswith("It must grow")
    assert last.pages == (2, 3)
    assert last.place.startswith("pp. 2-3, para. 4, lines ")
    assert cited(father).pages == (3, 3)
    # Across the two columns of a page it is one page.
    assert cited(malta, 1).quote.endswith("police.")
    assert cited(malta, 1).pages == (2, 2)


def test_pages_in_json_only_where_there_are_any(read: Read, seed_speeches: object) -> None:
    malta = read()[1]
    record = contract.citation_record(cited(malta, 0))
    assert (record["page"], "pages" in record) == (2, False)
    record = contract.citation_record(cited(malta, 5))
    assert (record["page"], record["pages"]) == (2, [2, 3])
    assert contract.speech_record(malta)["pages"] == [2, 3]
    (text, *_) = seed_speeches.speeches  # type: ignore[attr-defined]
    assert not {"page", "pages"} & contract.citation_record(cited(text)).keys()
    assert "pages" not in contract.speech_record(text)


@pytest.mark.parametrize(
    ("lines", "symbol"),
    [
        (("United Nations S/PV.9001 (Resumption 1)", *COVER[1:]), "S/PV.9001 (Resumption 1)"),
        (("United Nations  S /PV. 9001", *COVER[1:]), "S/PV.9001"),
        (("United Nations", "S/PV.9001(Part II)", *COVER[1:]), "S/PV.9001 (Part II)"),
    ],
)
def test_symbols(read: Read, lines: tuple[str, ...], symbol: str) -> None:
    assert read((cover(lines), *PAGES[1:]))[0].symbol == symbol


def changed_cover(old: str, *new: str) -> Page:
    lines: list[str] = []
    for line in COVER:
        lines += new if line.startswith(old) else [line]
    return cover(lines)


def test_an_agenda_item_of_two_lines_and_two_items(read: Read) -> None:
    page = changed_cover(
        "The situation",
        "The situation in the Great Lakes",
        "region and beyond",
        "",
        "Other matters",
    )
    assert read((page, *PAGES[1:]))[0].topic == (
        "The situation in the Great Lakes region and beyond; Other matters"
    )


def test_what_the_cover_does_not_say_is_not_known(read: Read) -> None:
    two = changed_cover(
        "*President*", "*President*: Mrs. Silva . . . (Brazil)", "later: Mr. Li . . . (China)"
    )
    assert read((two, *PAGES[1:]))[0].country is None
    undated = changed_cover("Wednesday", "Wednesday")
    assert read((undated, *PAGES[1:]))[0].date is None
    assert read.told == [  # type: ignore[attr-defined]
        line
        for line in read.told
        if line.endswith("no date found on the first page")  # type: ignore[attr-defined]
    ]


def test_metadata_tell_what_the_record_does_not(tmp_path: Path) -> None:
    (tmp_path / "r.pdf").write_bytes(pdf((changed_cover("Wednesday", "Wednesday"), *PAGES[1:])))
    (tmp_path / "speeches.csv").write_text(
        "filename,symbol,date,speaker,country\nr.pdf,S/PV.1,2024-03-06,Ms. Borg,Italy\n"
    )
    speeches = read_corpus([tmp_path]).speeches
    assert {(one.symbol, one.date) for one in speeches} == {("S/PV.9001", "2024-03-06")}
    assert speeches[1].country == "Malta"


def test_words_after_a_heading_are_nobodys_and_told(read: Read) -> None:
    page = body(
        2, 2, ("\t**Ms. Borg** (Malta): We agree.", "", "**Annex**", "", "\tList of ships.")
    )
    (borg,) = read((cover(), page))
    assert borg.text == "We agree."
    assert [line.split(": ", 1)[1] for line in read.told] == [  # type: ignore[attr-defined]
        "page 2: 3 words that no speaker is named for, left out"
    ]


def test_a_record_without_bold_or_italics(read: Read) -> None:
    """As text recognition makes it: headers and directions are known by their words."""
    plain = [
        [(x, y, words.replace("*", "")) for x, y, words in page]
        for page in (PAGES[0], body(2, 2, LEFT[5:], RIGHT))
    ]
    president, borg = read(tuple(plain))
    assert (president.country, borg.country, borg.language) == ("Brazil", "Malta", "French")
    assert president.text.endswith("the representative of Malta.")
    assert "spoke" not in borg.text


def test_a_record_in_one_column(read: Read) -> None:
    """As before 1994, with the agenda beside its heading and capitals in the headers."""
    wide = "and so it is with the work of the Council, on which we have agreed without a vote, as"
    lines = (
        "\t*The meeting was called to order at 11.15 a.m.*",
        "",
        f"\t**The PRESIDENT** (*spoke in Spanish*): This is so, {wide[:60]}",
        *(wide,) * 6,
        "everybody knows.",
        "",
        f"\t**Mr. BORG** (Malta): So be it, {wide}",
        "everybody knows.",
    )
    page = changed_cover("**Agenda**", "**Agenda** The situation in Angola", "\tReport (S/1)", "")
    president, borg = read((page, body(2, 2, lines)))
    assert who([president, borg]) == [
        ("The PRESIDENT", "Brazil", "Spanish"),
        ("Mr. BORG", "Malta", None),
    ]
    assert len(president.reading.paragraphs) == 1
    assert president.text.endswith("as everybody knows.")
    assert president.text.count(wide) == 6


def test_a_running_head_of_two_lines(read: Read) -> None:
    page = body(2, 2, ("\t**Ms. Borg** (Malta): We agree.", "To all of it."))
    more = (200.0, 723.0, "and neighbouring countries")
    assert read((cover(), [*page, more]))[0].text == "We agree. To all of it."


def test_pages_that_are_missing_are_told(read: Read) -> None:
    read((PAGES[0], PAGES[2]))
    assert [line.split(": ", 1)[1] for line in read.told] == [  # type: ignore[attr-defined]
        "page 2: 6 words that no speaker is named for, left out",
        "page 2 of the file is numbered 3 in print; pages are cited as in the file",
        "2 pages, where 3 are printed; get the whole file",
    ]


def test_a_page_without_words_counts(read: Read) -> None:
    pages = (PAGES[0], body(2, 4, LEFT, RIGHT), [], body(4, 4, THIRD_LEFT, THIRD_RIGHT))
    assert cited(read(pages)[1], 5).pages == (2, 4)


# refusals

_KEY = "o" * 32
_LOCK = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O ({_KEY}) /U ({_KEY}) >> /ID [(1) (1)]"
REFUSED = {
    "protected by a password": pdf(PAGES, _LOCK),
    "encrypted in a way": pdf(PAGES, "/Encrypt << /Filter /Other /V 9 >>"),
    "damaged, cut off or without pages": b"%PDF-1.4\n" + bytes(range(256)) * 8,
    "not a PDF": b"S/PV.9001 in plain text",
    "the file is empty": b"",
    "no PDF that can be opened": pdf(()),
    "only pictures of pages (a scan)": pdf([[], [], []]),
    "pages are too many": pdf([[]] * (MOST_PAGES + 1)),
    "no record of a meeting": pdf([column(["Annual report of the office", "Chapter one"], 60)]),
    "no symbol S/PV": pdf([column([*("Annual report",) * 8, "as told in S/PV.9001"], 60)] * 2),
    "nobody speaks in this record of S/PV.9001": pdf(PAGES[:1]),
}


@pytest.mark.parametrize("why", REFUSED)
def test_refused_in_one_line(why: str, tmp_path: Path) -> None:
    path = tmp_path / "r.pdf"
    path.write_bytes(REFUSED[why])
    with pytest.raises(SourceError) as refused:
        read_file(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("seed", range(60))
def test_damage(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = bytearray(pdf(PAGES))
    match seed % 3:
        case 0:
            del data[chance.randrange(len(data)) :]
        case 1:
            start = chance.randrange(len(data))
            del data[start : start + chance.randrange(3000)]
        case _:
            for _ in range(chance.choice((1, 20, 400))):
                data[chance.randrange(len(data))] = chance.randrange(256)
    path = tmp_path / "r.pdf"
    path.write_bytes(data)
    corpus = read_corpus([path])
    # Refused in a line, or read.
    assert len(corpus.problems) == (0 if corpus.speeches else 1)
    for speech in corpus.speeches:
        assert speech.text.encode("utf-8")
        assert cited(speech).pages


# as a user has it


def test_a_folder_of_texts_and_records(
    tmp_path: Path, toy_export: Callable[[Path], OnnxEncoder], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "S_PV.9001.PDF").write_bytes(pdf(PAGES))
    (folder / "a.txt").write_text("Mr. Ali (Niger): We sent drones.\n")
    (folder / "scan.pdf").write_bytes(pdf([[]]))
    corpus = read_corpus([folder])
    assert [one.id for one in corpus.speeches][:3] == ["S_PV.9001", "S_PV.9001~2", "S_PV.9001~3"]
    assert len(corpus.speeches) == 6
    assert len(corpus.problems) == 1
    build(tmp_path / "library", corpus.speeches, toy_export)
    library = Library.open(tmp_path / "library")
    assert list(library.speeches.values()) == corpus.speeches
    assert main(["speeches", "show", "S_PV.9001~2", "--library", str(tmp_path / "library")]) == 0
    assert "S_PV.9001.PDF, pp. 2-3" in capsys.readouterr().out
    # Without --model the encoder that the library has is kept.
    assert main(["index", str(folder), "--library", str(tmp_path / "library")]) == 1
    assert "a scan" in capsys.readouterr().err


def test_the_source_pane_names_the_pages(read: Read) -> None:
    assert "File S_PV.9001.pdf, pp. 2-3" in speech_html(read()[1])


@pytest.mark.parametrize("name", FORMATS)
def test_documents_carry_pages_and_are_verified(read: Read, name: str, tmp_path: Path) -> None:
    speeches = read()
    verifier = Verifier({one.id: one for one in speeches}, corpus_hash(speeches))
    made = replace(PROVENANCE, library=corpus_hash(speeches))
    dossier = replace(dossier_of(cited(speeches[1], 5), cited(speeches[1])), provenance=made)
    path = tmp_path / f"document{ENDINGS[name]}"
    export.write(dossier, name, path)
    verified = verifier.verify(export.read(path))
    assert verified.exact
    text = text_of(path)
    assert PAGE_AS[name] in text
    forged = with_text(
        path, text.replace(PAGE_AS[name], FORGED_AS[name]), tmp_path / f"f{ENDINGS[name]}"
    )
    with suppress(ExportError):
        assert not verifier.verify(export.read(forged)).exact


PAGE_AS = {
    "docx": "pp. 2-3",
    "md": "pp. 2-3",
    "html": "pp. 2-3",
    "csv": "2,3,",
    "json": '"page": 2',
    "ris": "SP  - 2\r\nEP  - 3",
    "bib": "pages = {{2--3}}",
    "csl": '"page": "2-3"',
}
FORGED_AS = {
    name: shown.replace("2", "1") if name != "json" else '"page": 1'
    for name, shown in PAGE_AS.items()
}


# official records, where the shared data lie

SPEECHES = {"8698": 20, "8699(Resumption1)": 67, "8700": 23, "8701": 2}


@pytest.fixture(scope="module")
def official() -> dict[str, list[Speech]]:
    shared = Path(os.environ.get("RAPPORTEUR_SHARED") or ROOT.parent / "shared")
    folder = shared / "data" / "records"
    if not folder.is_dir():
        pytest.skip(f"no {folder}; set RAPPORTEUR_SHARED to the folder of the shared data")
    return {
        number: read_file(folder / f"S_PV.{number}_E.pdf", warn=pytest.fail) for number in SPEECHES
    }


def test_official_records(official: dict[str, list[Speech]]) -> None:
    assert {number: len(read) for number, read in official.items()} == SPEECHES
    assert {(s.symbol, s.date, s.topic) for read in official.values() for s in read} == {
        ("S/PV.8698", "2020-01-08", "Peace consolidation in West Africa"),
        (
            "S/PV.8699 (Resumption 1)",
            "2020-01-10",
            "Maintenance of international peace and security",
        ),
        ("S/PV.8700", "2020-01-10", "The situation in the Middle East"),
        ("S/PV.8701", "2020-01-13", "The situation in the Middle East"),
    }
    presidents = [s for read in official.values() for s in read if s.speaker == "The President"]
    assert {s.country for s in presidents} == {"Viet Nam"}


def test_official_words_are_those_of_others_texts(
    official: dict[str, list[Speech]], shared_speeches: list[tuple[str, bytes]]
) -> None:
    """Texts made of the same records by others; they have misread letters, and heads of pages."""
    from rapidfuzz.distance import LCSseq

    from tests.measure_records import without_running_heads, words

    for number, speeches in official.items():
        start = f"UNSC_2020_SPV.{number.translate(str.maketrans('', '', '()'))}_"
        texts = [data.decode() for name, data in sorted(shared_speeches) if name.startswith(start)]
        assert len(texts) == len(speeches)
        for text, speech in zip(texts, speeches, strict=True):
            said = words(speech.text)
            reference = words(without_running_heads(text, speech))
            found = LCSseq.similarity(said, reference)
            assert found >= 0.97 * len(said) - 3, (speech.id, speech.text[:60])


def test_official_sentences_stand_on_their_pages(official: dict[str, list[Speech]]) -> None:
    """Looked up by eye on the pages."""
    seen = [
        ("8698", 3, "Since my most recent briefing in this forum", (2, 2)),
        ("8698", 3, "This is especially true in peripheral areas", (2, 3)),
        ("8700", 1, "We propose that the words", (2, 2)),
        ("8700", 6, "While the overwhelming majority", (3, 4)),
        ("8701", 0, "I wish to draw the attention", (2, 2)),
        ("8699(Resumption1)", 3, "We congratulate Viet Nam", (2, 2)),
    ]
    for number, at, begins, pages in seen:
        speech = official[number][at]
        start = speech.text.index(begins)
        end = min(n for n in (speech.text.find(c, start) for c in ".\n") if n > 0)
        assert Citation(speech, 1, Span(start, end)).pages == pages
