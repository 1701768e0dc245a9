"""Codes of jurisdictions: ISO 3166-1 alpha-2 for countries, ISO 3166-2 for parts of them, such as ``US-NY``."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

_SECOND_LETTERS: Final = {
    "A": "DEFGILMOQRSTUWXZ",
    "B": "ABDEFGHIJLMNOQRSTVWYZ",
    "C": "ACDFGHIKLMNORUVWXYZ",
    "D": "EJKMOZ",
    "E": "CEGHRST",
    "F": "IJKMOR",
    "G": "ABDEFGHILMNPQRSTUWY",
    "H": "KMNRTU",
    "I": "DELMNOQRST",
    "J": "EMOP",
    "K": "EGHIMNPRWYZ",
    "L": "ABCIKRSTUVY",
    "M": "ACDEFGHKLMNOPQRSTUVWXYZ",
    "N": "ACEFGILOPRUZ",
    "O": "M",
    "P": "AEFGHKLMNRSTWY",
    "Q": "A",
    "R": "EOSUW",
    "S": "ABCDEGHIJKLMNORSTVXYZ",
    "T": "CDFGHJKLMNORTVWZ",
    "U": "AGMSYZ",
    "V": "ACEGINU",
    "W": "FS",
    "Y": "ET",
    "Z": "AMW",
}
COUNTRIES: Final = frozenset(first + second for first, seconds in _SECOND_LETTERS.items() for second in seconds)
"""ISO 3166-1 alpha-2, as the Maintenance Agency assigns them."""

NONE: Final = "none"
"""What a venue that no jurisdiction regulates is declared to have: that it is so is known, which is not the same as
not knowing."""

_CODE = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?")


def jurisdiction(code: str) -> str:
    """The code itself. Raises `ValueError` for one that ISO 3166 does not have."""
    found = _CODE.fullmatch(code)
    if found is None or found[1] not in COUNTRIES:
        raise ValueError(
            f"{code!r} is no jurisdiction: write the code of a country (ISO 3166-1 alpha-2), such as DE, or of a part "
            "of one (ISO 3166-2), such as US-NY; the United Kingdom is GB"
        )
    return code


def of_venue(code: str) -> str:
    """The same, or ``"none"``."""
    return code if code == NONE else jurisdiction(code)


Jurisdiction = Annotated[str, AfterValidator(jurisdiction)]
VenueJurisdiction = Annotated[str, AfterValidator(of_venue)]
