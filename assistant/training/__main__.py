"""Make the two models, step by step; a step that was broken off goes on where it was.

    python -m assistant.training groups    WORK --library LIBRARY --data DATA
    python -m assistant.training encoder   WORK
    python -m assistant.training reader    WORK
    python -m assistant.training calibrate WORK --library LIBRARY --data DATA

LIBRARY is of the speeches that the questions are on, DATA the folder of the training sets, and
WORK where everything goes: in the end `WORK/encoder-weights` is what `embeddings/weights` has,
and `WORK/reader-weights` what `assistant/weights` has. `docs/training.md` has the recipe.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from assistant.answer import Assistant
from assistant.cross_encoder import CrossEncoder
from assistant.evaluate import evaluate
from assistant.filters import Filters
from assistant.library import Library
from assistant.questions import Judged
from assistant.reader import CrossReader
from assistant.training import calibrate, encoder, examples, reader
from assistant.training.examples import Group
from assistant.training.export import export_reader
from assistant.training.network import ReaderNetwork
from embeddings.export import PRETRAINED, export_encoder, pretrained_path
from embeddings.shipped import ENCODER_NAME, write_sums
from embeddings.training import Recipe

QUESTIONS = "unsc_questions.jsonl.gz"
RESERVED = "reserved_speeches.txt"
WRITTEN = Path(__file__).parent / "questions.jsonl.gz"
"""Questions written for Rapporteur, on other speeches than those of `QUESTIONS`."""
SEEDS = Path(__file__).parent.parent.parent / "seeds"
GENERAL = {
    "squadshifts.jsonl.gz": {"squadshifts_new_wiki", "squadshifts_reddit"},
    "policyqa.jsonl.gz": None,
    "squad2_half_dev.jsonl.gz": None,
}
"""Files of general questions, and the parts of them that are used (None: all)."""

SEED, ORDER = 7, 11
GENERAL_TRIPLETS = 5000
GENERAL_GROUPS = 12000
GENERAL_STAGE = reader.Stage(epochs=1, negatives=1, questions=24, rate=1e-4)
KEPT_GENERAL = 1500
"""General questions that stay among those on speeches, so that they are not unlearnt."""
SPEECHES_STAGE = reader.Stage(epochs=0.93, negatives=3, questions=12, rate=1e-4)
REFUSING_STAGE = reader.Stage(epochs=0.8, negatives=2, questions=16, rate=6e-5)
ELSEWHERE = ("squadshifts.jsonl.gz", "squadshifts_amazon_reviews")
"""Questions that no speech answers, which nothing was trained on."""
CALIBRATED_ON = 1500
"""Questions, of the 3,700 that there are: minutes instead of a quarter of an hour."""
ADVERSARIAL = "squad2"
"""Source of the general questions half of which only look as if their paragraph answered."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m assistant.training")
    parser.add_argument("step", choices=["groups", "encoder", "reader", "calibrate"])
    parser.add_argument("work", type=Path)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    work: Path = options.work
    if options.step in ("groups", "calibrate") and None in (options.library, options.data):
        parser.error(f"{options.step} needs --library and --data")
    if options.step == "groups":
        make_groups(work, Library.open(options.library), options.data)
    elif options.step == "encoder":
        train_encoder(work)
    elif options.step == "reader":
        train_reader(work)
    else:
        fit_calibration(work, Library.open(options.library), options.data)


def make_groups(work: Path, library: Library, data: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    general = [
        group
        for name, sources in GENERAL.items()
        for group in examples.from_paragraphs(data / name, random.Random(0), sources)
    ]
    random.Random(ORDER).shuffle(general)
    _tell(f"{examples.write_groups(general, work / 'general.jsonl')} general questions")
    given = list(examples.read_records(data / QUESTIONS))
    reserved = (data / RESERVED).read_text("utf-8").split()
    kept = examples.kept_for_judging(given, reserved, (path.stem for path in SEEDS.glob("*.txt")))
    for name, records in (("given", given), ("written", examples.read_records(WRITTEN))):
        groups = examples.from_speeches(library, records, lambda speech: speech in kept)
        count = examples.write_groups(groups, work / f"{name}.jsonl")
        _tell(f"{count} {name} questions on speeches")


def train_encoder(work: Path) -> None:
    groups = examples.read_groups(work / "given.jsonl")
    general = examples.read_groups(work / "general.jsonl")
    recipe = Recipe(seed=SEED)
    trained = encoder.train(
        PRETRAINED, groups, general[:GENERAL_TRIPLETS], work / "encoder", recipe
    )
    weights = _emptied(work / "encoder-weights")
    export_encoder(str(trained), weights, ENCODER_NAME)
    write_sums(weights)


def train_reader(work: Path) -> None:
    base = pretrained_path()
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    general = examples.read_groups(work / "general.jsonl")
    speeches = [
        group
        for name in ("given", "written")
        for group in examples.read_groups(work / f"{name}.jsonl")
    ]
    kept = general[GENERAL_GROUPS:][:KEPT_GENERAL]
    torch.manual_seed(SEED)
    network = ReaderNetwork(base)
    reader.train(
        network, tokenizer, general[:GENERAL_GROUPS], work / "general", GENERAL_STAGE, _report
    )
    reader.train(network, tokenizer, speeches + kept, work / "speeches", SPEECHES_STAGE, _report)
    refusing = _for_refusing(speeches, general)
    reader.train(network, tokenizer, refusing, work / "refusing", REFUSING_STAGE, _report)
    export_reader(network, base / "tokenizer.json", _emptied(work / "reader-weights"))


def _for_refusing(speeches: list[Group], general: list[Group]) -> list[Group]:
    """As many questions without an answer as it takes to learn what makes one."""
    unanswerable = [group for group in speeches if not group.positives]
    # A paragraph of SQuAD 2.0 alone: its neighbours were not checked.
    adversarial = [replace(group, far=()) for group in general if group.source == ADVERSARIAL]
    return [*speeches, *unanswerable, *adversarial]


def fit_calibration(work: Path, library: Library, data: Path) -> None:
    weights = work / "reader-weights"
    fingerprint = library.encoder.fingerprint
    unfitted = CrossReader(library, CrossEncoder.open(weights), calibrate.unfitted(fingerprint))
    asked = calibrate.questions(data / QUESTIONS, "valid", library)
    sample = random.Random(SEED).sample(asked, min(CALIBRATED_ON, len(asked)))
    reviews = [r for r in examples.read_records(data / ELSEWHERE[0]) if r["source"] == ELSEWHERE[1]]
    sample += [
        Judged(f"elsewhere-{n}", record["question"], "off-domain", (), Filters())
        for n, record in enumerate(random.Random(SEED).sample(reviews, CALIBRATED_ON // 10))
    ]
    outcomes = evaluate(Assistant(library, unfitted), sample)
    calibrate.fit(outcomes, fingerprint).save(weights)
    write_sums(weights)


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _report(step: int, steps: int, loss: float) -> None:
    _tell(f"step {step}/{steps}: loss {loss:.3f}")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
