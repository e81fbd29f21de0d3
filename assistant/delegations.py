"""The names that one delegation goes by."""

from __future__ import annotations

from functools import lru_cache

from assistant.metadata import plain
from assistant.places import state_of_code

# As records and lists print them, at different times, and as people write them; no name that
# two delegations may go by ("Korea"), and no former State of several ("Yugoslavia").
_SAME_DELEGATION = (
    ("Bolivia", "Bolivia (Plurinational State of)", "Plurinational State of Bolivia"),
    ("Brunei Darussalam", "Brunei"),
    ("Cabo Verde", "Cape Verde"),
    ("Congo", "Republic of the Congo", "Congo-Brazzaville", "Congo (Republic of the)"),
    ("Côte d'Ivoire", "Ivory Coast"),
    ("Cyprus", "Republic of Cyprus"),
    ("Czech Republic", "Czechia"),
    ("Democratic People's Republic of Korea", "DPRK", "North Korea"),
    ("Democratic Republic of the Congo", "DRC", "Congo (Democratic Republic of the)", "Zaire",
     "Congo-Kinshasa"),
    ("Eswatini", "Swaziland", "Kingdom of Eswatini"),
    ("European Union", "EU"),
    ("Gambia", "The Gambia", "Islamic Republic of the Gambia", "Gambia (Republic of The)"),
    ("Holy See", "Vatican", "The Vatican", "Vatican City"),
    ("Iran", "Iran (Islamic Republic of)", "Islamic Republic of Iran"),
    ("Lao People's Democratic Republic", "Laos", "Lao PDR"),
    ("League of Arab States", "Arab League", "League of the Arab States"),
    ("Libya", "Libyan Arab Jamahiriya", "State of Libya",
     "Socialist People's Libyan Arab Jamahiriya"),
    ("Micronesia", "Federated States of Micronesia", "Micronesia (Federated States of)"),
    ("Myanmar", "Burma", "Union of Myanmar"),
    ("Nauru", "Naoero"),
    ("Netherlands", "Kingdom of the Netherlands", "Netherlands (Kingdom of the)", "Holland",
     "The Netherlands"),
    ("North Macedonia", "The former Yugoslav Republic of Macedonia", "FYROM", "Macedonia",
     "Republic of North Macedonia"),
    ("Palestine", "State of Palestine", "Observer State of Palestine"),
    ("Republic of Korea", "South Korea", "ROK"),
    ("Republic of Moldova", "Moldova"),
    ("Russian Federation", "Russia"),
    ("Sao Tome and Principe", "São Tomé and Príncipe"),
    ("Slovakia", "Slovak Republic"),
    ("Syrian Arab Republic", "Syria"),
    ("Timor-Leste", "East Timor", "Democratic Republic of Timor-Leste"),
    ("Turkey", "Türkiye"),
    ("United Arab Emirates", "UAE"),
    ("United Kingdom", "UK", "Great Britain", "Britain",
     "United Kingdom of Great Britain and Northern Ireland"),
    ("United Nations", "UN"),
    ("United Republic of Tanzania", "Tanzania"),
    ("United States of America", "United States", "USA", "US"),
    ("Venezuela", "Venezuela (Bolivarian Republic of)", "Bolivarian Republic of Venezuela"),
    ("Viet Nam", "Vietnam"),
)  # fmt: skip

_FIRST_NAMES = {plain(name): plain(names[0]) for names in _SAME_DELEGATION for name in names}


def names_of(country: str) -> set[str]:
    """The delegation's name and the other names it goes by."""
    same = (names for names in _SAME_DELEGATION if plain(country) in map(plain, names))
    return {country, *next(same, ())}


@lru_cache(10_000)
def delegation_key(name: str) -> str:
    """One plain name for all names of a delegation, its ISO 3166 code of three letters included."""
    key = plain(name)
    if key not in _FIRST_NAMES and (state := state_of_code(key.upper())):
        key = plain(state)
    return _FIRST_NAMES.get(key, key)
