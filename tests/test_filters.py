"""Which speeches a question is asked of."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import FilterError
from assistant.filters import Filters
from assistant.retriever import Retriever
from assistant.speech import Speech, iso_date, period, written_date
from assistant.text import read_text


def speech(**known: str) -> Speech:
    return Speech("x", "x.txt", "", read_text("We agree."), **known)


@pytest.mark.parametrize(
    ("country", "asked", "others"),
    [
        ("Niger", ["Niger", "niger", " NIGER "], ["Nigeria", "Nige"]),
        ("Nigeria", ["Nigeria"], ["Niger"]),
        ("Guinea", ["Guinea"], ["Guinea-Bissau", "Equatorial Guinea", "Papua New Guinea"]),
        ("Guinea-Bissau", ["Guinea-Bissau", "guinea bissau"], ["Guinea"]),
        ("Republic of Korea", ["South Korea"], ["North Korea", "DPRK", "Korea"]),
        ("Democratic People's Republic of Korea", ["North Korea", "DPRK"], ["South Korea"]),
        ("Democratic Republic of the Congo", ["DRC"], ["Congo"]),
        ("Côte d'Ivoire", ["Cote d’Ivoire", "Ivory Coast"], ["Ivory"]),
        ("Russian Federation", ["Russia", "russian federation"], ["Belarus"]),
        ("Russia", ["Russian Federation", "Russia"], []),
        ("United States of America", ["US", "usa", "United States"], ["United Kingdom"]),
        ("United States", ["United States of America", "US"], []),
        ("United Kingdom", ["UK", "Great Britain"], ["United States"]),
        ("Syrian Arab Republic", ["Syria"], []),
        ("Islamic Republic of Iran", ["Iran"], ["Iraq"]),
        # As the verbatim records print them, and as lists of members do.
        ("Plurinational State of Bolivia", ["Bolivia"], []),
        ("Bolivia (Plurinational State of)", ["Bolivia"], []),
        ("Bolivarian Republic of Venezuela", ["Venezuela"], []),
        ("Venezuela (Bolivarian Republic of)", ["Venezuela"], []),
        ("Iran (Islamic Republic of)", ["Iran"], []),
    ],
)
def test_country(country: str, asked: list[str], others: list[str]) -> None:
    matched = [
        name for name in asked + others if Filters(country=name).match(speech(country=country))
    ]
    assert matched == asked


@pytest.mark.parametrize(
    ("given", "known", "matched"),
    [
        ({"speaker": "Umarov"}, {"speaker": "Mr. Umarov"}, True),
        ({"speaker": "mr. umarov"}, {"speaker": "Mr. Umarov"}, True),
        ({"speaker": "Ms. Umarov"}, {"speaker": "Mr. Umarov"}, True),
        ({"speaker": "Liu Jieyi"}, {"speaker": "Mr. Liu Jieyi"}, True),
        ({"speaker": "Jieyi"}, {"speaker": "Mr. Liu Jieyi"}, True),
        ({"speaker": "Zhaoxu Liu Jieyi"}, {"speaker": "Mr. Liu Jieyi"}, False),
        ({"speaker": "Umar"}, {"speaker": "Mr. Umarov"}, False),
        ({"speaker": "Delattre"}, {"speaker": "Mr. Délattre"}, True),
        ({"symbol": "S/PV.8349"}, {"symbol": "S/PV.8349"}, True),
        ({"symbol": "8349"}, {"symbol": "S/PV.8349"}, True),
        ({"symbol": "s/pv 8349"}, {"symbol": "S/PV.8349"}, True),
        ({"symbol": "834"}, {"symbol": "S/PV.8349"}, False),
        ({"symbol": "8349"}, {"symbol": "S/PV.8349 (Resumption 1)"}, False),
        ({"language": "french"}, {"language": "French"}, True),
        ({"language": "French"}, {"language": "English"}, False),
        ({"topic": "Mali"}, {"topic": "The situation in Mali"}, True),
        ({"topic": "women, peace"}, {"topic": "Women and peace and security"}, False),
        ({"topic": "peace and security"}, {"topic": "Women and Peace and Security"}, True),
        ({"topic": "Mali"}, {"topic": "The situation in Somalia"}, False),
        ({"topic": "Niger"}, {"topic": "The situation in Nigeria"}, False),
    ],
)
def test_names_numbers_and_topics(given: dict, known: dict, matched: bool) -> None:
    assert Filters(**given).match(speech(**known)) is matched


@pytest.mark.parametrize("name", ["country", "speaker", "symbol", "topic", "language", "since"])
def test_what_is_unknown_meets_no_condition(name: str) -> None:
    assert not Filters(**{name: "2018"}).match(speech())


@pytest.mark.parametrize(
    ("date", "since", "until", "matched"),
    [
        ("2018-09-12", "2018-09-12", "2018-09-12", True),
        ("2018-09-12", "2018-09-13", None, False),
        ("2018-09-12", None, "2018-09-11", False),
        ("2018-09-12", "2018", "2018", True),
        ("2018-01-01", "2018", None, True),
        ("2017-12-31", "2018", None, False),
        ("2018-12-31", None, "2018", True),
        ("2019-01-01", None, "2018", False),
        ("2016-02-29", None, "2016-02", True),
        ("2016-03-01", None, "2016-02", False),
        # A month or a year is kept when any day of it lies in the period.
        ("2017-10", "2017-10-31", None, True),
        ("2017-10", "2017-11-01", None, False),
        ("2017-10", None, "2017-10-01", True),
        ("2017-10", None, "2017-09-30", False),
        ("2017", "2017-12-31", "2018", True),
        ("2017", "2016", "2017-01-01", True),
        ("2017", "2018", None, False),
    ],
)
def test_periods(date: str, since: str | None, until: str | None, matched: bool) -> None:
    assert Filters(since=since, until=until).match(speech(date=date)) is matched


def test_all_conditions_must_be_met() -> None:
    known = speech(country="Niger", speaker="Mr. Ali", date="2018")
    assert Filters().match(known)
    assert Filters(country="Niger", speaker="Ali", since="2018").match(known)
    assert not Filters(country="Niger", speaker="Bo").match(known)
    assert not Filters(country="Niger", since="2019").match(known)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Filters()),
        ({"country": " Mali ", "speaker": "  ", "topic": None}, Filters(country="Mali")),
        ({"year": 2018}, Filters(since="2018", until="2018")),
        ({"year": "2018"}, Filters(since="2018", until="2018")),
        ({"year": 2018, "until": "2018-06"}, Filters(since="2018", until="2018-06")),
    ],
)
def test_from_mapping(given: dict, expected: Filters) -> None:
    assert Filters.from_mapping(given) == expected


def test_stated() -> None:
    given = {"country": "Mali", "since": "2018-01"}
    assert Filters.from_mapping(given).stated() == given
    assert Filters().stated() == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"contry": "Mali"},
            "unknown filter 'contry'; "
            "there are country, language, period, role, since, speaker, symbol, topic, until, year",
        ),
        ({"country": 7}, "filter 'country' must be a text"),
        ({"country": ["Mali"]}, "filter 'country' must be a text"),
        ({"year": True}, "filter 'year' must be a text"),
        ({"year": 2018.5}, "filter 'year' must be a text"),
        ({"since": "2018-13"}, "since: '2018-13' is not a day of the calendar"),
        ({"since": "2018-00"}, "since: '2018-00' is not a day of the calendar"),
        ({"until": "soon"}, "until: 'soon' is not a date; write YYYY, YYYY-MM or YYYY-MM-DD"),
        ({"since": "2019", "until": "2018"}, "since 2019 is after until 2018; swap them"),
    ],
)
def test_what_cannot_be_understood_is_told_in_one_line(given: dict, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        Filters.from_mapping(given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("date", "first", "last", "written"),
    [
        ("2018", "2018-01-01", "2018-12-31", "2018"),
        ("2016-02", "2016-02-01", "2016-02-29", "February 2016"),
        ("2018-09-02", "2018-09-02", "2018-09-02", "2 September 2018"),
    ],
)
def test_dates_of_less_precision(date: str, first: str, last: str, written: str) -> None:
    assert [day.isoformat() for day in period(date)] == [first, last]
    assert written_date(date) == written
    assert iso_date(f" {written} ") == date


@pytest.mark.parametrize(
    "date", ["2018-00", "2018-00-00", "2018-01-00", "2018-02-30", "0000", "18"]
)
def test_no_such_day(date: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        period(date)


@pytest.mark.parametrize(
    ("country", "asked"),
    [
        ("European Union", ["EU", "European Union"]),
        ("EU", ["European Union"]),
        ("Holy See", ["Vatican", "The Vatican"]),
        ("Czechia", ["Czech Republic", "CZE"]),
        ("Eswatini", ["Swaziland", "swz"]),
        ("The former Yugoslav Republic of Macedonia", ["North Macedonia", "FYROM", "MKD"]),
        ("Cabo Verde", ["Cape Verde"]),
        ("Myanmar", ["Burma"]),
        ("State of Palestine", ["Palestine", "PSE"]),
        ("Libyan Arab Jamahiriya", ["Libya"]),
        ("Lao People's Democratic Republic", ["Laos", "LAO"]),
        ("Republic of Moldova", ["Moldova"]),
        ("Federated States of Micronesia", ["Micronesia", "FSM"]),
        ("Brunei Darussalam", ["Brunei"]),
        ("Timor-Leste", ["East Timor"]),
        ("Kingdom of the Netherlands", ["Netherlands", "NLD"]),
        ("Türkiye", ["Turkey", "TUR"]),
        ("Kazakhstan", ["KAZ", "kaz"]),
        ("United Kingdom Of Great Britain And Northern Ireland", ["UK", "GBR", "Britain"]),
    ],
)
def test_common_names_and_codes(country: str, asked: list[str]) -> None:
    known = speech(country=country)
    matched = [name for name in asked if Filters(country=name).match(known)]
    assert matched == asked


def test_no_name_is_of_two_delegations() -> None:
    from assistant.delegations import _SAME_DELEGATION
    from assistant.metadata import plain

    names = [plain(name) for row in _SAME_DELEGATION for name in {plain(n): n for n in row}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("role", "known", "matched"),
    [
        ("guest", {"role": "Guest"}, True),
        ("President", {"role": "The President"}, True),
        ("President", {"speaker": "The President"}, True),
        ("President", {"speaker": "Mr. President"}, False),
        ("representative of China", {"capacity": "representative of China"}, True),
        ("China", {"role": "Guest", "capacity": "representative of Chinatown"}, False),
        ("Guest", {}, False),
    ],
)
def test_roles(role: str, known: dict, matched: bool) -> None:
    assert Filters(role=role).match(speech(**known)) is matched


@pytest.mark.parametrize(
    ("written", "since", "until"),
    [
        ("2018", "2018", "2018"),
        ("2018-09", "2018-09", "2018-09"),
        ("2018..2020", "2018", "2020"),
        ("2018 / 2020-03-01", "2018", "2020-03-01"),
        ("2018..", "2018", None),
        ("../2017", None, "2017"),
        ("2018/..", "2018", None),
    ],
)
def test_a_period_as_it_is_written(written: str, since: str | None, until: str | None) -> None:
    assert Filters.from_mapping({"period": written}) == Filters(since=since, until=until)


@pytest.mark.parametrize("written", ["..", "/", "2018..2019..2020", "soon", "2020..2018"])
def test_what_is_no_period_is_told(written: str) -> None:
    with pytest.raises(FilterError, match=r"period|since"):
        Filters.from_mapping({"period": written})


NAMES = st.sampled_from(["Mali", "Niger", "Nigeria", None])
DATES = st.sampled_from(["2016", "2016-05", "2016-05-31", "2017-02-28", "2018", None])
ROLES = st.sampled_from(["Guest", "The President", None])


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(country=NAMES, since=DATES, until=DATES, role=ROLES, k=st.integers(1, 9))
def test_a_filtered_search_is_that_of_the_filtered_speeches(
    toy_library, country: str | None, since: str | None, until: str | None, role: str | None, k: int
) -> None:
    """The best of those left, exactly as if the others were not in the library."""
    try:
        chosen = Filters(country=country, since=since, until=until, role=role)
    except FilterError:
        return
    retriever = Retriever(toy_library)
    every = retriever.retrieve("drones budget", Filters(), 1000).hits
    left = {id_ for id_, one in toy_library.speeches.items() if chosen.match(one)}
    found = retriever.retrieve("drones budget", chosen, k)
    assert found.speeches == len(left)
    assert found.passages == sum(p.speech in left for p in toy_library.passages)
    assert {hit.passage.speech for hit in found.hits} <= left
    among = [hit for hit in every if hit.passage.speech in left]
    scores = [round(hit.score, 5) for hit in among[: len(found.hits)]]
    assert [round(hit.score, 5) for hit in found.hits] == scores
    assert len(found.hits) >= min(k, len(among))


def test_the_page_tells_what_the_filters_leave(toy_library, toy_reader) -> None:
    from assistant.answer import Assistant
    from ui.page.desk import Desk

    desk = Desk(Assistant(toy_library, toy_reader(toy_library)), None, None)
    nothing = (None, None, "", "", None, None, None, None)
    assert desk.left(*nothing) == ""
    assert "1 of 3 speeches, 2 passages" in desk.left("NER", *nothing[1:])
    assert "2 of 3 speeches, 4 passages" in desk.left(*nothing[:2], "2016", "2016", *nothing[4:])
    assert "0 of 3 speeches, 0 passages" in desk.left(*nothing[:7], "Guest")
    assert "soon&#x27; is not a date" in desk.left(None, None, "soon", "", *nothing[4:])
