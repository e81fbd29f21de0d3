"""The page in a real Chromium, served as a person gets it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from assistant.answer import Assistant
from assistant.errors import RapporteurError
from assistant.library import Library
from assistant.receipt import Verifier
from ui import export
from ui.export import TITLES

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = [pytest.mark.browser, pytest.mark.model]

QUESTION = "What has Kazakhstan said about deploying unmanned aerial vehicles?"
QUOTE = (
    "The introduction of new technologies such as unmanned aerial vehicles, used solely for "
    "surveillance purposes, situational awareness and life-saving purposes for both United "
    "Nations personnel and local populations, has shown beneficial and lasting results."
)
REFERENCE = "Mr. Abdrakhmanov · Kazakhstan · S/PV.7802 · 7 November 2016 · para. 7, lines 65-70 · "
REFUSED = "Who won the World Cup?"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        reason = "no Chromium on the PATH"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(library: Library) -> Iterator[str]:
    from ui.page.app import launch

    addresses: list[str] = []
    served = launch(Assistant(library), port=free_port(), ready=addresses.append, wait=False)
    yield addresses[0]
    served.close()


@pytest.fixture
def page(chromium, site) -> Iterator[object]:
    """A fresh page; it fails if the page asked another host or logged an error."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = opened(context, site)
    yield page
    context.close()
    assert page.errors == []
    assert {urlsplit(url).hostname for url in page.requested} == {"127.0.0.1"}


def opened(context, address: str):
    page = context.new_page()
    page.errors, page.requested = [], []
    page.on("request", lambda r: r.url.startswith("data:") or page.requested.append(r.url))
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(address)
    expect(page.get_by_role("log")).to_be_visible()
    return page


def ask(page, question: str):
    """Ask and wait for the turn."""
    turns = page.locator(".turn").count()
    box = page.get_by_label("Question", exact=True)
    box.fill(question)
    box.press("Enter")
    expect(page.locator(".turn")).to_have_count(turns + 1)
    return page.locator(".turn").last


def in_view(page, element) -> bool:
    box, size = element.bounding_box(), page.viewport_size
    return (
        box["y"] >= 0
        and box["y"] + box["height"] <= size["height"]
        and box["x"] >= 0
        and box["x"] + box["width"] <= size["width"]
    )


def test_a_question_gets_the_cited_answer(page) -> None:
    turn = ask(page, QUESTION)
    assert turn.locator(".asked").inner_text() == QUESTION
    assert turn.locator(".quote").first.text_content() == QUOTE
    assert turn.locator(".reference").first.inner_text().startswith(REFERENCE)
    expect(page.get_by_label("Question", exact=True)).to_have_value("")
    assert in_view(page, turn.locator(".quote").first)


def test_an_example_is_asked_by_a_click(page) -> None:
    page.get_by_role("button", name=QUESTION).click()
    expect(page.locator(".quote").first).to_have_text(QUOTE)


def test_every_offered_example_does_what_it_promises(page) -> None:
    for number, example in enumerate(page.locator("[data-ask]").all()):
        question = example.inner_text()
        turn = ask(page, question)
        refused = turn.locator(".refusal").count() == 1
        assert refused == (number == 4), question


def test_a_marker_opens_the_speech_at_the_quote(page) -> None:
    ask(page, QUESTION)
    page.get_by_role(
        "button",
        name="Show citation 1: Mr. Abdrakhmanov, Kazakhstan, S/PV.7802, 7 November 2016",
        exact=True,
    ).click()
    mark = page.locator(".reading mark")
    expect(mark).to_have_text(QUOTE)
    assert in_view(page, mark)
    centre = mark.bounding_box()["y"] + mark.bounding_box()["height"] / 2
    assert 300 < centre < 650
    assert page.locator(".paragraph").count() == 8


def test_the_address_reproduces_the_view(page, chromium, site) -> None:
    ask(page, QUESTION).locator(".marker").first.click()
    expect(page.locator(".reading mark")).to_have_text(QUOTE)
    assert re.search(r"#speech=004_48689e5705c532ea&start=\d+&end=\d+&text=[0-9a-f]{12}$", page.url)
    other = chromium.new_context()
    mark = opened(other, page.url).locator(".reading mark")
    expect(mark).to_have_text(QUOTE)
    other.close()
    page.go_back()
    expect(page.locator(".browse")).to_be_visible()


@pytest.mark.parametrize("place", ["speech=nobody", "speech=004_48689e5705c532ea&start=9&end=x"])
def test_a_wrong_address_is_met_calmly(page, site, place) -> None:
    page.goto(f"{site}#{place}")
    page.reload()
    expect(page.locator(".reading .notice, .reading .speech")).to_be_visible()
    assert page.locator(".reading mark").count() == 0


def test_it_can_be_used_with_the_keyboard_alone(page) -> None:
    page.get_by_label("Question", exact=True).focus()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(1)
    page.get_by_role("log").focus()
    page.keyboard.press("Tab")
    marker = page.locator(".marker").first
    expect(marker).to_be_focused()
    card = page.locator("#card-1")
    expect(card).to_be_visible()
    assert QUOTE in card.inner_text()
    assert "delivered in English" in card.inner_text()
    page.keyboard.press("Enter")
    expect(page.locator(".reading mark")).to_have_text(QUOTE)
    expect(page.locator(".reading")).to_be_focused()
    page.keyboard.press("Escape")
    expect(marker).to_be_focused()
    expect(card).to_be_hidden()


def test_a_quotation_is_copied_with_its_reference(page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    turn = ask(page, QUESTION)
    turn.locator("[data-copy]").first.click()
    expect(page.locator("#log .status")).to_have_text("Copied the quotation with its reference")
    assert page.evaluate("navigator.clipboard.readText()") == (
        f"“{QUOTE}” — Mr. Abdrakhmanov (Kazakhstan), S/PV.7802, 7 November 2016, "
        "para. 7, lines 65-70"
    )


def test_what_is_not_answered_is_refused(page) -> None:
    turn = ask(page, REFUSED)
    expect(turn.locator(".verdict")).to_have_text("The speeches do not answer this.")
    assert "Searched 5 speeches" in turn.locator(".scope").inner_text()
    expect(turn.locator(".related")).to_have_text("Related, not an answer")
    assert turn.locator(".finding").count() == 3


def test_filters_that_leave_no_speech_can_be_dropped_in_one_click(page) -> None:
    page.get_by_role("button", name="Filters", exact=False).first.click()
    page.get_by_label("From", exact=True).fill("2030")
    expect(page.get_by_role("button", name="Remove filter: from 2030")).to_be_visible()
    turn = ask(page, QUESTION)
    expect(turn.locator(".verdict")).to_have_text("No speech matches these filters.")
    turn.get_by_role("button", name="Search all speeches").click()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn").last.locator(".quote").first).to_have_text(QUOTE)
    expect(page.locator(".chip")).to_have_count(0)


def test_a_chip_removes_its_filter(page) -> None:
    page.get_by_role("button", name="Filters", exact=False).first.click()
    expect(page.get_by_role("button", name="Filters", expanded=True)).to_be_visible()
    page.get_by_label("Speaker", exact=True).click()
    page.get_by_role("option", name="Mr. Umarov").click()
    page.get_by_label("To", exact=True).fill("2019")
    expect(page.locator(".chip")).to_have_count(2)
    page.get_by_role("button", name="Remove filter: speaker Mr. Umarov").click()
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.get_by_label("Speaker", exact=True)).to_have_value("")
    expect(page.get_by_label("To", exact=True)).to_have_value("2019")


@pytest.mark.parametrize("question", ["?!", "x" * 1001])
def test_a_question_that_cannot_be_asked_stays_in_the_box(page, question) -> None:
    turn = ask(page, question)
    assert turn.locator(".notice").inner_text().startswith("The question ")
    expect(page.get_by_label("Question", exact=True)).to_have_value(question)


def test_a_period_that_cannot_be_understood_is_one_line(page) -> None:
    page.get_by_role("button", name="Filters", exact=False).first.click()
    page.get_by_label("From", exact=True).fill("soon")
    turn = ask(page, QUESTION)
    assert "'soon' is not a date" in turn.locator(".notice").inner_text()
    expect(page.get_by_label("Question", exact=True)).to_have_value(QUESTION)


def test_markup_in_a_question_is_shown_not_run(page) -> None:
    asked = '<img src=x onerror="document.title=1"> ${7*7} {{7*7}} women?'
    turn = ask(page, asked)
    expect(turn.locator(".asked")).to_have_text(asked)
    assert page.locator("img").count() == 0


def test_a_new_conversation_begins_at_one(page) -> None:
    ask(page, QUESTION)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator(".welcome")).to_be_visible()
    turn = ask(page, QUESTION)
    expect(turn.locator(".marker").first).to_have_text("[1]")


def test_two_sessions_share_nothing(page, chromium, site) -> None:
    ask(page, QUESTION)
    context = chromium.new_context()
    other = opened(context, site)
    assert other.locator(".turn").count() == 0
    expect(ask(other, QUESTION).locator(".marker").first).to_have_text("[1]")
    context.close()
    assert page.locator(".turn").count() == 1
    assert ask(page, REFUSED).locator(".marker").first.inner_text() != "[1]"


def test_the_speeches_can_be_browsed(page) -> None:
    assert page.locator(".listed li").count() == 5
    page.get_by_label("Find a speech").fill("umarov 2018")
    expect(page.locator(".listed li")).to_have_count(1)
    page.locator(".listed li button").click()
    expect(page.locator(".speech h2")).to_have_text("Mr. Umarov · Kazakhstan")
    page.get_by_role("button", name="All speeches").click()
    expect(page.locator(".listed li")).to_have_count(1)
    assert "#" not in page.url


@pytest.mark.parametrize("height", [844, 667])
def test_on_a_narrow_screen_the_source_is_a_sheet(page, height) -> None:
    page.set_viewport_size({"width": 390, "height": height})
    marker = ask(page, QUESTION).locator(".marker").first
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    marker.click()
    mark = page.locator(".reading mark")
    expect(mark).to_have_text(QUOTE)
    assert in_view(page, mark)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(marker).to_be_focused()


def test_the_page_names_no_address_on_the_web(page, site) -> None:
    response = page.request.get(site)
    hosts = {
        urlsplit(url).hostname for url in re.findall(r"https?://[^\"'<>\s)]+", response.text())
    }
    assert hosts <= {"127.0.0.1", "www.w3.org"}  # the name space of SVG is no address
    assert response.headers["content-security-policy"].startswith("default-src 'self'")


def test_another_name_for_this_machine_is_not_answered(page, site) -> None:
    assert page.request.get(site, headers={"Host": "evil.example"}).status == 400


def test_a_taken_port_is_one_clear_line(library: Library) -> None:
    from ui.page.app import launch

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RapporteurError, match=f"127.0.0.1:{port}: .*--port"):
            launch(Assistant(library), port=port, wait=False)


def test_nothing_can_be_uploaded_and_no_other_site_is_answered(site) -> None:
    def status(path: str, **headers: str) -> int:
        request = Request(site.rstrip("/") + path, headers=headers)
        if path.endswith("upload"):
            request.data = b"--x\r\n"
        try:
            with urlopen(request) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    assert status("/") == 200
    assert status("/gradio_api/upload") == 404
    assert status("/", Origin="https://evil.example") == 404
    assert status("/", Origin=site.rstrip("/")) == 200
    assert status("/", Host="evil.example") == 400


def test_back_from_a_citation_leads_to_the_conversation(chromium, site) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = opened(context, site)
    ask(page, QUESTION).locator("button.marker").first.click()
    expect(page.locator("mark").first).to_be_in_viewport()
    page.go_back()
    expect(page.locator(".quote").first).to_be_in_viewport()
    assert not page.locator("#talk").evaluate("part => part.inert")
    context.close()


def test_nothing_typed_makes_no_turn(page) -> None:
    page.get_by_label("Question", exact=True).press("Enter")
    expect(page.locator(".status")).to_have_text("Type something first.")
    ask(page, QUESTION)
    expect(page.locator(".turn")).to_have_count(1)


def test_a_named_speaker_is_said_and_can_be_widened(page) -> None:
    turn = ask(page, "What did Abdrakhmanov say about drones?")
    told = "Searched only what Abdrakhmanov said, as the question names Abdrakhmanov."
    expect(turn.locator(".interpreted")).to_contain_text(told)
    turn.locator("[data-widen]").click()
    expect(page.locator(".turn")).to_have_count(2)
    assert page.locator(".turn").last.locator(".interpreted").count() == 0


CLAIM = "Peacekeeping contingents are suited to counter-terrorism operations."


def check(page, claim: str):
    """Check a claim in its tab and wait for the turn."""
    turns = page.locator(".turn").count()
    page.get_by_role("tab", name="Check a claim").click()
    box = page.get_by_label("Claim", exact=True)
    box.fill(claim)
    box.press("Enter")
    expect(page.locator(".turn")).to_have_count(turns + 1)
    return page.locator(".turn").last


def test_a_claim_is_checked_in_its_tab(page) -> None:
    turn = check(page, CLAIM)
    assert turn.locator(".asked").inner_text() == CLAIM
    expect(turn.locator(".verdict")).to_contain_text("Contradicted by what Mr. ")
    first = turn.locator(".finding").first
    assert first.locator(".stance").inner_text() == "contradicts"
    first.locator(".marker").click()
    expect(page.locator("#source mark").first).to_be_visible()
    assert in_view(page, page.get_by_label("Claim", exact=True))


def test_questions_and_claims_share_one_conversation(page) -> None:
    ask(page, QUESTION)
    numbers = page.locator(".turn .marker").count()
    turn = check(page, CLAIM)
    assert turn.locator(".marker").first.inner_text() == f"[{numbers + 1}]"
    page.get_by_role("tab", name="Ask").click()
    ask(page, REFUSED)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)


def test_the_offered_claim_is_checked_by_a_click(page) -> None:
    page.locator("[data-check]").click()
    expect(page.locator(".turn .verdict")).to_contain_text("Contradicted")


def test_a_claim_that_cannot_be_checked_stays_in_the_box(page) -> None:
    claim = "drones " * 1000
    turn = check(page, claim)
    expect(turn.locator(".notice")).to_contain_text("check at most 5,000 at once")
    expect(page.get_by_label("Claim", exact=True)).to_have_value(claim)


def test_a_quotation_is_checked_in_its_tab(page) -> None:
    page.get_by_role("tab", name="Check a quotation").click()
    box = page.get_by_label("Quotation", exact=True)
    box.fill("The effectiveness of peacekeeping is not being questioned")
    box.press("Enter")
    turn = page.locator(".turn").last
    expect(turn.locator(".verdict")).to_have_text("Altered: the record reads otherwise.")
    expect(turn.locator("ins")).to_have_text("not")
    turn.locator(".marker").click()
    expect(page.locator("#source mark").first).to_be_visible()


WOMEN = "What has Kazakhstan said about women?"
OF_2004 = "It is gratifying to note that the understanding of the role of women"
KEPT = "localStorage.getItem('rapporteur-conversation')"
OF_2018 = "The participation of women in all stages and at all levels"


def test_a_follow_up_is_completed_and_its_chips_can_be_removed(page) -> None:
    ask(page, "What did Umarov say about mandates?")
    turn = ask(page, "and on misconduct?")
    completed = "Interpreted as “What did Umarov say about misconduct?”"
    expect(turn.locator(".interpreted").first).to_have_text(completed)
    expect(turn.locator(".reference").first).to_contain_text("Mr. Umarov")
    turn.get_by_role("button", name="Ask again without speaker Umarov").click()
    expect(page.locator(".turn")).to_have_count(3)
    again = page.locator(".turn").last
    expect(again.locator(".interpreted")).to_have_text(
        "Interpreted as “What was said about misconduct?”"
    )
    expect(again.locator(".chip")).to_have_count(0)


def test_who_and_when_are_told_from_the_record(page) -> None:
    ask(page, WOMEN)
    turn = ask(page, "When was that said?")
    expect(turn.locator(".record")).to_have_text("Said on 17 May 2004.")
    expect(turn.locator(".quote").first).to_contain_text(OF_2004)
    expect(turn.locator(".marker").first).to_have_text("[2]")
    turn = ask(page, "And what about the 2018 one?")
    expect(turn.locator(".quote").first).to_contain_text(OF_2018)


def test_a_conversation_survives_reload(page) -> None:
    ask(page, WOMEN)
    ask(page, "Who said that?")
    check(page, CLAIM)
    before = page.locator(".turn").all_inner_texts()
    name = page.get_by_label("Name of the conversation")
    name.fill("Women <in> peacekeeping")
    kept = page.evaluate(KEPT)
    name.press("Enter")
    page.wait_for_function(f"kept => {KEPT} !== kept", arg=kept)
    page.reload()
    expect(page.locator(".turn")).to_have_count(3)
    assert page.locator(".turn").all_inner_texts() == before
    expect(page.get_by_label("Name of the conversation")).to_have_value("Women <in> peacekeeping")
    numbers = page.locator(".turn .marker").count()
    turn = ask(page, "And what about the 2018 one?")
    expect(turn.locator(".marker").first).to_have_text(f"[{numbers + 1}]")


def test_a_cleared_conversation_stays_away(page) -> None:
    ask(page, WOMEN)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    page.reload()
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(0)
    turn = ask(page, "and on misconduct?")
    assert turn.locator(".chip").count() == 0


def saved(page, title: str, folder: Path) -> Path:
    """A document of the conversation."""
    menu = page.locator("#export")
    menu.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        menu.get_by_role("button", name=title, exact=True).click()
    expect(menu.locator(".exports")).to_be_hidden()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_conversation_is_exported(page, library: Library, tmp_path: Path) -> None:
    ask(page, WOMEN)
    ask(page, "Who said that?")
    check(page, CLAIM)
    numbers = page.locator(".turn .marker").count()
    verifier = Verifier(library.speeches)
    for name, title in TITLES.items():
        path = saved(page, title, tmp_path)
        ending = "csl.json" if name == "csl" else name
        assert path.name == f"what-has-kazakhstan-said-about-women.{ending}"
        assert verifier.verify(export.read(path)).exact
        if name == "md":
            text = path.read_text("utf-8")
            assert f"> “{OF_2004}" in text
            assert "[^2]: Mr. Kazykhanov (Kazakhstan), S/PV.4970, 17 May 2004, para. 11" in text
            assert f"[^{numbers}]: " in text
        if name == "json":
            kinds = [turn["kind"] for turn in json.loads(path.read_text("utf-8"))["turns"]]
            assert kinds == ["question", "question", "claim"]
    expect(page.locator("#log .status")).to_have_text(f"Saved as {path.name}")
    again = saved(page, "Word", tmp_path)
    assert again.name.endswith(".docx")


def test_the_menu_of_documents_closes_and_fits_a_phone(page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    ask(page, WOMEN)
    menu = page.locator("#export")
    offered = menu.locator(".exports")
    for close in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.locator(".masthead h1").click(),
    ):
        menu.get_by_text("Export", exact=True).click()
        expect(offered).to_be_visible()
        assert in_view(page, offered)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        close()
        expect(offered).to_be_hidden()


def test_a_suggested_follow_up_has_an_answer(page) -> None:
    ask(page, QUESTION)
    offered = page.locator(".suggested button")
    expect(offered.first).to_be_visible(timeout=60_000)
    assert 2 <= offered.count() <= 3
    offered.first.click()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn").last.locator(".refusal")).to_have_count(0)


def test_the_bar_fits_a_narrow_screen(page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    ask(page, WOMEN)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert in_view(page, page.get_by_role("button", name="New conversation"))
