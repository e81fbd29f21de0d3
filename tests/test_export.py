"""Documents: what is written is read again, and whatever was changed in between is told."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.answer import Citation
from assistant.builder import build
from assistant.corpus import Corpus
from assistant.dossier import BASKET, Chapter, Dossier, Entry, Section
from assistant.errors import ExportError, LibraryError
from assistant.receipt import Document, Group, Receipt, Verifier, facts
from assistant.speech import Speech, corpus_hash
from assistant.text import Span
from embeddings.encoder import OnnxEncoder
from tests.conftest import TOY_TEXTS, WriteTexts
from tests.test_briefing import toy_search
from tests.test_dossier import PROVENANCE, cited, dossier_of, speech
from ui import export
from ui.cli import main
from ui.export import FORMATS, bibliography, markdown
from ui.export.layout import anchor, receipt
from ui.export.timeline import timeline
from ui.export.webpage import comparison
from ui.export.word import _UNFIT

ENDINGS = {name: ".csl.json" if name == "csl" else f".{name}" for name in FORMATS}


@pytest.fixture(scope="module")
def dossier(seed_speeches: Corpus) -> Dossier:
    """Two topics over the seeds, with a quote said again, a note, and an added passage."""
    a, b, c, d, e = seed_speeches.speeches
    first = Chapter(
        "drones & <surveillance> | *here*",
        (
            Section(
                "Kazakhstan",
                (
                    Entry(cited(e, 9), again=(cited(a, 5), cited(b, 8))),
                    Entry(cited(a, 12), note="ask the capital; 100 % [sic] “_”"),
                    Entry(cited(d, 3)),
                ),
            ),
        ),
        ("Searched 5 speeches, 54 passages; 3 quotes of 1 delegation.",),
    )
    second = Chapter("women", (Section("Kazakhstan", (Entry(cited(c, 10)), Entry(cited(a, 5)))),))
    made = replace(PROVENANCE, library=corpus_hash(seed_speeches.speeches))
    return Dossier("Briefing: drones; women", (first, second), made).add(cited(b, 20), "from chat")


@pytest.fixture(scope="module")
def verifier(seed_speeches: Corpus) -> Verifier:
    speeches = {one.id: one for one in seed_speeches.speeches}
    return Verifier(speeches, corpus_hash(seed_speeches.speeches))


def written(dossier: Dossier, name: str, folder: Path) -> Path:
    path = folder / f"document{ENDINGS[name]}"
    export.write(dossier, name, path)
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_every_quote_is_verified_after_a_round_trip(
    dossier: Dossier, verifier: Verifier, name: str, tmp_path: Path
) -> None:
    document = export.read(written(dossier, name, tmp_path))
    verified = verifier.verify(document)
    assert verified.exact
    assert verified.same_library
    cited_ = {(c.speech.id, c.span, c.quote) for e in dossier.entries for c in e.sources}
    read = {(r.speech, r.span) for r in document.receipts}
    assert read == {one[:2] for one in cited_}
    quotes = {(r.speech, r.span, r.quote) for r in document.receipts if r.quote}
    assert quotes >= {
        (e.citation.speech.id, e.citation.span, e.citation.quote) for e in dossier.entries
    }


# tampering


def text_of(path: Path) -> str:
    if path.suffix != ".docx":
        return path.read_bytes().decode("utf-8")
    with zipfile.ZipFile(path) as packed:
        return packed.read("word/document.xml").decode("utf-8")


def with_text(path: Path, text: str, to: Path) -> Path:
    if path.suffix != ".docx":
        to.write_bytes(text.encode("utf-8"))
        return to
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(to, "w") as changed:
        for part in packed.infolist():
            data = packed.read(part)
            changed.writestr(part, text if part.filename == "word/document.xml" else data)
    return to


_DATES = re.compile(
    r"\b(?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October|"
    r"November|December) (?:19|20)\d\d\b|\b(?:19|20)\d\d[-/]\d\d(?:[-/]\d\d)?\b(?!\])"
    r'|(?<="date-parts": \[\n        \[\n)[\d,\s]+'
)


def places(dossier: Dossier, text: str, kind: str) -> list[re.Match[str]]:
    """Where words of quotes, dates or speakers stand in a document."""
    if kind == "date":
        return list(_DATES.finditer(text))
    citations = [c for entry in dossier.entries for c in entry.sources]
    if kind == "speaker":
        wanted = {c.speech.speaker or "" for c in citations}
    else:
        wanted = {run for c in citations for run in re.findall(r"[A-Za-z ]{12,}", c.quote)}
    return [found for run in wanted for found in re.finditer(re.escape(run), text)]


def tampered(text: str, found: re.Match[str], chance: random.Random) -> str:
    """With one letter or digit of what was found changed to another."""
    at = chance.choice([n for n in range(*found.span()) if text[n].isalnum()])
    others = "0123456789" if text[at].isdigit() else "abcdefghijklmnopqrstuvwxyz"
    letter = chance.choice([other for other in others if other != text[at].lower()])
    return text[:at] + letter + text[at + 1 :]


@pytest.mark.parametrize("name", FORMATS)
def test_a_hundred_of_a_hundred_tamperings_are_caught(
    dossier: Dossier, verifier: Verifier, name: str, tmp_path: Path
) -> None:
    path = written(dossier, name, tmp_path)
    text = text_of(path)
    chance = random.Random(name)
    missed = []
    for number in range(100):
        found = chance.choice(places(dossier, text, ("quote", "date", "speaker")[number % 3]))
        changed = tampered(text, found, chance)
        try:
            document = export.read(with_text(path, changed, tmp_path / f"t{ENDINGS[name]}"))
        except ExportError:
            continue
        if verifier.verify(document).exact:
            missed.append(found[0])
    assert missed == []


@pytest.mark.parametrize("name", FORMATS)
def test_quotes_taken_out_are_missed(
    dossier: Dossier, verifier: Verifier, name: str, tmp_path: Path
) -> None:
    """A document with fewer quotes than it says it has, all of them right."""
    document = export.read(written(dossier, name, tmp_path))
    fewer = replace(document, groups=document.groups[:-1] or ())
    if len(document.groups) == 1:
        (group,) = document.groups
        fewer = replace(document, groups=(replace(group, receipts=group.receipts[:-1]),))
    problems = verifier.verify(fewer).problems
    if document.quotes is not None:
        assert any("it says that it has" in problem for problem in problems)


# texts of every kind

_TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=60
).filter(lambda text: bool(text.strip()))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(_TEXTS, _TEXTS, _TEXTS)
def test_any_words_survive_every_format(words: str, name: str, note: str) -> None:
    one = speech(words, "s p~1", speaker=" ".join(name.split()), topic=note, date="2018-09")
    span = one.reading.paragraphs[0]
    dossier = dossier_of(Citation(one, 1, span))
    dossier = dossier.annotate(dossier.keys()[0], note)
    for format_ in FORMATS:
        if format_ != "docx" or not _UNFIT.search("".join((words, name, note))):
            export.render(dossier, format_)


@given(_TEXTS)
def test_escapes_are_undone(text: str) -> None:
    assert markdown._plain(markdown.escaped(text)) == text
    assert bibliography._untex(bibliography.tex(text)) == text


def test_no_cell_is_a_formula(seed_speeches: Corpus) -> None:
    one = speech("=1+1 is not a sum.", country="Niger")
    dossier = dossier_of(Citation(one, 1, one.reading.paragraphs[0])).annotate(
        "1/s/0-18", "'+quoted"
    )
    assert b"'=1+1 is not a sum." in export.render(dossier, "csv")
    assert b"''+quoted" in export.render(dossier, "csv")


def test_a_control_character_is_told_where_word_cannot_hold_it() -> None:
    one = speech("A bell \x07 rings.")
    dossier = dossier_of(Citation(one, 1, one.reading.paragraphs[0]))
    with pytest.raises(ExportError, match=r"Word cannot hold the character U\+0007"):
        export.render(dossier, "docx")
    export.render(dossier, "md")


# the gate


def test_nothing_is_written_that_does_not_pass(
    dossier: Dossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renderer that gets one letter wrong."""
    right = markdown.render_md
    monkeypatch.setattr(markdown, "render_md", lambda d: right(d).replace(b"peace", b"Peace"))
    with pytest.raises(ExportError, match=r"would be changed .*; nothing was written"):
        export.write(dossier, "md", tmp_path / "a.md")
    monkeypatch.setattr(markdown, "render_md", lambda d: right(d.drop(d.keys()[0])))
    with pytest.raises(ExportError, match="nothing was written"):
        export.write(dossier, "md", tmp_path / "a.md")
    assert not (tmp_path / "a.md").exists()


@pytest.mark.parametrize(
    ("name", "file", "found"),
    [
        (None, "a.md", "md"),
        (None, "a.CSL.json", "csl"),
        (None, "a.json", "json"),
        (None, "a.jsonl", "json"),
        ("csl", "a.json", "csl"),
        ("md", None, "md"),
        (None, "a.htm", "html"),
        (None, "a.bibtex", "bib"),
    ],
)
def test_the_format_is_as_asked_or_as_the_file_is_named(
    name: str | None, file: str | None, found: str
) -> None:
    assert export.chosen_format(name, Path(file) if file else None) == found


def test_formats_that_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="does not say which document"):
        export.chosen_format(None, Path("a.pdf"))
    with pytest.raises(ExportError, match="name one with --output"):
        export.chosen_format("docx", None)
    with pytest.raises(ExportError, match="cannot be read"):
        export.read(tmp_path / "none.md")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("data", [b"", b"nonsense", b"\xff\xfe", b"{}", b"[1]", b"PK\x03\x04"])
def test_other_files_are_no_documents_of_ours(
    verifier: Verifier, name: str, data: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"other{ENDINGS[name]}"
    path.write_bytes(data)
    verified = None
    with suppress(ExportError):
        verified = verifier.verify(export.read(path))
    assert verified is None or not verified.exact


# verdicts


def standing(verifier: Verifier, words: str, citation: Citation, **stated: object) -> str:
    receipt_ = Receipt(citation.speech.id, citation.span, words, stated)
    return verifier.check(receipt_).standing


def test_exact_moved_changed_gone(seed_speeches: Corpus, verifier: Verifier) -> None:
    one, other = seed_speeches.speeches[:2]
    citation = cited(one, 4)
    assert standing(verifier, citation.quote, citation, **facts(citation)) == "exact"
    later = replace(citation, span=Span(citation.span.start + 5, citation.span.end + 5))
    assert standing(verifier, citation.quote, later) == "moved"
    assert standing(verifier, citation.quote, replace(citation, speech=other)) == "moved"
    assert standing(verifier, citation.quote.replace("e", "a", 1), citation) == "changed"
    assert standing(verifier, "Nothing of the kind was ever uttered by me!", citation) == "gone"
    assert standing(verifier, citation.quote, citation, date="2018-03-29") == "changed"
    lost = replace(citation, speech=replace(one, id="elsewhere"))
    assert standing(verifier, citation.quote, lost) == "moved"
    assert standing(verifier, "Not to be found anywhere at all", lost) == "gone"
    beyond = replace(citation, span=Span(10**6, 10**6 + 5))
    assert standing(verifier, "xyzzy", beyond) == "gone"
    assert verifier.check(Receipt(one.id, beyond.span)).standing == "gone"


def test_moved_words_with_another_speaker_are_changed(
    seed_speeches: Corpus, verifier: Verifier
) -> None:
    citation = cited(seed_speeches.speeches[0], 4)
    later = replace(citation, span=Span(3, 9))
    assert standing(verifier, citation.quote, later, speaker="Mr. X") == "changed"


def test_first_and_latest_mention_are_checked(seed_speeches: Corpus, verifier: Verifier) -> None:
    citation = cited(seed_speeches.speeches[0], 4)
    told = Receipt(citation.speech.id, citation.span, citation.quote)
    for first, problems in (("2018-03-28", 0), ("28 March 2018", 0), ("27 March 2018", 1)):
        document = Document((Group((told,), (first, "28 March 2018")),))
        assert len(verifier.verify(document).problems) == problems


def test_a_place_is_written_and_read() -> None:
    one = speech("Some words of a speech.", "a b#~2")
    citation = cited(one)
    assert anchor(citation) == "a%20b%23~2 0-23 file 0-23"
    assert receipt(anchor(citation), None, {}).speech == "a b#~2"
    with pytest.raises(ExportError, match="does not say where"):
        receipt("a 1-2", None, {})


# looks


def test_a_timeline_has_a_dot_for_each_day() -> None:
    def at(day: str | None) -> Entry:
        return Entry(cited(speech("Words.", day or "none", date=day)))

    chapter = Chapter("a <b>", (Section("Niger", (at("2004-05-17"), at("2018"), at(None))),))
    svg = timeline(chapter)
    assert svg.count("<circle") == 2
    assert "a &lt;b&gt;" in svg
    assert ">2004<" in svg
    assert timeline(Chapter("a", (Section("Niger", (at(None),)),))) == ""


def test_a_table_compares_topics(dossier: Dossier) -> None:
    table = comparison(dossier)
    assert re.findall(r'<td class="number">(.*?)</td>', table) == ["5", "2"]
    assert comparison(replace(dossier, chapters=dossier.chapters[:1])) == ""


def test_a_page_has_no_script_and_fetches_nothing(dossier: Dossier) -> None:
    html = export.render(dossier, "html").decode()
    assert "<script" not in html
    assert not re.search(r'(?:src|href)="|url\(|@import', html)
    assert "drones &amp; &lt;surveillance&gt;" in html


def test_a_word_document_has_headings_and_numbered_references(dossier: Dossier) -> None:
    import docx

    made = docx.Document(io.BytesIO(export.render(dossier, "docx")))
    headings = [p.text for p in made.paragraphs if p.style.name == "Heading 1"]
    assert headings == [
        "drones & <surveillance> | *here*", "women", BASKET, "References", "About this document",
    ]  # fmt: skip
    listed = [p.text for p in made.paragraphs if p.style.name == "Rapporteur Reference"]
    assert len(listed) == 8
    assert listed[1].startswith("[2] Mr. Mukhtarov (Kazakhstan), S/PV.8218, 28 March 2018")


# commands


@pytest.fixture
def folder(
    tmp_path: Path, read_texts: WriteTexts, toy_export: Callable[[Path], OnnxEncoder]
) -> Path:
    build(tmp_path / "library", read_texts(TOY_TEXTS).speeches, toy_export)
    return tmp_path / "library"


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("assistant.topics.TopicSearch.shipped", toy_search)

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([*map(str, arguments), "--library", str(folder)])
        return status, *capsys.readouterr()

    return call


def test_brief_prints_sheets(run: Run) -> None:
    status, out, _ = run("brief", "budget", "women")
    assert status == 0
    words = " ".join(out.split())
    assert "Nigeria · 1 mention, June 2016 “The budget is small.” [2] Ms. Bo (Nigeria)" in words
    assert "No mention found in what these said: Niger (1 speech)." in words
    assert re.search(r"Nigeria +1 +–", out)


def test_brief_as_json_and_as_documents(run: Run, tmp_path: Path) -> None:
    _, out, _ = run("brief", "budget", "--json")
    (sheet,) = json.loads(out)
    assert sheet["topic"] == "budget"
    for name in FORMATS:
        path = tmp_path / f"b{ENDINGS[name]}"
        assert run("brief", "budget", "--output", path)[0] == 0
        status, out, _ = run("verify", path)
        assert (status, out.strip()) == (0, "2 citations: 2 exact")
    assert run("brief", "budget", "--format", "md")[1].startswith("# Briefing: budget\n")


def test_brief_without_a_mention_is_a_document_too(run: Run, tmp_path: Path) -> None:
    for name in FORMATS:
        path = tmp_path / f"b{ENDINGS[name]}"
        assert run("brief", "budget", "--country", "France", "--output", path)[0] == 0


def test_verify_tells_what_differs_and_fails(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "b.md"
    run("brief", "budget", "--output", path)
    path.write_text(path.read_text("utf-8").replace("budget is small", "budget is large"), "utf-8")
    status, out, _ = run("verify", path)
    assert status == 1
    assert "2 citations: 1 exact, 1 changed" in out
    assert "the record has: The budget is small." in out
    status, out, _ = run("verify", path, "--json")
    record = json.loads(out)
    assert (status, record["exact"]) == (1, False)
    assert [one["standing"] for one in record["citations"]].count("changed") == 1
    assert run("verify", tmp_path / "none.md")[0] == 1
    assert run("verify", tmp_path / "b.pdf")[0] == 1


def answers(run: Run, tmp_path: Path) -> Iterator[Path]:
    for name, command in (
        ("brief.json", ("brief", "budget", "--json")),
        ("quote.json", ("quote", "The budget is small", "--json")),
    ):
        path = tmp_path / name
        path.write_text(run(*command)[1], "utf-8")
        yield path


def test_answers_as_json_are_verified(run: Run, tmp_path: Path) -> None:
    for path in answers(run, tmp_path):
        assert run("verify", path)[0] == 0
        text = path.read_text("utf-8")
        changes = (("2016-06", "2016-07"), ("Ms. Bo", "Ms. Ba"))
        for change in (('"quote": "The budget', '"quote": "The budgets'), *changes):
            path.write_text(text.replace(*change, 1), "utf-8")
            assert run("verify", path)[0] == 1, change
        path.write_text(text, "utf-8")


def test_words_marked_as_the_answer_are_checked_too(run: Run, tmp_path: Path) -> None:
    citation = {"speech": "b", "start": 0, "end": 20}
    answer = {"quote": "The budget is small.", "short": "The budget", "citation": citation}
    path = tmp_path / "answers.out"
    for change, status in (({}, 0), ({"short": "the budget"}, 1), ({"quote": "A budget."}, 1)):
        path.write_text(json.dumps({"answers": [answer | change]}))
        assert run("verify", path)[0] == status


def test_verify_loads_no_model(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b.md"
    run("brief", "budget", "--output", path)

    def refuse(folder: Path) -> None:
        raise AssertionError("a model was opened")

    monkeypatch.setattr("embeddings.encoder.open_session", refuse)
    assert run("verify", path)[0] == 0


def test_verify_refuses_a_damaged_library(folder: Path) -> None:
    state = folder / (folder / "CURRENT").read_text().strip()
    (state / "texts.txt").write_text("")
    with pytest.raises(LibraryError):
        Verifier.open(folder)


@pytest.mark.parametrize(
    "arguments", [(), ("a", "--topics", "b.jsonl"), ("--topics", "b.jsonl", "--format", "md")]
)
def test_brief_used_wrongly(run: Run, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("brief", *arguments)


def test_a_speech_may_be_without_header_or_date(tmp_path: Path) -> None:
    one: Speech = speech("Nobody knows who said this.", "odd id [1]")
    dossier = dossier_of(cited(one))
    for name in FORMATS:
        path = written(dossier, name, tmp_path)
        verifier = Verifier({one.id: one}, corpus_hash([one]))
        assert verifier.verify(export.read(path)).exact
