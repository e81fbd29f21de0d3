"""For reference managers: a work for each speech, its quotes as notes. RIS, BibTeX, CSL-JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answer import Citation
from assistant.dossier import Dossier
from assistant.errors import ExportError
from assistant.receipt import Document, Group, Receipt
from assistant.speech import Speech
from ui.export.layout import (
    NOTE,
    PROVENANCE,
    anchor,
    decoded,
    documented,
    provenance,
    receipt,
)

_COUNCIL = "United Nations Security Council"
_BREAK = "\u2028"
"""Between the lines of a quote, for a note has one line."""


@dataclass(frozen=True)
class _Work:
    """A speech with its notes: quotes with their places, and what the user wrote."""

    speech: Speech
    notes: tuple[str, ...]

    @property
    def pages(self) -> tuple[int, int] | None:
        """First and last page of its quotes."""
        return _pages(self.notes)

    @property
    def title(self) -> str:
        topic = " ".join((self.speech.topic or "").split())
        return f"Statement: {topic}" if topic else "Statement"


def _works(dossier: Dossier) -> list[_Work]:
    notes: dict[str, dict[str, dict[str, None]]] = {}
    speeches: dict[str, Speech] = {}
    for entry in dossier.entries:
        for citation in entry.sources:
            speeches.setdefault(citation.speech.id, citation.speech)
            said = notes.setdefault(citation.speech.id, {}).setdefault(_note(citation), {})
            if entry.note and citation is entry.citation:
                said[f"{NOTE} {entry.note}"] = None
    return [
        _Work(speech, tuple(line for quote in notes[id_].items() for line in (quote[0], *quote[1])))
        for id_, speech in speeches.items()
    ]


def _note(citation: Citation) -> str:
    """ "[… 3120-3391 file 3155-3429] para. 7, lines 69-75: “…”"."""
    quote = citation.quote.replace("\n", _BREAK)
    return f"[{anchor(citation)}] {citation.place}: “{quote}”"


_NOTE = re.compile(r"\[([^\]]+)\] ((?:pp?\. [\d-]+, )?(?:row \d+, )?para\..*?): “(.*)”", re.DOTALL)
_PAGE = re.compile(r"pp?\. (\d+)(?:-(\d+))?, ")


def _pages(notes: Iterable[str]) -> tuple[int, int] | None:
    """First and last page that notes name."""
    places = [found[2] for note in notes if (found := _NOTE.fullmatch(note))]
    named = [page for place in places if (page := _PAGE.match(place))]
    if not named:
        return None
    return min(int(page[1]) for page in named), max(int(page[2] or page[1]) for page in named)


def _compare_pages(stated: tuple[str | None, str | None], notes: Iterable[str], id_: str) -> None:
    """The pages of a work are those of its quotes, which are checked one by one."""
    pages = _pages(notes)
    if stated != (tuple(map(str, pages)) if pages else (None, None)):
        raise ExportError(f"the pages of {id_!r} are not those of its quotes; export it again")


def _about(dossier: Dossier, works: Iterable[_Work]) -> list[tuple[str, str]]:
    """The provenance; it counts what stands in the notes, where the same quote stands once."""
    count = sum(not note.startswith(NOTE) for work in works for note in work.notes)
    return provenance(dossier, count)


def _receipts(notes: Iterable[str], stated: dict[str, Any]) -> Iterator[Receipt]:
    for note in notes:
        if note.startswith(NOTE) or not note.strip():
            continue
        found = _NOTE.fullmatch(note)
        if found is None:
            raise ExportError(f"no quote with its place: {note[:60]!r}")
        words = found[3].replace(_BREAK, "\n")
        yield receipt(found[1], words, {**stated, "place": found[2]})


def _told(lines: Iterable[str]) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def _grouped(receipts: Sequence[Receipt], told: dict[str, str]) -> Document:
    return documented([Group(tuple(receipts))], told)


def _range(pages: tuple[int, int] | None, dash: str) -> str | None:
    """ "7", "7-8"."""
    return dash.join(map(str, dict.fromkeys(pages))) if pages else None


def _ends(pages: str | None, dash: str) -> tuple[str | None, str | None]:
    """First and last of what `_range` wrote."""
    if pages is None:
        return None, None
    first, _, last = pages.partition(dash)
    return first, last or first


# RIS


def render_ris(dossier: Dossier) -> bytes:
    """UTF-8, one record for each speech and a first one for the provenance."""
    works = _works(dossier)
    about = [("TI", PROVENANCE), *(("N1", f"{a}: {b}") for a, b in _about(dossier, works))]
    records = [("GEN", about), *(("HEAR", list(_ris(work))) for work in works)]
    lines = [
        f"{tag}  - {' '.join(value.split()) if tag != 'N1' else value}"
        for kind, fields in records
        for tag, value in (("TY", kind), *fields, ("ER", ""))
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def _ris(work: _Work) -> Iterator[tuple[str, str]]:
    speech = work.speech
    yield "AU", speech.byline
    yield "TI", work.title
    yield "T2", _COUNCIL
    if speech.symbol:
        yield "M1", speech.symbol
    if speech.date:
        yield "PY", speech.date[:4]
        # YYYY/MM/DD, with what is not known left empty.
        yield "DA", "/".join([*speech.date.split("-"), "", ""][:3])
    if work.pages:
        first, last = work.pages
        yield "SP", str(first)
        yield "EP", str(last)
    yield "ID", speech.id
    yield "L1", speech.file
    for note in work.notes:
        yield "N1", note


_TAG = re.compile(r"([A-Z][A-Z0-9])  - ?(.*)", re.DOTALL)


def read_ris(data: bytes) -> Document:
    """Raises ExportError when this is no RIS of ours."""
    told: dict[str, str] = {}
    receipts: list[Receipt] = []
    for fields in _ris_records(decoded(data)):
        notes = [value for tag, value in fields if tag == "N1"]
        one = dict(fields)
        if one.get("TI") == PROVENANCE:
            told = _told(notes)
            continue
        stated: dict[str, Any] = {
            "byline": one.get("AU"),
            "symbol": one.get("M1"),
            "date": _iso(one.get("DA", "").split("/"), one.get("PY")),
            "file": one.get("L1"),
        }
        found = list(_receipts(notes, stated))
        _compare_pages((one.get("SP"), one.get("EP")), notes, one.get("ID", ""))
        if any(r.speech != one.get("ID") for r in found):
            raise ExportError(f"a quote under {one.get('ID')!r} is from another speech")
        receipts += found
    return _grouped(receipts, told)


def _ris_records(text: str) -> Iterator[list[tuple[str, str]]]:
    fields: list[tuple[str, str]] = []
    for line in re.split(r"\r?\n", text):
        found = _TAG.fullmatch(line)
        if found is None:
            continue
        if found[1] == "ER":
            yield fields
            fields = []
        else:
            fields.append((found[1], found[2]))


def _iso(parts: Iterable[str], year: str | None) -> str | None:
    """ISO 8601 of year, month and day; what contradicts the year told apart is no date."""
    known = [part for part in parts if part]
    if year and known and known[0] != year:
        return f"{known[0]} and {year}"
    return "-".join(known) or year


# BibTeX

_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "$": r"\$",
    "#": r"\#", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
}  # fmt: skip
_PLAIN = {tex: char for char, tex in _TEX.items()}
_TO_TEX = re.compile("|".join(map(re.escape, _TEX)))
_FROM_TEX = re.compile("|".join(map(re.escape, sorted(_PLAIN, key=len, reverse=True))))


def tex(text: str) -> str:
    """Text as it stands in a field of BibTeX."""
    return _TO_TEX.sub(lambda found: _TEX[found[0]], text)


def _untex(text: str) -> str:
    return _FROM_TEX.sub(lambda found: _PLAIN[found[0]], text)


def render_bib(dossier: Dossier) -> bytes:
    """UTF-8, for biblatex; the provenance is an entry of its own."""
    works = _works(dossier)
    about = "\n".join(f"{label}: {value}" for label, value in _about(dossier, works))
    entries = [_bib("misc", "about-this-document", [("title", PROVENANCE), ("annotation", about)])]
    for work in works:
        speech = work.speech
        fields = [
            ("author", speech.byline),
            ("title", work.title),
            ("eventtitle", _COUNCIL),
            ("number", speech.symbol),
            ("date", speech.date),
            ("pages", _range(work.pages, "--")),
            ("library", speech.file),
            ("annotation", "\n".join(work.notes)),
        ]
        entries.append(_bib("unpublished", _key(speech), [(k, v) for k, v in fields if v]))
    return "\n".join(entries).encode()


def _bib(kind: str, key: str, fields: Iterable[tuple[str, str]]) -> str:
    # Doubly braced, so that no name is parted at "and" or a comma.
    lines = "".join(f"  {name} = {{{{{tex(value)}}}}},\n" for name, value in fields)
    return f"@{kind}{{{key},\n{lines}}}\n"


def _key(speech: Speech) -> str:
    return re.sub(r"[^A-Za-z0-9_.:+-]", "-", speech.id)


_BIB_ENTRY = re.compile(r"@(\w+)\{([^,\s]+),\n(.*?)\n\}(?:\n|$)", re.DOTALL)
_BIB_FIELD = re.compile(r"  (\w+) = \{\{(.*?)\}\},(?=\n  \w+ = \{\{|$)", re.DOTALL)


def read_bib(data: bytes) -> Document:
    """Raises ExportError when this is no BibTeX of ours."""
    told: dict[str, str] = {}
    receipts: list[Receipt] = []
    for _, key, body in _BIB_ENTRY.findall(decoded(data).replace("\r\n", "\n")):
        one = {name: _untex(value) for name, value in _BIB_FIELD.findall(body)}
        notes = one.get("annotation", "").split("\n")
        if one.get("title") == PROVENANCE:
            told = _told(notes)
            continue
        stated: dict[str, Any] = {
            "byline": one.get("author"),
            "symbol": one.get("number"),
            "date": one.get("date"),
            "file": one.get("library"),
        }
        found = list(_receipts(notes, stated))
        _compare_pages(_ends(one.get("pages"), "--"), notes, key)
        if any(re.sub(r"[^A-Za-z0-9_.:+-]", "-", r.speech) != key for r in found):
            raise ExportError(f"a quote under {key!r} is from another speech")
        receipts += found
    return _grouped(receipts, told)


# CSL-JSON


def render_csl(dossier: Dossier) -> bytes:
    """UTF-8, an array of items; the first has the provenance."""
    works = _works(dossier)
    about = "\n".join(f"{label}: {value}" for label, value in _about(dossier, works))
    items: list[dict[str, Any]] = [
        {"id": "about-this-document", "type": "document", "title": PROVENANCE, "note": about}
    ]
    for work in works:
        speech = work.speech
        item: dict[str, Any] = {
            "id": speech.id,
            "type": "speech",
            "author": [{"literal": speech.byline}],
            "title": work.title,
            "event-title": _COUNCIL,
            "number": speech.symbol,
            "issued": _date_parts(speech.date),
            "page": _range(work.pages, "-"),
            "archive_location": speech.file,
            "note": "\n".join(work.notes),
        }
        items.append({name: value for name, value in item.items() if value})
    return (json.dumps(items, ensure_ascii=False, indent=2) + "\n").encode()


def _date_parts(date: str | None) -> dict[str, Any] | None:
    return {"date-parts": [[int(part) for part in date.split("-")]]} if date else None


def holds_csl(value: Any) -> bool:
    """Whether a JSON value is a list of works."""
    return isinstance(value, list) and any(
        isinstance(item, dict) and item.get("title") == PROVENANCE and "note" in item
        for item in value[:1]
    )


def read_csl(data: bytes) -> Document:
    """Raises ExportError when this is no CSL-JSON of ours."""
    told: dict[str, str] = {}
    receipts: list[Receipt] = []
    try:
        items: list[dict[str, Any]] = json.loads(decoded(data))
        for item in items:
            notes = str(item.get("note", "")).split("\n")
            if item.get("title") == PROVENANCE:
                told = _told(notes)
                continue
            found = list(_receipts(notes, _stated(item)))
            _compare_pages(_ends(item.get("page"), "-"), notes, item["id"])
            if any(r.speech != item["id"] for r in found):
                raise ExportError(f"a quote under {item['id']!r} is from another speech")
            receipts += found
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ExportError(f"not CSL-JSON of ours ({error!r})") from error
    return _grouped(receipts, told)


def _stated(item: dict[str, Any]) -> dict[str, Any]:
    parts = item["issued"]["date-parts"][0] if "issued" in item else []
    date = "-".join(f"{part:04}" if at == 0 else f"{part:02}" for at, part in enumerate(parts))
    return {
        "byline": item["author"][0]["literal"],
        "symbol": item.get("number"),
        "date": date or None,
        "file": item.get("archive_location"),
    }
