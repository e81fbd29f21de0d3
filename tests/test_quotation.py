"""Quotations: what is called exact, what is not, and how it is told."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assistant.builder import build
from assistant.corpus import Corpus, read_corpus
from assistant.errors import FilterError, QuestionError
from assistant.filters import Filters
from assistant.library import Library
from assistant.quotation.alignment import Change
from assistant.quotation.checked import LONGEST_QUOTATION, CheckedQuotation
from assistant.quotation.quotations import Quotations
from assistant.quotation.words import Words, folded
from embeddings.encoder import OnnxEncoder
from embeddings.shipped import place_encoder
from tests.conftest import TOY_TEXTS, Exactness, WriteTexts
from ui.cli import main

ALI = """Mr. Ali (Niger): The non-aligned countries of the region now support ofthe plan without
delay. They help us build an apolitical service. In 2.5 per cent of cases illegal arms were found.

We will not, under any circumstances, support the resolution. We will support those who keep
peace and stability in the long run, and we welcome it. The troop-contributing countries paid
$1,325 in May. The protection of civilian lifc is a duty of all of us here. Consultations were
informal and open to five. We cannot agree to it, for the region is not able to pay.

The Council, which has not met since May, must act at once. Temperatures of -5 degrees kill the
harvest. We welcome peace-keeping and sign the accord with the U.N. in Geneva today. The Treaty
on Non-Proliferation must hold. The area grew by 10\u00b2 miles. Will the Council act?

In Syria, we will not act, and in Iraq, we will act together with our partners. In Mali we
will not stay. In Chad we will stay there. The Treaty we re-sign today is open to all.
"""
BO = """Ms. Bo (France) (spoke in French): Human life must be saved. A life is a life, and life
goes on. We thank the Council for the long work on the protection of civilian life. It is
legal to do so.
We help ourselves, and we will support those who keep peace and stability in the long run.
The Coté is high in the north of the country.
"""
NAMELESS = "Water is scarce in the highlands, and the herds move south.\n"
METADATA = """filename,symbol,date,topic
a.txt,S/PV.1,2016-05-31,The situation in Mali
b.txt,S/PV.2,2018-06,Peacekeeping
"""


@pytest.fixture(scope="module")
def quotations(tmp_path_factory: pytest.TempPathFactory) -> Quotations:
    """Two speeches, made so that a careless comparison goes wrong, and one without a header."""
    folder = tmp_path_factory.mktemp("quotations")
    texts = {"a.txt": ALI, "b.txt": BO, "c.txt": NAMELESS, "speeches.csv": METADATA}
    (folder / "texts").mkdir()
    for name, text in texts.items():
        (folder / "texts" / name).write_text(text, "utf-8")
    build(folder / "library", read_corpus([folder / "texts"]).speeches, place_encoder)
    return Quotations(Library.open(folder / "library"))


@pytest.fixture(scope="module")
def seeds_quotations(library: Library) -> Quotations:
    return Quotations(library)


@pytest.mark.parametrize(
    "quotation",
    [
        "non-aligned countries of the region now support",
        "support ofthe plan without delay",
        "“They help us build an apolitical service.”",
        "'They  help us\nbuild an apolitical service,'",
        "2.5 per cent of cases",
        "illegal arms were found. We will not, under any circumstances",  # across paragraphs
        "support the resolution",
        "paid $1,325 in May",
        "the long run",
    ],
)
def test_exact(quotations: Quotations, quotation: str) -> None:
    assert quotations.check(quotation).verdict == "exact"


@pytest.mark.parametrize(
    "quotation",
    [
        "they help us build an apolitical service",
        "THEY HELP US BUILD AN APOLITICAL SERVICE",
        "non aligned countries of the region now support",
        "non‑aligned countries of the region now support",
        "now support of the plan without delay",
        "troop- contributing countries paid $1,325 in May",
        "troopcontributing countries paid $1325 in May",
        "Temperatures of \u22125 degrees kill the harvest",
        "we welcome peacekeeping and sign the accord with the UN in Geneva",
        "We can not agree to it",
        "Consultations were informal and open to ﬁve",
        "The Cote\u0301 is high",
        "The Cote is high in the north",
        "We will not … support the resolution",
        "The Council … must act at once",  # the "not" left out is in a clause of its own
        "Temperatures of -5 degrees [...] the harvest",
        "… We will support those who keep peace (...) in the long run …",
        "[They] will support those who keep peace and stability",
        "[W]e will support those who [sic] keep peace",
        "The Treaty on … must hold",
        "protection of civilian life is a duty",
    ],
)
def test_typographic(quotations: Quotations, quotation: str) -> None:
    assert quotations.check(quotation).verdict == "typographic"


@pytest.mark.parametrize(
    ("quotation", "change"),
    [
        ("aligned countries of the region now support", ("negation", "non", "")),
        ("They help US build an apolitical service", ("name", "us", "US")),
        ("They help us build a political service", ("negation", "an apolitical", "a political")),
        ("In 25 per cent of cases illegal arms were found", ("number", "2.5", "25")),
        ("5 per cent of cases illegal arms were found", ("number", "2.5", "5")),
        ("legal arms were found", ("negation", "illegal", "legal")),
        ("We will … support the resolution", ("negation", "not under any circumstances", "")),
        ("We will [not] support those who keep peace", ("negation", "", "not")),
        ("[Not] we will support those who keep peace", ("negation", "", "Not")),
        ("In Syria … we will act together with our partners", None),
        ("In Mali … we will stay there", ("negation", "not stay In Chad we will", "")),
        ("The Treaty we resign today is open to all", None),
        ("[Five] countries paid $1,325 in May", ("number", "contributing", "Five")),
        ("troop-contributing countries paid $1.325 in May", ("number", "1,325", "1.325")),
        ("troop-contributing countries paid 1,325 in May", ("number", "$", "")),
        ("Consultations were in formal and open to five", ("negation", "informal", "in formal")),
        ("for the region is notable to pay", ("negation", "not able", "notable")),
        ("Temperatures of 5 degrees kill the harvest", ("number", "-5", "5")),
        ("The area grew by 102 miles", ("number", "10²", "102")),
        ("It is illegal to do so. We help ourselves", ("negation", "legal", "illegal")),
        ("The protection of civilian life was a duty of all of us here", None),
        ("We must support those who keep peace and stability", ("modal", "will", "must")),
        ("Human life never must be saved", ("negation", "", "never")),
        ("Proliferation must hold. The area grew", ("negation", "Non", "")),
        ("the accord with the U.N. in Paris today", ("name", "Geneva", "Paris")),
    ],
)
def test_altered(
    quotations: Quotations, quotation: str, change: tuple[str, str, str] | None
) -> None:
    check = quotations.check(quotation)
    assert check.verdict == "altered"
    assert change is None or Change(*change) in check.changes  # type: ignore[arg-type]


def test_the_edits_lead_from_the_record_to_the_quotation(quotations: Quotations) -> None:
    check = quotations.check("“In 25 per cent of some cases arms were found.”")
    assert [(edit.kind, check.words(edit)) for edit in check.edits] == [
        ("keep", "In"),
        ("delete", "2.5"),
        ("insert", "25"),
        ("keep", "per cent of"),
        ("insert", "some"),
        ("keep", "cases"),
        ("delete", "illegal"),
        ("keep", "arms were found"),
    ]
    given = [edit.quoted.of(check.quotation) for edit in check.edits if edit.quoted]
    assert " ".join(given) == "In 25 per cent of some cases arms were found"


@pytest.mark.parametrize(
    "quotation",
    [
        "Наша делегация поддерживает мандат миссии",
        "Nous remercions le Conseil de sécurité",
        "Nobody had foreseen how quickly the vaccine would lose its effect",
        "harvest Geneva kill degrees peace the of run long stability act once",
    ],
)
def test_absent(quotations: Quotations, quotation: str) -> None:
    check = quotations.check(quotation)
    assert (check.verdict, check.sources) == ("absent", ())


def test_partial_shows_which_part_was_found(quotations: Quotations) -> None:
    true = "Consultations were informal and open to five. We cannot agree to it"
    check = quotations.check(f"{true}; nobody in the whole wide world has ever thanked them.")
    assert check.verdict == "partial"
    found, missing = check.parts
    assert found.span.of(check.quotation) == true
    assert found.citation is not None
    assert found.citation.quote == true
    assert missing.citation is None
    assert missing.span.of(check.quotation).startswith("nobody in")


def test_words_of_two_speeches_as_one_quotation_are_partial(quotations: Quotations) -> None:
    first = "The troop-contributing countries paid $1,325 in May."
    second = "We thank the Council for the long work on the protection of civilian life."
    check = quotations.check(f"{first} {second}")
    assert check.verdict == "partial"
    assert [source.speech.id for source in check.sources] == ["a", "b"]
    assert all(part.citation for part in check.parts)
    assert "All of these words were said, but not on end in one place." in check.notes


@pytest.mark.parametrize(
    ("speaker", "verdict"),
    [
        ("Mr. Ali", "exact"),
        ("ali", "exact"),
        ("Niger", "exact"),
        ("the representative of Niger", "exact"),
        ("Mr. Ali (Niger)", "exact"),
        ("Ibrahim Ali", "exact"),
        ("Mr. Ali (France)", "misattributed"),
        ("Ms. Bo", "misattributed"),
        ("France", "misattributed"),
        ("Brazil", "misattributed"),
        ("  ", "exact"),
    ],
)
def test_speaker(quotations: Quotations, speaker: str, verdict: str) -> None:
    check = quotations.check("The non-aligned countries of the region", speaker)
    assert (check.verdict, check.standing) == (verdict, "exact")
    assert check.sources[0].speech.byline == "Mr. Ali (Niger)"


@pytest.mark.parametrize(
    ("filters", "verdict"),
    [
        ({"since": "2016", "until": "2016"}, "exact"),
        ({"since": "2017"}, "misattributed"),
        ({"symbol": "1"}, "exact"),
        ({"symbol": "2"}, "misattributed"),
        ({"country": "France"}, "misattributed"),
        ({"speaker": "Bo"}, "misattributed"),
    ],
)
def test_filters(quotations: Quotations, filters: dict[str, str], verdict: str) -> None:
    check = quotations.check("The non-aligned countries of the region", filters=Filters(**filters))
    assert check.verdict == verdict


def test_a_record_that_names_nobody_accuses_nobody(quotations: Quotations) -> None:
    check = quotations.check("Water is scarce in the highlands", "Mr. Ali")
    assert check.verdict == "exact"
    assert check.sources[0].fits is None
    assert check.notes == ("The record does not tell who spoke: Speaker unknown, c.txt.",)


def test_the_same_words_in_two_speeches(quotations: Quotations) -> None:
    words = "will support those who keep peace and stability in the long run"
    assert [s.speech.id for s in quotations.check(words).sources] == ["a", "b"]
    both = quotations.check(words, "Ms. Bo")
    assert (both.verdict, [s.speech.id for s in both.sources]) == ("exact", ["b", "a"])


def test_altered_words_of_somebody_else(quotations: Quotations) -> None:
    check = quotations.check("In 25 per cent of cases illegal arms were found", "France")
    assert check.verdict == "altered"
    assert (
        check.notes[0]
        == "The record's words are from Mr. Ali (Niger), S/PV.1, 31 May 2016; not: France."
    )


def test_pasted_with_the_speakers_name(quotations: Quotations) -> None:
    words = "Human life must be saved."
    assert quotations.check(f"Ms. Bo (France) (spoke in French): {words}").verdict == "exact"
    check = quotations.check(f"Mr. Ali: {words}")
    assert check.verdict == "misattributed"
    assert check.notes[0] == "“Mr. Ali:” was taken for who spoke, not for words of the quotation."
    # No name, but words of the quotation.
    assert quotations.check(f"Mr. Ali did not say: {words}").verdict == "absent"


@pytest.mark.parametrize(
    ("quotation", "note"),
    [
        ("Human life must be saved", "It was delivered in French; the words are those of the "
         "interpretation."),
        ("protection of civilian life is a duty", "The record prints “lifc”, which was taken for a "
         "slip of “life”."),
        ("able to pay", "The record has “not” just before these words."),
        ("will the Council act.", "The record and the quotation differ in a question mark."),
        ("We will not … support the resolution", "Left out where the quotation marks it: "
         "“under any circumstances”."),
    ],
)  # fmt: skip
def test_notes(quotations: Quotations, quotation: str, note: str) -> None:
    assert note in quotations.check(quotation).notes


@pytest.mark.parametrize(
    ("quotation", "reason"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("… — …", "is empty"),
        ("of peace", "is too short"),
        ("of the and", "is too short"),
        ("PK\x03\x04\x00 words of it", "is not text"),
        ("\udcff words of it here", "not proper Unicode"),
        ("peace " * LONGEST_QUOTATION, "has 30,000 characters"),
    ],
)
def test_what_cannot_be_checked(quotations: Quotations, quotation: str, reason: str) -> None:
    with pytest.raises(QuestionError, match=reason) as raised:
        quotations.check(quotation)
    assert "\n" not in str(raised.value)


def test_a_speaker_that_is_no_name(quotations: Quotations) -> None:
    with pytest.raises(FilterError, match="speaker: '…' has no letter"):
        quotations.check("Human life must be saved", "…")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Don’t pay 1,325 or 1.325", ["don't", "pay", "1325", "or", "1.325"]),
        ("2017–2018, -5 and 5-year", ["2017-2018", "-5", "and", "5", "year"]),
        ("co\u00f4te co\u0302te ﬁnd | we_go", ["coote", "cote", "find", "i", "we", "go"]),
        ("US$5, 10² and/or 5%", ["us", "$", "5", "10²", "and", "/", "or", "5", "%"]),
    ],
)
def test_words(text: str, keys: list[str]) -> None:
    assert list(Words.of(text).keys) == keys


# Real sentences


def letters(text: str) -> str:
    """All that no typography changes: how this test tells the same words, in its own way."""
    return "".join(char for char in folded("a" + text) if char.isalnum())[1:]


def real(corpus: Corpus) -> list[str]:
    """Sentences of the five seeds, as the records print them."""
    texts = [span.of(s.text) for s in corpus.speeches for span in s.reading.paragraphs]
    sentences = [part for text in texts for part in re.split(r"(?<=[.?!]) (?=[A-Z])", text)]
    return [sentence for sentence in sentences if len(sentence.split()) >= 8]


def assert_cited(check: CheckedQuotation, exact: Exactness) -> None:
    for source in check.sources:
        for citation in source.citations:
            assert citation.quote == citation.speech.text[slice(*citation.span)]
            assert citation.quote.strip() == citation.quote
            assert citation.span.end <= citation.speech.reading.paragraphs[-1].end
            first = citation.speech.reading.paragraphs[citation.paragraph - 1]
            assert first.start <= citation.span.start < first.end


def test_every_sentence_of_the_seeds_is_exact(
    seeds_quotations: Quotations, seed_speeches: Corpus, exact: Exactness
) -> None:
    for sentence in real(seed_speeches):
        check = seeds_quotations.check(sentence)
        assert check.verdict == "exact", sentence
        assert_cited(check, exact)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), edits=st.integers(1, 3))
def test_an_edited_sentence_is_never_called_exact_or_typographic(
    seeds_quotations: Quotations, seed_speeches: Corpus, exact: Exactness, seed: int, edits: int
) -> None:
    rng = random.Random(seed)
    sentences = real(seed_speeches)
    words = rng.choice(sentences).split(" ")
    others = " ".join(sentences).split(" ")
    for _ in range(edits):
        at = rng.randrange(len(words))
        how = rng.choice(("substitute", "insert", "delete", "swap", "letter", "negate"))
        if how == "delete":
            del words[at]
        elif how == "swap":
            words[at], words[at - 1] = words[at - 1], words[at]
        elif how == "letter":
            place = rng.randrange(len(words[at]))
            words[at] = words[at][:place] + rng.choice("abcdenotu5") + words[at][place + 1 :]
        elif how == "negate":
            words.insert(at, rng.choice(("not", "never", "no")))
        else:
            words[at : at + (how == "substitute")] = [rng.choice(others)]
    edited = " ".join(words)
    texts = [letters(speech.text) for speech in seed_speeches.speeches]
    assume(not any(letters(edited) in text for text in texts))
    check = seeds_quotations.check(edited)
    assert check.standing in ("altered", "partial", "absent"), (edited, check.notes)
    assert_cited(check, exact)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_what_is_called_exact_stands_there_letter_by_letter(
    seeds_quotations: Quotations, seed_speeches: Corpus, seed: int
) -> None:
    """Slices of records that begin and end anywhere, in the middle of words too."""
    rng = random.Random(seed)
    text = rng.choice(seed_speeches.speeches).text
    start = rng.randrange(len(text) - 60)
    cut = text[start : start + rng.randint(30, 200)]
    check = seeds_quotations.check(cut)
    whole = re.search(r"(?<!\w)" + re.escape(" ".join(cut.split()).rstrip(" .,")) + r"(?!\w)",
                      text.replace("\n", " "))  # fmt: skip
    if check.verdict == "exact":
        plain = " ".join(cut.split()).strip("\"'“”‘’ ").rstrip(".,").rstrip("\"'“”‘’ ")
        assert whole or re.match(r"\W", cut), cut
        assert plain in " ".join(check.sources[0].citation.quote.split())


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text(st.characters() | st.sampled_from("[]…(). -'"), max_size=60))
def test_any_text_is_checked_or_refused_in_one_line(quotations: Quotations, text: str) -> None:
    for quotation in (text, f"Human life {text} must be saved", f"{text} of the {text}"):
        try:
            verdict = quotations.check(quotation).verdict
        except QuestionError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert quotation != text or verdict == "absent"


def test_a_long_quotation_and_many_of_them(
    seeds_quotations: Quotations, seed_speeches: Corpus
) -> None:
    text = seed_speeches.speeches[1].text[: LONGEST_QUOTATION - 10].rsplit(" ", 1)[0]
    assert seeds_quotations.check(text).verdict == "exact"
    assert seeds_quotations.check(text.replace(" is ", " is not ", 1)).verdict == "altered"


# The command line


@pytest.fixture
def run(
    tmp_path: Path,
    read_texts: WriteTexts,
    toy_export: Callable[[Path], OnnxEncoder],
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    build(tmp_path / "library", read_texts(TOY_TEXTS).speeches, toy_export)

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(["quote", *map(str, arguments), "--library", str(tmp_path / "library")])
        return status, *capsys.readouterr()

    return call


Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["The drones watch the border."],
         "Exact: these words stand so in the record. “The drones watch the border” "
         "Mr. Ali (Niger), S/PV.1, 31 May 2016, para. 1, line 1"),
        (["the drones … border and coast"], "Absent: not in these 3 speeches."),
        (["Women never lead our police. We thank you"],
         "Altered: the record reads otherwise. “Women {+never+} lead our police. We thank you”"),
        (["Women never lead our police. We thank you"],
         "negation: “never” was put in"),
        (["The drones watch the border.", "--speaker", "Bo", "--since", "2016"],
         "Misattributed: said by Mr. Ali (Niger), S/PV.1, 31 May 2016; not: Bo · 2016."),
        (["Drones need a mandate … need a budget"],
         "But for what is marked as left out, these words stand so in the record. "
         "“Drones need a mandate … need a budget”"),
    ],
)  # fmt: skip
def test_quote_prints_verdict_and_source(run: Run, arguments: list[str], words: str) -> None:
    status, out, _ = run(*arguments)
    assert status == 0
    assert words in " ".join(out.split())


def test_quote_as_json(run: Run) -> None:
    _, out, _ = run("Women never lead our police. We thank you", "--country", "Nigeria", "--json")
    check = json.loads(out)
    keys = "quotation verdict standing sources more edits changes parts notes searched"
    assert list(check) == keys.split()
    assert (check["verdict"], check["standing"]) == ("altered", "altered")
    (source,) = check["sources"]
    assert source["quote"] == "Women lead our police. We thank you"
    assert (source["fits"], source["citation"]["start"], source["citation"]["end"]) == (
        False,
        45,
        80,
    )
    assert check["edits"] == [
        {"op": "keep", "text": "Women", "record": [45, 50], "quotation": [0, 5]},
        {"op": "insert", "text": "never", "record": None, "quotation": [6, 11]},
        {"op": "keep", "text": "lead our police. We thank you", "record": [51, 80],
         "quotation": [12, 41]},
    ]  # fmt: skip
    assert check["changes"] == [{"kind": "negation", "record": "", "quotation": "never"}]
    assert check["searched"] == {"speeches": 3, "passages": 5, "filters": {"country": "Nigeria"}}


def test_quote_in_a_batch(run: Run, tmp_path: Path) -> None:
    lines = [
        {"id": "x", "quotation": "The budget is small", "speaker": "Ms. Bo"},
        {"id": "y", "quotation": "The budget is small", "filters": {"country": "Niger"}},
        {"id": "z", "quotation": "budget"},
        {"quotation": 7},
        {"id": "u", "quotation": "The budget is small", "speaker": ["Bo"]},
        {"id": "v", "quotation": "The budget is small", "filters": {"colour": "red"}},
    ]
    given, told = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text("\n".join(map(json.dumps, lines)) + "\n{\n", "utf-8")
    status, out, err = run("--quotations", given, "--output", told)
    records = [json.loads(line) for line in told.read_text("utf-8").splitlines()]
    assert (status, out) == (1, "")
    assert [(r["id"], r["verdict"]) for r in records] == [
        ("x", "exact"), ("y", "misattributed"), ("z", None),
    ]  # fmt: skip
    assert "too short" in records[2]["error"]
    problems = [line for line in err.splitlines() if line.startswith("rapporteur: ")]
    for reason in ("no quotation", "must be a text", "colour", "too short", "not JSON"):
        assert sum(reason in line for line in problems) == 1, reason


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["budget"], 1, "rapporteur: the quotation is too short"),
        (["The budget is small", "--since", "soon"], 1, "rapporteur: since: 'soon' is not a date"),
        (["--quotations", "nowhere.jsonl"], 1, "rapporteur: nowhere.jsonl: cannot be read"),
    ],
)
def test_what_quote_cannot_do(run: Run, arguments: list[str], status: int, reason: str) -> None:
    done, out, err = run(*arguments)
    assert (done, out) == (status, "")
    assert err.startswith(reason)
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["a", "--quotations", "b"], ["a", "--output", "b"]])
def test_quote_misused(run: Run, arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(*arguments)


def test_a_batch_does_not_overwrite_its_quotations(run: Run, tmp_path: Path) -> None:
    given = tmp_path / "in.jsonl"
    given.write_text('{"quotation": "The budget is small"}\n', "utf-8")
    status, _, err = run("--quotations", given, "--output", given)
    assert (status, "another file" in err) == (1, True)
    assert given.read_text("utf-8").startswith("{")
