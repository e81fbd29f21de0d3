"""Documents on the page: a button for each format, and what the browser saves as a file."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

from assistant.dossier import Dossier
from assistant.errors import RapporteurError
from ui import export

_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "md": "text/markdown",
    "html": "text/html",
    "csv": "text/csv",
    "json": "application/json",
    "csl": "application/json",
}
_LONGEST_STEM = 80


def buttons(label: str, attribute: str) -> str:
    """A button for each format, which is the value of a data attribute."""
    offered = "".join(
        f'<button type="button" class="plain" data-{attribute}="{name}">{title}</button>'
        for name, title in export.TITLES.items()
    )
    return f'<div class="exports"><span>{label}</span>{offered}</div>'


def document_file(make: Callable[[], tuple[str, str, Dossier]]) -> str:
    """A document as the browser saves it, as JSON: name, type and data, or an error.

    Args:
        make: Makes the name of the file without its ending, the name of the format, and what
            the document is made of.
    """
    try:
        title, name, dossier = make()
        data = export.render(dossier, name)
    except RapporteurError as error:
        return json.dumps({"error": str(error)})
    stem = re.sub(r"[^\w-]+", "-", title)[:_LONGEST_STEM].strip("-").lower()
    made = {
        "name": f"{stem or 'conversation'}.{'csl.json' if name == 'csl' else name}",
        "type": _TYPES.get(name, "text/plain"),
        "data": base64.b64encode(data).decode(),
    }
    return json.dumps(made)
