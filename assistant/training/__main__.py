"""Make the three models, step by step; a step that was broken off goes on where it was.

    python -m assistant.training groups    WORK --library LIBRARY --data DATA
    python -m assistant.training encoder   WORK
    python -m assistant.training reader    WORK
    python -m assistant.training stance    WORK --data DATA
    python -m assistant.training calibrate WORK --library LIBRARY --data DATA --also OTHERS

LIBRARY is of the speeches that the questions are on, DATA the folder of the training sets, and
WORK where everything goes: in the end `WORK/encoder-weights` is what `embeddings/weights` has,
and `WORK/reader-weights` and `WORK/stance-weights` what `assistant/weights` has. `calibrate` asks
LIBRARY, which is of the validation speeches, and OTHERS, smaller and larger ones.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from assistant.answer import Assistant
from assistant.claims import ClaimChecker
from assistant.cross_encoder import CrossEncoder
from assistant.evaluate import evaluate, evaluate_claims
from assistant.filters import Filters
from assistant.library import Library
from assistant.questions import Judged
from assistant.reader import CrossReader
from assistant.stance import StanceModel
from assistant.training import calibrate, encoder, loop, mining, paragraphs, variations
from assistant.training.export import export_network
from assistant.training.groups import Group, Record, read_groups, read_records, write_groups
from assistant.training.network import ReaderNetwork, Reading
from assistant.training.stance import StanceNetwork, TakingStance
from embeddings.encoder import TOKENIZER_FILE
from embeddings.export import PRETRAINED, export_encoder, pretrained_path
from embeddings.shipped import ENCODER_NAME, write_sums
from embeddings.training import Recipe

QUESTIONS = "unsc_questions.jsonl.gz"
CLAIMS = "unsc_claims.jsonl.gz"
PAIRS = ("nli.jsonl.gz", "fever_dev.jsonl.gz")
RESERVED = "reserved_speeches.txt"
WRITTEN = Path(__file__).parent / "questions.jsonl.gz"
"""Questions written for Rapporteur, on other speeches than those of `QUESTIONS`."""
WRITTEN_CLAIMS = Path(__file__).parent / "claims.jsonl.gz"
"""The same of claims: two on a sentence, one that it supports and one that it contradicts."""
SEEDS = Path(__file__).parent.parent.parent / "seeds"
GENERAL = {
    "squadshifts.jsonl.gz": {"squadshifts_new_wiki", "squadshifts_reddit"},
    "policyqa.jsonl.gz": None,
    "squad2_half_dev.jsonl.gz": None,
}
"""Files of general questions, and the parts of them that are used (None: all)."""

READER = "reader.safetensors"

SEED, ORDER = 7, 11
GENERAL_TRIPLETS = 5000
GENERAL_GROUPS = 12000
GENERAL_STAGE = loop.Stage(epochs=1, negatives=1, questions=24, rate=1e-4)
KEPT_GENERAL = 1500
"""General questions that stay among those on speeches, so that they are not unlearnt."""
FROM_ELSEWHERE, FIRST_ELSEWHERE = 5000, 2400
"""General questions that are set against passages of speeches, which do not answer them; and
how many of them the stage that learns to refuse begins with."""
SWAPPED = 2000
"""Questions on speeches with another country, year or number put in."""
SPEECHES_STAGE = loop.Stage(epochs=0.93, negatives=3, questions=12, rate=1e-4)
REFUSING_STAGE = loop.Stage(epochs=1.5, negatives=2, questions=16, rate=7e-5)
VARIED_STAGE = loop.Stage(epochs=0.42, negatives=2, questions=16, rate=5e-5)
PAIRS_STAGE = loop.Stage(epochs=1, negatives=0, questions=48, rate=1e-4)
CLAIMS_STAGE = loop.Stage(epochs=3, negatives=2, questions=16, rate=8e-5)
ELSEWHERE = ("squadshifts.jsonl.gz", "squadshifts_amazon_reviews")
"""Questions that no speech answers, which nothing was trained on."""
CALIBRATED_ON = 1500
"""Questions, of the 3,700 that there are: minutes instead of a quarter of an hour."""
ADVERSARIAL = "squad2"
"""Source of the general questions half of which only look as if their paragraph answered."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m assistant.training")
    parser.add_argument("step", choices=["groups", "encoder", "reader", "stance", "calibrate"])
    parser.add_argument("work", type=Path)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--also", type=Path, nargs="*", default=[])
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    work: Path = options.work
    if options.library is None and options.step in ("groups", "calibrate"):
        parser.error(f"{options.step} needs --library")
    if options.data is None and options.step in ("groups", "stance", "calibrate"):
        parser.error(f"{options.step} needs --data")
    if options.step == "groups":
        make_groups(work, Library.open(options.library), options.data)
    elif options.step == "encoder":
        train_encoder(work)
    elif options.step == "reader":
        train_reader(work)
    elif options.step == "stance":
        train_stance(work, options.data)
    else:
        libraries = [Library.open(folder) for folder in (options.library, *options.also)]
        fit_calibration(work, libraries, options.data)
        fit_stance_calibration(work, libraries[0], options.data)


def make_groups(work: Path, library: Library, data: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    general = [
        group
        for name, sources in GENERAL.items()
        for group in paragraphs.from_paragraphs(data / name, random.Random(0), sources)
    ]
    random.Random(ORDER).shuffle(general)
    _tell(f"{write_groups(general, work / 'general.jsonl')} general questions")
    given = list(read_records(data / QUESTIONS))
    reserved = (data / RESERVED).read_text("utf-8").split()
    kept = mining.kept_for_judging(given, reserved, (path.stem for path in SEEDS.glob("*.txt")))
    claims = map(_as_question, chain(read_records(data / CLAIMS), read_records(WRITTEN_CLAIMS)))
    written = read_records(WRITTEN)
    for name, records in (("given", given), ("written", written), ("claims", claims)):
        groups = mining.from_speeches(library, records, kept.__contains__)
        count = write_groups(groups, work / f"{name}.jsonl")
        _tell(f"{count} {name} questions on speeches")
    asked = [group.question for group in general[GENERAL_GROUPS + KEPT_GENERAL :][:FROM_ELSEWHERE]]
    on_speeches = _on_speeches(work)
    for name, made in (
        ("elsewhere", mining.from_elsewhere(library, asked, kept.__contains__)),
        ("topics", variations.from_topics(library, kept.__contains__, random.Random(SEED))),
        ("swapped", variations.swapped(on_speeches, random.Random(SEED))),
    ):
        _tell(f"{write_groups(made, work / f'{name}.jsonl')} groups: {name}")


def _on_speeches(work: Path) -> list[Group]:
    return [group for name in ("given", "written") for group in read_groups(work / f"{name}.jsonl")]


def _as_question(claim: Record) -> Record:
    """A claim in the form of a question: what bears on it answers it."""
    return {
        **claim,
        "question": claim["claim"],
        "answerable": bool(claim["evidence"]),
        "gold": claim["evidence"],
    }


def train_encoder(work: Path) -> None:
    groups = read_groups(work / "given.jsonl")
    general = read_groups(work / "general.jsonl")
    recipe = Recipe(seed=SEED)
    trained = encoder.train(
        PRETRAINED, groups, general[:GENERAL_TRIPLETS], work / "encoder", recipe
    )
    weights = _emptied(work / "encoder-weights")
    export_encoder(str(trained), weights, ENCODER_NAME)
    write_sums(weights)


def train_reader(work: Path) -> None:
    base = pretrained_path()
    task = Reading(_tokenizer(base))
    general = read_groups(work / "general.jsonl")
    speeches = _on_speeches(work)
    kept = general[GENERAL_GROUPS:][:KEPT_GENERAL]
    elsewhere = read_groups(work / "elsewhere.jsonl")
    swapped = read_groups(work / "swapped.jsonl")
    refusing = _for_refusing(speeches, general)
    varied = [
        *refusing,
        *elsewhere,
        *read_groups(work / "topics.jsonl"),
        *random.Random(5).sample(swapped, min(SWAPPED, len(swapped))),
    ]
    torch.manual_seed(SEED)
    network = ReaderNetwork(base)
    for name, groups, stage in (
        ("general", general[:GENERAL_GROUPS], GENERAL_STAGE),
        ("speeches", speeches + kept, SPEECHES_STAGE),
        ("refusing", refusing + elsewhere[:FIRST_ELSEWHERE], REFUSING_STAGE),
        ("varied", varied, VARIED_STAGE),
    ):
        loop.train(network, task, groups, work / name, stage, _report)
    # The mean of before and after keeps more of both than either (Wortsman and others, 2022).
    weights = loop.mean_weights(work / "refusing", work / "varied")
    network.load_state_dict(weights)
    save_file(weights, work / READER)
    export_network(network, base / TOKENIZER_FILE, _emptied(work / "reader-weights"))


def train_stance(work: Path, data: Path) -> None:
    base = pretrained_path()
    task = TakingStance(_tokenizer(base))
    pairs = [g for name in PAIRS for g in paragraphs.from_pairs(read_records(data / name))]
    torch.manual_seed(SEED)
    network = StanceNetwork(base)
    # The reader knows the tone of the speeches and what is in a sentence already.
    reader = load_file(work / READER)
    network.load_state_dict(
        {k: v for k, v in reader.items() if k[:12] == "transformer."}, strict=False
    )
    for name, groups, stage in (
        ("pairs", pairs, PAIRS_STAGE),
        ("stance", read_groups(work / "claims.jsonl"), CLAIMS_STAGE),
    ):
        loop.train(network, task, groups, work / name, stage, _report)
    export_network(network, base / TOKENIZER_FILE, _emptied(work / "stance-weights"))


def _tokenizer(base: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(base / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _for_refusing(speeches: list[Group], general: list[Group]) -> list[Group]:
    """As many questions without an answer as it takes to learn what makes one."""
    unanswerable = [group for group in speeches if not group.positives]
    # A paragraph of SQuAD 2.0 alone: its neighbours were not checked.
    adversarial = [replace(group, far=()) for group in general if group.source == ADVERSARIAL]
    return [*speeches, *unanswerable, *adversarial]


def fit_calibration(work: Path, libraries: list[Library], data: Path) -> None:
    """Ask the first library the validation questions, and each those from elsewhere.

    How near a question from elsewhere comes to some sentence depends on how many there are.
    """
    weights = work / "reader-weights"
    model = CrossEncoder.open(weights)
    fingerprint = libraries[0].encoder.fingerprint
    asked = calibrate.questions(data / QUESTIONS, "valid", libraries[0])
    sample = random.Random(SEED).sample(asked, min(CALIBRATED_ON, len(asked)))
    reviews = [r for r in read_records(data / ELSEWHERE[0]) if r["source"] == ELSEWHERE[1]]
    elsewhere = [
        Judged(f"elsewhere-{n}", record["question"], "off-domain", (), Filters())
        for n, record in enumerate(random.Random(SEED).sample(reviews, CALIBRATED_ON // 10))
    ]
    outcomes = []
    for library, questions in zip(
        libraries, chain([sample + elsewhere], repeat(elsewhere)), strict=False
    ):
        reader = CrossReader(library, model, calibrate.unfitted(fingerprint))
        outcomes += evaluate(Assistant(library, reader), questions)
    calibrate.fit(outcomes, fingerprint).save(weights)
    write_sums(weights)


def fit_stance_calibration(work: Path, library: Library, data: Path) -> None:
    weights = work / "stance-weights"
    model = StanceModel(CrossEncoder.open(weights))
    checker = ClaimChecker(library, model, calibrate.unfitted_stance())
    claims = calibrate.claims(data / CLAIMS, "valid", library)
    calibrate.fit_stance(evaluate_claims(checker, claims)).save(weights)
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
