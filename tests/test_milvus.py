"""A library on Milvus beside the same library in a folder. The store is that of milvus-lite."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.answer import Assistant
from assistant.builder import build
from assistant.corpus import read_corpus
from assistant.errors import LibraryError, StoreError
from assistant.filters import Filters
from assistant.library import Library
from assistant.milvus.address import Address
from assistant.milvus.library import MilvusLibrary
from assistant.milvus.records import content, version_of, whole_speech
from assistant.milvus.store import Store
from assistant.milvus.uses import quotations_of
from assistant.milvus.writer import index, remove
from assistant.retriever import Retriever
from assistant.speech import Speech
from embeddings import milvus_server
from embeddings.milvus import content_id, stem_of, token
from embeddings.milvus_records import joined, pieces
from embeddings.milvus_server import Server
from tests.conftest import TOY_TEXTS, ToyModel, WriteTexts, export_toy
from ui.cli import main

installed = pytest.mark.skipif(
    not all(map(find_spec, ("pymilvus", "milvus_lite"))),
    reason="pymilvus and milvus-lite are not installed: pip install 'rapporteur[milvus]'",
)


@pytest.mark.parametrize(
    ("text", "uri", "name", "kind"),
    [
        ("milvus:http://localhost:19530", "http://localhost:19530", "rapporteur", "FLAT"),
        ("milvus:https://db.org:443/unsc?index=hnsw", "https://db.org:443", "unsc", "HNSW"),
        ("milvus:./speeches.db", "./speeches.db", "rapporteur", "FLAT"),
    ],
)
def test_addresses(text: str, uri: str, name: str, kind: str) -> None:
    address = Address.parse(text)
    assert (address.uri, address.name, address.kind) == (uri, name, kind)


@pytest.mark.parametrize(
    "text",
    ["milvus:", "milvus:speeches", "milvus:http://", "milvus:http://h/a-b", "milvus:a.db?x=1"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(LibraryError, match=r"^milvus:.*(write|named|index=)"):
        Address.parse(text)


@pytest.mark.parametrize("stem", ["drone", "2018", "o'brien", "côte", "x6162x", "ab12"])
def test_a_word_is_one_token_that_can_be_read_back(stem: str) -> None:
    assert token(stem).isascii()
    assert token(stem).isalnum()
    assert stem_of(token(stem)) == stem


def test_long_texts_lie_in_pieces_and_are_checked() -> None:
    data = np.random.default_rng(0).bytes(200_000)
    digest = sha256(data).hexdigest()
    records = pieces("speech", digest, data)
    assert len(records) == 5
    assert all(len(record.content) <= 60_000 for record in records)
    assert joined(records, digest, "it") == data
    with pytest.raises(StoreError, match=r"^it: incomplete .*; index it again$"):
        joined(records[:-1], digest, "it")
    with pytest.raises(StoreError, match=r"^it: not what was written"):
        joined(pieces("speech", digest, b"other"), digest, "it")


def test_a_speech_is_whole_after_all(seed_speeches: Any) -> None:
    for speech in seed_speeches.speeches:
        assert whole_speech(content(speech)) == speech
        assert version_of(content(speech)) != version_of(content(replace(speech, topic="other")))


def test_content_ids_are_63_bits() -> None:
    ids = {content_id("a", number) for number in range(1000)}
    assert len(ids) == 1000
    assert all(0 <= id_ < 2**63 for id_ in ids)
    assert content_id("a", "b") != content_id("ab")


# The same library in a folder and in a store


Both = tuple[Library, MilvusLibrary]


@pytest.fixture(scope="module")
def toy_speeches(tmp_path_factory: pytest.TempPathFactory) -> list[Speech]:
    folder = tmp_path_factory.mktemp("texts")
    for name, text in TOY_TEXTS.items():
        (folder / name).write_text(str(text), "utf-8")
    return list(read_corpus([folder]).speeches)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fetched encoders lie in a folder of the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, toy_speeches: list[Speech], home: None
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("both")
    build(folder / "local", toy_speeches, export_toy)
    address = Address.parse(f"milvus:{folder / 'store.db'}")
    server = Server(address.uri)
    index(address, server, toy_speeches, export_toy)
    yield Library.open(folder / "local"), MilvusLibrary.open(address, server)
    server.close()


QUESTIONS = (
    "drones", "drones women budget", "What did Niger say about drones?", "we thank you", "Ali",
    "a mandate in 2017", "training of police and troops", "nothing of all this",
)  # fmt: skip
FILTERS = (
    Filters(),
    Filters(country="niger"),
    Filters(speaker="Cho"),
    Filters(symbol="2"),
    Filters(topic="the situation"),
    Filters(since="2016-06"),
    Filters(until="2016"),
    Filters(since="2016-06-30", until="2016-07"),
    Filters(country="Mali"),
    Filters(topic="situation in Mali", until="2016-05-30"),
)


@installed
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_the_same_passages_with_the_same_scores(both: Both, filters: Filters) -> None:
    for question in QUESTIONS:
        local, store = (Retriever(each).retrieve(question, filters, 3) for each in both)  # type: ignore[arg-type]
        assert (store.question, store.speeches, store.passages) == (
            local.question, local.speeches, local.passages,
        )  # fmt: skip
        assert [hit.passage.id for hit in store.hits] == [hit.passage.id for hit in local.hits]
        for here, there in zip(local.hits, store.hits, strict=True):
            assert there.score == pytest.approx(here.score, abs=1e-5)
            assert [m.coverage for m in there.sentences] == pytest.approx(
                [m.coverage for m in here.sentences], abs=1e-6
            )


@installed
def test_the_same_answers(both: Both, toy_reader: Callable[[Any], Any]) -> None:
    for question in QUESTIONS:
        local, store = (Assistant(each, toy_reader(each)).ask(question) for each in both)  # type: ignore[arg-type]
        assert store.answered == local.answered
        assert [f.citation for f in store.findings] == [f.citation for f in local.findings]
        for citation in store.cited:
            assert citation.quote == citation.speech.text[slice(*citation.span)]


@installed
def test_exact_search_finds_the_same_ids(both: Both) -> None:
    local, store = both
    names = ["version", "paragraph", "number", "speech"]
    written = store.store.passages.read("id >= 0", names)
    ids = {content_id(*(row[name] for name in names[:3])): row["speech"] for row in written}
    for question in QUESTIONS:
        vector = local.encoder.encode_questions([question])[0]
        here = [m.row for m in local.passage_index.search(_dense(vector), len(local.passages))]
        there = store.store.passages.nearest(vector, len(local.passages), "", ["speech"])
        assert [ids[hit["id"]] for hit in there] == [hit["speech"] for hit in there]
        cosines = local.passage_index.cosines(vector, np.array(here))
        assert [hit["score"] for hit in there] == pytest.approx(
            sorted(cosines, reverse=True), abs=1e-6
        )


def _dense(vector: Any) -> Any:
    from embeddings.hybrid import Query

    return Query("", vector)


@installed
@pytest.mark.parametrize(
    "quotation",
    ["We sent drones.", "The drones watch the border", "The drones never watch the border",
     "Drones need a budget and Drones need a mandate", "words that nobody ever said there"],
)  # fmt: skip
def test_the_same_checks_of_quotations(both: Both, quotation: str) -> None:
    local, store = (quotations_of(each).check(quotation) for each in both)  # type: ignore[arg-type]
    assert (store.verdict, store.edits, store.changes) == (
        local.verdict,
        local.edits,
        local.changes,
    )
    assert [s.citations for s in store.sources] == [s.citations for s in local.sources]


@installed
def test_the_same_briefings(both: Both) -> None:
    from assistant.briefing import Briefer
    from assistant.milvus.briefing import StoreBriefer
    from tests.test_briefing import WORDS, toy_search
    from tests.test_claims import ToyStance

    local = Briefer(both[0], toy_search(both[0])).brief(["drones", "women"])
    store = StoreBriefer(both[1], (ToyModel(), ToyStance()), WORDS).brief(["drones", "women"])
    for here, there in zip(local.sheets, store.sheets, strict=True):
        assert there.searched == here.searched
        assert there.silent == here.silent
        told = [
            [(p.delegation, [q.citation for q in p.quotes]) for p in s.positions]
            for s in (here, there)
        ]
        assert told[0] == told[1]


@installed
def test_documents_from_both_name_the_same_corpus(both: Both) -> None:
    assert both[0].corpus_hash() == both[1].corpus_hash()


# Writing


@pytest.fixture
def written(tmp_path: Path, home: None) -> Iterator[Callable[..., MilvusLibrary]]:
    address = Address.parse(f"milvus:{tmp_path / 'w.db'}")
    server = Server(address.uri)

    def write(speeches: list[Speech], **named: Any) -> MilvusLibrary:
        index(address, server, speeches, export_toy, **named)
        return MilvusLibrary.open(address, server)

    yield write
    server.close()


def found(library: MilvusLibrary, question: str) -> list[str]:
    return [h.passage.id for h in Retriever(library).retrieve(question, Filters(), 9).hits]  # type: ignore[arg-type]


@installed
def test_what_is_there_is_not_written_again_what_changed_is_replaced_what_goes_is_gone(
    written: Callable[..., MilvusLibrary], toy_speeches: list[Speech], read_texts: WriteTexts
) -> None:
    a, b, c = toy_speeches
    library = written([a, b])
    store = library.store
    assert index(store.address, store.server, [a, b], None).embedded == 0
    changed = read_texts({"b.txt": "Ms. Bo (Nigeria): Schools need peace.\n"}).speeches[0]
    built = index(store.address, store.server, [changed, c], None)
    assert (built.speeches, built.added, built.changed) == (3, 1, 1)
    assert (built.removed, built.unchanged) == (0, 1)
    assert {row["speech"] for row in store.passages.read("id >= 0", ["speech"])} == {"a", "b", "c"}
    assert library.speeches["b"] == changed
    assert "b#1.1" in found(library, "schools peace")
    built = index(store.address, store.server, [a], None, only=True)
    assert (built.speeches, built.removed) == (1, 2)
    assert remove(store.address, store.server, ["a", "nobody"]) == 1
    assert store.passages.count() == store.sentences.count() == len(library.speeches) == 0
    assert Store(store.address, store.server).values()["country"] == []


@installed
def test_two_writers_of_the_same_speeches_write_them_once(
    written: Callable[..., MilvusLibrary], toy_speeches: list[Speech]
) -> None:
    library = written(toy_speeches[:1])
    store = library.store

    def write(_: int) -> None:
        index(store.address, Server(store.server.uri), toy_speeches, None)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    assert len(library.speeches) == 3
    ids = [row["id"] for row in store.passages.read("id >= 0", [])]
    assert len(ids) == len(set(ids)) == 5


@installed
def test_passages_of_a_writer_that_was_killed_are_not_seen(
    written: Callable[..., MilvusLibrary], toy_speeches: list[Speech], monkeypatch: Any
) -> None:
    library = written(toy_speeches[:1])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "add_values", killed)
        with pytest.raises(KeyboardInterrupt):
            index(library.store.address, library.store.server, toy_speeches, None)
    assert library.store.passages.count() == 5
    assert {id_[0] for id_ in found(library, "drones budget")} == {"a"}
    index(library.store.address, library.store.server, toy_speeches, None)
    assert {id_[0] for id_ in found(library, "drones budget")} == {"a", "b", "c"}


@installed
def test_a_speech_that_was_tampered_with_is_never_quoted(
    written: Callable[..., MilvusLibrary], toy_speeches: list[Speech]
) -> None:
    library = written(toy_speeches)
    (row,) = library.store.speeches.read('speech == "a"', ["version"])
    forged = content(toy_speeches[0]).replace(b"We sent drones", b"We lost drones")
    library.store.records.write(pieces("speech", row["version"], forged))
    with pytest.raises(StoreError, match="not what was written to the store; index it again"):
        _ = library.speeches["a"].text


@installed
def test_vectors_of_two_models_are_never_mixed(
    written: Callable[..., MilvusLibrary], toy_speeches: list[Speech]
) -> None:
    store = written(toy_speeches[:1]).store

    def other(folder: Path) -> Any:
        export_toy(folder)
        spec = (folder / "encoder.json").read_text("utf-8").replace('"toy"', '"other"')
        (folder / "encoder.json").write_text(spec, "utf-8")
        from embeddings.encoder import OnnxEncoder

        return OnnxEncoder.open(folder)

    with pytest.raises(LibraryError, match=r"of another model .*; index under another name$"):
        index(store.address, store.server, toy_speeches, other)


# Outage


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Process:
    """`milvus-lite server` in a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        code = "import sys; from milvus_lite.cmdline import main; sys.exit(main())"
        self._command = [sys.executable, "-c", code, "server", "--data-dir", str(folder),
                         "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip
        self._port = port
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(1200):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)


@installed
def test_no_server_is_one_clear_line(port: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(milvus_server, "PATIENCE", 1.0)
    address = Address.parse(f"milvus:http://127.0.0.1:{port}")
    with pytest.raises(
        StoreError, match=r"^http://127\.0\.0\.1:\d+: the Milvus server does not answer"
    ):
        MilvusLibrary.open(address, Server(address.uri))


@installed
def test_several_ask_one_server_and_go_on_when_it_is_back(
    tmp_path: Path, port: int, toy_speeches: list[Speech], home: None, monkeypatch: Any
) -> None:
    monkeypatch.setattr(milvus_server, "PATIENCE", 5.0)
    address = Address.parse(f"milvus:http://127.0.0.1:{port}/toys")
    process = Process(tmp_path / "data", port)
    try:
        index(address, Server(address.uri), toy_speeches, export_toy)
        asking = [MilvusLibrary.open(address, Server(address.uri)) for _ in range(3)]
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda one: found(one, "drones"), asking * 2))
        assert answers == [answers[0]] * 6
        process.stop()
        with pytest.raises(StoreError, match="does not answer; start it, or check the address"):
            found(asking[0], "drones and budgets")
        process.start()
        assert found(asking[0], "drones") == answers[0]
        assert found(asking[1], "drones") == answers[0]
    finally:
        process.stop()


@installed
def test_no_library_there_is_one_clear_line(tmp_path: Path) -> None:
    address = Address.parse(f"milvus:{tmp_path / 'none.db'}")
    server = Server(address.uri)
    with pytest.raises(LibraryError, match=r"no library here; build one with: rapporteur index"):
        MilvusLibrary.open(address, server)
    server.close()


@installed
def test_a_file_that_another_process_has_open_is_one_clear_line(tmp_path: Path, port: int) -> None:
    process = Process(tmp_path / "taken.db", port)
    try:
        address = Address.parse(f"milvus:{tmp_path / 'taken.db'}")
        with pytest.raises(StoreError, match="milvus-lite serves one process at a time"):
            MilvusLibrary.open(address, Server(address.uri))
    finally:
        process.stop()


# Commands


@installed
def test_commands_work_on_a_store(both: Both, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    name = str(both[1].store.address)
    assert main(["speeches", "--library", name, "--country", "Niger", "--json"]) == 0
    assert [one["speech"] for one in json.loads(capsys.readouterr().out)] == ["a"]
    assert main(["speeches", "show", "c", "--library", name]) == 0
    assert "Drones need a mandate. Drones need a budget." in capsys.readouterr().out
    assert main(["quote", "Drones need a mandate.", "--library", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "exact"
    assert main(["speeches", "show", "d", "--library", name]) == 1
    assert capsys.readouterr().err == (
        "rapporteur: no speech 'd'; rapporteur speeches lists them\n"
    )


@installed
def test_commands_tell_of_an_outage_in_one_line(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(milvus_server, "PATIENCE", 1.0)
    assert main(["ask", "drones", "--library", f"milvus:http://127.0.0.1:{port}"]) == 1
    assert capsys.readouterr().err == (
        f"rapporteur: http://127.0.0.1:{port}: the Milvus server does not answer; start it, or "
        "check the address, and ask again\n"
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--library", "milvus:here"], "is no address of a library"),
        (["--library", "milvus:a.db", "--kind", "flat"], "on Milvus write ?index="),
        (["--library", "folder", "--only"], "--only is for a library on Milvus"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["index", "seeds", *arguments])
    assert line in " ".join(capsys.readouterr().err.split())


def test_the_doctor_is_for_folders(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["doctor", "--library", "milvus:a.db"])
    assert "doctor checks a library in a folder" in " ".join(capsys.readouterr().err.split())


def test_the_page_of_a_store_watches_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    served: dict[str, Any] = {}
    monkeypatch.setattr("ui.cli.open_assistant", lambda address: address)
    monkeypatch.setattr("ui.page.app.launch", lambda *given, **named: served.update(named))
    assert main(["serve", "--library", "milvus:a.db"]) == 0
    assert served["folder"] is None
    assert main(["serve", "--library", "somewhere"]) == 0
    assert served["folder"] == Path("somewhere")
