"""The command line on a small library with the toy encoder, and on bad input."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from assistant.builder import build
from assistant.claims import ClaimChecker
from assistant.errors import LibraryError
from assistant.library import Library
from assistant.reader import CrossReader
from embeddings.encoder import OnnxEncoder
from tests.conftest import ROOT, TOY_TEXTS, WriteTexts
from tests.test_claims import CALIBRATION, ToyStance
from ui.cli import main


@pytest.fixture
def folder(
    tmp_path: Path, read_texts: WriteTexts, toy_export: Callable[[Path], OnnxEncoder]
) -> Path:
    build(tmp_path / "library", read_texts(TOY_TEXTS).speeches, toy_export)
    return tmp_path / "library"


Run = Callable[..., tuple[int, str, str]]


def toy_checker(library: Library) -> ClaimChecker:
    return ClaimChecker(library, ToyStance(), CALIBRATION)


@pytest.fixture
def run(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    toy_reader: Callable[[Library], CrossReader],
) -> Run:
    """A command on the toy library: exit status, standard output, standard error."""
    monkeypatch.setattr(CrossReader, "shipped", toy_reader)
    monkeypatch.setattr(ClaimChecker, "shipped", toy_checker)

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([*map(str, arguments), "--library", str(folder)])
        return status, *capsys.readouterr()

    return call


def test_ask_prints_quote_and_reference(run: Run) -> None:
    status, out, _ = run("ask", "Which drones watch the border?")
    assert status == 0
    words = " ".join(out.split())
    assert "The drones watch the border.” [1] Mr. Ali (Niger), S/PV.1, 31 May 2016" in words


def test_a_library_with_another_encoder_is_told_to_be_uncalibrated(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "What of drones?", "--library", str(folder)]) == 0
    assert capsys.readouterr().err == (
        "note: this library has another encoder; refusals and the strength of a match are "
        "calibrated for rapporteur-encoder\n"
    )


def test_a_default_library_of_an_earlier_version_is_built_again(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the speeches that it has, which need not be the built-in ones."""
    manifest = folder / (folder / "CURRENT").read_text().strip() / "manifest.json"
    speeches = Library.open(folder).speeches.values()
    lines = [json.dumps(asdict(speech), ensure_ascii=False) + "\n" for speech in speeches]
    for path in manifest.parent.glob("*.*"):
        path.unlink()
    (manifest.parent / "speeches.jsonl").write_text("".join(lines), "utf-8")
    manifest.write_text(json.dumps({"format": 2, "files": {}}))
    monkeypatch.setattr("ui.cli.default_library", lambda: folder)
    with pytest.raises(LibraryError, match="format 2, this program reads 3; build it again"):
        Library.open(folder)
    assert main(["speeches", "--json"]) == 0
    told = capsys.readouterr()
    assert [speech["speech"] for speech in json.loads(told.out)] == ["a", "b", "c"]
    assert "Building the library again, in the form of this version" in told.err
    assert main(["speeches"]) == 0
    assert "Building" not in capsys.readouterr().err


def test_ask_as_json_follows_the_contract(run: Run) -> None:
    _, out, _ = run("ask", "Is the budget small?", "--json")
    answer = json.loads(out)
    keys = "question interpreted answered score strength answers related searched slots record"
    assert list(answer) == keys.split()
    first = answer["answers"][0]
    assert first["quote"] == "The budget is small."
    assert first["citation"] == {
        "speech": "b",
        "file": "b.txt",
        "speaker": "Ms. Bo",
        "country": "Nigeria",
        "symbol": "S/PV.2",
        "date": "2016-06",
        "paragraph": 1,
        "lines": [1, 1],
        "start": 0,
        "end": 20,
        "source_start": 18,
        "source_end": 38,
        "reference": "Ms. Bo (Nigeria), S/PV.2, June 2016, para. 1, line 1",
    }
    assert answer["searched"] == {"speeches": 3, "passages": 5, "filters": {}}


def test_filters_narrow_what_is_searched(run: Run) -> None:
    _, out, _ = run("ask", "Drones?", "--country", "Niger", "--until", "2016-06", "--json")
    answer = json.loads(out)
    assert answer["searched"]["speeches"] == 1
    assert answer["searched"]["filters"] == {"country": "Niger", "until": "2016-06"}
    assert {found["citation"]["speech"] for found in answer["answers"]} == {"a"}


def test_filters_that_leave_nothing_refuse(run: Run) -> None:
    status, out, _ = run("ask", "Drones?", "--country", "France")
    assert status == 0
    assert out.split("\n")[:2] == ["No speech matches these filters.", "delegation France"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["ask", "  "], "the question is empty"),
        (["ask", "?!"], "the question is empty"),
        (["ask", "why " * 400], "the question has 1,599 characters"),
        (["ask", "Drones?", "--since", "May"], "since: 'May' is not a date"),
        (
            ["ask", "Drones?", "--since", "2018", "--until", "2016"],
            "since 2018 is after until 2016",
        ),
        (["ask", "--questions", "nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
        (["index", "nowhere"], "no speech could be read; the library is left as it was"),
        (["speeches", "show", "z"], "no speech 'z'"),
        (["eval", "nowhere.jsonl"], "nowhere.jsonl: cannot be read"),
    ],
)
def test_expected_trouble_is_one_line(run: Run, arguments: list[str], line: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    last = err.splitlines()[-1]
    assert last.startswith("rapporteur: ")
    assert line in last
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("ask Drones? --colour red", "--colour"),
        ("ask", "give a question, or a file of questions with --questions"),
        ("ask Drones? --questions in.jsonl", "give a question, or a file of questions"),
        ("ask Drones? --output out.jsonl", "--output is for the answers to --questions"),
        ("speeches show", "name a speech after show, and only there"),
        ("speeches list a", "name a speech after show, and only there"),
        ("serve --port abc", "a port is a number from 1 to 65535"),
        ("ask Drones? --library ", "name a folder"),
    ],
)
def test_wrong_usage_exits_with_2(
    command: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(command.split(" "))
    assert stop.value.code == 2
    assert line in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_one_line(folder: Path) -> None:
    command = [sys.executable, "-m", "ui.cli", "speeches", "--json", "--library", str(folder)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_a_terminal_of_another_encoding_gets_every_character(folder: Path) -> None:
    command = [sys.executable, "-m", "ui.cli", "ask", "Drones?", "--library", str(folder)]
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, capture_output=True, env=environment, cwd=ROOT)
    assert done.returncode == 0
    assert b"\\u201c" in done.stdout


def test_a_question_of_broken_unicode_is_one_line(run: Run) -> None:
    status, _, err = run("ask", "caf\udcff drones?")
    assert (status, err.count("\n")) == (1, 1)
    assert "the question is not proper Unicode text" in err


def test_no_library_says_how_to_build_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "Drones?", "--library", str(tmp_path / "none")]) == 1
    assert "build one with: rapporteur index PATH --library" in capsys.readouterr().err


def test_a_batch_answers_every_line_it_can(run: Run, tmp_path: Path) -> None:
    lines = [
        '{"id": "one", "question": "Who leads the police?"}',
        "not json",
        '{"id": "two", "question": " "}',
        '{"id": "three", "turns": ["Which drones?", {"question": "And women?"}]}',
        '{"id": "four", "question": "Drones?", "filters": {"year": 2017}}',
        '{"id": "five", "question": "Drones?", "filters": {"colour": "red"}}',
        '{"id": "six", "question": "Who said\u2028what?"}',
    ]
    questions, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    questions.write_text("\n".join(lines), encoding="utf-8")
    status, _, err = run("ask", "--questions", questions, "--output", output)
    with output.open(encoding="utf-8") as file:
        records = {record["id"]: record for record in map(json.loads, file)}
    assert status == 1
    assert list(records) == ["one", "two", "three", "four", "six"]
    assert records["one"]["answers"][0]["quote"] == "Women lead our police."
    assert records["two"]["error"].startswith("the question is empty")
    assert [turn["question"] for turn in records["three"]["turns"]] == [
        "Which drones?",
        "And women?",
    ]
    women = records["three"]["turns"][1]
    assert women["interpreted"] == "What was said about women?"
    assert women["answers"][0]["quote"] == "Women lead our police."
    assert {found["citation"]["speech"] for found in records["four"]["answers"]} == {"c"}
    assert len([line for line in err.splitlines() if line.startswith("rapporteur: ")]) == 3


def test_a_turn_that_cannot_be_asked_does_not_stop_a_conversation(run: Run, tmp_path: Path) -> None:
    questions, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    questions.write_text('{"id": "x", "turns": ["Who leads the police?", "?", "Who said that?"]}')
    status, _, err = run("ask", "--questions", questions, "--output", output)
    record = json.loads(output.read_text("utf-8"))
    assert status == 1
    assert err.count("\n") == 1
    assert "the question is empty" in record["turns"][1]["error"]
    assert record["turns"][2]["record"] == "Said by Mr. Ali (Niger)."
    assert record["turns"][2]["slots"] == [{"kind": "quote", "value": "[1]", "turn": 1}]


def test_chat_numbers_citations_throughout(run: Run) -> None:
    status, out, _ = run("chat", "Who leads the police?", "Who said that?", "new", "Drones?")
    assert status == 0
    printed = " ".join(out.split())
    assert "> Who said that? Interpreted as “Who said ‘Women lead our police.’?”" in printed
    assert "Said by Mr. Ali (Niger). “Women lead our police.” [2] Mr. Ali (Niger)" in printed
    assert printed.count("[1]") == 2  # the conversation begun anew begins at one


def test_chat_reads_lines_and_goes_on_after_one_that_cannot_be_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Who leads the police?\n\n?\nWhen?\n"))
    status, out, err = run("chat", "--json")
    turns = json.loads(out)["turns"]
    assert status == 1
    assert err.startswith("rapporteur: the question is empty")
    assert [turn["record"] for turn in turns] == [None, "Said on 31 May 2016."]


def test_chat_writes_a_document(run: Run, tmp_path: Path) -> None:
    for name in ("talk.docx", "talk.md", "talk.json"):
        turns = ("Who leads the police?", "Who said that?", "?")
        status, out, err = run("chat", *turns, "--output", tmp_path / name)
        assert status == 1
        assert "Said by Mr. Ali (Niger)." in out
        assert err.count("\n") == 1
        status, out, _ = run("verify", tmp_path / name)
        assert status == 0
        assert "exact" in out
    text = (tmp_path / "talk.md").read_text("utf-8")
    assert text.startswith("# Conversation\n\n## Who leads the police?\n")
    assert "\n## ?\n\nthe question is empty" in text


def test_chat_used_wrongly(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("chat", "Who?", "--format", "md")
    status, _, err = run("chat", "Who?", "--output", tmp_path / "talk.pdf")
    assert status == 1
    assert "does not say which document" in err
    status, _, err = run("chat", "new", "--output", tmp_path / "talk.md")
    assert (status, "nothing was asked yet" in err) == (1, True)


def test_index_tells_problems_and_keeps_the_rest(run: Run, tmp_path: Path) -> None:
    texts = tmp_path / "more"
    texts.mkdir()
    (texts / "good.txt").write_text("Mr. Doe (Mali): Peace needs schools.", encoding="utf-8")
    (texts / "bad.txt").write_bytes(b"caf\xe9")
    status, out, err = run("index", texts)
    assert status == 1
    assert out.startswith("1 speech, 1 passage, ")
    (line,) = err.splitlines()
    assert line.startswith(f"rapporteur: {texts.resolve()}/bad.txt: is not UTF-8")
    _, out, _ = run("speeches", "--json")
    assert [speech["speech"] for speech in json.loads(out)] == ["good"]


def test_index_without_anything_readable_keeps_the_library(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("index", empty)[0] == 1
    _, out, _ = run("speeches", "--json")
    assert [speech["speech"] for speech in json.loads(out)] == ["a", "b", "c"]


def test_speeches_are_listed_and_shown(run: Run) -> None:
    _, out, _ = run("speeches", "--country", "nigeria")
    assert re.search(r"b\s+Ms\. Bo\s+Nigeria\s+2016-06\s+S/PV\.2\s+Peacekeeping", out)
    assert "Mr. Ali" not in out
    _, out, _ = run("speeches", "show", "a")
    assert "Mr. Ali (Niger), S/PV.1, 31 May 2016" in out
    assert "  2 Women lead our police. We thank you." in out


def test_eval_prints_each_kind(run: Run, tmp_path: Path) -> None:
    judged = [
        {
            "id": "1",
            "question": "Is the budget small?",
            "kind": "yesno",
            "answerable": True,
            "gold": [{"doc": "b.txt", "quote": "The budget is small."}],
        },
        {"id": "2", "question": "Is it raining?", "kind": "fact", "answerable": False, "gold": []},
    ]
    file = tmp_path / "judged.jsonl"
    file.write_text("\n".join(map(json.dumps, judged)), encoding="utf-8")
    _, out, _ = run("eval", file, "--json")
    table = json.loads(out)
    assert list(table) == ["fact", "yesno", "all"]
    assert table["yesno"]["hit1"] == 1.0
    assert table["fact"]["hit1"] is None
    assert table["all"]["questions"] == 2
    _, out, _ = run("eval", file)
    assert "hit@1" in out
    assert "1.000" in out


def test_control_characters_do_not_reach_the_terminal(
    tmp_path: Path, read_texts: WriteTexts, toy_export: Callable[[Path], OnnxEncoder],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    texts = {"x.txt": "Mr. Doe (Mali): The drones \x1b[31mred\x1b[0m budget."}
    build(tmp_path / "library", read_texts(texts).speeches, toy_export)
    main(["ask", "Drones budget?", "--library", str(tmp_path / "library")])
    main(["speeches", "show", "x", "--library", str(tmp_path / "library")])
    out = capsys.readouterr().out
    assert "\x1b[31m" not in out
    assert "\N{REPLACEMENT CHARACTER}[31mred" in out


def test_check_prints_the_verdict_and_the_evidence(run: Run) -> None:
    status, out, _ = run("check", "Drones do not need a mandate.")
    assert status == 0
    said = " ".join(out.split())
    assert said.startswith(
        "Contradicted by what Mr. Cho said in 2017. “Drones need a mandate.” [1]"
    )
    assert "· contradicts" in said


def test_check_as_json(run: Run) -> None:
    status, out, _ = run("check", "The 40 drones watch the border.", "--country", "Niger", "--json")
    record = json.loads(out)
    assert (status, record["verdict"]) == (0, "not_addressed")
    assert record["evidence"][0]["missing"] == ["40"]
    assert record["searched"]["filters"] == {"country": "Niger"}


def test_a_file_of_claims(run: Run, tmp_path: Path) -> None:
    given, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text(
        '{"id": "a", "claim": "Drones need a mandate."}\n'
        '{"id": "b", "claim": " "}\n'
        '{"id": "c"}\n'
        '{"id": "d", "claim": "Drones need a mandate.", "filters": {"country": "Niger"}}\n',
        "utf-8",
    )
    status, _, err = run("check", "--claims", given, "--output", output)
    assert status == 1
    assert "line 3: no claim" in err
    assert f"{given}, b: the claim is empty" in err
    records = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert [(r["id"], r["verdict"]) for r in records] == [
        ("a", "supported"), ("b", None), ("d", "not_addressed")
    ]  # fmt: skip
    assert set(records[0]["evidence"][0]) == {"quote", "stance", "score", "missing", "citation"}
    status, _, err = run("check", "--claims", given, "--output", given)
    assert (status, "another file" in err) == (1, True)


def test_eval_of_claims(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "claims.jsonl"
    record = {
        "claim": "Drones need a mandate.", "verdict": "supported",
        "evidence": [{"doc": "c.txt", "quote": "Drones need a mandate."}],
    }  # fmt: skip
    path.write_text(json.dumps(record) + "\n", "utf-8")
    status, out, _ = run("eval", path)
    assert status == 0
    assert "1 claims: accuracy 1.000" in out
    assert json.loads(run("eval", path, "--json")[1])["evidence3"] == 1.0
    path.write_text('{"claim": "x"}\n', "utf-8")
    assert "line 1: 'label' is missing" in run("eval", path)[2]
