"""Documents of cited quotes: written, and read again to be checked.

Whatever is written is read back at once and every quote of it held against its speech; a
document that does not pass is not written.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from assistant.briefing import Briefing
from assistant.dossier import Dossier, of_briefing
from assistant.errors import ExportError
from assistant.library import Library
from assistant.receipt import Document, Verifier
from ui.wording import no_mention, sheet_scope

LARGEST = 100_000_000
"""Bytes of a document that is read."""


@dataclass(frozen=True)
class Format:
    """A kind of document.

    Attributes:
        name: As it is asked for, and the ending of its files.
        module: Of this package, with `render(Dossier) -> bytes` and `read(bytes) -> Document`.
        title: As a person calls it.
    """

    name: str
    module: str
    title: str

    def render(self, dossier: Dossier) -> bytes:
        render: Callable[[Dossier], bytes] = self._member("render")
        return render(dossier)

    def read(self, data: bytes) -> Document:
        """Raises ExportError when this is no document of the format."""
        read: Callable[[bytes], Document] = self._member("read")
        return read(data)

    def _member(self, verb: str) -> Any:
        # Imported when it is used: python-docx takes a tenth of a second.
        return getattr(import_module(f"ui.export.{self.module}"), f"{verb}_{self.name}")


_FORMATS = {
    one.name: one
    for one in (
        Format("docx", "word", "Word"),
        Format("md", "markdown", "Markdown"),
        Format("html", "webpage", "HTML"),
        Format("csv", "table", "CSV"),
        Format("json", "record", "JSON"),
        Format("ris", "bibliography", "RIS"),
        Format("bib", "bibliography", "BibTeX"),
        Format("csl", "bibliography", "CSL-JSON"),
    )
}
FORMATS = tuple(_FORMATS)
TITLES = {name: one.title for name, one in _FORMATS.items()}
_ENDINGS = {"markdown": "md", "htm": "html", "bibtex": "bib", "jsonl": "json"}


def chosen_format(name: str | None, output: Path | None) -> str:
    """The format that was asked for, or that the name of the file says.

    Raises:
        ExportError: Neither does; or it is Word, and there is no file to write.
    """
    found = name or (output and _named(output))
    if found is None or found not in _FORMATS:
        raise ExportError(
            f"{output}: its name does not say which document to write; end it in "
            f".{', .'.join(FORMATS[:-1])} or .csl.json, or say --format"
        )
    if found == "docx" and output is None:
        raise ExportError("Word documents are files; name one with --output")
    return found


def _named(path: Path) -> str | None:
    """The format that the name of a file says."""
    if path.name.lower().endswith(".csl.json"):
        return "csl"
    ending = path.suffix.lower().removeprefix(".")
    found = _ENDINGS.get(ending, ending)
    return found if found in _FORMATS else None


def render(dossier: Dossier, name: str) -> bytes:
    """A document of one of `FORMATS`, read back and checked.

    Raises:
        ExportError: A quote in it is not the slice of the record that it is said to be.
    """
    data = _FORMATS[name].render(dossier)
    document = _FORMATS[name].read(data)
    verified = Verifier(dossier.speeches).verify(document)
    cited = {(citation.speech.id, citation.span) for citation in dossier.citations}
    if not cited and not verified.checks:
        return data
    for check in verified.checks:
        if check.standing != "exact":
            reason = "; ".join(check.differences)
            raise ExportError(
                f"{TITLES[name]}: the quote from {check.receipt.speech} would be "
                f"{check.standing} ({reason}); nothing was written"
            )
    missing = cited - {(check.receipt.speech, check.receipt.span) for check in verified.checks}
    if verified.problems or missing:
        reason = "; ".join(verified.problems) or f"{len(missing)} of {len(cited)} citations missing"
        raise ExportError(f"{TITLES[name]}: not as it should be ({reason}); nothing was written")
    return data


def write(dossier: Dossier, name: str, output: Path | None) -> None:
    """Write a document to a file, or to standard output.

    Raises:
        ExportError: It does not pass, or the file cannot be written.
    """
    data = render(dossier, name)
    if output is None:
        sys.stdout.write(data.decode("utf-8-sig"))
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise ExportError(f"{output}: cannot be written ({error.strerror or error})") from error


def read(path: Path) -> Document:
    """What a document quotes.

    Raises:
        ExportError: It cannot be read, or is no document of ours.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ExportError(f"{path}: too large for a document ({LARGEST // 10**6} MB at most)")
        data = path.read_bytes()
    except OSError as error:
        raise ExportError(f"{path}: cannot be read ({error.strerror or error})") from error
    name = _named(path)
    if name is None and data.lstrip().startswith((b"{", b"[")):
        name = "json"
    if name is None:
        endings = ", .".join(FORMATS[:-1])
        raise ExportError(f"{path}: its name does not say what it is; end it in .{endings}")
    try:
        return _FORMATS[name].read(data)
    except ExportError as error:
        raise ExportError(f"{path}: {error}") from error


def briefing_dossier(briefing: Briefing, library: Library, most: int | None = None) -> Dossier:
    """A briefing as a document, with at most so many quotes of each delegation on a topic."""
    return of_briefing(briefing, library, sheet_scope, no_mention, most)
