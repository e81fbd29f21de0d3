"""Briefings on the page: the turn, the documents made of what a browser sends, and a browser."""

from __future__ import annotations

import base64
import json
import re
from html import unescape
from pathlib import Path

import pytest

from assistant.briefing import Briefer
from assistant.errors import QuestionError
from assistant.filters import Filters
from assistant.library import Library
from assistant.receipt import Verifier
from tests.test_briefing import toy_search
from tests.test_browser import chromium, opened, playwright, site
from ui import export
from ui.page.briefing import Briefings, briefing_turn

expect = playwright.expect
__all__ = ["chromium", "site"]  # fixtures


@pytest.fixture
def briefings(toy_library: Library) -> Briefings:
    made = Briefings(toy_library)
    made.__dict__["_briefer"] = Briefer(toy_library, toy_search(toy_library))
    return made


def test_a_turn_has_table_sheets_and_numbered_citations(briefings: Briefings) -> None:
    briefing = briefings.brief("budget;  women\n", Filters())
    turn = briefings.turn(briefing, turn=2, first=5)
    assert '<h2 class="asked">budget; women</h2>' in turn.html
    assert re.findall(r'class="topic">(.*?)<', turn.html) == ["budget", "women"]
    assert re.findall(r'data-n="(\d+)"', turn.html) == ["5", "6", "7"]
    assert len(turn.citations) == 3
    assert "No mention found in what these said: Niger (1 speech)." in turn.html
    assert turn.html.count("data-leave-out") == 3
    assert '<table class="comparison">' in turn.html


def test_topics_are_needed(briefings: Briefings) -> None:
    with pytest.raises(QuestionError, match="no topic"):
        briefings.brief(" ; ", Filters())


def test_what_is_shown_is_escaped(toy_library: Library) -> None:
    briefer = Briefer(toy_library, toy_search(toy_library))
    topic = "budget <script>alert('1')</script>"
    turn = briefing_turn(export.briefing_dossier(briefer.brief([topic]), toy_library), 1, 1)
    assert "<script" not in turn.html
    data = re.search(r"data-chapter='(.*?)'", turn.html)
    assert data is not None
    assert json.loads(unescape(data[1]))["title"] == topic


def request(**changes: object) -> str:
    entry = {"place": "speech=b&start=0&end=20", "again": [], "note": "see annex"}
    section = {"delegation": "Nigeria", "found": 3, "entries": [entry]}
    chapter = {"title": "budget", "remarks": [], "closing": [], "sections": [section]}
    asked = {"asked": ["budget"], "filters": {}, "speeches": 3, "passages": 5}
    told = {"format": "md", "title": "Briefing", "provenance": asked, "chapters": [chapter]}
    return json.dumps(told | changes)


def test_documents_are_sliced_from_the_library(briefings: Briefings, tmp_path: Path) -> None:
    made = json.loads(briefings.document(request()))
    assert (made["name"], made["type"]) == ("briefing.md", "text/markdown")
    text = base64.b64decode(made["data"]).decode()
    assert "> “The budget is small.”[^1]" in text
    assert "Note: see annex" in text
    path = tmp_path / made["name"]
    path.write_text(text, "utf-8")
    verifier = Verifier(briefings._library.speeches)
    assert verifier.verify(export.read(path)).exact


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "exe"},
        {"chapters": [{"title": "x"}]},
        {"chapters": 5},
        {"provenance": {}},
    ],
)
def test_requests_that_no_page_makes(briefings: Briefings, changes: dict[str, object]) -> None:
    assert "error" in json.loads(briefings.document(request(**changes)))


@pytest.mark.parametrize("place", ["speech=b&start=0&end=9999", "speech=b", "start=0"])
def test_places_that_are_not_in_the_library(briefings: Briefings, place: str) -> None:
    asked = json.loads(request())
    asked["chapters"][0]["sections"][0]["entries"][0]["place"] = place
    assert "do not fit" in json.loads(briefings.document(json.dumps(asked)))["error"]


@pytest.mark.parametrize("place", ["speech=x&start=0&end=2", "speech=b&start=0&end=20&text=0"])
def test_places_of_what_the_library_had_before(briefings: Briefings, place: str) -> None:
    asked = json.loads(request())
    asked["chapters"][0]["sections"][0]["entries"][0]["place"] = place
    error = json.loads(briefings.document(json.dumps(asked)))["error"]
    assert error.startswith("the library has changed: the speech ")
    assert error.endswith("; reload the page, which asks again")


def test_a_quote_under_another_delegation_is_not_written(briefings: Briefings) -> None:
    asked = json.loads(request())
    asked["chapters"][0]["sections"][0]["delegation"] = "France"
    error = json.loads(briefings.document(json.dumps(asked)))["error"]
    assert "delegation: the document has France, the record Nigeria" in error


# in a browser


@pytest.fixture
def page(chromium, site):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = opened(context, site)
    yield page
    context.close()
    assert page.errors == []


def brief(page, topics: str):
    page.get_by_role("tab", name="Briefing").click()
    turns = page.locator(".turn").count()
    box = page.get_by_label("Topics", exact=True)
    box.fill(topics)
    box.press("Enter")
    expect(page.locator(".turn")).to_have_count(turns + 1, timeout=30_000)
    return page.locator(".turn").last


def downloaded(page, button, folder: Path) -> Path:
    with page.expect_download() as download:
        button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.browser
@pytest.mark.model
def test_a_briefing_is_cut_annotated_and_exported(page, library: Library, tmp_path: Path) -> None:
    question = page.get_by_label("Question", exact=True)
    question.fill("What is KAZCENT?")
    question.press("Enter")
    page.locator("[data-basket]").first.click()
    expect(page.locator(".basket summary")).to_have_text("Added passages (1)")
    turn = brief(page, "protection of civilians; women")
    assert turn.locator(".timeline circle").count() >= 2
    quotes = turn.locator(".sheet").first.locator(".quote")
    before = quotes.all_text_contents()
    first = turn.locator("[data-entry]").first
    first.get_by_role("button", name="Move down").click()
    after = quotes.all_text_contents()
    assert after[:2] == before[1::-1]
    turn.locator("[data-entry]").first.get_by_role("button", name="Drop").click()
    first.get_by_role("button", name="Note").click()
    first.locator("textarea").fill("for the annex")
    verifier = Verifier(library.speeches)
    for name, ending in (("Word", "docx"), ("Markdown", "md"), ("CSL-JSON", "csl.json")):
        button = turn.locator(".exports").get_by_role("button", name=name)
        path = downloaded(page, button, tmp_path)
        assert path.name == f"briefing.{ending}"
        verified = verifier.verify(export.read(path))
        assert verified.exact
        quoted = [check.receipt.quote for check in verified.checks]
        assert before[1] not in quoted
        assert before[0] in quoted
    text = (tmp_path / "briefing.md").read_text("utf-8")
    assert text.index(before[0]) < text.index("Note: for the annex") < text.index(before[2])
    assert "## Added passages" in text


@pytest.mark.browser
@pytest.mark.model
def test_a_briefing_opens_its_sources_and_fits_a_phone(chromium, site) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = opened(context, site)
    turn = brief(page, "women; drones")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    turn.locator("[data-entry] [data-source]").first.click()
    expect(page.locator(".reading mark").first).to_be_visible()
    context.close()
    assert page.errors == []
