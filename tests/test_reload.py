"""A page that is served takes over what becomes of its library, and fails no request."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from threading import Event
from typing import Any
from urllib.request import Request, urlopen

import pytest

from assistant import storage
from assistant.answer import Answer, Assistant
from assistant.builder import build
from assistant.claims import ClaimChecker
from assistant.corpus import read_corpus
from assistant.library import Library
from assistant.reader import CrossReader
from assistant.speech import Speech
from embeddings.shipped import place_encoder
from tests.conftest import TOY_TEXTS, WriteTexts, export_toy
from tests.test_browser import ask, chromium, free_port, opened, playwright
from tests.test_cli import toy_checker
from ui.page import room
from ui.page.room import Present
from ui.page.source import Catalogue
from ui.page.talk import Said, Talk
from ui.page.turn import address

__all__ = ["chromium"]  # the fixture

NEW = {
    # Pushed on by a sentence, so that the offsets of before name other words.
    "a.txt": "Mr. Ali (Niger): Peace first. We sent drones. The drones watch the border.\n\n"
    "Women lead our police. We thank you.\n",
    "d.txt": "Ms. Dee (Chad): Schools need a budget. Drones do not teach.\n",
}


@pytest.fixture
def folder(tmp_path: Path, toy_library: Library) -> Path:
    return tmp_path / "toy"


@pytest.fixture
def present(
    folder: Path,
    toy_library: Library,
    toy_reader: Callable[[Library], CrossReader],
    monkeypatch: pytest.MonkeyPatch,
) -> Present:
    monkeypatch.setattr(CrossReader, "shipped", toy_reader)
    monkeypatch.setattr(ClaimChecker, "shipped", toy_checker)
    return Present(Assistant(toy_library), folder)


@pytest.fixture
def update(folder: Path, read_texts: WriteTexts) -> Callable[[], None]:
    """Changes the speech a, drops b, adds d."""

    def change() -> None:
        read = read_texts(TOY_TEXTS | NEW).speeches
        build(folder, [speech for speech in read if speech.id != "b"], None)

    return change


def ids(present: Present) -> str:
    return "".join(present.room.library.speeches)


def said(present: Present, talk: Talk, text: str) -> tuple[Talk, Answer]:
    talk = present.room.desk.add(Said("ask", text), talk)
    outcome = talk.entries[-1].outcome
    assert isinstance(outcome, Answer)
    return talk, outcome


def place(talk: Talk, number: int) -> str:
    """What the marker `[n]` opens."""
    html = "".join(entry.turn.html for entry in talk.entries)
    found = re.search(rf'data-n="{number}" data-source="(.*?)"', html)
    assert found is not None
    return unescape(found[1])


# --- the room ----------------------------------------------------------------------------------


def test_a_new_state_is_taken_over_once(present: Present, update: Callable[[], None]) -> None:
    assert not present.renew()
    update()
    assert ids(present) == "abc"
    assert present.renew()
    assert ids(present) == "acd"
    assert not present.renew()


def test_what_is_under_way_ends_on_the_state_it_began_with(
    present: Present, update: Callable[[], None]
) -> None:
    before = present.room
    update()
    update()
    update()  # the state of before is gone from the disk
    present.renew()
    answer = before.desk.add(Said("ask", "Is the budget small?"), Talk()).entries[0].outcome
    assert isinstance(answer, Answer)
    assert answer.findings[0].citation.quote == "The budget is small."
    assert "We sent drones." in before.catalogue.open("speech=a")


@pytest.mark.parametrize("damage", ["pointer", "state", "gone"])
def test_a_page_goes_on_when_its_library_is_damaged(
    present: Present,
    folder: Path,
    update: Callable[[], None],
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    update()
    if damage == "pointer":
        (folder / "CURRENT").write_text("state-")
    elif damage == "gone":
        (folder / "CURRENT").unlink()
    else:
        state = folder / (folder / "CURRENT").read_text().strip()
        (state / "manifest.json").write_text("{}")
    assert not present.renew()
    assert not present.renew()
    assert ids(present) == "abc"
    assert len(caplog.records) == 1
    assert "\n" not in caplog.records[0].getMessage()
    speeches = list(present.room.library.speeches.values())
    build(folder, speeches[:2], export_toy)
    assert present.renew()
    assert ids(present) == "ab"


# --- conversations and citations ---------------------------------------------------------------


def test_citations_of_before_open_the_same_words_or_say_why_not(
    present: Present, update: Callable[[], None]
) -> None:
    talk = Talk()
    for question in ("Which drones watch the border?", "Is the budget small?", "Drones and Cho?"):
        talk, _ = said(present, talk, question)
    by_speech = {one.citation.speech.id: n for n, one in enumerate(talk.thread.quoted, start=1)}
    update()
    present.renew()
    opened_ = {id_: present.room.catalogue.open(place(talk, n)) for id_, n in by_speech.items()}
    assert "This speech was changed since it was cited" in opened_["a"]
    assert "<mark>" not in opened_["a"]
    assert "Peace first." in opened_["a"]
    assert "This library does not hold the speech asked for." in opened_["b"]
    quoted = talk.thread.quoted[by_speech["c"] - 1].citation.quote
    assert f"<mark>{quoted}</mark>" in opened_["c"]
    assert "changed" not in opened_["c"]


def test_a_conversation_goes_on(present: Present, update: Callable[[], None]) -> None:
    talk, _ = said(present, Talk(), "Which drones watch the border?")
    talk, answer = said(present, talk, "Is the budget small?")
    small = talk.thread.number_of(answer.findings[0].citation)
    update()
    present.renew()
    talk, changed = said(present, talk, "Show me the paragraph after [1]")
    assert changed.record == (
        "The speech that [1] is from was changed since; ask again for its words."
    )
    assert not changed.findings
    assert talk.entries[-1].turn.html.startswith('<section class="turn"><p class="notice">')
    talk, gone = said(present, talk, f"Who said [{small}]?")
    assert gone.record == f"The library no longer holds the speech that [{small}] is from."
    assert "notice" not in talk.entries[-1].turn.html
    talk, new = said(present, talk, "Do drones teach?")
    assert new.findings[0].citation.quote == "Drones do not teach."
    first = re.search(r'data-n="(\d+)"', talk.entries[-1].turn.html)
    assert first is not None
    assert talk.thread.quoted[int(first[1]) - 1].citation == new.findings[0].citation


def test_a_record_that_was_mended_is_told_as_it_is_now(
    present: Present, folder: Path, read_texts: WriteTexts
) -> None:
    talk, _ = said(present, Talk(), "Is the budget small?")
    mended = {"b.txt": str(TOY_TEXTS["b.txt"]).replace("Bo", "Beau")}
    build(folder, read_texts(TOY_TEXTS | mended).speeches, None)
    present.renew()
    _, who = said(present, talk, "Who said that?")
    assert who.record == "Said by Ms. Beau (Nigeria)."


def test_a_document_is_not_made_of_what_the_library_no_longer_says(
    present: Present, update: Callable[[], None]
) -> None:
    talk, _ = said(present, Talk(), "Which drones watch the border?")
    assert "data" in json.loads(present.room.desk.document(talk, "md"))
    update()
    present.renew()
    error = json.loads(present.room.desk.document(talk, "md"))["error"]
    assert error == (
        "the library has changed: the speech of [1] is gone or is not what it was; "
        "reload the page, which asks everything again"
    )
    talk, _ = said(present, Talk(), "Do drones teach?")
    assert "data" in json.loads(present.room.desk.document(talk, "md"))


def test_a_damaged_block_is_told_in_the_pane(
    folder: Path, toy_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "WHOLE", 0)
    build(folder, list(toy_library.speeches.values()), None)
    texts = folder / (folder / "CURRENT").read_text().strip() / "texts.txt"
    texts.write_bytes(texts.read_bytes().replace(b"drones", b"clones"))
    html = Catalogue(Library.open(folder)).open("speech=a")
    assert "texts.txt: not what it was when the library was built; build it again" in html
    assert "clones" not in html


def test_an_address_of_another_edition_marks_nothing(toy_library: Library) -> None:
    one = toy_library.speeches["a"]
    of = address(one, one.reading.paragraphs[0])
    catalogue = Catalogue(toy_library)
    assert "<mark>" in catalogue.open(of)
    assert "<mark>" not in catalogue.open(of[:-1] + ("0" if of[-1] != "0" else "1"))


# --- a page that is served ---------------------------------------------------------------------


@pytest.fixture
def url(present: Present, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from ui.page.app import launch

    monkeypatch.setattr(room, "EVERY", 0.05)
    addresses: list[str] = []
    page = launch(
        Assistant(present.room.library),
        port=free_port(),
        folder=folder,
        ready=addresses.append,
        wait=False,
    )
    yield addresses[0]
    page.close()


def posted(url: str, body: dict[str, Any]) -> Any:
    request = Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urlopen(request) as response:
        assert response.status == 200
        return json.load(response)


def config(url: str) -> dict[str, Any]:
    with urlopen(url + "config") as response:
        return json.load(response)


def part(url: str, name: str) -> dict[str, Any]:
    return next(p for p in config(url)["components"] if p["props"].get("elem_id") == name)


def names(url: str, label: str) -> list[str]:
    found = (p for p in config(url)["components"] if p["props"].get("label") == label)
    return [name for name, _ in next(found)["props"]["choices"]]


def sending(url: str) -> Callable[[str], str]:
    """What typing a question and Enter does; gives the turn."""
    box = part(url, "question")["id"]
    sends = next(one for one in config(url)["dependencies"] if [box, "submit"] in one["targets"])

    def send(text: str) -> str:
        data = [text, None, None, None, "", "", *[None] * 4]
        body = {"data": data, "fn_index": sends["id"], "session_hash": "s" + text[:2]}
        return str(posted(url + "gradio_api/run/predict", body)["data"][0])

    return send


def test_no_request_fails_while_the_library_is_replaced(
    url: str, update: Callable[[], None], folder: Path, present: Present
) -> None:
    source, send, ended = part(url, "source")["id"], sending(url), Event()

    def reading(number: int) -> set[str]:
        seen = set()
        body = {"component_id": source, "fn_name": "speech", "session_hash": f"r{number}"}
        while not ended.is_set():
            html = str(posted(url + "gradio_api/component_server", body | {"data": "speech=a"}))
            seen.add("new" if "Peace first." in html else "old" if "We sent" in html else html)
        return seen

    def asking(number: int) -> set[str]:
        seen = set()
        while not ended.is_set():
            html = send(f"{number} Is the budget small?")
            seen.add("answered" if 'data-turn="' in html and "went wrong" not in html else html)
        return seen

    old = list(present.room.library.speeches.values())
    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(reading, n) for n in (1, 2)]
        askers = [pool.submit(asking, n) for n in (1, 2)]
        for _ in range(3):
            update()
            time.sleep(0.3)
            build(folder, old, None)
            time.sleep(0.3)
        ended.set()
        assert set.union(*(reader.result() for reader in readers)) == {"old", "new"}
        assert set.union(*(asker.result() for asker in askers)) == {"answered"}


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_counts_filters_and_list_are_those_of_the_new_state(
    url: str, update: Callable[[], None], folder: Path, present: Present
) -> None:
    assert "3 speeches of 3 delegations" in part(url, "masthead")["props"]["value"]
    assert names(url, "Delegation") == ["Guinea-Bissau", "Niger", "Nigeria"]
    build(folder, list(present.room.library.speeches.values())[:2], None)
    wait_for(lambda: "2 speeches" in part(url, "masthead")["props"]["value"])
    update()
    wait_for(lambda: "3 speeches" in part(url, "masthead")["props"]["value"])
    assert names(url, "Delegation") == ["Chad", "Guinea-Bissau", "Niger"]
    assert names(url, "Speaker") == ["Mr. Ali", "Mr. Cho", "Ms. Dee"]
    assert "Ms. Dee" in part(url, "source")["props"]["value"]
    assert "What did Mr. Ali say about" in json.dumps(part(url, "log")["props"])


# --- in a browser ------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.model
def test_an_open_page_goes_on_with_the_new_state(chromium, tmp_path: Path, seeds: Path) -> None:
    from ui.page.app import launch

    expect, texts, folder = playwright.expect, tmp_path / "texts", tmp_path / "library"
    speeches = _copied(seeds, texts)
    build(folder, speeches, place_encoder)
    addresses: list[str] = []
    page_ = launch(
        Assistant(Library.open(folder)), port=free_port(), folder=folder,
        ready=addresses.append, wait=False,
    )  # fmt: skip
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = opened(context, addresses[0])
        expect(page.locator("#masthead")).to_contain_text("5 speeches of Kazakhstan")
        ask(page, "What is KAZCENT?")
        first = page.locator(".marker").first
        cited = str(first.get_attribute("data-source"))
        id_ = re.match(r"speech=([^&]+)", cited)
        assert id_ is not None
        path = next(texts.glob(f"{id_[1]}.txt"))
        path.write_text(
            path.read_text("utf-8").replace(": ", ": Before anything else, thanks. ", 1)
        )
        (texts / "new.txt").write_text("Mr. Bello (Chad): Camels carried the ballot boxes north.\n")
        build(folder, read_corpus([texts]).speeches, None)
        turn = page.locator(".turn").last
        for _ in range(40):
            turn = ask_again(page, "What did camels carry?")
            if "Camels" in turn.inner_text():
                break
            page.wait_for_timeout(250)
        expect(turn.locator(".quote").first).to_contain_text("Camels carried the ballot boxes")
        expect(page.locator(".notice").first).to_contain_text("The library was updated")
        first.click()
        expect(page.locator(".reading")).to_contain_text("was changed since it was cited")
        assert page.locator(".reading mark").count() == 0
        turn.locator(".marker").first.click()
        expect(page.locator(".reading mark")).to_contain_text("Camels carried")
        page.reload()
        expect(page.locator("#masthead")).to_contain_text("6 speeches of 2 delegations")
        expect(page.locator(".marker").first).to_be_visible()
        page.locator(".marker").first.click()
        expect(page.locator(".reading mark").first).to_be_visible()
        assert page.errors == []
    finally:
        context.close()
        page_.close()


def ask_again(page: Any, question: str) -> Any:
    """Ask and wait for the turn, before which the page may say that the library was updated."""
    turns = page.locator(".asked").count()
    box = page.get_by_label("Question", exact=True)
    box.fill(question)
    box.press("Enter")
    playwright.expect(page.locator(".asked")).to_have_count(turns + 1)
    return page.locator(".turn").last


def _copied(seeds: Path, texts: Path) -> list[Speech]:
    texts.mkdir()
    for path in seeds.iterdir():
        (texts / path.name).write_bytes(path.read_bytes())
    return read_corpus([texts]).speeches
