"""The page's HTML: what is escaped, what is marked, what is numbered."""

from __future__ import annotations

import re
from html import unescape

import pytest

from assistant.answer import Answer, Citation, Finding, Searched
from assistant.claims import CheckedClaim, Evidence, Verdict
from assistant.filters import Filters
from assistant.library import Library
from assistant.quotation.quotations import Quotations
from assistant.speech import Speech
from assistant.stance import Stance
from assistant.text import Span, read_text
from ui.page.claim import claim_turn
from ui.page.quotation import quotation_turn
from ui.page.source import Catalogue, listing, speech_html
from ui.page.turn import address, answer_turn, edition, marked, notice_turn, shown
from ui.page.welcome import examples, holdings, masthead, welcome

EVIL = "<script>alert(1)</script> & \"onmouseover=alert(1) 'x"
TEXT = f"We said {EVIL} there. We said it again.\n\nAnd a second paragraph."


def speech(id_: str = "one", text: str = TEXT, **known: str) -> Speech:
    return Speech(id_, f"{id_}.txt", "0" * 64, read_text(text), **known)


def citation(of: Speech, words: str) -> Citation:
    start = of.text.index(words)
    return Citation(of, 1, Span(start, start + len(words)))


def finding(of: Speech, words: str, **more: object) -> Finding:
    return Finding("a#1.1", citation(of, words), 0.8, "strong", **more)  # type: ignore[arg-type]


def answer(*findings: Finding, answered: bool = True, **more: object) -> Answer:
    searched = more.pop("searched", Searched(5, 49, Filters()))
    return Answer(
        question=str(more.get("question", "What?")),
        interpreted=str(more.get("interpreted", more.get("question", "What?"))),
        answered=answered,
        score=0.8,
        strength="strong" if answered else "none",
        findings=findings,
        related=() if answered else findings[:3],
        searched=searched,  # type: ignore[arg-type]
    )


def words(html: str) -> str:
    """What a reader sees of some HTML."""
    return unescape(re.sub(r"<[^>]+>", "", html))


def tags(html: str) -> set[str]:
    return set(re.findall(r"<([a-z0-9]+)", html))


def test_shown_escapes_markup_and_quotes() -> None:
    assert shown(EVIL) == (
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;onmouseover=alert(1) &#x27;x"
    )


@pytest.mark.parametrize("char", ["\x00", "\x08", "\x1b", "\x7f", "\x9f", "\ud800"])
def test_control_characters_are_shown_as_replacement(char: str) -> None:
    assert shown(f"a{char}b") == "a\ufffdb"


def test_white_space_stays() -> None:
    assert shown("a\tb\nc\x85d") == "a\tb\nc\x85d"


def test_everything_from_a_hostile_speech_is_escaped() -> None:
    hostile = speech(speaker=EVIL, country=EVIL, topic=EVIL, language=EVIL, symbol=EVIL)
    said = finding(hostile, EVIL, again=(citation(hostile, "again"),), parts=((EVIL, 0.5),))
    turn = answer_turn(answer(said, question=EVIL, interpreted="What?"), 1, 1)
    for html in (turn.html, speech_html(hostile, said.citation.span)):
        assert "script" not in tags(html)
        assert not re.search(r"<[^>]*\sonmouseover", html)
        assert EVIL in words(html)


def test_a_quote_is_the_slice_of_the_speech() -> None:
    one = speech()
    html = answer_turn(answer(finding(one, EVIL)), 1, 1).html
    quote = re.search(r'<span class="quote">(.*?)</span>', html)
    assert quote is not None
    assert words(quote[1]) == EVIL


def test_the_short_answer_is_marked_by_its_offsets_not_by_its_words() -> None:
    one = speech(text="No, no. We said no to it, no and no.")
    quote = citation(one, "We said no to it, no and no.")
    second = one.text.index("no and")
    said = Finding("a#1.1", quote, 0.8, "strong", short=Citation(one, 1, Span(second, second + 2)))
    html = answer_turn(answer(said), 1, 1).html
    assert "We said no to it, <mark>no</mark> and no." in html


def test_marks_are_clipped_to_the_span() -> None:
    assert marked("abcdef", Span(1, 5), [Span(0, 2), Span(4, 6)]) == (
        "<mark>b</mark>cd<mark>e</mark>"
    )
    assert marked("abcdef", Span(1, 5), [Span(5, 6)]) == "bcde"


def test_a_speech_marks_the_cited_span_and_numbers_its_paragraphs() -> None:
    one = speech(text="First.\n\nThe <b>second</b> one.", speaker="Mr. A", language="Russian")
    span = citation(one, "<b>second</b>").span
    html = speech_html(one, span)
    assert re.findall(r"<mark>(.*?)</mark>", html) == ["&lt;b&gt;second&lt;/b&gt;"]
    assert re.findall(r'class="number" aria-hidden="true">(\d+)', html) == ["1", "2"]
    assert "Delivered in Russian; the English wording is that of the interpreters" in html


def test_citations_are_numbered_on_through_the_conversation() -> None:
    one = speech(speaker="Mr. A", country="Chad", symbol="S/PV.1", date="2018-09-12")
    said = [finding(one, "We said", again=(citation(one, "again"),)), finding(one, "there")]
    turn = answer_turn(answer(*said), 2, 7)
    assert len(turn.citations) == 3
    assert re.findall(r'data-n="(\d+)"', turn.html) == ["7", "8", "9"]
    label = "Show citation 7: Mr. A, Chad, S/PV.1, 12 September 2018"
    assert f'aria-label="{label}">[7]</button>' in turn.html
    assert "said again in 1 other place" in turn.html


def test_the_reference_line_and_what_is_copied() -> None:
    one = speech(text="We said so.", speaker="Mr. A", country="Chad", date="2018-09")
    html = answer_turn(answer(finding(one, "We said so.")), 1, 1).html
    line = re.search(r'<p class="reference">(.*?)</p>', html)
    assert line is not None
    assert words(line[1]) == "Mr. A · Chad · September 2018 · para. 1, line 1 · strong match"
    copied = re.search(r'data-copy="(.*?)"', html)
    assert copied is not None
    assert unescape(copied[1]) == ("“We said so.” — Mr. A (Chad), September 2018, para. 1, line 1")


def test_what_is_unknown_is_left_out() -> None:
    html = answer_turn(answer(finding(speech(), "We said")), 1, 1).html
    assert "Speaker unknown" in html
    assert "one.txt" in html
    assert "None" not in html


def test_at_most_four_further_findings_are_shown_collapsed() -> None:
    one = speech(text="a b c d e f g")
    html = answer_turn(answer(*(finding(one, letter) for letter in "abcdefg")), 1, 1).html
    assert '<details class="also"><summary>Also found (4)</summary>' in html
    assert html.count("<article") == 5


def test_a_refusal_says_what_was_searched_and_shows_three_related() -> None:
    one = speech(text="a b c d")
    searched = Searched(5, 49, Filters(country="Chad", since="2017"))
    refusal = answer(
        *(finding(one, letter) for letter in "abcd"),
        answered=False,
        searched=searched,
        question=EVIL,
    )
    html = answer_turn(refusal, 1, 1).html
    seen = words(html)
    assert "The speeches do not answer this." in seen
    assert "Searched 5 speeches, 49 passages · delegation Chad · from 2017" in seen
    assert "Related, not an answer" in seen
    assert html.count("<article") == 3
    assert "strong match" not in seen
    assert f'data-widen="{shown(EVIL)}"' in html


def test_without_filters_there_is_nothing_to_widen() -> None:
    html = answer_turn(answer(answered=False), 1, 1).html
    assert "data-widen" not in html
    assert "Related" not in html


def test_filters_that_leave_no_speech_are_said_to() -> None:
    nothing = Searched(0, 0, Filters(since="2030"))
    seen = words(answer_turn(answer(answered=False, searched=nothing), 1, 1).html)
    assert "No speech matches these filters." in seen
    assert "from 2030" in seen
    assert "Search all speeches" in seen


def test_how_a_question_was_interpreted_is_said_when_it_differs() -> None:
    plain = answer(finding(speech(), "We said"), question=" What  now? ", interpreted="What now?")
    assert "Interpreted" not in answer_turn(plain, 1, 1).html
    other = answer(finding(speech(), "We said"), question="and <i>?", interpreted="What of <i>?")
    assert "Interpreted as “What of &lt;i&gt;?”" in answer_turn(other, 1, 1).html


def evidence(of: Speech, said: str, stance: Stance, missing: tuple[str, ...] = ()) -> Evidence:
    return Evidence("a#1.1", citation(of, said), stance, 0.9, missing)


def claim(verdict: Verdict, *found: Evidence, text: str = "They paid.") -> CheckedClaim:
    return CheckedClaim(text, verdict, 0.9, found, Searched(5, 49, Filters(since="2016")))


def test_a_claim_shows_verdict_and_evidence_with_stances() -> None:
    known = speech(speaker="Mr. Ali", country="Niger", date="2016-05-31")
    turn = claim_turn(
        EVIL,
        [claim("contradicted", evidence(known, "We said it again", "contradicts", ("<40>",)))],
        turn=2,
        first=5,
    )
    assert len(turn.citations) == 1
    said = words(turn.html)
    assert "Contradicted by what Mr. Ali said on 31 May 2016." in said
    assert "contradictsWe said it again[5]" in said
    assert "does not mention <40>" in said
    assert "from 2016" in said
    assert tags(turn.html) & {"script", "40"} == set()
    assert 'data-stance="contradicts"' in turn.html


def test_what_takes_a_stance_is_never_collapsed() -> None:
    of = speech()
    related = [evidence(of, "We said", "related")] * 3
    turn = claim_turn(
        "x", [claim("supported", *[evidence(of, "We", "supports")] * 4, *related)], 1, 1
    )
    shown_at_once, collapsed = turn.html.split('<details class="also">')
    assert shown_at_once.count('data-stance="supports"') == 4
    assert collapsed.count('data-stance="related"') == 3
    assert len(turn.citations) == 7


def test_each_claim_of_a_text_has_its_own_verdict() -> None:
    of = speech()
    found = evidence(of, "We said", "supports")
    turn = claim_turn(
        "x", [claim("supported", found, text="One."), claim("not_addressed", text="Two.")], 1, 1
    )
    assert re.findall(r'<h3 class="stated">(.*?)</h3>', turn.html) == ["One.", "Two."]
    assert re.findall(r'data-verdict="(\w+)"', turn.html) == ["supported", "not_addressed"]


def test_an_altered_quotation_shows_what_was_changed(toy_library: Library) -> None:
    check = Quotations(toy_library).check("We sent drones. The drones not watch the border.")
    turn = quotation_turn(check, 3, 7)
    assert len(turn.citations) == 1
    assert 'data-verdict="altered"' in turn.html
    assert "<ins>not</ins>" in turn.html
    said = words(turn.html)
    assert "negation: “not” was put in" in said
    assert "Mr. Ali · Niger · S/PV.1 · 31 May 2016" in said


def test_words_of_others_are_told_to_be_theirs(toy_library: Library) -> None:
    quotations = Quotations(toy_library)
    check = quotations.check("Drones need a mandate.", filters=Filters(country="Niger"))
    said = words(quotation_turn(check, 1, 1).html)
    assert "Misattributed: said by Mr. Cho (Guinea-Bissau), S/PV.3, 2017; not: Niger." in said
    assert "Held against delegation Niger" in said
    again = words(quotation_turn(quotations.check("We thank you."), 1, 1).html)
    assert "also in" in again
    assert "[2]" in again


def test_what_is_found_in_part_shows_which(toy_library: Library) -> None:
    check = Quotations(toy_library).check(
        "We sent drones. The drones watch the border. Women lead our police. We thank you. "
        "Bananas are <b>cheap</b> in the harbour town."
    )
    assert check.verdict == "partial"
    html = quotation_turn(check, 1, 1).html
    assert "found nowhere" in html
    assert "Bananas are &lt;b&gt;" in re.findall(r"<del[^>]*>(.*?)</del>", html)[0]
    assert "b" not in tags(html)


def test_a_notice_is_one_escaped_line_without_citations() -> None:
    turn = notice_turn(EVIL, 3, f"bad {EVIL}")
    assert turn.citations == ()
    assert tags(turn.html) == {"section", "h2", "p"}
    assert "<h2" not in notice_turn("  ", 3, "empty").html


def test_an_address_is_one_value_whatever_the_id_holds() -> None:
    odd = speech(id_='a&end=9 "b#~2')
    assert address(odd, Span(3, 5)) == (
        "speech=a%26end%3D9+%22b%23~2&start=3&end=5&text=" + edition(odd)
    )


def test_a_catalogue_is_newest_first_and_finds_by_every_word(toy_library: Library) -> None:
    catalogue = Catalogue(toy_library)
    assert re.findall(r"<b>(.*?)</b>", catalogue.browse("")) == ["Mr. Cho", "Ms. Bo", "Mr. Ali"]
    assert re.findall(r"<b>(.*?)</b>", catalogue.browse("NIGER may")) == ["Mr. Ali"]
    assert "No speech has all of these words." in catalogue.browse("niger 2017")


def test_a_long_list_is_cut_and_says_so() -> None:
    html = listing([speech(id_=f"s{number}") for number in range(1203)])
    assert html.count("<li>") == 200
    assert "1,203 speeches" in html
    assert "and 1,003 more" in html


@pytest.mark.parametrize("span", ["", "&start=3&end=2", "&start=x&end=9", "&start=0&end=99999"])
def test_an_address_without_a_usable_span_opens_the_speech_unmarked(
    toy_library: Library, span: str
) -> None:
    html = Catalogue(toy_library).open("speech=a" + span)
    assert "We sent drones." in html
    assert "<mark>" not in html


def test_an_address_of_no_speech_is_met_with_regret(toy_library: Library) -> None:
    assert "does not hold the speech" in Catalogue(toy_library).open("speech=nobody")
    assert "does not hold the speech" in Catalogue(toy_library).open("")


def test_examples_come_from_the_library(toy_library: Library) -> None:
    offered = examples(toy_library)
    assert offered.refused is None
    assert offered.answered[0] == "What did Mr. Ali say about The situation in Mali?"
    assert welcome(toy_library).count("data-ask") == len(offered.answered) == 3


def test_the_masthead_says_what_can_be_asked_of_what(toy_library: Library) -> None:
    held = "3 speeches of 3 delegations in the Security Council, 2016 to 2017"
    assert holdings(toy_library) == held
    assert f"Ask what was said in {held}." in words(masthead(toy_library))
