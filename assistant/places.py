"""Countries, and what is of them: "Canadian" is of Canada."""

from __future__ import annotations

import re
from functools import cache

from iso3166 import countries_by_alpha3

_DEMONYMS = """
Afghanistan Afghan|Albania Albanian|Algeria Algerian|Andorra Andorran|Angola Angolan|
Argentina Argentine Argentinian|Armenia Armenian|Australia Australian|Austria Austrian|
Azerbaijan Azerbaijani|Bahamas Bahamian|Bahrain Bahraini|Bangladesh Bangladeshi|
Barbados Barbadian|Belarus Belarusian|Belgium Belgian|Belize Belizean|Benin Beninese|
Bhutan Bhutanese|Bolivia Bolivian|Bosnia-and-Herzegovina Bosnian|Botswana Botswanan|
Brazil Brazilian|Brunei-Darussalam Bruneian|Bulgaria Bulgarian|Burkina-Faso Burkinabe|
Burundi Burundian|Cabo-Verde|Cambodia Cambodian|Cameroon Cameroonian|Canada Canadian|
Central-African-Republic|Chad Chadian|Chile Chilean|China Chinese|Colombia Colombian|
Comoros Comorian|Congo Congolese|Costa-Rica Costa-Rican|Côte-d'Ivoire Ivorian|Croatia Croatian|
Cuba Cuban|Cyprus Cypriot|Czech-Republic Czech|Democratic-Republic-of-the-Congo|
Democratic-People's-Republic-of-Korea North-Korean|Denmark Danish|Djibouti Djiboutian|
Dominican-Republic|Ecuador Ecuadorian|Egypt Egyptian|El-Salvador Salvadoran|
Equatorial-Guinea|Eritrea Eritrean|Estonia Estonian|Eswatini|Ethiopia Ethiopian|Fiji Fijian|
Finland Finnish|France French|Gabon Gabonese|Gambia Gambian|Georgia Georgian|Germany German|
Ghana Ghanaian|Greece Greek|Guatemala Guatemalan|Guinea Guinean|Guinea-Bissau|Guyana Guyanese|
Haiti Haitian|Honduras Honduran|Hungary Hungarian|Iceland Icelandic|India Indian|
Indonesia Indonesian|Iran Iranian|Iraq Iraqi|Ireland Irish|Israel Israeli|Italy Italian|
Jamaica Jamaican|Japan Japanese|Jordan Jordanian|Kazakhstan Kazakh Kazakhstani|Kenya Kenyan|
Kuwait Kuwaiti|Kyrgyzstan Kyrgyz|Latvia Latvian|Lebanon Lebanese|Lesotho|Liberia Liberian|
Libya Libyan|Liechtenstein|Lithuania Lithuanian|Luxembourg|Madagascar Malagasy|Malawi Malawian|
Malaysia Malaysian|Maldives Maldivian|Mali Malian|Malta Maltese|Mauritania Mauritanian|
Mauritius Mauritian|Mexico Mexican|Monaco|Mongolia Mongolian|Montenegro Montenegrin|
Morocco Moroccan|Mozambique Mozambican|Myanmar Burmese|Namibia Namibian|Nepal Nepalese Nepali|
Netherlands Dutch|New-Zealand|Nicaragua Nicaraguan|Niger Nigerien|Nigeria Nigerian|
North-Macedonia Macedonian|Norway Norwegian|Oman Omani|Pakistan Pakistani|
Palestine Palestinian|Panama Panamanian|Papua-New-Guinea|Paraguay Paraguayan|Peru Peruvian|
Philippines Philippine Filipino|Poland Polish|Portugal Portuguese|Qatar Qatari|
Republic-of-Korea South-Korean|Republic-of-Moldova Moldovan|Romania Romanian|
Russian-Federation Russian|Rwanda Rwandan|Saint-Vincent-and-the-Grenadines|
Saudi-Arabia Saudi|Senegal Senegalese|Serbia Serbian|Sierra-Leone Sierra-Leonean|
Singapore Singaporean|Slovakia Slovak|Slovenia Slovenian|Somalia Somali|
South-Africa South-African|South-Sudan South-Sudanese|Spain Spanish|Sri-Lanka Sri-Lankan|
Sudan Sudanese|Suriname|Sweden Swedish|Switzerland Swiss|Syrian-Arab-Republic Syrian|
Tajikistan Tajik|Thailand Thai|Timor-Leste Timorese|Togo Togolese|Trinidad-and-Tobago|
Tunisia Tunisian|Turkey Turkish|Turkmenistan Turkmen|Uganda Ugandan|Ukraine Ukrainian|
United-Arab-Emirates Emirati|United-Kingdom British|United-Republic-of-Tanzania Tanzanian|
United-States-of-America American|Uruguay Uruguayan|Uzbekistan Uzbek|Venezuela Venezuelan|
Viet-Nam Vietnamese|Yemen Yemeni|Zambia Zambian|Zimbabwe Zimbabwean|Antigua-and-Barbuda|Dominica|
European-Union European|Grenada|Holy-See|Kiribati|Kosovo Kosovar|
Lao-People's-Democratic-Republic Lao|Marshall-Islands|Micronesia|Nauru|Palau|Saint-Lucia|
Samoa Samoan|San-Marino|Seychelles|Solomon-Islands|Tonga Tongan|Tuvalu Tuvaluan|Vanuatu
"""

_ROWS = [
    [name.replace("-", " ") if name not in ("Guinea-Bissau", "Timor-Leste") else name
     for name in row.split()]
    for row in _DEMONYMS.replace("\n", "").split("|")
]  # fmt: skip

COUNTRIES = tuple(row[0] for row in _ROWS)
"""Names of countries, as the records have them."""

COUNTRY_OF = {name: country for country, *names in _ROWS for name in names}
"""The country that an adjective is of: {"Canadian": "Canada", …}."""

# Two as the records print them, and codes of ISO 3166-3: of States that are no more.
_CODES = {
    "EU": "European Union", "GBR": "United Kingdom", "NRU": "Nauru",
    "CSK": "Czechoslovakia", "DDR": "German Democratic Republic", "SCG": "Serbia and Montenegro",
    "SUN": "Union of Soviet Socialist Republics", "YMD": "Democratic Yemen", "YUG": "Yugoslavia",
    "ZAR": "Zaire",
}  # fmt: skip
_INVERTED = re.compile(r"(.+), ([^,]+ of(?: the)?)")


@cache
def state_of_code(code: str) -> str | None:
    """The State that an ISO 3166 code of three capital letters stands for: "KAZ" → "Kazakhstan".

    "Iran, Islamic Republic of" of the standard is "Islamic Republic of Iran", as records print it.
    """
    if code in _CODES:
        return _CODES[code]
    if (state := countries_by_alpha3.get(code)) is None:
        return None
    return _INVERTED.sub(r"\2 \1", state.name)
