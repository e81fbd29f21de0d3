"""Claims on the toy library, with a toy model of stance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tokenizers import Tokenizer

from assistant.claims import CheckedClaim, ClaimChecker, StanceCalibration, overall
from assistant.cross_encoder import CrossEncoder, Output, ReaderInput, prepare
from assistant.errors import ModelError, QuestionError
from assistant.filters import Filters
from assistant.library import Library
from assistant.reader import reader_input
from assistant.stance import StanceModel, Stances
from embeddings.export import pretrained_path
from embeddings.lexical import STOP_WORDS
from ui.contract import claim_record
from ui.wording import verdict

CALIBRATION = StanceCalibration(similarity=1, surroundings=0.5, supports=0.8, contradicts=0.7)


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower())) - STOP_WORDS - {"said", "says", "speaker"}


class ToyStance:
    """Supports with every word of the claim in a sentence, contradicts where "not" differs."""

    def judge(self, claim: str, reads: Sequence[ReaderInput]) -> list[Stances]:
        return [self._judge(claim, read) for read in reads]

    def _judge(self, claim: str, read: ReaderInput) -> Stances:
        names = words(read.context)
        rows = []
        for span in read.sentences:
            sentence = span.of(read.text)
            wanted = words(claim.replace(" not ", " ")) - names
            share = len(wanted & words(sentence)) / max(1, len(wanted))
            against = (" not " in claim) != (" not " in sentence)
            bears = 0.95 * share
            rows.append([1 - bears, 0.0, bears] if against else [1 - bears, bears, 0.0])
        return Stances(np.array(rows[0], np.float32), np.array(rows, np.float32))


@pytest.fixture
def checker(toy_library: Library) -> ClaimChecker:
    return ClaimChecker(toy_library, ToyStance(), CALIBRATION)


def one(checker: ClaimChecker, claim: str, filters: Filters | None = None) -> CheckedClaim:
    (checked,) = checker.check(claim, filters)
    return checked


def test_a_claim_that_is_borne_out(checker: ClaimChecker) -> None:
    checked = one(checker, "Drones need a mandate.")
    assert checked.verdict == "supported"
    first = checked.evidence[0]
    assert (first.stance, first.citation.quote) == ("supports", "Drones need a mandate.")
    assert checked.score == first.score
    assert verdict(checked) == "Supported by what Mr. Cho said in 2017."
    assert {other.stance for other in checked.evidence[1:]} == {"related"}


def test_a_claim_that_is_spoken_against(checker: ClaimChecker) -> None:
    checked = one(checker, "Drones do not need a mandate.")
    assert (checked.verdict, checked.evidence[0].stance) == ("contradicted", "contradicts")
    assert verdict(checked) == "Contradicted by what Mr. Cho said in 2017."


def test_a_claim_that_nothing_addresses_still_shows_what_is_near(checker: ClaimChecker) -> None:
    checked = one(checker, "The police buy drones for the elections.")
    assert checked.verdict == "not_addressed"
    assert checked.evidence
    assert (
        verdict(checked) == "No statement in these 3 speeches clearly supports or contradicts this."
    )
    assert 0 < checked.score < 1


def test_a_number_that_the_record_lacks_is_never_supported(checker: ClaimChecker) -> None:
    checked = one(checker, "The 40 drones watch the border.")
    assert checked.verdict == "not_addressed"
    near = next(e for e in checked.evidence if "watch" in e.citation.quote)
    assert (near.stance, near.missing) == ("related", ("40",))


def test_a_name_that_the_record_lacks_is_told_and_is_no_bar(toy_library: Library) -> None:
    checker = ClaimChecker(toy_library, ToyStance(), replace(CALIBRATION, supports=0.7))
    checked = one(checker, "The drones watch the Chad border.")
    assert checked.verdict == "supported"
    assert checked.evidence[0].missing == ("Chad",)


def test_what_another_speaker_said_is_told_to_be_his(checker: ClaimChecker) -> None:
    checked = one(checker, "Mr. Ali said that drones need a mandate.")
    assert (checked.verdict, checked.named, checked.said_by_other) == ("contradicted", "Ali", True)
    assert verdict(checked) == (
        "That is what Mr. Cho said in 2017. Nothing like it was found in what Ali said."
    )
    assert one(checker, "Mr. Cho said that drones need a mandate.").verdict == "supported"


def test_a_delegation_may_have_said_so_elsewhere(checker: ClaimChecker) -> None:
    checked = one(checker, "Nigeria says that drones need a mandate.")
    assert (checked.verdict, checked.said_by_other) == ("not_addressed", True)
    assert verdict(checked) == (
        "Not found in what Nigeria said here. It is what Mr. Cho said in 2017."
    )


def test_filters_are_kept(checker: ClaimChecker) -> None:
    checked = one(checker, "Drones need a mandate.", Filters(country="Niger"))
    assert checked.verdict == "not_addressed"
    assert {e.citation.speech.country for e in checked.evidence} == {"Niger"}
    none = one(checker, "Drones need a mandate.", Filters(since="2020"))
    assert (none.verdict, none.evidence, none.searched.speeches) == ("not_addressed", (), 0)
    assert verdict(none) == "No speech matches these filters."


def test_every_sentence_is_a_claim(checker: ClaimChecker) -> None:
    text = "Drones need a mandate. Drones do not need a budget."
    checked = checker.check(text)
    assert [c.verdict for c in checked] == ["supported", "contradicted"]
    assert overall(checked) is checked[1]
    record = claim_record(text, checked, "x")
    assert (record["id"], record["verdict"]) == ("x", "contradicted")
    assert [c["verdict"] for c in record["claims"]] == ["supported", "contradicted"]
    assert record["evidence"] == record["claims"][1]["evidence"]


def test_the_same_words_keep_each_of_their_speakers(checker: ClaimChecker) -> None:
    evidence = one(checker, "We thank you.").evidence
    who = [e.citation.speech.speaker for e in evidence if e.citation.quote == "We thank you."]
    assert sorted(who) == ["Mr. Ali", "Ms. Bo"]


def test_nobody_is_told_not_to_have_said_what_he_said(toy_library: Library) -> None:
    class Nameless(ToyStance):
        """Is thrown by a name, and sure without it."""

        def judge(self, claim: str, reads: Sequence[ReaderInput]) -> list[Stances]:
            return super().judge(claim if "The speaker" in claim else "nothing", reads)

    checked = one(
        ClaimChecker(toy_library, Nameless(), CALIBRATION), "Mr. Cho said drones need a mandate."
    )
    assert (checked.verdict, checked.said_by_other) == ("not_addressed", False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        (" … ", "empty"),
        ("drones " * 5000, "34,999 characters"),
        ("drones\0mandate", "not text"),
        ("drones \ud800", "Unicode"),
        ("Казахстан поддерживает миротворцев", "no word of the claim"),
        ("Drones need a mandate. " * 21, "21 sentences"),
    ],
)
def test_bad_input_is_one_clear_line(checker: ClaimChecker, text: str, told: str) -> None:
    with pytest.raises(QuestionError, match=told) as caught:
        checker.check(text)
    assert "\n" not in str(caught.value)


def test_stances_of_sentences_are_shares(toy_library: Library) -> None:
    class Fixed(CrossEncoder):
        def __init__(self) -> None:
            pass

        def outputs(self, question: str, reads: Sequence[ReaderInput]) -> list[Output]:
            tokenizer = Tokenizer.from_file(str(pretrained_path() / "tokenizer.json"))
            made = []
            for read in reads:
                prepared = prepare(tokenizer, question, read)
                tokens = np.zeros((len(prepared.ids), 3), np.float32)
                first, last = prepared.sentences[1]
                tokens[first:last, 2] = 3.0
                made.append(Output(prepared, tokens, np.array([0.0, 1.0, 0.0], np.float32)))
            return made

    speech = toy_library.speeches["c"]
    passage = next(p for p in toy_library.passages if p.speech == "c")
    (stances,) = StanceModel(Fixed()).judge("drones", [reader_input(speech, passage)])
    assert stances.sentences.sum(axis=1) == pytest.approx(1)
    assert stances.passage.argmax() == 1
    assert [int(row.argmax()) for row in stances.sentences] == [1, 2]
    assert stances.bearing(1) > stances.bearing(0)


def test_a_calibration_is_read_back(tmp_path) -> None:
    CALIBRATION.save(tmp_path)
    assert StanceCalibration.load(tmp_path) == CALIBRATION
    with pytest.raises(ModelError, match="cannot be read"):
        StanceCalibration.load(tmp_path / "elsewhere")
