"""Fit what the signals of a topic are worth, and measure what is found with them.

    python -m assistant.training.topics fit OUT JUDGED.jsonl --library LIBRARY…
    python -m assistant.training.topics measure JUDGED.jsonl --library LIBRARY…

Lines of JUDGED: `{"topic", "speeches": [file, …], "relevant": [{"doc", "quote"}, …]}`. A quote is
the first words of a passage that bears on the topic, the speeches those that were searched; without
"speeches" all of the library was. `topics.jsonl` beside this module has
47 topics to fit on, `tests/seeds_topics.jsonl` 22 on the five speeches, to measure with.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from assistant.library import Library
from assistant.topics import READ, SEARCHED, Signals, TopicSearch, TopicWeights
from embeddings.dense import Rows
from embeddings.shipped import write_sums

THRESHOLD, RISE = 0.25, 0.466
"""Precision and recall are about even at 0.25 on topics, asked of 30 to 54 passages, that were
not fitted on, and at 0.5 on topics asked of 11,412; `docs/quality.md`."""


@dataclass(frozen=True)
class JudgedTopic:
    """A topic with the passages of some speeches that bear on it.

    Attributes:
        rows: Of the passages that were judged.
        relevant: (n,) whether each bears on the topic.
    """

    text: str
    search: TopicSearch
    rows: Rows
    relevant: npt.NDArray[np.bool_]


def judged(path: Path, searches: Sequence[TopicSearch]) -> Iterator[JudgedTopic]:
    """The topics of a file, each with the first library that has its speeches."""
    for line in path.read_text("utf-8").split("\n"):
        if line.strip():
            record = json.loads(line)
            search = next(one for one in searches if _holds(one.library, record))
            yield _judged(record, search)


def _holds(library: Library, record: dict[str, Any]) -> bool:
    files = {speech.file for speech in library.speeches.values()}
    return {gold["doc"] for gold in record["relevant"]} <= files


def _judged(record: dict[str, Any], search: TopicSearch) -> JudgedTopic:
    library = search.library
    files = set(record.get("speeches") or (s.file for s in library.speeches.values()))
    rows = library.rows({s.id for s in library.speeches.values() if s.file in files})
    relevant = np.zeros(len(rows), bool)
    for at, row in enumerate(rows):
        passage = library.passages[row]
        speech = library.speech_of(passage)
        words = passage.span.of(speech.text)
        relevant[at] = any(
            gold["doc"] == speech.file and gold["quote"] in words for gold in record["relevant"]
        )
    return JudgedTopic(record["topic"], search, rows, relevant)


def fit(topics: Sequence[JudgedTopic]) -> TopicWeights:
    """Logistic regressions of "bears on the topic" on the signals; every topic weighs the same."""
    signals = [topic.search.searched(topic.text, topic.rows) for topic in topics]
    read = [topic.search.read(one, topic.rows) for topic, one in zip(topics, signals, strict=True)]
    return TopicWeights(
        _fitted(topics, signals, SEARCHED),
        _fitted(topics, read, (*SEARCHED, *READ)),
        THRESHOLD,
        RISE,
    )


def _fitted(
    topics: Sequence[JudgedTopic], signals: Sequence[Signals], names: Sequence[str]
) -> dict[str, float]:
    features = np.concatenate([np.stack([one.values[n] for n in names], 1) for one in signals])
    truth = np.concatenate([topic.relevant for topic in topics])
    weight = np.concatenate([np.full(len(t.rows), 1 / len(t.rows)) for t in topics])
    usual, spread = features.mean(axis=0), features.std(axis=0)
    model = LogisticRegression(max_iter=3000)
    model.fit((features - usual) / spread, truth, sample_weight=weight * len(weight) / weight.sum())
    slopes = model.coef_[0] / spread
    bias = float(model.intercept_[0] - slopes @ usual)
    fitted = {name: round(float(slope), 3) for name, slope in zip(names, slopes, strict=True)}
    return fitted | {"bias": round(bias, 3)}


def measure(topics: Sequence[JudgedTopic]) -> tuple[float, float]:
    """Recall and precision of passages, each the mean over topics."""
    recalls, precisions = [], []
    for topic in topics:
        found = {mention.row for mention in topic.search.find(topic.text, topic.rows)}
        right = set(topic.rows[topic.relevant].tolist())
        recalls.append(len(found & right) / len(right))
        precisions.append(len(found & right) / len(found) if found else 0.0)
    return float(np.mean(recalls)), float(np.mean(precisions))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="step", required=True)
    fitting, measuring = commands.add_parser("fit"), commands.add_parser("measure")
    fitting.add_argument("out", type=Path)
    for command in (fitting, measuring):
        command.add_argument("judged", type=Path)
        command.add_argument("--library", type=Path, nargs="+", required=True)
    options = parser.parse_args()
    libraries = [Library.open(folder) for folder in options.library]
    if options.step == "fit":
        reader, judge = TopicSearch.models()
        unfitted = TopicWeights({"bias": 0.0}, {"bias": 0.0}, THRESHOLD, RISE)
        searches = [TopicSearch(library, reader, judge, unfitted) for library in libraries]
        fit(list(judged(options.judged, searches))).save(options.out)
        write_sums(options.out)
    else:
        searches = [TopicSearch.shipped(library) for library in libraries]
        recall, precision = measure(list(judged(options.judged, searches)))
        sys.stdout.write(f"recall {recall:.3f}, precision {precision:.3f}\n")


if __name__ == "__main__":
    main()
