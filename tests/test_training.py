"""Training at the smallest size: what it learns from, that it learns, and that it resumes."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("datasets", reason="the extra [train] is not installed")
pytestmark = pytest.mark.model

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from assistant.answer import Answer, Citation, Finding, Searched
from assistant.builder import build
from assistant.claims import CheckedClaim, Verdict
from assistant.cross_encoder import CrossEncoder, ReaderInput, prepare
from assistant.evaluate import ClaimOutcome, Outcome
from assistant.filters import Filters
from assistant.library import Library
from assistant.questions import Gold, Judged, JudgedClaim
from assistant.speech import Speech
from assistant.stance import StanceModel
from assistant.text import Span, read_text
from assistant.training import calibrate, encoder, loop, mining, paragraphs, variations
from assistant.training.__main__ import WRITTEN, WRITTEN_CLAIMS
from assistant.training.export import export_network
from assistant.training.groups import Group, Row, read_groups, read_records, write_groups
from assistant.training.network import ReaderNetwork, Reading
from assistant.training.stance import StanceNetwork, TakingStance
from embeddings.export import load_model, pretrained_path
from embeddings.training import Recipe

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformer of one layer with the words of the real one."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(1)
    config = BertConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((pretrained_path() / name).read_bytes())
    return folder


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    made = Tokenizer.from_file(str(pretrained_path() / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


def row(text: str, evidence: tuple[int, ...] = (), short: str | None = None) -> Row:
    """A row of the sentences that a text has between its bars."""
    parts = text.split("|")
    starts = np.cumsum([0, *(len(part) + 1 for part in parts)])
    spans = tuple(Span(int(s), int(s) + len(p)) for s, p in zip(starts, parts, strict=False))
    whole = " ".join(parts)
    place = Span(whole.index(short), whole.index(short) + len(short)) if short else None
    return Row("Mr. Ali (Niger), 2016", whole, spans, evidence, place)


COLOURS = ["red", "green", "blue", "yellow", "black", "white"]


def colours() -> list[Group]:
    """ "Who wears red?" is answered by the sentence with that colour in it."""
    return [
        Group(
            f"Who wears {colour}?",
            (row(f"Thank you.|The woman wears {colour}.", (1,), "The woman"),),
            near=(row(f"Thank you.|The man wears {other}."),),
        )
        for colour in COLOURS
        for other in COLOURS
        if other != colour
    ]


STAGE = loop.Stage(epochs=20, negatives=1, questions=10, rate=5e-3, ema_decay=0.5)


def test_the_reader_learns(tiny: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    losses: list[float] = []
    network = ReaderNetwork(tiny)
    loop.train(
        network,
        Reading(tokenizer),
        colours(),
        tmp_path,
        STAGE,
        lambda *told: losses.append(told[2]),
        15,
    )
    assert losses[-1] < losses[0] / 2

    export_network(network, pretrained_path() / "tokenizer.json", tmp_path / "onnx")
    model = CrossEncoder.open(tmp_path / "onnx")
    right = row("Thank you.|The woman wears green.")
    wrong = row("Thank you.|The man wears blue.")
    reads = [ReaderInput(one.context, one.text, one.sentences) for one in (wrong, right)]
    no, yes = model.judge("Who wears green?", reads)
    assert yes.answers > 0 > no.answers
    assert yes.sentences[1] > yes.sentences[0]
    assert yes.sentences[1] > no.sentences.max()
    short = yes.short(right.sentences[1])
    assert short is not None
    assert short.of(right.text) == "The woman"

    prepared = prepare(tokenizer, "Who wears green?", reads[1])
    with torch.no_grad():
        _, answers = network(
            torch.tensor([prepared.ids]),
            torch.ones(1, len(prepared.ids), dtype=torch.long),
            torch.tensor([prepared.types]),
        )
    assert answers.item() == pytest.approx(yes.answers, abs=0.5)


def test_a_run_that_was_broken_off_ends_like_one_that_was_not(
    tiny: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    stage = replace(STAGE, epochs=3)

    def run(folder: Path, report: Callable[[int, int, float], None]) -> None:
        torch.manual_seed(0)
        loop.train(
            ReaderNetwork(tiny), Reading(tokenizer), colours(), folder, stage, report, every=1
        )

    def interrupt(step: int, steps: int, loss: float) -> None:
        if step == 6:
            raise KeyboardInterrupt

    run(tmp_path / "whole", lambda *told: None)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parted", interrupt)
    steps: list[int] = []
    run(tmp_path / "parted", lambda step, *told: steps.append(step))
    assert steps == [5, 6, 7, 8, 9]  # the checkpoint was of step 4
    whole, parted = (load_file(tmp_path / name / loop.WEIGHTS_FILE) for name in ("whole", "parted"))
    for name, weights in whole.items():
        torch.testing.assert_close(parted[name], weights, rtol=1e-4, atol=1e-5)
    # A finished run is loaded, not trained again.
    run(tmp_path / "whole", lambda *told: pytest.fail("it trains again"))


def test_every_part_of_the_loss_counts(tiny: Path, tokenizer: Tokenizer) -> None:
    torch.manual_seed(0)
    network = ReaderNetwork(tiny).eval()
    task = Reading(tokenizer)
    good = row("Thank you.|The woman wears red.", (1,), "woman")
    bad = row("Thank you.|The man wears blue.")
    losses = [
        task.loss(network, task.collate([("Who wears red?", rows)])).item()
        for rows in (
            [(good, True), (bad, True)],
            [(good, True), (bad, False)],  # not checked: counts for less
            [(replace(good, short=None), True), (bad, True)],
            [(replace(good, evidence=(0,)), True), (bad, True)],
            [(bad, True)],  # nothing to rank
        )
    ]
    assert len({round(loss, 4) for loss in losses}) == len(losses)
    assert losses[0] > losses[1]


def test_the_stance_model_learns(tiny: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    claims = [
        Group(f"She wears {colour}.", (row(f"Thank you.|She {does} {colour}.", (1,)),),
              near=(row("Thank you.|They left."),), label=label)
        for colour in COLOURS
        for does, label in (("wears", "supported"), ("hates", "contradicted"))
    ]  # fmt: skip
    claims += [Group("She wears red.", (), near=(row("They left."),), label="not_addressed")]
    torch.manual_seed(0)
    network = StanceNetwork(tiny)
    stage = replace(STAGE, epochs=40, questions=13)
    loop.train(network, TakingStance(tokenizer), claims, tmp_path, stage)
    export_network(network, pretrained_path() / "tokenizer.json", tmp_path / "onnx")
    model = StanceModel(CrossEncoder.open(tmp_path / "onnx"))
    reads = [row(text) for text in ("Thank you.|She wears blue.", "Thank you.|She hates blue.")]
    wears, hates = model.judge("She wears blue.", reads)
    assert [int(one.sentences[1].argmax()) for one in (wears, hates)] == [1, 2]
    assert [int(one.sentences[0].argmax()) for one in (wears, hates)] == [0, 0]


def test_either_of_two_stances_may_be_allowed(tiny: Path, tokenizer: Tokenizer) -> None:
    torch.manual_seed(0)
    task, network = TakingStance(tokenizer), StanceNetwork(tiny).eval()
    pairs = [
        Group("She left.", (row("They came.", (0,)),), label=label)
        for label in ("neutral", "contradiction", "not_entailment", "entailment")
    ]
    for head in (network.tokens, network.answers):
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    losses = [
        task.loss(network, task.collate([task.draw(pair, 0, random.Random(1))])).item()
        for pair in pairs
    ]
    # Of passage and sentence, all three alike; and of the side, where one is taken.
    one_of_three, two_of_three, one_of_two = np.log([3, 3 / 2, 2])
    bearing = 2 * one_of_three + one_of_two
    assert losses == pytest.approx([2 * one_of_three, bearing, 2 * two_of_three, bearing])


def test_a_claim_is_put_into_the_mouth_of_the_speaker(tokenizer: Tokenizer) -> None:
    task = TakingStance(tokenizer)
    claim = Group("Drones help.", (row("They do.", (0,)),), label="supported")
    drawn = [task.draw(claim, 0, random.Random(seed))[0] for seed in range(300)]
    assert 150 < drawn.count("Drones help.") < 260
    said = {text.split(" ")[0] for text in drawn if text != "Drones help."}
    assert {"Ali", "Niger"} < said
    assert all(text.endswith("Drones help.") for text in drawn)


def test_the_encoder_learns_and_resumes(tiny: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer

    words = Transformer(str(tiny), max_seq_length=32)
    base = SentenceTransformer(modules=[words, Pooling(32)], device="cpu")
    base.save(str(tmp_path / "base"))
    recipe = Recipe(epochs=8, batch=6, rate=5e-3)
    for _ in range(2):  # the second time from the last checkpoint, with nothing left to do
        folder = encoder.train(str(tmp_path / "base"), colours(), [], tmp_path, recipe)
    trained = load_model(str(folder))

    def right(model: SentenceTransformer) -> float:
        questions = model.encode([f"Who wears {colour}?" for colour in COLOURS])
        answers = model.encode([f"The woman wears {colour}." for colour in COLOURS])
        return float(np.trace(questions @ answers.T - (questions @ answers.T).mean()))

    assert right(trained) > right(base) * 1.5


def test_the_mean_of_weights(tmp_path: Path) -> None:
    for name, value in (("a", 1.0), ("b", 2.0)):
        (tmp_path / name).mkdir()
        save_file({"head": torch.full((2,), value)}, tmp_path / name / loop.WEIGHTS_FILE)
    mean = loop.mean_weights(tmp_path / "a", tmp_path / "b")
    assert mean["head"].tolist() == [1.5, 1.5]


def test_triplets_take_negatives_from_the_same_speech() -> None:
    made = encoder.triplets(colours(), colours(), random.Random(1))
    assert {kind: len(members) for kind, members in made.items()} == {
        "passages": 30, "sentences": 0, "general": 0
    }  # fmt: skip
    long = Group(
        "Who pays?",
        (row("Rich States pay for it all.|Poor States do not pay at all.", (0,)),),
        near=(row("They met in the old town hall."),),
        far=(row("Everybody pays."),),
    )
    made = encoder.triplets([long], [long], random.Random(1))
    (sentence,) = made["sentences"]
    assert sentence.positive == "Rich States pay for it all."
    assert sentence.negative in ("Poor States do not pay at all.", "They met in the old town hall.")
    assert made["general"][0].negative == "Everybody pays."


QUESTIONS = [
    {"speech": "a", "question": "What watches the border?", "answerable": True,
     "gold": [{"text": "Mr. Ali (Niger): The drones watch  the border."}],
     "short": "The drones"},
    {"speech": "b", "question": "How large is the budget?",
     "answerable": False, "gold": [], "short": None},
    {"speech": "c", "question": "What do drones need?", "answerable": True,
     "gold": [{"text": "Drones need a mandate."}, {"text": "Drones need a budget."}],
     "short": "a mandate"},
]  # fmt: skip


def test_groups_from_speeches(toy_library: Library, tmp_path: Path) -> None:
    groups = list(mining.from_speeches(toy_library, QUESTIONS, lambda name: name == "c"))
    assert [group.question for group in groups] == [
        "What watches the border?", "How large is the budget?"
    ]  # fmt: skip
    answered, unanswered = groups
    (positive,) = answered.positives
    assert positive.text == "We sent drones. The drones watch the border."
    assert positive.context == "Mr. Ali (Niger), 2016, The situation in Mali"
    assert [positive.sentence(n) for n in positive.evidence] == ["The drones watch the border."]
    assert positive.short is not None
    assert positive.short.of(positive.text) == "The drones"
    assert [r.text for r in answered.near] == ["Women lead our police. We thank you."]
    assert unanswered.positives == ()
    assert {r.text for r in unanswered.near} == {"The budget is small.", "We thank you."}
    texts = {r.text for group in groups for r in group.far}
    assert not any("mandate" in text for text in texts)  # of the speech kept for judging

    assert write_groups(groups, tmp_path / "groups.jsonl") == 2
    assert read_groups(tmp_path / "groups.jsonl") == groups


def test_all_gold_sentences_are_evidence(toy_library: Library) -> None:
    (group,) = mining.from_speeches(toy_library, QUESTIONS[2:], lambda name: False)
    assert group.positives[0].evidence == (0, 1)


def test_gold_may_be_given_by_its_place(toy_library: Library) -> None:
    text = toy_library.speeches["a"].text
    start = text.index("Women")
    record = {
        "speech": "a", "question": "Who leads?", "answerable": True, "short": "Women",
        "gold": [{"start": start, "end": start + len("Women lead our police.")}],
    }  # fmt: skip
    (group,) = mining.from_speeches(toy_library, [record], lambda name: False)
    (positive,) = group.positives
    assert [positive.sentence(n) for n in positive.evidence] == ["Women lead our police."]


def test_groups_from_paragraphs(tmp_path: Path) -> None:
    long = "The town is old. " * 40 + "The river floods in May. " + "The hills are green. " * 40
    records = [
        {"source": "x", "question": "When does the river flood?", "context": long,
         "answer": " in May", "start": long.index(" in May")},
        {"source": "x", "question": "Who built the river wall?", "context": "The river rose.",
         "answer": None, "start": None},
        {"source": "x", "question": "Is the flood deep?", "context": "A river may flood a town.",
         "answer": None, "start": None},
        {"source": "y", "question": "Left out?", "context": "Yes.", "answer": "Yes", "start": 0},
    ]  # fmt: skip
    path = tmp_path / "paragraphs.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    first, second, _ = paragraphs.from_paragraphs(path, random.Random(1), {"x"})
    (positive,) = first.positives
    assert len(positive.text.split()) <= 100
    assert [positive.sentence(n) for n in positive.evidence] == ["The river floods in May."]
    assert positive.short is not None
    assert positive.short.of(positive.text) == "in May"
    assert len(first.far) == 1  # the paragraph most alike may answer, too
    assert first.far[0].text in ("The river rose.", "A river may flood a town.")
    assert (second.positives, [r.text for r in second.near]) == ((), ["The river rose."])


@pytest.mark.parametrize("negatives", [1, 3, 6])
def test_drawn_negatives(negatives: int) -> None:
    near = tuple(row(f"Near {n}.") for n in range(2))
    far = tuple(row(f"Far {n}.") for n in range(9))
    group = Group("Who?", (row("Here.", (0,)),), near, far)
    drawn = group.drawn(negatives, random.Random(1))
    assert len(drawn) == 1 + negatives
    assert drawn[0] == (group.positives[0], True)
    assert all(checked == r.text.startswith("Near") for r, checked in drawn[1:])
    assert len({r.text for r, _ in drawn}) == len(drawn)
    unanswerable = replace(group, positives=()).drawn(negatives, random.Random(1))
    assert unanswerable[0] == (near[0], True)
    assert [r for r, _ in unanswerable[1:]] == [near[1]][: negatives - 1]


def outcome(signal: float, right: bool, answerable: bool = True) -> Outcome:
    speech = Speech("a", "a.txt", "", read_text("Drones watch the border.", 0))
    parts = (("passage answers", 1 / (1 + np.exp(-signal))), ("meaning too near chance", 0.0))
    quote = Citation(speech, 1, Span(0, 24))
    found = Finding("a#1.1", quote, 0.5, "weak", parts=parts)
    answer = Answer("?", "?", True, 0.5, "weak", (found,), (), Searched(1, 1, Filters()))
    gold = Gold("a.txt", quote.quote if right else "Somebody else said so.", None)
    return Outcome(Judged("q", "?", "other", (gold,) if answerable else (), Filters()), answer, 0)


def test_calibrating() -> None:
    chance = np.random.default_rng(1)
    outcomes = []
    for signal in chance.normal(0, 2, 3000):
        right = bool(chance.random() < 1 / (1 + np.exp(-1.5 * signal)))
        answerable = right or bool(chance.random() < 0.3)
        outcomes.append(outcome(float(signal), right, answerable))
    calibration = calibrate.fit(outcomes, "toy")
    for signal in (-1.0, 0.0, 1.0):
        told = calibration.probability({"passage answers": signal, "meaning too near chance": 0.0})
        assert told == pytest.approx(1 / (1 + np.exp(-1.5 * signal)), abs=0.05)
    assert calibration.moderate < calibration.strong < 1
    called = [
        o.right_within(1)
        for o in outcomes
        if calibration.strength(calibration.probability(calibrate.signals_of(o))) == "strong"
    ]
    assert np.mean(called) == pytest.approx(calibrate.STRONG, abs=0.02)


def test_nothing_is_called_strong_that_no_signal_earns() -> None:
    chance = np.random.default_rng(2)
    outcomes = [outcome(float(s), bool(chance.random() < 0.2)) for s in chance.normal(0, 1, 500)]
    calibration = calibrate.fit(outcomes, "toy")
    assert (calibration.moderate, calibration.strong) == (1.0, 1.0)


def test_questions_are_asked_of_everything_and_of_one_item(
    toy_library: Library, tmp_path: Path
) -> None:
    records = [
        {"id": speech, "split": split, "speech": speech, "question": "Who?", "answerable": False}
        for speech, split in (("a", "valid"), ("b", "train"), ("elsewhere", "valid"))
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    asked = calibrate.questions(path, "valid", toy_library)
    assert [(one.id, one.filters) for one in asked] == [
        ("a", Filters()),
        ("a", Filters(topic="The situation in Mali")),
    ]


def claim_outcome(verdict: str, got: Verdict, score: float) -> ClaimOutcome:
    judged = JudgedClaim("1", "They came.", verdict, (), Filters())
    return ClaimOutcome(
        judged, CheckedClaim("", got, score, (), Searched(1, 1, Filters())), seconds=0
    )


def test_a_stance_is_told_where_nine_in_ten_are_right() -> None:
    chance = np.random.default_rng(3)
    outcomes = [
        claim_outcome(got if chance.random() < score else "not_addressed", got, float(score))
        for got in ("supported", "contradicted")
        for score in chance.uniform(0.3, 1, 2000)
    ]
    fitted = calibrate.fit_stance(outcomes)
    for threshold in (fitted.supports, fitted.contradicts):
        assert threshold == pytest.approx(0.8, abs=0.06)  # from there on 0.9 on average
    hopeless = [claim_outcome("not_addressed", "supported", s / 100) for s in range(100)]
    assert calibrate.fit_stance([*hopeless, *outcomes[2000:]]).supports == 1.0


def test_claims_are_checked_against_their_own_delegation(
    toy_library: Library, tmp_path: Path
) -> None:
    records = [
        {"claim": "They came.", "label": "supported", "evidence": [], "split": split, "speech": of}
        for split, of in (("valid", "a"), ("train", "b"), ("valid", "elsewhere"))
    ]
    path = tmp_path / "claims.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    (claim,) = calibrate.claims(path, "valid", toy_library)
    assert claim.filters == Filters(country="Niger")


def test_what_is_left_without_the_evidence() -> None:
    full = row(
        "We sent the drones last year.|They watch.|We thank you all for your patience.", (1,)
    )
    rest = full.without_evidence()
    assert rest is not None
    assert rest.text == "We sent the drones last year. We thank you all for your patience."
    assert [rest.sentence(n) for n in range(2)] == [full.sentence(0), full.sentence(2)]
    assert (rest.evidence, rest.short, rest.context) == ((), None, full.context)
    assert row("They watch the border.|We thank you.", (0,)).without_evidence() is None


def test_what_is_left_is_drawn_half_the_time() -> None:
    full = row(
        "We sent the drones last year.|They watch.|We thank you all for your patience.", (1,)
    )
    group = Group("What do they do?", (full,), near=(row("They left."),))
    rest = full.without_evidence()
    drawn = [group.drawn(1, random.Random(n))[1] for n in range(200)]
    assert {checked for _, checked in drawn} == {True}
    assert 70 < sum(other == rest for other, _ in drawn) < 130


def test_questions_from_elsewhere_come_with_what_search_finds(toy_library: Library) -> None:
    (group,) = mining.from_elsewhere(toy_library, ["Who sells drones?"], lambda name: name == "c")
    assert (group.question, group.positives) == ("Who sells drones?", ())
    assert group.near[0].text.startswith("We sent drones.")
    assert not any("mandate" in row.text for row in group.near)


def test_questions_on_topics(toy_library: Library, tmp_path: Path) -> None:
    path = tmp_path / "topics.tsv"
    path.write_text("flying robots|UAVs\tdrones?\n", "utf-8")
    groups = list(variations.from_topics(toy_library, lambda n: n == "c", random.Random(1), path))
    named = [group for group in groups if group.positives]
    (without,) = [group for group in groups if not group.positives]
    assert named
    for group in groups:
        assert ("flying robots" in group.question) != ("UAVs" in group.question)
    for group in named:
        for one in group.positives:
            assert all("drone" in one.sentence(place).lower() for place in one.evidence)
        assert not any("drone" in one.text.lower() for one in group.near)
    assert without.near
    assert not any("drone" in one.text.lower() for one in without.near)


@pytest.mark.parametrize(
    ("question", "changed"),
    [
        ("What does France want in the Council?", r"What does (?!France)[A-Z][\w ]+ want in the"),
        ("What did Moscow say?", r"What did (?!Moscow)[A-Z]\w+(?: \w+)? say\?"),
        ("What happened in 2014?", r"What happened in (?!2014)20[012]\d\?"),
        ("Did 1,200 people flee?", r"Did (?!1,200)[1-9],[1-9]00 people flee\?"),
        ("Did imports rise?", "Did imports fall\\?"),
    ],
)
def test_a_swapped_question_has_no_answer(question: str, changed: str) -> None:
    group = Group(question, (row("France and Moscow did, in 2014.", (0,)),), (row("We left."),))
    (made,) = variations.swapped([group], random.Random(3))
    assert re.match(changed, made.question)
    assert made.positives == made.far == ()
    assert [(r.text, r.evidence) for r in made.near] == [
        ("France and Moscow did, in 2014.", ()), ("We left.", ())
    ]  # fmt: skip


def test_nothing_to_swap() -> None:
    assert not list(variations.swapped([colours()[0]], random.Random(1)))


def test_what_is_kept_for_judging() -> None:
    records = [{"speech": "a", "split": "train"}, {"speech": "b", "split": "valid"}]
    assert mining.kept_for_judging(records, ["c"], iter(["d"])) == {"b", "c", "d"}


def test_nothing_was_trained_on_what_is_judged() -> None:
    """Beside the shared data, which the repository does not need."""
    shared = Path(os.environ.get("RAPPORTEUR_SHARED") or ROOT.parent / "shared") / "data/training"
    if not shared.is_dir():
        pytest.skip(f"no {shared}; set RAPPORTEUR_SHARED to the folder of the shared data")
    given = list(read_records(shared / "unsc_questions.jsonl.gz"))
    reserved = (shared / "reserved_speeches.txt").read_text("utf-8").split()
    kept = mining.kept_for_judging(given, reserved, (p.stem for p in (ROOT / "seeds").iterdir()))
    for path, count in ((WRITTEN, 2240), (WRITTEN_CLAIMS, 11264)):
        written = list(read_records(path))
        assert len(written) == count
        assert not kept & {record["speech"] for record in written}


def test_a_run_of_other_settings_is_not_taken_for_this_one(
    tiny: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    def run(stage: loop.Stage) -> None:
        torch.manual_seed(0)
        loop.train(ReaderNetwork(tiny), Reading(tokenizer), colours()[:10], tmp_path, stage)

    run(replace(STAGE, epochs=1))
    with pytest.raises(loop.TrainingError, match=r"remove it to train again$"):
        run(replace(STAGE, epochs=2))


def test_a_far_gold_passage_is_still_compared_with(tmp_path: Path, read_texts, toy_export) -> None:
    """The negatives from other speeches are less near than the answer, wherever it ranks."""
    nearer = [f"Drones number {n} need a budget." for n in range(9)]
    files = {"a.txt": "\n\n".join([*nearer, "We thank you."]), "b.txt": "Drones fly."}
    build(tmp_path / "library", read_texts(files).speeches, toy_export)
    record = {
        "speech": "a", "question": "What of drones and a budget?", "answerable": True,
        "gold": [{"text": "We thank you."}], "short": "thank",
    }  # fmt: skip
    library = Library.open(tmp_path / "library")
    (group,) = mining.from_speeches(library, [record], lambda name: False)
    assert [row.text for row in group.positives] == ["We thank you."]
    assert len(group.near) == 5
    assert group.far == ()
