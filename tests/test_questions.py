"""Files of questions."""

import gzip
import json
from pathlib import Path

import pytest

from assistant.errors import QuestionError
from assistant.questions import Gold, read_batch, read_judged


def written(path: Path, *records: object) -> Path:
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return path


def test_a_batch_has_questions_and_conversations(tmp_path: Path) -> None:
    file = written(
        tmp_path / "in.jsonl",
        {"id": 7, "question": "Why?", "filters": {"year": 2018, "country": "Mali"}},
        {"turns": ["Why?", {"question": "When?"}]},
    )
    one, two = read_batch(file)
    assert (one.id, one.turns, one.is_conversation) == ("7", ("Why?",), False)
    assert one.filters.stated() == {"country": "Mali", "since": "2018", "until": "2018"}
    assert (two.id, two.turns, two.is_conversation) == ("2", ("Why?", "When?"), True)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ("{}", "no question"),
        ('{"question": 3}', "no question"),
        ('{"turns": "Why?"}', "no question"),
        ('{"question": "Why?", "filters": []}', None),
        ('{"question": "Why?", "filters": [1]}', "filters must be an object"),
        ('{"question": "Why?", "filters": {"since": "x"}}', "'x' is not a date"),
    ],
)
def test_a_bad_line_is_told_with_its_number(tmp_path: Path, line: str, reason: str | None) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text('{"question": "Fine?"}\n' + line, encoding="utf-8")
    problems: list[QuestionError] = []
    asked = list(read_batch(file, problems.append))
    assert len(asked) == (1 if reason else 2)
    assert [str(problem).split(": ")[0] for problem in problems] == [f"{file}, line 2"] * bool(
        reason
    )
    assert all(reason in str(problem) for problem in problems if reason)


def test_judged_questions_are_read_in_both_forms(tmp_path: Path) -> None:
    records = [
        {
            "question": "A?",
            "answerable": True,
            "gold": [{"doc": "a.txt", "quote": "Yes.", "short": "Yes"}],
        },
        {"question": "B?", "answerable": False, "gold": [], "split": "valid"},
        {
            "question": "C?",
            "answerable": True,
            "speech": "c",
            "gold": [{"text": "No."}],
            "split": "valid",
        },
    ]
    file = tmp_path / "judged.jsonl.gz"
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(record) + "\n" for record in records)
    a, b, c = read_judged(file)
    assert a.gold == (Gold("a.txt", "Yes.", "Yes"),)
    assert (b.answerable, c.gold) == (False, (Gold("c.txt", "No.", None),))
    assert [judged.question for judged in read_judged(file, split="valid")] == ["B?", "C?"]


def test_an_empty_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="no question in this file"):
        read_judged(written(tmp_path / "empty.jsonl"))
    (tmp_path / "latin.jsonl").write_bytes(b'{"question": "caf\xe9"}')
    with pytest.raises(QuestionError, match="is not UTF-8"):
        list(read_batch(tmp_path / "latin.jsonl"))
    with pytest.raises(QuestionError, match="line 1: 'answerable' is missing"):
        read_judged(written(tmp_path / "bare.jsonl", {"question": "A?"}))
