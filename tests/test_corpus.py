"""Files to speeches: bad input is told in one line, and offsets lead back to the file."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.corpus import read_corpus, read_file
from assistant.text import Span

ROOT = Path(__file__).resolve().parent.parent
GOOD = "Mr. Ali (Niger): We agree.\n"


def quote(speech, words: str) -> tuple[str, tuple[int, int]]:
    """The source slice of some words, and their lines."""
    at = speech.text.index(words)
    span = Span(at, at + len(words))
    return speech.reading.source_span(span), speech.reading.lines(span)


# --- files that cannot be read ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\t\r\n\xc2\xa0", "nothing but white space"),
        (b"\xef\xbb\xbf", "nothing but white space"),
        (b"\xef\xbb\xbf\n \n", "nothing but white space"),
        (b"\n" * 1_000_000, "nothing but white space"),
        (b"Mr. Ali (Niger):\n", "only a header"),
        (b"Mr. Ali (Niger):\n\nMs. Bo (Mali): \n", "only a header"),
        (b"%PDF-1.7\n\x00\x01\x02", "binary"),
        (GOOD.encode("utf-16"), "UTF-16"),
        (GOOD.encode("utf-16-be"), "binary"),
        ("One.\nC\u00f4te d'Ivoire.".encode("latin-1"), "not UTF-8 (byte 0xf4 in line 2)"),
        (b"x" * 50_000_000, "50 MB is too large"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[:12].hex(),
)
def test_a_bad_file_gives_one_line_and_the_others_are_read(
    read_texts, content: bytes, reason: str
) -> None:
    corpus = read_texts({"bad.txt": content, "good.txt": GOOD})
    assert [speech.text for speech in corpus.speeches] == ["We agree."]
    (problem,) = corpus.problems
    assert "bad.txt: " in problem
    assert reason in problem
    assert "\n" not in problem


def test_a_dangling_link_gives_one_line(read_texts, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "bad.txt").symlink_to(tmp_path / "gone.txt")
    corpus = read_texts({"good.txt": GOOD})
    assert len(corpus.speeches) == 1
    (problem,) = corpus.problems
    assert problem.endswith("(the link leads nowhere)")


def test_a_link_is_known_by_its_own_name(tmp_path: Path) -> None:
    """Else its metadata are not found; in a git-annex every file is such a link."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "0123").write_text("We agree.")
    (tmp_path / "texts" / "a.txt").symlink_to(tmp_path / "0123")
    (tmp_path / "texts" / "speeches.csv").write_text("filename,symbol\na.txt,S/PV.1\n")
    (speech,) = read_corpus([tmp_path / "texts"]).speeches
    assert (speech.id, speech.file, speech.symbol) == ("a", "a.txt", "S/PV.1")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_gives_one_line(read_texts, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "bad.txt").touch(mode=0o000)
    corpus = read_texts({"good.txt": GOOD})
    assert len(corpus.speeches) == 1
    assert [problem.split("(")[1] for problem in corpus.problems] == ["Permission denied)"]


def test_a_folder_named_like_a_text_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.txt").mkdir()
    (tmp_path / "x.txt" / "a.TXT").write_text(GOOD)
    corpus = read_corpus([tmp_path])
    assert [speech.file for speech in corpus.speeches] == ["a.TXT"]
    assert corpus.problems == []


def test_a_pipe_named_like_a_text_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bad.txt")
    (tmp_path / "good.txt").write_text(GOOD)
    assert run_reader(tmp_path) == "1 1"


def test_missing_and_empty_paths(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    corpus = read_corpus([tmp_path / "gone", tmp_path / "empty"])
    assert corpus.speeches == []
    assert corpus.problems == [
        f"{tmp_path / 'gone'}: no such file or folder",
        f"{tmp_path / 'empty'}: no .txt or .pdf file, no table of speeches",
    ]


def test_two_files_of_one_name_are_not_mixed_up(tmp_path: Path) -> None:
    for folder, words in (("a", "One."), ("b", "Two.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text(f"Mr. {folder.upper()} (Mali): {words}")
    corpus = read_corpus([tmp_path])
    assert [(s.id, s.text) for s in corpus.speeches] == [("x", "One.")]
    (problem,) = corpus.problems
    one, other = tmp_path / "b" / "x.txt", tmp_path / "a" / "x.txt"
    assert problem == f"{one}: {other} has the same name; rename one of the two"


def test_the_same_file_twice_is_read_once(read_texts, tmp_path: Path) -> None:
    read_texts({"x.txt": GOOD})
    file = tmp_path / "texts" / "x.txt"
    corpus = read_corpus([file, tmp_path, file.parent / ".." / "texts" / "x.txt"])
    assert (len(corpus.speeches), corpus.problems) == (1, [])


def test_ids_of_all_speeches_differ(read_texts) -> None:
    """Else the library keeps one of the two, and the other's passages become its words."""
    corpus = read_texts({"x.txt": "Mr. A (Mali): 1.\n\nMs. B (Togo): 2.", "x~2.txt": GOOD})
    ids = [speech.id for speech in corpus.speeches]
    assert len(set(ids)) == len(ids)


def run_reader(folder: Path) -> str:
    """Numbers of speeches and problems, read in a process that may take ten seconds."""
    code = (
        "import sys; from pathlib import Path; from assistant.corpus import read_corpus;"
        "c = read_corpus([Path(sys.argv[1])]); print(len(c.speeches), len(c.problems))"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            cwd=ROOT, capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.fail("reading takes more than ten seconds")
    return done.stdout.strip()


@pytest.mark.parametrize("where", ["before", "between", "after"])
def test_a_million_blank_lines_are_read_at_once(tmp_path: Path, where: str) -> None:
    blank = "\n" * 1_000_000
    text = {"before": f"{blank}One.\n", "between": f"One.{blank}Two.", "after": f"One.{blank}"}
    (tmp_path / "x.txt").write_text(text[where])
    assert run_reader(tmp_path) == "1 0"


def test_lines_after_a_million_blank_ones_are_right(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("\n" * 1_000_000 + "One.\n\nTwo\nlines.")
    (speech,) = read_file(path)
    assert quote(speech, "Two lines.") == ((1_000_006, 1_000_016), (1_000_003, 1_000_004))


def test_reading_a_file_of_many_speakers_takes_time_in_proportion(tmp_path: Path) -> None:
    """Not with the square of their number: a year's record in one file is not rare."""
    path = tmp_path / "x.txt"
    taken = []
    for count in (200, 1600):
        text = "Mr. A{0} (China): We thank troop-\ncontributing countries.\n\n"
        path.write_text("".join(text.format("abc"[n % 3]) for n in range(count)))
        runs = []
        for _ in range(3):  # the machine may be busy with something else in one of them
            start = time.perf_counter()
            assert len(read_file(path)) == count
            runs.append(time.perf_counter() - start)
        taken.append(min(runs))
    assert taken[1] < 30 * taken[0]


def test_a_file_name_that_is_not_utf8_stops_nothing(tmp_path: Path, toy_export) -> None:
    from assistant.builder import build

    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "good.txt").write_text(GOOD)
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text("Ms. Bo (Mali): Yes.")
    corpus = read_corpus([folder])
    assert len(corpus.speeches) + len(corpus.problems) == 2
    assert build(tmp_path / "library", corpus.speeches, toy_export).speeches >= 1


# --- characters and line ends ----------------------------------------------------------------

LINES = ["Mr. Ali (Niger): We", "agree 𝒜 e\u0301.", "", "Secondly, peace-", "keeping\u2028works."]


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_offsets_are_those_of_the_file_read_as_python_reads_it(
    exact, tmp_path: Path, mark: str, end: str
) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes((mark + end.join(LINES)).encode("utf-8"))
    with path.open(encoding="utf-8") as file:
        source = file.read()
    (speech,) = read_file(path)
    assert (speech.speaker, speech.country) == ("Mr. Ali", "Niger")
    assert speech.text == "We agree 𝒜 e\u0301.\nSecondly, peace-keeping works."
    exact.whole(source, speech.reading, len(mark) + len("Mr. Ali (Niger):"))
    exact.slice(source, speech.reading, Span(0, len(speech.text)))
    at, lines = quote(speech, "keeping works.")
    assert source[slice(*at)] == "keeping\u2028works."
    assert lines == (5, 5)


def test_control_characters_are_kept_and_told(read_texts) -> None:
    corpus = read_texts({"x.txt": "Mr. Ali (Niger): We\x07 agree\x1b[31m.\n"})
    assert [speech.text for speech in corpus.speeches] == ["We\x07 agree\x1b[31m."]
    assert corpus.problems == []
    assert [line.split("x.txt")[1] for line in corpus.warnings] == [
        ": 2 control characters in the text, kept and shown as \ufffd"
    ]


def test_a_file_of_several_speakers(read_texts) -> None:
    corpus = read_texts(
        {
            "x.txt": "Mr. A (Mali): One.\n\nMs. B (Togo)\n(spoke in French):\nTwo.\n",
            "speeches.csv": "filename,speaker,country,symbol,date\n"
            "x,Mr. A,Mali,S/PV.1,2018-01-02\n",
        }
    )
    told = [(s.id, s.speaker, s.country, s.language, s.symbol, s.date) for s in corpus.speeches]
    assert told == [
        ("x", "Mr. A", "Mali", None, "S/PV.1", "2018-01-02"),
        ("x~2", "Ms. B", "Togo", "French", "S/PV.1", "2018-01-02"),
    ]
    assert [speech.reading.lines(Span(0, 4)) for speech in corpus.speeches] == [(1, 1), (5, 5)]
    (warning,) = corpus.warnings
    assert warning.endswith("x.txt: 2 speakers in this file, read as 2 speeches")


def test_a_link_to_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "good.txt").write_text(GOOD)
    (tmp_path / "texts" / "link").symlink_to(tmp_path / "elsewhere")
    (problem,) = read_corpus([tmp_path / "texts"]).problems
    assert (
        problem == f"{tmp_path / 'texts' / 'link'}: a link is not followed; name the folder itself"
    )


# --- metadata --------------------------------------------------------------------------------


def test_a_file_named_twice_keeps_the_first_row(read_texts) -> None:
    table = "filename,symbol\nx.txt,S/PV.1\nx.txt,S/PV.2\n"
    corpus = read_texts({"x.txt": GOOD, "speeches.csv": table})
    assert corpus.speeches[0].symbol == "S/PV.1"
    assert corpus.problems[0].endswith("x.txt is named twice; the first row is kept")


def test_a_title_does_not_make_another_person(read_texts) -> None:
    table = "filename,speaker,capacity\nx.txt,Ali,Minister\n"
    corpus = read_texts({"x.txt": "Mr. Ali (Niger): We agree.", "speeches.csv": table})
    assert (corpus.speeches[0].capacity, corpus.warnings) == ("Minister", [])


def told(corpus) -> tuple[str | None, str | None]:
    (speech,) = corpus.speeches
    return speech.speaker, speech.country


@pytest.mark.parametrize(
    ("header", "row", "expected", "warned"),
    [
        ("Mr. A (Mali):", "Mr. A,Mali", ("Mr. A", "Mali"), []),
        ("Mr. Á (Mali):", "MR A,mali", ("Mr. Á", "Mali"), []),
        ("Mr. A (Mali):", "Mr. B,Mali", ("Mr. A", "Mali"), ["speaker"]),
        ("Mr. A (Mali):", "Mr. A,Togo", ("Mr. A", "Mali"), ["country"]),
        ("Mr. A (Mali):", "Mr. B,Togo", ("Mr. A", "Mali"), ["speaker", "country"]),
        ("Mr. A:", "Mr. A,Mali", ("Mr. A", "Mali"), []),
        ("Mr. A:", ",Mali", ("Mr. A", "Mali"), []),
        ("Mr. A:", "Mr. B,Mali", ("Mr. A", None), ["speaker"]),
        ("The President:", "Mr. B,Mali", ("The President", "Mali"), []),
        ("The President:", "The President,The President", ("The President", None), []),
        ("", "Mr. B,Mali", ("Mr. B", "Mali"), []),
        ("", ",", (None, None), []),
    ],
)
def test_the_header_wins_over_the_metadata(
    read_texts, header: str, row: str, expected: tuple[str | None, str | None], warned: list[str]
) -> None:
    table = f"filename,speaker,country\nx.txt,{row}\n"
    corpus = read_texts({"x.txt": f"{header} We agree.", "speeches.csv": table})
    assert told(corpus) == expected
    assert corpus.problems == []
    assert [line.split(" says ")[1].split()[0] for line in corpus.warnings] == warned
    assert all(line.endswith("; the header is kept") for line in corpus.warnings)


def test_metadata_of_one_speaker_say_nothing_of_the_others(read_texts) -> None:
    table = "filename,speaker,country,language,capacity\nx,Mr. A,Mali,French,Minister\n"
    text = "Mr. A (Mali) (spoke in French): 1.\n\nMs. B: 2.\n\nMs. C (Togo): 3."
    corpus = read_texts({"x.txt": text, "speeches.csv": table})
    assert [(s.speaker, s.country, s.language, s.capacity) for s in corpus.speeches] == [
        ("Mr. A", "Mali", "French", "Minister"),
        ("Ms. B", None, None, None),
        ("Ms. C", "Togo", None, None),
    ]


def test_metadata_of_another_person_give_no_capacity(read_texts) -> None:
    table = "filename,speaker,country,capacity\nx,Mr. B,Mali,Minister\n"
    (speech,) = read_texts({"x.txt": "Mr. A: We agree.", "speeches.csv": table}).speeches
    assert (speech.speaker, speech.country, speech.capacity) == ("Mr. A", None, None)


def test_metadata_in_the_folder_above(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "x.txt").write_text("We agree.")
    (tmp_path / "speeches.csv").write_text("\ufefffilename,symbol\nx,S/PV.1\n", "utf-8")
    assert [speech.symbol for speech in read_corpus([tmp_path]).speeches] == ["S/PV.1"]


@pytest.mark.parametrize(
    ("date", "year", "expected", "warnings"),
    [
        ("2018-09-12", "2018", "2018-09-12", 0),
        ("2017-10", "", "2017-10", 0),
        ("2017", "", "2017", 0),
        ("15 March 2014", "", "2014-03-15", 0),
        ("5 march 2014", "", "2014-03-05", 0),
        ("March 2014", "", "2014-03", 0),
        ("", "2014", "2014", 0),
        ("", "", None, 0),
        ("2018-02-30", "2018", "2018", 1),
        ("12/09/2018", "2018", "2018", 1),
        ("32 March 2014", "2014", "2014", 1),
        ("2018-13", "", None, 1),
        ("2018-00-00", "2018", "2018", 1),
        ("2018-00", "2018", "2018", 1),
        ("0 March 2014", "2014", "2014", 1),
        ("soon", "later", None, 2),
    ],
)
def test_dates(read_texts, date: str, year: str, expected: str | None, warnings: int) -> None:
    table = f"filename,date,year\nx.txt,{date},{year}\n"
    corpus = read_texts({"x.txt": GOOD, "speeches.csv": table})
    assert corpus.speeches[0].date == expected
    assert len(corpus.warnings) == warnings
    assert all("x.txt: " in line and " left out: " in line for line in corpus.warnings)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("file,speaker\nx.txt,Mr. B\n", "there is no column named filename"),
        ("", "the file is empty"),
        ('filename,speaker\nx.txt,"Mr. B\n', "not a CSV file"),
        (b"filename,speaker\nx.txt,Fran\xe7ois\n", "not UTF-8"),
    ],
)
def test_bad_metadata_give_one_line_and_the_texts_are_read(
    read_texts, table: str | bytes, reason: str
) -> None:
    corpus = read_texts({"x.txt": GOOD, "y.txt": "Yes.", "speeches.csv": table})
    assert [speech.speaker for speech in corpus.speeches] == ["Mr. Ali", None]
    (problem,) = corpus.problems
    assert "speeches.csv" in problem
    assert reason in problem
    assert "\n" not in problem


@pytest.mark.parametrize("char", ["\u2028", "\x85", "\x0c"], ids=ascii)
def test_a_strange_line_separator_does_not_part_a_row(read_texts, char: str) -> None:
    table = f"filename,topic,date\nx.txt,Peace{char}keeping,2018\n"
    corpus = read_texts({"x.txt": GOOD, "speeches.csv": table})
    assert corpus.problems == []
    assert (corpus.speeches[0].topic, corpus.speeches[0].date) == (f"Peace{char}keeping", "2018")


def test_metadata_of_the_seeds(seed_speeches) -> None:
    assert (seed_speeches.problems, seed_speeches.warnings) == ([], [])
    assert [f"{s.byline}, {s.occasion}" for s in seed_speeches.speeches] == [
        "Mr. Mukhtarov (Kazakhstan), S/PV.8218, 28 March 2018",
        "Mr. Umarov (Kazakhstan), S/PV.8349, 12 September 2018",
        "Mr. Kazykhanov (Kazakhstan), S/PV.4970, 17 May 2004",
        "Mr. Sadykov (Kazakhstan), October 2017",
        "Mr. Abdrakhmanov (Kazakhstan), S/PV.7802, 7 November 2016",
    ]
    assert [len(s.reading.paragraphs) for s in seed_speeches.speeches] == [10, 11, 13, 7, 8]
