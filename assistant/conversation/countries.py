"""Countries in follow-ups: "France", "the Canadian one", "the French"."""

from __future__ import annotations

import re

from assistant.conversation.language import AUXILIARIES
from assistant.delegations import names_of
from assistant.interpret import Interpreter
from assistant.places import COUNTRIES, COUNTRY_OF

_NAMES = {name for country in COUNTRIES for name in names_of(country)}
AS_SUBJECT = rf"\b(?i:{'|'.join(sorted(AUXILIARIES))}) (?:the )?"
"""What stands before the subject of a question."""
_ARTICLE = re.compile(
    r"(?:Bahamas|Central|Comoros|Czech R|Democratic|Dominican|Gambia|Holy See|Maldives|"
    r"Marshall|Netherlands|Philippines|Republic|Russian F|Solomon|Syrian A|U[A-Z]|United)"
)
_ONE = re.compile(
    r"(?:the )?(?P<adjective>[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)?)"
    r"(?: (?:ones?|delegat(?:e|ion)|ambassador|representative))?"
)


def country_meant(phrase: str, interpreter: Interpreter) -> str | None:
    """The country that a phrase names, or is an adjective of."""
    bare = re.sub(r"^the ", "", phrase)
    if interpreter.delegation(bare) or bare in _NAMES:
        return bare
    found = _ONE.fullmatch(phrase)
    adjective = found["adjective"] if found else ""
    return COUNTRY_OF.get(adjective) or COUNTRY_OF.get(adjective.removesuffix("s"))


def country_in(question: str, interpreter: Interpreter, before: str = r"(?<![\w-])") -> str | None:
    """The country that a question names, as it is written there.

    Args:
        question: To look in.
        interpreter: Knows the delegations of the library.
        before: Pattern of what must stand before the name.
    """
    names = sorted(_NAMES | interpreter.delegation_names, key=len, reverse=True)
    found = re.search(rf"{before}({'|'.join(map(re.escape, names))})(?![\w-])", question)
    return found[1] if found else None


def with_article(country: str) -> str:
    """ "the United States", "France"."""
    return f"the {country}" if _ARTICLE.match(country) else country
