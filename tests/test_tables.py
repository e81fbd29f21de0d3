"""Tables of speeches: their columns, rows that cannot be read, and offsets into a row's text."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answer import Citation
from assistant.builder import build
from assistant.columns import FIELDS, chosen_columns, parse_map
from assistant.corpus import read_corpus
from assistant.dossier import Chapter, Dossier, Entry, Section
from assistant.errors import SourceError
from assistant.library import Library
from assistant.receipt import Verifier
from assistant.rows import read_rows
from assistant.speech import corpus_hash
from assistant.tables import RowTally
from assistant.text import Span
from tests.test_dossier import PROVENANCE, cited
from ui import export
from ui.cli import main
from ui.contract import citation_record
from ui.export import FORMATS
from ui.page.source import speech_html

ROOT = Path(__file__).resolve().parent.parent
RECORDS = [
    {"id": "u1", "text": "We sent drones.\nThey watch.", "speaker": "Mr. Ali", "country": "NER",
     "date": "2018-09-12", "symbol": "S/PV.1", "topic": "Mali", "role": "Guest"},
    {"id": "u2", "text": "Ms. Bo (Nigeria) (spoke in French):\nThe budget\nis small.",
     "speaker": "Ms. Bo", "country": "Nigeria", "year": "2017", "month": "9"},
    {"id": "u3", "text": "“Women, lead”;\tour police.", "country": "Mali", "date": "3 May 2016"},
]  # fmt: skip


def as_csv(records: list[dict[str, str]], mark: str = ",") -> bytes:
    columns = list(dict.fromkeys(name for record in records for name in record))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=mark)
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


def as_json_lines(records: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def as_parquet(records: list[dict[str, object]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    columns = list(dict.fromkeys(name for record in records for name in record))
    rows = [{name: record.get(name) for name in columns} for record in records]
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def as_quoted_tsv(records: list[dict[str, str]]) -> bytes:
    columns = list(dict.fromkeys(name for record in records for name in record))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter="\t", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


WRITERS: dict[str, Callable[[list], bytes]] = {
    "x.csv": as_csv,
    "x.CSV": lambda records: b"\xef\xbb\xbf" + as_csv(records, ";"),
    "x.csv.gz": lambda records: gzip.compress(as_csv(records)),
    "x.tsv": as_quoted_tsv,
    "x.jsonl": as_json_lines,
    "x.ndjson": lambda records: b"\xef\xbb\xbf" + as_json_lines(records),
    "x.jsonl.gz": lambda records: gzip.compress(as_json_lines(records)),
    "x.parquet": as_parquet,
}


def read(folder: Path, name: str, data: bytes | str, columns: dict[str, str] | None = None):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return read_corpus([folder / name], columns=columns)


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_table_gives_the_same_speeches(tmp_path: Path, name: str) -> None:
    corpus = read(tmp_path, name, WRITERS[name](RECORDS))
    assert (corpus.problems, corpus.warnings) == ([], [])
    told = [(s.id, s.row, s.speaker, s.country, s.date, s.language) for s in corpus.speeches]
    assert told == [
        ("u1", 1, "Mr. Ali", "Niger", "2018-09-12", None),
        ("u2", 2, "Ms. Bo", "Nigeria", "2017-09", "French"),
        ("u3", 3, None, "Mali", "2016-05-03", None),
    ]
    first = corpus.speeches[0]
    assert (first.file, first.symbol, first.topic, first.role) == (name, "S/PV.1", "Mali", "Guest")
    assert [s.text for s in corpus.speeches] == [
        "We sent drones. They watch.",
        "The budget is small.",
        "“Women, lead”; our police.",
    ]


def test_offsets_and_lines_count_in_the_text_of_the_row(tmp_path: Path, exact) -> None:
    texts = ["Mr. A (Mali):\r\nOne\r\nline.\r\n\r\nTwo-\r\nfold.", "\ufeffWe\rthank you."]
    corpus = read(tmp_path, "x.csv", as_csv([{"text": text} for text in texts]))
    for speech, text in zip(corpus.speeches, texts, strict=True):
        source = text.replace("\r\n", "\n").replace("\r", "\n")
        exact.slice(source, speech.reading, Span(0, len(speech.text)))
    first, second = corpus.speeches
    assert (first.id, second.id) == ("x-1", "x-2")
    assert Citation(first, 2, Span(10, 14)).place == "row 1, para. 2, line 5"
    assert second.reading.lines(Span(0, 8)) == (1, 2)


@settings(deadline=None)  # a busy machine is no fault of a table
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)))
def test_any_text_comes_back_from_csv_as_from_json_lines(tmp_path_factory, texts) -> None:
    folder = tmp_path_factory.mktemp("tables")
    records = [{"text": text, "topic": "x"} for text in texts]
    one = read(folder, "x.csv", as_csv(records) if records else b"text,topic\n").speeches
    other = read(folder, "x.jsonl", as_json_lines(records) or b'{"text": ""}\n').speeches
    assert [s.text for s in one] == [s.text for s in other]
    assert [s.sha256 for s in one] == [s.sha256 for s in other]
    for speech in one:
        source = texts[speech.row - 1].replace("\r\n", "\n").replace("\r", "\n")
        begin, end = speech.reading.source_span(Span(0, len(speech.text)))
        assert source[begin] == speech.text[0]
        assert source[end - 1] == speech.text[-1]


# --- columns


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("Body Delegation When", {"text": "Body", "country": "Delegation"}),
        ("speech text speech_number", {"text": "text", "number": "speech_number"}),
        ("speech", {"text": "speech"}),
        ("Text role", {"text": "Text", "role": "role"}),
        # An office in the corpus of debates, which has the role under another name.
        (
            "text participanttype role_in_un",
            {"text": "text", "role": "participanttype", "capacity": "role_in_un"},
        ),
        (
            "text participanttype role",
            {"text": "text", "role": "participanttype", "capacity": "role"},
        ),
        ("content title subject", {"text": "content", "topic": "subject"}),
        ("text meeting_symbol document_symbol", {"text": "text", "symbol": "document_symbol"}),
    ],
)
def test_columns_by_their_usual_names(columns: str, expected: dict[str, str]) -> None:
    assert chosen_columns(columns.split(), {}) == expected


def test_columns_that_are_named_win(tmp_path: Path) -> None:
    records = [{"Words": "We agree.", "text": "a note", "When": "2018", "Who": "Mr. A"}]
    columns = parse_map(["text=Words, date=When", "speaker=Who"])
    (speech,) = read(tmp_path, "x.jsonl", as_json_lines(records), columns).speeches
    assert (speech.text, speech.date, speech.speaker) == ("We agree.", "2018", "Mr. A")


@pytest.mark.parametrize(
    ("given_map", "line"),
    [
        (["text"], "--map 'text': write FIELD=COLUMN, such as text=Body"),
        (["text="], "--map 'text=': write FIELD=COLUMN, such as text=Body"),
        (["words=A"], f"--map 'words=A': no field 'words'; there are {', '.join(FIELDS)}"),
        (["text=A,text=B"], "--map: text is mapped to two columns, A and B; name one"),
    ],
)
def test_a_map_that_cannot_be_understood(given_map: list[str], line: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_map(given_map)
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("header", "given_map", "reason"),
    [
        ("a,b", {}, "no column with the text; name it with --map text=COLUMN; there are a, b"),
        ("a,text", {"date": "When"}, "no column 'When' for date; there are a, text"),
        ("text,text", {}, "two columns are named 'text', for text; rename one; there are text"),
    ],
)
def test_columns_that_are_missing_are_told_in_one_line(
    tmp_path: Path, header: str, given_map: dict[str, str], reason: str
) -> None:
    corpus = read(tmp_path, "x.csv", f"{header}\n1,2\n", given_map)
    (problem,) = corpus.problems
    assert problem.startswith(f"{tmp_path / 'x.csv'}: {reason}")
    assert corpus.speeches == []


# --- rows that cannot be read


def test_alike_problems_are_one_line_and_the_other_rows_are_read(tmp_path: Path) -> None:
    records = [
        {"id": "a", "text": "One.", "date": "2018-02-30"},
        {"id": "b", "text": ""},
        {"id": "a", "text": "Three.", "date": "2018-02-31"},
        {"id": "c"},
        {"id": "", "text": "Five.", "date": "2018"},
        {"id": "line\nbreak", "text": "Six."},
        {"id": "d", "text": "x" * 5_000_001},
        {"id": "e", "text": "Mr. A (Mali):"},
        {"id": "f", "text": ["no", "text"]},
    ]
    lines = as_json_lines(records) + b"no JSON\n[1]\n\xff\n\n" + as_json_lines([{"text": "14."}])
    corpus = read(tmp_path, "x.jsonl", lines)
    assert [(s.id, s.text, s.date) for s in corpus.speeches] == [
        ("a", "One.", None),
        ("x-3", "Three.", None),
        ("x-5", "Five.", "2018"),
        ("x-6", "Six.", None),
        ("x-14", "14.", None),
    ]
    told = [line.removeprefix(f"{tmp_path / 'x.jsonl'}, ") for line in corpus.problems]
    assert told == [
        "row 2: no text (and 2 more rows like it)",
        "row 7: 5 MB is too large for a speech (at most 5 MB)",
        "row 8: only a header, no speech",
        "row 10: not JSON",
        "row 11: not a JSON object",
        "row 12: is not UTF-8; save the table as UTF-8",
    ]
    told = [line.removeprefix(f"{tmp_path / 'x.jsonl'}, ") for line in corpus.warnings]
    assert told == [
        "row 1: date left out: '2018-02-30' is not a day of the calendar (and 1 more rows like it)",
        "row 3: the id 'a' is that of another row, too; its id is 'x-3'",
        "row 6: 'line\\nbreak' is no id that can be cited; its id is 'x-6'",
    ]


def test_rows_of_another_width_and_encoding_are_told(tmp_path: Path) -> None:
    data = b"text,topic\nOne.\nTwo.,b,c\nThre\xe9.,b\nFour.,b\n"
    corpus = read(tmp_path, "x.csv", data)
    assert [(s.text, s.row) for s in corpus.speeches] == [("One.", 1), ("Four.", 4)]
    assert [line.split(", row ")[1] for line in corpus.problems] == [
        "2: 3 values, where the header names 2 columns",
        "3: is not UTF-8; save the table as UTF-8",
    ]


@pytest.mark.parametrize(
    ("name", "data", "reason", "read_before"),
    [
        ("x.csv", b"", "the file is empty", 0),
        ("x.csv", b"text\nOne.\n\"Two.\n", "not a CSV file", 1),
        ("x.csv", "text\nOne.\n".encode("utf-16"), "UTF-16", 0),
        ("x.csv", b"text\nO\0ne.\n", "binary", 0),
        ("x.jsonl", b"One.\nTwo.\n", "no line of it is a JSON object", 0),
        ("x.jsonl.gz", b'{"text": "One."}\n', "not a whole gzip file", 0),
        ("x.parquet", b"text\nOne.\n", "not a Parquet file", 0),
    ],
)  # fmt: skip
def test_a_table_that_is_none_gives_one_line(
    tmp_path: Path, name: str, data: bytes, reason: str, read_before: int
) -> None:
    corpus = read(tmp_path, name, data)
    (problem,) = corpus.problems
    assert f"{name}: " in problem
    assert reason in problem
    assert len(corpus.speeches) == read_before


def test_a_table_cut_short_gives_the_rows_before(tmp_path: Path) -> None:
    records = [{"text": f"{n} {os.urandom(9000).hex()}"} for n in range(200)]
    packed = gzip.compress(as_json_lines(records))
    corpus = read(tmp_path, "x.jsonl.gz", packed[: len(packed) // 2])
    # The columns are in the first thousand lines, and so is the damage.
    assert "not a whole gzip file" in corpus.problems[0]


def test_a_row_whose_text_has_several_speakers(tmp_path: Path) -> None:
    text = "Mr. A (Mali): 1.\n\nMs. B (Togo): 2."
    corpus = read(tmp_path, "x.jsonl", as_json_lines([{"id": "m", "text": text}]))
    assert [(s.id, s.speaker) for s in corpus.speeches] == [("m", "Mr. A"), ("m~2", "Ms. B")]
    assert corpus.warnings[0].endswith("row 1: 2 speakers in this row, read as 2 speeches")


def test_ids_are_those_of_the_table_and_stay(tmp_path: Path) -> None:
    rows = [{"filename": "a.txt", "text": "One."}, {"filename": "b.TXT", "text": "Two."}]
    assert [s.id for s in read(tmp_path, "x.csv", as_csv(rows)).speeches] == ["a", "b"]
    assert [s.id for s in read(tmp_path, "x.csv", as_csv([{"text": "1."}] * 2)).speeches] == [
        "x-1",
        "x-2",
    ]


def test_the_header_in_a_text_wins_over_the_columns(tmp_path: Path) -> None:
    row = {"text": "Mr. A (Mali): We agree.", "speaker": "Mr. B", "country": "Togo"}
    corpus = read(tmp_path, "x.csv", as_csv([row]))
    assert corpus.speeches[0].byline == "Mr. A (Mali)"
    assert corpus.warnings[0].endswith(
        "row 1: the header says speaker 'Mr. A', x.csv says 'Mr. B'; the header is kept"
    )


# --- folders


def test_tables_in_a_folder_are_read_if_they_hold_speeches(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Mr. A (Mali): One.")
    (tmp_path / "b.csv").write_text("text,country\nTwo.,Togo\n")
    (tmp_path / "questions.jsonl").write_text('{"question": "Who?"}\n')
    (tmp_path / "speeches.csv").write_text("filename,symbol\na.txt,S/PV.1\n")
    corpus = read_corpus([tmp_path])
    assert [(s.id, s.symbol) for s in corpus.speeches] == [("a", "S/PV.1"), ("b-1", None)]
    assert corpus.problems == []
    (note,) = corpus.warnings
    assert note.endswith("questions.jsonl: not read, for no column of it has the text of speeches")


def test_a_table_named_speeches_may_hold_them(tmp_path: Path) -> None:
    corpus = read(tmp_path, "speeches.csv", "text,country\nOne.,Mali\n")
    assert [s.country for s in corpus.speeches] == ["Mali"]


SPEAKERS = (
    # R names no column for the names of rows, and breaks a line inside a value.
    "filename\tdate\tspeaker\tcountry\tparticipanttype\trole_in_un\ttopic\tspeech\n"
    "1\tUNSC_2014_SPV.7154_spch001.txt\t2014-04-13\tMr. A\tNigeria\tThe President\tNA\t"
    "Ukraine\t1\n"
    "2\tUNSC_2014_SPV.7154_spch002.txt\t2014-04-13\tMr. \"B\tUN\tGuest\tEnvoy\t"
    "Threats\nto peace\t2\n"
)  # fmt: skip
MEETINGS = "basename\tdate\ttopic\tspv\nUNSC_2014_SPV.7154\t2014-04-13\tThreats\t7154\n"


def test_the_layout_of_the_debates_corpus(tmp_path: Path) -> None:
    texts = tmp_path / "speeches"
    texts.mkdir()
    (tmp_path / "speaker.tsv").write_text(SPEAKERS)
    (tmp_path / "meta.tsv").write_text(MEETINGS)
    for number, text in enumerate(("The President: One.", "Mr. B: Two.", "Three."), start=1):
        (texts / f"UNSC_2014_SPV.7154_spch{number:03}.txt").write_text(text)
    (texts / "UNSC_2003_SPV.4726Resumption1_spch043.txt").write_text("Four.")
    corpus = read_corpus([tmp_path])
    assert corpus.problems == []
    told = [
        (s.speaker, s.country, s.symbol, s.date, s.topic, s.role, s.capacity, s.number)
        for s in corpus.speeches
    ]
    assert told == [
        (None, None, "S/PV.4726 (Resumption 1)", "2003", None, None, None, 43),
        ("The President", "Nigeria", "S/PV.7154", "2014-04-13", "Ukraine", "The President", None,
         1),
        ("Mr. B", "UN", "S/PV.7154", "2014-04-13", "Threats to peace", "Guest", "Envoy", 2),
        (None, None, "S/PV.7154", "2014-04-13", "Threats", None, None, 3),
    ]  # fmt: skip


# --- what is shown of rows


@pytest.fixture
def table_library(tmp_path: Path, toy_export) -> Library:
    corpus = read(tmp_path, "debate.jsonl", as_json_lines(RECORDS))
    build(tmp_path / "library", corpus.speeches, toy_export)
    return Library.open(tmp_path / "library")


def test_the_row_is_shown_and_survives_the_library(table_library: Library) -> None:
    speech = table_library.speeches["u2"]
    citation = Citation(speech, 1, Span(4, 10))
    assert citation.reference == "Ms. Bo (Nigeria), September 2017, row 2, para. 1, line 2"
    assert citation_record(citation)["row"] == 2
    assert "File debate.jsonl, row 2" in speech_html(speech)
    source = RECORDS[1]["text"]
    assert source[slice(*citation.source)] == citation.quote == "budget"


@pytest.mark.parametrize("name", FORMATS)
def test_documents_of_rows_are_verified(table_library: Library, name: str, tmp_path: Path) -> None:
    speeches = table_library.speeches
    sections = tuple(
        Section(speech.country or "", (Entry(cited(speech)),)) for speech in speeches.values()
    )
    dossier = Dossier("Rows", (Chapter("rows", sections),), PROVENANCE)
    path = tmp_path / f"document.{'csl.json' if name == 'csl' else name}"
    export.write(dossier, name, path)
    document = export.read(path)
    verified = Verifier(speeches, corpus_hash(speeches.values())).verify(document)
    assert [check.standing for check in verified.checks] == ["exact"] * 3
    assert verified.problems == ()
    moved = dict(speeches) | {"u1": replace(speeches["u1"], row=7)}
    standings = [check.standing for check in Verifier(moved).verify(document).checks]
    assert standings == ["changed", "exact", "exact"]


def test_the_command_takes_a_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Words,When\nWe sent drones.,2018\n")
    library = str(tmp_path / "library")
    index = ["index", str(path), "--library", library]
    assert main(index) == 1
    assert "there are Words, When" in capsys.readouterr().err
    assert main([*index, "--map", "text=Words,date=When"]) == 0
    assert main(["speeches", "--library", library, "--json", "--period", "2018"]) == 0
    (record,) = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert (record["speech"], record["row"], record["date"]) == ("x-1", 1, "2018")


# --- size


def test_a_large_table_is_read_row_by_row(tmp_path: Path) -> None:
    """Of 60 MB no more than a few rows are in memory while they are read."""
    path = tmp_path / "large.jsonl"
    line = json.dumps({"text": "We thank you. " * 2000}) + "\n"
    with path.open("w") as file:
        file.writelines(line for _ in range(60_000_000 // len(line)))
    code = (
        "import resource, sys; from pathlib import Path; from assistant.tables import open_table\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "n = sum(1 for _ in open_table(Path(sys.argv[1])).rows({'text'}, print))\n"
        "print(n, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    rows, grown = map(int, done.stdout.split())
    assert rows == 60_000_000 // len(line)
    assert grown < 20


def test_the_general_debate_is_read_as_it_is() -> None:
    shared = Path(os.environ.get("RAPPORTEUR_SHARED") or ROOT.parent / "shared")
    path = shared / "data" / "ungdc_1993_2024.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"no {path}; set RAPPORTEUR_SHARED to the folder of the shared data")
    tally = RowTally(path)
    speeches = list(islice(read_rows(path, {}, {}, tally), 100))
    assert (tally.problems(), tally.warnings()) == ([], [])
    assert speeches[0].id == "AFG_48_1993"
    assert speeches[0].byline == "Speaker unknown (Afghanistan)"
    assert {speech.date for speech in speeches} == {"1993"}
    assert not any(speech.country and len(speech.country) == 3 for speech in speeches)


def test_columns_that_nobody_understands_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("Body,Who,When\nWe came.,Ms. Bo,2019\n", "utf-8")
    note = (
        f"{path}: no column says who speaks; not used are Who, When; "
        "say what they hold with --map, for example --map speaker=COLUMN"
    )
    assert read_corpus([path]).warnings == [note]
    told = read_corpus([path], columns={"speaker": "Who", "date": "When"})
    assert (told.warnings, told.speeches[0].speaker, told.speeches[0].date) == (
        [],
        "Ms. Bo",
        "2019",
    )
